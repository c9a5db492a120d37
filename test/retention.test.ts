/** What goes when its time is over, and what stays whatever its age: by the same rules in every form of the journal. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventBody } from '../gateway/process/events.ts';
import { carryOut, ruleBefore, rulesOf, type RuleName } from '../gateway/retention.ts';
import { retentionSettings } from '../gateway/runtime/config-storage.ts';
import type { IncomingMessage, Journal, NewDelivery } from '../gateway/runtime/journal/journal.ts';
import { openPostgresJournal } from '../gateway/runtime/journal/postgres.ts';
import { startRetention } from '../gateway/wiring/retention.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { Client } from 'pg';
import { temporaryFolder } from './support/folder.ts';
import { journalForms, postgresSettings, type JournalPlace } from './support/journal-forms.ts';
import {
  admitted,
  at,
  careDaysCounted,
  invoiceIssued,
  message,
  noticeIssued,
  personnummerAuthority,
  rejected,
  settlementClosed,
  testNumbers,
} from './support/journal-messages.ts';
import { ownSchema } from './support/servers.ts';

/** Ids are made by the machine's clock, so what is over its time must have been made before this. */
const future = '2090-01-01T00:00:00.000Z';
const month = 'settlement:14:1480:2022-03';

describe.each(journalForms)('retention ($name)', ({ place }) => {
  let journal: Journal;
  let journals: JournalPlace;
  let removeFolder: () => void;
  beforeEach(async () => {
    const { path, remove } = temporaryFolder('retention');
    removeFolder = remove;
    journals = place(path);
    journal = await journals.open();
  });
  afterEach(async () => {
    await journal.close();
    await journals.remove();
    removeFolder();
  });

  /** What goes under a rule, by kind: counts of what went and of what had to stay. */
  async function purge(name: RuleName, before = future) {
    const rules = [ruleBefore(name, before, future)];
    const seen = await carryOut(journal.retention, rules, { apply: false });
    const went = await carryOut(journal.retention, rules, { apply: true });
    expect(went).toEqual(seen);
    return Object.fromEntries(went.map(({ kind, go, stay }) => [kind, { go, stay }]));
  }
  /** Message n, whose patient has gone home, handled. */
  async function caseOf(n: number, change: Partial<IncomingMessage> = {}) {
    const { events: before } = await journal.status();
    await journal.record(
      message(n, { events: [admitted(`in-${n}`), gone(`out-${n}`)], ...change }),
    );
    const [stored] = await journal.eventsAfter(before, 1);
    const stayId = stored?.event.stayId ?? '';
    const processId = (await journal.load(stayId))?.processId ?? '';
    await handleAll();
    return { stayId, processId };
  }
  async function handleAll(): Promise<void> {
    for (const queue of ['advance', 'dispatch'] as const) {
      await journal.outbox.done(await journal.outbox.ready(queue, Date.parse(future), 100, []));
    }
  }
  async function append(streamId: string, lane: string, body: EventBody, alsoStream?: string) {
    const event = { streamId, lane, body, ...(alsoStream !== undefined && { alsoStream }) };
    await journal.append({ expected: [], events: [event], setDeadlines: [], closeDeadlines: [] });
  }
  const patient = (n: number) => ({
    numbers: [
      { authority: personnummerAuthority, value: testNumbers[0], kind: 'personnummer' as const },
    ],
    family: `Name ${n}`,
  });

  describe('messages', () => {
    test('older than their time go, and their control ids with them; younger ones stay', async () => {
      await caseOf(1);
      await caseOf(2, { receivedAt: '2022-03-08T00:00:00.000Z' });
      expect(await purge('messages', '2022-03-08T00:00:00.000Z')).toEqual({
        messages: { go: 1, stay: {} },
      });
      expect((await journal.told.after(0, 10)).heads).toMatchObject([{ messageId: 'message-2' }]);
      expect(await journal.record(message(2))).toMatchObject({ outcome: 'duplicate' });
      expect(await journal.record(message(1))).toMatchObject({ outcome: 'recorded' });
    });

    test('of a case that is open stay, and those that wait for a code', async () => {
      await journal.record(message(1));
      await handleAll();
      await caseOf(2);
      const unmapped = [{ table: '0004', code: 'X', path: 'PV1-2' }];
      await journal.record(
        message(3, { unmapped, stay: { by: 'visit', authority: '1.2.3', number: 'V2' } }),
      );
      await handleAll();
      expect(await purge('messages')).toEqual({
        messages: { go: 0, stay: { 'open-case': 1, parked: 2 } },
      });
    });

    test('are looked through in steps, however many they are', async () => {
      const many = Array.from({ length: 1203 }, (_, n) => message(n + 1, { events: [] }));
      await Promise.all(many.map(({ stay: _stay, ...one }) => journal.record(one)));
      expect(await purge('messages')).toEqual({ messages: { go: 1203, stay: {} } });
      expect((await journal.told.after(0, 10)).heads).toEqual([]);
    });
  });

  test('incidents go when they have been over for so long; one that has not ended stays', async () => {
    const incident = (id: string, endedAt: string | undefined) => ({
      id,
      cause: 'failing' as const,
      about: 'goteborg',
      startedAt: '2022-03-01T00:00:00.000Z',
      count: 1,
      peak: 2,
      told: 1,
      endedAt,
      by: undefined,
      takenAt: undefined,
      note: undefined,
    });
    const over = Array.from({ length: 501 }, (_, n) =>
      incident(`old-${String(n).padStart(3, '0')}`, '2022-03-02T00:00:00.000Z'),
    );
    await journal.incidents.put([
      ...over,
      incident('new', '2022-03-09T00:00:00.000Z'),
      incident('open', undefined),
    ]);
    expect(await purge('incidents', '2022-03-08T00:00:00.000Z')).toEqual({
      incidents: { go: 501, stay: {} },
    });
    const left = await journal.incidents.since('', 1000);
    expect(left.map(({ id }) => id).toSorted()).toEqual(['new', 'open']);
  });

  test('messages that were refused go with their counts; accepted ones are not touched', async () => {
    await caseOf(1);
    await journal.reject(rejected(2));
    await journal.reject(rejected(3, { errorCode: 'unknown-sender' }));
    expect(await purge('rejected')).toEqual({ rejected: { go: 2, stay: {} } });
    const { messages } = await journal.status();
    expect(messages).toMatchObject({ accepted: 1, rejected: 0, quarantined: 0 });
    // The bodies that are counted are those that are there.
    await journal.reject(rejected(4));
    expect((await journal.status()).messages.rejected).toBe(1);
  });

  describe('a case', () => {
    test('goes with its events, notices, deadlines and persons, and leaves nothing', async () => {
      const { stayId, processId } = await caseOf(1, { patient: patient(1) });
      await journal.deliveries.open([delivery(stayId, 'pending')]);
      await journal.deliveries.recordAttempt('delivery-1', at);
      const outcome = { deliveryId: 'delivery-1', endedAt: at, detail: '', events: [] };
      await journal.deliveries.recordOutcome({ ...outcome, state: 'delivered' });
      await setDeadline(stayId, processId);
      await closeDeadline();
      await purge('messages');
      expect(await purge('cases')).toMatchObject({ cases: { go: 1, stay: {} } });
      expect(await journal.load(stayId)).toBeUndefined();
      expect(await journal.identity(processId)).toBeUndefined();
      expect(await journal.deliveries.ofLane('lane-1')).toEqual([]);
      expect((await journal.status()).deliveries['delivered'] ?? 0).toBe(0);
      expect(await journal.eventsAfter(0, 10)).toEqual([]);
      // The same visit and person begin anew.
      const again = await caseOf(1, { patient: patient(2) });
      expect(again.processId).not.toBe(processId);
      expect(await journal.identity(again.processId)).toMatchObject({ family: 'Name 2' });
    });

    test('leaves the person who has another stay', async () => {
      await caseOf(1, { patient: patient(1) });
      const { processId } = await caseOf(2, { patient: patient(1), events: [admitted('in-2')] });
      expect(await purge('cases')).toMatchObject({ cases: { go: 1, stay: { 'open-case': 1 } } });
      expect(await journal.identity(processId)).toMatchObject({ family: 'Name 1' });
    });

    test('whose last entry is younger than its time stays, and is not spoken of', async () => {
      await caseOf(1);
      expect(await purge('cases', at)).toMatchObject({ cases: { go: 0, stay: {} } });
    });

    test.each<[string, (stayId: string, processId: string) => Promise<unknown>]>([
      [
        'dead-letter',
        async (stayId, processId) => {
          await journal.outbox.nudge(stayId, processId);
          await journal.outbox.bury(await journal.outbox.ready('advance', 0, 9, []), 'poison');
        },
      ],
      ['waiting', (stayId, processId) => journal.outbox.nudge(stayId, processId)],
      ['undelivered', (stayId) => journal.deliveries.open([delivery(stayId, 'unresolved')])],
      ['open-deadline', (stayId, processId) => setDeadline(stayId, processId)],
      [
        'unsettled',
        async (stayId, processId) => {
          await append(month, month, {
            ...settlementClosed('m'),
            type: 'settlement.opened',
          } as EventBody);
          await append(stayId, processId, careDaysCounted('c', 'READY'), month);
          await handleAll();
        },
      ],
      [
        'open-case',
        async (stayId, processId) => {
          await append(stayId, processId, gone('back', 'discharge.cancelled'));
          await handleAll();
        },
      ],
    ])('that has something of the kind %s stays', async (reason, make) => {
      const { stayId, processId } = await caseOf(1);
      await make(stayId, processId);
      expect(await purge('cases')).toMatchObject({ cases: { go: 0, stay: { [reason]: 1 } } });
      expect(await journal.load(stayId)).toBeDefined();
    });
  });

  test('a person who was only told of goes; one with a stay does not', async () => {
    await caseOf(1, { patient: patient(1) });
    const other = [
      { authority: personnummerAuthority, value: testNumbers[1], kind: 'personnummer' as const },
    ];
    const protectedPerson = { numbers: other, family: 'P' };
    const told = {
      ...admitted('told'),
      type: 'patient.identity-changed',
      data: { patient: { protection: 'confidential' } },
    };
    const { stay: _stay, ...apart } = message(2, {
      events: [],
      persons: [
        { patient: protectedPerson, earlierNumbers: [], events: [told as unknown as EventBody] },
      ],
    });
    await journal.record(apart);
    await setDeadline('elsewhere', 'elsewhere');
    const { persons, cases } = await purge('cases');
    expect([cases?.go, persons?.go]).toEqual([1, 1]);
  });

  test('a month that is closed goes when no case is left that it counted', async () => {
    await append(month, month, settlementClosed('closed'));
    const { stayId, processId } = await caseOf(1);
    await append(stayId, processId, careDaysCounted('c', 'READY'), month);
    await handleAll();
    expect(await purge('settlements')).toEqual({
      settlements: { go: 0, stay: { 'cases-left': 1 } },
    });
    await purge('cases');
    expect(await purge('settlements')).toEqual({ settlements: { go: 1, stay: {} } });
    expect((await journal.loadStream(month)).events).toEqual([]);
  });

  test('the invoices of a settlement go with it, and the series goes on after its last number', async () => {
    const other = 'settlement:14:1480:2022-04';
    const series = 'invoices:14';
    for (const [streamId, number] of [
      [month, '14000001'],
      [other, '14000002'],
    ] as const) {
      await append(streamId, streamId, settlementClosed(`closed ${number}`));
      const body = invoiceIssued(number);
      await journal.append({
        expected: [],
        events: [{ streamId: series, lane: streamId, alsoStream: streamId, body }],
        setDeadlines: [],
        closeDeadlines: [],
      });
    }
    await handleAll();
    expect(await purge('settlements')).toEqual({ settlements: { go: 2, stay: {} } });
    const left = (await journal.loadStream(series)).events.map(({ event }) => event.id);
    expect(left).toEqual(['14000002']);
    expect((await journal.loadStream(month)).events).toEqual([]);
  });

  test('the audit goes entry by entry', async () => {
    for (const when of [at, '2030-01-01T00:00:00.000Z']) {
      await journal.audit({ at: when, who: 'a', what: 'did', about: 'it' });
    }
    expect(await purge('audit', '2029-01-01T00:00:00.000Z')).toEqual({
      audit: { go: 1, stay: {} },
    });
  });

  test('once a day what is over its time goes, and it is written down', async () => {
    await caseOf(1);
    const clock = new HandSetClock('2024-03-06T00:00:00.000Z');
    const { config } = loadConfig({ file: null, env: {} });
    const settings = retentionSettings.parse({ messages: '24 months' });
    const logged: string[] = [];
    const log = createLog({
      level: 'info',
      json: true,
      destination: { write: (line) => void logged.push(line) },
    });
    const daily = startRetention({
      journal,
      clock,
      log,
      config: { ...config, retention: settings },
    });
    await daily.tick();
    expect((await journal.told.after(0, 10)).heads).toHaveLength(1);
    clock.advanceTo('2024-03-07T11:00:00.000Z');
    await daily.tick();
    expect((await journal.told.after(0, 10)).heads).toEqual([]);
    expect(logged.join('')).toContain('"count":1');
    await daily.close();
    const entries = await journal.retention.look({ kind: 'audit', before: future, after: '' });
    expect(entries.go).toBe(1);
  });

  function setDeadline(streamId: string, lane: string) {
    const data = {
      key: 'd1',
      deadline: 'T1',
      occasion: 'admission',
      dueAt: future,
      reference: '2 kap. 1 §',
    };
    const row = { key: 'd1', streamId, lane, dueAt: future, data: JSON.stringify(data) };
    return journal.append({ expected: [], events: [], setDeadlines: [row], closeDeadlines: [] });
  }
  function closeDeadline() {
    return journal.append({ expected: [], events: [], setDeadlines: [], closeDeadlines: ['d1'] });
  }
});

describe('the times that are kept', () => {
  const now = '2034-03-01T12:00:00.000Z';

  test('are for ever where none is set', () => {
    const rules = rulesOf(retentionSettings.parse({}), now);
    expect(rules.map(({ before }) => before)).toEqual(rules.map(() => undefined));
  });

  test('count by the calendar; the messages of a case go with it at the latest', () => {
    const settings = retentionSettings.parse({ cases: '10 years', audit: '90 days' });
    const times = new Map(rulesOf(settings, now).map(({ name, before }) => [name, before]));
    expect(times.get('cases')).toBe('2024-03-01T12:00:00.000Z');
    expect(times.get('messages')).toBe('2024-03-01T12:00:00.000Z');
    expect(times.get('audit')).toBe('2033-12-01T12:00:00.000Z');
    expect(times.get('rejected')).toBeUndefined();
  });

  test('that are shorter than the law is known to ask are told', () => {
    const settings = retentionSettings.parse({ cases: '9 years', settlements: '10 years' });
    const below = rulesOf(settings, now).filter(({ isBelowMinimum }) => isBelowMinimum);
    expect(below.map(({ name }) => name)).toEqual(['cases']);
  });
});

describe.skipIf(journalForms.length === 1)('months in PostgreSQL', () => {
  test('to come have their place, and past ones that are empty are dropped', async () => {
    const { url, schema, drop } = ownSchema();
    const journal = await openPostgresJournal({ settings: postgresSettings(url, schema) });
    const client = new Client({ connectionString: url });
    await client.connect();
    const monthsOf = async (): Promise<string[]> => {
      const { rows } = await client.query(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename ~ 'messages_\\d' ORDER BY 1`,
        [schema],
      );
      return rows.map(({ name }) => String(name));
    };
    const later = Date.UTC(2091, 5, 15);
    await journal.retention.tidy(later);
    expect(await monthsOf()).toEqual([
      'messages_2091_06',
      'messages_2091_07',
      'messages_2091_08',
      'messages_2091_09',
    ]);
    await journal.record(message(1, { messageId: idOf(later) }));
    await journal.retention.tidy(Date.UTC(2091, 7, 15));
    expect(await monthsOf()).toEqual([
      'messages_2091_06',
      'messages_2091_08',
      'messages_2091_09',
      'messages_2091_10',
      'messages_2091_11',
    ]);
    await client.end();
    await journal.close();
    await drop();
  });
});

function idOf(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

function gone(
  id: string,
  type: 'patient.discharged' | 'discharge.cancelled' = 'patient.discharged',
): EventBody {
  const { data: _, ...envelope } = admitted(id);
  return { ...envelope, type, data: {} };
}

function delivery(streamId: string, state: NewDelivery['state']): NewDelivery {
  return {
    deliveryId: 'delivery-1',
    lane: 'lane-1',
    position: 1,
    eventId: noticeIssued('n').id,
    streamId,
    receiver: 'goteborg',
    state,
    rendered: 'the notice',
    detail: undefined,
  };
}
