/** Several processes on one PostgreSQL and one RabbitMQ, each with a data folder of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { afterEach } from 'vitest';
import { stringify } from 'yaml';
import {
  simulatedMunicipality,
  type SimulatedMunicipality,
} from '../../adapters/simulated/municipality/index.ts';
import { temporaryFolder } from './folder.ts';
import { secret } from './gateway.ts';
import { ownPrefix, ownSchema } from './servers.ts';
import { startService, type Service } from './service.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Of each kind of queue. */
const partitions = 6;

/** What the access point of SDK shows when it brings a receipt. */
export const accessPointToken = 't'.repeat(40);

export interface World {
  readonly receiver: SimulatedMunicipality;
  /** A folder that every instance sees. */
  readonly shared: string;
  /** Starts an instance. */
  start(name: string, ...args: string[]): Promise<Service>;
  query<R extends QueryResultRow>(text: string): Promise<readonly R[]>;
}

/**
 * @param form of their bus
 * @param settings more of the configuration that every instance has, by the shared folder
 */
export async function openWorld(
  form: 'rabbitmq' | 'embedded' = 'rabbitmq',
  settings: (shared: string) => object = () => ({}),
): Promise<World> {
  const folder = temporaryFolder('instances');
  closing.push(() => folder.remove());
  const { url, schema, drop } = ownSchema();
  closing.push(drop);
  const broker = ownPrefix();
  if (form === 'rabbitmq') closing.push(() => broker.drop());
  const { url: brokerUrl, prefix } = broker;
  const bus = form === 'embedded' ? { form } : { form, url: brokerUrl, prefix, partitions };
  const receiver = await simulatedMunicipality({ secrets: [secret] });
  closing.push(() => receiver.close());
  const client = new Client({ connectionString: url });
  await client.connect();
  closing.push(() => client.end());
  const running = new Set<Service>();
  closing.push(async () => {
    await Promise.all([...running].map((service) => service.end('SIGKILL')));
  });
  return {
    receiver,
    shared: folder.path,
    async start(name, ...args) {
      const data = join(folder.path, name);
      mkdirSync(data, { recursive: true });
      const config = join(data, 'hemgang.yaml');
      const webhook = {
        id: 'receiver',
        channel: 'webhook',
        url: receiver.url,
        secretEnv: ['RECEIVER_SECRET'],
        ownNetwork: true,
      };
      writeFileSync(
        config,
        stringify({
          data,
          instance: { id: name, leaseTime: '3s' },
          journal: { form: 'postgres', url, schema },
          bus,
          billing: { municipalities: [] },
          receivers: [webhook],
          dispatch: { retries: ['100ms', '200ms', '500ms', '1s', '1s', '1s'] },
          ...settings(folder.path),
        }),
      );
      const env = { RECEIVER_SECRET: secret, ACCESS_POINT_TOKEN: accessPointToken };
      const service = await startService(['--config', config, ...args], env);
      running.add(service);
      return {
        ...service,
        get logged() {
          return service.logged;
        },
        async end(signal) {
          running.delete(service);
          return await service.end(signal);
        },
      };
    },
    async query<R extends QueryResultRow>(text: string) {
      await client.query(`SET search_path TO ${schema}`);
      const { rows } = await client.query<R>(text);
      return rows;
    },
  };
}

export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > 200_000) throw new Error(`it never came: ${what}`);
    await sleep(50);
  }
}

/** How many partitions each of them has, by name. */
export async function shares({ query }: World): Promise<Record<string, number>> {
  const rows = await query<{ holder: string; count: string }>(
    `SELECT holder, count(*) FROM leases WHERE name LIKE 'partition:%' AND until > clock_timestamp()
     GROUP BY holder ORDER BY holder`,
  );
  return Object.fromEntries(rows.map(({ holder, count }) => [holder, Number(count)]));
}

export const untilShared = async (
  world: World,
  wanted: Readonly<Record<string, number>>,
): Promise<void> =>
  await until(
    JSON.stringify(wanted),
    async () => JSON.stringify(await shares(world)) === JSON.stringify(wanted),
  );
