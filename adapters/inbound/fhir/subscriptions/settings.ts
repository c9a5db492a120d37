/** What one subscription is asked for, and what it needs of its surroundings. */
import type { Taking } from '../take.ts';
import type { CursorStore } from './kept-state.ts';
import type { SubscriptionSource } from './source.ts';

/** How much a notification brings. By criteria (R4) there is no `id-only`. */
export type PayloadContent = 'empty' | 'id-only' | 'full-resource';

export interface SubscriptionWish {
  /** Last part of the endpoint; unique in the gateway. */
  readonly name: string;
  /** `r4`: by criteria, as FHIR R4 has it; `backport`: topic-based (Subscriptions R5 Backport). */
  readonly form: 'r4' | 'backport';
  /** Canonical of the SubscriptionTopic; of `backport`. */
  readonly topic?: string;
  /** `r4`: the one search that says what is told of; `backport`: filters. */
  readonly criteria: readonly string[];
  /** The searches that find everything the subscription would have told of: `Encounter?class=IMP`. */
  readonly catchUp: readonly string[];
  readonly payload: PayloadContent;
  /** Where the source reaches us, `…/fhir-notifications/<name>`. */
  readonly endpoint: string;
  /** What the source proves itself with; the first is given to it, the second still holds while it is changed. */
  readonly secrets: readonly string[];
  readonly heartbeatMs?: number;
  readonly renewEveryMs: number;
  /** What happened before is not wanted, ISO 8601 UTC; what happens from the first registration on where left out. */
  readonly since?: string;
}

/** Lengths of time in milliseconds. */
export interface SubscriptionPace {
  /** How long a missing event may be under way before it is fetched. */
  readonly gapWaitMs: number;
  /** A query begins so much before what is known: clocks differ, and what is written last may be dated before. */
  readonly overlapMs: number;
  /** How soon a new Subscription is looked at: a source need not say when it has become active. */
  readonly firstCheckMs: number;
  /** How often a source without heartbeat is asked how the subscription stands. */
  readonly checkEveryMs: number;
  /** After a failure, doubled each time. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
}

export const ordinaryPace: SubscriptionPace = {
  gapWaitMs: 5000,
  overlapMs: 120_000,
  firstCheckMs: 2000,
  checkEveryMs: 900_000,
  retryMs: 1000,
  longestRetryMs: 300_000,
};

/** What happens to a subscription, for the log: ids and codes only. */
export type SubscriptionEvent =
  | 'registered'
  | 'renewed'
  | 'removed'
  | 'active'
  | 'gap'
  | 'gap-mended'
  | 'silent'
  | 'gone'
  | 'resource-refused'
  | 'resource-gone'
  | 'failed';

export interface SubscriptionSettings {
  readonly wish: SubscriptionWish;
  readonly source: SubscriptionSource;
  readonly taking: Taking;
  readonly cursors: CursorStore;
  readonly pace: SubscriptionPace;
  /** Legal time in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Monotonic milliseconds. */
  readonly elapsedMs: () => number;
  readonly onEvent: (event: SubscriptionEvent, detail: Readonly<Record<string, unknown>>) => void;
}
