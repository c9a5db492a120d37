/** Which commands of a group run beside each other. */
import type { Command } from '../writer-port.ts';
import { keysOf } from '../writes/keys.ts';

/**
 * Places of commands that may run beside each other, wave after wave: one that shares a key with an earlier one comes
 * in a later wave, and one that touches what cannot be named beforehand has a wave to itself.
 */
export function wavesOf(commands: readonly Command[]): readonly (readonly number[])[] {
  const waves: number[][] = [];
  const lastOf = new Map<string, number>();
  let first = 0;
  for (const [index, command] of commands.entries()) {
    const keys = keysOf(command);
    if (keys === 'alone') {
      waves.push([index]);
      first = waves.length;
      continue;
    }
    const wave = keys.reduce((at, key) => Math.max(at, (lastOf.get(key) ?? -1) + 1), first);
    for (const key of keys) lastOf.set(key, wave);
    (waves[wave] ??= []).push(index);
  }
  return waves;
}
