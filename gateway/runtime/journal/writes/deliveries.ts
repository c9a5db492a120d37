/** Deliveries and their attempts: an attempt is committed before anything is sent, its outcome with what follows. */
import { assert } from '../../../errors.ts';
import type { Database } from '../embedded/connection.ts';
import type { NewDelivery } from '../journal.ts';
import type { PreparedOutcome } from '../writes.ts';
import type { EventLog } from './events.ts';

export function deliveryWrites(db: Database, events: EventLog) {
  const insert = db.prepare(
    `INSERT INTO deliveries (delivery_id, lane, position, event_id, stream, receiver, state, rendered, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id) DO NOTHING`,
  );
  const countAttempt = db.prepare(
    `UPDATE deliveries SET attempts = attempts + 1, open_attempt = 1, next_at = NULL,
       first_attempt_at = coalesce(first_attempt_at, ?) WHERE delivery_id = ?`,
  );
  const insertAttempt = db.prepare(
    `INSERT INTO attempts (delivery_id, number, started_at)
     SELECT delivery_id, attempts, ? FROM deliveries WHERE delivery_id = ?`,
  );
  // The first fault of the receiver stays on record: a later success does not undo it.
  const settle = db.prepare(
    `UPDATE deliveries SET state = ?, next_at = ?, open_attempt = 0, detail = ?,
       receiver_fault_at = coalesce(receiver_fault_at, ?) WHERE delivery_id = ?`,
  );
  const endAttempt = db.prepare(
    `UPDATE attempts SET ended_at = ?, state = ?, detail = ?
     WHERE delivery_id = ? AND ended_at IS NULL`,
  );

  return {
    openDeliveries(rows: readonly NewDelivery[]): void {
      for (const row of rows) {
        insert.run(
          row.deliveryId,
          row.lane,
          row.position,
          row.eventId,
          row.streamId,
          row.receiver ?? null,
          row.state,
          row.rendered ?? null,
          row.detail ?? null,
        );
      }
    },
    recordAttempt({ deliveryId, startedAt }: { deliveryId: string; startedAt: string }): void {
      const { changes } = countAttempt.run(startedAt, deliveryId);
      assert(changes === 1, 'an attempt belongs to a delivery that was opened');
      insertAttempt.run(startedAt, deliveryId);
    },
    recordOutcome(outcome: PreparedOutcome): void {
      const { deliveryId, state, nextAt, endedAt, detail, receiverFaultAt } = outcome;
      const next = state === 'pending' ? (nextAt ?? null) : null;
      const { changes } = settle.run(state, next, detail, receiverFaultAt ?? null, deliveryId);
      assert(changes === 1, 'an outcome belongs to a delivery that was opened');
      endAttempt.run(endedAt, state, detail, deliveryId);
      for (const event of outcome.events) events.add(event);
    },
  };
}
