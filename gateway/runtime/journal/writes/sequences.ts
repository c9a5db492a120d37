/** The numbers of senders that number their messages: stored with the message, so before its answer leaves. */
import type { Sql, Step } from '../sql.ts';

export interface SequenceNumbers {
  /** @returns the number that must come, where it is not this one; undefined where this one may come */
  check(sender: string, sequence: number): Step<number | undefined>;
  accept(sender: string, sequence: number): Step<void>;
  forget(sender: string): Step<void>;
}

export function sequenceNumbers(sql: Sql): SequenceNumbers {
  const lastOf = sql.prepare('SELECT last FROM sequences WHERE sender = ?');
  const keep = sql.prepare(
    `INSERT INTO sequences (sender, last) VALUES (?, ?)
     ON CONFLICT (sender) DO UPDATE SET last = excluded.last`,
  );
  const remove = sql.prepare('DELETE FROM sequences WHERE sender = ?');
  return {
    *check(sender, sequence) {
      const row = yield* lastOf.get<{ last: number }>(sender);
      return row === undefined || row.last + 1 === sequence ? undefined : row.last + 1;
    },
    *accept(sender, sequence) {
      yield* keep.run(sender, sequence);
    },
    *forget(sender) {
      yield* remove.run(sender);
    },
  };
}
