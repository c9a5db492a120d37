/** Queues that rest, by an operator's word. */
import type { Pause } from '../contract/pauses.ts';
import type { QueueName } from '../contract/queues.ts';
import type { Sql, Step } from '../sql.ts';

export function pauseWrites(sql: Sql) {
  const keep = sql.prepare(
    `INSERT INTO pauses (queue, reason, paused_by, paused_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (queue) DO UPDATE SET
       reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at`,
  );
  const remove = sql.prepare('DELETE FROM pauses WHERE queue = ?');
  return {
    *pauseQueue({ queue, reason, by, at }: Pause): Step<void> {
      yield* keep.run(queue, reason, by, at);
    },
    *resumeQueue({ queue }: { readonly queue: QueueName }): Step<boolean> {
      return (yield* remove.run(queue)) > 0;
    },
  };
}
