/** Wanted deadlines against those set: set, move, met, missed, cancel. */
import type { DeadlineData } from '../../process/events.ts';
import type { DeadlineHistory, DischargeProcess } from '../../process/state.ts';
import type { Draft } from './draft.ts';
import { isoOf } from '../legal-days.ts';
import type { WantedDeadline } from '../rule.ts';

/** @param draft the events and rows go there */
export function decideDeadlines(
  process: DischargeProcess,
  wants: readonly WantedDeadline[],
  draft: Draft,
): void {
  const standing = new Set<string>();
  for (const want of wants) {
    const occasion = draft.occasionOf(want.about);
    const key = draft.keyOf(`${want.deadline}|${occasion}`);
    standing.add(key);
    const data: DeadlineData = {
      key,
      deadline: want.deadline,
      occasion,
      dueAt: isoOf(want.dueAtMs),
      reference: want.reference,
    };
    decideDeadline(process.history.deadlines.get(key), want, data, draft);
  }
  if (!draft.takesBack) return;
  for (const { data, state, counts } of process.history.deadlines.values()) {
    if (standing.has(data.key) || !mayCallOff(data, state)) continue;
    draft.add('deadline.cancelled', data.key, counts.cancelled + 1, data.occasion, data);
    draft.closeRow(data.key);
  }
}

/**
 * A deadline that has passed has passed; only one still running can be called off. An acknowledgement that nobody waits for
 * any longer is called off at any time: somebody may be on the way to the phone.
 */
function mayCallOff({ deadline }: DeadlineData, state: DeadlineHistory['state']): boolean {
  if (state === 'open') return true;
  return deadline === 'acknowledgement' && (state === 'reached' || state === 'missed');
}

/** A liability date and the end of a month are waited for, not kept: there is nothing to miss or to warn of. */
const waitedFor = new Set<DeadlineData['deadline']>(['T8', 'T9', 'liability', 'month-end']);

function decideDeadline(
  known: DeadlineHistory | undefined,
  want: WantedDeadline,
  data: DeadlineData,
  draft: Draft,
): void {
  const { metAtMs, dueAtMs, about, isExpected = false } = want;
  const isMetInTime = metAtMs !== undefined && metAtMs <= dueAtMs;
  const isMoved = known !== undefined && known.data.dueAt !== data.dueAt;
  const set = (): void => {
    draft.add('deadline.set', data.key, (known?.counts.set ?? 0) + 1, about.id, data);
    const warns = !waitedFor.has(want.deadline) && want.deadline !== 'acknowledgement';
    draft.setRow(data, { warns, isMoved: known !== undefined });
  };
  if (known === undefined || known.state === 'cancelled' || isMoved) {
    // An expected time that has passed is no longer expected.
    if (isExpected && dueAtMs <= draft.nowMs && known?.state !== 'open') return;
    if (!isMetInTime) return set();
    // Met before it was ever set: there is nothing to wait for.
    if (known === undefined || known.state === 'cancelled') return;
  }
  if (known.state === 'met') {
    if (isMetInTime || (metAtMs !== undefined && isoOf(metAtMs) === known.metAt)) return;
    // What met it has fallen away: it runs again, or was missed.
    if (draft.nowMs < dueAtMs) return set();
    if (isExpected) return;
    draft.add('deadline.missed', data.key, known.counts.missed + 1, about.id, data);
  }
  if (known.state === 'open' && !isMetInTime) return;
  if (waitedFor.has(want.deadline)) return;
  if (known.state === 'reached' && !isMetInTime && !isExpected) {
    draft.add('deadline.missed', data.key, known.counts.missed + 1, about.id, data);
  }
  if (metAtMs === undefined) return;
  const met = { ...data, metAt: isoOf(metAtMs) };
  draft.add('deadline.met', data.key, known.counts.met + 1, about.id, met);
  draft.closeRow(data.key);
}
