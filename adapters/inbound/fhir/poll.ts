/**
 * Asks a sender's FHIR server what is new, again and again. The source's own versions name what it tells, so a repeat is
 * recognised; how far we had come is a row of the journal, moved over what is committed.
 */
import { asGatewayError, type GatewayError } from '../../../gateway/errors.ts';
import type { FhirClient } from '../../wire/fhir-client.ts';
import { stopped } from '../../wire/retry.ts';
import { Follower } from './polling/follow.ts';
import { PageTaker } from './polling/page-taker.ts';
import {
  instantMs,
  instantText,
  pollCursor,
  readPollState,
  troubleAfter,
  type PollState,
  type Trouble,
  type TypeState,
} from './polling/state.ts';
import { walkType } from './polling/walk.ts';
import type { Taking } from './take.ts';
import { rankOf } from './taken-types.ts';

/** For the log: ids of the sender, types, codes and counts. */
export type PollEvent =
  /** Something was taken or refused. */
  | 'polled'
  /** Nothing could be asked, or nothing stored; `nextAt` says when it is tried again. */
  | 'poll-failed'
  /** One type could not be read; the others go on. */
  | 'type-failed'
  | 'poll-recovered'
  /** A resource could not be taken, by a fault of ours. */
  | 'resource-failed'
  /** What is referred to cannot be read, so it is left out. */
  | 'reference-not-read'
  /** Entries of a page that are not what was asked for, or have no id. */
  | 'entries-passed-over'
  | 'source-clock-set-back';

export interface PollSettings {
  /** Types as configured: `Encounter?class=IMP`. */
  readonly types: readonly string[];
  readonly everyMs: number;
  readonly overlapMs: number;
  readonly since: string;
  readonly count: number;
  readonly client: FhirClient;
  readonly taking: Taking;
  readonly cursors: {
    get(name: string): Promise<string | undefined>;
    set(name: string, value: string): Promise<void>;
  };
  /** Legal time: by it the next round is due. */
  readonly nowMs: () => number;
  /** Aborted when the gateway stops: it ends the calls of `client`, too. */
  readonly stopping: AbortController;
  readonly onEvent: (name: PollEvent, detail: Readonly<Record<string, unknown>>) => void;
}

export interface Poll {
  /** 1 while a round is under way or due. */
  inHand(): number;
  /** A round is due now, unless a failure has its time written down. */
  wake(): void;
  /** Looks at once whether a round is due: legal time was set by hand. */
  look(): void;
  /** Stores what is in hand, asks for nothing more. */
  close(): Promise<void>;
}

/** Longest time of the machine between two looks at legal time. */
const longestNapMs = 1000;

/** Begins to poll. */
export function startPoll(settings: PollSettings): Poll {
  const poll = new Poller(settings);
  poll.look();
  return {
    inHand: () => poll.inHand(),
    wake: () => poll.wake(),
    look: () => poll.look(),
    close: () => poll.close(),
  };
}

class Poller {
  readonly #settings: PollSettings;
  readonly #name: string;
  readonly #types: readonly string[];
  #state: PollState | undefined;
  /** Legal time. */
  #nextMs = -Infinity;
  /** Somebody woke it since the last round began. */
  #isWoken = false;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  readonly #taker: PageTaker;

  constructor(settings: PollSettings) {
    this.#settings = settings;
    this.#name = pollCursor(settings.taking.sender);
    this.#types = settings.types.toSorted((a, b) => rankOf(typeOf(a)) - rankOf(typeOf(b)));
    const { taking, stopping, onEvent } = settings;
    this.#taker = new PageTaker({ taking, signal: stopping.signal, onEvent });
  }

  inHand(): number {
    if (this.#settings.stopping.signal.aborted) return this.#round === undefined ? 0 : 1;
    return this.#round !== undefined || this.#isDue() ? 1 : 0;
  }

  wake(): void {
    this.#isWoken = true;
    this.look();
  }

  look(): void {
    clearTimeout(this.#timer);
    const { signal } = this.#settings.stopping;
    if (signal.aborted) return;
    if (this.#round === undefined && this.#isDue()) this.#begin();
    const leftMs = this.#nextMs - this.#settings.nowMs();
    const napMs = Math.min(Math.max(leftMs, 10), longestNapMs);
    this.#timer = setTimeout(() => this.look(), napMs);
  }

  async close(): Promise<void> {
    this.#settings.stopping.abort();
    clearTimeout(this.#timer);
    await this.#round;
  }

  #isDue(): boolean {
    const mayWake = this.#state?.trouble === undefined;
    return (this.#isWoken && mayWake) || this.#settings.nowMs() >= this.#nextMs;
  }

  #begin(): void {
    this.#isWoken = false;
    this.#nextMs = Infinity;
    this.#round = this.#poll()
      .catch((thrown: unknown) => this.#tell('poll-failed', { err: asGatewayError(thrown) }))
      .finally(() => {
        this.#round = undefined;
        if (this.#nextMs === Infinity) this.#nextMs = this.#later();
        this.look();
      });
  }

  #later(): number {
    return this.#settings.nowMs() + this.#settings.everyMs;
  }

  /** One round over all types that nothing hinders. */
  async #poll(): Promise<void> {
    this.#state ??= readPollState(await this.#settings.cursors.get(this.#name));
    const waits = instantMs(this.#state.trouble?.nextAt) ?? -Infinity;
    if (waits > this.#settings.nowMs()) {
      this.#nextMs = waits;
      return;
    }
    this.#taker.beginRound();
    try {
      await this.#walkAll();
      await this.#end();
    } catch (thrown) {
      // What is under way when the gateway stops is no failure.
      if (!this.#settings.stopping.signal.aborted) await this.#fail(asGatewayError(thrown));
    }
    const { count } = this.#taker;
    if (count.taken + count.refused > 0) this.#tell('polled', { ...count });
  }

  async #walkAll(): Promise<void> {
    const { client, taking, stopping } = this.#settings;
    const fresh = new Set<string>();
    const follower = new Follower({
      client,
      sender: taking.sender,
      store: taking.store,
      isFresh: (type) => fresh.has(type),
      take: async (resource, related) => void (await this.#taker.take(resource, related)),
      onUnread: (type, err) => this.#tell('reference-not-read', { type, err }),
    });
    for (const wanted of this.#types) {
      if (stopping.signal.aborted) throw stopped();
      const state = this.#typeState(wanted);
      const waits = instantMs(state.trouble?.nextAt) ?? -Infinity;
      if (waits > this.#settings.nowMs()) continue;
      try {
        await this.#walk(wanted, state, follower);
        // A filter lets some pass: then what is kept may not be as it is now.
        if (!wanted.includes('?')) fresh.add(wanted);
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (stopping.signal.aborted || !isOfOneType(error)) throw error;
        await this.#failType(wanted, error);
      }
    }
  }

  async #walk(wanted: string, state: TypeState, follower: Follower): Promise<void> {
    const { client, since, overlapMs, count, nowMs } = this.#settings;
    await this.#taker.walk(wanted, follower, async (takePage) => {
      await walkType({
        wanted,
        until: state.until,
        since,
        overlapMs,
        count,
        client,
        nowMs,
        take: takePage,
        move: (until) => this.#setType(wanted, { until }),
        onStrange: (entries) => this.#taker.tellStrange(wanted, 'another type', entries),
        onSetBack: (serverTime) => {
          this.#tell('source-clock-set-back', { type: wanted, serverTime });
        },
      });
    });
    if (state.trouble !== undefined) {
      await this.#setType(wanted, { trouble: undefined });
      this.#tell('poll-recovered', { type: wanted });
    }
  }

  // -------------------------------------------------------------- what is written down

  #typeState(wanted: string): TypeState {
    return this.#state?.types[wanted] ?? {};
  }

  async #end(): Promise<void> {
    const hadTrouble = this.#state?.trouble !== undefined;
    const { trouble: _over, ...state } = this.#state ?? { types: {} };
    const polledAt = instantText(this.#settings.nowMs());
    await this.#save({ ...state, polledAt, ...this.#taker.count });
    this.#nextMs = this.#later();
    if (hadTrouble) this.#tell('poll-recovered', {});
  }

  async #fail(error: GatewayError): Promise<void> {
    const { everyMs, nowMs } = this.#settings;
    const trouble = troubleAfter(this.#state?.trouble, error, everyMs, nowMs());
    this.#nextMs = instantMs(trouble.nextAt) ?? this.#later();
    this.#tellTrouble('poll-failed', error, trouble);
    const types = this.#state?.types ?? {};
    await this.#save({ ...this.#state, types, trouble, ...this.#taker.count });
  }

  async #failType(wanted: string, error: GatewayError): Promise<void> {
    const { everyMs, nowMs } = this.#settings;
    const trouble = troubleAfter(this.#typeState(wanted).trouble, error, everyMs, nowMs());
    this.#tellTrouble('type-failed', error, trouble, wanted);
    await this.#setType(wanted, { trouble });
  }

  async #setType(
    wanted: string,
    change: { readonly until?: string | undefined; readonly trouble?: Trouble | undefined },
  ): Promise<void> {
    const { until, trouble } = { ...this.#typeState(wanted), ...change };
    const type = { ...(until !== undefined && { until }), ...(trouble && { trouble }) };
    const types = { ...this.#state?.types, [wanted]: type };
    await this.#save({ ...this.#state, types });
  }

  /** In memory only what is in the journal: a cursor that could not be written has not moved. */
  async #save(state: PollState): Promise<void> {
    await this.#settings.cursors.set(this.#name, JSON.stringify(state));
    this.#state = state;
  }

  #tellTrouble(name: PollEvent, err: GatewayError, trouble: Trouble, type?: string): void {
    const { failures, nextAt } = trouble;
    this.#tell(name, { ...(type !== undefined && { type }), failures, nextAt, err });
  }

  #tell(name: PollEvent, detail: Readonly<Record<string, unknown>>): void {
    this.#settings.onEvent(name, detail);
  }
}

/** Of `Encounter?class=IMP`. */
function typeOf(wanted: string): string {
  return wanted.split('?')[0] ?? wanted;
}

/** Whether the other types may do better: the server is there, lets us in, and is not busy. */
function isOfOneType({ code, standardCode = '' }: GatewayError): boolean {
  if (code === 'malformed-message' || code === 'assertion-failed') return true;
  if (code === 'source-refused') return /^4\d\d$/.test(standardCode) && standardCode !== '401';
  return code === 'source-unavailable' && /^(5\d[^3]|TIMEOUT)$/.test(standardCode);
}
