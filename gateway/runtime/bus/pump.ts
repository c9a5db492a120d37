/**
 * The pump behind both forms of the bus: takes rows lane by lane, counts the attempt, hands them to their part and
 * writes down what became of them.
 *
 * One call a lane at a time keeps the order; a postponed row keeps its whole lane waiting; other lanes go on. It gives
 * way to intake: while messages wait to be stored it takes small pages with pauses, yet always some.
 */
import { asGatewayError, GatewayError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { Journal, OutboxKey, OutboxRow, QueueName } from '../journal/journal.ts';
import type { ConsumeOptions, Handle, OnTrouble } from './bus.ts';
import { nap, together, turns } from './wait.ts';

/** Where a pump's rows come from: the journal itself, or a broker's messages. */
export interface Source {
  /**
   * Rows of at most `lanes` lanes that may be handled now, in order within each lane, none of a busy lane.
   * `dueMs` is the legal time at which more falls due without anybody saying so.
   */
  take(
    lanes: number,
    limit: number,
    busyLanes: readonly string[],
  ): Promise<{ readonly rows: readonly OutboxRow[]; readonly dueMs?: number | undefined }>;
  /** The journal has committed what became of these rows. */
  settled(rows: readonly OutboxRow[]): void;
  /** The queue rests, until the next `take`: nothing is kept here but what is of the busy lanes. */
  rest(busyLanes: readonly string[]): Promise<void>;
}

export interface PumpParts {
  readonly queue: QueueName;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly source: Source;
  readonly handle: Handle;
  readonly options: ConsumeOptions;
  readonly onTrouble: OnTrouble;
}

export interface Pump {
  /** Look again at once, also whether the queue rests. */
  wake(): void;
  /** There may be something to take. */
  rouse: () => void;
  /** Events taken and not yet handled. */
  inHand(): number;
  /** Resolves when nothing that was taken by now is in hand of the lanes asked for. */
  idle(isAsked: (lane: string) => boolean): Promise<void>;
  /** Takes nothing new and waits for what is in hand. */
  stop(): Promise<void>;
  /** Lets go without waiting. */
  close(): void;
}

const pageRows = 512;
/**
 * While messages wait for their commit more than this share of the time, handling takes a few lanes and rests: the ACK
 * comes first, yet the backlog never stands still.
 */
const givingWay = { load: 0.5, lanes: 2, pauseMs: 100 } as const;
/** After the journal failed us: a pause that grows. */
const failurePauses = { firstMs: 50, longestMs: 5_000 } as const;
const refillMs = 10;
const pauseLookMs = 1000;
const longestNapMs = 60_000;
const errorTextLength = 300;

/** Starts pumping one queue. Nothing it meets makes it throw: failures go to `onTrouble` and it goes on. */
export function startPump(parts: PumpParts): Pump {
  const { queue, journal, clock, source, handle, options, onTrouble } = parts;
  const busy = new Map<string, { readonly rows: number; readonly ended: Promise<void> }>();
  const done = together((rows: readonly OutboxKey[]) => journal.outbox.done(rows));
  const rest = nap();
  const turn = turns();
  let closed = false;
  let failures = 0;
  let pageTakenMs = -refillMs;
  let page: Promise<unknown> = Promise.resolve();
  let pause = { isPaused: false, lookedAtMs: -Infinity };

  const isGivingWay = (): boolean => journal.intakeLoad() > givingWay.load;

  /** Whether an operator lets the queue rest; looked up seldom, for it stands in the journal. */
  async function isPaused(): Promise<boolean> {
    if (clock.elapsedMs() - pause.lookedAtMs < pauseLookMs) return pause.isPaused;
    const lookedAtMs = clock.elapsedMs();
    const pauses = await journal.pauses.all();
    pause = { isPaused: pauses.some((one) => one.queue === queue), lookedAtMs };
    return pause.isPaused;
  }

  /** Takes one page and starts its lanes. */
  async function takePage(): Promise<{ started: boolean; dueMs: number | undefined }> {
    if (await isPaused()) {
      await source.rest([...busy.keys()]);
      return { started: false, dueMs: clock.nowMs() + pauseLookMs };
    }
    const lanesAtOnce = isGivingWay() ? givingWay.lanes : options.lanes;
    const room = lanesAtOnce - busy.size;
    if (room <= 0) return { started: false, dueMs: undefined };
    // A page for each lane that ends would be a commit for each: those that end close together are refilled together.
    const sinceMs = clock.elapsedMs() - pageTakenMs;
    if (room < lanesAtOnce / 2 && sinceMs < refillMs) {
      return { started: false, dueMs: clock.nowMs() + refillMs };
    }
    pageTakenMs = clock.elapsedMs();
    const { rows, dueMs } = await source.take(room, pageRows, [...busy.keys()]);
    const lanes = [...byLane(rows)].map(([lane, waiting]) => ({ lane, call: nextCall(waiting) }));
    if (lanes.length === 0 || rest.ended()) return { started: false, dueMs };
    await journal.outbox.attempted(lanes.flatMap(({ call }) => call.rows));
    if (closed) return { started: false, dueMs };
    for (const { lane, call } of lanes) {
      busy.set(lane, { rows: call.rows.length, ended: runLane(lane, call) });
    }
    return { started: true, dueMs };
  }

  /**
   * What of a lane goes in one call. The last attempt is made with one event alone, so that a bug in one event parks
   * that event and not those it was merged with. One whose attempts are used up never came back: it took us down.
   */
  function nextCall(rows: readonly OutboxRow[]): Call {
    const first = rows[0];
    if (first === undefined || usedUp(first) >= options.attemptLimit) {
      return { spent: true, rows: rows.slice(0, 1) };
    }
    if (usedUp(first) + 1 === options.attemptLimit) return { spent: false, rows: [first] };
    const end = rows.findIndex((row) => usedUp(row) + 1 >= options.attemptLimit);
    return { spent: false, rows: end === -1 ? rows : rows.slice(0, end) };
  }

  async function runLane(lane: string, call: Call): Promise<void> {
    // A page is many lanes, and its cases may be long: a message that comes in does not wait for all of them.
    await turn();
    const writeDown = await make(lane, call);
    if (await persist(writeDown, lane)) source.settled(call.rows);
    busy.delete(lane);
    rest.wake();
  }

  /** Hands the call over. @returns what commits what became of it */
  async function make(lane: string, { spent, rows }: Call): Promise<() => Promise<void>> {
    try {
      if (spent) throw new GatewayError('assertion-failed', 'no attempt at it ever ended');
      await handle(
        lane,
        rows.map(({ attempts, ...row }) => ({ ...row, attempt: attempts + 1 })),
      );
      return () => done(rows);
    } catch (thrown) {
      const error = asGatewayError(thrown);
      // What provably did not happen is no fault of the event: it waits as long as it takes.
      const excused = error.fate === 'transient';
      const deadLetter = !excused && Math.max(...rows.map(usedUp)) + 1 >= options.attemptLimit;
      if (!closed) onTrouble(error, { queue, lane, deadLetter });
      const text = `${error.code}: ${error.message}`.slice(0, errorTextLength);
      if (deadLetter) return () => journal.outbox.bury(rows, text);
      const attempt = Math.max(...rows.map((row) => row.attempts)) + 1;
      const nextAtMs = clock.nowMs() + delayMs(error, attempt);
      return () => journal.outbox.postpone(rows, { nextAtMs, error: text, excused });
    }
  }

  /**
   * Tries until the journal takes it, with pauses: the call is not made again for that, nor its attempts used up.
   * @returns false when we were stopped before; the rows are there at the next start
   */
  async function persist(writeDown: () => Promise<void>, lane: string): Promise<boolean> {
    do {
      try {
        await writeDown();
        failures = 0;
        return true;
      } catch (thrown) {
        await pauseAfter(thrown, lane);
      }
    } while (!rest.ended());
    return false;
  }

  function delayMs(error: GatewayError, attempt: number): number {
    const delays = options.retryDelaysMs;
    return Math.max(delays[attempt - 1] ?? delays.at(-1) ?? 0, error.retryAfterMs ?? 0);
  }

  /** The journal failed us; nothing is lost by waiting. */
  async function pauseAfter(thrown: unknown, lane?: string): Promise<void> {
    if (closed) return;
    onTrouble(asGatewayError(thrown), lane === undefined ? { queue } : { queue, lane });
    failures += 1;
    const pauseMs = failurePauses.firstMs * 2 ** Math.min(failures - 1, 10);
    await rest.pause(Math.min(pauseMs, failurePauses.longestMs));
  }

  /** Until more falls due, bounded, in case legal time moves without our being woken. */
  function napMs(dueMs: number | undefined): number {
    if (dueMs === undefined) return longestNapMs;
    return Math.min(Math.max(dueMs - clock.nowMs(), 1), longestNapMs);
  }

  async function run(): Promise<void> {
    while (!rest.ended()) {
      rest.listen();
      try {
        const taking = takePage();
        page = taking.catch(() => undefined);
        const { started, dueMs } = await taking;
        if (isGivingWay()) await rest.pause(givingWay.pauseMs);
        if (!started) await rest.sleep(napMs(dueMs));
      } catch (thrown) {
        await pauseAfter(thrown);
      }
    }
  }

  const deafen = journal.onCommit(rest.wake);
  const running = run();

  return {
    wake() {
      pause = { ...pause, lookedAtMs: -Infinity };
      rest.wake();
    },
    rouse: rest.wake,
    inHand: () => [...busy.values()].reduce((sum, { rows }) => sum + rows, 0),
    async idle(isAsked) {
      await page;
      const asked = [...busy].filter(([lane]) => isAsked(lane));
      await Promise.all(asked.map(([, { ended }]) => ended));
    },
    async stop() {
      deafen();
      rest.end();
      await running;
      await Promise.all([...busy.values()].map(({ ended }) => ended));
    },
    close() {
      closed = true;
      deafen();
      rest.end();
    },
  };
}

interface Call {
  /** Its attempts are used up: buried unhandled. */
  readonly spent: boolean;
  readonly rows: readonly OutboxRow[];
}

/** Attempts that count against an event: those that failed for good, or never ended. */
function usedUp({ attempts, excused }: OutboxRow): number {
  return attempts - excused;
}

function byLane(rows: readonly OutboxRow[]): Map<string, OutboxRow[]> {
  const lanes = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    const lane = lanes.get(row.lane);
    if (lane === undefined) lanes.set(row.lane, [row]);
    else lane.push(row);
  }
  return lanes;
}
