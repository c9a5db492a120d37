/** The state of a subscription in the journal: changed in memory, and done when it is written. */
import type { SubscriptionState } from './state.ts';

/** The part of the journal's cursors that is needed: text by name. */
export interface CursorStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}

export interface KeptState {
  current(): SubscriptionState;
  /**
   * Resolves after the commit. A change whose write failed stays in force and goes with the next write: it says no more
   * than what happened, and whoever waited for it hears that it is not stored.
   * @throws what the journal throws
   */
  change(next: (state: SubscriptionState) => SubscriptionState): Promise<void>;
}

/** Changes that come while one is being written are written together. */
export function keptState(cursors: CursorStore, name: string, known: SubscriptionState): KeptState {
  let state = known;
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    current: () => state,
    change(change) {
      const changed = change(state);
      if (changed === state) return next ?? writing;
      state = changed;
      next ??= writing
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          writing = cursors.set(name, JSON.stringify(state));
          return writing;
        });
      return next;
    },
  };
}
