/** Wanted deadlines against those set: set, move, met, missed, cancel. */
import type { DeadlineData } from '../process/events.ts';
import type { DeadlineHistory, DischargeProcess } from '../process/state.ts';
import type { Draft } from './decide.ts';
import { isoOf } from './legal-days.ts';
import type { WantedDeadline } from './rule.ts';

/** @param draft the events and rows go there */
export function decideDeadlines(
  process: DischargeProcess,
  wants: readonly WantedDeadline[],
  draft: Draft,
): void {
  const standing = new Set<string>();
  for (const want of wants) {
    const occasion = draft.occasionOf(want.about);
    const key = `${draft.processId}|${want.deadline}|${occasion}`;
    standing.add(key);
    const data: DeadlineData = {
      key,
      deadline: want.deadline,
      occasion,
      dueAt: isoOf(want.dueAt),
      reference: want.reference,
    };
    decideDeadline(process.history.deadlines.get(key), want, data, draft);
  }
  if (!draft.takesBack) return;
  for (const { data, state, counts } of process.history.deadlines.values()) {
    // A deadline that has passed has passed; only one still running can be called off.
    if (state !== 'open' || standing.has(data.key)) continue;
    draft.add('deadline.cancelled', data.key, counts.cancelled + 1, data.occasion, data);
    draft.closeDeadlines.push(data.key);
  }
}

function decideDeadline(
  known: DeadlineHistory | undefined,
  want: WantedDeadline,
  data: DeadlineData,
  draft: Draft,
): void {
  const { metAt, about } = want;
  const isMetInTime =
    metAt !== undefined && metAt.epochMilliseconds <= want.dueAt.epochMilliseconds;
  const isMoved = known !== undefined && known.data.dueAt !== data.dueAt;
  if (known === undefined || known.state === 'cancelled' || isMoved) {
    if (!isMetInTime) {
      draft.add('deadline.set', data.key, (known?.counts.set ?? 0) + 1, about.id, data);
      draft.setDeadlines.push({ key: data.key, dueAt: data.dueAt, data });
      return;
    }
    // Met before it was ever set: there is nothing to wait for.
    if (known === undefined || known.state === 'cancelled') return;
  }
  const dueMs = want.dueAt.epochMilliseconds;
  if (known.state === 'met') {
    if (isMetInTime || (metAt !== undefined && isoOf(metAt) === known.metAt)) return;
    // What met it has fallen away: it runs again, or was missed.
    if (Date.parse(draft.now) < dueMs) {
      draft.add('deadline.set', data.key, known.counts.set + 1, about.id, data);
      draft.setDeadlines.push({ key: data.key, dueAt: data.dueAt, data });
      return;
    }
    draft.add('deadline.missed', data.key, known.counts.missed + 1, about.id, data);
  }
  if (known.state === 'open' && !isMetInTime) return;
  // A liability date is waited for, not kept: there is nothing to miss.
  if (want.deadline === 'liability') return;
  if (known.state === 'reached' && !isMetInTime) {
    draft.add('deadline.missed', data.key, known.counts.missed + 1, about.id, data);
  }
  if (metAt === undefined) return;
  const met = { ...data, metAt: isoOf(metAt) };
  draft.add('deadline.met', data.key, known.counts.met + 1, about.id, met);
  if (known.state === 'open') draft.closeDeadlines.push(data.key);
}
