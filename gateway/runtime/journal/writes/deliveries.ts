/** Deliveries and their attempts: an attempt is committed before anything is sent, its outcome with what follows. */
import { assert } from '../../../errors.ts';
import type { DeliveryState, NewDelivery, SeenDelivery } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { PreparedEnding, PreparedOutcome } from '../writes.ts';
import { streamName, type EventLog } from './events.ts';

export function deliveryWrites(sql: Sql, events: EventLog) {
  const insert = sql.prepare(
    `INSERT INTO deliveries (delivery_id, lane, position, event_id, stream, receiver, state, rendered, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id) DO NOTHING`,
  );
  const countAttempt = sql.prepare(
    `UPDATE deliveries SET attempts = attempts + 1, open_attempt = 1, next_at = NULL,
       first_attempt_at = coalesce(first_attempt_at, ?) WHERE delivery_id = ? AND state = 'pending'`,
  );
  const insertAttempt = sql.prepare(
    `INSERT INTO attempts (delivery_id, number, started_at)
     SELECT delivery_id, attempts, CAST(?1 AS TEXT) FROM deliveries
     WHERE delivery_id = ?2 AND state = 'pending'`,
  );
  // The first fault of the receiver stays on record: a later success does not undo it.
  const settle = sql.prepare(
    `UPDATE deliveries SET state = ?, next_at = ?, open_attempt = 0, detail = ?,
       receiver_fault_at = coalesce(receiver_fault_at, ?) WHERE delivery_id = ?`,
  );
  const endAttempt = sql.prepare(
    `UPDATE attempts SET ended_at = ?, state = ?, detail = ?
     WHERE delivery_id = ? AND ended_at IS NULL`,
  );

  const standsAs = sql.prepare(
    `SELECT state, lane, position, stream AS "streamId" FROM deliveries
     WHERE delivery_id = ? AND open_attempt = 0`,
  );
  const end = sql.prepare(
    `UPDATE deliveries SET state = ?, next_at = NULL, detail = ?, receipt = coalesce(?, receipt),
       receiver_fault_at = coalesce(receiver_fault_at, ?) WHERE delivery_id = ?`,
  );

  const seenAs = sql.prepare(
    `SELECT lane, position, stream AS "streamId" FROM deliveries
     WHERE delivery_id = ? AND state = ? AND attempts = ?`,
  );
  const reopen = sql.prepare(
    `UPDATE deliveries SET state = 'pending', next_at = NULL,
       receiver = coalesce(receiver, CAST(?1 AS TEXT)) WHERE delivery_id = ?2`,
  );

  function open(row: NewDelivery): Step<number> {
    return insert.run(
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

  return {
    *openDeliveries(rows: readonly NewDelivery[]): Step<void> {
      yield* sql.together(rows.map(open));
    },
    *recordAttempt({ deliveryId, startedAt }: NewAttempt): Step<boolean> {
      const [counted] = yield* sql.together([
        countAttempt.run(startedAt, deliveryId),
        insertAttempt.run(startedAt, deliveryId),
      ]);
      return counted === 1;
    },
    *sendAgain({ deliveryId, state, attempts, to }: SeenDelivery): Step<boolean> {
      const row = yield* seenAs.get<{ lane: string; position: number; streamId: string }>(
        deliveryId,
        state,
        attempts,
      );
      if (row === undefined) return false;
      yield* reopen.run(to ?? null, deliveryId);
      yield* events.enqueueAgain('dispatch', row, row.lane);
      return true;
    },
    *conclude(ending: PreparedEnding): Step<boolean> {
      const { deliveryId, from, state, detail, receipt, receiverFaultAt, events: told } = ending;
      const row = yield* standsAs.get<Standing>(deliveryId);
      if (row === undefined || !from.includes(row.state)) return false;
      const streams = new Set(told.map(({ streamId }) => streamId));
      for (const stream of streams) yield* sql.alone(streamName(stream));
      yield* sql.together([
        end.run(state, detail, receipt ?? null, receiverFaultAt ?? null, deliveryId),
        ...told.map((event) => events.add(event)),
      ]);
      yield* events.enqueueAgain('dispatch', row, row.lane);
      return true;
    },
    *recordOutcome(outcome: PreparedOutcome): Step<void> {
      const { deliveryId, state, nextAt, endedAt, detail, receiverFaultAt } = outcome;
      const next = state === 'pending' || state === 'awaited' ? (nextAt ?? null) : null;
      const streams = new Set(outcome.events.map(({ streamId }) => streamId));
      for (const stream of streams) yield* sql.alone(streamName(stream));
      const [settled] = yield* sql.together([
        settle.run(state, next, detail, receiverFaultAt ?? null, deliveryId),
        endAttempt.run(endedAt, state, detail, deliveryId),
        ...outcome.events.map((event) => events.add(event)),
      ]);
      assert(settled === 1, 'an outcome belongs to a delivery that was opened');
    },
  };
}

interface NewAttempt {
  readonly deliveryId: string;
  readonly startedAt: string;
}
interface Standing {
  readonly state: DeliveryState;
  readonly lane: string;
  readonly position: number;
  readonly streamId: string;
}
