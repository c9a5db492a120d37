/** Reads that show the way of a message, an event or a notice. */
import {
  eventsLookedThrough,
  type PassedAttempt,
  type PassedDelivery,
  type PassedMessage,
  type PendingEvent,
} from '../contract/paths.ts';
import type { Sql, Step } from '../sql.ts';

/** Looked through by one statement: the database ends one that takes too long. */
const eventsAtOnce = 50_000;

/** A row as it is read: what is not there is null. */
type Row<T> = { readonly [K in keyof T]: undefined extends T[K] ? T[K] | null : T[K] };

export function preparePathReads(sql: Sql) {
  const messages = sql.prepare(
    `SELECT message_id AS "messageId", sender, control_id AS "controlId", kind, state,
       received_at AS "receivedAt", stay_id AS "stayId", error_code AS "errorCode"
     FROM messages WHERE message_id IN ${sql.list('?1')} OR control_id IN ${sql.list('?1')}
     ORDER BY sequence`,
  );
  const columns = `delivery_id AS "deliveryId", event_id AS "eventId", stream AS "streamId", receiver,
    state, next_at AS "nextAt"`;
  const delivery = sql.prepare(`SELECT ${columns} FROM deliveries WHERE delivery_id = ?`);
  const deliveries = sql.prepare(
    `SELECT ${columns} FROM deliveries WHERE stream IN ${sql.list('?1')} ORDER BY sequence`,
  );
  const attempts = sql.prepare(
    `SELECT delivery_id AS "deliveryId", number, started_at AS "startedAt", ended_at AS "endedAt",
       state, detail
     FROM attempts WHERE delivery_id IN ${sql.list('?1')} ORDER BY started_at, number`,
  );
  const pending = sql.prepare(
    `SELECT queue, position, event_id AS "eventId", type,
       CASE WHEN stage = 2 THEN 1 ELSE 0 END AS "isDead", attempts, error
     FROM outbox WHERE stream IN ${sql.list('?1')} ORDER BY position`,
  );
  const waitingEvent = sql.prepare('SELECT stream FROM outbox WHERE event_id = ? LIMIT 1');
  const newest = sql.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  const eventBetween = sql.prepare(
    `SELECT stream FROM events
     WHERE position > ?1 AND position <= ?2 AND body ->> 'id' = ?3 LIMIT 1`,
  );

  const toDelivery = ({ receiver, nextAt, ...row }: Row<PassedDelivery>): PassedDelivery => ({
    ...row,
    receiver: receiver ?? undefined,
    nextAt: nextAt ?? undefined,
  });

  return {
    *messages(ids: readonly string[]): Step<readonly PassedMessage[]> {
      const rows = yield* messages.all<Row<PassedMessage>>(JSON.stringify(ids));
      return rows.map(({ sender, controlId, kind, stayId, errorCode, ...row }) => ({
        ...row,
        sender: sender ?? undefined,
        controlId: controlId ?? undefined,
        kind: kind ?? undefined,
        stayId: stayId ?? undefined,
        errorCode: errorCode ?? undefined,
      }));
    },
    *delivery(id: string): Step<PassedDelivery | undefined> {
      const row = yield* delivery.get<Row<PassedDelivery>>(id);
      return row && toDelivery(row);
    },
    *deliveriesOf(streams: readonly string[]): Step<readonly PassedDelivery[]> {
      const rows = yield* deliveries.all<Row<PassedDelivery>>(JSON.stringify(streams));
      return rows.map(toDelivery);
    },
    *attemptsOf(deliveryIds: readonly string[]): Step<readonly PassedAttempt[]> {
      const rows = yield* attempts.all<Row<PassedAttempt>>(JSON.stringify(deliveryIds));
      return rows.map(({ endedAt, state, detail, ...row }) => ({
        ...row,
        endedAt: endedAt ?? undefined,
        state: state ?? undefined,
        detail: detail ?? undefined,
      }));
    },
    *pendingOf(streams: readonly string[]): Step<readonly PendingEvent[]> {
      const rows = yield* pending.all<Row<Omit<PendingEvent, 'isDead'>> & { isDead: number }>(
        JSON.stringify(streams),
      );
      return rows.map(({ isDead, error, ...row }) => ({
        ...row,
        isDead: isDead === 1,
        error: error ?? undefined,
      }));
    },
    *streamOfEvent(id: string, latest = eventsLookedThrough): Step<string | undefined> {
      const waiting = yield* waitingEvent.get<{ stream: string }>(id);
      if (waiting) return waiting.stream;
      const { position: last = 0 } = (yield* newest.get<{ position: number }>()) ?? {};
      const first = Math.max(0, last - latest);
      for (let upTo = last; upTo > first; upTo -= eventsAtOnce) {
        const after = Math.max(first, upTo - eventsAtOnce);
        const found = yield* eventBetween.get<{ stream: string }>(after, upTo, id);
        if (found) return found.stream;
      }
      return undefined;
    },
  };
}
