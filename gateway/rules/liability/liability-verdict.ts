/** 5 kap. 3-5 §§: the verdict on one stretch of a readiness period, once its conditions are known. */
import type { Parameters } from '../../../profiles/index.ts';
import type { DischargeProcess, Moment, ReadinessPeriod } from '../../process/state.ts';
import { laterDate, localDateOf, startOfDayMs } from '../legal-days.ts';
import type { LocalDate } from '../legal-days.ts';
import type { Condition, Notification } from './liability-conditions.ts';
import type { Mover } from '../sentences/liability-sentence.ts';
import { firstOf, periodEnd } from './needs.ts';
import type { NeedRun } from './needs.ts';
import { availabilityFrom } from './outpatient-availability.ts';
import type { Finding, LawOn, WantedLiability } from '../rule.ts';
import type { Reason } from '../sentences/reasons.ts';

/** A readiness period as one stretch of need has it. */
export interface Case {
  readonly process: DischargeProcess;
  readonly period: ReadinessPeriod;
  readonly run: NeedRun;
  readonly parameters: Parameters;
  readonly nowMs: number;
  readonly outpatient: Finding;
}

export interface Verdict {
  readonly status: Finding['status'];
  readonly reason: Reason;
  readonly outcome: WantedLiability['outcome'];
  readonly mover?: Mover;
}

const undecided = (status: Finding['status'], reason: Reason): Verdict => ({
  status,
  reason,
  outcome: { state: 'undecided', reason },
});
const withheld = (status: 'unmet' | 'unknown', reason: Reason): Verdict => ({
  status,
  reason,
  outcome: { state: 'withheld', status, reason },
});

/** The end of what can be charged: of the period, or of the need within it. */
export const endOfRun = ({ process, period, run }: Case): Moment | undefined =>
  firstOf(periodEnd(process, period), run.lost);

/** Whether liability has arisen, and from when; or what stands against it. */
export function judge(
  stay: Case,
  conditions: readonly Condition[],
  notification: Notification | undefined,
  law: LawOn,
): Verdict {
  const { process, nowMs } = stay;
  const end = endOfRun(stay);
  const isReached = notification !== undefined && nowMs >= startOfDayMs(notification.liabilityDate);
  const isDecided = isReached || end !== undefined;
  const failed = worst(conditions);
  if (failed !== undefined) {
    const { status, reason } = failed;
    if (!isDecided || (status === 'pending' && end === undefined)) {
      return undecided(status, reason);
    }
    // What was still pending at the end of the period was not done: liability never arose.
    return withheld(status === 'pending' ? 'unmet' : status, reason);
  }
  if (notification === undefined) {
    return undecided('pending', 'NOTICE_NOT_SENT_YET');
  }
  const fulfilled = fulfilledFrom(conditions, notification, law);
  const available = availabilityFrom(process, fulfilled.date, law);
  const from = available?.date;
  if (from === undefined || isAfterEnd(from, end)) {
    return judgeWithout(stay, fulfilled.date, from, end, isDecided);
  }
  const { confirmedAtMs } = available ?? {};
  const isConfirmedLater = confirmedAtMs !== undefined && from !== fulfilled.date;
  const mover: Mover | undefined = isConfirmedLater
    ? { reason: 'OUTPATIENT_AVAILABLE', atMs: confirmedAtMs }
    : fulfilled.mover;
  if (nowMs < startOfDayMs(from)) {
    return { ...undecided('pending', 'LIABILITY_PENDING'), ...(mover && { mover }) };
  }
  const isDisputed = notification.otherwise !== notification.liabilityDate;
  const until = end === undefined ? undefined : localDateOf(end.atMs);
  const plain = until === undefined ? 'LIABILITY_RUNNING' : 'LIABILITY_ENDED';
  const reason = isDisputed ? 'SENT_DISPUTED' : plain;
  return {
    status: 'met',
    reason,
    outcome: { state: 'arisen', reason, from, ...(until && { until }) },
    ...(mover && { mover }),
  };
}

/** All done by the municipality's side, and yet no liability within the period: which of 5:4 and 5:5 stands against it. */
function judgeWithout(
  { process, period, run, outpatient }: Case,
  fulfilled: LocalDate,
  from: LocalDate | undefined,
  end: Moment | undefined,
  isDecided: boolean,
): Verdict {
  const isOutpatient = from === undefined || from !== fulfilled;
  if (isOutpatient && !isAfterEnd(fulfilled, end)) {
    const isKnown = outpatient.status === 'unmet';
    const status = isKnown ? 'unmet' : 'unknown';
    const reason = isKnown ? 'OUTPATIENT_UNAVAILABLE' : 'OUTPATIENT_UNKNOWN';
    return isDecided ? withheld(status, reason) : undecided(status, reason);
  }
  const reasons: readonly (readonly [Moment | undefined, Reason])[] = [
    [run.lost, 'NEED_LOST_BEFORE_LIABILITY'],
    [period.withdrawn, 'WITHDRAWN_BEFORE_LIABILITY'],
    [process.deceased, 'DIED_BEFORE_LIABILITY'],
  ];
  const found = reasons.find(([moment]) => moment !== undefined && moment.id === end?.id);
  return withheld('unmet', found?.[1] ?? 'DISCHARGED_BEFORE_LIABILITY');
}

/** Whether a date begins only after the end: liability that starts the moment it ends has still arisen, with no days. */
function isAfterEnd(from: LocalDate, end: Moment | undefined): boolean {
  return end !== undefined && startOfDayMs(from) >= end.atMs;
}

/** The condition that decides: one that failed, else one unknown, else one pending. */
function worst(conditions: readonly Condition[]):
  | {
      readonly status: 'unmet' | 'unknown' | 'pending';
      readonly reason: Reason;
    }
  | undefined {
  for (const status of ['unmet', 'unknown', 'pending'] as const) {
    const found = conditions.find((condition) => condition.status === status);
    if (found !== undefined) return { status, reason: found.reason };
  }
  return undefined;
}

/** A prerequisite met after the date of 5:4 moves the start to its own date (reading A42). */
function fulfilledFrom(
  conditions: readonly Condition[],
  { liabilityDate }: Notification,
  law: LawOn,
): { readonly date: LocalDate; readonly mover?: Mover } {
  if (law.text('payment-liability.lateButTimely') === 'from54Date') return { date: liabilityDate };
  let mover: Mover | undefined;
  for (const { sinceMs, reason } of conditions) {
    if (sinceMs === undefined) continue;
    if (sinceMs > (mover?.atMs ?? 0)) mover = { reason, atMs: sinceMs };
  }
  const date =
    mover === undefined ? liabilityDate : laterDate(liabilityDate, localDateOf(mover.atMs));
  return mover === undefined || date === liabilityDate ? { date } : { date, mover };
}
