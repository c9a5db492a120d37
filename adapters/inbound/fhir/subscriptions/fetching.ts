/** Fetches for one subscription what its notifications did not bring: what they only named, gaps, and everything since. */
import { asGatewayError } from '../../../../gateway/errors.ts';
import { askSource, eventsOf, type Abilities } from './catch-up.ts';
import type { KeptState } from './kept-state.ts';
import type { Job } from './rounds.ts';
import type { SubscriptionEvent, SubscriptionSettings } from './settings.ts';
import {
  afterAsking,
  afterMending,
  afterReading,
  gapOf,
  mustAsk,
  withNumbers,
  withReads,
} from './state.ts';
import type { Taker } from './take-told.ts';

export interface FetchingParts {
  readonly settings: SubscriptionSettings;
  readonly kept: KeptState;
  readonly taker: Taker;
  readonly abilities: () => Promise<Abilities>;
  readonly tell: (event: SubscriptionEvent, detail?: object) => void;
}

const readAtOnce = 20;

export class Fetching {
  readonly #parts: FetchingParts;
  /** Monotonic, since when the present gap is known. */
  #gapSinceMs: number | undefined;

  constructor(parts: FetchingParts) {
    this.#parts = parts;
  }

  readonly jobs: readonly Job[] = [
    {
      doing: 'reading',
      inMs: () => (this.#state.toRead.length > 0 ? 0 : undefined),
      run: () => this.#read(),
    },
    { doing: 'mending', inMs: () => this.#mendsInMs(), run: () => this.#mend() },
    {
      doing: 'asking',
      inMs: () => (this.#state.askSince === undefined ? undefined : 0),
      run: () => this.#ask(),
    },
  ];

  /** Something was heard: from now on a missing number may be waited for. */
  noticeGap(): void {
    const gap = gapOf(this.#state);
    if (gap === undefined) this.#gapSinceMs = undefined;
    else if (this.#gapSinceMs === undefined) {
      this.#gapSinceMs = this.#parts.settings.elapsedMs();
      this.#parts.tell('gap', gap);
    }
  }

  get #state() {
    return this.#parts.kept.current();
  }

  async #read(): Promise<void> {
    const { kept, taker } = this.#parts;
    const tried = this.#state.toRead.slice(0, readAtOnce);
    const done: string[] = [];
    let failure: unknown;
    for (const reference of tried) {
      try {
        await taker.readAndTake(reference);
        done.push(reference);
      } catch (thrown) {
        failure = thrown;
        if (asGatewayError(thrown).fate !== 'permanent') break;
      }
    }
    await kept.change((state) => {
      const left = afterReading(state, done);
      // What the source refuses does not stand before the rest.
      const isRefused = (reference: string): boolean => tried.includes(reference);
      const rest = left.toRead.filter((reference) => !isRefused(reference));
      return failure === undefined || rest.length === 0
        ? left
        : { ...left, toRead: [...rest, ...left.toRead.filter(isRefused)] };
    });
    if (failure !== undefined) throw failure;
  }

  #mendsInMs(): number | undefined {
    if (gapOf(this.#state) === undefined || this.#state.id === undefined) return undefined;
    const { pace, elapsedMs } = this.#parts.settings;
    // One that an earlier process knew of has waited long enough.
    return this.#gapSinceMs === undefined ? 0 : this.#gapSinceMs + pace.gapWaitMs - elapsedMs();
  }

  async #mend(): Promise<void> {
    const { kept, taker, abilities, settings, tell } = this.#parts;
    const gap = gapOf(this.#state);
    const { id } = this.#state;
    if (gap === undefined || id === undefined) return;
    const { events } = await abilities();
    const { source, wish } = settings;
    const told = events ? await eventsOf(source, id, gap, wish.payload) : undefined;
    if (told !== undefined) {
      const todo = await taker.takeNotified(told);
      const numbers = told.events.flatMap(({ number }) => (number === undefined ? [] : [number]));
      await kept.change((state) => {
        const counted = withReads(withNumbers(state, numbers, undefined), todo.toRead, state.upTo);
        return todo.mustAsk ? mustAsk(counted) : counted;
      });
    }
    // What it no longer has by number is found by time.
    const left = gapOf(this.#state);
    const isByQuery = left !== undefined && left.from <= gap.until;
    if (isByQuery) await this.#ask();
    await kept.change((state) => afterMending(state, gap.until));
    this.#gapSinceMs = undefined;
    this.noticeGap();
    tell('gap-mended', { ...gap, by: isByQuery ? 'query' : '$events' });
  }

  async #ask(): Promise<void> {
    const { kept, taker, settings } = this.#parts;
    const { source, wish, pace } = settings;
    const { asks, askSince, upTo } = this.#state;
    const since = new Date(Date.parse(askSince ?? upTo) - pace.overlapMs).toISOString();
    const reached = await askSource(source, taker, wish.catchUp, since);
    await kept.change((state) => afterAsking(state, asks, reached));
  }
}
