/**
 * What is looked after while a broker is used: events that it has no longer, and queues that nobody uses any more.
 *
 * The journal knows what was handed over and not handled. Where that stays the same from one look to the next and the
 * broker has nothing waiting in the queue it should be in, the nudge is gone: purged, or dead-lettered after it was in the
 * hands of processes that died. Its row is published anew. One that is in hand all the same is repeated, which is harmless.
 */
import type { ChannelModel } from 'amqplib';
import type { Clock } from '../clock.ts';
import type { Journal, OutboxRow, QueueName } from '../journal/journal.ts';
import { partitionOf } from './partitions.ts';
import { isNotFound, queueNameOf } from './topology.ts';

export interface UpkeepParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly prefix: string;
  /** How many there are. */
  readonly partitions: number;
  /** Time between two looks, in milliseconds of the machine. */
  readonly everyMs: number;
}

export interface Upkeep {
  /** Looks, when it is time. @throws what the broker's library or the journal throws */
  look(model: ChannelModel): Promise<void>;
}

/** Rows looked at: the oldest, for what is lost is among them. */
const rowsAtOnce = 1000;
const queues: readonly QueueName[] = ['advance', 'dispatch'];

export function startUpkeep({ journal, clock, prefix, partitions, everyMs }: UpkeepParts): Upkeep {
  let lookedAtMs = -Infinity;
  /** Attempts by row, as the last look found them. */
  let before = new Map<string, number>();

  async function publishLostAnew(model: ChannelModel): Promise<void> {
    const rows = await journal.outbox.withBroker(rowsAtOnce);
    const unchanged = rows.filter((row) => before.get(keyOf(row)) === row.attempts);
    before = new Map(rows.map((row) => [keyOf(row), row.attempts]));
    if (unchanged.length === 0) return;
    const waiting = new Map<string, boolean>();
    const lost: OutboxRow[] = [];
    for (const row of unchanged) {
      const name = queueNameOf(prefix, row.queue, partitionOf(row.lane, partitions));
      const isWaiting = waiting.get(name) ?? ((await countsOf(model, name))?.messageCount ?? 0) > 0;
      waiting.set(name, isWaiting);
      if (!isWaiting) lost.push(row);
    }
    if (lost.length === 0) return;
    const error = 'the broker has it no longer';
    await journal.outbox.postpone(lost, { nextAtMs: clock.nowMs(), error, excused: false });
  }

  /** Queues of a time with more partitions, or with none. What they hold is published anew to the others. */
  async function removeUnused(model: ChannelModel): Promise<void> {
    for (const queue of queues) {
      const names = [`${prefix}.${queue}`];
      for (let n = partitions; await countsOf(model, queueNameOf(prefix, queue, n)); n += 1) {
        names.push(queueNameOf(prefix, queue, n));
      }
      // From the last on, so that none stands behind a gap and is not found.
      for (const name of names.toReversed()) {
        const counts = await countsOf(model, name);
        if (counts === undefined || counts.consumerCount > 0) continue;
        if (counts.messageCount > 0) await journal.outbox.unpublishAll();
        const channel = await model.createChannel();
        await channel.deleteQueue(name);
        await channel.close();
      }
    }
  }

  return {
    async look(model) {
      if (clock.elapsedMs() - lookedAtMs < everyMs) return;
      lookedAtMs = clock.elapsedMs();
      await removeUnused(model);
      await publishLostAnew(model);
    },
  };
}

/** Messages that wait in a queue and consumers of it; undefined where there is no such queue. */
async function countsOf(
  model: ChannelModel,
  name: string,
): Promise<{ readonly messageCount: number; readonly consumerCount: number } | undefined> {
  const channel = await model.createChannel();
  // The broker closes the channel that asks after what is not there.
  channel.on('error', () => undefined);
  try {
    const counts = await channel.checkQueue(name);
    await channel.close();
    return counts;
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

function keyOf({ queue, position }: OutboxRow): string {
  return `${queue} ${position}`;
}
