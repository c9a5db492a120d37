/** Reads of deliveries. */
import type { Database } from '../embedded/connection.ts';
import type { DeliveryRow, DeliveryState } from '../journal.ts';

const columns = `delivery_id AS deliveryId, lane, position, event_id AS eventId, stream AS streamId,
  receiver, state, attempts, first_attempt_at AS firstAttemptAt, next_at AS nextAt,
  receiver_fault_at AS receiverFaultAt, open_attempt AS openAttempt, rendered, detail`;

interface Row {
  readonly deliveryId: string;
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  readonly receiver: string | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly firstAttemptAt: string | null;
  readonly nextAt: string | null;
  readonly receiverFaultAt: string | null;
  readonly openAttempt: number;
  readonly rendered: string | null;
  readonly detail: string | null;
}

function toDelivery(row: Row): DeliveryRow {
  return {
    ...row,
    receiver: row.receiver ?? undefined,
    firstAttemptAt: row.firstAttemptAt ?? undefined,
    nextAt: row.nextAt ?? undefined,
    receiverFaultAt: row.receiverFaultAt ?? undefined,
    openAttempt: row.openAttempt === 1,
    rendered: row.rendered ?? undefined,
    detail: row.detail ?? undefined,
  };
}

export function prepareDeliveryReads(db: Database) {
  const inLane = db.prepare(
    `SELECT ${columns} FROM deliveries WHERE lane = ? ORDER BY position, sequence`,
  );
  const inState = db.prepare(
    `SELECT ${columns} FROM deliveries WHERE state = ? ORDER BY sequence LIMIT ?`,
  );
  const sentTo = db.prepare(
    `SELECT 1 FROM stays AS s JOIN deliveries AS d ON d.stream = s.stay_id
     WHERE s.process_id = coalesce(
         (SELECT n.process_id FROM former_processes AS f JOIN stays AS n USING (stay_id)
          WHERE f.process_id = ?1 AND NOT EXISTS (SELECT 1 FROM stays WHERE process_id = ?1)), ?1)
       AND d.receiver = ?2 AND d.first_attempt_at IS NOT NULL LIMIT 1`,
  );

  return {
    ofLane(lane: string): readonly DeliveryRow[] {
      const rows: Row[] = inLane.all(lane);
      return rows.map(toDelivery);
    },
    byState(state: DeliveryState, limit: number): readonly DeliveryRow[] {
      const rows: Row[] = inState.all(state, limit);
      return rows.map(toDelivery);
    },
    hasBeenSent(receiver: string, processId: string): boolean {
      return sentTo.get(processId, receiver) !== undefined;
    },
  };
}
