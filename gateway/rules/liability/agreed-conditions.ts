/**
 * Conditions that an agreement adds, or that hold only for some: a plan for the region's outpatient services, services
 * that the patient has not opposed, the kind of care, the target group. They only narrow liability (4 kap. 5 §).
 */
import { endOf, inForce } from '../../process/state.ts';
import type { DischargeProcess, Moment } from '../../process/state.ts';
import type { Condition } from './liability-conditions.ts';
import type { NeedRun } from './needs.ts';
import type { LawOn } from '../rule.ts';

/**
 * @param law the figures in force for the payer
 * @throws FigureMissing where an agreement leaves psychiatric care to a text that was not seen
 */
export function agreedConditions(
  process: DischargeProcess,
  run: NeedRun,
  law: LawOn,
): readonly Condition[] {
  return [
    ...outpatientPlan(process, law),
    ...opposition(process, law),
    ...kindOfCare(process, law),
    ...targetGroup(run, law),
  ];
}

function outpatientPlan(process: DischargeProcess, law: LawOn): readonly Condition[] {
  if (law.text('payment-liability.outpatientPlan') === 'notRequired') return [];
  const end = endOf(process);
  const stated = inForce(process.outpatientPlans, end?.atMs ?? Infinity);
  const because = idsOf(stated);
  if (stated?.exists === true) {
    return [{ status: 'met', reason: 'OUTPATIENT_PLAN_EXISTS', sinceMs: stated.atMs, because }];
  }
  const status = end === undefined ? 'pending' : 'unmet';
  return [{ status, reason: 'OUTPATIENT_PLAN_MISSING', because }];
}

/** Reading A36: the patient's own refusal of services, where an agreement lets it bar payment. */
function opposition(process: DischargeProcess, law: LawOn): readonly Condition[] {
  if (law.text('payment-liability.servicesDeclined') === 'irrelevant') return [];
  const stated = inForce(process.opposition, endOf(process)?.atMs ?? Infinity);
  if (stated?.declined !== true) return [];
  return [{ status: 'unmet', reason: 'SERVICES_DECLINED', because: idsOf(stated) }];
}

/** Where psychiatric care followed rules of its own, care of a kind nobody stated is judged by neither. */
function kindOfCare(process: DischargeProcess, law: LawOn): readonly Condition[] {
  if (process.care === 'somatic') return [];
  const parameter = 'payment-liability.psychiatricCare';
  if (process.care === 'psychiatric') {
    const isAlike = law.text(parameter) === 'alike';
    return isAlike ? [] : [{ status: 'unknown', reason: 'CARE_KIND_UNKNOWN', because: [] }];
  }
  return law.isKnown(parameter) && law.text(parameter) === 'alike'
    ? []
    : [{ status: 'unknown', reason: 'CARE_KIND_UNKNOWN', because: [] }];
}

function targetGroup({ need }: NeedRun, law: LawOn): readonly Condition[] {
  if (law.text('payment-liability.targetGroup') === 'municipalNeed') return [];
  if (need.regionOutpatient || need.municipalHealthCare) return [];
  return [{ status: 'unmet', reason: 'NOT_IN_TARGET_GROUP', because: [need.id] }];
}

const idsOf = (moment: Moment | undefined): readonly string[] =>
  moment === undefined ? [] : [moment.id];
