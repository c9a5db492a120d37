/** The middle of a gateway for tests: a journal, a bus and its relay, and what became of events. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { v7 } from 'uuid';
import { afterEach, expect } from 'vitest';
import type { GatewayError } from '../../gateway/errors.ts';
import type { Bus, ConsumeOptions, Delivery, Handle } from '../../gateway/runtime/bus/bus.ts';
import { embeddedBus } from '../../gateway/runtime/bus/embedded.ts';
import { everyPartition, partitionOf } from '../../gateway/runtime/bus/partitions.ts';
import { rabbitMqBus, type RabbitMqBusOptions } from '../../gateway/runtime/bus/rabbitmq.ts';
import { queueNameOf } from '../../gateway/runtime/bus/topology.ts';
import { systemClock, type Clock } from '../../gateway/runtime/clock.ts';
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import type { Journal, NewEvent } from '../../gateway/runtime/journal/journal.ts';
import { startRelay, type Relay } from '../../gateway/runtime/relay.ts';
import { brokerUrl, removeTopology, testPartitions } from './broker.ts';
import type { JournalForm, JournalPlace } from './journal-forms.ts';

export const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface House {
  readonly journal: Journal;
  readonly bus: Bus;
  readonly relay: Relay;
  readonly troubles: GatewayError[];
  /** Ends everything without waiting for what is in hand, as a crash would. */
  abandon(): Promise<void>;
}
export interface Place {
  readonly form: 'embedded' | 'rabbitmq';
  readonly folder: string;
  readonly prefix: string;
  /** Where its journal lies, unless that is a file in the folder. */
  readonly journal?: JournalPlace;
}

/** @param journal the form of its journal; embedded unless given */
export async function newPlace(form: Place['form'], journal?: JournalForm): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'hemgang-bus-'));
  const prefix = `test-${v7()}`;
  closing.push(() => rm(folder, { recursive: true, force: true }));
  if (form === 'rabbitmq') closing.push(() => removeTopology(prefix));
  if (journal === undefined || journal.name === 'embedded') return { form, folder, prefix };
  const place = journal.place(folder);
  closing.push(() => place.remove());
  return { form, folder, prefix, journal: place };
}

export async function openHouse(
  place: Place,
  {
    clock = systemClock,
    broker = {},
    shared,
    syncDelayMs = 0,
    disturb = (journal) => journal,
  }: {
    clock?: Clock;
    /** Of the broker's form, where it is not as usual. */
    broker?: Partial<RabbitMqBusOptions>;
    /** The journal of another house: two instances. */
    shared?: Journal;
    /** As on a slower disk. */
    syncDelayMs?: number;
    disturb?: (journal: Journal) => Journal;
  } = {},
): Promise<House> {
  const journal = disturb(
    shared ??
      (await (place.journal?.open() ??
        openEmbeddedJournal({ folder: place.folder, limits: { syncDelayMs } }))),
  );
  const troubles: GatewayError[] = [];
  const onTrouble = (error: GatewayError) => troubles.push(error);
  const bus =
    place.form === 'embedded'
      ? embeddedBus(journal, clock, { onTrouble })
      : rabbitMqBus(journal, clock, {
          address: { url: brokerUrl },
          prefix: place.prefix,
          partitions: everyPartition(testPartitions),
          onTrouble,
          ...broker,
        });
  const relay = startRelay({ journal, bus, clock, tickMs: 20, onTrouble });
  let abandoned: Promise<void> | undefined;
  const abandon = () => {
    abandoned ??= (async () => {
      await relay.close();
      await bus.close();
      if (shared === undefined) await journal.close();
    })();
    return abandoned;
  };
  closing.push(abandon);
  return { journal, bus, relay, troubles, abandon };
}

export const quick: ConsumeOptions = { lanes: 4, attemptLimit: 3, retryDelaysMs: [5] };

/** A fact for `advance`, a notice for `dispatch`, and an event that goes nowhere. */
export const fact = { type: 'need.withdrawn', data: {} } as const;
export const notice = {
  type: 'notice.issued',
  data: {
    key: 'k',
    revision: 1,
    obligation: 'admission-notice',
    occasion: 'o',
    role: 'social-services',
    content: {},
    reference: '2 kap. 1 §',
  },
} as const;
export const atRest = {
  type: 'settlement.opened',
  data: { county: '01', municipality: '0180', month: '2026-03' },
} as const;

export function eventOf(
  lane: string,
  id: string,
  what: typeof fact | typeof notice | typeof atRest = fact,
): NewEvent {
  const envelope = {
    id,
    occurredAt: '2026-03-02T10:00:00.000Z',
    recordedAt: '2026-03-02T10:00:01.000Z',
    source: { sender: 'ekliden', messageId: 'm-1' },
    causationId: 'm-1',
    correlationId: 'm-1',
  };
  return { streamId: `stay-of-${lane}`, body: { ...envelope, ...what }, lane };
}

/** Records one event per id, in order, in one lane. */
export async function happen(journal: Journal, lane: string, ...ids: string[]): Promise<void> {
  await append(
    journal,
    ids.map((id) => eventOf(lane, id)),
  );
}

export async function append(journal: Journal, events: NewEvent[]): Promise<void> {
  const outcome = await journal.append({
    expected: [],
    events,
    setDeadlines: [],
    closeDeadlines: [],
  });
  expect(outcome).toBe('appended');
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A door handlers wait at until it is opened. */
export function door(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export interface Call {
  readonly lane: string;
  readonly ids: readonly string[];
  readonly attempts: readonly number[];
}

/** Keeps every call; `then` decides how it ends. */
export function recorder(then: (call: Call) => Promise<void> | void = () => undefined) {
  const calls: Call[] = [];
  const handle: Handle = async (lane, deliveries: readonly Delivery[]) => {
    const call = {
      lane,
      ids: deliveries.map(({ eventId }) => eventId),
      attempts: deliveries.map(({ attempt }) => attempt),
    };
    calls.push(call);
    await then(call);
  };
  return { calls, handle, ids: () => calls.flatMap(({ ids }) => ids) };
}

export const nothingWaits = (journal: Journal) => async () =>
  (await journal.outbox.backlog()).advance === 0 && (await journal.outbox.backlog()).dispatch === 0;

export type Channel = Awaited<ReturnType<ChannelModel['createChannel']>>;

export async function withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
  const model = await connect(brokerUrl);
  try {
    return await work(await model.createChannel());
  } finally {
    await model.close();
  }
}

/** The broker's queue for the facts of a lane. */
export function advanceQueueOf({ prefix }: Place, lane: string): string {
  return queueNameOf(prefix, 'advance', partitionOf(lane, testPartitions));
}

/** Takes one message out of a broker queue, by consuming: a queue with a single active consumer is not asked otherwise. */
export async function messageOf(queue: string): Promise<ConsumeMessage> {
  return await withChannel(
    (channel) =>
      new Promise((resolve, reject) => {
        const take = (message: ConsumeMessage | null) =>
          message === null ? reject(new Error('the queue went')) : resolve(message);
        channel.consume(queue, take, { noAck: true }).catch(reject);
      }),
  );
}
