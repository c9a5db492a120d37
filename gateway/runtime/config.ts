/**
 * Configuration: a file, the environment over it, flags over both. Everything is checked before anything starts;
 * what is wrong is named with file, line and the next step.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { countyCode, instant, municipalityCode, recipientRoles } from '../process/events.ts';
import { busSettings, checkBusTogether } from './config-bus.ts';
import { instanceSettings } from './config-instance.ts';
import { journalSettings } from './config-journal.ts';
import { metricsSettings, stopSettings } from './config-observing.ts';
import { checkFhirTogether, fhirSender, fhirSettings } from './config-fhir.ts';
import { environmentValue } from './environment.ts';
import { duration, idText, port, secretName, tlsFiles, type Fail } from './config-values.ts';

const mode = z.enum(['live', 'shadow']);

const when = {
  /** `shadow`: everything is folded and assessed, nothing leaves. */
  mode: mode.default('live'),
  /** Before this instant the same as shadow. */
  liveFrom: instant.optional(),
};

const place = {
  roles: z.array(z.enum(recipientRoles)).min(1).optional(),
  /** SCB codes; absent means every municipality. */
  municipalities: z.array(municipalityCode).min(1).optional(),
  counties: z.array(countyCode).min(1).optional(),
};

const webhookReceiver = z.strictObject({
  id: idText,
  channel: z.literal('webhook'),
  ...place,
  ...when,
  url: z.url({ protocol: /^https?$/ }),
  /** One, or two while a secret is being exchanged. */
  secretEnv: z.array(secretName).min(1).max(2),
  timeout: duration.pipe(z.int().min(1).max(120_000)).prefault('20s'),
  /** The receiver stands in our own network: private addresses, and plain http there. */
  ownNetwork: z.boolean().default(false),
  /** The receiver recognises webhook-id, so what may have arrived may be sent again. */
  recognisesRepeats: z.boolean().default(true),
});
const fileReceiver = z.strictObject({
  id: idText,
  channel: z.literal('file'),
  ...place,
  ...when,
  folder: z.string().optional(),
  /** A local file proves no hand-over (design: when is a notice "sent") unless a routine says so: cite it. */
  proofReference: z.string().min(1).optional(),
});

const watchedFolder = z.strictObject({
  path: z.string().min(1),
  /** Several hosts see this very folder: one instance of all takes its files, not one on each host. */
  shared: z.boolean().optional(),
  /** Whose messages these are, whatever MSH-3 and MSH-4 say; by those where left out. */
  sender: idText.optional(),
  /** Where a file goes of which every message was accepted; `<path>/done` where left out. */
  done: z.string().min(1).optional(),
  /** Where a file goes of which something was refused or does not add up; `<path>/failed` where left out. */
  failed: z.string().min(1).optional(),
  /** How often it is looked at; a file is taken when two looks found it the same. */
  every: duration.pipe(z.int().min(10).max(3_600_000)).prefault('2s'),
  maxFileBytes: z
    .int()
    .min(1024)
    .max(512 * 1024 * 1024)
    .default(64 * 1024 * 1024),
});

const schema = z.strictObject({
  /** Tokens, drops and, in the embedded form, the journal. */
  data: z.string().default('./data'),
  journal: journalSettings.prefault({ form: 'embedded' }),
  instance: instanceSettings.prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
      json: z.boolean().optional(),
    })
    .prefault({}),
  mllp: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(2575),
      maxFrameBytes: z
        .int()
        .min(1024)
        .max(64 * 1024 * 1024)
        .default(1024 * 1024),
      idle: duration.prefault('10m'),
      maxConnections: z.int().min(1).max(10_000).default(256),
      /** 2: the transport acknowledges each frame for itself. Both sides must be set to the same. */
      release: z.union([z.literal(1), z.literal(2)]).default(1),
      tls: tlsFiles.optional(),
    })
    .prefault({}),
  /** Folders whose files are taken as messages. */
  folders: z.array(watchedFolder).default([]),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(8080),
      maxBodyBytes: z
        .int()
        .min(1024)
        .max(16 * 1024 * 1024)
        .default(256 * 1024),
      requestsPerMinute: z.int().min(1).default(6000),
      tls: tlsFiles.optional(),
      /**
       * Addresses or networks of proxies that end TLS before us. What they say in X-Forwarded-For and -Proto is
       * believed, nobody else's.
       */
      behindProxy: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
  metrics: metricsSettings.prefault({}),
  stop: stopSettings.prefault({}),
  fhir: fhirSettings.prefault({}),
  bus: busSettings.prefault({ form: 'embedded' }),
  mappings: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  senders: z
    .array(
      z.strictObject({
        id: idText,
        ...when,
        /** Silent for so long, it is told of; learnt from what it has sent where left out. */
        quietAfter: duration.optional(),
        fhir: fhirSender.optional(),
      }),
    )
    .default([
      { id: 'ekliden', mode: 'live' },
      { id: 'norrtuna', mode: 'live' },
    ]),
  receivers: z
    .array(z.discriminatedUnion('channel', [webhookReceiver, fileReceiver]))
    .default([{ id: 'file-drop', channel: 'file', mode: 'live' }]),
  billing: z
    .strictObject({
      folder: z.string().optional(),
      /**
       * Whose months are settled from the calendar, empty ones too, where an agreement is in force; absent means every
       * municipality of the senders' regions.
       */
      municipalities: z.array(municipalityCode).optional(),
      ...when,
    })
    .prefault({}),
  partners: z
    .array(
      z.strictObject({
        id: idText,
        kind: z.enum(['municipality', 'primary-care', 'inpatient-care']),
        tokenEnv: secretName.optional(),
        /** SCB code of a municipality: without it the partner cannot report its own placements. */
        municipality: municipalityCode.optional(),
        /** Receivers this partner answers for; it may speak only of cases they were sent. */
        receivers: z.array(idText).min(1),
      }),
    )
    .default([]),
  dispatch: z
    .strictObject({
      /** Wait before each further attempt; when the list ends, a person takes over. */
      retries: z
        .array(duration)
        .min(1)
        .max(50)
        .prefault(['5s', '30s', '2m', '10m', '30m', '1h', '2h', '4h', '8h', '12h', '24h']),
      lanes: z.int().min(1).max(256).default(16),
    })
    .prefault({}),
  deadlines: z
    .strictObject({
      /** After a start, how long the sources have to catch up before a deadline is called missed. */
      grace: duration.prefault('60s'),
      /** How long before a deadline a warning is given; 0s: none. */
      warn: z
        .strictObject({
          default: duration.prefault('4h'),
          T1: duration.optional(),
          T2: duration.optional(),
          T3: duration.optional(),
          T4: duration.prefault('24h'),
          T5: duration.prefault('1h'),
          T6: duration.prefault('24h'),
          T7: duration.optional(),
        })
        .prefault({}),
    })
    .prefault({}),
});

export type Config = z.output<typeof schema>;
export type ReceiverConfig = Config['receivers'][number];
export type FolderConfig = Config['folders'][number];

/** A setting that a flag and an environment variable may set. */
export interface ScalarSetting {
  readonly path: readonly string[];
  readonly env: string;
  /** Its flag, where it is not the path: `mllp.port` is --mllp-port. */
  readonly flag?: string;
}

export const flagOf = ({ path, flag = path.join('-') }: ScalarSetting): string => flag;

/** Scalar settings that flags and environment variables may set: path in the file, variable. */
export const scalarSettings: readonly ScalarSetting[] = [
  { path: ['data'], env: 'HEMGANG_DATA' },
  { path: ['log', 'level'], env: 'HEMGANG_LOG_LEVEL' },
  { path: ['log', 'json'], env: 'HEMGANG_LOG_JSON' },
  { path: ['mllp', 'host'], env: 'HEMGANG_MLLP_HOST' },
  { path: ['mllp', 'port'], env: 'HEMGANG_MLLP_PORT' },
  { path: ['http', 'host'], env: 'HEMGANG_HTTP_HOST' },
  { path: ['http', 'port'], env: 'HEMGANG_HTTP_PORT' },
  { path: ['metrics', 'host'], env: 'HEMGANG_METRICS_HOST' },
  { path: ['metrics', 'port'], env: 'HEMGANG_METRICS_PORT' },
  { path: ['journal', 'form'], env: 'HEMGANG_JOURNAL' },
  { path: ['journal', 'url'], env: 'HEMGANG_JOURNAL_URL' },
  { path: ['journal', 'schema'], env: 'HEMGANG_JOURNAL_SCHEMA' },
  { path: ['instance', 'id'], env: 'HEMGANG_INSTANCE_ID' },
  { path: ['instance', 'roles'], env: 'HEMGANG_ROLES', flag: 'role' },
  { path: ['bus', 'form'], env: 'HEMGANG_BUS' },
  { path: ['bus', 'url'], env: 'HEMGANG_BUS_URL' },
  { path: ['bus', 'prefix'], env: 'HEMGANG_BUS_PREFIX' },
  { path: ['bus', 'partitions'], env: 'HEMGANG_BUS_PARTITIONS' },
  { path: ['deadlines', 'grace'], env: 'HEMGANG_DEADLINE_GRACE' },
];

export interface ConfigSources {
  /** Path of a YAML file; without it `hemgang.yaml` of the working folder, where there is one; null: defaults alone. */
  readonly file?: string | null | undefined;
  /** Flag values by dotted path: `mllp.port`. They win. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  readonly env?: NodeJS.ProcessEnv;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read, absent where defaults alone hold. */
  readonly file: string | undefined;
  /** The error for what a later check finds wrong at a dotted path: `receivers.0.url`. */
  readonly fail: Fail;
}

/**
 * Reads and checks the configuration.
 * @throws GatewayError configuration-invalid with file, line, what is wrong and what to do
 */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const env = sources.env ?? process.env;
  const file =
    sources.file === null ? undefined : (sources.file ?? env['HEMGANG_CONFIG'] ?? defaultFile());
  const lines = new LineCounter();
  const document = parseDocument(file === undefined ? '{}' : readConfig(file), {
    lineCounter: lines,
    prettyErrors: false,
  });
  const syntax = document.errors[0];
  if (syntax) {
    throw invalid(`${file}:${lines.linePos(syntax.pos[0]).line}`, syntax.message);
  }
  const plain: Record<string, unknown> = document.toJS() ?? {};
  const origins = new Map<string, string>();
  for (const setting of scalarSettings) {
    const dotted = setting.path.join('.');
    const flag = sources.flags?.[dotted];
    const value = flag ?? environmentValue(setting.env, env);
    if (value === undefined) continue;
    setAt(plain, setting.path, scalar(value));
    origins.set(dotted, flag === undefined ? setting.env : `--${flagOf(setting)}`);
  }
  const result = schema.safeParse(plain);
  if (result.success) {
    const fail: Fail = (dotted, what) =>
      invalid(placeOf(document, lines, file, dotted.split('.')), `${dotted}: ${what}`);
    checkTogether(result.data, fail);
    return { config: result.data, file, fail };
  }
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map(String);
  const origin = origins.get(path.join('.')) ?? placeOf(document, lines, file, path);
  const what = issue?.message ?? 'invalid';
  const isMissing = issue?.code === 'invalid_type' && what.endsWith('received undefined');
  throw invalid(origin, `${path.join('.') || 'file'}: ${isMissing ? 'is missing' : what}`);
}

/** What single values cannot show: names used twice, names that nothing has. */
function checkTogether(config: Config, fail: Fail): void {
  for (const what of ['senders', 'receivers', 'partners'] as const) {
    const ids = config[what].map(({ id }) => id);
    const twice = ids.findIndex((name, index) => ids.indexOf(name) !== index);
    if (twice >= 0) throw fail(`${what}.${twice}.id`, `${ids[twice]} stands twice`);
  }
  for (const server of ['mllp', 'http'] as const) {
    const { tls } = config[server];
    if (tls?.requestClientCertificate === true && tls.ca === undefined) {
      const what = 'requestClientCertificate needs ca, or any public authority would do';
      throw fail(`${server}.tls`, what);
    }
  }
  const senders = new Set(config.senders.map(({ id }) => id));
  for (const [index, { path, sender }] of config.folders.entries()) {
    if (sender !== undefined && !senders.has(sender)) {
      throw fail(`folders.${index}.sender`, `${sender}, which is not among the senders`);
    }
    if (config.folders.findIndex((other) => resolve(other.path) === resolve(path)) !== index) {
      throw fail(`folders.${index}.path`, 'this folder is watched already');
    }
  }
  const receivers = new Set(config.receivers.map(({ id }) => id));
  for (const [index, partner] of config.partners.entries()) {
    if (senders.has(partner.id)) {
      throw fail(`partners.${index}.id`, `${partner.id} is the id of a sender too`);
    }
    const stranger = partner.receivers.findIndex((name) => !receivers.has(name));
    if (stranger >= 0) {
      const path = `partners.${index}.receivers.${stranger}`;
      throw fail(path, `${partner.receivers[stranger]}, which is not a receiver`);
    }
  }
  for (const [index, { fhir }] of config.senders.entries()) {
    const stranger = (fhir?.receivers ?? []).findIndex((name) => !receivers.has(name));
    if (stranger >= 0) {
      const path = `senders.${index}.fhir.receivers.${stranger}`;
      throw fail(path, `${fhir?.receivers?.[stranger] ?? ''}, which is not a receiver`);
    }
  }
  checkBusTogether(config.bus, fail);
  checkFhirTogether(config, fail);
}

/**
 * A secret: the environment variable NAME, or the file that NAME_FILE names.
 * @throws GatewayError configuration-invalid where it is not set
 */
export function secretOf(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = environmentValue(name, env);
  if (value === undefined) {
    throw new GatewayError(
      'configuration-invalid',
      `environment: ${name} is not set; it holds a secret that the configuration names\n  next: set it, or ${name}_FILE to a file that holds it, where the gateway is started; or take its name out of the configuration`,
    );
  }
  return value;
}

function defaultFile(): string | undefined {
  return existsSync('hemgang.yaml') ? 'hemgang.yaml' : undefined;
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw invalid(
      file,
      'cannot be read; give its path with --config, or start without it for the defaults',
    );
  }
}

/** `file:line` of the value a path names, or of the nearest thing above it. */
function placeOf(
  document: Document.Parsed,
  lines: LineCounter,
  file: string | undefined,
  path: readonly string[],
): string {
  if (file === undefined) return 'configuration';
  for (let length = path.length; length > 0; length--) {
    const keys = path.slice(0, length).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const node: unknown = document.getIn(keys, true);
    if (hasRange(node)) return `${file}:${lines.linePos(node.range[0]).line}`;
  }
  return file;
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function invalid(where: string, what: string): GatewayError {
  return new GatewayError(
    'configuration-invalid',
    `${where}: ${what}\n  next: correct it; hemgang.example.yaml shows every setting with its meaning`,
  );
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next: Record<string, unknown> =
    typeof inner === 'object' && inner !== null ? { ...inner } : {};
  target[head] = next;
  setAt(next, rest, value);
}

function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Absolute path of the data folder. */
export function dataFolder(config: Config): string {
  return resolve(config.data);
}
