/**
 * The embedded bus: the journal's outbox rows are the bus. Nothing is handed over, so nothing can be lost on the way;
 * what is not handled when the process ends is a row at the next start.
 */
import type { Clock } from '../clock.ts';
import type { Journal, QueueName } from '../journal/journal.ts';
import type { Bus, OnTrouble } from './bus.ts';
import { startPump, type Pump, type Source } from './pump.ts';

export interface EmbeddedBusOptions {
  readonly onTrouble?: OnTrouble;
}

/** A bus on the journal's rows. `clock` decides what is due; after setting it by hand, call `wake`. */
export function embeddedBus(
  journal: Journal,
  clock: Clock,
  { onTrouble = () => undefined }: EmbeddedBusOptions = {},
): Bus {
  const pumps: Pump[] = [];
  let takenBack: Promise<unknown> | undefined;
  return {
    form: 'embedded',
    async consume(queue, handle, options) {
      // Rows that were on their way over a broker, when this gateway ran on one, are ours again.
      takenBack ??= journal.outbox.unpublishAll();
      await takenBack;
      const source = rowsOf(journal, clock, queue);
      pumps.push(startPump({ queue, journal, clock, source, handle, options, onTrouble }));
    },
    publishWaiting: () => Promise.resolve(0),
    onUsable: () => () => undefined,
    wake() {
      for (const pump of pumps) pump.wake();
    },
    inHand: () => pumps.reduce((sum, pump) => sum + pump.inHand(), 0),
    async stop() {
      await Promise.all(pumps.map((pump) => pump.stop()));
    },
    close() {
      for (const pump of pumps) pump.close();
      return Promise.resolve();
    },
  };
}

function rowsOf(journal: Journal, clock: Clock, queue: QueueName): Source {
  return {
    async take(lanes, limit, busyLanes) {
      const nowMs = clock.nowMs();
      const postponed = await journal.outbox.postponedLanes(queue, nowMs);
      const dueMs = earliest(postponed.values());
      const excluded = [...busyLanes, ...postponed.keys()];
      const oldest = await journal.outbox.ready(queue, nowMs, Math.min(2 * lanes, limit), excluded);
      const chosen = [...new Set(oldest.map(({ lane }) => lane))].slice(0, lanes);
      if (chosen.length === 0) return { rows: [], dueMs };
      return { rows: await journal.outbox.ofLanes(queue, chosen, limit), dueMs };
    },
    settled: () => undefined,
    rest: () => Promise.resolve(),
  };
}

function earliest(times: Iterable<number>): number | undefined {
  let first: number | undefined;
  for (const time of times) first = first === undefined ? time : Math.min(first, time);
  return first;
}
