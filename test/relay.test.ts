import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import type { Bus } from '../gateway/runtime/bus/bus.ts';
import { embeddedBus } from '../gateway/runtime/bus/embedded.ts';
import { startPublication } from '../gateway/runtime/bus/events/publication.ts';
import { HandSetClock, systemClock, type Clock } from '../gateway/runtime/clock.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { graceOf, startRelay, type Relay } from '../gateway/runtime/relay.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function newJournal(): Promise<Journal> {
  const folder = await mkdtemp(join(tmpdir(), 'hemgang-relay-'));
  const journal = await openEmbeddedJournal({ folder });
  closing.push(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });
  return journal;
}

/** Starts a relay that looks by itself only once an hour, so that the test decides when. */
function relayOf(
  journal: Journal,
  bus: Bus,
  options: { clock?: Clock; tickMs?: number; deadlinesFromMs?: number } = {},
): { relay: Relay; troubles: GatewayError[] } {
  const troubles: GatewayError[] = [];
  const relay = startRelay({
    journal,
    bus,
    clock: options.clock ?? systemClock,
    tickMs: options.tickMs ?? 3_600_000,
    deadlinesFromMs: options.deadlinesFromMs ?? -Infinity,
    onTrouble: (error) => troubles.push(error),
  });
  closing.push(() => relay.close());
  return { relay, troubles };
}

/** A bus whose publishing the test answers for; its rest is the embedded bus. */
function busThatPublishes(
  journal: Journal,
  publishWaiting: Bus['publishWaiting'],
  onUsable: Bus['onUsable'] = () => () => undefined,
): Bus {
  return { ...embeddedBus(journal, systemClock), form: 'rabbitmq', publishWaiting, onUsable };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function setDeadline(journal: Journal, key: string, dueAt: string): Promise<void> {
  const data = { key, deadline: 'T1', occasion: 'o', dueAt, reference: '2 kap. 1 §' };
  await journal.append({
    expected: [],
    events: [],
    setDeadlines: [{ key, streamId: 'stay', lane: 'lane', dueAt, data: JSON.stringify(data) }],
    closeDeadlines: [],
  });
}

async function recordFact(journal: Journal, id: string): Promise<void> {
  await journal.append({
    expected: [],
    events: [
      {
        streamId: 'stay-2',
        lane: 'lane-2',
        body: {
          id,
          type: 'need.withdrawn',
          occurredAt: '2026-03-02T10:00:00.000Z',
          recordedAt: '2026-03-02T10:00:00.000Z',
          source: { sender: 'ekliden', messageId: 'm' },
          causationId: 'm',
          correlationId: 'm',
          data: {},
        },
      },
    ],
    setDeadlines: [],
    closeDeadlines: [],
  });
}

const noon = '2026-03-02T12:00:00.000Z';

/** Counts who listens for commits. */
function counted(journal: Journal): { journal: Journal; listeners: () => number } {
  const listeners = new Set<() => void>();
  return {
    listeners: () => listeners.size,
    journal: {
      ...journal,
      onCommit(listener) {
        listeners.add(listener);
        const deafen = journal.onCommit(listener);
        return () => {
          listeners.delete(listener);
          deafen();
        };
      },
    },
  };
}

describe('what begins and ends with a lease', () => {
  it.each<[string, (journal: Journal) => Promise<() => Promise<void>>]>([
    [
      'the relay',
      async (journal) => {
        const relay = startRelay({
          journal,
          bus: busThatPublishes(journal, async () => 0),
          clock: systemClock,
        });
        return () => relay.close();
      },
    ],
    [
      'the publication',
      async (journal) => {
        const outlet = {
          exchange: 'events',
          window: 10,
          publish: async () => undefined,
          onUsable: () => () => undefined,
        };
        const parts = { journal, outlet, from: 'now', onTrouble: () => undefined } as const;
        const publication = startPublication(parts);
        return () => publication.close();
      },
    ],
    [
      'the embedded bus',
      async (journal) => {
        const bus = embeddedBus(journal, systemClock);
        await bus.consume('advance', async () => undefined, {
          lanes: 1,
          attemptLimit: 1,
          retryDelaysMs: [1],
        });
        return async () => {
          await bus.stop();
          await bus.close();
        };
      },
    ],
  ])('listens no longer than that: %s', async (_, begin) => {
    const { journal, listeners } = counted(await newJournal());
    for (let term = 0; term < 3; term += 1) {
      const end = await begin(journal);
      expect(listeners()).toBe(1);
      await end();
    }
    expect(listeners()).toBe(0);
  });
});

describe('the relay', () => {
  it('releases a deadline when its instant has come and not before', async () => {
    const clock = new HandSetClock('2026-03-02T11:00:00.000Z');
    const journal = await newJournal();
    const { relay, troubles } = relayOf(journal, embeddedBus(journal, clock), { clock });
    await setDeadline(journal, 'd1', noon);
    clock.advanceTo('2026-03-02T11:59:59.999Z');
    expect(await relay.tick()).toBe(0);
    clock.advanceTo(noon);
    expect(await relay.tick()).toBe(1);
    expect(await relay.tick()).toBe(0);
    const rows = await journal.outbox.ready('advance', clock.nowMs(), 10, []);
    expect(rows.map(({ type }) => type)).toEqual(['deadline.reached']);
    expect(troubles).toEqual([]);
  });

  it('holds deadlines back for the stated grace after a start', async () => {
    const clock = new HandSetClock(noon);
    const journal = await newJournal();
    await setDeadline(journal, 'd1', '2026-03-02T09:00:00.000Z');
    const bus = embeddedBus(journal, clock);
    const beginGrace = graceOf(clock, 60_000);
    const { relay } = relayOf(journal, bus, { clock, deadlinesFromMs: beginGrace() });
    clock.advanceTo('2026-03-02T12:00:59.999Z');
    expect(await relay.tick()).toBe(0);
    clock.advanceTo('2026-03-02T12:01:00.000Z');
    expect(await relay.tick()).toBe(1);
  });

  it('goes on with a grace that runs when it begins again, and does not begin it anew', async () => {
    const clock = new HandSetClock(noon);
    const journal = await newJournal();
    await setDeadline(journal, 'd1', '2026-03-02T09:00:00.000Z');
    const bus = embeddedBus(journal, clock);
    const beginGrace = graceOf(clock, 60_000);
    for (const second of ['00', '20', '40']) {
      clock.advanceTo(`2026-03-02T12:00:${second}.000Z`);
      const { relay } = relayOf(journal, bus, { clock, deadlinesFromMs: beginGrace() });
      expect(await relay.tick()).toBe(0);
      await relay.close();
    }
    const { relay } = relayOf(journal, bus, { clock, deadlinesFromMs: beginGrace() });
    clock.advanceTo('2026-03-02T12:01:00.000Z');
    expect(await relay.tick()).toBe(1);
    // It has been away again: the sources may have something to say.
    await setDeadline(journal, 'd2', '2026-03-02T09:00:00.000Z');
    const again = relayOf(journal, bus, { clock, deadlinesFromMs: beginGrace() });
    await relay.close();
    expect(await again.relay.tick()).toBe(0);
  });

  it('sends a failed delivery again at its time, also within the grace', async () => {
    const clock = new HandSetClock(noon);
    const journal = await newJournal();
    await recordFact(journal, 'e1');
    const [row] = await journal.outbox.ready('advance', clock.nowMs(), 1, []);
    const { position = 0, eventId = '', streamId = '' } = row ?? {};
    const of = { deliveryId: 'd', lane: 'lane-2/role', position, eventId, streamId };
    const content = { receiver: 'r', state: 'pending', rendered: '', detail: undefined } as const;
    await journal.deliveries.open([{ ...of, ...content }]);
    await journal.deliveries.recordOutcome({
      deliveryId: 'd',
      endedAt: noon,
      state: 'pending',
      nextAt: noon,
      detail: 'no connection',
      events: [],
    });
    await setDeadline(journal, 'd1', noon);
    const bus = embeddedBus(journal, clock);
    const { relay } = relayOf(journal, bus, { clock, deadlinesFromMs: graceOf(clock, 60_000)() });
    await relay.tick();
    const again = await journal.outbox.ready('dispatch', clock.nowMs(), 10, []);
    expect(again).toMatchObject([{ lane: 'lane-2/role', position }]);
    expect((await journal.status()).deadlines.open).toBe(1);
  });

  it('looks by itself, so that nobody has to ask', async () => {
    const journal = await newJournal();
    await setDeadline(journal, 'd1', '2020-01-01T00:00:00.000Z');
    relayOf(journal, embeddedBus(journal, systemClock), { tickMs: 10 });
    await until(async () => (await journal.outbox.backlog()).advance === 1);
  });

  it('publishes as soon as something is committed', async () => {
    const journal = await newJournal();
    let published = 0;
    const bus = busThatPublishes(journal, async () => {
      published += 1;
      return 0;
    });
    relayOf(journal, bus);
    await until(() => published === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(published).toBe(1);
    await recordFact(journal, 'e1');
    await until(() => published === 2);
  });

  it('never has two looks under way', async () => {
    const journal = await newJournal();
    let inside = 0;
    let most = 0;
    const bus = busThatPublishes(journal, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
      return 1;
    });
    const { relay } = relayOf(journal, bus, { tickMs: 1 });
    const counts = await Promise.all(Array.from({ length: 10 }, () => relay.tick()));
    expect(counts).toEqual(Array(10).fill(1));
    expect(most).toBe(1);
  });

  it('goes on when the bus is away, tells of it, and still releases deadlines', async () => {
    const clock = new HandSetClock(noon);
    const journal = await newJournal();
    let away = true;
    const bus = busThatPublishes(journal, () =>
      away ? Promise.reject(new GatewayError('bus-unavailable', 'away')) : Promise.resolve(7),
    );
    const { relay, troubles } = relayOf(journal, bus, { clock });
    await setDeadline(journal, 'd1', noon);
    expect(await relay.tick()).toBe(1);
    expect(new Set(troubles.map(({ code }) => code))).toEqual(new Set(['bus-unavailable']));
    away = false;
    expect(await relay.tick()).toBe(7);
  });

  it('goes on at once when the bus can be used again, however long it has failed', async () => {
    const journal = await newJournal();
    let looks = 0;
    let mended = (): void => undefined;
    const away = () => {
      looks += 1;
      return Promise.reject(new GatewayError('bus-unavailable', 'away'));
    };
    const bus = busThatPublishes(journal, away, (listener) => {
      mended = listener;
      return () => undefined;
    });
    const { relay } = relayOf(journal, bus);
    // So many failures that it looks again of itself after ten seconds.
    for (let look = 0; look < 10; look += 1) await relay.tick();
    const asked = looks;
    await until(() => looks > asked);
    const before = looks;
    mended();
    // No timer has to fire.
    for (let turn = 0; turn < 100; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(looks).toBe(before + 1);
  });

  it('does nothing more once it is closed', async () => {
    const clock = new HandSetClock('2026-03-02T11:00:00.000Z');
    const journal = await newJournal();
    const { relay } = relayOf(journal, embeddedBus(journal, clock), { clock, tickMs: 5 });
    await setDeadline(journal, 'd1', noon);
    await relay.close();
    clock.advanceTo(noon);
    expect(await relay.tick()).toBe(0);
    expect((await journal.outbox.backlog()).advance).toBe(0);
  });
});
