/**
 * One subscription as it lives: it is registered and renewed, what its notifications bring is stored, and what they did
 * not bring is fetched. Whatever is to be done is read from its state, so a process that died goes on where it was.
 */
import { asGatewayError, GatewayError } from '../../../../gateway/errors.ts';
import { abilitiesOf, askSource, eventsOf, type Abilities } from './catch-up.ts';
import { keptState, type KeptState } from './kept-state.ts';
import { readStatuses, type Notification } from './notification.ts';
import type { NotifiedSubscription } from './receiver.ts';
import { digestOf, endOf, register, wantedSubscription } from './registration.ts';
import { secretDigest } from './secret.ts';
import type { SubscriptionReport, SubscriptionSettings } from './settings.ts';
import {
  afterAsking,
  afterHearing,
  afterMending,
  afterReading,
  gapOf,
  mustAsk,
  unregistered,
  withNumbers,
  withReads,
  withStatus,
} from './state.ts';
import { takerOf, type Taker } from './take-told.ts';

export interface LiveSubscription extends NotifiedSubscription {
  report(): SubscriptionReport;
  /** Looks at once for what is due: legal time was set by hand. */
  wake(): void;
  /** Nothing is being heard or fetched, and nothing is due but what failed and waits. */
  isQuiet(): boolean;
  /** Finishes what is in hand. What is left to be done is kept. */
  close(): Promise<void>;
}

type Doing = 'registering' | 'reading' | 'mending' | 'asking' | 'checking';

/** Where something failed, it waits; the others go on. */
interface Failure {
  readonly count: number;
  /** Monotonic. */
  readonly againMs: number;
}

/** A new Subscription is looked at soon: by criteria nothing is sent when it becomes active. */
const firstCheckMs = 2000;
/** After as many checks of a source that says `active` and is silent, the Subscription is written anew. */
const mostSilentChecks = 3;
const readAtOnce = 20;
const longestSleepMs = 30_000;

/** Name of the cursor that keeps a subscription: at another base it is another one. */
export const cursorOf = (sender: string, name: string, base: string): string =>
  `fhir-subscription/${sender}/${name} ${base}`;

/** Begins with what the journal knows of it; resolves when notifications may come. */
export async function startSubscription(settings: SubscriptionSettings): Promise<LiveSubscription> {
  const { wish, taking, source, cursors, nowMs } = settings;
  const cursor = cursorOf(taking.sender, wish.name, source.base);
  const since = wish.since ?? new Date(nowMs()).toISOString();
  const kept = keptState(cursors, cursor, await cursors.get(cursor), unregistered(since));
  const live = new Live(settings, kept);
  live.start();
  return live;
}

class Live implements LiveSubscription {
  readonly name: string;
  readonly sender: string;
  readonly secretSha256: readonly Uint8Array[];
  readonly #settings: SubscriptionSettings;
  readonly #kept: KeptState;
  readonly #taker: Taker;
  readonly #asked: string;
  readonly #failures = new Map<Doing, Failure>();
  #trouble: SubscriptionReport['trouble'];
  #abilities: Abilities | undefined;
  /** Monotonic, since when the present gap is known. */
  #gapSinceMs: number | undefined;
  /** Legal, of the last check in this process. */
  #checkedMs: number | undefined;
  #silentChecks = 0;
  #hearing = 0;
  #isWorking = false;
  #isClosed = false;
  #wakeUp: () => void = () => undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(settings: SubscriptionSettings, kept: KeptState) {
    this.#settings = settings;
    this.#kept = kept;
    this.#taker = takerOf(settings);
    this.name = settings.wish.name;
    this.sender = settings.taking.sender;
    this.secretSha256 = settings.wish.secrets.map(secretDigest);
    this.#asked = digestOf(settings.wish, this.sender);
  }

  start(): void {
    this.#done = this.#live();
  }

  async hear(notification: Notification): Promise<void> {
    this.#hearing += 1;
    try {
      const todo = await this.#taker.takeNotified(notification);
      const now = this.#now();
      await this.#kept.change((state) => afterHearing(state, notification, todo, now));
      this.#silentChecks = 0;
    } finally {
      this.#hearing -= 1;
    }
    this.#noticeGap();
    this.wake();
  }

  report(): SubscriptionReport {
    const { wish, source } = this.#settings;
    const state = this.#kept.current();
    const gap = gapOf(state);
    return {
      sender: this.sender,
      name: this.name,
      base: source.base,
      form: wish.form,
      ...(state.id !== undefined && { id: state.id }),
      status: state.status,
      ...(state.activeSince !== undefined && { activeSince: state.activeSince }),
      ...(state.end !== undefined && { end: state.end }),
      ...((state.seen ?? 0) > 0 || state.lastEventAt !== undefined
        ? {
            lastEvent: {
              ...(state.seen !== undefined && { number: state.ahead.at(-1) ?? state.seen }),
              ...(state.lastEventAt !== undefined && { at: state.lastEventAt }),
            },
          }
        : {}),
      ...(state.lastHeardAt !== undefined && { lastHeardAt: state.lastHeardAt }),
      gapsMended: state.gapsMended,
      ...(gap !== undefined && { gap }),
      toRead: state.toRead.length,
      ...(state.askSince !== undefined && { askSince: state.askSince }),
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
    };
  }

  wake(): void {
    this.#wakeUp();
  }

  isQuiet(): boolean {
    return this.#hearing === 0 && !this.#isWorking && (this.#nextMs() ?? 1) > 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    await this.#done;
  }

  // -------------------------------------------------------------- what is to be done, and when

  /** In order: what one does may be what the next one needs. */
  readonly #jobs: readonly {
    readonly doing: Doing;
    /** Milliseconds until it is due; undefined where there is nothing to do. */
    readonly inMs: () => number | undefined;
    readonly run: () => Promise<void>;
  }[] = [
    { doing: 'registering', inMs: () => this.#registersInMs(), run: () => this.#register() },
    {
      doing: 'reading',
      inMs: () => this.#nowIf(this.#state.toRead.length > 0),
      run: () => this.#read(),
    },
    { doing: 'mending', inMs: () => this.#mendsInMs(), run: () => this.#mend() },
    {
      doing: 'asking',
      inMs: () => this.#nowIf(this.#state.askSince !== undefined),
      run: () => this.#ask(),
    },
    { doing: 'checking', inMs: () => this.#checksInMs(), run: () => this.#check() },
  ];

  async #live(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWorking = true;
      for (const { doing, inMs, run } of this.#jobs) {
        const due = this.#withFailure(doing, inMs());
        if (due === undefined || due > 0 || this.#isClosed) continue;
        try {
          await run();
          this.#failures.delete(doing);
          if (this.#trouble?.doing === doing) this.#trouble = undefined;
        } catch (thrown) {
          this.#fail(doing, asGatewayError(thrown));
        }
      }
      this.#isWorking = false;
      const next = this.#nextMs() ?? longestSleepMs;
      if (next > 0 && !this.#isClosed) await this.#sleep(Math.min(next, longestSleepMs));
    }
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
    const due = this.#jobs.flatMap(({ doing, inMs }) => this.#withFailure(doing, inMs()) ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #withFailure(doing: Doing, inMs: number | undefined): number | undefined {
    const failure = this.#failures.get(doing);
    if (failure === undefined || inMs === undefined) return inMs;
    return Math.max(inMs, failure.againMs - this.#settings.elapsedMs());
  }

  #fail(doing: Doing, error: GatewayError): void {
    const { pace, elapsedMs, onEvent } = this.#settings;
    const count = (this.#failures.get(doing)?.count ?? 0) + 1;
    const wait = Math.min(pace.retryMs * 2 ** Math.min(count - 1, 20), pace.longestRetryMs);
    const againMs = elapsedMs() + Math.max(wait, error.retryAfterMs ?? 0);
    this.#failures.set(doing, { count, againMs });
    this.#trouble = { at: this.#now(), doing, text: error.message };
    onEvent('failed', { subscription: this.name, doing, count, err: error });
  }

  get #state() {
    return this.#kept.current();
  }

  #now(): string {
    return new Date(this.#settings.nowMs()).toISOString();
  }

  #nowIf(condition: boolean): number | undefined {
    return condition ? 0 : undefined;
  }

  #event(event: Parameters<SubscriptionSettings['onEvent']>[0], detail: object = {}): void {
    this.#settings.onEvent(event, { subscription: this.name, sender: this.sender, ...detail });
  }

  // -------------------------------------------------------------- registering

  #registersInMs(): number | undefined {
    const { status, asked, registeredAt, end } = this.#state;
    const isStanding = status === 'active' || status === 'requested';
    if (!isStanding || asked !== this.#asked || registeredAt === undefined) return 0;
    const since = Date.parse(registeredAt);
    // A source may grant less time than it was asked for.
    const granted = end === undefined ? Infinity : (Date.parse(end) - since) / 2;
    return since + Math.min(this.#settings.wish.renewEveryMs, granted) - this.#settings.nowMs();
  }

  async #register(): Promise<void> {
    const { wish, source, nowMs } = this.#settings;
    const before = this.#state;
    const isRenewal = before.status === 'active' && before.asked === this.#asked;
    const wanted = wantedSubscription(wish, this.sender, endOf(wish, nowMs()));
    const { subscription, isNew } = await register(source, before.id, wanted);
    const now = this.#now();
    await this.#kept.change((state) => {
      const { end: _end, seen, told: _told, ...rest } = state;
      const { id, status, end } = subscription;
      const isSame = id === state.id;
      const placed = {
        ...rest,
        id,
        asked: this.#asked,
        registeredAt: now,
        ...(end !== undefined && { end }),
        // A new one counts from one; of one that we only found the count is learnt from what it tells.
        ...(isSame
          ? { ...(seen !== undefined && { seen }) }
          : isNew
            ? { seen: 0, ahead: [] }
            : { ahead: [] }),
      };
      // What happened while there was none, or while it was in error, was not told.
      const told = withStatus(
        { ...placed, status: isRenewal ? placed.status : 'requested' },
        status,
        now,
      );
      return isRenewal && isSame ? told : mustAsk(told);
    });
    this.#checkedMs = nowMs();
    this.#silentChecks = 0;
    this.#event(isRenewal ? 'renewed' : 'registered', { id: subscription.id });
  }

  // -------------------------------------------------------------- fetching

  async #read(): Promise<void> {
    const done: string[] = [];
    let failure: unknown;
    for (const reference of this.#state.toRead.slice(0, readAtOnce)) {
      try {
        await this.#taker.readAndTake(reference);
        done.push(reference);
      } catch (thrown) {
        failure = thrown;
        if (asGatewayError(thrown).fate !== 'permanent') break;
      }
    }
    await this.#kept.change((state) => {
      const left = afterReading(state, done);
      // What the source refuses does not stand before the rest.
      const again = left.toRead.slice(readAtOnce);
      return failure === undefined || again.length === 0
        ? left
        : { ...left, toRead: [...again, ...left.toRead.slice(0, readAtOnce)] };
    });
    if (failure !== undefined) throw failure;
  }

  #noticeGap(): void {
    const gap = gapOf(this.#state);
    if (gap === undefined) this.#gapSinceMs = undefined;
    else if (this.#gapSinceMs === undefined) {
      this.#gapSinceMs = this.#settings.elapsedMs();
      this.#event('gap', gap);
    }
  }

  #mendsInMs(): number | undefined {
    if (gapOf(this.#state) === undefined || this.#state.id === undefined) return undefined;
    const { pace, elapsedMs } = this.#settings;
    // One that an earlier process knew of has waited long enough.
    return this.#gapSinceMs === undefined ? 0 : this.#gapSinceMs + pace.gapWaitMs - elapsedMs();
  }

  async #mend(): Promise<void> {
    const { source, wish } = this.#settings;
    const gap = gapOf(this.#state);
    const { id } = this.#state;
    if (gap === undefined || id === undefined) return;
    const { events } = await this.#able();
    const told = events ? await eventsOf(source, id, gap, wish.payload) : undefined;
    if (told !== undefined) {
      const todo = await this.#taker.takeNotified(told);
      const numbers = told.events.flatMap(({ number }) => (number === undefined ? [] : [number]));
      await this.#kept.change((state) => {
        const counted = withReads(withNumbers(state, numbers, undefined), todo.toRead, state.upTo);
        return todo.mustAsk ? mustAsk(counted) : counted;
      });
    }
    // What it no longer has by number is found by time.
    const left = gapOf(this.#state);
    const isByQuery = left !== undefined && left.from <= gap.until;
    if (isByQuery) await this.#ask();
    await this.#kept.change((state) => afterMending(state, gap.until));
    this.#gapSinceMs = undefined;
    this.#noticeGap();
    this.#event('gap-mended', { ...gap, by: isByQuery ? 'query' : '$events' });
  }

  async #ask(): Promise<void> {
    const { source, wish, pace } = this.#settings;
    const { asks, askSince, upTo } = this.#state;
    const since = new Date(Date.parse(askSince ?? upTo) - pace.overlapMs).toISOString();
    const reached = await askSource(source, this.#taker, wish.catchUp, since);
    await this.#kept.change((state) => afterAsking(state, asks, reached));
  }

  // -------------------------------------------------------------- looking whether it is there still

  #checksInMs(): number | undefined {
    const { id, status, lastHeardAt } = this.#state;
    if (id === undefined || (status !== 'active' && status !== 'requested')) return undefined;
    const { pace, wish, nowMs } = this.#settings;
    if (this.#checkedMs === undefined) return 0;
    if (status === 'requested') {
      const soon = Math.min(firstCheckMs, pace.checkEveryMs);
      return this.#checkedMs + soon * 2 ** Math.min(this.#silentChecks, 8) - nowMs();
    }
    if (wish.heartbeatMs === undefined) return this.#checkedMs + pace.checkEveryMs - nowMs();
    const heard = lastHeardAt === undefined ? 0 : Date.parse(lastHeardAt);
    return Math.max(this.#checkedMs, heard) + 2 * wish.heartbeatMs - nowMs();
  }

  async #check(): Promise<void> {
    const { wish, nowMs } = this.#settings;
    const isFirst = this.#checkedMs === undefined;
    const { id = '', status: before } = this.#state;
    this.#taker.forgetUnreachable();
    const told = await this.#standing(id);
    this.#checkedMs = nowMs();
    if (told === undefined) {
      this.#event('gone', { id });
      await this.#kept.change(({ id: _id, ...state }) => ({ ...state, status: 'none' }));
      return;
    }
    const now = this.#now();
    const { status, eventsSinceStart } = told;
    await this.#kept.change((state) => {
      const based =
        state.seen === undefined && eventsSinceStart !== undefined
          ? mustAsk({ ...state, seen: eventsSinceStart })
          : state;
      const next = withStatus(withNumbers(based, [], eventsSinceStart), status, now);
      // Without numbers nothing shows what was lost on the way.
      const isBlind = eventsSinceStart === undefined && next.asks === state.asks;
      return isBlind && (isFirst || wish.form === 'r4') ? mustAsk(next) : next;
    });
    if (before !== 'active' && status === 'active') this.#event('active', { id });
    this.#noticeGap();
    this.#silentChecks += 1;
    if (isFirst || status !== 'active' || wish.heartbeatMs === undefined) return;
    this.#event('silent', { id, checks: this.#silentChecks });
    if (this.#silentChecks >= mostSilentChecks) {
      await this.#kept.change((state) => ({ ...state, asked: '' }));
    }
  }

  /** @returns undefined where the source has no such Subscription */
  async #standing(
    id: string,
  ): Promise<Pick<Notification, 'status' | 'eventsSinceStart'> | undefined> {
    const { source } = this.#settings;
    const { status } = await this.#able();
    if (status) {
      try {
        const told = readStatuses(await source.operation('status', id, {}));
        const ours = told.find(({ subscription }) => subscription === id) ?? told[0];
        if (ours !== undefined) return ours;
      } catch (thrown) {
        // It may not have the operation after all; whether it has the Subscription is asked plainly.
        if (asGatewayError(thrown).fate !== 'permanent') throw thrown;
      }
    }
    const standing = await source.read('Subscription', id);
    return standing?.resourceType === 'Subscription' ? { status: standing.status } : undefined;
  }

  async #able(): Promise<Abilities> {
    this.#abilities ??= await abilitiesOf(this.#settings.source);
    return this.#abilities;
  }
}
