/**
 * Several processes on one PostgreSQL and one RabbitMQ: they share the work, and when one dies, is stopped or is held
 * up, the others go on with it. What came of it all must be what one process alone would have made.
 */
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { answerCodeOf, buildMessage, HospitalLink } from '../adapters/simulated/hospital.ts';
import {
  accessPointToken,
  openWorld,
  until,
  untilShared,
  type World,
} from './support/instances.ts';
import { addresses, receiptXml } from './support/sdk.ts';
import { has } from './support/servers.ts';
import type { Service } from './support/service.ts';
import { patients } from './support/six-municipalities.ts';

const canRun = await has('many instances', 'PostgreSQL that runs', 'RabbitMQ that runs');

const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** What is told of one stay, in order. */
function stayMessages(visit: string, whose: Partial<typeof person> = {}): readonly Uint8Array[] {
  const step = { ...person, ...whose, at: '2022-03-07T09:00:00Z', visit };
  return [
    buildMessage('ekliden', { ...step, trigger: 'A01', controlId: `${visit}-1` }),
    buildMessage('ekliden', { ...step, trigger: 'A08', needs, controlId: `${visit}-2` }),
    buildMessage('ekliden', { ...step, trigger: 'A11', controlId: `${visit}-3` }),
  ];
}

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

describe.skipIf(!canRun)('instances with one access point of SDK', { timeout: 300_000 }, () => {
  const settings = (shared: string) => ({
    receivers: [{ id: 'kommun', channel: 'sdk', to: addresses.to }],
    sdk: {
      from: addresses.from,
      accessPoint: { folder: join(shared, 'out') },
      receipts: {
        folder: { path: join(shared, 'receipts'), shared: true, every: '20ms' },
        tokenEnv: 'ACCESS_POINT_TOKEN',
      },
    },
  });
  const out = ({ shared }: World): string => join(shared, 'out');
  const receipts = ({ shared }: World): string => join(shared, 'receipts');

  /** Two instances, and so many stays told to the one and the other: a notice of each is handed over. */
  async function handedOver(stays: number): Promise<{
    readonly world: World;
    readonly services: readonly Service[];
    readonly ids: readonly string[];
  }> {
    const world = await openWorld('rabbitmq', settings);
    mkdirSync(receipts(world));
    const services = [await world.start('a'), await world.start('b')];
    await untilShared(world, { a: 3, b: 3 });
    for (let stay = 0; stay < stays; stay += 1) {
      const { mllpPort: port } = services[stay % 2]!;
      const link = await HospitalLink.connect({ host: '127.0.0.1', port });
      const { personnummer } = patients[stay]!.person;
      for (const raw of stayMessages(`S${stay}`, { personnummer }).slice(0, 2)) {
        expect(answerCodeOf(await link.send(raw))).toBe('AA');
      }
      await link.close();
    }
    await until('every notice waits for its receipt', async () => {
      return (await inState(world, 'awaited')).length === stays;
    });
    return { world, services, ids: await inState(world, 'awaited') };
  }

  async function inState({ query }: World, state: string): Promise<readonly string[]> {
    const rows = await query<{ id: string }>(
      `SELECT delivery_id AS id FROM deliveries WHERE state = '${state}' ORDER BY position`,
    );
    return rows.map(({ id }) => id);
  }

  /** As the access point leaves it: whole at once. */
  function leave(world: World, id: string, name: string): void {
    const path = join(receipts(world), name);
    writeFileSync(`${path}.tmp`, receiptXml({ id }));
    renameSync(`${path}.tmp`, `${path}.xml`);
  }

  /** How often each delivery was told to its case as delivered. */
  async function told({ query }: World): Promise<readonly string[]> {
    const rows = await query<{ id: string }>(
      `SELECT body -> 'data' ->> 'deliveryId' AS id FROM events WHERE type = 'notice.delivered'`,
    );
    return rows.map(({ id }) => id).toSorted();
  }

  const taken = (world: World): readonly string[] =>
    readdirSync(join(receipts(world), 'done')).toSorted();

  test('take each receipt once: the one that has the folder, and the other when that one is killed', async () => {
    const { world, services, ids } = await handedOver(6);
    const holder = async (): Promise<string | undefined> =>
      (
        await world.query<{ holder: string }>(
          `SELECT holder FROM leases WHERE name LIKE 'sdk-receipts:%' AND until > clock_timestamp()`,
        )
      )[0]?.holder;
    const [first, second] = [ids.slice(0, 3), ids.slice(3)];
    for (const [index, id] of first.entries()) {
      leave(world, id, `${index}`);
      leave(world, id, `${index}-again`);
    }
    await until('the first are taken', () => taken(world).length === 6);
    expect(await told(world)).toEqual(first.toSorted());
    const had = await holder();
    for (const [index, id] of second.entries()) leave(world, id, `${index + 3}`);
    leave(world, first[0]!, 'once more');
    await services[had === 'a' ? 0 : 1]!.end('SIGKILL');
    await until('the others are taken', () => taken(world).length === 10);
    expect(await holder()).not.toBe(had);
    expect(await told(world)).toEqual([...ids].toSorted());
    expect(await inState(world, 'delivered')).toEqual(ids);
    expect(readdirSync(join(receipts(world), 'failed'))).toEqual([]);
    // Nothing was handed over again.
    expect(readdirSync(out(world)).toSorted()).toEqual(ids.map((id) => `${id}.xml`).toSorted());
    const attempts = await world.query('SELECT FROM attempts');
    expect(attempts).toHaveLength(ids.length);
  });

  test('that are brought the same receipt at once, by file and by HTTP, move the case once', async () => {
    const { world, services, ids } = await handedOver(2);
    const bring = async (id: string, { httpPort }: Service): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${httpPort}/sdk-receipts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${accessPointToken}` },
        body: receiptXml({ id }),
      });
      return response.status;
    };
    for (const id of ids) leave(world, id, id);
    const statuses = await Promise.all(
      ids.flatMap((id) => [...services, ...services].map((service) => bring(id, service))),
    );
    expect(statuses).toEqual(statuses.map(() => 204));
    await until('the files are taken', () => taken(world).length === ids.length);
    expect(await told(world)).toEqual([...ids].toSorted());
    expect(await inState(world, 'delivered')).toEqual(ids);
  });
});
