/**
 * 4 kap. 1 § second paragraph: where the patient goes over to open compulsory (ÖPT) or open forensic (ÖRV) psychiatric
 * care, the coordinated care plan stands in the place of the individual one, and no call is asked for.
 */
import type { Facts, DischargeProcess, Moment, ReadinessPeriod } from '../../process/state.ts';
import { localTimeText } from '../legal-days.ts';
import { periodEnd } from './needs.ts';
import { arguable } from '../sentences/phrases.ts';
import type { Reason } from '../sentences/reasons.ts';
import { finding } from '../rule.ts';
import type { Finding, LawOn, Status } from '../rule.ts';

const id = 'care-planning';
const rule = { id, reference: '4 kap. 1 § andra stycket lag (2017:612)' };

interface Asked {
  readonly fact: Moment | undefined;
  readonly met: Reason;
  readonly pending: Reason;
  readonly missing: Reason;
}

/**
 * Whether the plan was approved by every unit, and where it is asked for the court had decided, before a period of
 * readiness ended. That the act makes a condition of the plan is arguable (reading A44), and the sentence says so.
 * @param decided the decision on open care, made before the period ended
 * @param law the figures in force when the patient was assessed as ready
 */
export function coordinatedPlanOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  decided: NonNullable<Facts['compulsoryCare']>,
  law: LawOn,
): Finding {
  const end = periodEnd(process, period);
  const asked = askedFor(process, end, law);
  const open = asked.find(({ fact }) => fact === undefined);
  const last = asked.reduce<Asked | undefined>(
    (later, one) => ((one.fact?.atMs ?? 0) > (later?.fact?.atMs ?? 0) ? one : later),
    undefined,
  );
  const { occasion } = period;
  const facts = asked.flatMap(({ fact }) => (fact === undefined ? [] : [fact.id]));
  const because = [decided.id, ...facts];
  const details = { occasion, because, parameters: law.origins };
  if (open !== undefined) {
    const [status, reason]: [Status, Reason] =
      end === undefined ? ['pending', open.pending] : ['unmet', open.missing];
    return finding(rule, status, reason, { ...details, fill: { arguable } });
  }
  if (last === undefined) {
    return finding(rule, 'not-applicable', 'COORDINATED_PLAN_NOT_ASKED', details);
  }
  const sinceMs = last.fact?.atMs ?? decided.atMs;
  const fill = () => ({ arguable, at: localTimeText(sinceMs) });
  return finding(rule, 'met', last.met, { ...details, sinceMs, fill });
}

function askedFor(
  process: DischargeProcess,
  end: Moment | undefined,
  law: LawOn,
): readonly Asked[] {
  const inTime = (moment: Moment | undefined): Moment | undefined =>
    moment !== undefined && moment.atMs <= (end?.atMs ?? Infinity) ? moment : undefined;
  const asked: Asked[] = [];
  if (law.text(`${id}.coordinatedCarePlan`) === 'required') {
    asked.push({
      fact: inTime(process.plans.find(({ plan }) => plan === 'coordinated-care-plan')),
      met: 'COORDINATED_PLAN_ESTABLISHED',
      pending: 'COORDINATED_PLAN_PENDING',
      missing: 'COORDINATED_PLAN_MISSING',
    });
  }
  if (law.text(`${id}.courtDecision`) === 'required') {
    asked.push({
      fact: inTime(process.courtDecision),
      met: 'COURT_DECISION_RECORDED',
      pending: 'COURT_DECISION_PENDING',
      missing: 'COURT_DECISION_MISSING',
    });
  }
  return asked;
}
