/**
 * The relay: hands what the journal has for the bus over to it, and releases what falls due. Time is one more event:
 * a deadline that is reached becomes a row here and takes the same way as a message.
 */
import { asGatewayError } from '../errors.ts';
import type { Bus, OnTrouble } from './bus/bus.ts';
import { nap } from './bus/wait.ts';
import type { Clock } from './clock.ts';
import type { Journal } from './journal/journal.ts';

export interface RelayParts {
  readonly journal: Journal;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Longest time between two looks, in milliseconds of the machine; default 250. */
  readonly tickMs?: number;
  /** Legal time before which no deadline is released (default: none): see `graceOf`. */
  readonly deadlinesFromMs?: number;
  readonly onTrouble?: OnTrouble;
}

export interface Relay {
  /**
   * One look: publishes what waits, releases what is due. Calls that come during a look share the next one.
   * @returns how many rows were published and released; 0 when it failed (the failure goes to `onTrouble`)
   */
  tick(): Promise<number>;
  /** Ends; resolves when the look under way is over. */
  close(): Promise<void>;
}

/** While the bus or the journal is away: the pause doubles up to the longest. */
const failurePauses = { firstMs: 250, longestMs: 10_000 } as const;

/**
 * The grace after a start or a takeover: the sources resend what they could not deliver while the gateway was away, and
 * an outage shall raise no false alarm. Deliveries to be tried again are not held back, and no deadline moves by it.
 * @returns asked when a relay begins in this instance: from when it releases deadlines, in legal time
 */
export function graceOf(clock: Clock, graceMs: number): () => number {
  let untilMs = -Infinity;
  return () => {
    // Not anew while it runs: a lease that is lost and had again all the time would hold deadlines back for good.
    if (clock.nowMs() >= untilMs) untilMs = clock.nowMs() + graceMs;
    return untilMs;
  };
}

/** Starts the relay: it publishes after each commit, and releases what is due every `tickMs`. It never throws. */
export function startRelay(parts: RelayParts): Relay {
  const { journal, bus, clock, tickMs = 250, deadlinesFromMs = -Infinity } = parts;
  const onTrouble = parts.onTrouble ?? (() => undefined);
  const rest = nap();
  /** After a failure no commit wakes us: only that the bus can be used again. */
  const mending = nap();
  let failures = 0;
  let releaseWanted = true;
  let releasedAtMs = clock.elapsedMs();
  let last: Promise<number> = Promise.resolve(0);
  let next: Promise<number> | undefined;

  async function look(): Promise<number> {
    const published = await attempt(() => bus.publishWaiting(clock.nowMs(), journal.outbox));
    // Deadlines are released even while the broker is away: what they become waits in the journal.
    const released = releaseWanted ? await attempt(release) : 0;
    failures = published === undefined || released === undefined ? failures + 1 : 0;
    // There may be more than one look takes.
    if (published !== undefined && published > 0) rest.wake();
    return (published ?? 0) + (released ?? 0);
  }

  async function release(): Promise<number> {
    releaseWanted = false;
    releasedAtMs = clock.elapsedMs();
    const deadlines = clock.nowMs() >= deadlinesFromMs;
    return await journal.releaseDue(clock.now(), { deadlines });
  }

  async function attempt(work: () => Promise<number>): Promise<number | undefined> {
    try {
      return await work();
    } catch (thrown) {
      onTrouble(asGatewayError(thrown), {});
      return undefined;
    }
  }

  /** The look under way is not joined: what was committed after it began might be missed. */
  function lookOnce(): Promise<number> {
    if (rest.ended()) return Promise.resolve(0);
    next ??= last.then(() => {
      next = undefined;
      last = look();
      return last;
    });
    return next;
  }

  async function run(): Promise<void> {
    while (!rest.ended()) {
      rest.listen();
      mending.listen();
      if (clock.elapsedMs() - releasedAtMs >= tickMs) releaseWanted = true;
      await lookOnce();
      if (failures === 0) {
        await rest.sleep(tickMs);
      } else {
        const pauseMs = failurePauses.firstMs * 2 ** Math.min(failures - 1, 10);
        await mending.sleep(Math.min(pauseMs, failurePauses.longestMs));
      }
    }
  }

  // A commit gives a broker something to carry; the rows of the embedded bus need no carrying.
  const deafen = bus.form === 'embedded' ? undefined : journal.onCommit(rest.wake);
  const forget = bus.onUsable(mending.wake);
  const running = run();

  return {
    tick() {
      releaseWanted = true;
      return lookOnce();
    },
    async close() {
      // A relay begins and ends with its lease, and the journal outlives it.
      deafen?.();
      forget();
      rest.end();
      mending.end();
      await running;
      await next;
      await last;
    },
  };
}
