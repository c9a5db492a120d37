/** 5 kap. 1-5 §§: whether, and from which day, the municipality pays for a readiness period. */
import type { DischargeProcess, ReadinessPeriod } from '../process/state.ts';
import { planningOf } from './care-planning.ts';
import { localDateOf, localDateText, startOfDay } from './legal-days.ts';
import { notificationReading, prerequisitesOf } from './liability-conditions.ts';
import type { Condition, Notification } from './liability-conditions.ts';
import { liabilityFill } from './liability-sentence.ts';
import { endOfRun, judge } from './liability-verdict.ts';
import type { Case, Verdict } from './liability-verdict.ts';
import { needRuns } from './needs.ts';
import { outpatientFinding } from './outpatient-availability.ts';
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
