/** Steps of an outbox row: waiting, handed to the broker, done, again later, dead letter. */
import type { Database } from '../embedded/connection.ts';
import type { EventType } from '../../../process/events.ts';
import { queueOf, type OutboxKey } from '../journal.ts';
import type { Burial, PostponedRows, Publication } from '../writes.ts';
import type { EventLog } from './events.ts';

export function outboxWrites(db: Database, events: EventLog) {
  const live = 'queue = ? AND stage IN (0, 1) AND position = ?';
  const publish = db.prepare(
    `UPDATE outbox SET stage = 1, next_at_ms = NULL
     WHERE queue = ? AND stage = 0 AND position = ? AND (next_at_ms IS NULL OR next_at_ms <= ?)`,
  );
  const unpublish = db.prepare('UPDATE outbox SET stage = 0 WHERE stage = 1');
  const attempt = db.prepare(`UPDATE outbox SET attempts = attempts + 1 WHERE ${live}`);
  const finish = db.prepare(`DELETE FROM outbox WHERE ${live}`);
  const postponeRow = db.prepare(
    `UPDATE outbox SET stage = 0, next_at_ms = ?, error = ?, excused = excused + ? WHERE ${live}`,
  );
  const buryRow = db.prepare(
    `UPDATE outbox SET stage = 2, next_at_ms = NULL, error = ? WHERE ${live}`,
  );
  const revive = db.prepare(
    `UPDATE outbox SET stage = 0, attempts = 0, excused = 0, next_at_ms = NULL, error = NULL
     WHERE queue = ? AND stage = 2 AND position = ?`,
  );
  // An event that another stream reads may be in its queue for that one; a queue has each event once.
  const typesOf = db.prepare(
    `SELECT position, type FROM events WHERE stream = ?1 AND also_stream IS NULL
     UNION SELECT position, type FROM events WHERE also_stream = ?1 ORDER BY position DESC`,
  );
  const each = (rows: readonly OutboxKey[], statement: typeof attempt): void => {
    for (const { queue, position } of rows) statement.run(queue, position);
  };

  return {
    published({ rows, nowMs }: Publication): void {
      for (const { queue, position } of rows) publish.run(queue, position, nowMs);
    },
    unpublishAll(): number {
      const { changes } = unpublish.run();
      if (changes > 0) events.markAddedOutbox();
      return changes;
    },
    attempted: (rows: readonly OutboxKey[]) => each(rows, attempt),
    done: (rows: readonly OutboxKey[]) => each(rows, finish),
    postpone({ rows, until: { nextAtMs, error, excused } }: PostponedRows): void {
      for (const { queue, position } of rows) {
        postponeRow.run(nextAtMs, error, excused ? 1 : 0, queue, position);
      }
    },
    bury({ rows, error }: Burial): void {
      for (const { queue, position } of rows) buryRow.run(error, queue, position);
    },
    nudge({ streamId, lane }: { readonly streamId: string; readonly lane: string }): boolean {
      const rows: { position: number; type: EventType }[] = typesOf.all(streamId);
      const last = rows.find(({ type }) => queueOf(type) === 'advance');
      if (last) events.enqueueAgain('advance', last.position, lane);
      return last !== undefined;
    },
    redrive({ queue, position }: OutboxKey): boolean {
      const revived = revive.run(queue, position).changes > 0;
      if (revived) events.markAddedOutbox();
      return revived;
    },
  };
}
