/** Reads of queues that rest. */
import type { Pause } from '../contract/pauses.ts';
import type { Sql, Step } from '../sql.ts';

export function preparePauseReads(sql: Sql) {
  const all = sql.prepare(
    `SELECT queue, reason, paused_by AS "by", paused_at AS "at" FROM pauses ORDER BY queue`,
  );
  return {
    *all(): Step<readonly Pause[]> {
      return yield* all.all<Pause>();
    },
  };
}
