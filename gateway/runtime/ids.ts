import { v7 } from 'uuid';

/** A new random key that rises with time, so that it lands at the end of an index. */
export function newId(): string {
  return v7();
}
