/**
 * The messages of one queue, of all its partitions that this instance holds, as a source for the pump. A message is a
 * nudge for its lane: which rows the lane has, and in which order, the journal says. So a lane keeps its order whatever
 * the broker repeats, loses or delays.
 */
import {
  IllegalOperationError,
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
} from 'amqplib';
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { Journal, Outbox, OutboxRow, QueueName } from '../journal/journal.ts';
import { asBusError } from './broker-error.ts';
import type { OnTrouble } from './bus.ts';
import type { BusCounts } from './figures.ts';
import { partitionOf, type Partitions } from './partitions.ts';
import type { Source } from './pump.ts';

export interface SubscriptionParts {
  readonly queue: QueueName;
  /** The broker's name of the queue of a partition. */
  readonly nameOf: (partition: number) => string;
  readonly partitions: Pick<Partitions, 'count' | 'held'>;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Messages of one partition that the broker may have with us, not yet acknowledged. */
  readonly prefetch: number;
  readonly counts: BusCounts;
  /** Called when messages have come. */
  readonly onMessages: () => void;
  /** Called when this channel is of no more use while its connection lives: the connection has to be made anew. */
  readonly onLost: (model: ChannelModel) => void;
  readonly onTrouble: OnTrouble;
}

export interface Subscription extends Source {
  /** Consumes on a new connection; what came on an old one is forgotten, for the broker sends it again. */
  attach(model: ChannelModel): Promise<void>;
  /**
   * Consumes from the partitions that are held and takes no more from others.
   * @returns those it consumed from and does no longer: to be given back when nothing of them is in hand
   */
  follow(): Promise<ReadonlySet<number>>;
  /** Hands to the broker, for whoever holds them, the messages of partitions that are held no more. */
  giveBack(partitions: ReadonlySet<number>): void;
  /** Takes no more messages. */
  cancel(): Promise<void>;
  /** Messages here, not yet acknowledged. */
  held(): number;
  /** Partitions consumed from. */
  consumers(): number;
}

const headers = z.object({ position: z.int().min(1), lane: z.string().min(1).max(300) });

/** One message here, and where its answer goes. */
interface Held {
  readonly position: number;
  readonly partition: number;
  readonly acknowledge: () => void;
  readonly requeue: () => void;
}

interface Attached {
  readonly model: ChannelModel;
  readonly channel: Channel;
  /** Consumer tag by partition. */
  readonly tags: Map<number, string>;
}

/** The subscription of one queue; it delivers nothing until attached. */
export function subscriptionOf(parts: SubscriptionParts): Subscription {
  const { queue, partitions, journal, clock, counts, onTrouble } = parts;
  /** By lane, in order of arrival. */
  const lanes = new Map<string, Held[]>();
  let current: Attached | undefined;
  let isCancelled = false;
  let isResting = false;
  /** One change of what is consumed at a time. */
  let changing: Promise<unknown> = Promise.resolve();
  const wanted = (): ReadonlySet<number> =>
    isCancelled || isResting ? new Set() : partitions.held();
  const isOurs = (lane: string): boolean =>
    partitions.held().has(partitionOf(lane, partitions.count));

  function receive(channel: Channel, partition: number, message: ConsumeMessage): void {
    counts.taken += 1;
    if (message.fields.redelivered) counts.redelivered += 1;
    const read = headers.safeParse(message.properties.headers);
    if (!read.success) {
      counts.strange += 1;
      channel.nack(message, false, false);
      const what = `a message on ${parts.nameOf(partition)} is not one of ours`;
      onTrouble(new GatewayError('malformed-message', what), { queue, deadLetter: true });
      return;
    }
    const { position, lane } = read.data;
    const held: Held = {
      position,
      partition,
      acknowledge: () => onLiveChannel(() => channel.ack(message)),
      requeue: () => onLiveChannel(() => channel.nack(message, false, true)),
    };
    if (partitionOf(lane, partitions.count) !== partition) {
      void moveOn(held);
      return;
    }
    const waiting = lanes.get(lane);
    if (waiting === undefined) lanes.set(lane, [held]);
    else waiting.push(held);
    parts.onMessages();
  }

  /** It was published when there were more or fewer partitions: its row is published anew, to the right one. */
  async function moveOn({ position, acknowledge, requeue }: Held): Promise<void> {
    try {
      await publishAnew([{ queue, position }], clock.nowMs(), 'the number of partitions changed');
      acknowledge();
    } catch {
      requeue();
    }
  }

  async function publishAnew(
    rows: readonly { readonly queue: QueueName; readonly position: number }[],
    nextAtMs: number,
    error: string,
  ): Promise<void> {
    if (rows.length > 0) await journal.outbox.postpone(rows, { nextAtMs, error, excused: false });
  }

  /** Answers and forgets the messages of a lane that are settled. */
  function release(
    lane: string,
    isSettled: (message: Held) => boolean,
    answer: (message: Held) => void = ({ acknowledge }) => acknowledge(),
  ): void {
    const left = (lanes.get(lane) ?? []).filter((message) => {
      if (!isSettled(message)) return true;
      answer(message);
      return false;
    });
    if (left.length > 0) lanes.set(lane, left);
    else lanes.delete(lane);
  }

  /** What is consumed changes in turn: a second change sees what the first has done. */
  async function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = changing.then(change);
    changing = mine.catch(() => undefined);
    return await mine;
  }

  async function open(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    const mine: Attached = { model, channel, tags: new Map() };
    current = mine;
    lanes.clear();
    channel.on('error', (error) => onTrouble(asBusError(error), { queue }));
    channel.on('close', () => {
      if (current !== mine) return;
      current = undefined;
      lanes.clear();
      parts.onLost(model);
    });
    await channel.prefetch(parts.prefetch);
    for (const partition of wanted()) await consume(mine, partition);
  }

  async function consume(mine: Attached, partition: number): Promise<void> {
    const consumerTag = newId();
    mine.tags.set(partition, consumerTag);
    await mine.channel.consume(
      parts.nameOf(partition),
      (message) => {
        if (current !== mine) return;
        if (message !== null) receive(mine.channel, partition, message);
        // The broker cancelled us: the queue was deleted, or its node went.
        else parts.onLost(mine.model);
      },
      { consumerTag },
    );
  }

  async function align(): Promise<ReadonlySet<number>> {
    const mine = current;
    if (mine === undefined) return new Set();
    const all = wanted();
    const lost = new Set<number>();
    for (const [partition, tag] of mine.tags) {
      if (all.has(partition)) continue;
      mine.tags.delete(partition);
      lost.add(partition);
      await mine.channel.cancel(tag);
    }
    for (const partition of all) {
      if (!mine.tags.has(partition)) await consume(mine, partition);
    }
    return lost;
  }

  /** What of one nudged lane may be handled now; the rest is released. */
  async function rowsOf(lane: string, nudges: ReadonlySet<Held>, found: Found): Promise<Rows> {
    const rows = found.rows.filter((row) => row.lane === lane);
    const nowMs = clock.nowMs();
    const waitUntilMs = Math.max(0, ...rows.map(({ nextAtMs }) => nextAtMs ?? 0));
    if (waitUntilMs > nowMs) {
      // An earlier event of the lane is postponed: what came now waits with it, and the relay publishes it anew.
      const postponed = new Set(rows.filter((row) => (row.nextAtMs ?? 0) > nowMs).map(positionOf));
      const waiting = [...new Set([...nudges].map(positionOf))]
        .filter((position) => !postponed.has(position))
        .map((position) => ({ queue, position }));
      await publishAnew(waiting, waitUntilMs, 'waits for an earlier event');
      release(lane, (message) => nudges.has(message));
      return [];
    }
    const live = new Set(rows.map(positionOf));
    // Handled or given up already: the broker repeated itself.
    release(
      lane,
      (message) =>
        nudges.has(message) && message.position <= found.upTo && !live.has(message.position),
    );
    return rows;
  }

  return {
    attach: (model) => inTurn(() => open(model)),

    follow: () => inTurn(align),

    giveBack(lost) {
      const isLost = ({ partition }: Held): boolean =>
        lost.has(partition) && !partitions.held().has(partition);
      for (const lane of lanes.keys()) release(lane, isLost, ({ requeue }) => requeue());
    },

    async rest(busyLanes) {
      if (!isResting) {
        isResting = true;
        await inTurn(align);
      }
      // A broker closes the channel of who keeps a message too long: RabbitMQ after half an hour.
      const busy = new Set(busyLanes);
      const isHere = (): boolean => true;
      for (const lane of lanes.keys()) {
        if (!busy.has(lane)) release(lane, isHere, ({ requeue }) => requeue());
      }
    },

    async take(laneLimit, limit, busyLanes) {
      if (isResting) {
        isResting = false;
        await inTurn(align);
      }
      const busy = new Set(busyLanes);
      const chosen = [...lanes.keys()]
        .filter((lane) => !busy.has(lane) && isOurs(lane))
        .slice(0, laneLimit);
      if (chosen.length === 0) return { rows: [] };
      const nudges = new Map(chosen.map((lane) => [lane, new Set(lanes.get(lane))]));
      const rows = await journal.outbox.ofLanes(queue, chosen, limit);
      const upTo = rows.length < limit ? Infinity : Math.max(...rows.map(positionOf));
      const ready: OutboxRow[] = [];
      for (const [lane, messages] of nudges) {
        ready.push(...(await rowsOf(lane, messages, { rows, upTo })));
      }
      // Nothing in these lanes; there may be something in the next ones.
      if (ready.length === 0) parts.onMessages();
      return { rows: ready };
    },

    settled(rows) {
      const [first] = rows;
      if (first === undefined) return;
      const positions = new Set(rows.map(positionOf));
      release(first.lane, (message) => positions.has(message.position));
    },

    async cancel() {
      isCancelled = true;
      await inTurn(align);
    },
    held: () => [...lanes.values()].reduce((sum, messages) => sum + messages.length, 0),
    consumers: () => current?.tags.size ?? 0,
  };
}

/** On a channel that is gone there is nothing to answer: the broker sends the message again, and it is settled. */
function onLiveChannel(answer: () => void): void {
  try {
    answer();
  } catch (thrown) {
    if (!(thrown instanceof IllegalOperationError)) throw thrown;
  }
}

type Rows = readonly OutboxRow[];

/** What the journal has of the nudged lanes; complete up to a position. */
interface Found {
  readonly rows: Awaited<ReturnType<Outbox['ofLanes']>>;
  readonly upTo: number;
}

function positionOf({ position }: { readonly position: number }): number {
  return position;
}
