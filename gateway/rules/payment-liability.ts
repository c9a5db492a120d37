/** 5 kap. 1-5 §§: whether, and from which day, the municipality pays for a readiness period. */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import type { DischargeProcess, Moment, ReadinessPeriod } from '../process/state.ts';
import { planningOf } from './care-planning.ts';
import { laterDate, localDateOf, localDateText, startOfDay } from './legal-days.ts';
import { notificationReading, prerequisitesOf } from './liability-conditions.ts';
import type { Condition, Notification } from './liability-conditions.ts';
import { liabilityFill } from './liability-sentence.ts';
import type { Mover } from './liability-sentence.ts';
import { firstOf, needRuns, periodEnd } from './needs.ts';
import type { NeedRun } from './needs.ts';
import { availabilityFrom, outpatientFinding } from './outpatient-availability.ts';
import { partiesOf } from './parties.ts';
import type { Parties } from './parties.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Want, WantedLiability } from './rule.ts';
import type { Reason } from './reasons.ts';

const id = 'payment-liability';
const reference = '5 kap. 1–5 §§ lag (2017:612)';

export const paymentLiability: Rule = {
  id,
  reference,
  assess(process, parameters, now, earlier) {
    const missing = earlier.find(({ reason }) => reason === 'PARAMETER_MISSING');
    if (missing !== undefined) return [{ ...missing, rule: id, reference }];
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(paymentLiability, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    if (process.readiness.length === 0) {
      return [finding(paymentLiability, 'not-applicable', 'NOT_READY')];
    }
    const outpatient = outpatientFinding(process, parameters);
    const periods = process.readiness.map((period) => {
      const runs = needRuns(process, period);
      const found = runs.map((run) =>
        assessRun({ process, period, run, parameters, now, outpatient }),
      );
      // Where the need fell away and was stated again, liability arose in the first stretch it could arise in.
      return found.find(hasArisen) ?? found.at(-1) ?? withoutNeed(process, period);
    });
    const isConcerned = periods.some(({ status }) => status !== 'not-applicable');
    return isConcerned ? [outpatient, ...periods] : periods;
  },
};

const hasArisen = ({ wants }: Finding): boolean =>
  wants.some((want) => want.want === 'liability' && want.outcome.state === 'arisen');

function withoutNeed(process: DischargeProcess, period: ReadinessPeriod): Finding {
  const reason = process.needs.length === 0 ? 'NEED_NOT_ASSESSED' : 'NO_MUNICIPAL_NEED';
  const because = process.needs.map((need) => need.id);
  return notConcerned(process, period, partiesOf(process, period), reason, because);
}

/** No municipality pays; what was once decided otherwise is revoked with the same reason. */
function notConcerned(
  process: DischargeProcess,
  period: ReadinessPeriod,
  { payer }: Parties,
  reason: Reason,
  because: readonly string[] = [period.id],
): Finding {
  const want: WantedLiability = {
    want: 'liability',
    about: period,
    county: process.county,
    municipality: payer,
    reference,
    outcome: { state: 'not-applicable', reason },
  };
  const { occasion } = period;
  return finding(paymentLiability, 'not-applicable', reason, { occasion, because, wants: [want] });
}

/** A readiness period as one stretch of need has it. */
interface Case {
  readonly process: DischargeProcess;
  readonly period: ReadinessPeriod;
  readonly run: NeedRun;
  readonly parameters: Parameters;
  readonly now: Temporal.Instant;
  readonly outpatient: Finding;
}

function assessRun(stay: Case): Finding {
  const { process, period, run, parameters, now } = stay;
  const parties = partiesOf(process, period);
  const law = new LawOn(parameters, localDateText(period.at));
  const isOwn = parties.payer === law.text(`${id}.municipalityOutsideRegions`);
  if (isOwn && parties.payer?.startsWith(process.county ?? '?')) {
    return notConcerned(process, period, parties, 'SAME_PRINCIPAL');
  }
  const conditions = prerequisitesOf(process, period, run, parties, parameters, now);
  const notification = notificationReading(process, period, run, parties, parameters);
  const { finding: planning, requiredFrom } = planningOf(process, period, run, parameters, now);
  const without = judge(stay, conditions, notification, law);
  // Planning that was not yet to be carried out when liability arose is no condition of it.
  const isLater =
    requiredFrom !== undefined &&
    without.outcome.state === 'arisen' &&
    startOfDay(without.outcome.from).epochMilliseconds <= requiredFrom.epochMilliseconds;
  if (isLater) return report(stay, parties, conditions, notification, without, law);
  const all = [...conditions, planning];
  return report(stay, parties, all, notification, judge(stay, all, notification, law), law);
}

interface Verdict {
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
const endOfRun = ({ process, period, run }: Case): Moment | undefined =>
  firstOf(periodEnd(process, period), run.lost);

function judge(
  stay: Case,
  conditions: readonly Condition[],
  notification: Notification | undefined,
  law: LawOn,
): Verdict {
  const { process, now } = stay;
  const end = endOfRun(stay);
  const isReached =
    notification !== undefined &&
    now.epochMilliseconds >= startOfDay(notification.liabilityDate).epochMilliseconds;
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
  const { confirmedAt } = available ?? {};
  const isConfirmedLater = confirmedAt !== undefined && !from.equals(fulfilled.date);
  const mover: Mover | undefined = isConfirmedLater
    ? { reason: 'OUTPATIENT_AVAILABLE', at: confirmedAt }
    : fulfilled.mover;
  if (now.epochMilliseconds < startOfDay(from).epochMilliseconds) {
    return { ...undecided('pending', 'LIABILITY_PENDING'), ...(mover && { mover }) };
  }
  const isDisputed = !notification.otherwise.equals(notification.liabilityDate);
  const until = end === undefined ? undefined : localDateOf(end.at);
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
  fulfilled: Temporal.PlainDate,
  from: Temporal.PlainDate | undefined,
  end: Moment | undefined,
  isDecided: boolean,
): Verdict {
  const isOutpatient = from === undefined || !from.equals(fulfilled);
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
function isAfterEnd(from: Temporal.PlainDate, end: Moment | undefined): boolean {
  return end !== undefined && startOfDay(from).epochMilliseconds >= end.at.epochMilliseconds;
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
): { readonly date: Temporal.PlainDate; readonly mover?: Mover } {
  if (law.text(`${id}.lateButTimely`) === 'from54Date') return { date: liabilityDate };
  let mover: Mover | undefined;
  for (const { since, reason } of conditions) {
    if (since === undefined) continue;
    if (since.epochMilliseconds > (mover?.at.epochMilliseconds ?? 0)) mover = { reason, at: since };
  }
  const date =
    mover === undefined ? liabilityDate : laterDate(liabilityDate, localDateOf(mover.at));
  return mover === undefined || date.equals(liabilityDate) ? { date } : { date, mover };
}

function report(
  stay: Case,
  parties: Parties,
  conditions: readonly Condition[],
  notification: Notification | undefined,
  { status, reason, outcome, mover }: Verdict,
  law: LawOn,
): Finding {
  const { process, period } = stay;
  const wants: Want[] = [
    {
      want: 'liability',
      about: period,
      county: process.county,
      municipality: parties.payer,
      reference,
      outcome,
    },
  ];
  const isOpen = endOfRun(stay) === undefined;
  const dueAt = notification && startOfDay(notification.liabilityDate);
  if (isOpen && dueAt !== undefined) {
    const timer = { want: 'deadline', deadline: 'liability', about: period, dueAt } as const;
    wants.push({ ...timer, reference: '5 kap. 4 § lag (2017:612)' });
  }
  const expected = mover === undefined ? notification?.liabilityDate : localDateOf(mover.at);
  const from = outcome.state === 'arisen' ? outcome.from : expected;
  const until = outcome.state === 'arisen' ? outcome.until : undefined;
  const isRunning = outcome.state === 'arisen' && outcome.until === undefined;
  // A failed condition says itself what was late, and by when.
  const said = conditions.find((condition) => condition.reason === reason)?.sentence;
  const found = finding(paymentLiability, status, reason, {
    occasion: period.occasion,
    municipality: parties.payer,
    dueAt,
    since: isRunning ? startOfDay(outcome.from) : undefined,
    because: [...new Set(conditions.flatMap((condition) => condition.because))],
    parameters: [...law.origins, ...(notification?.parameters ?? [])],
    wants,
    fill: liabilityFill(notification, mover, from, until),
  });
  return said === undefined ? found : { ...found, sentence: said };
}
