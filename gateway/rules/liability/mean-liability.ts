/**
 * 4 kap. 5 §: under an agreement that goes by the month's mean no case is liable for itself. It has days, counted from the
 * notification, and it counts or does not: 5 kap. 3 and 5 §§ hold there too (readings A29, A41).
 */
import { endOf } from '../../process/state.ts';
import type { ReadinessPeriod } from '../../process/state.ts';
import { agreedConditions } from './agreed-conditions.ts';
import { planningOf } from '../care-planning.ts';
import {
  addDays,
  daysBetween,
  firstOfNextMonth,
  laterDate,
  localDateOf,
  startOfDayMs,
} from '../legal-days.ts';
import type { LocalDate } from '../legal-days.ts';
import { notifiedTimes, prerequisitesOf } from './liability-conditions.ts';
import type { Condition } from './liability-conditions.ts';
import type { Case } from './liability-verdict.ts';
import { availableSince } from './outpatient-availability.ts';
import type { Parties } from '../notices/parties.ts';
import type { Reason } from '../sentences/reasons.ts';
import { reviewFlags } from './review-flags.ts';
import { finding } from '../rule.ts';
import type { Finding, LawOn, Rule, Want, WantedReadyDays } from '../rule.ts';
import { monthOf } from '../settling/settlement-month.ts';

/**
 * The days of one readiness period and whether they count.
 * @param law the figures in force for the payer
 */
export function assessForMean(rule: Rule, stay: Case, parties: Parties, law: LawOn): Finding {
  const { process, period, run, parameters, nowMs } = stay;
  const { payer } = parties;
  const end = endOf(process);
  const notified = notifiedTimes(process, period, run, parties, parameters);
  const counted = countFrom(stay, notified?.sentAtMs, law);
  const conditions = [
    ...prerequisitesOf(process, period, run, parties, parameters, nowMs).filter(
      ({ reason }) => reason !== 'CONTRADICTORY' || !isMinusDays(stay, law),
    ),
    planningOf(process, period, run, parameters, nowMs).finding,
    ...agreedConditions(process, run, law),
    ...counted.conditions,
    ...death(stay, law),
  ];
  const failed = failing(conditions, end !== undefined);
  const lastDay = end === undefined ? addDays(localDateOf(nowMs), -1) : localDateOf(end.atMs);
  const reason = failed?.reason ?? 'COUNTED_IN_MEAN';
  const registeredOn = localDateOf(period.atMs);
  const days: WantedReadyDays = {
    want: 'ready-days',
    about: period,
    county: process.county,
    municipality: payer,
    eligible: failed === undefined,
    reason,
    readyOn: counted.from,
    lastDay,
    registeredDays: Math.max(0, daysBetween(registeredOn, lastDay)),
    flags: [
      ...reviewFlags(process, period),
      ...counted.flags,
      ...(notified && isDisputed(notified) ? ['SENT_DISPUTED'] : []),
      ...(end !== undefined && lastDay < registeredOn ? ['MINUS_DAYS'] : []),
    ],
    reference: rule.reference,
  };
  // What was still pending at the end was not done.
  const failedStatus = failed?.status === 'pending' ? 'unmet' : failed?.status;
  const status = failedStatus ?? (end === undefined ? 'pending' : 'met');
  const said = failed?.sentence;
  const found = finding(rule, status, end === undefined && !failed ? 'MEAN_PENDING' : reason, {
    occasion: period.occasion,
    municipality: payer,
    because: [...new Set(conditions.flatMap(({ because }) => because))],
    parameters: law.origins,
    wants: [days, notLiable(stay, payer, rule.reference), ...monthEnd(stay, law)],
    fill: {
      from: counted.from,
      days: String(Math.max(0, daysBetween(counted.from, lastDay))),
      month: monthOf(lastDay),
    },
  });
  return said === undefined ? found : { ...found, sentence: said };
}

/** The condition that decides. A notice or call whose time had not run out at discharge has not failed (reading A17). */
function failing(conditions: readonly Condition[], isEnded: boolean): Condition | undefined {
  const isOpen = ({ rule }: Condition): boolean =>
    rule === 'admission-notice' || rule === 'care-planning';
  return (
    conditions.find(({ status }) => status === 'unmet') ??
    conditions.find(({ status }) => status === 'unknown') ??
    conditions.find((one) => one.status === 'pending' && isEnded && !isOpen(one))
  );
}

type Notified = ReturnType<typeof notifiedTimes>;
interface CountedFrom {
  /** Day zero. */
  readonly from: LocalDate;
  readonly conditions: readonly Condition[];
  readonly flags: readonly string[];
}

/** Day zero: of the notification (reading A11), moved by what was confirmed only after it (readings A28, A41). */
function countFrom(stay: Case, notifiedMs: number | undefined, law: LawOn): CountedFrom {
  const { process, period, outpatient, nowMs } = stay;
  const start = dayZero(period, notifiedMs, law);
  const plan = treatmentPlan(stay, start, law);
  const available = availableSince(process, nowMs, law);
  if (available !== undefined) {
    const { sinceMs } = available;
    const from = sinceMs === undefined ? plan.from : laterDate(plan.from, localDateOf(sinceMs));
    return { ...plan, from };
  }
  const isKnown = outpatient.status === 'unmet';
  const condition: Condition = {
    status: isKnown ? 'unmet' : 'unknown',
    reason: isKnown ? 'OUTPATIENT_UNAVAILABLE' : 'OUTPATIENT_UNKNOWN',
    because: outpatient.because,
  };
  return { ...plan, conditions: [...plan.conditions, condition] };
}

/** The receiver's fault moved the date of the hand-over (reading A10). */
const isDisputed = ({ sentAtMs, handedOverAtMs }: NonNullable<Notified>): boolean =>
  localDateOf(sentAtMs) !== localDateOf(handedOverAtMs);

function dayZero(period: ReadinessPeriod, notifiedMs: number | undefined, law: LawOn): LocalDate {
  const registered = localDateOf(period.atMs);
  const reading = law.text('settlement.dayCountFrom');
  if (notifiedMs === undefined || reading === 'registeredReadyDate') return registered;
  const notified = localDateOf(notifiedMs);
  return reading === 'notificationDate' ? notified : laterDate(registered, notified);
}

/** A treatment plan that was to be there before the assessment (reading A28): told, or what the days wait for. */
function treatmentPlan({ process, period }: Case, from: LocalDate, law: LawOn): CountedFrom {
  const reading = law.text('payment-liability.missingTreatmentPlan');
  const { treatmentPlan: plan } = process;
  const isThere = plan !== undefined && plan.atMs <= period.atMs;
  if (reading === 'notAsked' || isThere) return { from, conditions: [], flags: [] };
  const flags = ['TREATMENT_PLAN_MISSING'];
  if (reading === 'flag') return { from, conditions: [], flags };
  if (plan === undefined) {
    const missing = { status: 'unmet', reason: 'TREATMENT_PLAN_MISSING', because: [] } as const;
    return { from, conditions: [missing], flags };
  }
  return { from: laterDate(from, localDateOf(plan.atMs)), conditions: [], flags };
}

/** Reading A33. */
function death({ process }: Case, law: LawOn): readonly Condition[] {
  const { deceased } = process;
  if (deceased === undefined || endOf(process) !== deceased) return [];
  const because = [deceased.id];
  switch (law.text('settlement.deceased')) {
    case 'include':
      return [];
    case 'exclude':
      return [{ status: 'unmet', reason: 'DECEASED_EXCLUDED', because }];
    default:
      return [{ status: 'unknown', reason: 'DECEASED_REVIEW', because }];
  }
}

/** A stay that ended before the registered date of readiness: no contradiction where an agreement counts it as zero. */
function isMinusDays({ process }: Case, law: LawOn): boolean {
  const [only, ...others] = process.contradictions;
  const isOnly = only === 'READY_AFTER_DISCHARGE' && others.length === 0;
  return isOnly && law.flag('settlement.negativeAsZero');
}

/** What was decided while another rule held is taken back. */
function notLiable({ process, period }: Case, payer: string | undefined, reference: string): Want {
  const reason: Reason = 'MEAN_GOVERNS';
  return {
    want: 'liability',
    about: period,
    county: process.county,
    municipality: payer,
    reference,
    outcome: { state: 'not-applicable', reason },
  };
}

/** Where days are settled in the month they fall in, its end is waited for while the patient is there. */
function monthEnd({ process, period, nowMs }: Case, law: LawOn): readonly Want[] {
  if (endOf(process) !== undefined) return [];
  if (law.text('settlement.daysSettledIn') !== 'careDay') return [];
  const month = monthOf(localDateOf(nowMs));
  const occasion = `${period.occasion}|${month}`;
  return [
    {
      want: 'deadline',
      deadline: 'month-end',
      about: { id: period.id, occasion, aliases: new Set([occasion]) },
      dueAtMs: startOfDayMs(firstOfNextMonth(month)),
      reference: law.referenceOf('settlement.daysSettledIn'),
    },
  ];
}
