/** Steps of an outbox row: waiting, handed to the broker, done, again later, dead letter. */
import type { EventType } from '../../../process/events.ts';
import { queueOf, type OutboxKey } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { Burial, PostponedRows, Publication } from '../writes.ts';
import type { EventLog, EventPlace } from './events.ts';

export function outboxWrites(sql: Sql, events: EventLog) {
  const live = 'queue = ? AND stage IN (0, 1) AND position = ?';
  const publish = sql.prepare(
    `UPDATE outbox SET stage = 1, next_at_ms = NULL
     WHERE queue = ? AND stage = 0 AND position = ? AND (next_at_ms IS NULL OR next_at_ms <= ?)`,
  );
  const unpublish = sql.prepare('UPDATE outbox SET stage = 0 WHERE stage = 1');
  const attempt = sql.prepare(`UPDATE outbox SET attempts = attempts + 1 WHERE ${live}`);
  const finish = sql.prepare(`DELETE FROM outbox WHERE ${live}`);
  const postponeRow = sql.prepare(
    `UPDATE outbox SET stage = 0, next_at_ms = ?, error = ?, excused = excused + ? WHERE ${live}`,
  );
  const buryRow = sql.prepare(
    `UPDATE outbox SET stage = 2, next_at_ms = NULL, error = ? WHERE ${live}`,
  );
  const revive = sql.prepare(
    `UPDATE outbox SET stage = 0, attempts = 0, excused = 0, next_at_ms = NULL, error = NULL
     WHERE queue = ? AND stage = 2 AND position = ?`,
  );
  // An event that another stream reads may be in its queue for that one; a queue has each event once.
  const typesOf = sql.prepare(
    `SELECT position, stream AS "streamId", type FROM events
       WHERE stream = ?1 AND also_stream IS NULL
     UNION SELECT position, stream, type FROM events WHERE also_stream = ?1
     ORDER BY position DESC`,
  );

  function* each(rows: readonly OutboxKey[], change: (row: OutboxKey) => Step<number>): Step<void> {
    yield* sql.together(rows.map(change));
  }

  return {
    published: ({ rows, nowMs }: Publication) =>
      each(rows, ({ queue, position }) => publish.run(queue, position, nowMs)),
    *unpublishAll(): Step<number> {
      const changes = yield* unpublish.run();
      if (changes > 0) events.markAddedOutbox();
      return changes;
    },
    attempted: (rows: readonly OutboxKey[]) =>
      each(rows, ({ queue, position }) => attempt.run(queue, position)),
    done: (rows: readonly OutboxKey[]) =>
      each(rows, ({ queue, position }) => finish.run(queue, position)),
    postpone({ rows, until: { nextAtMs, error, excused } }: PostponedRows): Step<void> {
      const count = excused ? 1 : 0;
      return each(rows, ({ queue, position }) =>
        postponeRow.run(nextAtMs, error, count, queue, position),
      );
    },
    bury: ({ rows, error }: Burial) =>
      each(rows, ({ queue, position }) => buryRow.run(error, queue, position)),
    *nudge({
      streamId,
      lane,
    }: {
      readonly streamId: string;
      readonly lane: string;
    }): Step<boolean> {
      const rows = yield* typesOf.all<EventPlace & { type: EventType }>(streamId);
      const last = rows.find(({ type }) => queueOf(type) === 'advance');
      if (last) yield* events.enqueueAgain('advance', last, lane);
      return last !== undefined;
    },
    *redrive({ queue, position }: OutboxKey): Step<boolean> {
      const revived = (yield* revive.run(queue, position)) > 0;
      if (revived) events.markAddedOutbox();
      return revived;
    },
  };
}
