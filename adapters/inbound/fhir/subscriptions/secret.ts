/** The secret that a source proves itself with: only its digest stays in memory, beside what is sent to the source. */
import { createHash } from 'node:crypto';

/** SHA-256, 32 bytes. */
export function secretDigest(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
