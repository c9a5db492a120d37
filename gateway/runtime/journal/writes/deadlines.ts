/** Time as one more event: what falls due becomes an event, or goes back to its queue. */
import { decisionId } from '../../../process/ids.ts';
import type { Database } from '../embedded/connection.ts';
import type { EventLog } from './events.ts';

/** Rows released in one call, so that a release never holds the writer for long. */
const releaseLimit = 500;

interface DueDeadline {
  readonly key: string;
  readonly streamId: string;
  readonly lane: string;
  readonly dueAt: string;
  readonly data: string;
  readonly event: 'deadline.reached' | 'deadline.nearing';
  readonly timesReached: number;
}
interface DueDelivery {
  readonly deliveryId: string;
  readonly position: number;
  readonly lane: string;
}

export function deadlineWrites(db: Database, events: EventLog) {
  const dueDeadlines = db.prepare(
    `SELECT key, stream AS streamId, lane, due_at AS dueAt, data, event,
       times_reached AS timesReached
     FROM deadlines AS d
     WHERE state = 'open' AND due_at <= ? AND NOT EXISTS (
       SELECT 1 FROM outbox WHERE queue = 'advance' AND stage < 2 AND lane = d.lane)
     ORDER BY due_at, key LIMIT ?`,
  );
  const reach = db.prepare(
    `UPDATE deadlines SET state = 'reached', times_reached = times_reached + 1 WHERE key = ?`,
  );
  const dueDeliveries = db.prepare(
    `SELECT delivery_id AS deliveryId, position, lane FROM deliveries
     WHERE next_at <= ? ORDER BY next_at LIMIT ?`,
  );
  const clearNext = db.prepare('UPDATE deliveries SET next_at = NULL WHERE delivery_id = ?');

  return {
    releaseDue(input: { readonly now: string; readonly deadlines: boolean }): number {
      const { now } = input;
      // All that is due is read first: an event added below would hold back its lane's other deadlines.
      const deadlines: DueDeadline[] = input.deadlines ? dueDeadlines.all(now, releaseLimit) : [];
      for (const due of deadlines) {
        events.add({
          streamId: due.streamId,
          type: due.event,
          body: bodyOf(due, now),
          lane: due.lane,
          alsoStream: undefined,
        });
        reach.run(due.key);
      }
      const deliveries: DueDelivery[] = dueDeliveries.all(now, releaseLimit);
      for (const { deliveryId, position, lane } of deliveries) {
        events.enqueueAgain('dispatch', position, lane);
        clearNext.run(deliveryId);
      }
      return deadlines.length + deliveries.length;
    },
  };
}

function bodyOf(due: DueDeadline, now: string): string {
  return JSON.stringify({
    id: decisionId(`${due.key}|reached`, due.timesReached + 1),
    type: due.event,
    occurredAt: due.dueAt,
    recordedAt: now,
    source: { sender: 'hemgang', messageId: due.key },
    causationId: due.key,
    correlationId: due.streamId,
    data: JSON.parse(due.data),
  });
}
