/**
 * The servers that tests need: shared ones that run already, where each test keeps to a schema or prefix of its own,
 * and own ones, which a test may stop and kill. A missing one is a failure with CI=true; else the tests that need it
 * are skipped, and `npm test` ends with which (skipped-report.ts).
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { v7 } from 'uuid';
import { topologyOf } from '../../gateway/runtime/bus/topology.ts';
import { brokerPrograms } from './own-broker.ts';
import { postgresPrograms } from './own-postgres.ts';

export { ownBroker, type OwnBroker } from './own-broker.ts';
export { ownPostgres, type OwnPostgres } from './own-postgres.ts';

export const postgresUrl =
  process.env['HEMGANG_TEST_POSTGRES'] ?? 'postgres://root@127.0.0.1:5432/test';
export const brokerUrl =
  process.env['HEMGANG_TEST_RABBITMQ'] ?? 'amqp://guest:guest@127.0.0.1:5672';

/** The federation's own schema and examples, which are not shipped. */
export const sdkSchemas =
  process.env['HEMGANG_SDK_SCHEMAS'] ??
  join(import.meta.dirname, '..', '..', '..', 'shared', 'schemas', 'sdk');

/** What a test may need; each with how to get it. */
const needs = {
  'PostgreSQL that runs': {
    isThere: answersPostgres,
    next: `start PostgreSQL, or name one: HEMGANG_TEST_POSTGRES=postgres://user@host:5432/database; .ci/run does it by itself`,
  },
  'RabbitMQ that runs': {
    isThere: answersBroker,
    next: `start RabbitMQ, or name one: HEMGANG_TEST_RABBITMQ=amqp://user:password@host:5672; .ci/run does it by itself`,
  },
  'PostgreSQL installed': {
    isThere: async () => postgresPrograms() !== undefined,
    next: 'apt-get install postgresql, or HEMGANG_POSTGRES_BIN=folder with initdb and postgres; .ci/run does it by itself',
  },
  'RabbitMQ installed': {
    isThere: async () => brokerPrograms() !== undefined,
    next: 'apt-get install rabbitmq-server, or HEMGANG_RABBITMQ_BIN=folder with rabbitmq-server; .ci/run does it by itself',
  },
  'schema of the SDK message': {
    isThere: async () => existsSync(sdkSchemas),
    next: 'name a folder that has it: HEMGANG_SDK_SCHEMAS=folder (diggsweden/sdk-docs publishes it)',
    // Not ours to ship, and nothing that a machine could install: a run goes on without it.
    isOutside: true,
  },
} as const satisfies Record<
  string,
  { isThere(): Promise<boolean>; next: string; isOutside?: true }
>;
export type Need = keyof typeof needs;

const needOf = (need: Need): { readonly next: string; readonly isOutside?: true } => needs[need];

/** Whether this is there; nothing is told of it. */
export async function isThere(need: Need): Promise<boolean> {
  return await needs[need].isThere();
}

/**
 * Whether tests that need these servers can run: `describe.skipIf(!(await has('…', 'RabbitMQ that runs')))`.
 * @param what is skipped without them, for the report
 * @throws Error with CI=true where a server is missing
 */
export async function has(what: string, ...needed: Need[]): Promise<boolean> {
  for (const need of needed) {
    const { next, isOutside = false } = needOf(need);
    if (await isThere(need)) continue;
    if (process.env['CI'] === 'true' && !isOutside)
      throw new Error(`${what} needs ${need}\n  next: ${next}`);
    const report = process.env['HEMGANG_SKIPPED_REPORT'];
    const line = JSON.stringify({ what, need, next });
    if (report === undefined) process.stderr.write(`SKIPPED: ${line}\n`);
    else appendFileSync(report, `${line}\n`);
    return false;
  }
  return true;
}

/** A schema of the shared PostgreSQL for one test; `drop` removes it with all that is in it. */
export function ownSchema(url = postgresUrl): {
  url: string;
  schema: string;
  drop(): Promise<void>;
} {
  const schema = `test_${v7().replaceAll('-', '')}`;
  return {
    url,
    schema,
    async drop() {
      await withPostgres(url, (client) => client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
    },
  };
}

/** A prefix on a RabbitMQ for one test; `drop` removes the queues and exchanges of the bus under it. */
export function ownPrefix(url = brokerUrl): { url: string; prefix: string; drop(): Promise<void> } {
  const prefix = `test-${v7()}`;
  return { url, prefix, drop: () => removeTopology(prefix, url) };
}

/** More than any test has; to delete what is not there is no error. */
const mostPartitions = 8;

/** Deletes the queues and exchanges of a prefix. */
export async function removeTopology(prefix: string, url = brokerUrl): Promise<void> {
  const model = await connect(url);
  const channel = await model.createChannel();
  const { exchanges, queues } = topologyOf(prefix, mostPartitions);
  for (const { name } of queues) await channel.deleteQueue(name);
  for (const { name } of exchanges) await channel.deleteExchange(name);
  await model.close();
}

async function answersPostgres(): Promise<boolean> {
  return await withPostgres(postgresUrl, (client) => client.query('SELECT')).then(
    () => true,
    () => false,
  );
}

export async function withPostgres<T>(
  url: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

async function answersBroker(): Promise<boolean> {
  try {
    const model = await connect(brokerUrl, { timeout: 5_000 });
    await model.close();
    return true;
  } catch {
    return false;
  }
}
