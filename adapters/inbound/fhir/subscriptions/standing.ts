/** Keeps one Subscription standing at its source: registers it, renews it, looks whether it is there still. */
import { asGatewayError } from '../../../../gateway/errors.ts';
import { backOffMs } from '../../../wire/retry.ts';
import type { Abilities } from './catch-up.ts';
import type { KeptState } from './kept-state.ts';
import { readStatuses, type Notification } from './notification.ts';
import { digestOf, endOf, register, wantedSubscription } from './registration.ts';
import type { Job } from './rounds.ts';
import type { SubscriptionEvent, SubscriptionSettings } from './settings.ts';
import { mustAsk, withNumbers, withStatus, type SubscriptionState } from './state.ts';

export interface StandingParts {
  readonly settings: SubscriptionSettings;
  readonly kept: KeptState;
  readonly abilities: () => Promise<Abilities>;
  readonly tell: (event: SubscriptionEvent, detail?: object) => void;
  /** Numbers may have been learnt. */
  readonly onChecked: () => void;
}

/** After as many checks of a source that says `active` and is silent, the Subscription is written anew. */
const mostSilentChecks = 3;

export class Standing {
  readonly #parts: StandingParts;
  readonly #asked: string;
  /** Legal, of the last check in this process. */
  #checkedMs: number | undefined;
  /** Since we last heard of it. */
  #silentChecks = 0;
  /** Written anew without anything but handshakes since: a source that cannot reach us is not asked over and over. */
  #inVain = 0;
  /** Monotonic, of the last time it was written. */
  #writtenMs = 0;

  constructor(parts: StandingParts) {
    this.#parts = parts;
    this.#asked = digestOf(parts.settings.wish, parts.settings.taking.sender);
  }

  readonly registering: Job = {
    doing: 'registering',
    inMs: () => this.#registersInMs(),
    run: () => this.#register(),
  };
  readonly checking: Job = {
    doing: 'checking',
    inMs: () => this.#checksInMs(),
    run: () => this.#check(),
  };

  heard({ kind }: Pick<Notification, 'kind'>): void {
    this.#silentChecks = 0;
    if (kind !== 'handshake') this.#inVain = 0;
  }

  get #state(): SubscriptionState {
    return this.#parts.kept.current();
  }

  #now(): string {
    return new Date(this.#parts.settings.nowMs()).toISOString();
  }

  /** By criteria a source has no heartbeat. */
  get #heartbeatMs(): number | undefined {
    const { form, heartbeatMs } = this.#parts.settings.wish;
    return form === 'backport' ? heartbeatMs : undefined;
  }

  // -------------------------------------------------------------- registering

  #registersInMs(): number | undefined {
    const { status, asked, registeredAt, end } = this.#state;
    const { wish, nowMs, elapsedMs, pace } = this.#parts.settings;
    const isStanding = status === 'active' || status === 'requested';
    if (!isStanding || asked !== this.#asked || registeredAt === undefined) {
      if (this.#inVain === 0) return 0;
      const wait = backOffMs(pace.retryMs, this.#inVain + 1, pace.longestRetryMs);
      return this.#writtenMs + wait - elapsedMs();
    }
    const since = Date.parse(registeredAt);
    // A source may grant less time than it was asked for.
    const granted = end === undefined ? Infinity : (Date.parse(end) - since) / 2;
    return since + Math.min(wish.renewEveryMs, Math.max(granted, 0)) - nowMs();
  }

  async #register(): Promise<void> {
    const { settings, kept, tell } = this.#parts;
    const { wish, source, nowMs, taking } = settings;
    const before = this.#state;
    const isRenewal = before.status === 'active' && before.asked === this.#asked;
    const wanted = wantedSubscription(wish, taking.sender, endOf(wish, nowMs()));
    const { subscription, isNew } = await register(source, before.id, wanted);
    const now = this.#now();
    const { id, status, end } = subscription;
    await kept.change((state) => {
      const { end: _end, told: _told, ...rest } = state;
      const placed: SubscriptionState = {
        ...(id === state.id ? rest : countedAnew(rest, isNew)),
        id,
        asked: this.#asked,
        registeredAt: now,
        ...(end !== undefined && { end }),
      };
      if (isRenewal && id === state.id) return withStatus(placed, status, now);
      // What happened while there was none, or while it was in error, was not told.
      return mustAsk(withStatus({ ...placed, status: 'requested' }, status, now));
    });
    this.#checkedMs = nowMs();
    this.#writtenMs = settings.elapsedMs();
    this.#silentChecks = 0;
    if (!isRenewal) this.#inVain += 1;
    tell(isRenewal ? 'renewed' : 'registered', { id });
  }

  // -------------------------------------------------------------- looking whether it is there still

  #checksInMs(): number | undefined {
    const { id, status, lastHeardAt } = this.#state;
    if (id === undefined || (status !== 'active' && status !== 'requested')) return undefined;
    const { pace, nowMs } = this.#parts.settings;
    if (this.#checkedMs === undefined) return 0;
    if (status === 'requested') {
      const soon = Math.min(pace.firstCheckMs, pace.checkEveryMs);
      return this.#checkedMs + soon * 2 ** Math.min(this.#silentChecks, 8) - nowMs();
    }
    if (this.#heartbeatMs === undefined) return this.#checkedMs + pace.checkEveryMs - nowMs();
    const heard = lastHeardAt === undefined ? 0 : Date.parse(lastHeardAt);
    return Math.max(this.#checkedMs, heard) + 2 * this.#heartbeatMs - nowMs();
  }

  async #check(): Promise<void> {
    const { settings, kept, tell, onChecked } = this.#parts;
    const isFirst = this.#checkedMs === undefined;
    const { id = '', status: before } = this.#state;
    const told = await this.#toldOf(id);
    this.#checkedMs = settings.nowMs();
    if (told === undefined) {
      tell('gone', { id });
      await kept.change(({ id: _id, ...state }) => ({ ...state, status: 'none' }));
      return;
    }
    const now = this.#now();
    const { status, eventsSinceStart } = told;
    await kept.change((state) => {
      const isLearnt = state.seen === undefined && eventsSinceStart !== undefined;
      const based = isLearnt ? mustAsk({ ...state, seen: eventsSinceStart }) : state;
      const next = withStatus(withNumbers(based, [], eventsSinceStart), status, now);
      // Without numbers nothing shows what was lost on the way.
      const isBlind = eventsSinceStart === undefined && next.asks === state.asks;
      return isBlind && (isFirst || settings.wish.form === 'r4') ? mustAsk(next) : next;
    });
    onChecked();
    if (before !== 'active' && status === 'active') {
      tell('active', { id });
      // From now on it may be silent.
      this.#silentChecks = 0;
      return;
    }
    this.#silentChecks += 1;
    if (isFirst || status !== 'active' || this.#heartbeatMs === undefined) return;
    tell('silent', { id, checks: this.#silentChecks });
    if (this.#silentChecks >= mostSilentChecks) {
      await kept.change((state) => ({ ...state, asked: '' }));
    }
  }

  /** @returns undefined where the source has no such Subscription */
  async #toldOf(
    id: string,
  ): Promise<Pick<Notification, 'status' | 'eventsSinceStart'> | undefined> {
    const { source } = this.#parts.settings;
    const { status } = await this.#parts.abilities();
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
}

/** A new one counts from one; of one that was only found the count is learnt from what it tells. */
function countedAnew(
  { seen: _seen, ...state }: SubscriptionState,
  isNew: boolean,
): SubscriptionState {
  return { ...state, ahead: [], ...(isNew && { seen: 0 }) };
}
