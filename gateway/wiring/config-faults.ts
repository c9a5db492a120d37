/**
 * All that a start would refuse, found without starting: by the very functions that the start calls, each for itself, so
 * that one fault does not hide the next. It writes nothing, and reaches nobody.
 */
import { loadMappings, type Mappings } from '../../mappings/index.ts';
import { wordsOf } from './words.ts';
import { loadMunicipalWords } from '../../mappings/municipal.ts';
import { loadProfiles } from '../../profiles/index.ts';
import { asGatewayError, type GatewayError } from '../errors.ts';
import { readSource, type ConfigSource, type ConfigSources } from '../runtime/config-source.ts';
import {
  checkTogether,
  configSchema,
  failOf,
  faultsOf,
  placed,
  scalarSettings,
  secretOf,
  type Config,
} from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { brokerAddress } from './bus.ts';
import { oddities } from './config-oddities.ts';
import { digestsOf, type Digests } from './digests.ts';
import { evidenceKey } from './evidence-key.ts';
import { fhirSendersOf } from './fhir-senders.ts';
import { connectFhirServer } from './fhir-server.ts';
import { wishOf } from './fhir-subscriptions.ts';
import { mappingsOf } from './intake.ts';
import { partnersOf } from './partners.ts';
import { checkBilled, documentReceivers, receiverOf } from './receivers.ts';
import { sendersOf } from './senders.ts';
import { checkReadable, httpTls, mllpTls } from './tls.ts';
import { tokenThatWouldBe } from './tokens.ts';
import { usersOf } from './users.ts';
import { lineOfKey } from './yaml-lines.ts';

export interface ConfigRemark {
  /** `warning`: a start takes it, and it is odd all the same. */
  readonly severity: 'error' | 'warning';
  /** `hemgang.yaml:12`, `--mllp-port`, `HEMGANG_DATA`, `environment`, a file of an overlay with its line. */
  readonly where: string;
  readonly what: string;
  readonly next: string;
}

export interface CheckedConfig {
  /** Absent where defaults alone hold. */
  readonly file: string | undefined;
  /** Faults first. */
  readonly remarks: readonly ConfigRemark[];
  /** What an instance would go by; absent where a start would be refused. */
  readonly digests?: Digests;
}

const correct = 'correct it; hemgang.example.yaml shows every setting with its meaning';

/** Everything that is wrong or odd. It does not throw for a configuration that is wrong. */
export async function checkConfig(sources: ConfigSources): Promise<CheckedConfig> {
  const env = sources.env ?? process.env;
  let source: ConfigSource;
  try {
    source = readSource(sources, scalarSettings);
  } catch (thrown) {
    return { file: undefined, remarks: [remarkOf(asGatewayError(thrown))] };
  }
  const { file, unreadable } = source;
  if (unreadable.length > 0) {
    return { file, remarks: unreadable.map((fault) => ({ ...error, ...fault })) };
  }
  const read = settingsOf(source);
  const remarks = [...read.remarks];
  if (read.config) {
    remarks.push(...(await partFaults(read.config, read.isWrong, source, env)));
    if (read.remarks.length === 0) remarks.push(...oddities(read.config, source, env));
  }
  const told = new Set<string>();
  const each = remarks.filter(({ where, what }) => {
    const isNew = !told.has(`${where} ${what}`);
    told.add(`${where} ${what}`);
    return isNew;
  });
  return {
    file,
    remarks: each.toSorted((a, b) => a.severity.localeCompare(b.severity)),
    ...(read.config &&
      each.every(({ severity }) => severity === 'warning') && {
        digests: digestsOf(read.config, mappingsOf(read.config)),
      }),
  };
}

const error = { severity: 'error', next: correct } as const;

interface ReadSettings {
  /** Sections that are wrong have their defaults in it. */
  readonly config: Config | undefined;
  readonly isWrong: (section: string) => boolean;
  readonly remarks: readonly ConfigRemark[];
}

/** The settings; where some are wrong, the others all the same. */
function settingsOf(source: ConfigSource): ReadSettings {
  const remarks: ConfigRemark[] = [];
  const wrong = new Set<string>();
  const settings = structuredClone(source.plain);
  const whole = configSchema.safeParse(settings);
  for (const { path, what, at, isUnknown } of whole.success ? [] : faultsOf(whole.error)) {
    remarks.push({ ...error, where: source.placeOf(at), what: `${path}: ${what}` });
    if (isUnknown) removeAt(settings, at);
    else wrong.add(at[0] ?? '');
  }
  const sound = Object.entries(settings).filter(([section]) => !wrong.has(section));
  const { data: config } = whole.success
    ? whole
    : configSchema.safeParse(Object.fromEntries(sound));
  // What refers to a section that is wrong cannot be judged.
  if (config && ![...wrong].some((section) => referredTo.has(section))) {
    checkTogether(config, (path, what) => {
      const where = source.placeOf(path.split('.'));
      remarks.push({ ...error, where, what: `${path}: ${what}` });
    });
  }
  return { config, isWrong: (section) => wrong.has(section), remarks };
}

/** What stands beside a name that there is not can be judged all the same. */
function removeAt(settings: unknown, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (typeof settings !== 'object' || settings === null || key === undefined) return;
  if (rest.length === 0) Reflect.deleteProperty(settings, key);
  else removeAt(Reflect.get(settings, key), rest);
}

const referredTo = new Set(['senders', 'receivers', 'partners', 'folders', 'http', 'bus']);

/** What each part of the gateway refuses when it is opened. */
async function partFaults(
  config: Config,
  isWrong: (section: string) => boolean,
  source: ConfigSource,
  env: NodeJS.ProcessEnv,
): Promise<readonly ConfigRemark[]> {
  const remarks: ConfigRemark[] = [];
  const fail = failOf(source);
  const log = createLog({ level: 'silent' });
  /** What opening it gives; undefined where it is refused, and where its section is wrong anyhow. */
  async function open<T>(section: string, opening: () => T | Promise<T>): Promise<T | undefined> {
    if (isWrong(section)) return undefined;
    try {
      return await opening();
    } catch (thrown) {
      const refused = placed(asGatewayError(thrown), config, fail);
      remarks.push(whereNamed(remarkOf(refused), config, source));
      return undefined;
    }
  }

  const mappings = await open('mappings', () => loadMappings({ overlays: config.mappings }));
  const profiles = await open('profiles', () => loadProfiles({ overlays: config.profiles }));
  // In the place of what cannot be read, for the sake of what is looked at next.
  const law = profiles ?? loadProfiles();
  const words = await open('mappings', () => wordsOf(config.mappings, law));
  const spoken = words ?? loadMunicipalWords();
  await open('mllp', () => mllpTls(config));
  await open('http', () => httpTls(config));
  const known = profiles ?? loadProfiles();
  await open('billing', () => checkBilled(config, known));
  await open('journal', () => checkJournal(config, env));
  await open('evidence', () => checkEvidence(config, env));
  await open('bus', () => config.bus.form === 'rabbitmq' && brokerAddress(config.bus, env));
  for (const [index, receiver] of config.receivers.entries()) {
    await open('receivers', async () => {
      await receiverOf(receiver, config, spoken, env, index).close?.();
    });
  }
  await open('billing', async () => {
    for (const receiver of documentReceivers(config, known, env)) await receiver.close?.();
  });
  await open('users', () => usersOf(config, env, tokenThatWouldBe));
  for (const partner of config.partners) {
    const partners = [partner];
    await open('partners', () => partnersOf({ ...config, partners }, env, tokenThatWouldBe));
  }
  const shipped = mappings ?? loadMappings();
  for (const [index, sender] of config.senders.entries()) {
    const apart = senderAlone(config, shipped, index);
    if (mappings) await open('senders', () => sendersOf(apart.known, mappings));
    await open('senders', () => fhirSendersOf(apart.alone, apart.own, env, log, tokenThatWouldBe));
    for (const kind of ['poll', 'subscriptions'] as const) {
      await open('senders', () =>
        checkFhirServer(sender.fhir?.[kind], `senders.${index}.fhir.${kind}`, env),
      );
    }
    for (const one of sender.fhir?.subscriptions?.list ?? []) {
      await open('senders', () => wishOf(one, env));
    }
  }
  return remarks;
}

function checkJournal({ journal }: Config, env: NodeJS.ProcessEnv): void {
  if (journal.form !== 'postgres') return;
  if (journal.passwordEnv !== undefined) secretOf(journal.passwordEnv, env);
  if (journal.tls !== undefined) checkReadable('journal.tls.ca', journal.tls.ca);
}

/** Without a key of its own none is made here: this only looks. */
function checkEvidence(config: Config, env: NodeJS.ProcessEnv): void {
  const { keyFile, keyEnv } = config.evidence;
  if (keyFile !== undefined || keyEnv !== undefined) evidenceKey(config, env);
}

async function checkFhirServer(
  server: Parameters<typeof connectFhirServer>[0] | undefined,
  setting: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (server === undefined) return;
  const client = connectFhirServer(server, setting, env, new AbortController().signal);
  await client.close();
}

/** Configurations in which only one sender can be wrong, in its place. */
function senderAlone(config: Config, mappings: Mappings, index: number) {
  const among = (id: string): Config => ({
    ...config,
    senders: config.senders.map((one, place) => (place === index ? one : { id, mode: one.mode })),
  });
  const id = config.senders[index]?.id;
  const own = { ...mappings, senders: mappings.senders.filter((sender) => sender.id === id) };
  return { known: among(mappings.senders[0]?.id ?? ''), alone: among(''), own };
}

/** What was thrown, taken apart: where, what, next. */
function remarkOf({ message }: GatewayError): ConfigRemark {
  const [text = '', next = correct] = message.split('\n  next: ');
  const [, where, what] =
    /^(environment|configuration|--[a-z-]+|[A-Z_]+|\S+:\d+): (.*)$/s.exec(text) ?? [];
  if (where !== undefined && what !== undefined) return { severity: 'error', where, what, next };
  const [, files = '', key = ''] =
    /^(\S+\.yaml(?: \+ \S+\.yaml)*): (?:([^\s:]+): )?/.exec(text) ?? [];
  const file = files.split(' + ').at(-1) ?? '';
  const placeOfKey = file === '' ? 'configuration' : lineOfKey(file, key);
  return {
    severity: 'error',
    where: placeOfKey,
    what: text,
    next: next === correct && file !== '' ? 'correct the file' : next,
  };
}

/** A folder or variable that the configuration names, by where it is named. */
function whereNamed(remark: ConfigRemark, config: Config, source: ConfigSource): ConfigRemark {
  const [name = ''] = remark.what.split(/: | is not set/);
  for (const section of ['mappings', 'profiles'] as const) {
    const index = config[section].indexOf(name);
    if (index >= 0) return { ...remark, where: source.placeOf([section, String(index)]) };
  }
  const path = remark.where === 'environment' ? pathOf(source.plain, name) : undefined;
  return path === undefined ? remark : { ...remark, where: source.placeOf(path) };
}

/** Where a value stands among the settings. */
function pathOf(settings: unknown, value: string): readonly string[] | undefined {
  if (settings === value) return [];
  if (typeof settings !== 'object' || settings === null) return undefined;
  for (const [key, inner] of Object.entries(settings)) {
    const path = pathOf(inner, value);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}
