/** Which commands of a group run beside each other. */
import type { Command } from '../writer-port.ts';
import { keysOf } from '../writes/keys.ts';

/**
 * Places of commands that may run beside each other, wave after wave: one that shares a key with an earlier one comes
 * in a later wave, and one that touches what cannot be named beforehand has a wave to itself. Between two of those,
 * messages come before the rest: which streams they add to shows only when they are at work, and what reads streams
 * would meet them there, and all would have to be done again one by one. Nobody who hands in both without waiting says
 * which is to be first.
 */
export function wavesOf(commands: readonly Command[]): readonly (readonly number[])[] {
  const waves: number[][] = [];
  let messages: Keyed[] = [];
  let others: Keyed[] = [];
  const endRun = (): void => {
    waves.push(...layersOf(messages), ...layersOf(others));
    messages = [];
    others = [];
  };
  for (const [index, command] of commands.entries()) {
    const keys = keysOf(command);
    if (keys === 'alone') {
      endRun();
      waves.push([index]);
    } else (command.name === 'record' ? messages : others).push({ index, keys });
  }
  endRun();
  return waves;
}

interface Keyed {
  readonly index: number;
  readonly keys: readonly string[];
}

function layersOf(commands: readonly Keyed[]): readonly number[][] {
  const layers: number[][] = [];
  const lastOf = new Map<string, number>();
  for (const { index, keys } of commands) {
    const layer = keys.reduce((at, key) => Math.max(at, (lastOf.get(key) ?? -1) + 1), 0);
    for (const key of keys) lastOf.set(key, layer);
    (layers[layer] ??= []).push(index);
  }
  return layers;
}
