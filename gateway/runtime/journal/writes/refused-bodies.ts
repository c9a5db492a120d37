/**
 * The bodies of messages that were not accepted, kept within bounds: anybody who reaches a port can have a message
 * refused, and shall not fill the disk with it. Strangers' bodies have bounds of their own, so that they push out none
 * that came from a known sender.
 */
import type { Database } from '../embedded/connection.ts';

/** Bounds of the bodies kept of rejected and, apart, of quarantined messages. */
export interface RefusedLimits {
  readonly bodies: number;
  readonly bytes: number;
}

export type RefusedState = 'rejected' | 'quarantined';

export interface RefusedBodies {
  /** Counts a body that was written, and empties the oldest beyond the bounds; the rest of their rows stays. */
  keep(state: RefusedState, sequence: number, size: number): void;
  /** The transaction was rolled back: counts anew. */
  forget(): void;
}

interface Kept {
  bodies: number;
  bytes: number;
}

export function refusedBodies(db: Database, limits: RefusedLimits): RefusedBodies {
  const insert = db.prepare('INSERT INTO refused_bodies (state, sequence, size) VALUES (?, ?, ?)');
  const sum = db.prepare(
    `SELECT count(*) AS bodies, coalesce(sum(size), 0) AS bytes FROM refused_bodies
     WHERE state = ?`,
  );
  const oldest = db.prepare(
    'SELECT sequence, size FROM refused_bodies WHERE state = ? ORDER BY sequence LIMIT 1',
  );
  const remove = db.prepare('DELETE FROM refused_bodies WHERE state = ? AND sequence = ?');
  const empty = db.prepare(`UPDATE messages SET raw = x'' WHERE sequence = ?`);
  const kept = new Map<RefusedState, Kept>();

  function keptOf(state: RefusedState): Kept {
    const known = kept.get(state);
    if (known) return known;
    const counted: Kept = { ...sum.get(state) };
    kept.set(state, counted);
    return counted;
  }

  return {
    keep(state, sequence, size) {
      const now = keptOf(state);
      insert.run(state, sequence, size);
      now.bodies += 1;
      now.bytes += size;
      while (now.bodies > limits.bodies || now.bytes > limits.bytes) {
        const row: { sequence: number; size: number } = oldest.get(state);
        empty.run(row.sequence);
        remove.run(state, row.sequence);
        now.bodies -= 1;
        now.bytes -= row.size;
      }
    },
    forget: () => kept.clear(),
  };
}
