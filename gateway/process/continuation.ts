/**
 * Which stays of one patient are one period of inpatient care: a transfer between hospitals continues the case that began
 * at the first, and a change of visit number within one does too. The act speaks of inpatient care and knows no visit
 * numbers (1 kap. 3 §).
 *
 * Told by patient, time and the senders' transfer codes, so the same stays give the same answer in any order of arrival;
 * a later fact that takes the ground away (a cancelled admission, another discharge) separates them again.
 */
import { anotherHospital, foldStay, statementsOf } from './admission.ts';
import { FactList } from './fact-list.ts';
import { hourMs, localDateOf } from './local-time.ts';
import type { Moment, StoredLike } from './state.ts';

/** One stay as far as another may continue it. */
export interface StaySpan {
  readonly stayId: string;
  readonly admission: Moment;
  /** Discharge or death, whichever came first; absent while the patient is there. */
  readonly end?: Moment;
  readonly died: boolean;
  /** The sender says that the patient came from inpatient care at another hospital (PV1-14). */
  readonly cameFromHospital: boolean;
  /** The sender says that the patient left for another hospital (PV1-36). */
  readonly leftForHospital: boolean;
}

/** How far apart two stays may be; `profiles/law/admission-notice.yaml`. */
export interface Gaps {
  /** Hours between an end and a beginning of which one says that it is a transfer, either way. */
  readonly transferHours: number;
  /** Hours where neither says so. */
  readonly contiguousHours: number;
}

export type ContinuationReason = 'TRANSFER' | 'CONTIGUOUS';
export interface Continuation {
  readonly from: string;
  readonly to: string;
  readonly reason: ContinuationReason;
  /** Id of the admission that continues the stay before it. */
  readonly because: string;
}

/** @param events of one stay; undefined where no inpatient care stands */
export function spanOf(stayId: string, events: readonly StoredLike[]): StaySpan | undefined {
  const facts = new FactList(events);
  const { admission, discharge, deceased } = foldStay(facts, statementsOf(facts), new Set());
  if (admission === undefined) return undefined;
  const died =
    deceased !== undefined && (discharge === undefined || deceased.atMs < discharge.atMs);
  const end = died ? deceased : discharge;
  const source = facts
    .of('patient.admitted')
    .findLast(({ data }) => data.admitSource !== undefined);
  return {
    stayId,
    admission,
    ...(end && { end }),
    died,
    cameFromHospital: source?.data.admitSource === anotherHospital,
    leftForHospital: !died && discharge?.toHospital === true,
  };
}

/**
 * Each stay with the one it continues: of several, the one that began last.
 * @param gapsOf what holds for a stay that may continue another; without it, it continues none
 */
export function continuationsOf(
  spans: readonly StaySpan[],
  gapsOf: (later: StaySpan) => Gaps | undefined,
): readonly Continuation[] {
  const ordered = [...spans].sort(byAdmission);
  return ordered.flatMap((span, index) => {
    const gaps = gapsOf(span);
    if (gaps === undefined) return [];
    for (const earlier of ordered.slice(0, index).reverse()) {
      const reason = reasonOf(earlier, span, gaps);
      if (reason === undefined) continue;
      return [{ from: earlier.stayId, to: span.stayId, reason, because: span.admission.id }];
    }
    return [];
  });
}

/** Stays that are one period of inpatient care, each group in order of admission. */
export function periodsOf(
  spans: readonly StaySpan[],
  continuations: readonly Continuation[],
): readonly (readonly string[])[] {
  const periods: string[][] = [];
  for (const { stayId } of [...spans].sort(byAdmission)) {
    const before = continuations.find(({ to }) => to === stayId)?.from;
    const period = periods.find((one) => before !== undefined && one.includes(before));
    if (period === undefined) periods.push([stayId]);
    else period.push(stayId);
  }
  return periods;
}

/** Pairs of stays of which neither continues the other, and the patient cannot have been in both. */
export function overlapsOf(
  spans: readonly StaySpan[],
  periods: readonly (readonly string[])[],
): readonly (readonly [StaySpan, StaySpan])[] {
  const ordered = [...spans].sort(byAdmission);
  const periodOf = new Map(periods.flatMap((one) => one.map((stayId) => [stayId, one] as const)));
  const isOnePeriod = (one: StaySpan, other: StaySpan): boolean =>
    periodOf.get(one.stayId)?.includes(other.stayId) === true;
  return ordered.flatMap((later, index) =>
    ordered
      .slice(0, index)
      .filter((earlier) => overlaps(earlier, later) && !isOnePeriod(earlier, later))
      .map((earlier) => [earlier, later] as const),
  );
}

/** A patient who goes home and comes back on one day has two dates without hours, and no overlap. */
function overlaps({ admission, end }: StaySpan, later: StaySpan): boolean {
  if (end === undefined) return true;
  if (end.dateOnly || later.admission.dateOnly || admission.dateOnly) {
    return localDateOf(end.atMs) > localDateOf(later.admission.atMs);
  }
  return end.atMs > later.admission.atMs;
}

function reasonOf(earlier: StaySpan, later: StaySpan, gaps: Gaps): ContinuationReason | undefined {
  const { end } = earlier;
  if (earlier.died) return undefined;
  // The other hospital has not told the end yet; that the patient came from it says as much.
  if (end === undefined) return later.cameFromHospital ? 'TRANSFER' : undefined;
  const isCoded = earlier.leftForHospital || later.cameFromHospital;
  if (end.dateOnly || later.admission.dateOnly) {
    const isSameDate = localDateOf(end.atMs) === localDateOf(later.admission.atMs);
    return isCoded && isSameDate ? 'TRANSFER' : undefined;
  }
  const gapMs = later.admission.atMs - end.atMs;
  if (isCoded) return Math.abs(gapMs) <= gaps.transferHours * hourMs ? 'TRANSFER' : undefined;
  return gapMs >= 0 && gapMs <= gaps.contiguousHours * hourMs ? 'CONTIGUOUS' : undefined;
}

function byAdmission(left: StaySpan, right: StaySpan): number {
  return left.admission.atMs - right.admission.atMs || (left.stayId < right.stayId ? -1 : 1);
}
