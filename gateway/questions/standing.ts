/** How the settlement of a month stands in the journal: open, recorded, or withheld for want of a figure. */
import type { StoredLike } from '../process/state.ts';
import { foldSettlement } from '../rules/settlement.ts';
import { isoOf } from '../rules/legal-days.ts';

export type Standing =
  /** Nothing of the month is in the journal. */
  | { readonly state: 'unopened' }
  /** Corrections recompute it; at `until` it is recorded. */
  | { readonly state: 'open'; readonly until: string }
  /** Its cut-off has passed and nothing is recorded yet. */
  | { readonly state: 'due' }
  | {
      readonly state: 'recorded';
      readonly revision: number;
      readonly at: string;
      readonly totalOre: number;
    }
  | {
      readonly state: 'withheld';
      readonly since: string;
      readonly missing: string;
      readonly missingOn: string;
      readonly reference: string;
      /** The record that stands while a later case of the month cannot be judged. */
      readonly recorded?: number;
    };

/** @param stream of one settlement, as loaded, or a prefix of it */
export function standingOf(stream: readonly StoredLike[], month: string): Standing {
  const { isOpened, isReached, billed, withheld } = foldSettlement(stream, { month });
  if (withheld !== undefined) {
    const { missing, missingOn, reference } = withheld;
    const since = timeOfLast(stream, 'billing.withheld');
    const recorded = billed === undefined ? {} : { recorded: billed.revision };
    return { state: 'withheld', since, missing, missingOn, reference, ...recorded };
  }
  if (billed !== undefined) {
    const { revision, totalOre } = billed;
    const at = timeOfLast(stream, 'billing.recorded', 'billing.adjusted');
    return { state: 'recorded', revision, at, totalOre };
  }
  if (!isOpened) return { state: 'unopened' };
  return isReached ? { state: 'due' } : { state: 'open', until: cutOffOf(stream) };
}

function timeOfLast(stream: readonly StoredLike[], ...types: readonly string[]): string {
  const last = stream.findLast(({ event }) => types.includes(event.type));
  return last?.event.occurredAt ?? isoOf(0);
}

function cutOffOf(stream: readonly StoredLike[]): string {
  const set = stream.findLast(({ event }) => event.type === 'deadline.set')?.event;
  return set?.type === 'deadline.set' ? set.data.dueAt : isoOf(0);
}
