/** The contract of the journal, kept by every form of it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../gateway/process/events.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import type {
  DeadlineRow,
  IncomingMessage,
  Journal,
  NewDelivery,
  NewEvent,
  OutboxRow,
} from '../gateway/runtime/journal/journal.ts';
import { builtFile } from './support/built-program.ts';
import {
  admitted,
  at,
  billingRecorded,
  careDaysCounted,
  settlementClosed,
  billingWithheld,
  message,
  noticeIssued,
  personnummerAuthority,
  rejected,
  testNumbers,
} from './support/journal-messages.ts';
import { journalForms, type JournalPlace } from './support/journal-forms.ts';

const later = '2022-03-07T12:00:00.000Z';
const nowMs = Date.parse(at);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hemgang-journal-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(journalForms)('the journal ($name)', ({ place }) => {
  let journal: Journal;
  let journals: JournalPlace;
  beforeEach(async () => {
    journals = place(folder);
    journal = await journals.open();
  });
  afterEach(async () => {
    await journal.close();
    await journals.remove();
  });

  async function reopen(): Promise<void> {
    await journal.close();
    journal = await journals.open();
  }
  async function advanceRows(): Promise<readonly OutboxRow[]> {
    return journal.outbox.ready('advance', nowMs, 100, []);
  }
  /** Records message n and gives its stay and process. */
  async function recordStay(n: number, change: Partial<IncomingMessage> = {}) {
    const { events: before } = await journal.status();
    await journal.record(message(n, change));
    const [stored] = await journal.eventsAfter(before, 1);
    const process = await journal.load(stored?.event.stayId ?? '');
    const stay = process?.stays.at(-1);
    return {
      processId: process?.processId ?? '',
      stayId: stay?.stayId ?? '',
      version: stay?.version ?? 0,
    };
  }
  async function handleAll(): Promise<void> {
    await journal.outbox.done(await advanceRows());
  }
  function setDeadlines(...rows: DeadlineRow[]) {
    return journal.append({ expected: [], events: [], setDeadlines: rows, closeDeadlines: [] });
  }
  async function eventIds(id: string): Promise<readonly string[]> {
    return (await journal.load(id))?.events.map((stored) => stored.event.id) ?? [];
  }

  describe('messages', () => {
    test('a message is recorded with its event, and the event is on its way to advance', async () => {
      expect(await journal.record(message(1))).toEqual({
        outcome: 'recorded',
        parked: false,
        place: 1,
      });
      const [row] = await advanceRows();
      expect(row).toMatchObject({ type: 'patient.admitted', eventId: 'event-1', attempts: 0 });
      const loaded = await journal.load(row?.streamId ?? '');
      expect(loaded?.processId).toBe(row?.lane);
      const { streamId: stayId } = row ?? {};
      expect(loaded?.events).toEqual([{ position: 1, event: { ...admitted('event-1'), stayId } }]);
    });

    test('the same message again gets the stored answer and adds nothing', async () => {
      await journal.record(message(1));
      const again = await journal.record(message(1, { answer: Buffer.from('another answer') }));
      expect(again.outcome).toBe('duplicate');
      expect(again.outcome === 'duplicate' && Buffer.from(again.answer).toString()).toBe(
        'MSA|AA|C1',
      );
      expect(await journal.status()).toMatchObject({ events: 1, messages: { accepted: 1 } });
    });

    test('copies that wait in the same group are recorded once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => journal.record(message(1))),
      );
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
        ...Array<string>(4).fill('duplicate'),
        'recorded',
      ]);
      expect((await journal.status()).events).toBe(1);
    });

    test('other bytes under an accepted control id are refused and write nothing', async () => {
      await journal.record(message(1));
      const other = message(1, { raw: Buffer.from('MSH|other') });
      expect(await journal.record(other)).toEqual({ outcome: 'reused' });
      expect((await journal.status()).events).toBe(1);
    });

    test('where a sender may use its control ids again, identity is id and bytes', async () => {
      const reuse = { controlIdReuse: 'allowed' } as const;
      await journal.record(message(1, reuse));
      const other = message(1, { ...reuse, raw: Buffer.from('MSH|other') });
      expect((await journal.record(other)).outcome).toBe('recorded');
      expect((await journal.record(other)).outcome).toBe('duplicate');
    });

    test('two senders may use the same control id', async () => {
      await journal.record(message(1));
      const other = message(1, { sender: 'kustsjukhuset', raw: Buffer.from('MSH|other') });
      expect((await journal.record(other)).outcome).toBe('recorded');
    });

    test('a rejected message is kept and binds no control id', async () => {
      await journal.reject(rejected(1));
      expect((await journal.record(message(1))).outcome).toBe('recorded');
      expect((await journal.status()).messages).toEqual({
        accepted: 1,
        parked: 0,
        rejected: 1,
        quarantined: 0,
      });
    });

    test('a message of an unknown sender is quarantined', async () => {
      const { messageId, digest, raw, receivedAt } = rejected(1);
      const errorCode = 'unknown-sender';
      await journal.reject({ messageId, digest, raw, receivedAt, errorCode, error: 'MSH-3' });
      expect((await journal.status()).messages.quarantined).toBe(1);
    });

    test('one bad command in a group fails alone', async () => {
      const { stay: _, ...withoutStay } = message(2);
      const outcomes = await Promise.allSettled([
        journal.record(message(1)),
        journal.record(withoutStay),
        journal.record(message(3)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'assertion-failed' } });
      expect(await journal.eventsAfter(0, 10)).toHaveLength(2);
      expect(await journal.status()).toMatchObject({ messages: { accepted: 2 } });
    });

    test('what the database refuses is journal-unavailable, and the others of the group are written', async () => {
      const outcomes = await Promise.allSettled([
        journal.record(message(1)),
        journal.deliveries.open([newDelivery({ lane: null as unknown as string })]),
      ]);
      expect(outcomes[0]).toMatchObject({ value: { outcome: 'recorded' } });
      expect(outcomes[1]).toMatchObject({ reason: { code: 'journal-unavailable' } });
    });

    test('a message that only repeats what is known leaves the identity row alone', async () => {
      const [value] = testNumbers;
      const number = { authority: personnummerAuthority, value, kind: 'personnummer' } as const;
      const patient = { numbers: [number], family: 'Fiktivsson' };
      const { processId } = await recordStay(1, { patient });
      const stay = message(1).stay;
      await journal.record(message(2, { ...(stay && { stay }), patient }));
      expect(await journal.identity(processId)).toEqual(patient);
      const moved = { ...patient, address: { city: 'Påhittad' } };
      await journal.record(message(3, { ...(stay && { stay }), patient: moved }));
      expect(await journal.identity(processId)).toEqual(moved);
      await journal.record(message(4, { ...(stay && { stay }), patient: { numbers: [] } }));
      expect(await journal.identity(processId)).toEqual(moved);
    });

    test('a known number gives a new stay the same patient, an empty one does not', async () => {
      const [value] = testNumbers;
      const number = { authority: personnummerAuthority, value, kind: 'personnummer' } as const;
      const first = await recordStay(1, { patient: { numbers: [number], family: 'Ett' } });
      const second = await recordStay(2, { patient: { numbers: [number], family: 'Två' } });
      expect(second.processId).not.toBe(first.processId);
      expect((await journal.identity(first.processId))?.family).toBe('Två');
      const empty = { ...number, value: '' };
      const third = await recordStay(3, { patient: { numbers: [empty], family: 'Tre' } });
      const fourth = await recordStay(4, { patient: { numbers: [empty], family: 'Fyra' } });
      expect((await journal.identity(third.processId))?.family).toBe('Tre');
      expect((await journal.identity(fourth.processId))?.family).toBe('Fyra');
    });

    test('the same local number of two authorities is two patients', async () => {
      const number = { value: '17', kind: 'local' } as const;
      const one = { numbers: [{ ...number, authority: '1.1' }], family: 'Ett' };
      const two = { numbers: [{ ...number, authority: '2.2' }], family: 'Två' };
      const first = await recordStay(1, { patient: one });
      await recordStay(2, { patient: two });
      expect((await journal.identity(first.processId))?.family).toBe('Ett');
    });

    test('a number learned later leads to the patient', async () => {
      const [value] = testNumbers;
      const number = { authority: personnummerAuthority, value, kind: 'personnummer' } as const;
      const first = await recordStay(1, { patient: { numbers: [], family: 'Okänd' } });
      const { stay } = message(1);
      const known = { numbers: [number], family: 'Fiktivsson' };
      await journal.record(message(2, { ...(stay && { stay }), patient: known }));
      await recordStay(3, { patient: { numbers: [number], family: 'Fiktivsson-Ny' } });
      expect((await journal.identity(first.processId))?.family).toBe('Fiktivsson-Ny');
    });

    test('a fact by case reference goes to the stay of that process', async () => {
      const { processId, stayId } = await recordStay(1);
      const stay = { by: 'case', caseReference: processId } as const;
      expect((await journal.record(message(2, { stay }))).outcome).toBe('recorded');
      expect(await eventIds(stayId)).toEqual(['event-1', 'event-2']);
    });

    test('an unknown case reference writes nothing', async () => {
      const stay = { by: 'case', caseReference: 'no-such-case' } as const;
      expect(await journal.record(message(1, { stay }))).toEqual({ outcome: 'unknown-case' });
      expect(await journal.status()).toMatchObject({ events: 0, messages: { accepted: 0 } });
      expect((await journal.record(message(1))).outcome).toBe('recorded');
    });

    test('status counts what each sender had accepted', async () => {
      await Promise.all([journal.record(message(1)), journal.record(message(2))]);
      await journal.record(message(3, { receivedAt: later }));
      const sender = { sender: 'fjallsjukhuset', accepted: 3, lastAt: later };
      expect(await journal.status()).toMatchObject({ senders: [sender], processes: 3 });
    });
  });

  describe('parked messages', () => {
    const unmapped = [{ table: '0112', code: '99', path: 'PV1-36' }];

    test('unmapped codes park a message; it is shown with them and binds its control id', async () => {
      const outcome = await journal.record(message(1, { unmapped, events: [] }));
      expect(outcome).toEqual({ outcome: 'recorded', parked: true, place: 1 });
      const [one] = await journal.parkedCases();
      const [parked] = one ? await journal.parkedOf(one) : [];
      expect(parked).toMatchObject({ messageId: 'message-1', controlId: 'C1', unmapped });
      expect(Buffer.from(parked?.raw ?? []).toString()).toBe('MSH|message 1');
      expect((await journal.record(message(1))).outcome).toBe('duplicate');
      const status = await journal.status();
      expect(status.messages).toMatchObject({ accepted: 0, parked: 1 });
      const oldest = { sender: 'fjallsjukhuset', table: '0112', code: '99', count: 1, oldest: at };
      expect(status.unmapped).toEqual([oldest]);
    });

    test('translated again, its new events supersede the earlier ones and it is parked no longer', async () => {
      const { stayId } = await recordStay(1, { unmapped });
      const events = [admitted('event-1b'), admitted('event-1c')];
      const change = { messageId: 'message-1', mappingRevision: 'r2', events, unmapped: [] };
      await journal.retranslate([change]);
      const stored = (await journal.load(stayId))?.events.map((entry) => entry.event);
      expect(stored?.map(({ id }) => id)).toEqual(['event-1', 'event-1b', 'event-1c']);
      expect(stored?.[1]?.supersedes).toEqual(['event-1']);
      expect(stored?.[2]?.supersedes).toBeUndefined();
      expect(await journal.parkedCases()).toEqual([]);
      expect(await journal.status()).toMatchObject({ messages: { accepted: 1, parked: 0 } });
      expect((await advanceRows()).map(({ eventId }) => eventId)).toContain('event-1c');
    });

    test('an event that comes out as it was is neither repeated nor superseded', async () => {
      const { stayId } = await recordStay(1, { unmapped });
      const events = [admitted('event-1'), admitted('event-1c')];
      const still = { messageId: 'message-1', mappingRevision: 'r1', events, unmapped };
      await journal.retranslate([still]);
      const stored = (await journal.load(stayId))?.events.map((entry) => entry.event);
      expect(stored?.map(({ id }) => id)).toEqual(['event-1', 'event-1c']);
      expect(stored?.[1]?.supersedes).toBeUndefined();
      expect((await journal.parkedCases()).length).toBe(1);
    });
  });

  describe('streams', () => {
    const nothing = { expected: [], events: [], setDeadlines: [], closeDeadlines: [] };

    test('an append at the right versions is written', async () => {
      const { stayId, version } = await recordStay(1);
      const change = {
        ...nothing,
        expected: [{ streamId: stayId, version }],
        events: [event(stayId, noticeIssued('notice-1'), 'lane-1')],
      };
      expect(await journal.append(change)).toBe('appended');
      expect(await eventIds(stayId)).toEqual(['event-1', 'notice-1']);
      const rows = await journal.outbox.ready('dispatch', nowMs, 10, []);
      expect(rows).toMatchObject([{ lane: 'lane-1', eventId: 'notice-1' }]);
    });

    test('a stale append writes nothing, also where one stream of two is stale', async () => {
      const one = await recordStay(1);
      const two = await recordStay(2);
      const expected = [
        { streamId: one.stayId, version: one.version },
        { streamId: two.stayId, version: two.version - 1 },
      ];
      const events = [event(one.stayId, noticeIssued('notice-1'))];
      expect(
        await journal.append({
          ...nothing,
          expected,
          events,
          setDeadlines: [deadline('d1', one.stayId)],
        }),
      ).toBe('stale');
      expect(await journal.status()).toMatchObject({ events: 2, deadlines: { open: 0 } });
    });

    test('of two appends in one group on the same version, one wins', async () => {
      const { stayId, version } = await recordStay(1);
      const change = (id: string) => ({
        ...nothing,
        expected: [{ streamId: stayId, version }],
        events: [event(stayId, noticeIssued(id))],
      });
      const outcomes = await Promise.all([
        journal.append(change('a')),
        journal.append(change('b')),
      ]);
      expect(outcomes).toEqual(['appended', 'stale']);
      expect(await eventIds(stayId)).toEqual(['event-1', 'a']);
    });

    test('the last event of a stream is the one written to it, not one that it only reads', async () => {
      const settlement = 'settlement:14:1480:2022-03';
      const { stayId } = await recordStay(1);
      expect(await journal.lastEvent(settlement)).toBeUndefined();
      const own = { streamId: settlement, body: noticeIssued('own'), lane: settlement };
      const body = noticeIssued('shared');
      const read = { streamId: stayId, body, lane: settlement, alsoStream: settlement };
      await journal.append({ ...nothing, events: [own, read] });
      const last = await journal.lastEvent(settlement);
      expect(last?.event.id).toBe('own');
      expect(last?.position).toBe((await journal.loadStream(settlement)).version);
    });

    test('an unknown stream has version 0, a second stream reads the event too', async () => {
      const settlement = 'settlement:14:1480:2022-03';
      const { stayId } = await recordStay(1);
      expect(await journal.loadStream(settlement)).toMatchObject({ version: 0, events: [] });
      const body = noticeIssued('shared');
      const events = [{ streamId: stayId, body, lane: settlement, alsoStream: settlement }];
      await journal.append({ ...nothing, events });
      const stream = await journal.loadStream(settlement);
      expect(stream.version).toBe(0);
      expect(stream.events).toMatchObject([{ event: { id: 'shared', stayId } }]);
      expect(await journal.loadStream(stayId)).toMatchObject({ version: 2 });
    });

    test('events after a position come in order and bounded', async () => {
      for (const n of [1, 2, 3]) await journal.record(message(n));
      const stored = await journal.eventsAfter(1, 1);
      expect(stored.map(({ position }) => position)).toEqual([2]);
    });

    test('processes come page by page, in the order of their ids', async () => {
      expect(await journal.processIds('', 10)).toEqual([]);
      const stays = [await recordStay(1), await recordStay(2), await recordStay(3)];
      const all = stays.map(({ processId }) => processId).toSorted();
      const page = await journal.processIds('', 2);
      expect(page).toEqual(all.slice(0, 2));
      expect(await journal.processIds(page.at(-1) ?? '', 2)).toEqual(all.slice(2));
    });

    test('who is ready and has not gone home is found, also when a discharge was cancelled', async () => {
      const told = (n: number, ...types: ('ready' | 'home' | 'not-home')[]) =>
        recordStay(n, {
          events: types.map((what): EventBody => {
            const { data: _, ...envelope } = admitted(`${what}-${n}`);
            if (what === 'home') return { ...envelope, type: 'patient.discharged', data: {} };
            return what === 'ready'
              ? { ...envelope, type: 'patient.discharge-ready', data: {} }
              : { ...envelope, type: 'discharge.cancelled', data: {} };
          }),
        });
      await recordStay(1);
      const ready = await told(2, 'ready');
      await told(3, 'ready', 'home');
      const back = await told(4, 'ready', 'home', 'not-home');
      const there = [ready.processId, back.processId].toSorted();
      expect(await journal.openReadyProcessIds('', 10)).toEqual(there);
      expect(await journal.openReadyProcessIds(there[0] ?? '', 10)).toEqual(there.slice(1));
      expect(await journal.openReadyProcessIds('', 1)).toEqual(there.slice(0, 1));
    });

    test('a deadline is ahead while it is set, and no longer when it has fallen due or was closed', async () => {
      const { stayId, processId } = await recordStay(1);
      await handleAll();
      const row = { streamId: stayId, lane: processId, dueAt: at, data: '{}' };
      const set = ['due', 'closed'].map((key) => ({ ...row, key }));
      expect(await journal.isAhead('due')).toBe(false);
      await journal.append({ ...nothing, setDeadlines: set });
      expect(await journal.isAhead('due')).toBe(true);
      await journal.append({ ...nothing, closeDeadlines: ['closed'] });
      await journal.releaseDue(at, { deadlines: true });
      expect([await journal.isAhead('due'), await journal.isAhead('closed')]).toEqual([
        false,
        false,
      ]);
    });

    test('a linked stay joins the process, and leaves it when unlinked', async () => {
      const one = await recordStay(1);
      const two = await recordStay(2);
      const { data: _, ...envelope } = admitted('link');
      const data = { linkedStayId: two.stayId, cause: 'transfer' };
      const link = { ...envelope, type: 'stay.linked', data } as const;
      await journal.append({ ...nothing, events: [event(one.stayId, link)] });
      const process = await journal.load(two.stayId);
      expect(process?.processId).toBe(one.processId);
      expect(process?.stays.map(({ stayId }) => stayId)).toEqual([one.stayId, two.stayId]);
      expect(await eventIds(one.processId)).toEqual(['event-1', 'event-2', 'link']);
      expect((await journal.status()).processes).toBe(1);
      expect(await journal.processIds('', 10)).toEqual([one.processId]);
      await journal.append({ ...nothing, events: [event(one.stayId, link)] });
      expect((await journal.status()).processes).toBe(1);

      const unlink = { ...envelope, id: 'unlink', type: 'stay.unlinked', data } as const;
      await journal.append({ ...nothing, events: [event(one.stayId, unlink)] });
      expect(await eventIds(one.processId)).toEqual(['event-1', 'link', 'link', 'unlink']);
      expect((await journal.status()).processes).toBe(2);
      expect(await eventIds(two.stayId)).toEqual(['event-2']);
      expect((await journal.load(two.stayId))?.processId).toBe(two.processId);
    });

    test('what is known of a process is gone on from: itself where nothing came, and read anew where its stays changed', async () => {
      const one = await recordStay(1);
      const two = await recordStay(2);
      const first = await journal.load(one.stayId);
      expect(await journal.load(one.stayId, first)).toBe(first);

      await journal.record(message(3, { stay: { by: 'visit', authority: '1.2.3', number: 'V1' } }));
      const second = await journal.load(one.stayId, first);
      expect(second).toEqual(await journal.load(one.stayId));
      expect(second?.events).toHaveLength(2);
      // What was read before is not read again.
      expect(second?.events[0]).toBe(first?.events[0]);

      const { data: _, ...envelope } = admitted('link');
      const data = { linkedStayId: two.stayId, cause: 'transfer' };
      const link = { ...envelope, type: 'stay.linked', data } as const;
      await journal.append({ ...nothing, events: [event(one.stayId, link)] });
      const linked = await journal.load(one.stayId, second);
      expect(linked).toEqual(await journal.load(one.stayId));
      expect(linked?.stays).toHaveLength(2);
      // The newer stay first, then the older one: each goes on from its own version.
      await journal.record(message(4, { stay: { by: 'visit', authority: '1.2.3', number: 'V2' } }));
      await journal.record(message(5, { stay: { by: 'visit', authority: '1.2.3', number: 'V1' } }));
      const both = await journal.load(one.stayId, linked);
      expect(both).toEqual(await journal.load(one.stayId));
      expect(await journal.load(two.stayId, both)).toBe(both);

      const unlink = { ...envelope, id: 'unlink', type: 'stay.unlinked', data } as const;
      await journal.append({ ...nothing, events: [event(one.stayId, unlink)] });
      expect(await journal.load(two.stayId, both)).toEqual(await journal.load(two.stayId));
      expect(await journal.load(one.stayId, both)).toEqual(await journal.load(one.stayId));
      expect(await journal.load('no-such-stay', first)).toBeUndefined();
    });

    test('an unknown id loads nothing', async () => {
      expect(await journal.load('no-such-stay')).toBeUndefined();
      expect(await journal.identity('no-such-process')).toBeUndefined();
    });
  });

  describe('deadlines', () => {
    test('a due deadline becomes an event of its stream, once', async () => {
      const { stayId, processId } = await recordStay(1);
      await handleAll();
      await setDeadlines(deadline('d1', stayId, processId));
      expect(await journal.nextDue()).toBe(at);
      expect(await journal.releaseDue('2022-03-07T10:58:59.999Z', { deadlines: true })).toBe(0);
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(0);
      const reached = (await journal.load(stayId))?.events.at(-1)?.event;
      expect(reached).toMatchObject({
        type: 'deadline.reached',
        occurredAt: at,
        recordedAt: later,
        source: { sender: 'hemgang', messageId: 'd1' },
        causationId: 'd1',
        correlationId: stayId,
        data: { key: 'd1', deadline: 'T1' },
      });
      expect(await advanceRows()).toMatchObject([{ lane: processId, type: 'deadline.reached' }]);
      expect(await journal.nextDue()).toBeUndefined();
    });

    test('a deadline is held back while its lane has an event that is not advanced', async () => {
      const { stayId, processId } = await recordStay(1);
      await setDeadlines(deadline('d1', stayId, processId), deadline('d2', stayId, 'another lane'));
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
      await handleAll();
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
    });

    test('a dead letter does not hold a deadline back', async () => {
      const { stayId, processId } = await recordStay(1);
      await journal.outbox.bury(await advanceRows(), 'a bug');
      await setDeadlines(deadline('d1', stayId, processId));
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
    });

    test('a deadline set again moves; closed it never comes; set after that it comes with a new id', async () => {
      const { stayId, processId } = await recordStay(1);
      await handleAll();
      await setDeadlines(deadline('d1', stayId, processId));
      await setDeadlines({ ...deadline('d1', stayId, processId), dueAt: later });
      expect(await journal.nextDue()).toBe(later);
      const close = { expected: [], events: [], setDeadlines: [], closeDeadlines: ['d1'] };
      await journal.append(close);
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(0);
      for (const _ of [1, 2]) {
        await setDeadlines(deadline('d1', stayId, processId));
        expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
        await handleAll();
      }
      const ids = (await eventIds(stayId)).slice(1);
      expect(new Set(ids).size).toBe(2);
    });

    test('a row may warn: what it becomes is at rest, and its deadline still falls due', async () => {
      const { stayId, processId } = await recordStay(1);
      await handleAll();
      const due = { ...deadline('d1', stayId, processId), dueAt: later };
      await setDeadlines(due, { ...due, key: 'd1|nearing', dueAt: at, event: 'deadline.nearing' });
      expect(await journal.nextDue()).toBe(at);
      expect((await journal.status()).deadlines).toEqual({ open: 1, next: later, near: [] });
      expect(await journal.releaseDue(at, { deadlines: false })).toBe(0);
      expect(await journal.releaseDue(at, { deadlines: true })).toBe(1);
      expect(await journal.releaseDue(at, { deadlines: true })).toBe(0);
      const near = [{ deadline: 'T1', dueAt: later, processId }];
      expect((await journal.status()).deadlines.near).toEqual(near);
      expect((await journal.load(stayId))?.events.at(-1)?.event).toMatchObject({
        type: 'deadline.nearing',
        occurredAt: at,
        recordedAt: at,
        data: { key: 'd1', deadline: 'T1' },
      });
      expect(await advanceRows()).toEqual([]);
      expect(await journal.nextDue()).toBe(later);
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(1);
      expect(await advanceRows()).toMatchObject([{ type: 'deadline.reached' }]);
      expect((await journal.status()).deadlines.near).toEqual([]);
    });

    test('a warning is held back like its deadline, moves, and closed it never comes', async () => {
      const { stayId, processId } = await recordStay(1);
      const warning: DeadlineRow = {
        ...deadline('d1|nearing', stayId, processId),
        event: 'deadline.nearing',
      };
      await setDeadlines(warning);
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(0);
      await handleAll();
      await setDeadlines({ ...warning, dueAt: later });
      expect(await journal.releaseDue(at, { deadlines: true })).toBe(0);
      const change = { expected: [], events: [], setDeadlines: [] };
      await journal.append({ ...change, closeDeadlines: ['d1', 'd1|nearing'] });
      expect(await journal.nextDue()).toBeUndefined();
      expect(await journal.releaseDue(later, { deadlines: true })).toBe(0);
      expect(await eventIds(stayId)).toHaveLength(1);
    });

    test('warnings given again have ids of their own', async () => {
      const { stayId, processId } = await recordStay(1);
      await handleAll();
      for (const _ of [1, 2]) {
        await setDeadlines(
          { ...deadline('d1|nearing', stayId, processId), event: 'deadline.nearing' },
          deadline('d1', stayId, processId),
        );
        expect(await journal.releaseDue(later, { deadlines: true })).toBe(2);
        await handleAll();
      }
      const ids = (await eventIds(stayId)).slice(1);
      expect(new Set(ids).size).toBe(4);
    });
  });

  describe('the outbox', () => {
    test('rows come oldest first, without the lanes in hand, as many as asked for', async () => {
      const one = await recordStay(1);
      for (const n of [2, 3]) await journal.record(message(n));
      const rows = await journal.outbox.ready('advance', nowMs, 1, [one.processId]);
      expect(rows.map(({ eventId }) => eventId)).toEqual(['event-2']);
      expect((await journal.outbox.backlog()).advance).toBe(3);
    });

    test('attempts are counted, and a row that is done is gone', async () => {
      await journal.record(message(1));
      const rows = await advanceRows();
      await journal.outbox.attempted(rows);
      expect(await advanceRows()).toMatchObject([{ attempts: 1 }]);
      await journal.outbox.done(rows);
      expect((await journal.outbox.backlog()).advance).toBe(0);
    });

    test('a postponed row is not ready before its time, and its lane is named', async () => {
      const { processId } = await recordStay(1);
      await journal.outbox.postpone(await advanceRows(), {
        nextAtMs: nowMs + 500,
        error: 'not yet',
        excused: false,
      });
      expect(await advanceRows()).toEqual([]);
      const lanes = await journal.outbox.postponedLanes('advance', nowMs);
      expect([...lanes]).toEqual([[processId, nowMs + 500]]);
      expect(await journal.nextDue()).toBe(new Date(nowMs + 500).toISOString());
      const { outbox } = journal;
      expect((await outbox.ofLanes('advance', [processId], 5))[0]?.nextAtMs).toBe(nowMs + 500);
      expect((await outbox.ready('advance', nowMs + 500, 10, [])).length).toBe(1);
      expect((await outbox.postponedLanes('advance', nowMs + 500)).size).toBe(0);
    });

    test('a dead letter is shown with its reason, waits for nobody and can be redriven', async () => {
      await journal.record(message(1));
      const [row] = await advanceRows();
      const key = { queue: 'advance', position: row?.position ?? 0 } as const;
      await journal.outbox.attempted([key]);
      await journal.outbox.bury([key], 'assertion-failed');
      expect(await advanceRows()).toEqual([]);
      const dead = await journal.outbox.deadLetters(10);
      expect(dead).toMatchObject([{ ...key, attempts: 1, error: 'assertion-failed' }]);
      expect((await journal.status()).outbox.advance).toMatchObject({ waiting: 0, dead: 1 });
      expect(await journal.outbox.redrive(key)).toBe(true);
      expect(await journal.outbox.redrive(key)).toBe(false);
      expect(await advanceRows()).toMatchObject([{ attempts: 0 }]);
    });

    test('published rows wait for their handling; all come back when the broker has lost them', async () => {
      await journal.record(message(1));
      const rows = await journal.outbox.unpublished(nowMs, 10);
      expect(rows).toMatchObject([{ event: { id: 'event-1' }, type: 'patient.admitted' }]);
      await journal.outbox.published(rows, nowMs);
      expect(await journal.outbox.unpublished(nowMs, 10)).toEqual([]);
      expect((await journal.outbox.backlog()).advance).toBe(1);
      expect(await journal.outbox.unpublishAll()).toBe(1);
      expect((await journal.outbox.unpublished(nowMs, 10)).length).toBe(1);
    });

    test('a confirm that comes after the row was postponed leaves it to be published anew', async () => {
      await journal.record(message(1));
      const rows = await journal.outbox.unpublished(nowMs, 10);
      await journal.outbox.postpone(rows, {
        nextAtMs: nowMs + 500,
        error: 'not yet',
        excused: false,
      });
      await journal.outbox.published(rows, nowMs);
      expect((await journal.outbox.unpublished(nowMs + 500, 10)).length).toBe(1);
    });

    test('an event is found by its id among the latest, and older ones while they wait', async () => {
      const stays = [];
      for (const n of [1, 2, 3, 4]) stays.push((await recordStay(n)).stayId);
      const rows = await journal.outbox.ready('advance', nowMs, 10, []);
      await journal.outbox.done(rows.slice(1));
      const reader = await journals.read();
      const found = [1, 2, 3, 4, 5].map((n) => reader.paths.streamOfEvent(`event-${n}`, 2));
      expect(await Promise.all(found)).toEqual([
        stays[0],
        undefined,
        stays[2],
        stays[3],
        undefined,
      ]);
      expect(await reader.paths.streamOfEvent('event-2')).toBe(stays[1]);
      await reader.close();
    });

    test('a nudge puts the last event for advance in its queue again, and once', async () => {
      const settlement = 'settlement:14:1480:2022-03';
      const { stayId } = await recordStay(1);
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [] };
      const counted = { streamId: stayId, body: admitted('counted'), lane: settlement };
      await journal.append({ ...nothing, events: [{ ...counted, alsoStream: settlement }] });
      const withheld = (id: string) => event(settlement, billingWithheld(id));
      await journal.append({ ...nothing, events: [withheld('w-1')] });
      await handleAll();
      expect(await journal.withheldSettlements()).toEqual([settlement]);
      expect(await journal.outbox.nudge(settlement, settlement)).toBe(true);
      expect(await journal.outbox.nudge(settlement, settlement)).toBe(true);
      expect(await advanceRows()).toMatchObject([{ lane: settlement, eventId: 'counted' }]);
      expect(await journal.outbox.nudge('settlement:14:1480:2022-04', 'lane')).toBe(false);
    });

    test('a nudge of a case and one of the settlement that reads its count are two rows', async () => {
      const { stayId, processId } = await recordStay(1);
      const lane = 'settlement:14:1480:2022-03';
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [] };
      const body = careDaysCounted('c-1', 'PARAMETER_MISSING');
      await journal.append({
        ...nothing,
        events: [{ streamId: stayId, body, lane, alsoStream: lane }],
      });
      await handleAll();
      await journal.outbox.nudge(stayId, processId);
      await journal.outbox.nudge(lane, lane);
      expect((await advanceRows()).map((row) => row.lane).sort()).toEqual([processId, lane].sort());
    });

    test('a case is unjudged while its latest count lacked a figure', async () => {
      const { stayId, processId } = await recordStay(1);
      const lane = 'settlement:14:1480:2022-03';
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [] };
      const count = (id: string, reason: string) =>
        journal.append({
          ...nothing,
          events: [{ streamId: stayId, body: careDaysCounted(id, reason), lane, alsoStream: lane }],
        });
      await count('c-1', 'PARAMETER_MISSING');
      expect(await journal.unjudgedCases()).toEqual([{ stayId, processId }]);
      await count('c-2', 'CARE_DAYS_COUNTED');
      expect(await journal.unjudgedCases()).toEqual([]);
    });

    test('settlements are open until their cut-off, and withheld for a figure until they are closed', async () => {
      const [one, two] = ['settlement:14:1480:2022-03', 'settlement:14:1480:2022-04'] as const;
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [], events: [] };
      const rows = [deadline(`${one}|settlement`, one), deadline('another', 'a stay')];
      await journal.append({ ...nothing, setDeadlines: rows });
      expect(await journal.openSettlements()).toEqual([one]);
      await journal.releaseDue(later, { deadlines: true });
      expect(await journal.openSettlements()).toEqual([]);
      const events = [event(one, billingWithheld('w-1')), event(two, billingWithheld('w-2'))];
      await journal.append({ ...nothing, events });
      expect(await journal.withheldSettlements('amount')).toEqual([one, two]);
      expect(await journal.withheldSettlements('another figure')).toEqual([]);
      await journal.append({ ...nothing, events: [event(one, settlementClosed('s-1'))] });
      expect(await journal.withheldSettlements()).toEqual([two]);
    });

    test('a settlement is read with its latest billing alone, at the version of the whole stream', async () => {
      const one = 'settlement:14:1480:2022-03';
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [] };
      for (const body of [billingRecorded('b-1'), billingWithheld('w-1'), billingRecorded('b-2')]) {
        await journal.append({ ...nothing, events: [event(one, body)] });
      }
      const whole = await journal.loadStream(one);
      const stream = await journal.loadSettlement(one);
      expect(whole.events).toHaveLength(3);
      expect(stream.events).toEqual(whole.events.slice(1));
      await journal.append({ ...nothing, events: [event(one, settlementClosed('s-1'))] });
      expect((await journal.loadSettlement(one)).version).toBe(stream.version + 1);
    });

    test('a settlement is withheld no longer once it is billed', async () => {
      const [one, two] = ['settlement:14:1480:2022-03', 'settlement:14:1480:2022-04'] as const;
      const nothing = { expected: [], setDeadlines: [], closeDeadlines: [] };
      const events = [event(one, billingWithheld('w-1')), event(two, billingWithheld('w-2'))];
      await journal.append({ ...nothing, events });
      await journal.append({ ...nothing, events: [event(one, billingRecorded('b-1'))] });
      expect(await journal.withheldSettlements()).toEqual([two]);
    });

    test('a listener hears of what was committed beside a command that failed', async () => {
      let heard = 0;
      journal.onCommit(() => (heard += 1));
      const outcomes = await Promise.allSettled([
        journal.record(message(1)),
        journal.deliveries.open([newDelivery({ lane: null as unknown as string })]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(heard).toBe(1);
    });

    test('a listener hears of commits that added rows, and of no others, until it is taken away', async () => {
      let heard = 0;
      const deafen = journal.onCommit(() => (heard += 1));
      await journal.record(message(1));
      expect(heard).toBe(1);
      await journal.audit({ at, who: 'op', what: 'looked', about: 'message-1', reason: 'test' });
      await journal.record(message(1));
      expect(heard).toBe(1);
      deafen();
      await journal.record(message(2));
      expect(heard).toBe(1);
    });
  });

  describe('deliveries', () => {
    test('an attempt is counted and open until its outcome, which brings its events', async () => {
      const { processId, stayId } = await recordStay(1);
      const { deliveries } = journal;
      await deliveries.open([newDelivery({ streamId: stayId })]);
      expect(await deliveries.hasBeenSent('goteborg', processId)).toBe(false);
      await deliveries.recordAttempt('delivery-1', at);
      expect(await deliveries.ofLane('lane-1')).toMatchObject([
        { attempts: 1, openAttempt: true, firstAttemptAt: at, state: 'pending' },
      ]);
      await deliveries.recordOutcome({
        deliveryId: 'delivery-1',
        endedAt: later,
        state: 'delivered',
        detail: 'HTTP 202',
        events: [{ streamId: stayId, body: admitted('receipt-1'), lane: processId }],
      });
      expect(await deliveries.ofLane('lane-1')).toMatchObject([
        { state: 'delivered', openAttempt: false, detail: 'HTTP 202', rendered: 'the notice' },
      ]);
      expect(await eventIds(stayId)).toEqual(['event-1', 'receipt-1']);
      expect(await deliveries.hasBeenSent('goteborg', processId)).toBe(true);
      expect(await deliveries.hasBeenSent('boras', processId)).toBe(false);
    });

    test('a delivery that exists is left as it is', async () => {
      await journal.record(message(1));
      await journal.deliveries.open([newDelivery({})]);
      await journal.deliveries.open([newDelivery({ rendered: 'something else' })]);
      expect(await journal.deliveries.ofLane('lane-1')).toMatchObject([{ rendered: 'the notice' }]);
    });

    test('an attempt that is open when the process ends is open after the restart', async () => {
      await journal.record(message(1));
      await journal.deliveries.open([newDelivery({})]);
      await journal.deliveries.recordAttempt('delivery-1', at);
      await reopen();
      expect(await journal.deliveries.ofLane('lane-1')).toMatchObject([{ openAttempt: true }]);
    });

    test('a delivery with a next time returns to its lane when it is due and nothing of it is in hand, once', async () => {
      const { stayId } = await recordStay(1);
      const notice = { streamId: stayId, body: noticeIssued('notice-1'), lane: 'lane-1' };
      await journal.append({
        expected: [],
        events: [notice],
        setDeadlines: [],
        closeDeadlines: [],
      });
      const rows = await journal.outbox.ready('dispatch', nowMs, 10, []);
      const { position = 0 } = rows[0] ?? {};
      await journal.deliveries.open([newDelivery({ position, streamId: stayId })]);
      await journal.deliveries.recordAttempt('delivery-1', at);
      const outcome = { deliveryId: 'delivery-1', endedAt: at, state: 'pending' } as const;
      const failed = { receiverFaultAt: at, detail: 'HTTP 503', events: [] };
      await journal.deliveries.recordOutcome({ ...outcome, ...failed, nextAt: later });
      // Its row is still in hand, and goes when that has ended: a new one now would go with it.
      expect(await journal.releaseDue(later, { deadlines: false })).toBe(0);
      await journal.outbox.done(rows);
      expect(await journal.nextDue()).toBe(later);
      await setDeadlines(deadline('d1', stayId));
      expect(await journal.releaseDue(at, { deadlines: false })).toBe(0);
      expect(await journal.releaseDue(later, { deadlines: false })).toBe(1);
      expect(await journal.releaseDue(later, { deadlines: false })).toBe(0);
      const [again] = await journal.outbox.ready('dispatch', nowMs, 10, []);
      expect(again).toMatchObject({ lane: 'lane-1', eventId: 'notice-1', attempts: 0 });
      await journal.deliveries.recordAttempt('delivery-1', later);
      await journal.deliveries.recordOutcome({ ...outcome, ...failed, receiverFaultAt: later });
      const [delivery] = await journal.deliveries.byState('pending', 10);
      expect(delivery).toMatchObject({ receiverFaultAt: at, attempts: 2, firstAttemptAt: at });
    });

    test('an outcome without its delivery is refused, and so are its events', async () => {
      const { stayId } = await recordStay(1);
      const outcome = journal.deliveries.recordOutcome({
        deliveryId: 'no-such-delivery',
        endedAt: at,
        state: 'delivered',
        detail: 'HTTP 202',
        events: [{ streamId: stayId, body: admitted('receipt-1'), lane: 'lane' }],
      });
      await expect(outcome).rejects.toMatchObject({ code: 'assertion-failed' });
      expect(await eventIds(stayId)).toEqual(['event-1']);
    });
  });

  describe('the whole', () => {
    test('status knows deliveries by state, and the backlog is what waits', async () => {
      const { stayId } = await recordStay(1);
      await journal.deliveries.open([newDelivery({}), newDelivery({ deliveryId: 'delivery-2' })]);
      await journal.deliveries.open([newDelivery({})]);
      expect((await journal.status()).deliveries).toEqual({ pending: 2 });
      for (const deliveryId of ['delivery-1', 'delivery-2']) {
        const of = { deliveryId, endedAt: at, detail: '', events: [] };
        await journal.deliveries.recordOutcome({ ...of, state: 'pending', nextAt: later });
        await journal.deliveries.recordOutcome({ ...of, state: 'delivered' });
      }
      expect((await journal.status()).deliveries).toEqual({ delivered: 2 });
      const events = [event(stayId, noticeIssued('n1')), event(stayId, noticeIssued('n2'))];
      await journal.append({ expected: [], events, setDeadlines: [], closeDeadlines: [] });
      expect(await journal.outbox.backlog()).toEqual({ advance: 1, dispatch: 2 });
    });

    test('what was handed in before close is there after a reopening', async () => {
      const handedIn = Array.from({ length: 50 }, (_, n) => journal.record(message(n)));
      expect(journal.pending()).toBe(50);
      await reopen();
      expect((await Promise.all(handedIn)).every(({ outcome }) => outcome === 'recorded')).toBe(
        true,
      );
      expect(await journal.status()).toMatchObject({
        events: 50,
        messages: { accepted: 50 },
        outbox: { advance: { waiting: 50, oldestPosition: 1 } },
      });
      expect((await journal.record(message(7))).outcome).toBe('duplicate');
      expect(journal.pending()).toBe(0);
    });

    test('a closed journal refuses', async () => {
      await journal.close();
      const refused = { code: 'journal-unavailable', fate: 'transient' };
      await expect(journal.record(message(1))).rejects.toMatchObject(refused);
    });
  });
});

describe('the embedded journal', () => {
  test('a folder has one writer: the second opener is told which process has it', async () => {
    const journal = await openEmbeddedJournal({ folder });
    await expect(openEmbeddedJournal({ folder })).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await journal.close();
    await (await openEmbeddedJournal({ folder })).close();
  });

  test('nobody but its user may read it, whatever the umask', async () => {
    const own = join(folder, 'made', 'by-us');
    const umask = process.umask(0);
    try {
      const journal = await openEmbeddedJournal({ folder: own });
      await journal.record(message(1));
      const modeOf = (name: string) => (statSync(join(own, name)).mode & 0o777).toString(8);
      const files = readdirSync(own);
      expect(modeOf('')).toBe('700');
      expect(files).toContain('hemgang.sqlite-wal');
      expect(files.filter((name) => modeOf(name) !== '600')).toEqual([]);
      await journal.close();
    } finally {
      process.umask(umask);
    }
  });

  test('a reader sees the journal of a running gateway, and of one that has stopped', async () => {
    const journal = await openEmbeddedJournal({ folder });
    await journal.record(message(1));
    const beside = await openJournalReader({ folder });
    await journal.record(message(2));
    expect(await beside.status()).toMatchObject({ events: 2 });
    await beside.close();
    await journal.close();
    const afterwards = await openJournalReader({ folder });
    expect(await afterwards.status()).toMatchObject({ events: 2 });
    await afterwards.close();
  });

  test('a reader of an empty folder is told that there is no journal', async () => {
    await expect(openJournalReader({ folder })).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
  });

  test('a journal made by a newer program is refused', async () => {
    await (await openEmbeddedJournal({ folder })).close();
    const db = new DatabaseSync(join(folder, 'hemgang.sqlite'));
    db.exec(`INSERT INTO migrations VALUES (999, '')`);
    db.close();
    const refusal = {
      code: 'configuration-invalid',
      message: expect.stringContaining('schema 999'),
    };
    await expect(openEmbeddedJournal({ folder })).rejects.toMatchObject(refusal);
    await expect(openJournalReader({ folder })).rejects.toMatchObject(refusal);
  });

  test('a journal of the first schema is brought up to date, with its counts', async () => {
    const journal = await openEmbeddedJournal({ folder });
    for (const n of [1, 2]) await journal.record(message(n));
    await journal.reject(rejected(3));
    await journal.deliveries.open([newDelivery({})]);
    const set = { expected: [], events: [], closeDeadlines: [] };
    await journal.append({ ...set, setDeadlines: [deadline('d1', 'a stream')] });
    const before = await journal.status();
    const rows = await journal.outbox.ready('advance', nowMs, 10, []);
    await journal.close();
    const db = new DatabaseSync(join(folder, 'hemgang.sqlite'));
    const triggers: { name: string }[] = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
      .all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(`ALTER TABLE messages ADD COLUMN dedupe_key TEXT;
      UPDATE messages SET dedupe_key =
        (SELECT c.dedupe_key FROM control_ids AS c WHERE c.sequence = messages.sequence);
      CREATE UNIQUE INDEX messages_dedupe ON messages (dedupe_key) WHERE dedupe_key IS NOT NULL;
      DROP INDEX deadlines_unanswered; DROP INDEX events_missed; DROP INDEX deadlines_unacknowledged;
      DROP TABLE incidents; DROP INDEX events_misdirected;
      ALTER TABLE deliveries DROP COLUMN receipt;
      DROP INDEX deadlines_lane; DROP TABLE control_ids; DROP TABLE pauses;
      ALTER TABLE outbox DROP COLUMN stream; ALTER TABLE outbox DROP COLUMN type;
      ALTER TABLE outbox DROP COLUMN event_id;
      DROP TABLE delivery_counts; DROP TABLE refused_counts; DROP TABLE refused_bodies;
      DROP TABLE sequences; DROP TABLE cursors; DROP TABLE findings; DROP TABLE finding_counts;
      DROP TABLE resource_identifiers; DROP TABLE resources;
      ALTER TABLE senders DROP COLUMN processes; ALTER TABLE senders DROP COLUMN found; ALTER TABLE outbox DROP COLUMN excused;
      ALTER TABLE deliveries DROP COLUMN receiver_fault_at;
      ALTER TABLE deadlines DROP COLUMN event;
      ALTER TABLE deliveries ADD COLUMN receiver_fault INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX deliveries_open ON deliveries (lane) WHERE open_attempt = 1;
      DROP INDEX events_ready; DROP INDEX events_end; DROP INDEX events_unjudged;
      DROP INDEX identifiers_patient; DROP INDEX stays_patient;
      ALTER TABLE identities DROP COLUMN told_at;
      DROP TABLE person_facts; DROP TABLE former_processes;
      DELETE FROM migrations WHERE number > 1`);
    db.close();
    const again = await openEmbeddedJournal({ folder });
    expect(await again.status()).toEqual(before);
    expect(before).toMatchObject({ processes: 2, deliveries: { pending: 1 } });
    expect(await again.outbox.ready('advance', nowMs, 10, [])).toEqual(rows);
    expect(await again.record(message(1))).toMatchObject({ outcome: 'duplicate' });
    await again.record(message(4));
    expect((await again.status()).processes).toBe(3);
    expect(await again.releaseDue(later, { deadlines: true })).toBe(1);
    expect((await again.loadStream('a stream')).events).toMatchObject([
      { event: { type: 'deadline.reached', data: { key: 'd1' } } },
    ]);
    await again.close();
  });

  test.each([
    ['in number', { bodies: 2, bytes: 1_000_000 }],
    ['in bytes', { bodies: 100, bytes: 250 }],
  ])('of refused messages the newest keep their bodies, bounded %s', async (_, refused) => {
    let journal = await openEmbeddedJournal({ folder, limits: { refused } });
    const raw = Buffer.alloc(100, 'x');
    const stranger = { raw, errorCode: 'unknown-sender' };
    await journal.reject(rejected(1, { raw }));
    for (const n of [2, 3, 4]) await journal.reject(rejected(n, stranger));
    await journal.close();
    journal = await openEmbeddedJournal({ folder, limits: { refused } });
    const { stay: _stay, ...faulty } = message(9);
    await Promise.allSettled([journal.reject(rejected(5, stranger)), journal.record(faulty)]);
    await journal.reject(rejected(6, stranger));
    expect((await journal.status()).messages).toMatchObject({ rejected: 1, quarantined: 5 });
    await journal.close();
    const db = new DatabaseSync(join(folder, 'hemgang.sqlite'));
    const rows: { id: string; size: number; digest: number }[] = db
      .prepare(
        `SELECT control_id AS id, length(raw) AS size, length(digest) AS digest
         FROM messages ORDER BY sequence`,
      )
      .all();
    db.close();
    expect(rows.map(({ id, size }) => [id, size])).toEqual([
      ['C1', 100],
      ['C2', 0],
      ['C3', 0],
      ['C4', 0],
      ['C5', 100],
      ['C6', 100],
    ]);
    expect(rows.every(({ digest }) => digest === 32)).toBe(true);
  });

  test('a full disk is told apart and costs nothing that was written', async () => {
    const journal = await openEmbeddedJournal({ folder, limits: { maxPages: 400 } });
    const raw = Buffer.alloc(300_000, 'x');
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((n) => journal.record(message(n, { raw }))),
    );
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const outcome of failed) {
      expect(outcome).toMatchObject({ reason: { code: 'disk-full', fate: 'transient' } });
    }
    expect((await journal.record(message(9))).outcome).toBe('recorded');
    expect((await journal.status()).events).toBe(6 - failed.length);
    await journal.close();
  });

  test('more than may wait is refused, what waits is written', async () => {
    const journal = await openEmbeddedJournal({ folder, limits: { waiting: 3 } });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => journal.record(message(n))));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(outcomes[3]).toMatchObject({ reason: { code: 'journal-unavailable' } });
    await journal.close();
  });

  test('when the writer dies, what waits hears so and the journal is unusable', async () => {
    const workers: Worker[] = [];
    const seen = (worker: Worker) => workers.push(worker);
    process.on('worker', seen);
    const journal = await openEmbeddedJournal({ folder, limits: { syncDelayMs: 50 } });
    process.off('worker', seen);
    const outcomes = Promise.allSettled([1, 2].map((n) => journal.record(message(n))));
    await Promise.all(workers.map((worker) => worker.terminate()));
    const unavailable = { code: 'journal-unavailable', fate: 'transient' };
    const refused = { status: 'rejected', reason: unavailable };
    expect(await outcomes).toMatchObject([refused, refused]);
    await expect(journal.record(message(3))).rejects.toMatchObject(unavailable);
    expect(journal.pending()).toBe(0);
    await journal.close();
    await (await openEmbeddedJournal({ folder })).close();
  });

  test.each(['writer', 'checkpoint'])('tells, once, that its %s worker is dead', async (which) => {
    const workers: Worker[] = [];
    const seen = (worker: Worker) => workers.push(worker);
    process.on('worker', seen);
    const journal = await openEmbeddedJournal({ folder, limits: { checkpointIntervalMs: 5 } });
    const failures: string[] = [];
    journal.onFailure(({ code }) => failures.push(code));
    await journal.record(message(1));
    await vi.waitUntil(() => workers.length === 2);
    process.off('worker', seen);
    expect(journal.failure()).toBeUndefined();
    await workers[which === 'writer' ? 0 : 1]?.terminate();
    await vi.waitUntil(() => failures.length > 0);
    expect(journal.failure()).toMatchObject({ code: 'journal-unavailable' });
    await journal.close();
    expect(failures).toEqual(['journal-unavailable']);
  });

  test('a close is no failure', async () => {
    const journal = await openEmbeddedJournal({ folder });
    let failures = 0;
    journal.onFailure(() => (failures += 1));
    await journal.close();
    expect([failures, journal.failure()]).toEqual([0, undefined]);
  });

  test('closes, and gives its folder back, when the disk takes no last checkpoint', async () => {
    const child = builtFile('test/support/journal-full-disk.ts');
    const args = [process.execPath, child, folder];
    // Node ignores the signal of the limit, so that a write beyond it fails as on a full disk.
    const limited = spawn('bash', ['-c', 'ulimit -f 2048; exec "$@"', 'bash', ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    for await (const line of createInterface({ input: limited.stdout })) said.push(line);
    expect(said).toEqual(['closed with a log left', 'opened again with 24 events']);
  });

  test('many that wait share commits', async () => {
    const journal = await openEmbeddedJournal({ folder });
    await Promise.all(Array.from({ length: 100 }, (_, n) => journal.record(message(n))));
    expect(journal.commits()).toBe(1);
    await journal.close();
  });

  test('the log stays within its bound under steady load', async () => {
    const limits = { checkpointIntervalMs: 20, logLimitBytes: 1024 * 1024 };
    const journal = await openEmbeddedJournal({ folder, limits });
    const raw = Buffer.alloc(50_000, 'x');
    const sizeOfLog = () => statSync(join(folder, 'hemgang.sqlite-wal')).size;
    let written = 0;
    // The checkpoint needs a moment to start; from then on the log is used again and again.
    for (let n = 0; n < 20_000 && written < 3 * sizeOfLog(); n += 1) {
      await journal.record(message(n, { raw }));
      written += raw.length;
    }
    expect(written).toBeGreaterThanOrEqual(3 * sizeOfLog());
    await journal.close();
  });
});

function event(streamId: string, body: NewEvent['body'], lane = streamId): NewEvent {
  return { streamId, body, lane };
}

function deadline(key: string, streamId: string, lane = streamId): DeadlineRow {
  const data = { key, deadline: 'T1', occasion: 'admission', dueAt: at, reference: '2 kap. 1 §' };
  return { key, streamId, lane, dueAt: at, data: JSON.stringify(data) };
}

function newDelivery(change: Partial<NewDelivery>): NewDelivery {
  return {
    deliveryId: 'delivery-1',
    lane: 'lane-1',
    position: 1,
    eventId: 'event-1',
    streamId: 'stream-1',
    receiver: 'goteborg',
    state: 'pending',
    rendered: 'the notice',
    detail: undefined,
    ...change,
  };
}
