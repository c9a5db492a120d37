/**
 * Asks a sender's FHIR server what is new, again and again. The source's own versions name what it tells, so a repeat is
 * recognised; how far we had come is a row of the journal, moved over what is committed.
 */
import { createHash } from 'node:crypto';
import type { FhirResource } from 'fhir/r4.js';
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import { isId, type FhirClient } from '../../wire/fhir-client.ts';
import { stopped } from '../../wire/retry.ts';
import { Follower, inParallel, type Related } from './polling/follow.ts';
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
import { take, type Taking, type Took } from './take.ts';

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

/** What says something of others comes after them: persons and organisations, stays, then what is done about a stay. */
const order = [
  'Organization',
  'Patient',
  'Encounter',
  'CarePlan',
  'Task',
  'Communication',
  'Observation',
];
/** They say nothing by themselves: those that nothing of ours refers to are not kept. */
const supporting = new Set(['Patient', 'Organization']);
const takesAtOnce = 8;
/** Longest time of the machine between two looks at legal time. */
const longestNapMs = 1000;
/** More are not remembered: then the journal recognises them. */
const mostRemembered = 50_000;

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

interface Count {
  taken: number;
  refused: number;
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
  /**
   * By type, what the last whole walk saw, by its content. The overlap brings it again with each round; to take it again
   * would add nothing and cost a write.
   */
  readonly #remembered = new Map<string, ReadonlySet<string>>();
  readonly #toldStrange = new Set<string>();

  constructor(settings: PollSettings) {
    this.#settings = settings;
    this.#name = pollCursor(settings.taking.sender);
    this.#types = settings.types.toSorted((a, b) => rankOf(a) - rankOf(b));
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
    const count = { taken: 0, refused: 0 };
    try {
      await this.#walkAll(count);
      await this.#end(count);
    } catch (thrown) {
      // What is under way when the gateway stops is no failure.
      if (!this.#settings.stopping.signal.aborted) await this.#fail(asGatewayError(thrown), count);
    }
    if (count.taken + count.refused > 0) this.#tell('polled', { ...count });
  }

  async #walkAll(count: Count): Promise<void> {
    const { client, taking, stopping } = this.#settings;
    const fresh = new Set<string>();
    const follower = new Follower({
      client,
      sender: taking.sender,
      store: taking.store,
      isFresh: (type) => fresh.has(type),
      take: async (resource, related) => void (await this.#take(resource, related, count)),
      onUnread: (type, err) => this.#tell('reference-not-read', { type, err }),
    });
    for (const wanted of this.#types) {
      if (stopping.signal.aborted) throw stopped();
      const state = this.#typeState(wanted);
      const waits = instantMs(state.trouble?.nextAt) ?? -Infinity;
      if (waits > this.#settings.nowMs()) continue;
      try {
        await this.#walk(wanted, state, follower, count);
        // A filter lets some pass: then what is kept may not be as it is now.
        if (!wanted.includes('?')) fresh.add(wanted);
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (stopping.signal.aborted || !isOfOneType(error)) throw error;
        await this.#failType(wanted, error);
      }
    }
  }

  async #walk(wanted: string, state: TypeState, follower: Follower, count: Count): Promise<void> {
    const { client, since, overlapMs, count: pageSize, nowMs } = this.#settings;
    const before = new Set(this.#remembered.get(wanted));
    const seen = new Set<string>();
    try {
      await walkType({
        wanted,
        until: state.until,
        since,
        overlapMs,
        count: pageSize,
        client,
        nowMs,
        take: (resources) => this.#takePage(resources, { before, seen, follower, count, wanted }),
        move: (until) => this.#setType(wanted, { until }),
        onStrange: (entries) => this.#tellStrange(wanted, 'another type', entries),
        onSetBack: (serverTime) =>
          this.#tell('source-clock-set-back', { type: wanted, serverTime }),
      });
      before.clear();
    } finally {
      // Of a walk that broke off what it has taken is remembered with what the one before it had.
      const both = new Set([...before, ...seen]);
      this.#remembered.set(wanted, both.size > mostRemembered ? new Set() : both);
    }
    if (state.trouble !== undefined) {
      await this.#setType(wanted, { trouble: undefined });
      this.#tell('poll-recovered', { type: wanted });
    }
  }

  async #takePage(
    resources: readonly FhirResource[],
    of: {
      readonly before: ReadonlySet<string>;
      readonly seen: Set<string>;
      readonly follower: Follower;
      readonly count: Count;
      readonly wanted: string;
    },
  ): Promise<void> {
    const { before, seen, follower, count, wanted } = of;
    const fresh: { resource: FhirResource; digest: string }[] = [];
    let nameless = 0;
    for (const resource of resources) {
      const digest = digestOf(resource);
      if (resource.id === undefined || !isId(resource.id)) nameless += 1;
      else if (before.has(digest) || seen.has(digest)) seen.add(digest);
      else if (await this.#concernsUs(resource)) fresh.push({ resource, digest });
    }
    if (nameless > 0) this.#tellStrange(wanted, 'no id', nameless);
    const followed = await follower.relatedOf(fresh.map(({ resource }) => resource));
    await inParallel(fresh, takesAtOnce, async ({ resource, digest }, index) => {
      const { related = {}, isWhole = true } = followed[index] ?? {};
      const isAccepted = await this.#take(resource, related, count);
      // What lacked something that it refers to is judged anew while the overlap brings it.
      if (isAccepted || isWhole) seen.add(digest);
    });
  }

  /** A person is kept because of a stay, never for being in the source. */
  async #concernsUs({ resourceType: type, id = '' }: FhirResource): Promise<boolean> {
    if (!supporting.has(type)) return true;
    const { store, sender } = this.#settings.taking;
    return (await store.read({ sender, type, id })) !== undefined;
  }

  /** @returns false where it was refused: kept for the operator, and told by whoever refused it */
  async #take(resource: FhirResource, related: Related, count: Count): Promise<boolean> {
    if (this.#settings.stopping.signal.aborted) throw stopped();
    const { id = '', meta } = resource;
    const { versionId, lastUpdated }: { versionId?: unknown; lastUpdated?: unknown } = meta ?? {};
    const { reply } = await take(this.#settings.taking, {
      resource,
      text: JSON.stringify(resource),
      id,
      source: {
        ...(typeof versionId === 'string' && { versionId }),
        ...(typeof lastUpdated === 'string' && { lastUpdated }),
      },
      related,
    }).catch((thrown: unknown) => this.#untakeable(resource, asGatewayError(thrown)));
    if (reply.outcome === 'untaken') {
      throw reply.error ?? new GatewayError('journal-unavailable', 'not stored');
    }
    count[reply.outcome === 'accepted' ? 'taken' : 'refused'] += 1;
    return reply.outcome === 'accepted';
  }

  /** A resource that breaks something of ours does not stop the others. */
  #untakeable({ resourceType: type }: FhirResource, error: GatewayError): Pick<Took, 'reply'> {
    if (error.fate === 'transient') throw error;
    this.#tell('resource-failed', { type, err: error });
    return { reply: { outcome: 'refused', answers: undefined, error } };
  }

  // -------------------------------------------------------------- what is written down

  #typeState(wanted: string): TypeState {
    return this.#state?.types[wanted] ?? {};
  }

  async #end(count: Count): Promise<void> {
    const hadTrouble = this.#state?.trouble !== undefined;
    const { trouble: _over, ...state } = this.#state ?? { types: {} };
    const polledAt = instantText(this.#settings.nowMs());
    await this.#save({ ...state, polledAt, ...count });
    this.#nextMs = this.#later();
    if (hadTrouble) this.#tell('poll-recovered', {});
  }

  async #fail(error: GatewayError, count: Count): Promise<void> {
    const { everyMs, nowMs } = this.#settings;
    const trouble = troubleAfter(this.#state?.trouble, error, everyMs, nowMs());
    this.#nextMs = instantMs(trouble.nextAt) ?? this.#later();
    this.#tellTrouble('poll-failed', error, trouble);
    await this.#save({ ...this.#state, types: this.#state?.types ?? {}, trouble, ...count });
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

  /** Once: the overlap brings the same entries again. */
  #tellStrange(type: string, why: string, entries: number): void {
    const told = `${type} ${why} ${entries}`;
    if (this.#toldStrange.has(told)) return;
    this.#toldStrange.add(told);
    this.#tell('entries-passed-over', { type, why, entries });
  }

  #tellTrouble(name: PollEvent, err: GatewayError, trouble: Trouble, type?: string): void {
    const { failures, nextAt } = trouble;
    this.#tell(name, { ...(type !== undefined && { type }), failures, nextAt, err });
  }

  #tell(name: PollEvent, detail: Readonly<Record<string, unknown>>): void {
    this.#settings.onEvent(name, detail);
  }
}

function rankOf(wanted: string): number {
  return order.indexOf(wanted.split('?')[0] ?? wanted);
}

/** Whether the other types may do better: the server is there, lets us in, and is not busy. */
function isOfOneType({ code, standardCode = '' }: GatewayError): boolean {
  if (code === 'malformed-message' || code === 'assertion-failed') return true;
  if (code === 'source-refused') return /^4\d\d$/.test(standardCode) && standardCode !== '401';
  return code === 'source-unavailable' && /^(5\d[^3]|TIMEOUT)$/.test(standardCode);
}

function digestOf(resource: FhirResource): string {
  return createHash('sha256').update(JSON.stringify(resource)).digest('base64');
}
