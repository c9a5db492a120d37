/** Reads of deliveries. */
import { GatewayError } from '../../../errors.ts';
import { deliveryStates } from '../contract/deliveries.ts';
import type { DeliveryHead, DeliveryRow, DeliveryState } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { processNamed } from './process-name.ts';

export const deliveryColumns = `delivery_id AS "deliveryId", lane, position, event_id AS "eventId", stream AS "streamId",
  receiver, state, attempts, first_attempt_at AS "firstAttemptAt", next_at AS "nextAt",
  receiver_fault_at AS "receiverFaultAt", open_attempt AS "openAttempt", rendered, detail, receipt`;

/** A delivery as it is read. */
export interface DeliveryColumns {
  readonly deliveryId: string;
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  readonly receiver: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly firstAttemptAt: string | null;
  readonly nextAt: string | null;
  readonly receiverFaultAt: string | null;
  readonly openAttempt: number;
  readonly rendered: string | null;
  readonly detail: string | null;
  readonly receipt: string | null;
}

type Head = Omit<DeliveryHead, 'state' | 'receiver' | 'firstAttemptAt'> &
  Pick<DeliveryColumns, 'state' | 'receiver' | 'firstAttemptAt'>;

/**
 * A newer program may have put a delivery in a state that this one has never heard of: it must not be taken for another.
 * @throws GatewayError configuration-invalid
 */
function knownState(state: string): DeliveryState {
  const known = deliveryStates.find((one) => one === state);
  if (known !== undefined) return known;
  throw new GatewayError(
    'configuration-invalid',
    `the journal has a delivery in state ${state}, which this program does not know\n  next: start the newer program, and stop this one`,
  );
}

export function toDelivery(row: DeliveryColumns): DeliveryRow {
  return {
    ...row,
    state: knownState(row.state),
    receiver: row.receiver ?? undefined,
    firstAttemptAt: row.firstAttemptAt ?? undefined,
    nextAt: row.nextAt ?? undefined,
    receiverFaultAt: row.receiverFaultAt ?? undefined,
    openAttempt: row.openAttempt === 1,
    rendered: row.rendered ?? undefined,
    detail: row.detail ?? undefined,
    receipt: row.receipt ?? undefined,
  };
}

const toHead = (row: Head): DeliveryHead => ({
  ...row,
  state: knownState(row.state),
  receiver: row.receiver ?? undefined,
  firstAttemptAt: row.firstAttemptAt ?? undefined,
});

export function prepareDeliveryReads(sql: Sql) {
  const inLane = sql.prepare(
    `SELECT ${deliveryColumns} FROM deliveries WHERE lane = ? ORDER BY position, sequence`,
  );
  const inState = sql.prepare(
    `SELECT ${deliveryColumns} FROM deliveries WHERE state = ? ORDER BY sequence LIMIT ?`,
  );
  const byId = sql.prepare(`SELECT ${deliveryColumns} FROM deliveries WHERE delivery_id = ?`);
  const heads = `SELECT sequence AS place, delivery_id AS "deliveryId", lane, position,
       event_id AS "eventId", stream AS "streamId", receiver, state, attempts,
       first_attempt_at AS "firstAttemptAt" FROM deliveries`;
  const later = sql.prepare(`${heads} WHERE sequence > ? ORDER BY sequence LIMIT ?`);
  const laterInState = sql.prepare(
    `${heads} WHERE state = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const sentTo = sql.prepare(
    `SELECT 1 AS sent FROM stays AS s JOIN deliveries AS d ON d.stream = s.stay_id
     WHERE s.process_id = ${processNamed('?1')} AND d.receiver = ?2
       AND d.first_attempt_at IS NOT NULL LIMIT 1`,
  );

  return {
    *ofLane(lane: string): Step<readonly DeliveryRow[]> {
      const rows = yield* inLane.all<DeliveryColumns>(lane);
      return rows.map(toDelivery);
    },
    *named(deliveryId: string): Step<DeliveryRow | undefined> {
      const row = yield* byId.get<DeliveryColumns>(deliveryId);
      return row && toDelivery(row);
    },
    *byState(state: DeliveryState, limit: number): Step<readonly DeliveryRow[]> {
      const rows = yield* inState.all<DeliveryColumns>(state, limit);
      return rows.map(toDelivery);
    },
    *after(place: number, limit: number): Step<readonly DeliveryHead[]> {
      return (yield* later.all<Head>(place, limit)).map(toHead);
    },
    *inState(state: DeliveryState, place: number, limit: number): Step<readonly DeliveryHead[]> {
      return (yield* laterInState.all<Head>(state, place, limit)).map(toHead);
    },
    *hasBeenSent(receiver: string, processId: string): Step<boolean> {
      return (yield* sentTo.get(processId, receiver)) !== undefined;
    },
  };
}
