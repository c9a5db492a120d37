/**
 * The embedded bus: the journal's outbox rows are the bus. Nothing is handed over, so nothing can be lost on the way;
 * what is not handled when the process ends is a row at the next start.
 */
import type { Clock } from '../clock.ts';
import type { Journal, OutboxRow, QueueName } from '../journal/journal.ts';
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
      const excluded = [...busyLanes, ...postponed.keys()];
      const rows = await journal.outbox.ready(queue, nowMs, limit, excluded);
      return { rows: ofFirstLanes(rows, lanes), dueMs: earliest(postponed.values()) };
    },
    settled: () => undefined,
  };
}

/** The rows of the first `lanes` lanes; the others stay for the next page. */
function ofFirstLanes(rows: readonly OutboxRow[], lanes: number): readonly OutboxRow[] {
  const chosen = new Set<string>();
  return rows.filter(({ lane }) => {
    if (chosen.size < lanes) chosen.add(lane);
    return chosen.has(lane);
  });
}

function earliest(times: Iterable<number>): number | undefined {
  let first: number | undefined;
  for (const time of times) first = first === undefined ? time : Math.min(first, time);
  return first;
}
