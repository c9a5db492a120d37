/**
 * Several processes on one PostgreSQL and one RabbitMQ: they share the work, and when one dies, is stopped or is held
 * up, the others go on with it. What came of it all must be what one process alone would have made.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { answerCodeOf, buildMessage, HospitalLink } from '../adapters/simulated/hospital.ts';
import {
  simulatedMunicipality,
  type SimulatedMunicipality,
} from '../adapters/simulated/municipality/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { secret } from './support/gateway.ts';
import { has, ownPrefix, ownSchema } from './support/servers.ts';
import { startService, type Service } from './support/service.ts';

const canRun = await has('many instances', 'PostgreSQL that runs', 'RabbitMQ that runs');

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const partitions = 6;
const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** What is told of one stay, in order. */
function stayMessages(visit: string): readonly Uint8Array[] {
  const step = { ...person, at: '2022-03-07T09:00:00Z', visit };
  return [
    buildMessage('ekliden', { ...step, trigger: 'A01', controlId: `${visit}-1` }),
    buildMessage('ekliden', { ...step, trigger: 'A08', needs, controlId: `${visit}-2` }),
    buildMessage('ekliden', { ...step, trigger: 'A11', controlId: `${visit}-3` }),
  ];
}

interface World {
  readonly receiver: SimulatedMunicipality;
  /** Starts an instance. */
  start(name: string, ...args: string[]): Promise<Service>;
  query<R extends QueryResultRow>(text: string): Promise<readonly R[]>;
}

async function openWorld(form: 'rabbitmq' | 'embedded' = 'rabbitmq'): Promise<World> {
  const folder = temporaryFolder('instances');
  closing.push(() => folder.remove());
  const { url, schema, drop } = ownSchema();
  closing.push(drop);
  const broker = ownPrefix();
  if (form === 'rabbitmq') closing.push(() => broker.drop());
  const bus =
    form === 'embedded'
      ? 'bus: { form: embedded }'
      : `bus: { form: rabbitmq, url: '${broker.url}', prefix: ${broker.prefix}, partitions: ${partitions} }`;
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
    async start(name, ...args) {
      const data = join(folder.path, name);
      mkdirSync(data, { recursive: true });
      const config = join(data, 'hemgang.yaml');
      writeFileSync(
        config,
        [
          `data: ${data}`,
          `instance: { id: ${name}, leaseTime: 3s }`,
          `journal: { form: postgres, url: '${url}', schema: ${schema} }`,
          bus,
          'billing: { municipalities: [] }',
          'receivers:',
          '  - id: receiver',
          '    channel: webhook',
          `    url: ${receiver.url}`,
          '    secretEnv: [RECEIVER_SECRET]',
          '    ownNetwork: true',
          'dispatch: { retries: [100ms, 200ms, 500ms, 1s, 1s, 1s] }',
        ].join('\n'),
      );
      const env = { RECEIVER_SECRET: secret };
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

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > 200_000) throw new Error(`it never came: ${what}`);
    await sleep(50);
  }
}

/** How many partitions each of them has, by name. */
async function shares({ query }: World): Promise<Record<string, number>> {
  const rows = await query<{ holder: string; count: string }>(
    `SELECT holder, count(*) FROM leases WHERE name LIKE 'partition:%' AND until > clock_timestamp()
     GROUP BY holder ORDER BY holder`,
  );
  return Object.fromEntries(rows.map(({ holder, count }) => [holder, Number(count)]));
}

const untilShared = async (world: World, wanted: Readonly<Record<string, number>>): Promise<void> =>
  await until(
    JSON.stringify(wanted),
    async () => JSON.stringify(await shares(world)) === JSON.stringify(wanted),
  );

/** A hospital that tells stay after stay, each message until it is accepted, to whatever instance answers. */
class Hospital {
  readonly accepted: string[] = [];
  readonly #targets: () => readonly Service[];
  #isEnding = false;
  readonly #lines: Promise<void>[];

  constructor(targets: () => readonly Service[], lines = 3) {
    this.#targets = targets;
    this.#lines = Array.from({ length: lines }, (_, line) => this.#tell(line));
  }

  async #tell(line: number): Promise<void> {
    for (let stay = 0; !this.#isEnding; stay += 1) {
      const visit = `L${line}S${stay}`;
      for (const [index, raw] of stayMessages(visit).entries()) {
        for (let tries = 0; !(await this.#isTaken(raw, line + tries)); tries += 1) await sleep(50);
        this.accepted.push(`${visit}-${index + 1}`);
      }
    }
  }

  async #isTaken(raw: Uint8Array, place: number): Promise<boolean> {
    const targets = this.#targets();
    const target = targets[place % targets.length];
    if (target === undefined) return false;
    try {
      const link = await HospitalLink.connect({ host: '127.0.0.1', port: target.mllpPort });
      try {
        const answer = await Promise.race([link.send(raw), sleep(5000).then(() => undefined)]);
        return answer !== undefined && answerCodeOf(answer) === 'AA';
      } finally {
        await link.close();
      }
    } catch {
      return false;
    }
  }

  async toldMore(count: number): Promise<void> {
    const from = this.accepted.length;
    await until(`${count} more messages`, () => this.accepted.length >= from + count);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#lines);
  }
}

/** What one undisturbed process would have made of it. */
async function expectWhole(world: World, hospital: Hospital): Promise<void> {
  const { query, receiver } = world;
  await until('everything is handled', async () => {
    const [row] = await query<{ count: string }>('SELECT count(*) FROM outbox');
    return row?.count === '0';
  });
  await until('nothing is on its way', () => receiver.inFlight() === 0);
  const stored = await query<{ id: string; count: string }>(
    `SELECT control_id AS id, count(*) FROM messages WHERE state = 'accepted' GROUP BY control_id`,
  );
  expect(stored.filter(({ count }) => count !== '1')).toEqual([]);
  expect(stored.map(({ id }) => id).toSorted()).toEqual([...hospital.accepted].toSorted());
  // Each decision once, and each told once: a repeat has the id of what it repeats.
  const issued = await query<{ key: string; stream: string; type: string; revision: string }>(
    `SELECT body -> 'data' ->> 'key' AS key, body -> 'data' ->> 'revision' AS revision, type, stream
     FROM events WHERE type IN ('notice.issued', 'notice.corrected', 'notice.withdrawn')`,
  );
  const decisions = issued.map(({ key, revision, type }) => `${type} ${key} ${revision}`);
  expect(new Set(decisions).size).toBe(decisions.length);
  const deliveries = await query<{ id: string; state: string; position: string; lane: string }>(
    `SELECT delivery_id AS id, state, position, lane FROM deliveries ORDER BY position`,
  );
  expect(deliveries).toHaveLength(issued.length);
  expect(deliveries.filter(({ state }) => state !== 'delivered' && state !== 'cancelled')).toEqual(
    [],
  );
  const told = receiver.received
    .filter(({ repeat }) => !repeat)
    .map(({ deliveryId }) => deliveryId);
  const delivered = deliveries.filter(({ state }) => state === 'delivered');
  expect(told.toSorted()).toEqual(delivered.map(({ id }) => id).toSorted());
  // In each lane in the order of the decisions.
  const placeOf = new Map(told.map((id, place) => [id, place]));
  for (const lane of new Set(delivered.map((one) => one.lane))) {
    const places = delivered.filter((one) => one.lane === lane).map(({ id }) => placeOf.get(id));
    expect(places).toEqual([...places].toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  }
}

describe.skipIf(!canRun)('instances', { timeout: 300_000 }, () => {
  test('share the work evenly; what a killed one had goes to the others, and nothing is lost or told twice', async () => {
    const world = await openWorld();
    const a = await world.start('a');
    await untilShared(world, { a: 6 });
    const b = await world.start('b');
    const c = await world.start('c');
    await untilShared(world, { a: 2, b: 2, c: 2 });
    let targets = [a, b, c];
    const hospital = new Hospital(() => targets);
    await hospital.toldMore(20);
    targets = [a, b];
    await c.end('SIGKILL');
    await untilShared(world, { a: 3, b: 3 });
    await hospital.toldMore(20);
    await hospital.end();
    await expectWhole(world, hospital);
  });

  test('are replaced one after the other while messages come', async () => {
    const world = await openWorld();
    const a = await world.start('a');
    const b = await world.start('b');
    await untilShared(world, { a: 3, b: 3 });
    let targets = [a, b];
    const hospital = new Hospital(() => targets);
    await hospital.toldMore(10);
    targets = [b];
    expect(await a.end('SIGTERM')).toBe(0);
    await untilShared(world, { b: 6 });
    const c = await world.start('c');
    await untilShared(world, { b: 3, c: 3 });
    targets = [c];
    expect(await b.end('SIGTERM')).toBe(0);
    await untilShared(world, { c: 6 });
    await hospital.toldMore(10);
    await hospital.end();
    await expectWhole(world, hospital);
  });

  test('one that is held up beyond its leases writes nothing under them when it goes on', async () => {
    const world = await openWorld();
    const a = await world.start('a');
    const b = await world.start('b');
    await untilShared(world, { a: 3, b: 3 });
    let targets = [a, b];
    const hospital = new Hospital(() => targets);
    await hospital.toldMore(10);
    targets = [b];
    a.signal('SIGSTOP');
    await untilShared(world, { b: 6 });
    await hospital.toldMore(10);
    a.signal('SIGCONT');
    await untilShared(world, { a: 3, b: 3 });
    await hospital.end();
    await expectWhole(world, hospital);
  });

  test('without a broker: one handles what waits, and another when that one dies', async () => {
    const world = await openWorld('embedded');
    const a = await world.start('a');
    const b = await world.start('b');
    const holder = async (): Promise<string | undefined> =>
      (
        await world.query<{ holder: string }>(
          `SELECT holder FROM leases WHERE name = 'bus' AND until > clock_timestamp()`,
        )
      )[0]?.holder;
    expect(await holder()).toBe('a');
    const hospital = new Hospital(() => [b]);
    await hospital.toldMore(10);
    await a.end('SIGKILL');
    await until('b handles it', async () => (await holder()) === 'b');
    await hospital.end();
    await expectWhole(world, hospital);
  });

  test('do what their roles say: one receives, another does the rest', async () => {
    const world = await openWorld();
    const a = await world.start('a', '--role', 'receive');
    const b = await world.start('b', '--role', 'relay,advance,dispatch');
    await untilShared(world, { b: 6 });
    const hospital = new Hospital(() => [a], 1);
    await hospital.toldMore(6);
    await hospital.end();
    await expectWhole(world, hospital);
    expect((await fetch(`http://127.0.0.1:${b.httpPort}/health/ready`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${b.httpPort}/fhir/metadata`)).status).toBe(404);
    expect(a.output).toContain('token of partner');
    expect(b.output).not.toContain('token');
  });
});
