/**
 * What was imported as history ends at an instant, by sender. What lies before it is folded and assessed as anything
 * else, and nothing follows from it outside: no notice leaves, no day is billed, no deadline is watched.
 */
import type { Clock } from './runtime/clock.ts';
import type { Cursors } from './runtime/journal/journal.ts';

/** Where the journal keeps it. */
export const historyCursor = (sender: string): string => `history:${sender}`;

/** How long an answer may be old: whoever begins a history waits longer than this before its first message. */
export const historyAgeMs = 500;

/** @returns the latest end of the histories of these senders, ISO 8601; undefined where none has one */
export type HistoryEnd = (senders: readonly string[]) => Promise<string | undefined>;

/** Reads it from the journal, each sender's seldom. */
export function historyEnds(
  cursors: Pick<Cursors, 'get'>,
  clock: Pick<Clock, 'elapsedMs'>,
): HistoryEnd {
  const known = new Map<string, { readonly end: string | undefined; readonly readAtMs: number }>();
  async function endOf(sender: string): Promise<string | undefined> {
    const last = known.get(sender);
    const nowMs = clock.elapsedMs();
    if (last !== undefined && nowMs - last.readAtMs < historyAgeMs) return last.end;
    const end = await cursors.get(historyCursor(sender));
    known.set(sender, { end, readAtMs: nowMs });
    return end;
  }
  return async (senders) => {
    let latest: string | undefined;
    for (const sender of new Set(senders)) {
      const end = await endOf(sender);
      if (end !== undefined && (latest === undefined || end > latest)) latest = end;
    }
    return latest;
  };
}
