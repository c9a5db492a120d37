import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Randomness fetched for many keys at once: asking the system for each costs more than the key. */
const pool = new Uint8Array(16 * 256);
let used = pool.length;

/** A new random key that rises with time (UUIDv7), so that it lands at the end of an index. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return v7({ rng: () => pool.subarray(used - 16, used) });
}
