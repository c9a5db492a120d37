/**
 * Configuration: a file, the environment over it, flags over both. Everything is checked before anything starts;
 * what is wrong is named with file, line and the next step.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { municipalityCode } from '../process/events.ts';
import { billingSettings, checkBillingTogether } from './config-billing.ts';
import { busSettings, checkBusTogether } from './config-bus.ts';
import { evidenceSettings } from './config-evidence.ts';
import { checkInstanceTogether, instanceSettings } from './config-instance.ts';
import { journalSettings } from './config-journal.ts';
import { retentionSettings, storageSettings } from './config-storage.ts';
import { metricsSettings, stopSettings } from './config-observing.ts';
import { checkFhirTogether, fhirSender, fhirSettings } from './config-fhir.ts';
import {
  flagOf,
  readSource,
  type ConfigSource,
  type ConfigSources,
  type ScalarSetting,
} from './config-source.ts';
import { receiverSettings, when } from './config-receivers.ts';
import { userSettings } from './config-users.ts';
import { checkSdkTogether, sdkSettings } from './config-sdk.ts';
import { environmentValue } from './environment.ts';
import {
  duration,
  idText,
  port,
  secretName,
  tlsFiles,
  type Fail,
  type Report,
} from './config-values.ts';

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

export const configSchema = z.strictObject({
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
  storage: storageSettings.prefault({}),
  retention: retentionSettings.prefault({}),
  evidence: evidenceSettings.prefault({}),
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
  receivers: receiverSettings,
  /** Säker digital kommunikation; needed where a receiver's channel is `sdk`. */
  sdk: sdkSettings.optional(),
  billing: billingSettings.prefault({}),
  users: userSettings,
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

export type Config = z.output<typeof configSchema>;
export type ReceiverConfig = Config['receivers'][number];
export type FolderConfig = Config['folders'][number];

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
  { path: ['bus', 'form'], env: 'HEMGANG_BUS' },
  { path: ['bus', 'url'], env: 'HEMGANG_BUS_URL' },
  { path: ['bus', 'prefix'], env: 'HEMGANG_BUS_PREFIX' },
  { path: ['bus', 'partitions'], env: 'HEMGANG_BUS_PARTITIONS' },
  { path: ['instance', 'id'], env: 'HEMGANG_INSTANCE_ID' },
  { path: ['instance', 'roles'], env: 'HEMGANG_ROLES', flag: 'role' },
  { path: ['deadlines', 'grace'], env: 'HEMGANG_DEADLINE_GRACE' },
];

export { flagOf };
export type { ConfigSources, ScalarSetting };

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read, absent where defaults alone hold. */
  readonly file: string | undefined;
  /** The error for what a later check finds wrong at a dotted path: `receivers.0.url`. */
  readonly fail: Fail;
  readonly source: ConfigSource;
}

/**
 * Reads and checks the configuration.
 * @throws GatewayError configuration-invalid with file, line, what is wrong and what to do
 */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const source = readSource(sources, scalarSettings);
  const [unreadable] = source.unreadable;
  if (unreadable) throw invalid(unreadable.where, unreadable.what);
  const result = configSchema.safeParse(source.plain);
  if (!result.success) {
    const [fault] = faultsOf(result.error);
    throw invalid(
      source.placeOf(fault?.at ?? []),
      `${fault?.path ?? 'file'}: ${fault?.what ?? 'invalid'}`,
    );
  }
  const fail = failOf(source);
  checkTogether(result.data, (dotted, what) => {
    throw fail(dotted, what);
  });
  return { config: result.data, file: source.file, fail, source };
}

/** Errors that name where a setting stands. */
export const failOf =
  (source: ConfigSource): Fail =>
  (dotted, what) =>
    invalid(source.placeOf(dotted.split('.')), `${dotted}: ${what}`);

/** What the schema finds wrong. */
export interface SettingFault {
  /** Dotted; `file` for the whole. */
  readonly path: string;
  readonly what: string;
  /** Where to look for it. */
  readonly at: readonly string[];
  /** It is a name that there is not. */
  readonly isUnknown: boolean;
}

/** All that the schema finds wrong, each name that there is not by itself. */
export function faultsOf({ issues }: z.ZodError): readonly SettingFault[] {
  return issues.flatMap((issue): SettingFault[] => {
    const at = issue.path.map(String);
    const path = at.join('.') || 'file';
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path,
        what: `no such setting: ${key}`,
        at: [...at, key],
        isUnknown: true,
      }));
    }
    const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
    return [{ path, what: isMissing ? 'is missing' : issue.message, at, isUnknown: false }];
  });
}

/** What single values cannot show: names used twice, names that nothing has. */
export function checkTogether(config: Config, fail: Report): void {
  checkInstanceTogether(config.journal, config.instance, fail);
  for (const what of ['senders', 'receivers', 'partners'] as const) {
    const ids = config[what].map(({ id }) => id);
    const twice = ids.findIndex((name, index) => ids.indexOf(name) !== index);
    if (twice >= 0) fail(`${what}.${twice}.id`, `${ids[twice]} stands twice`);
  }
  for (const server of ['mllp', 'http'] as const) {
    const { tls } = config[server];
    if (tls?.requestClientCertificate === true && tls.ca === undefined) {
      const what = 'requestClientCertificate needs ca, or any public authority would do';
      fail(`${server}.tls`, what);
    }
  }
  const senders = new Set(config.senders.map(({ id }) => id));
  for (const [index, { path, sender }] of config.folders.entries()) {
    if (sender !== undefined && !senders.has(sender)) {
      fail(`folders.${index}.sender`, `${sender}, which is not among the senders`);
    }
    if (config.folders.findIndex((other) => resolve(other.path) === resolve(path)) !== index) {
      fail(`folders.${index}.path`, 'this folder is watched already');
    }
  }
  const receiverIds = new Set(config.receivers.map(({ id }) => id));
  for (const [index, partner] of config.partners.entries()) {
    if (senders.has(partner.id)) {
      fail(`partners.${index}.id`, `${partner.id} is the id of a sender too`);
    }
    const stranger = partner.receivers.findIndex((name) => !receiverIds.has(name));
    if (stranger >= 0) {
      const path = `partners.${index}.receivers.${stranger}`;
      fail(path, `${partner.receivers[stranger]}, which is not a receiver`);
    }
  }
  for (const [index, { fhir }] of config.senders.entries()) {
    const stranger = (fhir?.receivers ?? []).findIndex((name) => !receiverIds.has(name));
    if (stranger >= 0) {
      const path = `senders.${index}.fhir.receivers.${stranger}`;
      fail(path, `${fhir?.receivers?.[stranger] ?? ''}, which is not a receiver`);
    }
  }
  const namedTwice = config.users.findIndex(
    ({ name }, index) => config.users.findIndex((other) => other.name === name) !== index,
  );
  if (namedTwice >= 0) fail(`users.${namedTwice}.name`, 'this name stands twice');
  checkBillingTogether(config.billing, [...receiverIds], fail);
  const receivers = { receivers: config.receivers, 'billing.receivers': config.billing.receivers };
  checkSdkTogether(config.sdk, receivers, fail);
  checkBusTogether(config.bus, fail);
  checkFhirTogether(config, fail);
}

/** An error in a setting, with file and line; one that names the next step has said where. */
export function placed(error: GatewayError, config: Config, fail: Fail): GatewayError {
  const { location = '', message } = error;
  const [section = ''] = location.split('.');
  if (!(section in config) || message.includes('\n  next:')) return error;
  const [, closer = '', what = ''] = /^([\w.]+): (.*)$/s.exec(message) ?? [];
  return closer.startsWith(location) ? fail(closer, what) : fail(location, message);
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

function invalid(where: string, what: string): GatewayError {
  return new GatewayError(
    'configuration-invalid',
    `${where}: ${what}\n  next: correct it; hemgang.example.yaml shows every setting with its meaning`,
  );
}

/** Absolute path of the data folder. */
export function dataFolder(config: Config): string {
  return resolve(config.data);
}
