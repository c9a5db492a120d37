/**
 * How one subscription stands: what the source has been asked for, which of its events are accounted for, and what is
 * yet to be fetched. It is kept in the journal, and written before a notification is answered. Pure.
 *
 * An event is accounted for when the resources it brought are stored, or when it stands here that they must be fetched.
 */
import type { Notification, SourceStatus } from './notification.ts';

export interface SubscriptionState {
  /** Logical id of the Subscription at the source. */
  readonly id?: string;
  /** Digest of what was asked for: where it is another one, the Subscription is written anew. */
  readonly asked?: string;
  /** `none`: the source has no Subscription of ours, as far as we know. */
  readonly status: SourceStatus | 'none';
  readonly registeredAt?: string;
  readonly activeSince?: string;
  /** When the source turns it off by itself. */
  readonly end?: string;
  /** Every event up to this number is accounted for; absent until the source has given a number. */
  readonly seen?: number;
  /** Numbers beyond the first gap that are accounted for, ascending. */
  readonly ahead: readonly number[];
  /** The highest number of events the source has spoken of. */
  readonly told?: number;
  /** The source's time of its latest event that we know of. */
  readonly lastEventAt?: string;
  /** When we last heard from the source. */
  readonly lastHeardAt?: string;
  /** The source's time up to which nothing is missing: a query begins there. */
  readonly upTo: string;
  /** What must be read from the source, as `Type/id`. */
  readonly toRead: readonly string[];
  /** `upTo` of when the first of them came. */
  readonly readFrom?: string;
  /** The source must be asked for everything that changed since then, by its own time. */
  readonly askSince?: string;
  /** Rises with each reason to ask: a query answers those that were there when it began. */
  readonly asks: number;
  readonly gapsMended: number;
  /** What last went wrong and has not gone right since. */
  readonly trouble?: {
    /** Of the last try. */
    readonly at: string;
    readonly doing: string;
    /** In a row. */
    readonly failures: number;
    readonly text: string;
  };
}

/** @param since from when on what happened at the source is wanted, by its time */
export function unregistered(since: string): SubscriptionState {
  return { status: 'none', upTo: since, ahead: [], toRead: [], asks: 0, gapsMended: 0 };
}

/** What a notification leaves to be done. */
export interface ToDo {
  /** What it spoke of without bringing it, as `Type/id`. */
  readonly toRead: readonly string[];
  /** It says that something happened, and not what. */
  readonly mustAsk: boolean;
}

/** More than this is not read one by one: the source is asked for all of it. */
export const mostToRead = 500;
/** More numbers beyond a gap are not kept: the gap will be mended by a query. */
const mostAhead = 1000;

/** Numbers that are missing: from the first to the last of them. */
export interface Gap {
  readonly from: number;
  readonly until: number;
}

/**
 * What stands once a notification was heard, and what it brought is stored.
 * One of another Subscription (an old one of ours that the source has not ended yet) is not counted.
 * @param now legal time, ISO 8601 UTC
 */
export function afterHearing(
  state: SubscriptionState,
  notification: Notification,
  todo: ToDo,
  now: string,
): SubscriptionState {
  const heard = { ...state, lastHeardAt: now };
  const isOurs = notification.subscription === undefined || notification.subscription === state.id;
  const counted = isOurs ? withEvents(heard, notification, todo, now) : heard;
  return withReads(todo.mustAsk ? mustAsk(counted) : counted, todo.toRead, state.upTo);
}

function withEvents(
  state: SubscriptionState,
  notification: Notification,
  { mustAsk: isBlind }: ToDo,
  now: string,
): SubscriptionState {
  const at = latest(notification.events.map((event) => event.at));
  const numbers = notification.events.flatMap(({ number }) =>
    number === undefined ? [] : [number],
  );
  const from = baseline(state, notification, numbers, at);
  const counted = withNumbers(from, numbers, notification.eventsSinceStart);
  const lastEventAt = latest([state.lastEventAt, at]);
  const told = withStatus(
    { ...counted, ...(lastEventAt !== undefined && { lastEventAt }) },
    notification.status,
    now,
  );
  // What is not numbered says nothing of what is missing before it.
  const isWhole = numbers.length > 0 && !isBlind && gapOf(told) === undefined;
  return isWhole ? { ...told, upTo: latest([told.upTo, at]) ?? told.upTo } : told;
}

/** Whatever happened since the source was last known in full must be asked for. */
export function mustAsk(state: SubscriptionState): SubscriptionState {
  const askSince = earliest([state.askSince, state.upTo]) ?? state.upTo;
  return { ...state, asks: state.asks + 1, askSince };
}

/**
 * The answer to a query has been stored.
 * @param asks `state.asks` of when it began
 * @param reached the latest `meta.lastUpdated` of what it brought
 */
export function afterAsking(
  state: SubscriptionState,
  asks: number,
  reached: string | undefined,
): SubscriptionState {
  const { askSince, ...rest } = state;
  const answered = state.asks === asks ? rest : { ...rest, ...(askSince && { askSince }) };
  return { ...answered, upTo: latest([state.upTo, reached]) ?? state.upTo };
}

export function afterReading(state: SubscriptionState, done: readonly string[]): SubscriptionState {
  const toRead = state.toRead.filter((reference) => !done.includes(reference));
  if (toRead.length > 0) return { ...state, toRead };
  const { readFrom: _readFrom, ...rest } = state;
  return { ...rest, toRead };
}

/** Every event up to `until` is accounted for: fetched by its number, or by a query that covers its time. */
export function afterMending(state: SubscriptionState, until: number): SubscriptionState {
  const counted = absorbed({ ...state, seen: Math.max(state.seen ?? 0, until) });
  const isWhole = gapOf(counted) === undefined;
  const upTo = (isWhole ? latest([state.upTo, state.lastEventAt]) : undefined) ?? state.upTo;
  return { ...counted, gapsMended: state.gapsMended + 1, upTo };
}

/** The numbers that are missing of those the source has spoken of. */
export function gapOf({ seen, ahead, told }: SubscriptionState): Gap | undefined {
  if (seen === undefined) return undefined;
  const held = new Set(ahead);
  let until = Math.max(told ?? 0, ahead.at(-1) ?? 0);
  while (until > seen && held.has(until)) until -= 1;
  return until > seen ? { from: seen + 1, until } : undefined;
}

/** Counts events by their numbers. */
export function withNumbers(
  state: SubscriptionState,
  numbers: readonly number[],
  told: number | undefined,
): SubscriptionState {
  const { seen } = state;
  if (seen === undefined) return state;
  const ahead = [...new Set([...state.ahead, ...numbers])]
    .filter((number) => number > seen)
    .toSorted((left, right) => left - right)
    .slice(0, mostAhead);
  const most = Math.max(told ?? 0, state.told ?? 0, ...numbers);
  return absorbed({ ...state, ahead, told: most });
}

/**
 * Adds to what must be read; where it becomes too much, the source is asked for all of it.
 * @param upTo the source's time up to which nothing was missing before these came
 */
export function withReads(
  state: SubscriptionState,
  references: readonly string[],
  upTo: string,
): SubscriptionState {
  if (references.length === 0) return state;
  const toRead = [...new Set([...state.toRead, ...references])];
  const { readFrom = upTo, ...rest } = state;
  if (toRead.length <= mostToRead) return { ...rest, toRead, readFrom };
  return mustAsk({ ...rest, toRead: [], askSince: earliest([state.askSince, readFrom]) ?? upTo });
}

/**
 * Where counting begins. A source that counts anew (the Subscription was made again, its counter was lost) says a lower
 * number at a later time: whatever happened in between must be asked for.
 */
function baseline(
  state: SubscriptionState,
  { kind, eventsSinceStart, at: madeAt }: Notification,
  numbers: readonly number[],
  at: string | undefined,
): SubscriptionState {
  const before = numbers.length === 0 ? eventsSinceStart : Math.min(...numbers) - 1;
  if (before === undefined) return state;
  if (state.seen === undefined) return { ...state, seen: before, ahead: [] };
  const isAnew =
    numbers.length === 0
      ? kind === 'handshake' && before < state.seen && isLater(madeAt, state.lastEventAt)
      : Math.max(...numbers) <= state.seen && isLater(at, state.lastEventAt);
  if (!isAnew) return state;
  const { told: _told, ...rest } = state;
  return mustAsk({ ...rest, seen: before, ahead: [] });
}

function absorbed(state: SubscriptionState): SubscriptionState {
  let seen = state.seen ?? 0;
  const ahead = state.ahead.filter((number) => number > seen);
  while (ahead[0] === seen + 1) {
    seen += 1;
    ahead.shift();
  }
  return { ...state, seen, ahead };
}

/** The status a source tells; when it has become active, everything since before must be asked for. */
export function withStatus(
  state: SubscriptionState,
  status: SourceStatus | undefined,
  now: string,
): SubscriptionState {
  if (status === undefined || status === state.status) return state;
  if (status === 'active') return mustAsk({ ...state, status, activeSince: now });
  const { activeSince: _activeSince, ...rest } = state;
  return { ...rest, status };
}

function isLater(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left > right;
}

export function latest(instants: readonly (string | undefined)[]): string | undefined {
  return known(instants).at(-1);
}

function earliest(instants: readonly (string | undefined)[]): string | undefined {
  return known(instants)[0];
}

function known(instants: readonly (string | undefined)[]): string[] {
  return instants.filter((instant) => instant !== undefined).toSorted();
}
