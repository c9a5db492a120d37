/** Connections to the database of the journal. */
import { readFileSync } from 'node:fs';
import { Client, types, type ClientConfig } from 'pg';
import { GatewayError } from '../../../errors.ts';
import type { PostgresSettings } from '../../config-journal.ts';
import { GatheringSocket } from './socket.ts';

/** What a connection needs to know; plain data, so that it can go to a worker. */
export interface ConnectionSettings {
  readonly url: string;
  readonly password: string | undefined;
  readonly schema: string;
  /** PEM of the authority; plain where undefined. */
  readonly ca: string | undefined;
  readonly statementTimeoutMs: number;
  readonly patienceMs: number;
}

/**
 * @param password by `passwordEnv`, where it is named
 * @throws GatewayError `configuration-invalid` when the authority's file cannot be read
 */
export function connectionSettings(
  settings: PostgresSettings,
  password: string | undefined,
): ConnectionSettings {
  const { url, schema, tls, statementTimeout, patience } = settings;
  return {
    url,
    password,
    schema,
    ca: tls && readCertificates(tls.ca),
    statementTimeoutMs: statementTimeout,
    patienceMs: patience,
  };
}

/** Where the database is, without user and password: for people to read. */
export function placeOf({ url, schema }: Pick<ConnectionSettings, 'url' | 'schema'>): string {
  const { host, pathname } = new URL(url);
  return `${host || 'local'}${pathname}, schema ${schema}`;
}

/**
 * Opens a connection. Statements go out without waiting for those before them.
 * @param name shown by the server beside its sessions
 * @throws what the driver throws: see `postgresError`
 */
export async function connect(settings: ConnectionSettings, name: string): Promise<Client> {
  const client = new Client(clientConfig(settings, name));
  // Without a listener a lost connection would end the process; whoever waits for an answer hears of it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const connectTimeoutMs = 5_000;
/** A process that stops inside a transaction holds up all others no longer than this. */
const idleInTransactionMs = 5_000;
/** Longer than the server's own limit: what is not answered by then is a connection that is dead. */
const answerMarginMs = 5_000;

function clientConfig(settings: ConnectionSettings, name: string): ClientConfig {
  const { url, password, schema, ca, statementTimeoutMs } = settings;
  return {
    connectionString: url,
    ...(password !== undefined && new URL(url).password === '' && { password }),
    ...(ca !== undefined && { ssl: { ca, rejectUnauthorized: true } }),
    pipeline: true,
    stream: () => new GatheringSocket(),
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + answerMarginMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    application_name: `hemgang ${name}`,
    options: settingsOfSession(schema),
    types: { getTypeParser },
  };
}

/**
 * Everything the journal asks goes by an index, from the table named first to the next. Left to itself the planner
 * reads whole tables and joins them in memory while nobody has counted a table that grew in the last minutes: 240 ms
 * for a case where the index takes 0.2. So it is kept to indexes and to the order as written, plans a statement once a
 * connection and compiles none.
 */
function settingsOfSession(schema: string): string {
  const settings = {
    search_path: schema,
    synchronous_commit: 'on',
    enable_seqscan: 'off',
    enable_hashjoin: 'off',
    enable_mergejoin: 'off',
    join_collapse_limit: '1',
    plan_cache_mode: 'force_generic_plan',
    jit: 'off',
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

const bigint = types.builtins.INT8;
const json = types.builtins.JSON;
const asNumber = (text: string): number => Number(text);
const asText = (text: string): string => text;

/** Positions and counts are numbers here, and JSON is text as in SQLite: who reads it parses it once. */
const getTypeParser: NonNullable<ClientConfig['types']>['getTypeParser'] = (id, format) => {
  if (id === bigint) return asNumber;
  if (id === json) return asText;
  return types.getTypeParser(id, format);
};

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('configuration-invalid', `${file} cannot be read`, {
      location: 'journal.tls.ca',
      cause,
    });
  }
}
