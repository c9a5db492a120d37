/** Waiting, as the bus and the relay need it: sleep that can be woken, pauses that end with us, writes that join up. */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Nap {
  /** From now on a wake counts: called before looking whether there is work. */
  listen(): void;
  wake: () => void;
  /** Sleeps until woken since `listen`, until `ms` have passed, or until the end. */
  sleep(ms: number): Promise<void>;
  /** A pause that no wake shortens, only the end. */
  pause(ms: number): Promise<void>;
  /** Ends every sleep and pause, now and later. */
  end(): void;
  ended(): boolean;
}

/** A place to sleep. Timers are the machine's, not legal time: legal time decides only what is due. */
export function nap(): Nap {
  let woken = false;
  let ended = false;
  let rouse: (() => void) | undefined;
  const pauses = new Set<() => void>();

  return {
    listen() {
      woken = false;
    },
    wake() {
      woken = true;
      rouse?.();
    },
    async sleep(ms) {
      if (woken || ended) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      rouse = undefined;
    },
    async pause(ms) {
      if (ended) return;
      await new Promise<void>((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          pauses.delete(finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        pauses.add(finish);
      });
    },
    end() {
      ended = true;
      rouse?.();
      for (const finish of pauses) finish();
    },
    ended: () => ended,
  };
}

/**
 * Joins writes: what is asked for while one write is under way goes together in the next.
 * @returns the joined write; its promise resolves when the rows given to it are written
 */
export function together<T>(
  write: (items: readonly T[]) => Promise<void>,
): (items: readonly T[]) => Promise<void> {
  let next: { readonly items: T[]; readonly written: Promise<void> } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  return (items) => {
    if (next === undefined) {
      const batch: T[] = [];
      const written = last.then(() => {
        next = undefined;
        return write(batch);
      });
      last = written.catch(() => undefined);
      next = { items: batch, written };
    }
    next.items.push(...items);
    return next.written;
  };
}

/**
 * Shares the event loop.
 * @returns waits for a turn of the loop of one's own, in the order of asking; between two turns it takes what came in
 */
export function turns(): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    const mine = last.then(() => nextTurn());
    last = mine;
    await mine;
  };
}
