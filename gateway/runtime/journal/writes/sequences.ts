/** The numbers of senders that number their messages: stored with the message, so before its answer leaves. */
import type { Database } from '../embedded/connection.ts';

export interface SequenceNumbers {
  /** @returns the number that must come, where it is not this one; undefined where this one may come */
  check(sender: string, sequence: number): number | undefined;
  accept(sender: string, sequence: number): void;
  forget(sender: string): void;
}

export function sequenceNumbers(db: Database): SequenceNumbers {
  const lastOf = db.prepare('SELECT last FROM sequences WHERE sender = ?');
  const keep = db.prepare(
    'INSERT INTO sequences VALUES (?, ?) ON CONFLICT (sender) DO UPDATE SET last = excluded.last',
  );
  const remove = db.prepare('DELETE FROM sequences WHERE sender = ?');
  return {
    check(sender, sequence) {
      const row: { last: number } | undefined = lastOf.get(sender);
      return row === undefined || row.last + 1 === sequence ? undefined : row.last + 1;
    },
    accept: (sender, sequence) => void keep.run(sender, sequence),
    forget: (sender) => void remove.run(sender),
  };
}
