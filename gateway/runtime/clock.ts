/**
 * Two clocks: `now` is legal time and can be set by hand; `elapsedMs` is monotonic, for time-outs and back-off
 * within an attempt. Nothing else in the gateway asks the machine what time it is.
 */
export interface Clock {
  /** Legal time in milliseconds since 1970-01-01T00:00Z. */
  nowMs(): number;
  /** Legal time as the events write it. */
  now(): string;
  /** Monotonic milliseconds. */
  elapsedMs(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  now: () => new Date().toISOString(),
  elapsedMs: () => performance.now(),
};

/** Legal time set by hand, for demo and tests; `elapsedMs` stays the machine's. */
export class HandSetClock implements Clock {
  #nowMs: number;

  constructor(start: string) {
    this.#nowMs = Date.parse(start);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  elapsedMs(): number {
    return performance.now();
  }

  /** Moves legal time forward; it never goes back. */
  advanceTo(instant: string): void {
    this.#nowMs = Math.max(this.#nowMs, Date.parse(instant));
  }
}
