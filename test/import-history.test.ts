/** Messages of the past are taken as any others, and what lies before an instant leads to nothing outside. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { importHistory, type Imported, type ImportOptions } from '../gateway/cli/import-history.ts';
import { encounter, patient } from './support/fhir-stay.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  visit: 'H1',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
const message = (
  step: Pick<HospitalStep, 'trigger' | 'at' | 'controlId'> & Partial<HospitalStep>,
) => buildMessage('ekliden', { ...person, ...step });

/** A stay of early March, ready on the 7th before noon, home on the 12th. */
const past = [
  message({ trigger: 'A01', at: '2022-03-03T08:00:00Z', controlId: 'h-1' }),
  message({ trigger: 'A08', at: '2022-03-03T09:00:00Z', controlId: 'h-2', needs }),
  message({
    trigger: 'A08',
    at: '2022-03-07T09:00:00Z',
    controlId: 'h-3',
    needs,
    needsAt: '2022-03-03T09:00:00Z',
    readyAt: '2022-03-07T09:00:00Z',
  }),
  message({ trigger: 'A03', at: '2022-03-12T09:00:00Z', controlId: 'h-4' }),
];

interface World extends TestGateway {
  readonly archive: string;
}

async function start(): Promise<World> {
  const folder = temporaryFolder('history');
  closing.push(folder.remove);
  const [data, archive] = [join(folder.path, 'data'), join(folder.path, 'archive')];
  mkdirSync(archive);
  const world = await startTestGateway({ start: '2022-03-21T08:00:00.000Z', folder: data });
  closing.push(() => world.close());
  return { ...world, archive };
}

async function take(world: World, options: Partial<ImportOptions> = {}) {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const code = await importHistory({
      history: [world.archive],
      liveFrom: '2022-03-20 00:00',
      rate: 0,
      reason: 'start of service',
      config: undefined,
      flags: { data: world.folder },
      json: true,
      ...options,
    });
    const told: Imported = JSON.parse(String(spy.mock.calls.at(-1)?.[0]));
    return { code, told };
  } finally {
    spy.mockRestore();
  }
}

const typesOf = async ({ gateway }: World) =>
  (await gateway.journal.eventsAfter(0, 10_000)).map(({ event }) => event.type);

describe('a stay of the past', () => {
  test('is folded and assessed, and nothing of it is sent, billed or watched', async () => {
    const world = await start();
    // Still there, ready since the 7th: everything due of it was due before the service began.
    for (const [index, raw] of past.slice(0, 3).entries()) {
      writeFileSync(join(world.archive, `${index}.hl7`), raw);
    }
    const { code, told } = await take(world);
    expect(code).toBe(0);
    expect(told).toMatchObject({
      by: 'the running gateway',
      messages: 3,
      counts: { accepted: 3, refused: 0 },
      cases: { before: 0, after: 1 },
    });
    await world.rest();
    await world.passTimeUntil('2022-03-21T20:00:00.000Z');
    expect(await world.send(past[3] ?? new Uint8Array())).toBe('AA');
    await world.rest();
    await world.passTimeUntil('2022-04-20T00:00:00.000Z');
    const events = (await world.gateway.journal.eventsAfter(0, 10_000)).map(({ event }) => event);
    const issued = events.flatMap((event) =>
      event.type === 'notice.issued' ? [event.data.obligation] : [],
    );
    expect(issued).toContain('admission-notice');
    expect(issued).toContain('discharge-ready-notice');
    const types = events.map(({ type }) => type);
    for (const type of ['notice.delivered', 'deadline.missed', 'billing.recorded'] as const) {
      expect(types).not.toContain(type);
    }
    const watched = events.flatMap((event) =>
      event.type === 'deadline.set' ? [event.data.dueAt] : [],
    );
    expect(watched.filter((dueAt) => dueAt < '2022-03-19T23:00:00.000Z')).toEqual([]);
    expect(world.receiver.received).toHaveLength(0);
    expect(Object.keys((await world.gateway.journal.status()).deliveries)).toEqual(['shadow']);
  });

  test('told again is known, so what was interrupted is said again', async () => {
    const world = await start();
    writeFileSync(join(world.archive, 'all.hl7'), Buffer.concat(past.slice(0, 2)));
    expect((await take(world)).told.counts).toMatchObject({ accepted: 2 });
    writeFileSync(join(world.archive, 'rest.hl7'), Buffer.concat(past.slice(2)));
    expect((await take(world)).told.counts).toMatchObject({ accepted: 2, known: 2 });
  });

  test('goes on live: what happens after the instant is sent', async () => {
    const world = await start();
    writeFileSync(join(world.archive, 'all.hl7'), Buffer.concat(past.slice(0, 2)));
    await take(world);
    const ready = message({
      trigger: 'A08',
      at: '2022-03-21T07:30:00Z',
      controlId: 'live-1',
      needs,
      needsAt: '2022-03-03T09:00:00Z',
      readyAt: '2022-03-21T07:30:00Z',
    });
    expect(await world.send(ready)).toBe('AA');
    await world.rest();
    const delivered = (await world.gateway.journal.eventsAfter(0, 10_000)).flatMap(({ event }) =>
      event.type === 'notice.delivered' ? [event.data.obligation] : [],
    );
    expect(delivered).toEqual(['discharge-ready-notice']);
  });
});

test('what is refused or waits for a code is told by its file, and the others are taken', async () => {
  const world = await start();
  const parked = Buffer.from(
    Buffer.from(past[0] ?? '')
      .toString('latin1')
      .replace('PV1|1|I', 'PV1|1|V'),
    'latin1',
  );
  writeFileSync(join(world.archive, '1.hl7'), parked);
  writeFileSync(join(world.archive, '2.hl7'), 'MSH|^~\\&|NOBODY|X|||20220303||ADT^A01|1|P|2.5\r');
  const { code, told } = await take(world);
  expect(code).toBe(1);
  expect(told.counts).toMatchObject({ parked: 1, refused: 1 });
  expect(told.unmapped).toEqual([{ table: '0004-admission', code: 'V', messages: 1 }]);
  expect(told.refused).toMatchObject([{ name: '2.hl7' }]);
});

test('FHIR as NDJSON goes in as its sender told it, and again is known', async () => {
  const world = await start();
  const lines = [patient, encounter()].map((one) => JSON.stringify(one));
  writeFileSync(join(world.archive, 'bulk.ndjson'), lines.join('\n'));
  const first = await take(world, { sender: 'ekliden' });
  expect(first.told.counts).toMatchObject({ accepted: 1 });
  const again = await take(world, { sender: 'ekliden' });
  expect(again.told.counts).toMatchObject({ accepted: 0, known: 2 });
});

test('an instant to come is refused for a sender that is live: its notices would stay here', async () => {
  const world = await start();
  writeFileSync(join(world.archive, 'all.hl7'), Buffer.concat(past));
  await expect(take(world, { liveFrom: '2022-04-01 00:00' })).rejects.toThrow(/ekliden is live/);
  expect(await typesOf(world)).toEqual([]);
});
