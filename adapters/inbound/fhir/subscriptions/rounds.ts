/**
 * What a subscription has to do, over and over: each job when it is due. Where one fails it waits, longer each time; the
 * others go on.
 */
import { asGatewayError, type GatewayError } from '../../../../gateway/errors.ts';
import { backOffMs } from '../../../wire/retry.ts';

export type Doing = 'registering' | 'reading' | 'mending' | 'asking' | 'checking';

export interface Job {
  readonly doing: Doing;
  /** Milliseconds until it is due; undefined where there is nothing to do. */
  readonly inMs: () => number | undefined;
  readonly run: () => Promise<void>;
}

export interface RoundsSettings {
  /** In order: what one does may be what the next one needs. */
  readonly jobs: readonly Job[];
  /** After a failure, doubled each time. Milliseconds. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** Monotonic milliseconds. */
  readonly elapsedMs: () => number;
  readonly onFailed: (doing: Doing, error: GatewayError, count: number) => Promise<void>;
  /** It goes well again. */
  readonly onDone: (doing: Doing) => Promise<void>;
}

interface Failure {
  readonly count: number;
  /** Monotonic. */
  readonly againMs: number;
}

/** Legal time may be set by hand, and then nothing says that something has fallen due. */
const longestSleepMs = 30_000;

export class Rounds {
  readonly #settings: RoundsSettings;
  readonly #failures = new Map<Doing, Failure>();
  #isWorking = false;
  #isClosed = false;
  #wakeUp: () => void = () => undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(settings: RoundsSettings) {
    this.#settings = settings;
  }

  begin(): void {
    this.#done = this.#goRound();
  }

  /** Looks at once for what is due. */
  wake(): void {
    this.#wakeUp();
  }

  /** Nothing is being done, and nothing is due but what failed and waits. */
  isQuiet(): boolean {
    return !this.#isWorking && (this.#nextMs() ?? 1) > 0;
  }

  /** Finishes what is in hand. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    await this.#done;
  }

  async #goRound(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWorking = true;
      for (const job of this.#settings.jobs) {
        const due = this.#dueInMs(job);
        if (due !== undefined && due <= 0 && !this.#isClosed) await this.#do(job);
      }
      this.#isWorking = false;
      const next = this.#nextMs() ?? longestSleepMs;
      if (next > 0 && !this.#isClosed) await this.#sleep(Math.min(next, longestSleepMs));
    }
  }

  async #do({ doing, run }: Job): Promise<void> {
    try {
      await run();
      if (this.#failures.delete(doing)) await this.#settings.onDone(doing);
    } catch (thrown) {
      // What a stop has cut off has not failed.
      if (!this.#isClosed) await this.#fail(doing, asGatewayError(thrown));
    }
  }

  async #fail(doing: Doing, error: GatewayError): Promise<void> {
    const { retryMs, longestRetryMs, elapsedMs, onFailed } = this.#settings;
    const count = (this.#failures.get(doing)?.count ?? 0) + 1;
    const wait = backOffMs(retryMs, count, longestRetryMs);
    const againMs = elapsedMs() + Math.max(wait, error.retryAfterMs ?? 0);
    this.#failures.set(doing, { count, againMs });
    // A journal that cannot be written is not mended by going on at once.
    await onFailed(doing, error, count).catch(() => undefined);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #nextMs(): number | undefined {
    const due = this.#settings.jobs.flatMap((job) => this.#dueInMs(job) ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #dueInMs({ doing, inMs }: Job): number | undefined {
    const due = inMs();
    const failure = this.#failures.get(doing);
    if (failure === undefined || due === undefined) return due;
    return Math.max(due, failure.againMs - this.#settings.elapsedMs());
  }
}
