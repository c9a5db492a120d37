/** One incident a cause, from its start over its growth to its end. */
import { afterEach, describe, expect, test } from 'vitest';
import { changesOf } from '../gateway/incidents/standing.ts';
import { nextStep } from '../gateway/incidents/words.ts';
import type { CountedJournal } from '../gateway/runtime/journal/assemble.ts';
import type { Incident, Wrong } from '../gateway/runtime/journal/journal.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms } from './support/journal-forms.ts';
import { message } from './support/journal-messages.ts';
import { factOf } from './support/law.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const now = '2022-03-07T10:00:00.000Z';
const later = '2022-03-07T11:00:00.000Z';
const failing = (count: number): Wrong => ({ cause: 'failing', about: 'goteborg', count });
const idOf = (name: string): string => `id of ${name}`;

/** What stands after several looks, and the turns that were told. */
function looks(...seen: readonly (readonly Wrong[])[]): [readonly Incident[], unknown[]] {
  const known = new Map<string, Incident>();
  const turns: unknown[] = [];
  for (const wrong of seen) {
    for (const { incident, turn } of changesOf([...known.values()], wrong, now, idOf)) {
      known.set(incident.id, incident);
      if (turn !== undefined) turns.push([turn, incident.count]);
    }
  }
  return [[...known.values()], turns];
}

describe('an incident', () => {
  test('is told of when it starts, when it has doubled since it was told of, and when it ends', () => {
    const counts = [1, 1, 2, 3, 4, 7, 2, 9, 0, 0];
    const [incidents, turns] = looks(...counts.map((count) => [failing(count)]));
    expect(turns).toEqual([
      ['started', 1],
      ['grown', 2],
      ['grown', 4],
      ['grown', 9],
      ['ended', 0],
    ]);
    expect(incidents).toMatchObject([{ count: 0, peak: 9, startedAt: now, endedAt: now }]);
  });

  test('that comes back while it is remembered is the same one, and is told of no more than it has grown', () => {
    const [incidents, turns] = looks([failing(4)], [], [failing(3)], []);
    expect(incidents).toHaveLength(1);
    expect(turns).toEqual([
      ['started', 4],
      ['ended', 0],
      ['ended', 0],
    ]);
  });

  test('of notices that were refused says how they are sent again, from before it began', () => {
    expect(nextStep({ cause: 'refused', about: 'goteborg', startedAt: now })).toBe(
      'hemgang resend --since 2022-03-06 --to goteborg --where state=refused --dry-run, when the receiver has mended it',
    );
  });

  test('is another one for another receiver or another cause', () => {
    const [incidents] = looks([
      failing(1),
      { ...failing(1), about: 'harryda' },
      { ...failing(1), cause: 'refused' },
    ]);
    expect(incidents).toHaveLength(3);
  });

  test('is no other one for being looked at again', () => {
    const [first] = looks([failing(2)]);
    expect(changesOf(first, [failing(2)], later, idOf)).toEqual([]);
  });
});

describe.each(journalForms)('the $name journal', (form) => {
  async function open(): Promise<CountedJournal> {
    const folder = temporaryFolder('incidents');
    const place = form.place(folder.path);
    const journal = await place.open();
    closing.push(
      folder.remove,
      () => place.remove(),
      () => journal.close(),
    );
    return journal;
  }

  test('keeps incidents as they stand, who has one in hand, and forgets none that has not ended', async () => {
    const journal = await open();
    const [[incident]] = looks([failing(2)]);
    if (incident === undefined) throw new Error('no incident');
    await journal.incidents.put([incident]);
    const { id } = incident;
    const taken = { id, by: 'asa', at: later, note: 'they know' };
    expect(await journal.incidents.take(taken)).toBe(true);
    await journal.incidents.put([{ ...incident, count: 5, peak: 5 }]);
    expect(await journal.incidents.since(later, 10)).toEqual([
      { ...incident, count: 5, peak: 5, by: 'asa', takenAt: later, note: 'they know' },
    ]);
    await journal.incidents.put([{ ...incident, count: 0, endedAt: now }]);
    expect(await journal.incidents.take(taken)).toBe(false);
    expect(await journal.incidents.since(later, 10)).toEqual([]);
    expect(await journal.incidents.since(now, 10)).toHaveLength(1);
  });

  test('counts what goes wrong by cause and receiver', async () => {
    const journal = await open();
    const { stayId: _stayId, ...fact } = factOf({
      id: 'f',
      type: 'discharge-estimate.withdrawn',
      data: {},
      occurredAt: now,
      knownAt: now,
    });
    const stay = { by: 'visit', authority: '1.2.3', number: 'V1' } as const;
    await journal.record(message(1, { stay, events: [fact] }));
    const [stored] = await journal.eventsAfter(0, 1);
    const delivery = (
      deliveryId: string,
      receiver: string | undefined,
      state: 'pending' | 'unroutable',
    ) => ({
      deliveryId,
      lane: deliveryId,
      position: stored?.position ?? 0,
      eventId: 'f',
      streamId: stored?.event.stayId ?? '',
      receiver,
      state,
      rendered: '{}',
      detail: undefined,
    });
    await journal.deliveries.open([
      delivery('waits', 'a', 'pending'),
      delivery('failed', 'a', 'pending'),
      delivery('refused', 'b', 'pending'),
      delivery('homeless', undefined, 'unroutable'),
    ]);
    for (const [deliveryId, state] of [
      ['failed', 'pending'],
      ['refused', 'refused'],
    ] as const) {
      await journal.deliveries.recordAttempt(deliveryId, now);
      await journal.deliveries.recordOutcome({
        deliveryId,
        endedAt: now,
        state,
        detail: '',
        events: [],
      });
    }
    const wrong = [...(await journal.incidents.wrong(now))].sort((a, b) =>
      a.cause < b.cause ? -1 : 1,
    );
    expect(wrong).toEqual([
      { cause: 'failing', about: 'a', count: 1 },
      { cause: 'refused', about: 'b', count: 1 },
      { cause: 'unroutable', about: '', count: 1 },
    ]);
    expect(await journal.incidents.wrong(later)).toHaveLength(2);
  });
});
