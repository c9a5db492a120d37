/** Time as one more event: what falls due becomes an event, or goes back to its queue. */
import { decisionId } from '../../../process/ids.ts';
import type { Sql, Step } from '../sql.ts';
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
  readonly streamId: string;
  readonly lane: string;
}

export function deadlineWrites(sql: Sql, events: EventLog) {
  const dueDeadlines = sql.prepare(
    `SELECT key, stream AS "streamId", lane, due_at AS "dueAt", data, event,
       times_reached AS "timesReached"
     FROM deadlines AS d
     WHERE state = 'open' AND due_at <= ? AND NOT EXISTS (
       SELECT 1 FROM outbox WHERE queue = 'advance' AND stage < 2 AND lane = d.lane)
     ORDER BY due_at, key LIMIT ?`,
  );
  const markReached = sql.prepare(
    `UPDATE deadlines SET state = 'reached', times_reached = times_reached + 1 WHERE key = ?`,
  );
  // While the row of its last attempt is in hand it waits: that row's end would take the new try with it.
  const dueDeliveries = sql.prepare(
    `SELECT delivery_id AS "deliveryId", position, stream AS "streamId", lane FROM deliveries AS d
     WHERE next_at <= ? AND NOT EXISTS (SELECT 1 FROM outbox
       WHERE queue = 'dispatch' AND stage IN (0, 1) AND position = d.position)
     ORDER BY next_at LIMIT ?`,
  );
  const clearNext = sql.prepare('UPDATE deliveries SET next_at = NULL WHERE delivery_id = ?');

  function* reach(due: DueDeadline, now: string): Step<void> {
    const { streamId, event: type, lane } = due;
    const id = decisionId(`${due.key}|reached`, due.timesReached + 1);
    const body = bodyOf(id, due, now);
    yield* events.add({ streamId, id, type, body, lane, alsoStream: undefined });
    yield* markReached.run(due.key);
  }

  function* tryAgain({ deliveryId, position, streamId, lane }: DueDelivery): Step<void> {
    yield* events.enqueueAgain('dispatch', { position, streamId }, lane);
    yield* clearNext.run(deliveryId);
  }

  return {
    *releaseDue(input: { readonly now: string; readonly deadlines: boolean }): Step<number> {
      const { now } = input;
      // All that is due is read first: an event added below would hold back its lane's other deadlines.
      const deadlines = input.deadlines
        ? yield* dueDeadlines.all<DueDeadline>(now, releaseLimit)
        : [];
      yield* sql.together(deadlines.map((due) => reach(due, now)));
      const deliveries = yield* dueDeliveries.all<DueDelivery>(now, releaseLimit);
      yield* sql.together(deliveries.map(tryAgain));
      return deadlines.length + deliveries.length;
    },
  };
}

function bodyOf(id: string, due: DueDeadline, now: string): string {
  return JSON.stringify({
    id,
    type: due.event,
    occurredAt: due.dueAt,
    recordedAt: now,
    source: { sender: 'hemgang', messageId: due.key },
    causationId: due.key,
    correlationId: due.streamId,
    data: JSON.parse(due.data),
  });
}
