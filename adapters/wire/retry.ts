/** Asks again what did not get through, for a moment: whoever has to wait longer says so to whoever asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asGatewayError, GatewayError } from '../../gateway/errors.ts';

/** The machine's clocks: none of them is legal time. */
export interface Machine {
  /** Monotonic. */
  elapsedMs(): number;
  /** Seconds since 1970. */
  nowSeconds(): number;
}

export interface Patience {
  /** How often it is asked at the most, the first time included. */
  readonly attempts: number;
  /** Before the second attempt; then twice as long each time, give or take a quarter. */
  readonly pauseMs: number;
  /** How long all of it may take; a pause that would end later is not begun. */
  readonly patienceMs: number;
}

export const usualPatience: Patience = { attempts: 4, pauseMs: 250, patienceMs: 20_000 };

/**
 * Repeats an attempt while it fails with `source-unavailable`; a wait that the other side asks for is kept.
 * @param mayRepeat judges a failure further; every other one is thrown at once
 * @throws GatewayError that of the last attempt
 */
export async function persevere<T>(
  attempt: () => Promise<T>,
  { attempts, pauseMs, patienceMs }: Patience,
  machine: Machine,
  signal: AbortSignal,
  mayRepeat: (error: GatewayError) => boolean = () => true,
): Promise<T> {
  const end = machine.elapsedMs() + patienceMs;
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = asGatewayError(thrown);
      if (made >= attempts || error.code !== 'source-unavailable' || !mayRepeat(error)) throw error;
      // A quarter more or less: many clients that failed together do not come back together.
      const jitter = 0.75 + Math.random() / 2;
      const waitMs = Math.max(pauseMs * 2 ** (made - 1) * jitter, error.retryAfterMs ?? 0);
      if (machine.elapsedMs() + waitMs > end) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => {
        throw stopped();
      });
    }
  }
}

/**
 * How long to wait after failures in a row: doubled with each.
 * @param failures 1 for the first
 * @returns milliseconds, as both lengths are
 */
export function backOffMs(firstMs: number, failures: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 20), longestMs);
}

/** The call was ended by us. */
export function stopped(): GatewayError {
  return new GatewayError('source-unavailable', 'stopped', { standardCode: 'STOPPED' });
}

/**
 * Makes one attempt with its own time-out.
 * @throws what `attempt` throws, or GatewayError where the time was over or it was stopped
 */
export async function withTimeout<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
  late: () => GatewayError,
): Promise<T> {
  if (signal.aborted) throw stopped();
  const ending = new AbortController();
  let reason: GatewayError | undefined;
  const end = (why: GatewayError) => (): void => {
    reason ??= why;
    ending.abort(why);
  };
  const onStop = end(stopped());
  const timer = setTimeout(end(late()), timeoutMs);
  signal.addEventListener('abort', onStop, { once: true });
  try {
    return await attempt(ending.signal);
  } catch (thrown) {
    throw reason ?? thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onStop);
  }
}
