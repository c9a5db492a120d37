/**
 * One connection that is kept between deliveries. They take turns on it: none waits longer than its own time, and a
 * connection that nobody uses is closed.
 */
import { setMaxListeners } from 'node:events';
import { GatewayError } from '../../gateway/errors.ts';

export interface KeptConnectionSettings<C> {
  /** What the connection is called in an error: `sftp`. */
  readonly name: string;
  /** @throws GatewayError delivery-failed, delivery-refused */
  readonly open: () => Promise<C>;
  readonly isOpen: (connection: C) => boolean;
  /** Ends it at once: whatever is being done on it fails. */
  readonly destroy: (connection: C) => void;
  /** How long it is kept unused; 0 closes it after each delivery. */
  readonly idleMs: number;
}

/** Why an attempt was stopped, as the code of its error. */
export type StopReason = 'TIMEOUT' | 'ABORTED';

export class KeptConnection<C> {
  readonly #settings: KeptConnectionSettings<C>;
  #connection: C | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isBusy = false;
  readonly #queue: (() => void)[] = [];

  constructor(settings: KeptConnectionSettings<C>) {
    this.#settings = settings;
  }

  /**
   * Does one delivery's work on the connection. When its time is up the connection is destroyed.
   * @param timeoutMs for all of it: waiting for the turn, connecting, the work
   * @param work told by its second argument why it was stopped, where it was
   * @throws GatewayError delivery-failed where the work did not begin; what `open` and `work` throw
   */
  async use<T>(
    timeoutMs: number,
    signal: AbortSignal,
    work: (connection: C, stopped: () => StopReason | undefined) => Promise<T>,
  ): Promise<T> {
    let stopped: StopReason | undefined;
    let stop: () => void = () => undefined;
    const whenStopped = new Promise<'stopped'>((resolve) => {
      stop = () => resolve('stopped');
    });
    const stopWith = (reason: StopReason) => (): void => {
      stopped ??= reason;
      stop();
    };
    const onAbort = stopWith('ABORTED');
    const timer = setTimeout(stopWith('TIMEOUT'), timeoutMs);
    // One signal stops all attempts in hand, and each takes its listener away again: many are no leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await this.#turn(whenStopped, () => this.#notBegun('no turn', stopped));
      try {
        const connection = await this.#ready(whenStopped, () => stopped);
        void whenStopped.then(() => this.#drop(connection));
        return await work(connection, () => stopped);
      } finally {
        this.#next();
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the connection; one that is used is ended too. */
  close(): void {
    if (this.#connection !== undefined) this.#drop(this.#connection);
  }

  async #turn(whenStopped: Promise<'stopped'>, notBegun: () => GatewayError): Promise<void> {
    if (!this.#isBusy) {
      this.#isBusy = true;
      return;
    }
    let begin: () => void = () => undefined;
    const mine = new Promise<'mine'>((resolve) => {
      begin = () => resolve('mine');
    });
    this.#queue.push(begin);
    if ((await Promise.race([mine, whenStopped])) === 'mine') return;
    const place = this.#queue.indexOf(begin);
    if (place < 0) this.#next();
    else this.#queue.splice(place, 1);
    throw notBegun();
  }

  #next(): void {
    const begin = this.#queue.shift();
    this.#isBusy = begin !== undefined;
    if (begin) return begin();
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#settings.idleMs === 0) return this.#drop(connection);
    this.#idle = setTimeout(() => this.#drop(connection), this.#settings.idleMs).unref();
  }

  async #ready(whenStopped: Promise<'stopped'>, stopped: () => StopReason | undefined): Promise<C> {
    clearTimeout(this.#idle);
    const { open, isOpen, idleMs } = this.#settings;
    const kept = this.#connection;
    if (kept !== undefined && isOpen(kept) && idleMs > 0) return kept;
    if (kept !== undefined) this.#drop(kept);
    const opening = open();
    const opened = await Promise.race([opening, whenStopped]);
    if (opened !== 'stopped' && stopped() === undefined) return (this.#connection = opened);
    // One that comes about after all is of no use any more.
    opening.then(
      (late) => this.#settings.destroy(late),
      () => undefined,
    );
    throw this.#notBegun('not connected', stopped());
  }

  #drop(connection: C): void {
    clearTimeout(this.#idle);
    if (this.#connection === connection) this.#connection = undefined;
    this.#settings.destroy(connection);
  }

  #notBegun(what: string, stopped: StopReason | undefined): GatewayError {
    const why = stopped ?? 'TIMEOUT';
    const detail = why === 'ABORTED' ? { standardCode: why } : {};
    return new GatewayError('delivery-failed', `${this.#settings.name}: ${what} (${why})`, detail);
  }
}
