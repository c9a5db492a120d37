/** What a CarePlan means: a plan that is established, and the call to planning that its activities tell. */
import type { CarePlan, CarePlanActivity } from 'fhir/r4.js';
import { isEventType } from '../../../../gateway/process/events.ts';
import { whenTold } from '../../../../mappings/index.ts';
import type { Translation } from '../../../adapter.ts';
import { callerOf } from './caller.ts';
import { decided } from './facts.ts';
import type { EventFunctions, Scene, Telling } from './facts.ts';
import { codeOf, roleOf, statementsOf } from './statements.ts';
import type { Stating } from './statements.ts';
import { required } from './work.ts';
import type { Work } from './work.ts';

const taskSystem = 'http://hemgang.se/fhir/CodeSystem/discharge-process-task';
const planSystem = 'https://fhir.inera.se/CodeSystem/typeofcareplan-cs';

export function meaningOfCarePlan(work: Work): Translation {
  const { resource, previous } = work.exchange;
  if (resource.resourceType !== 'CarePlan') throw required('CarePlan');
  const before = previous?.resourceType === 'CarePlan' ? previous : undefined;
  return statementsOf(work, resource, before, plans);
}

const plans: Stating<CarePlan> = {
  type: 'CarePlan',
  actor: () => undefined,
  functions: {
    planActivities: (work, scene, before) => {
      const plan = planIn(scene);
      const planned = before === undefined ? [] : (planIn(before).activity ?? []);
      return (plan.activity ?? []).flatMap((activity, index) =>
        tellingsOf(work, plan, activity, index).map((telling) =>
          isAsPlanned(activity, planned) ? { ...telling, at: whenTold } : telling,
        ),
      );
    },
  } satisfies EventFunctions,
  stay: ({ encounter, supportingInfo, identifier }) => ({
    references: [encounter, ...(supportingInfo ?? [])],
    identifiers: identifier,
    expression: 'CarePlan.encounter',
  }),
  silent: (plan, work) => {
    if ((plan.category ?? []).length === 0) {
      throw required('CarePlan.category', `which plan it is: give a code of ${planSystem}`);
    }
    const kind = codeOf(work, 'CarePlan', 'planKind', { roots: { CarePlan: plan } });
    if (kind === undefined) return `CarePlan.category has no code of ${planSystem}`;
    if (decided(work, kind) === null)
      return `CarePlan.category ${kind.code} is no plan of a discharge`;
    if (plan.intent === 'proposal' || plan.intent === 'option') {
      return `CarePlan.intent ${plan.intent} is no plan`;
    }
    return undefined;
  },
};

/** What one activity tells: a call that was made, a contact that was appointed, a plan that the patient declined. */
function tellingsOf(
  work: Work,
  plan: CarePlan,
  activity: CarePlanActivity,
  index: number,
): readonly Telling[] {
  const { detail } = activity;
  const code = detail?.code?.coding?.find(({ system }) => system === taskSystem)?.code;
  if (detail === undefined || (code !== 'planning-call' && code !== 'fixed-care-contact'))
    return [];
  const roots = {
    CarePlan: { ...plan, activity: [activity] },
    PractitionerRole: roleOf(work, detail.performer?.[0], plan),
  };
  const scene: Scene = { roots };
  const isCall = code === 'planning-call';
  if (isCall && detail.status === 'cancelled') {
    const refusal = codeOf(work, 'CarePlan', 'activityRefusal', scene);
    const declined = refusal && decided(work, refusal);
    return declined === 'planning.declined' ? [{ type: declined, at: whenTold }] : [];
  }
  const reading = codeOf(work, 'CarePlan', isCall ? 'activityCall' : 'activityContact', scene);
  const type = String((reading && decided(work, reading)) ?? '');
  if (!isEventType(type)) return [];
  const expression = `CarePlan.activity[${index}].detail.scheduledPeriod`;
  const { end, start } = detail.scheduledPeriod ?? {};
  const text = end ?? start;
  if (text === undefined) {
    throw required(expression, 'when it was done: give its end, or its start');
  }
  const data = isCall ? { calledBy: callerOf(work, scene) } : {};
  return [{ type, at: { text, expression }, data }];
}

/**
 * Whether it has the time that it was planned for in the version before, when it was not yet done. `scheduledPeriod` is
 * then a plan, and no time at which a call was made (4 kap. 3 §).
 */
function isAsPlanned({ detail }: CarePlanActivity, before: readonly CarePlanActivity[]): boolean {
  const said = ({ code, scheduledPeriod }: NonNullable<typeof detail>): string =>
    JSON.stringify([code, scheduledPeriod]);
  return before.some(
    ({ detail: was }) =>
      detail !== undefined &&
      was !== undefined &&
      was.status !== 'completed' &&
      said(was) === said(detail),
  );
}

function planIn({ roots }: Scene): CarePlan {
  const plan = roots['CarePlan'];
  if (plan === undefined || !isPlan(plan)) throw required('CarePlan');
  return plan;
}

function isPlan(node: object): node is CarePlan {
  return 'resourceType' in node && node.resourceType === 'CarePlan';
}
