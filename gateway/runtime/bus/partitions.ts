/** Which of the lanes an instance handles: lanes are divided into partitions, and each is one instance's at a time. */
import type { Fence } from '../journal/contract/leases.ts';

export interface Partitions {
  readonly count: number;
  /** Those of this instance: a number is taken out before its lease ends, by the monotonic clock. */
  held(): ReadonlySet<number>;
  /**
   * Called when what is held has changed. Only when the listener has resolved may another instance have what is held no
   * longer: nothing of it is in hand then.
   */
  onChange(listener: () => Promise<void> | void): void;
  /**
   * What a write for a lane of this partition is made under.
   * @throws GatewayError `lease-lost` where it is not held
   */
  fence(partition: number): Fence;
}

/** The partition of a lane: all lanes of one case, and those of one settlement, are in the same. */
export function partitionOf(lane: string, count: number): number {
  const [of = lane] = lane.split('/', 1);
  // FNV-1a, 32 bits.
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < of.length; at += 1) {
    hash = Math.imul(hash ^ of.charCodeAt(at), 0x01_00_01_93);
  }
  return (hash >>> 0) % count;
}

/** All of them, for good: one instance alone. */
export function everyPartition(count: number): Pick<Partitions, 'count' | 'held' | 'onChange'> {
  const all = new Set(Array.from({ length: count }, (_, partition) => partition));
  return { count, held: () => all, onChange: () => undefined };
}
