/** Steps of an outbox row: waiting, handed to the broker, done, again later, dead letter. */
import type { EventType } from '../../../process/events.ts';
import { queueOf, type OutboxKey, type QueueName } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import type { Burial, PostponedRows, Publication } from '../writes.ts';
import type { EventLog, EventPlace } from './events.ts';

export function outboxWrites(sql: Sql, events: EventLog) {
  const live = `queue = ?1 AND stage IN (0, 1) AND position IN ${sql.numbers('?2')}`;
  const publish = sql.prepare(
    `UPDATE outbox SET stage = 1, next_at_ms = NULL
     WHERE queue = ?1 AND stage = 0 AND position IN ${sql.numbers('?2')}
       AND (next_at_ms IS NULL OR next_at_ms <= ?3)`,
  );
  const unpublish = sql.prepare('UPDATE outbox SET stage = 0 WHERE stage = 1');
  const attempt = sql.prepare(`UPDATE outbox SET attempts = attempts + 1 WHERE ${live}`);
  const finish = sql.prepare(`DELETE FROM outbox WHERE ${live}`);
  const postponeRows = sql.prepare(
    `UPDATE outbox SET stage = 0, next_at_ms = ?3, error = ?4, excused = excused + ?5 WHERE ${live}`,
  );
  const buryRows = sql.prepare(
    `UPDATE outbox SET stage = 2, next_at_ms = NULL, error = ?3 WHERE ${live}`,
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

  /** One statement a queue, however many rows. @param change is given the positions as JSON */
  function* ofEachQueue(
    rows: readonly OutboxKey[],
    change: (queue: QueueName, positions: string) => Step<number>,
  ): Step<void> {
    const positions = new Map<QueueName, number[]>();
    for (const { queue, position } of rows) {
      const known = positions.get(queue);
      if (known) known.push(position);
      else positions.set(queue, [position]);
    }
    yield* sql.together([...positions].map(([queue, all]) => change(queue, JSON.stringify(all))));
  }

  return {
    published: ({ rows, nowMs }: Publication) =>
      ofEachQueue(rows, (queue, positions) => publish.run(queue, positions, nowMs)),
    *unpublishAll(): Step<number> {
      const changes = yield* unpublish.run();
      if (changes > 0) events.markAddedOutbox();
      return changes;
    },
    attempted: (rows: readonly OutboxKey[]) =>
      ofEachQueue(rows, (queue, positions) => attempt.run(queue, positions)),
    done: (rows: readonly OutboxKey[]) =>
      ofEachQueue(rows, (queue, positions) => finish.run(queue, positions)),
    postpone({ rows, until: { nextAtMs, error, excused } }: PostponedRows): Step<void> {
      const count = excused ? 1 : 0;
      return ofEachQueue(rows, (queue, positions) =>
        postponeRows.run(queue, positions, nextAtMs, error, count),
      );
    },
    bury: ({ rows, error }: Burial) =>
      ofEachQueue(rows, (queue, positions) => buryRows.run(queue, positions, error)),
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
