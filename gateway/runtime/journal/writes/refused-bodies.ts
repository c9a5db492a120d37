/**
 * The bodies of messages that were not accepted, kept within bounds: anybody who reaches a port can have a message
 * refused, and shall not fill the disk with it. Strangers' bodies have bounds of their own, so that they push out none
 * that came from a known sender.
 */
import { assert } from '../../../errors.ts';
import type { Sql, Step } from '../sql.ts';

/** Bounds of the bodies kept of rejected and, apart, of quarantined messages. */
export interface RefusedLimits {
  readonly bodies: number;
  readonly bytes: number;
}

export type RefusedState = 'rejected' | 'quarantined';

export interface RefusedBodies {
  /** Counts a body that was written, and empties the oldest beyond the bounds; the rest of their rows stays. */
  keep(state: RefusedState, sequence: number, size: number): Step<void>;
  /** The transaction was rolled back, or somebody else may have written since the last: counts anew. */
  forget(): void;
}

const nothing = new Uint8Array();

interface Kept {
  bodies: number;
  bytes: number;
}

export function refusedBodies(sql: Sql, limits: RefusedLimits): RefusedBodies {
  const insert = sql.prepare('INSERT INTO refused_bodies (state, sequence, size) VALUES (?, ?, ?)');
  const sum = sql.prepare(
    `SELECT count(*) AS bodies, coalesce(sum(size), 0) AS bytes FROM refused_bodies
     WHERE state = ?`,
  );
  const oldest = sql.prepare(
    'SELECT sequence, size FROM refused_bodies WHERE state = ? ORDER BY sequence LIMIT 1',
  );
  const remove = sql.prepare('DELETE FROM refused_bodies WHERE state = ? AND sequence = ?');
  const empty = sql.prepare('UPDATE messages SET raw = ? WHERE sequence = ?');
  const kept = new Map<RefusedState, Kept>();

  function* keptOf(state: RefusedState): Step<Kept> {
    const known = kept.get(state);
    if (known) return known;
    const { bodies, bytes } = (yield* sum.get<Kept>(state)) ?? { bodies: 0, bytes: 0 };
    const counted = { bodies, bytes };
    kept.set(state, counted);
    return counted;
  }

  return {
    *keep(state, sequence, size) {
      const now = yield* keptOf(state);
      yield* insert.run(state, sequence, size);
      now.bodies += 1;
      now.bytes += size;
      while (now.bodies > limits.bodies || now.bytes > limits.bytes) {
        const row = yield* oldest.get<{ sequence: number; size: number }>(state);
        assert(row, 'bodies that are counted are there');
        yield* empty.run(nothing, row.sequence);
        yield* remove.run(state, row.sequence);
        now.bodies -= 1;
        now.bytes -= row.size;
      }
    },
    forget: () => kept.clear(),
  };
}
