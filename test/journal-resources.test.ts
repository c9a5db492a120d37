/** The contract of the journal for what comes as resources: those that stand, messages together, cursors and findings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import type {
  IncomingMessage,
  Journal,
  NewResource,
  ResourceIdentifier,
} from '../gateway/runtime/journal/journal.ts';
import { at, message, rejected } from './support/journal-messages.ts';

const sender = 'fjallsjukhuset';
const later = '2022-03-07T12:00:00.000Z';
const visits = 'urn:oid:1.2.3';

interface Form {
  readonly name: string;
  readonly open: (folder: string) => Promise<Journal>;
}
const forms: Form[] = [{ name: 'embedded', open: (folder) => openEmbeddedJournal({ folder }) }];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hemgang-journal-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function resource(id: string, expected: number, change: Partial<NewResource> = {}): NewResource {
  const body = JSON.stringify({ resourceType: 'Encounter', id, n: expected + 1 });
  return { type: 'Encounter', id, expected, identifiers: [], body, ...change };
}
/** The nth message, of which the resources are all that matters. */
function telling(
  n: number,
  resources: readonly NewResource[],
  change: Partial<IncomingMessage> = {},
): IncomingMessage {
  return message(n, { kind: 'Encounter', resources, ...change });
}
const named = (value: string, system = visits): ResourceIdentifier => ({ system, value });

describe.each(forms)('the journal ($name)', ({ open }) => {
  let journal: Journal;
  beforeEach(async () => {
    journal = await open(folder);
  });
  afterEach(async () => {
    await journal.close();
  });
  async function reopen(): Promise<void> {
    await journal.close();
    journal = await open(folder);
  }
  const read = (id: string, of = sender) =>
    journal.resources.read({ sender: of, type: 'Encounter', id });
  const found = async (identifier: ResourceIdentifier, limit = 10, of = sender) =>
    (await journal.resources.byIdentifier(of, 'Encounter', identifier, limit)).map(({ id }) => id);

  describe('resources', () => {
    test('one that is told stands, with our version and when it came, also after a restart', async () => {
      const told = resource('e1', 0);
      expect((await journal.record(telling(1, [told]))).outcome).toBe('recorded');
      const first = {
        type: 'Encounter',
        id: 'e1',
        version: 1,
        lastUpdated: at,
        mappingRevision: 'r1',
        body: told.body,
      };
      expect(await read('e1')).toEqual(first);
      const again = resource('e1', 1);
      await journal.record(telling(2, [again], { receivedAt: later }));
      await reopen();
      expect(await read('e1')).toEqual({
        ...first,
        version: 2,
        lastUpdated: later,
        body: again.body,
      });
    });

    test('what was never told, or is of another type, is not there', async () => {
      await journal.record(telling(1, [resource('e1', 0)]));
      expect(await read('e2')).toBeUndefined();
      expect(await journal.resources.read({ sender, type: 'Patient', id: 'e1' })).toBeUndefined();
    });

    test('each sender has its own, under the same ids and identifiers', async () => {
      const other = { sender: 'kustsjukhuset', controlId: 'C2' };
      const identifiers = [named('V1')];
      await journal.record(telling(1, [resource('e1', 0, { identifiers })]));
      expect(await read('e1', other.sender)).toBeUndefined();
      expect(await found(named('V1'), 10, other.sender)).toEqual([]);
      expect(await journal.resources.page(other.sender, 'Encounter', '', 10)).toEqual([]);
      const theirs = resource('e1', 0, { identifiers, unlessKnown: named('V1'), body: '{"of":2}' });
      expect((await journal.record(telling(2, [theirs], other))).outcome).toBe('recorded');
      expect((await read('e1', other.sender))?.body).toBe('{"of":2}');
      expect((await read('e1'))?.version).toBe(1);
    });

    test('a stale one writes nothing of its message, and the message may come again', async () => {
      await journal.record(telling(1, [resource('e1', 0)]));
      const stale = telling(2, [resource('e2', 0), resource('e1', 0)], { sequence: 7 });
      expect(await journal.record(stale)).toEqual({ outcome: 'stale-resource' });
      expect(await read('e2')).toBeUndefined();
      expect((await read('e1'))?.version).toBe(1);
      expect(await journal.status()).toMatchObject({ events: 1, messages: { accepted: 1 } });
      expect(await journal.lastSequence(sender)).toBeUndefined();
      const asRead = telling(2, [resource('e2', 0), resource('e1', 1)], { sequence: 7 });
      expect((await journal.record(asRead)).outcome).toBe('recorded');
    });

    test('a version that was never there is as stale as one that is gone', async () => {
      const early = telling(1, [resource('e1', 3)]);
      expect(await journal.record(early)).toEqual({ outcome: 'stale-resource' });
    });

    test('of two that were read at the same version, in one group, one wins', async () => {
      const outcomes = await Promise.all([
        journal.record(telling(1, [resource('e1', 0)])),
        journal.record(telling(2, [resource('e1', 0)])),
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'stale-resource']);
    });

    test('a repeat is a repeat, whatever stands by then', async () => {
      await journal.record(telling(1, [resource('e1', 0)]));
      await journal.record(telling(2, [resource('e1', 1)]));
      expect((await journal.record(telling(1, [resource('e1', 0)]))).outcome).toBe('duplicate');
      expect((await read('e1'))?.version).toBe(2);
    });

    test('is found by an identifier: of its system, of any, and of none', async () => {
      const of = (id: string, identifiers: ResourceIdentifier[]) =>
        resource(id, 0, { identifiers });
      await journal.record(
        telling(1, [
          of('e2', [named('V1'), named('V1'), named('other')]),
          of('e1', [named('V1')]),
          of('e3', [named('V1', 'urn:oid:9.9')]),
          of('e4', [{ value: 'V1' }]),
          resource('p1', 0, { type: 'Patient', identifiers: [named('V1')] }),
        ]),
      );
      expect(await found(named('V1'))).toEqual(['e1', 'e2']);
      expect(await found({ value: 'V1' })).toEqual(['e1', 'e2', 'e3', 'e4']);
      expect(await found(named('V1', ''))).toEqual(['e4']);
      expect(await found({ value: 'V1' }, 2)).toEqual(['e1', 'e2']);
      expect(await found(named('v1'))).toEqual([]);
    });

    test('identifiers are those of the last version', async () => {
      const identifiers = [named('V1'), named('V2')];
      await journal.record(telling(1, [resource('e1', 0, { identifiers })]));
      const changed = [named('V2'), named('V3')];
      await journal.record(telling(2, [resource('e1', 1, { identifiers: changed })]));
      expect([await found(named('V1')), await found(named('V2')), await found(named('V3'))]) //
        .toEqual([[], ['e1'], ['e1']]);
      await journal.record(telling(3, [resource('e1', 2)]));
      expect([await found(named('V2')), await found(named('V3'))]).toEqual([[], []]);
    });

    test('only an unknown one is written where its sender says so: another that has the identifier hinders it', async () => {
      const identifiers = [named('V1')];
      const once = { identifiers, unlessKnown: named('V1') };
      expect((await journal.record(telling(1, [resource('e1', 0, once)]))).outcome).toBe(
        'recorded',
      );
      expect(await journal.record(telling(2, [resource('e2', 0, once)]))).toEqual({
        outcome: 'stale-resource',
      });
      const anySystem = { identifiers, unlessKnown: { value: 'V1' } };
      expect((await journal.record(telling(3, [resource('e2', 0, anySystem)]))).outcome).toBe(
        'stale-resource',
      );
      const elsewhere = { identifiers, unlessKnown: named('V1', 'urn:oid:9.9') };
      expect((await journal.record(telling(4, [resource('e2', 0, elsewhere)]))).outcome).toBe(
        'recorded',
      );
    });

    test('what a resource has itself does not hinder it', async () => {
      const once = { identifiers: [named('V1')], unlessKnown: named('V1') };
      await journal.record(telling(1, [resource('e1', 0, once)]));
      expect((await journal.record(telling(2, [resource('e1', 1, once)]))).outcome).toBe(
        'recorded',
      );
    });

    test('come page by page in the order of their ids', async () => {
      const ids = ['b', 'a', 'd', 'c'];
      await journal.record(telling(1, [resource('a', 0, { type: 'Patient' })]));
      for (const [n, id] of ids.entries()) await journal.record(telling(n + 2, [resource(id, 0)]));
      const page = async (after: string) =>
        (await journal.resources.page(sender, 'Encounter', after, 2)).map(({ id }) => id);
      expect([await page(''), await page('b'), await page('d')]).toEqual([
        ['a', 'b'],
        ['c', 'd'],
        [],
      ]);
    });
  });

  describe('messages together', () => {
    /** Messages, events, cases, what waits, and what was counted for the sender. */
    async function counts() {
      const { messages, events, processes, outbox, senders } = await journal.status();
      return { messages, events, processes, waiting: outbox.advance.waiting, senders };
    }

    test('all are recorded, each with its place', async () => {
      expect(await journal.recordTogether([1, 2, 3].map((n) => message(n)))).toEqual({
        outcome: 'recorded',
        each: [1, 2, 3].map((place) => ({ outcome: 'recorded', parked: false, place })),
      });
      expect(await counts()).toMatchObject({
        messages: { accepted: 3 },
        events: 3,
        processes: 3,
        waiting: 3,
        senders: [{ sender, accepted: 3, lastAt: at }],
      });
    });

    test('what one says holds for the next of them', async () => {
      const together = [telling(1, [resource('e1', 0)]), telling(2, [resource('e1', 1)])];
      expect((await journal.recordTogether(together)).outcome).toBe('recorded');
      expect((await read('e1'))?.version).toBe(2);
    });

    test('a repeat among them gets its stored answer and hinders nobody', async () => {
      await journal.record(message(2));
      const outcome = await journal.recordTogether([message(1), message(2), message(1)]);
      const each = outcome.outcome === 'recorded' ? outcome.each : [];
      expect(each.map((one) => one.outcome)).toEqual(['recorded', 'duplicate', 'duplicate']);
      const answers = each.map((one) =>
        one.outcome === 'duplicate' ? Buffer.from(one.answer).toString() : '',
      );
      expect(answers).toEqual(['', 'MSA|AA|C2', 'MSA|AA|C1']);
      expect(await counts()).toMatchObject({ messages: { accepted: 2 }, events: 2 });
    });

    test.each([
      ['a stale resource', telling(3, [resource('e9', 4)]), { outcome: 'stale-resource' }],
      [
        'another content under a known id',
        message(1, { raw: Buffer.from('MSH|other') }),
        { outcome: 'reused' },
      ],
      [
        'an unknown case',
        message(3, { stay: { by: 'case', caseReference: 'no-such-case' } }),
        { outcome: 'unknown-case' },
      ],
      ['a wrong number', message(3, { sequence: 5 }), { outcome: 'out-of-sequence', expected: 2 }],
    ])('none is recorded with %s among them, and it is named', async (_, bad, because) => {
      await journal.record(message(1, { sequence: 1 }));
      const before = await counts();
      const patient = { numbers: [], family: 'Okänd' };
      const outcome = await journal.recordTogether([
        telling(2, [resource('e1', 0)], {
          patient,
          unmapped: [{ table: 't', code: 'c', path: 'p' }],
        }),
        message(4, { sender: 'kustsjukhuset' }),
        bad,
        message(5),
      ]);
      expect(outcome).toEqual({ outcome: 'refused', index: 2, because });
      expect(await counts()).toEqual(before);
      expect(await read('e1')).toBeUndefined();
      expect(await journal.parkedCases()).toEqual([]);
      // Nothing is bound: each may come again by itself.
      expect((await journal.record(message(5))).outcome).toBe('recorded');
      await reopen();
      expect(await counts()).toMatchObject({
        events: 2,
        waiting: 2,
        senders: [{ sender, accepted: 2 }],
      });
    });

    test('what was counted before them in the same group stays counted, and goes on', async () => {
      const refused = [message(2), telling(3, [resource('e9', 4)])];
      const outcomes = await Promise.all([
        journal.record(message(1)),
        journal.recordTogether(refused),
        journal.record(message(4)),
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'refused', 'recorded']);
      expect(await counts()).toMatchObject({
        messages: { accepted: 2 },
        events: 2,
        processes: 2,
        waiting: 2,
        senders: [{ sender, accepted: 2 }],
      });
    });

    test('a write that fails takes all of them with it, and nobody else of the group', async () => {
      const { stay: _, ...withoutStay } = message(3);
      const outcomes = await Promise.allSettled([
        journal.record(message(1)),
        journal.recordTogether([telling(2, [resource('e1', 0)]), withoutStay]),
        journal.record(message(4)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'assertion-failed' } });
      expect(await counts()).toMatchObject({
        messages: { accepted: 2 },
        events: 2,
        waiting: 2,
        senders: [{ sender, accepted: 2 }],
      });
      expect(await read('e1')).toBeUndefined();
    });

    test('a listener hears of them, and not of those that were taken back', async () => {
      let heard = 0;
      journal.onCommit(() => (heard += 1));
      await journal.recordTogether([message(1), telling(2, [resource('e9', 4)])]);
      expect(heard).toBe(0);
      await journal.recordTogether([message(1), message(2)]);
      expect(heard).toBe(1);
      expect(journal.pending()).toBe(0);
    });

    test('none of none is nothing', async () => {
      expect(await journal.recordTogether([])).toEqual({ outcome: 'recorded', each: [] });
    });
  });

  describe('messages that told resources', () => {
    const other = 'kustsjukhuset';
    const raw = (size: number): Uint8Array => Buffer.alloc(size, 'x');

    test('are read page by page, of these senders alone, and what is passed over is said', async () => {
      await journal.record(telling(1, []));
      await journal.record(message(2));
      await journal.reject(rejected(3, { sender, kind: 'Encounter' }));
      await journal.record(telling(4, [], { sender: other }));
      const unmapped = [{ table: 't', code: 'c', path: 'p' }];
      await journal.record(telling(5, [], { kind: 'CarePlan', unmapped }));
      await journal.record(message(6));
      const page = async (after: number, senders: readonly string[], limit = 10) => {
        const { messages, ...rest } = await journal.resourceMessages(after, senders, limit);
        return [messages.map(({ place }) => place), rest] as const;
      };
      expect(await page(0, [sender])).toEqual([[1, 5], { upTo: 6, isLast: true }]);
      expect(await page(0, [sender], 1)).toEqual([[1], { upTo: 1, isLast: false }]);
      expect(await page(1, [sender], 1)).toEqual([[5], { upTo: 5, isLast: false }]);
      expect(await page(5, [sender], 1)).toEqual([[], { upTo: 6, isLast: true }]);
      expect(await page(0, [sender, other])).toEqual([[1, 4, 5], { upTo: 6, isLast: true }]);
      expect(await page(0, [])).toEqual([[], { upTo: 6, isLast: true }]);
      expect(await page(6, [sender])).toEqual([[], { upTo: 6, isLast: true }]);
      const { messages } = await journal.resourceMessages(0, [sender], 1);
      expect(Buffer.from(messages[0]?.raw ?? [])).toEqual(Buffer.from('MSH|message 1'));
      expect(await journal.countResourceMessages(0, [sender, other], 10)).toEqual({
        count: 3,
        oldest: at,
      });
      expect(await journal.countResourceMessages(0, [sender, other], 2)).toMatchObject({
        count: 2,
      });
      expect(await journal.countResourceMessages(5, [sender], 10)).toEqual({
        count: 0,
        oldest: undefined,
      });
    });

    test('do not fill the memory: a page ends with what it may hold, and one is in it in any case', async () => {
      for (const [n, size] of [2_000_000, 600_000, 400_000, 100_000].entries()) {
        await journal.record(telling(n + 1, [], { raw: raw(size) }));
      }
      const pages: number[][] = [];
      for (let after = 0, isLast = false; !isLast;) {
        const page = await journal.resourceMessages(after, [sender], 10);
        pages.push(page.messages.map(({ place }) => place));
        ({ upTo: after, isLast } = page);
      }
      expect(pages).toEqual([[1], [2, 3], [4]]);
    });

    test('lie behind as many others as may be: each page passes over so many, and no more', async () => {
      const others = Array.from({ length: 1100 }, (_, n) => message(n + 1));
      await Promise.all(others.map((one) => journal.record(one)));
      await journal.record(telling(2000, []));
      const steps: number[] = [];
      for (let after = 0, isLast = false; !isLast;) {
        ({ upTo: after, isLast } = await journal.resourceMessages(after, [sender], 10));
        steps.push(after);
      }
      expect(steps).toEqual([500, 1000, 1101]);
    });
  });

  test('a cursor is what was set last, by its name, also after a restart', async () => {
    expect(await journal.cursors.get('poll:ekliden')).toBeUndefined();
    await journal.cursors.set('poll:ekliden', '2022-03-07');
    await journal.cursors.set('poll:ekliden', '2022-03-08');
    await journal.cursors.set('subscription:ekliden', '');
    await reopen();
    expect(await journal.cursors.get('poll:ekliden')).toBe('2022-03-08');
    expect(await journal.cursors.get('subscription:ekliden')).toBe('');
  });

  describe('findings', () => {
    const noClass = 'Encounter.class: missing; say IMP for a stay in hospital';
    const noPeriod = 'Encounter.period.start: missing';

    async function recorded(n: number, change: Partial<IncomingMessage> = {}): Promise<number> {
      const outcome = await journal.record(message(n, { kind: 'Encounter', ...change }));
      return outcome.outcome === 'recorded' ? outcome.place : 0;
    }

    const add = (place: number, findings: readonly string[]): Promise<void> =>
      journal.addFindings([{ place, findings }], { name: 'looked', value: String(place) });

    test('are read with their messages, the newest first', async () => {
      await add(await recorded(1), [noClass]);
      await recorded(2);
      await add(await recorded(3), [noClass, noPeriod]);
      const of = (n: number, findings: string[]) => ({
        messageId: `message-${n}`,
        sender,
        kind: 'Encounter',
        receivedAt: at,
        findings,
      });
      expect(await journal.latestFindings(5)).toEqual([
        of(3, [noClass, noPeriod]),
        of(1, [noClass]),
      ]);
      expect(await journal.latestFindings(1)).toEqual([of(3, [noClass, noPeriod])]);
      const reader = await openJournalReader({ folder });
      expect(await reader.latestFindings(1)).toHaveLength(1);
      await reader.close();
    });

    test('are counted by sender, with what was found of most messages', async () => {
      expect((await journal.status()).findings).toEqual([]);
      await add(await recorded(1), [noPeriod, noClass, noClass]);
      await add(await recorded(2), [noClass]);
      await add(await recorded(3), []);
      const other = await recorded(4, { sender: 'kustsjukhuset' });
      await add(other, [noPeriod]);
      await reopen();
      expect((await journal.status()).findings).toEqual([
        { sender, messages: 2, most: { finding: noClass, messages: 2 } },
        { sender: 'kustsjukhuset', messages: 1, most: { finding: noPeriod, messages: 1 } },
      ]);
    });

    test('of several messages are kept with how far was looked, all of it or nothing', async () => {
      const both = [await recorded(1), await recorded(2)].map((place) => ({
        place,
        findings: [noClass],
      }));
      const bad = [...both, { place: 4711, findings: [noClass] }];
      const refused = journal.addFindings(bad, { name: 'looked', value: '1' });
      await expect(refused).rejects.toMatchObject({ code: 'assertion-failed' });
      expect(await journal.latestFindings(5)).toEqual([]);
      await journal.addFindings(both, { name: 'looked', value: '2' });
      expect(await journal.latestFindings(5)).toHaveLength(2);
      expect(await journal.cursors.get('looked')).toBe('2');
    });

    test('of one message are told once: what was found first stands', async () => {
      const place = await recorded(1);
      await add(place, [noClass]);
      await add(place, [noPeriod]);
      expect(await journal.latestFindings(5)).toMatchObject([{ findings: [noClass] }]);
      expect((await journal.status()).findings).toMatchObject([{ messages: 1 }]);
    });

    test('of a message that is not there are refused', async () => {
      await journal.reject(rejected(1));
      await expect(add(4711, [noClass])).rejects.toMatchObject({ code: 'assertion-failed' });
      expect(await journal.cursors.get('looked')).toBeUndefined();
    });
  });
});
