/** Looks through what is over its time, and at how much the journal takes. */
import type { RetentionFound, RetentionStep } from '../contract/retention.ts';
import { retentionPages, type Page } from '../retention.ts';
import type { Sql, Step } from '../sql.ts';

export function prepareRetentionReads(sql: Sql) {
  const pages = retentionPages(sql);
  const size = sql.prepare(
    sql.form === 'sqlite'
      ? `SELECT p.page_count * s.page_size AS bytes, f.freelist_count * s.page_size AS "reusableBytes"
         FROM pragma_page_count() AS p, pragma_page_size() AS s, pragma_freelist_count() AS f`
      : 'SELECT pg_database_size(current_database()) AS bytes, 0 AS "reusableBytes"',
  );
  return {
    *size(): Step<{ readonly bytes: number; readonly reusableBytes: number }> {
      const row = yield* size.get<{ bytes: number; reusableBytes: number }>();
      return { bytes: row?.bytes ?? 0, reusableBytes: row?.reusableBytes ?? 0 };
    },
    *look(step: RetentionStep): Step<RetentionFound> {
      return foundOf(yield* pages[step.kind](step));
    },
  };
}

export function foundOf({ go, stay, next }: Page): RetentionFound {
  const counts: Record<string, number> = {};
  for (const reason of stay) counts[reason] = (counts[reason] ?? 0) + 1;
  const [oldest] = go.map(({ at }) => at).sort();
  return { go: go.length, oldest, stay: counts, next };
}
