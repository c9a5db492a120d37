/** 5 kap. 1-5 §§: whether, and from which day, the municipality pays for a readiness period. */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import { currentNeed, endOf } from '../process/state.ts';
import type { DischargeProcess, Moment, Need, ReadinessPeriod } from '../process/state.ts';
import { laterDate, localDateOf, localDateText, startOfDay } from './legal-days.ts';
import { notificationReading, prerequisitesOf } from './liability-conditions.ts';
import type { Condition, Notification } from './liability-conditions.ts';
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
    const need = currentNeed(process);
    const missing = earlier.find(({ reason }) => reason === 'PARAMETER_MISSING');
    if (missing !== undefined) return [{ ...missing, rule: id, reference }];
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(paymentLiability, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    if (process.readiness.length === 0) {
      return [finding(paymentLiability, 'not-applicable', 'NOT_READY')];
    }
    if (need === undefined || !(need.socialServices || need.municipalHealthCare)) {
      const reason = need === undefined ? 'NEED_NOT_ASSESSED' : 'NO_MUNICIPAL_NEED';
      const because = need === undefined ? [] : [need.id];
      return [finding(paymentLiability, 'not-applicable', reason, { because })];
    }
    const outpatient = outpatientFinding(process, parameters);
    const periods = process.readiness.map((period) => {
      const planning = earlier.find(
        (found) => found.rule === 'care-planning' && found.occasion === period.occasion,
      );
      return assessPeriod({ process, period, need, parameters, now, planning, outpatient });
    });
    return [outpatient, ...periods];
  },
};

interface Case {
  readonly process: DischargeProcess;
  readonly period: ReadinessPeriod;
  readonly need: Need;
  readonly parameters: Parameters;
  readonly now: Temporal.Instant;
  readonly planning: Finding | undefined;
  readonly outpatient: Finding;
}

function assessPeriod(stay: Case): Finding {
  const { process, period, need, parameters, now, planning } = stay;
  const parties = partiesOf(process, period);
  const law = new LawOn(parameters, localDateText(period.at));
  const isOwn = parties.payer === law.text(`${id}.municipalityOutsideRegions`);
  if (isOwn && parties.payer?.startsWith(process.county ?? '?')) {
    const occasion = period.occasion;
    return finding(paymentLiability, 'not-applicable', 'SAME_PRINCIPAL', { occasion });
  }
  const conditions = prerequisitesOf(process, period, need, parties, parameters, now, planning);
  const notification = notificationReading(process, period, need, parties, parameters);
  const verdict = judge(stay, conditions, notification, law);
  return report(stay, parties, conditions, notification, verdict, law);
}

interface Verdict {
  readonly status: Finding['status'];
  readonly reason: Reason;
  readonly outcome: WantedLiability['outcome'];
}

const undecided = (status: Finding['status'], reason: Reason): Verdict => ({
  status,
  reason,
  outcome: { state: 'undecided' },
});
const withheld = (status: 'unmet' | 'unknown', reason: Reason): Verdict => ({
  status,
  reason,
  outcome: { state: 'withheld', status, reason },
});

/** The end of a period: withdrawn, discharged or deceased, whichever came first. */
function periodEnd(process: DischargeProcess, period: ReadinessPeriod): Moment | undefined {
  const ends = [period.withdrawn, endOf(process)].filter((end) => end !== undefined);
  return ends.sort((left, right) => left.at.epochMilliseconds - right.at.epochMilliseconds)[0];
}

function judge(
  stay: Case,
  conditions: readonly Condition[],
  notification: Notification | undefined,
  law: LawOn,
): Verdict {
  const { process, period, now } = stay;
  const end = periodEnd(process, period);
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
  const from = availabilityFrom(process, fulfilled, law);
  if (from === undefined || isAfterEnd(from, end)) {
    return judgeWithout(stay, fulfilled, from, end, isDecided);
  }
  if (now.epochMilliseconds < startOfDay(from).epochMilliseconds) {
    return undecided('pending', 'LIABILITY_PENDING');
  }
  const isDisputed = !notification.otherwise.equals(notification.liabilityDate);
  const until = end === undefined ? undefined : localDateOf(end.at);
  const plain = until === undefined ? 'LIABILITY_RUNNING' : 'LIABILITY_ENDED';
  const reason = isDisputed ? 'SENT_DISPUTED' : plain;
  return {
    status: 'met',
    reason,
    outcome: { state: 'arisen', reason, from, ...(until && { until }) },
  };
}

/** All done by the municipality's side, and yet no liability within the period: which of 5:4 and 5:5 stands against it. */
function judgeWithout(
  { period, outpatient }: Case,
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
  const isWithdrawn = end !== undefined && end.id === period.withdrawn?.id;
  return withheld(
    'unmet',
    isWithdrawn ? 'WITHDRAWN_BEFORE_LIABILITY' : 'DISCHARGED_BEFORE_LIABILITY',
  );
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
): Temporal.PlainDate {
  if (law.text(`${id}.lateButTimely`) === 'from54Date') return liabilityDate;
  const lastMs = Math.max(...conditions.map(({ since }) => since?.epochMilliseconds ?? 0));
  const lastMet = localDateOf(Temporal.Instant.fromEpochMilliseconds(lastMs));
  return laterDate(liabilityDate, lastMet);
}

function report(
  { process, period }: Case,
  parties: Parties,
  conditions: readonly Condition[],
  notification: Notification | undefined,
  { status, reason, outcome }: Verdict,
  law: LawOn,
): Finding {
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
  const isOpen = periodEnd(process, period) === undefined;
  const dueAt = notification && startOfDay(notification.liabilityDate);
  if (isOpen && dueAt !== undefined) {
    const timer = { want: 'deadline', deadline: 'liability', about: period, dueAt } as const;
    wants.push({ ...timer, reference: '5 kap. 4 § lag (2017:612)' });
  }
  const from = outcome.state === 'arisen' ? outcome.from : notification?.liabilityDate;
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
    fill: {
      ...(from && { from: from.toString() }),
      ...(outcome.state === 'arisen' && outcome.until && { until: outcome.until.toString() }),
      ...(notification && { otherwise: notification.otherwise.toString() }),
    },
  });
  return said === undefined ? found : { ...found, sentence: said };
}
