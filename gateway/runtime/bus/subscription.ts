/**
 * The messages of one broker queue as a source for the pump. A message is a nudge for its lane: which rows the lane
 * has, and in which order, the journal says. So a lane keeps its order whatever the broker repeats, loses or delays.
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
import type { OnTrouble } from './bus.ts';
import type { Source } from './pump.ts';
import { asBusUnavailable } from './publisher.ts';

export interface SubscriptionParts {
  readonly queue: QueueName;
  /** The broker's name of the queue. */
  readonly brokerQueue: string;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Messages the broker may have with us, not yet acknowledged. */
  readonly prefetch: number;
  /** Called when messages have come. */
  readonly onMessages: () => void;
  /** Called when this channel is of no more use while its connection lives: the connection has to be made anew. */
  readonly onLost: (model: ChannelModel) => void;
  readonly onTrouble: OnTrouble;
}

export interface Subscription extends Source {
  /** Consumes on a new connection; what came on an old one is forgotten, for the broker sends it again. */
  attach(model: ChannelModel): Promise<void>;
  /** Takes no more messages. */
  cancel(): Promise<void>;
  /** Messages here, not yet acknowledged. */
  held(): number;
}

const headers = z.object({ position: z.int().min(1), lane: z.string().min(1).max(300) });

/** One message here, and where its acknowledgement goes. */
interface Held {
  readonly position: number;
  readonly acknowledge: () => void;
}

/** The subscription of one queue; it delivers nothing until attached. */
export function subscriptionOf(parts: SubscriptionParts): Subscription {
  const { queue, brokerQueue, journal, clock, onTrouble } = parts;
  /** By lane, in order of arrival. */
  const lanes = new Map<string, Held[]>();
  let current: { readonly channel: Channel; readonly consumerTag: string } | undefined;

  function receive(channel: Channel, message: ConsumeMessage): void {
    const read = headers.safeParse(message.properties.headers);
    if (!read.success) {
      channel.nack(message, false, false);
      onTrouble(
        new GatewayError('malformed-message', `a message on ${brokerQueue} is not one of ours`),
        { queue, deadLetter: true },
      );
      return;
    }
    const { position, lane } = read.data;
    const held = { position, acknowledge: () => acknowledge(channel, message) };
    const waiting = lanes.get(lane);
    if (waiting === undefined) lanes.set(lane, [held]);
    else waiting.push(held);
    parts.onMessages();
  }

  /** Acknowledges and forgets the messages of a lane that are settled. */
  function release(lane: string, isSettled: (message: Held) => boolean): void {
    const left = (lanes.get(lane) ?? []).filter((message) => {
      if (!isSettled(message)) return true;
      message.acknowledge();
      return false;
    });
    if (left.length > 0) lanes.set(lane, left);
    else lanes.delete(lane);
  }

  async function attach(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    const mine = { channel, consumerTag: newId() };
    current = mine;
    lanes.clear();
    channel.on('error', (error) => onTrouble(asBusUnavailable(error), { queue }));
    channel.on('close', () => {
      if (current !== mine) return;
      current = undefined;
      lanes.clear();
      parts.onLost(model);
    });
    await channel.prefetch(parts.prefetch);
    await channel.consume(
      brokerQueue,
      (message) => {
        if (current !== mine) return;
        if (message !== null) receive(channel, message);
        // The broker cancelled us: the queue was deleted, or its node went.
        else parts.onLost(model);
      },
      { consumerTag: mine.consumerTag },
    );
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
      if (waiting.length > 0) {
        const error = 'waits for an earlier event';
        await journal.outbox.postpone(waiting, { nextAtMs: waitUntilMs, error, excused: false });
      }
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
    attach,

    async take(laneLimit, limit, busyLanes) {
      const busy = new Set(busyLanes);
      const chosen = [...lanes.keys()].filter((lane) => !busy.has(lane)).slice(0, laneLimit);
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
      if (current !== undefined) await current.channel.cancel(current.consumerTag);
    },
    held: () => [...lanes.values()].reduce((sum, messages) => sum + messages.length, 0),
  };
}

/** On a channel that is gone there is nothing to acknowledge: the broker sends the message again, and it is settled. */
function acknowledge(channel: Channel, message: ConsumeMessage): void {
  try {
    channel.ack(message);
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
