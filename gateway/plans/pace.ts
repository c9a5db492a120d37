/** So many a second and no more: what runs beside daily work leaves it its room. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Waits until so many more may go. */
  take(count: number): Promise<void>;
}

/**
 * @param perSecond 0: as fast as it goes
 * @param elapsedMs monotonic time
 */
export function paceOf(perSecond: number, elapsedMs: () => number): Pace {
  let freeAtMs = elapsedMs();
  return {
    async take(count) {
      if (perSecond <= 0) return;
      const nowMs = elapsedMs();
      // What was not used before is not caught up.
      freeAtMs = Math.max(freeAtMs, nowMs) + (count * 1000) / perSecond;
      const waitMs = freeAtMs - (count * 1000) / perSecond - nowMs;
      if (waitMs > 0) await sleep(waitMs);
    },
  };
}
