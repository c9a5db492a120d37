/** What waits in the journal and for how long, told alike by every form of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Journal, StoredEvent } from '../gateway/runtime/journal/journal.ts';
import { temporaryFolder } from './support/folder.ts';
import { journalForms, type JournalPlace } from './support/journal-forms.ts';
import { at, message, noticeIssued } from './support/journal-messages.ts';

const later = '2022-03-07T12:00:00.000Z';
const sender = 'fjallsjukhuset';

describe.each(journalForms)('the journal ($name)', ({ place }) => {
  let folder: ReturnType<typeof temporaryFolder>;
  let where: JournalPlace;
  let journal: Journal;

  beforeEach(async () => {
    folder = temporaryFolder('observation');
    where = place(folder.path);
    journal = await where.open();
  });
  afterEach(async () => {
    await journal.close();
    await where.remove();
    folder.remove();
  });

  async function first(): Promise<StoredEvent> {
    const [stored] = await journal.eventsAfter(0, 1);
    if (stored === undefined) throw new Error('no event was recorded');
    return stored;
  }

  test('tells that nothing waits where nothing has come', async () => {
    expect(await journal.observe(at)).toEqual({
      lastPosition: 0,
      queues: {
        advance: { waiting: 0, postponed: 0, dead: 0, oldest: undefined },
        dispatch: { waiting: 0, postponed: 0, dead: 0, oldest: undefined },
      },
      parked: [],
      deliveries: [],
      overdue: { count: 0, since: undefined },
      oldestPending: undefined,
      deadlines: [],
      senders: [],
    });
  });

  test('tells what waits in a queue, of it what is postponed, and the oldest', async () => {
    await journal.record(message(1));
    await journal.record(message(2));
    const { position } = await first();
    const until = { nextAtMs: Date.parse(later) + 1, error: 'later', excused: true };
    await journal.outbox.postpone([{ queue: 'advance', position }], until);
    const { queues, lastPosition } = await journal.observe(later);
    expect(queues.advance).toEqual({
      waiting: 2,
      postponed: 1,
      dead: 0,
      oldest: { position, recordedAt: at },
    });
    expect(lastPosition).toBe(2);
    await journal.outbox.bury([{ queue: 'advance', position }], 'a bug');
    const buried = (await journal.observe(later)).queues.advance;
    expect(buried).toMatchObject({ waiting: 1, postponed: 0, dead: 1 });
    expect(buried.oldest?.position).toBeGreaterThan(position);
  });

  test('tells of the oldest whether a broker has it or not', async () => {
    await journal.record(message(1));
    await journal.record(message(2));
    const { position } = await first();
    await journal.outbox.published([{ queue: 'advance', position }], Date.parse(later));
    expect((await journal.observe(later)).queues.advance.oldest?.position).toBe(position);
  });

  test('tells who sent what last, and which messages wait for a table', async () => {
    await journal.record(message(1));
    const unmapped = [{ table: '0112', code: 'X', path: 'PV1-36' }];
    await journal.record(message(2, { receivedAt: later, unmapped }));
    const { senders, parked } = await journal.observe(later);
    expect(senders).toEqual([{ sender, accepted: 2, lastAt: later }]);
    expect(parked).toEqual([{ sender, messages: 1, oldest: later }]);
    expect(await journal.arrivals(10)).toEqual([
      { sender, receivedAt: later },
      { sender, receivedAt: at },
    ]);
    expect(await journal.arrivals(1)).toHaveLength(1);
  });

  test('tells of deadlines how many run, have warned, and are over', async () => {
    await journal.record(message(1));
    const { event, position } = await first();
    await journal.outbox.done([{ queue: 'advance', position }]);
    const deadline = (name: string, key: string, dueAt: string) => ({
      key,
      streamId: event.stayId,
      lane: key,
      dueAt,
      data: JSON.stringify({ deadline: name, key, dueAt }),
    });
    const due = '2022-03-07T13:00:00.000Z';
    await journal.append({
      expected: [{ streamId: event.stayId, version: position }],
      events: [],
      setDeadlines: [
        deadline('T1', 'one', due),
        { ...deadline('T1', 'one|nearing', at), event: 'deadline.nearing' },
        deadline('T1', 'two', due),
        deadline('T6', 'six', at),
      ],
      closeDeadlines: [],
    });
    expect((await journal.observe(later)).deadlines).toEqual([
      { deadline: 'T1', open: 2, near: 0, overdue: 0, next: due },
      { deadline: 'T6', open: 1, near: 0, overdue: 1, next: at },
    ]);
    await journal.releaseDue(later, { deadlines: true });
    expect((await journal.observe(later)).deadlines).toEqual([
      { deadline: 'T1', open: 2, near: 1, overdue: 0, next: due },
    ]);
  });

  test('tells of deliveries what is not over, and what was due and has not begun', async () => {
    await journal.record(message(1));
    const { event } = await first();
    const body = noticeIssued('n1');
    await journal.append({
      expected: [{ streamId: event.stayId, version: 1 }],
      events: [{ streamId: event.stayId, body, lane: 'lane' }],
      setDeadlines: [],
      closeDeadlines: [],
    });
    const [notice] = await journal.eventsAfter(1, 1);
    const delivery = (deliveryId: string, receiver: string | undefined) => ({
      deliveryId,
      lane: 'lane',
      position: notice?.position ?? 0,
      eventId: 'n1',
      streamId: event.stayId,
      receiver,
      state: receiver === undefined ? ('unroutable' as const) : ('pending' as const),
      rendered: '{}',
      detail: undefined,
    });
    await journal.deliveries.open([
      delivery('d1', 'receiver'),
      delivery('d2', 'receiver'),
      delivery('d3', undefined),
    ]);
    await journal.deliveries.recordAttempt('d1', at);
    await journal.deliveries.recordOutcome({
      deliveryId: 'd1',
      endedAt: at,
      state: 'pending',
      nextAt: at,
      detail: 'busy',
      events: [],
    });
    const { deliveries, overdue, oldestPending } = await journal.observe(later);
    expect(deliveries).toHaveLength(2);
    expect(deliveries).toContainEqual({ state: 'pending', receiver: 'receiver', count: 2 });
    expect(deliveries).toContainEqual({ state: 'unroutable', receiver: null, count: 1 });
    expect(overdue).toEqual({ count: 1, since: at });
    expect(oldestPending).toBe(at);
  });
});
