/**
 * One subscription as it lives: what its notifications bring is stored before they are answered, and the rest is done
 * behind. Whatever is to be done is read from its state, so a process that died goes on where it was.
 */
import { abilitiesOf, type Abilities } from './catch-up.ts';
import { Fetching } from './fetching.ts';
import { keptState, type KeptState } from './kept-state.ts';
import type { Notification } from './notification.ts';
import type { NotifiedSubscription } from './receiver.ts';
import { cursorOf, reportOf, stateOf, type Listed, type SubscriptionReport } from './report.ts';
import { Rounds } from './rounds.ts';
import { secretDigest } from './secret.ts';
import type { SubscriptionEvent, SubscriptionSettings } from './settings.ts';
import { Standing } from './standing.ts';
import { afterHearing, unregistered } from './state.ts';
import { takerOf, type Taker } from './take-told.ts';

export interface LiveSubscription extends NotifiedSubscription {
  /** Begins to register and to fetch: notifications can be heard by now. */
  begin(): void;
  report(): SubscriptionReport;
  /** Looks at once for what is due: legal time was set by hand. */
  wake(): void;
  /** Nothing is being heard or fetched, and nothing is due but what failed and waits. */
  isQuiet(): boolean;
  /** Finishes what is in hand. What is left to be done is kept, and what is notified still is. */
  close(): Promise<void>;
}

export function listedOf({ wish, taking, source }: SubscriptionSettings): Listed {
  return { sender: taking.sender, name: wish.name, base: source.base, form: wish.form };
}

/** Takes up what the journal knows of it. */
export async function openSubscription(settings: SubscriptionSettings): Promise<LiveSubscription> {
  const { wish, cursors, nowMs } = settings;
  const cursor = cursorOf(listedOf(settings));
  const since = wish.since ?? new Date(nowMs()).toISOString();
  const state = stateOf(await cursors.get(cursor), unregistered(since));
  return new Live(settings, keptState(cursors, cursor, state));
}

class Live implements LiveSubscription {
  readonly name: string;
  readonly sender: string;
  readonly secretSha256: readonly Uint8Array[];
  readonly #settings: SubscriptionSettings;
  readonly #kept: KeptState;
  readonly #taker: Taker;
  readonly #fetching: Fetching;
  readonly #standing: Standing;
  readonly #rounds: Rounds;
  #abilities: Abilities | undefined;
  #hearing = 0;

  constructor(settings: SubscriptionSettings, kept: KeptState) {
    this.#settings = settings;
    this.#kept = kept;
    this.#taker = takerOf(settings);
    this.name = settings.wish.name;
    this.sender = settings.taking.sender;
    this.secretSha256 = settings.wish.secrets.map(secretDigest);
    const { pace, elapsedMs } = settings;
    const parts = {
      settings,
      kept,
      taker: this.#taker,
      abilities: () => this.#able(),
      tell: (event: SubscriptionEvent, detail: object = {}) => this.#tell(event, detail),
    };
    this.#fetching = new Fetching(parts);
    this.#standing = new Standing({ ...parts, onChecked: () => this.#fetching.noticeGap() });
    this.#rounds = new Rounds({
      jobs: [this.#standing.registering, ...this.#fetching.jobs, this.#standing.checking],
      retryMs: pace.retryMs,
      longestRetryMs: pace.longestRetryMs,
      elapsedMs,
      onFailed: async (doing, error, count) => {
        this.#tell('failed', { doing, count, err: error });
        const trouble = { at: this.#now(), doing, failures: count, text: error.message };
        await kept.change((state) => ({ ...state, trouble }));
      },
      onDone: (doing) =>
        kept.change((state) => {
          const { trouble, ...rest } = state;
          return trouble?.doing === doing ? rest : state;
        }),
    });
  }

  begin(): void {
    this.#rounds.begin();
  }

  async hear(notification: Notification): Promise<void> {
    this.#hearing += 1;
    try {
      const todo = await this.#taker.takeNotified(notification);
      const now = this.#now();
      await this.#kept.change((state) => afterHearing(state, notification, todo, now));
    } finally {
      this.#hearing -= 1;
    }
    this.#standing.heard(notification);
    this.#fetching.noticeGap();
    this.wake();
  }

  report(): SubscriptionReport {
    return reportOf(listedOf(this.#settings), this.#kept.current());
  }

  wake(): void {
    this.#rounds.wake();
  }

  isQuiet(): boolean {
    return this.#hearing === 0 && this.#rounds.isQuiet();
  }

  close(): Promise<void> {
    return this.#rounds.close();
  }

  #now(): string {
    return new Date(this.#settings.nowMs()).toISOString();
  }

  #tell(event: SubscriptionEvent, detail: object): void {
    this.#settings.onEvent(event, { subscription: this.name, sender: this.sender, ...detail });
  }

  /** Asked once a process. */
  async #able(): Promise<Abilities> {
    this.#abilities ??= await abilitiesOf(this.#settings.source);
    return this.#abilities;
  }
}
