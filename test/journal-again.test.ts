/** What is looked at and done again, on every form of the journal. */
import { afterEach, describe, expect, test } from 'vitest';
import type { EventBody } from '../gateway/process/events.ts';
import type { CountedJournal } from '../gateway/runtime/journal/assemble.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms } from './support/journal-forms.ts';
import { message } from './support/journal-messages.ts';
import { factOf } from './support/law.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const stay = { by: 'visit', authority: '1.2.3', number: 'V1' } as const;
const fact = (id: string) => {
  const { stayId: _stayId, ...body } = factOf({
    id,
    type: 'discharge-estimate.withdrawn',
    data: {},
    occurredAt: '2022-03-07T08:00:00.000Z',
    knownAt: '2022-03-07T08:00:00.000Z',
  });
  return body;
};

/** What was decided of a deadline. */
function bodyOf(
  id: string,
  type: 'deadline.missed' | 'deadline.met',
  recordedAt: string,
): EventBody {
  const data = {
    key: 'k',
    deadline: 'T1',
    occasion: 'f',
    dueAt: recordedAt,
    reference: '2 kap. 1 §',
  } as const;
  const envelope = {
    id,
    occurredAt: recordedAt,
    recordedAt,
    source: { sender: 'hemgang', messageId: 'f' },
    causationId: 'f',
    correlationId: 'f',
  };
  return type === 'deadline.missed'
    ? { ...envelope, type, data }
    : { ...envelope, type, data: { ...data, metAt: recordedAt } };
}

describe.each(journalForms)('the $name journal', (form) => {
  async function open(): Promise<CountedJournal> {
    const folder = temporaryFolder('again');
    const place = form.place(folder.path);
    const journal = await place.open();
    closing.push(
      folder.remove,
      () => place.remove(),
      () => journal.close(),
    );
    return journal;
  }

  test('has what was told by its place and from an instant on, and its visits', async () => {
    const journal = await open();
    for (const hour of [8, 9, 10]) {
      const receivedAt = `2022-03-07T${String(hour).padStart(2, '0')}:00:00.000Z`;
      await journal.record(message(hour, { stay, receivedAt, events: [fact(`f${hour}`)] }));
    }
    const { heads, isLast } = await journal.told.after(0, 100);
    expect(isLast).toBe(true);
    expect(heads).toHaveLength(3);
    const places = heads.map(({ place }) => place);
    expect(await journal.told.before('2022-03-07T09:00:00.000Z')).toBe(places[0]);
    expect(await journal.told.before('2022-03-07T23:00:00.000Z')).toBe(places[2]);
    const told = await journal.told.at(places.slice(1));
    expect(told.map(({ recorded }) => recorded.map(({ id }) => id))).toEqual([['f9'], ['f10']]);
    expect(told[0]?.visit).toEqual({ authority: '1.2.3', number: 'V1' });
    expect(await journal.told.visitsOf(heads[0]?.caseId ?? '')).toEqual([told[0]?.visit]);
  });

  test('translates an accepted message again where its facts are those it replaces, and else writes nothing', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('old')] }));
    const [head] = (await journal.told.after(0, 10)).heads;
    const change = (facts: string[]) => ({
      messageId: head?.messageId ?? '',
      mappingRevision: 'next',
      events: [fact('new')],
      planned: { place: head?.place ?? 0, facts },
      unmapped: [],
    });
    expect(await journal.retranslate([change(['other'])])).toBe('stale');
    expect(await journal.retranslate([change(['old'])])).toBe('retranslated');
    expect(await journal.retranslate([change(['old'])])).toBe('stale');
    const [told] = await journal.told.at([head?.place ?? 0]);
    expect(told).toMatchObject({
      mappingRevision: 'next',
      recorded: [{ id: 'new', supersedes: ['old'] }],
    });
  });

  test('puts a delivery back in its lane where it is as it was seen', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('f')] }));
    const [stored] = await journal.eventsAfter(0, 1);
    await journal.deliveries.open([
      {
        deliveryId: 'd',
        lane: 'lane',
        position: stored?.position ?? 0,
        eventId: 'f',
        streamId: stored?.event.stayId ?? '',
        receiver: 'r',
        state: 'delivered',
        rendered: '{}',
        detail: undefined,
      },
    ]);
    const seen = { deliveryId: 'd', state: 'delivered', attempts: 0 } as const;
    expect(await journal.deliveries.sendAgain({ ...seen, attempts: 3 })).toBe(false);
    expect(await journal.deliveries.sendAgain(seen)).toBe(true);
    expect(await journal.deliveries.sendAgain(seen)).toBe(false);
    expect(await journal.deliveries.after(0, 10)).toMatchObject([
      { deliveryId: 'd', state: 'pending' },
    ]);
    expect(await journal.outbox.ofLanes('dispatch', ['lane'], 10)).toHaveLength(1);
  });

  test('has the deliveries of a state page by page, and gives one the receiver that was chosen for it', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('f')] }));
    const [stored] = await journal.eventsAfter(0, 1);
    const row = {
      lane: 'lane',
      position: stored?.position ?? 0,
      eventId: 'f',
      streamId: stored?.event.stayId ?? '',
      rendered: undefined,
      detail: undefined,
    };
    await journal.deliveries.open([
      { ...row, deliveryId: 'a', state: 'unroutable', receiver: undefined },
      { ...row, deliveryId: 'b', state: 'delivered', receiver: 'r' },
      { ...row, deliveryId: 'c', state: 'unroutable', receiver: undefined },
    ]);
    const [first, ...more] = await journal.deliveries.inState('unroutable', 0, 1);
    expect([first?.deliveryId, more]).toEqual(['a', []]);
    const rest = await journal.deliveries.inState('unroutable', first?.place ?? 0, 10);
    expect(rest.map(({ deliveryId }) => deliveryId)).toEqual(['c']);

    const chosen = { state: 'unroutable', attempts: 0, to: 'chosen' } as const;
    expect(await journal.deliveries.sendAgain({ ...chosen, deliveryId: 'c' })).toBe(true);
    expect(await journal.deliveries.named('c')).toMatchObject({
      state: 'pending',
      receiver: 'chosen',
    });
    // What has one keeps it.
    const delivered = { state: 'delivered', attempts: 0, to: 'other' } as const;
    expect(await journal.deliveries.sendAgain({ ...delivered, deliveryId: 'b' })).toBe(true);
    expect(await journal.deliveries.named('b')).toMatchObject({ receiver: 'r' });
  });

  test('has the cases in which a receiver answered that the patient is not its resident', async () => {
    const journal = await open();
    const answer = factOf({
      id: 'answer',
      type: 'notice.misdirected',
      data: { deliveryId: 'd' },
      occurredAt: '2022-03-07T08:00:00.000Z',
      knownAt: '2022-03-07T08:00:00.000Z',
    });
    const { stayId: _stayId, ...body } = answer;
    await journal.record(message(1, { stay, events: [fact('f')] }));
    await journal.record(message(2, { events: [body] }));
    const stream = (await journal.eventsAfter(0, 10)).find(({ event }) => event.id === 'answer');
    const wrong = await journal.load(stream?.event.stayId ?? '');
    expect(await journal.misdirectedProcessIds('', 10)).toEqual([wrong?.processId]);
    expect(await journal.misdirectedProcessIds(wrong?.processId ?? '', 10)).toEqual([]);
  });

  test('has the clocks that were missed, the newest first', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('f')] }));
    const [stored] = await journal.eventsAfter(0, 1);
    const streamId = stored?.event.stayId ?? '';
    const process = await journal.load(streamId);
    const missed = (id: string, type: 'deadline.missed' | 'deadline.met', recordedAt: string) => ({
      streamId,
      lane: process?.processId ?? '',
      body: bodyOf(id, type, recordedAt),
    });
    const times = ['2022-03-08T08:00:00.000Z', '2022-03-09T08:00:00.000Z'] as const;
    await journal.append({
      expected: [{ streamId, version: process?.stays[0]?.version ?? 0 }],
      events: [
        missed('m1', 'deadline.missed', times[0]),
        missed('m2', 'deadline.met', times[0]),
        missed('m3', 'deadline.missed', times[1]),
      ],
      setDeadlines: [],
      closeDeadlines: [],
    });
    const found = await journal.missedDeadlines(Number.MAX_SAFE_INTEGER, 10);
    expect(found.map(({ at }) => at)).toEqual(times.toReversed());
    expect(found[0]).toMatchObject({ processId: process?.processId, deadline: 'T1' });
    const [newest] = await journal.missedDeadlines(Number.MAX_SAFE_INTEGER, 1);
    expect(await journal.missedDeadlines(newest?.position ?? 0, 10)).toMatchObject([
      { at: times[0] },
    ]);
  });

  test('a delivery in a state that this program does not know is an error, and taken for nothing else', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('f')] }));
    const [stored] = await journal.eventsAfter(0, 1);
    const state = 'of-a-newer-program' as 'pending';
    await journal.deliveries.open([
      {
        deliveryId: 'd',
        lane: 'lane',
        position: stored?.position ?? 0,
        eventId: 'f',
        streamId: stored?.event.stayId ?? '',
        receiver: 'r',
        state,
        rendered: '{}',
        detail: undefined,
      },
    ]);
    for (const read of [
      journal.deliveries.ofLane('lane'),
      journal.deliveries.named('d'),
      journal.deliveries.inState(state, 0, 10),
    ]) {
      await expect(read).rejects.toThrow(
        /in state of-a-newer-program, which this program does not know\n {2}next: start the newer program/,
      );
    }
  });

  test('ends a delivery from outside where it waits for it, keeps the receipt and wakes the lane', async () => {
    const journal = await open();
    await journal.record(message(1, { stay, events: [fact('f')] }));
    const [stored] = await journal.eventsAfter(0, 1);
    await journal.deliveries.open([
      {
        deliveryId: 'd',
        lane: 'lane',
        position: stored?.position ?? 0,
        eventId: 'f',
        streamId: stored?.event.stayId ?? '',
        receiver: 'r',
        state: 'pending',
        rendered: '{}',
        detail: undefined,
      },
    ]);
    const ending = {
      deliveryId: 'd',
      from: ['awaited', 'unresolved'],
      state: 'delivered',
      endedAt: '2022-03-07T10:00:00.000Z',
      detail: 'ACCEPTED',
      receipt: '<ApplicationResponse/>',
      events: [],
    } as const;
    expect(await journal.deliveries.conclude(ending), 'not sent yet').toBe(false);
    await journal.deliveries.recordAttempt('d', '2022-03-07T09:00:00.000Z');
    expect(await journal.deliveries.conclude(ending), 'being sent').toBe(false);
    await journal.deliveries.recordOutcome({
      deliveryId: 'd',
      endedAt: '2022-03-07T09:00:01.000Z',
      state: 'awaited',
      nextAt: '2022-03-08T09:00:00.000Z',
      detail: 'handed on',
      events: [],
    });
    expect(await journal.nextDue()).toBe('2022-03-08T09:00:00.000Z');
    expect(await journal.deliveries.conclude(ending)).toBe(true);
    expect(await journal.deliveries.conclude(ending), 'a second time').toBe(false);
    expect(await journal.deliveries.named('d')).toMatchObject({
      state: 'delivered',
      detail: 'ACCEPTED',
      receipt: '<ApplicationResponse/>',
      nextAt: undefined,
    });
    expect(await journal.deliveries.named('e')).toBeUndefined();
    expect(await journal.nextDue()).toBeUndefined();
    expect(await journal.outbox.ofLanes('dispatch', ['lane'], 10)).toHaveLength(1);
  });
});
