/** Leases, and what instances on one journal do at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { createAdvance } from '../gateway/advance.ts';
import { createReceive } from '../gateway/receive.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import { newId } from '../gateway/runtime/ids.ts';
import type { Fence, Journal } from '../gateway/runtime/journal/journal.ts';
import { openPostgresJournal } from '../gateway/runtime/journal/postgres.ts';
import {
  checkSchema,
  migrate,
  migrations,
  schemaVersion,
} from '../gateway/runtime/journal/postgres/migrations.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { loadMappings } from '../mappings/index.ts';
import { loadProfiles } from '../profiles/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms, postgresSettings } from './support/journal-forms.ts';
import { has, ownSchema } from './support/servers.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const long = 60_000;
const short = 30;

/** A lease that ended is had by whoever asks next. */
async function claimed(journal: Journal, holder: string, name: string): Promise<Fence> {
  for (;;) {
    const [lease] = await journal.leases.claim(holder, [name], long);
    if (lease !== undefined) return lease;
    await sleep(5);
  }
}

describe.each(journalForms)('leases ($name)', ({ place }) => {
  let journal: Journal;
  beforeEach(async () => {
    const folder = temporaryFolder('leases');
    const journals = place(folder.path);
    journal = await journals.open();
    closing.push(
      folder.remove,
      () => journals.remove(),
      () => journal.close(),
    );
  });

  test('what one has another gets only when it is given up, and then with another number', async () => {
    const { leases } = journal;
    const first = await leases.claim('a', ['relay', 'poll'], long);
    expect(first.map(({ epoch }) => epoch)).toEqual([1, 1]);
    expect(await leases.claim('b', ['relay', 'poll', 'bus'], long)).toEqual([
      { name: 'bus', holder: 'b', epoch: 1 },
    ]);
    expect(await leases.claim('a', ['relay'], long)).toEqual([
      { name: 'relay', holder: 'a', epoch: 1 },
    ]);
    await leases.release('b', ['relay']);
    expect(await leases.claim('b', ['relay'], long)).toEqual([]);
    await leases.release('a', ['relay']);
    expect(await leases.claim('b', ['relay'], long)).toEqual([
      { name: 'relay', holder: 'b', epoch: 2 },
    ]);
  });

  test('one that is not renewed ends by itself; nobody has taken it: the same holder goes on', async () => {
    const { leases } = journal;
    await leases.claim('a', ['relay'], short);
    await sleep(2 * short);
    expect((await leases.all()).map(({ leftMs }) => leftMs <= 0)).toEqual([true]);
    expect(await leases.claim('a', ['relay'], short)).toMatchObject([{ epoch: 1 }]);
    expect((await claimed(journal, 'b', 'relay')).epoch).toBe(2);
  });

  test('a write under a lease that another has is refused, and the writes beside it are not', async () => {
    await journal.leases.claim('a', ['relay'], short);
    const ofA: Fence = { name: 'relay', epoch: 1 };
    await journal.under(() => ofA).cursors.set('place', 'first');
    const ofB = await claimed(journal, 'b', 'relay');
    const outcomes = await Promise.allSettled([
      journal.cursors.set('beside', 'yes'),
      journal.under(() => ofA).cursors.set('place', 'of a'),
      journal.under(() => ofB).cursors.set('other', 'of b'),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'lease-lost', fate: 'transient' } },
      { status: 'fulfilled' },
    ]);
    const { cursors } = journal;
    expect([await cursors.get('place'), await cursors.get('beside')]).toEqual(['first', 'yes']);
    expect(await cursors.get('other')).toBe('of b');
  });

  test('an instance is seen while it gives signs of life, and gone with all it had when it leaves', async () => {
    const { leases } = journal;
    const instance = { id: 'a', roles: ['relay'], version: '1.0.0', inForce: { mappings: 'm1' } };
    await leases.beat({ ...instance, id: 'b' }, short);
    await sleep(2 * short);
    const seen = await leases.beat(instance, long);
    expect(seen.map(({ id, isAlive }) => ({ id, isAlive }))).toEqual([
      { id: 'b', isAlive: false },
      { id: 'a', isAlive: true },
    ]);
    await leases.claim('a', ['relay'], long);
    await leases.leave('a');
    expect((await leases.instances()).map(({ id }) => id)).toEqual(['b']);
    expect(await leases.claim('b', ['relay'], long)).toHaveLength(1);
  });

  test('an instance tells what it goes by, and what it goes by now', async () => {
    const { leases } = journal;
    const goesBy = async (mappings: string) =>
      await leases.beat({ id: 'a', roles: [], version: '1', inForce: { mappings } }, long);
    expect(await goesBy('m1')).toMatchObject([{ id: 'a', inForce: { mappings: 'm1' } }]);
    await goesBy('m2');
    expect(await leases.instances()).toMatchObject([{ inForce: { mappings: 'm2' } }]);
  });
});

const hasPostgres = await has('instances on one journal', 'PostgreSQL that runs');

describe.skipIf(!hasPostgres)('two instances on one journal', () => {
  test('hear of what the other gives up', async () => {
    const { first, second } = await twoJournals();
    const [lease] = await first.leases.claim('a', ['relay'], long);
    expect(lease).toBeDefined();
    const heard = new Promise<void>((resolve) => second.leases.onChange(resolve));
    // It may not listen yet: the other gives up, again and again, until it does.
    const giving = setInterval(() => void first.leases.release('a', ['relay']), 50);
    await heard;
    clearInterval(giving);
  });

  test('that advance one case at once come to what one alone comes to', async () => {
    const alone = await twoJournals();
    const [rows] = await tellCase(alone.first);
    await createAdvance(partsOf(alone.first))(rows?.lane ?? '', await waiting(alone.first));

    const { first, second } = await twoJournals();
    const [row] = await tellCase(first);
    const outcomes: string[] = [];
    let arrived = 0;
    let open = (): void => undefined;
    const bothHaveRead = new Promise<void>((resolve) => (open = resolve));
    const meeting = (journal: Journal): Journal => ({
      ...journal,
      async append(change) {
        arrived += 1;
        if (arrived === 2) open();
        await bothHaveRead;
        const outcome = await journal.append(change);
        outcomes.push(outcome);
        return outcome;
      },
    });
    const deliveries = await waiting(first);
    await Promise.all(
      [first, second].map((journal) =>
        createAdvance(partsOf(meeting(journal)))(row?.lane ?? '', deliveries),
      ),
    );
    expect(outcomes.slice(0, 2).toSorted()).toEqual(['appended', 'stale']);
    expect(await told(first)).toEqual(await told(alone.first));
  });
});

const at = '2022-03-07T09:00:00Z';

async function twoJournals(): Promise<{ first: Journal; second: Journal }> {
  const { url, schema, drop } = ownSchema();
  closing.push(drop);
  const open = async (): Promise<Journal> => {
    const journal = await openPostgresJournal({ settings: postgresSettings(url, schema) });
    closing.push(() => journal.close());
    return journal;
  };
  return { first: await open(), second: await open() };
}

function partsOf(journal: Journal) {
  const clock = new HandSetClock('2022-03-07T09:05:00Z');
  return { journal, clock, profiles: loadProfiles(), isSenderLive: () => true };
}

/** Admission and needs of one stay. */
async function tellCase(journal: Journal) {
  const log = createLog({ level: 'silent' });
  const clock = new HandSetClock('2022-03-07T09:05:00Z');
  const receive = createReceive(hl7v2Inbound(loadMappings()), { journal, clock, log, newId });
  const step = {
    personnummer: '195009072553',
    family: 'Testsson',
    given: 'Åsa',
    municipality: '1480',
    at,
    visit: 'V1',
  };
  const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: true };
  await receive(buildMessage('ekliden', { ...step, trigger: 'A01', controlId: 'C1' }));
  await receive(buildMessage('ekliden', { ...step, trigger: 'A08', needs, controlId: 'C2' }));
  return await journal.outbox.ready('advance', clock.nowMs(), 100, []);
}

async function waiting(journal: Journal) {
  const rows = await journal.outbox.ready('advance', Date.parse(at) + 3_600_000, 100, []);
  return rows.map(({ attempts, ...row }) => ({ ...row, attempt: attempts + 1 }));
}

/** What was recorded, without what is made anew each time. */
async function told(journal: Journal): Promise<readonly string[]> {
  const events = await journal.eventsAfter(0, 1000);
  return events.map(({ event: { type, occurredAt } }) => `${type} ${occurredAt}`);
}

describe.skipIf(!hasPostgres)('an upgrade while instances run', () => {
  test('adds to the tables, and the older program works on', async () => {
    const { client, schema } = await upgraded([...migrations, 'CREATE TABLE more (id integer)']);
    expect(await checkSchema(client)).toBe(schemaVersion + 1);
    await migrate(client, schema);
    expect(await checkSchema(client)).toBe(schemaVersion + 1);
  });

  test('that the older program cannot work with waits until none of it runs, and keeps it out from then on', async () => {
    const { client, schema, journal } = await upgraded(migrations);
    await journal.leases.beat({ id: 'old-one', roles: [], version: '1.0.0', inForce: {} }, long);
    const step = { sql: 'ALTER TABLE cursors RENAME TO marks', needs: schemaVersion + 1 };
    await expect(migrate(client, schema, [...migrations, step])).rejects.toThrow(
      /some are running: old-one \(1\.0\.0\)\n {2}next: stop them/,
    );
    expect(await checkSchema(client)).toBe(schemaVersion);
    await journal.leases.leave('old-one');
    await migrate(client, schema, [...migrations, step]);
    await expect(checkSchema(client)).rejects.toThrow(/next: start the newer program/);
  });

  test('keeps out a program that would take an awaited delivery for one to be sent again', async () => {
    const { client } = await upgraded(migrations);
    const awaited = migrations.findIndex((step) =>
      (typeof step === 'string' ? step : step.sql).includes('ADD COLUMN receipt'),
    );
    await expect(checkSchema(client, awaited)).rejects.toThrow(/next: start the newer program/);
    expect(await checkSchema(client, awaited + 1)).toBe(schemaVersion);
  });

  async function upgraded(steps: typeof migrations) {
    const { url, schema, drop } = ownSchema();
    closing.push(drop);
    const journal = await openPostgresJournal({ settings: postgresSettings(url, schema) });
    closing.push(() => journal.close());
    const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
    await client.connect();
    closing.push(() => client.end());
    await migrate(client, schema, steps);
    return { client, schema, journal };
  }
});
