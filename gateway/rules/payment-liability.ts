/** 5 kap. 1-5 §§: whether, and from which day, the municipality pays for a readiness period. */
import { endOf } from '../process/state.ts';
import type { DischargeProcess, ReadinessPeriod } from '../process/state.ts';
import { agreedConditions } from './liability/agreed-conditions.ts';
import { planningOf } from './care-planning.ts';
import { localDateOf, startOfDayMs } from './legal-days.ts';
import { notificationReading, prerequisitesOf } from './liability/liability-conditions.ts';
import type { Condition, Notification } from './liability/liability-conditions.ts';
import { liabilityFill } from './sentences/liability-sentence.ts';
import { endOfRun, judge } from './liability/liability-verdict.ts';
import type { Case, Verdict } from './liability/liability-verdict.ts';
import { assessForMean } from './liability/mean-liability.ts';
import { needRuns } from './liability/needs.ts';
import type { NeedRun } from './liability/needs.ts';
import { outpatientFinding } from './liability/outpatient-availability.ts';
import { partiesOf } from './notices/parties.ts';
import type { Parties } from './notices/parties.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Want, WantedLiability } from './rule.ts';
import type { Reason } from './sentences/reasons.ts';

const id = 'payment-liability';
const reference = '5 kap. 1–5 §§ lag (2017:612)';

export const paymentLiability: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs, earlier) {
    const missing = earlier.find(({ reason }) => reason === 'PARAMETER_MISSING');
    if (missing !== undefined) return [{ ...missing, rule: id, reference }];
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(paymentLiability, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    if (process.readiness.length === 0) {
      return [finding(paymentLiability, 'not-applicable', 'NOT_READY')];
    }
    const outpatient = outpatientFinding(process, parameters);
    const periods = process.readiness.map((period) =>
      assessPeriod({ process, period, parameters, nowMs, outpatient }),
    );
    const isConcerned = periods.some(({ status }) => status !== 'not-applicable');
    return isConcerned ? [outpatient, ...periods] : periods;
  },
};

/** One readiness period by the rule that its payer is under: the statute's, or an agreement's mean. */
function assessPeriod({ parameters, ...about }: Omit<Case, 'run'>): Finding {
  const { process, period } = about;
  const parties = partiesOf(process, period);
  const stay = { ...about, parameters: parameters.under(parties.payer) };
  const end = endOf(process);
  // Once the stay has ended its month is known, and with it the agreement that settles it.
  const law = new LawOn(stay.parameters, localDateOf(end?.atMs ?? period.atMs));
  const isLast = period === process.readiness.at(-1);
  if (!isLast && law.text(`${id}.readinessCounted`) === 'lastPeriod') {
    return notConcerned(process, period, parties, 'EARLIER_READINESS');
  }
  const runs = needRuns(process, period);
  if (law.text('settlement.basis') === 'monthlyMean') {
    return assessInMean(stay, parties, runs, law);
  }
  const found = runs.map((run) => assessRun({ ...stay, run }, parties));
  // Where the need fell away and was stated again, liability arose in the first stretch it could arise in.
  return found.find(hasArisen) ?? found.at(-1) ?? withoutNeed(process, period, parties);
}

function assessInMean(
  stay: Omit<Case, 'run'>,
  parties: Parties,
  runs: readonly NeedRun[],
  law: LawOn,
): Finding {
  const { process, period } = stay;
  const run = runs.at(-1);
  if (run === undefined) return withoutNeed(process, period, parties);
  if (isSamePrincipal(process, parties, law)) {
    return notConcerned(process, period, parties, 'SAME_PRINCIPAL');
  }
  if (run.lost !== undefined) return notConcerned(process, period, parties, 'NEED_LOST');
  if (period.withdrawn !== undefined) {
    return notConcerned(process, period, parties, 'READINESS_CANCELLED');
  }
  return assessForMean(paymentLiability, { ...stay, run }, parties, law);
}

const hasArisen = ({ wants }: Finding): boolean =>
  wants.some((want) => want.want === 'liability' && want.outcome.state === 'arisen');

function withoutNeed(
  process: DischargeProcess,
  period: ReadinessPeriod,
  parties: Parties,
): Finding {
  const reason = process.needs.length === 0 ? 'NEED_NOT_ASSESSED' : 'NO_MUNICIPAL_NEED';
  const because = process.needs.map((need) => need.id);
  return notConcerned(process, period, parties, reason, because);
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

/** 1 kap. 1 §: a municipality outside the regions that treats its own residents would pay itself. */
function isSamePrincipal(process: DischargeProcess, { payer }: Parties, law: LawOn): boolean {
  if (payer === undefined || payer !== law.text(`${id}.municipalityOutsideRegions`)) return false;
  return payer.startsWith(process.county ?? '?');
}

/** A decision on open compulsory or forensic care changes nothing of liability that had arisen before it. */
function assessRun(stay: Case, parties: Parties): Finding {
  const { compulsoryCare: decided, ...before } = stay.process;
  if (decided !== undefined) {
    const ordinary = assessRunAs({ ...stay, process: before }, parties);
    const arisen = ordinary.wants.some(
      (want) =>
        want.want === 'liability' &&
        want.outcome.state === 'arisen' &&
        startOfDayMs(want.outcome.from) <= decided.atMs,
    );
    if (arisen) return ordinary;
  }
  return assessRunAs(stay, parties);
}

function assessRunAs(stay: Case, parties: Parties): Finding {
  const { process, period, run, parameters, nowMs } = stay;
  const law = new LawOn(parameters, localDateOf(period.atMs));
  if (isSamePrincipal(process, parties, law)) {
    return notConcerned(process, period, parties, 'SAME_PRINCIPAL');
  }
  const conditions = [
    ...prerequisitesOf(process, period, run, parties, parameters, nowMs),
    ...agreedConditions(process, run, law),
  ];
  const notification = notificationReading(process, period, run, parties, parameters);
  const { finding: planning, requiredFromMs } = planningOf(process, period, run, parameters, nowMs);
  const without = judge(stay, conditions, notification, law);
  // Planning that was not yet to be carried out when liability arose is no condition of it.
  const isLater =
    requiredFromMs !== undefined &&
    without.outcome.state === 'arisen' &&
    startOfDayMs(without.outcome.from) <= requiredFromMs;
  if (isLater) return report(stay, parties, conditions, notification, without, law);
  const all = [...conditions, planning];
  return report(stay, parties, all, notification, judge(stay, all, notification, law), law);
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
  const dueAtMs = notification && startOfDayMs(notification.liabilityDate);
  if (isOpen && dueAtMs !== undefined) {
    const deadline = notification?.isLate === true ? 'T9' : 'T8';
    const timer = { want: 'deadline', deadline, about: period, dueAtMs } as const;
    wants.push({ ...timer, reference: '5 kap. 4 § lag (2017:612)' });
  }
  const expected = mover === undefined ? notification?.liabilityDate : localDateOf(mover.atMs);
  const from = outcome.state === 'arisen' ? outcome.from : expected;
  const until = outcome.state === 'arisen' ? outcome.until : undefined;
  const isRunning = outcome.state === 'arisen' && outcome.until === undefined;
  // A failed condition says itself what was late, and by when.
  const said = conditions.find((condition) => condition.reason === reason)?.sentence;
  const found = finding(paymentLiability, status, reason, {
    occasion: period.occasion,
    municipality: parties.payer,
    dueAtMs,
    sinceMs: isRunning ? startOfDayMs(outcome.from) : undefined,
    because: [...new Set(conditions.flatMap((condition) => condition.because))],
    parameters: [...law.origins, ...(notification?.parameters ?? [])],
    wants,
    fill: () => liabilityFill(notification, mover, from, until),
  });
  return said === undefined ? found : { ...found, sentence: said };
}
