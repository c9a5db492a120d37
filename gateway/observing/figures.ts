/**
 * The figures that are read when somebody asks. What is read of the journal is read at most every few seconds, however
 * often is asked, and nobody waits long for it: a reading that takes too long is left to end by itself, and what was
 * read before is told meanwhile with its age.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Figure, FigureValue } from './metrics.ts';

export interface CachedReading<T> {
  /** What was read last, and how old it is; undefined before the first reading has ended. */
  read(): Promise<{ readonly value: T; readonly ageMs: number } | undefined>;
}

const keptMs = 5000;
const patienceMs = 2000;

/** @param read one at a time; a failure leaves what was read before */
export function cachedReading<T>(
  read: () => Promise<T>,
  clock: Pick<Clock, 'elapsedMs'>,
): CachedReading<T> {
  let last: { value: T; readAtMs: number } | undefined;
  let underWay: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      const value = await read();
      last = { value, readAtMs: clock.elapsedMs() };
    } catch {
      // Its age tells.
    } finally {
      underWay = undefined;
    }
  }

  return {
    async read() {
      if (last === undefined || clock.elapsedMs() - last.readAtMs > keptMs) {
        underWay ??= refresh();
        await Promise.race([underWay, later(patienceMs)]);
      }
      return last && { value: last.value, ageMs: clock.elapsedMs() - last.readAtMs };
    },
  };
}

async function later(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
}

export function gauge(name: string, help: string, values: readonly FigureValue[]): Figure {
  return { name, help, type: 'gauge', values };
}

export function total(name: string, help: string, values: readonly FigureValue[]): Figure {
  return { name, help, type: 'counter', values };
}

/** One value without labels. */
export const alone = (value: number): readonly FigureValue[] => [{ value }];
