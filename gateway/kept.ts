/**
 * What `advance` and `dispatch` keep between their calls, so that not every event reads its case from the beginning. Nothing
 * here is trusted: what is kept of a case is what the journal is asked to go on from, and an append still names the versions
 * it was decided by.
 */
import { historyEnds, type HistoryEnd } from './history.ts';
import type { Clock } from './runtime/clock.ts';
import type { Journal, LoadedProcess } from './runtime/journal/journal.ts';

export interface Kept {
  readonly cases: Cases;
  readonly historyEnd: HistoryEnd;
}

/** For who handles many calls; one that is made anew for each is given the same. */
export function keptOf(journal: Pick<Journal, 'load' | 'cursors'>, clock: Clock): Kept {
  return { cases: keptCases(journal), historyEnd: historyEnds(journal.cursors, clock) };
}

export interface Cases {
  /** The case of a stay as it stands now; undefined where there is none. */
  load(stayId: string): Promise<LoadedProcess | undefined>;
  /** The next load reads it from the beginning. */
  forget(stayId: string): void;
}

/** Some 10 MB: as many cases as are in hand at once, and those whose next event is on its way. */
const defaults = { events: 4000 };

/** Cases as they were last loaded, the longest unused let go of first. */
export function keptCases(journal: Pick<Journal, 'load'>, limits = defaults): Cases {
  const kept = new Map<string, LoadedProcess>();
  let events = 0;

  function letGo(stayId: string): void {
    events -= kept.get(stayId)?.events.length ?? 0;
    kept.delete(stayId);
  }

  return {
    async load(stayId) {
      const loaded = await journal.load(stayId, kept.get(stayId));
      letGo(stayId);
      if (loaded === undefined) return undefined;
      kept.set(stayId, loaded);
      events += loaded.events.length;
      for (const oldest of kept.keys()) {
        if (events <= limits.events) break;
        letGo(oldest);
      }
      return loaded;
    },
    forget: letGo,
  };
}
