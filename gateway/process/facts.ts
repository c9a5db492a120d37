/** Folds facts: the same facts in any order give the same state. */
import type { EventOf, EventType, Obligation, PatientCodes } from './events.ts';
import { foldAdmission, isBefore } from './admission.ts';
import { FactList, byHappening, byTelling, momentOf } from './fact-list.ts';
import { foldReadiness } from './readiness.ts';
import type { Facts, Leave, Moment, PlanningCall, StoredLike } from './state.ts';

/** All facts of a process. */
export function foldFacts(events: readonly StoredLike[]): Facts {
  const facts = new FactList(events);
  const contradictions = new Set<string>();
  const compulsory = facts.of('compulsory-care.decided').at(0);
  const admission = foldAdmission(facts, contradictions);
  return {
    ...admission,
    readiness: foldReadiness(facts, admission, contradictions),
    needs: foldNeeds(facts),
    ...foldEstimate(facts),
    calls: foldCalls(facts),
    consents: foldConsents(facts),
    ...(compulsory && { compulsoryCare: { ...momentOf(compulsory), ...compulsory.data } }),
    ...foldPlans(facts),
    careContacts: facts.of('care-contact.appointed').map(momentOf),
    informationTransfers: facts.of('information.transferred').map(momentOf),
    opposition: foldOpposition(facts),
    leaves: foldLeaves(facts),
    availability: facts.of('outpatient-care.availability-set').map((e) => ({
      ...momentOf(e),
      availability: e.data.availability,
    })),
    placements: facts
      .of('placement.decided')
      .map((e) => ({ ...momentOf(e), municipality: e.data.municipality })),
    patient: foldPatient(facts),
    secrecy: new Map<Obligation, Moment & { present: boolean }>(
      facts
        .of('secrecy-obstacle.recorded')
        .map((e) => [e.data.obligation, { ...momentOf(e), present: e.data.present }]),
    ),
    observed: facts.of('notice.observed').map((e) => ({ ...momentOf(e), ...e.data })),
    misdirections: facts.of('notice.misdirected').map((e) => ({ ...momentOf(e), ...e.data })),
    receptions: facts.of('notice.received').map((e) => ({ ...momentOf(e), ...e.data })),
    acknowledgements: facts.of('notice.acknowledged').map((e) => ({ ...momentOf(e), ...e.data })),
    contradictions: [...contradictions].sort(),
  };
}

/** Needs as they changed; the same need stated again is one fact, known from its first statement. */
function foldNeeds(facts: FactList): Facts['needs'] {
  const statements = [...facts.of('need.assessed'), ...facts.of('need.withdrawn')].sort(
    byHappening,
  );
  const needs: Facts['needs'][number][] = [];
  for (const statement of statements) {
    const services = statement.type === 'need.assessed' ? statement.data : undefined;
    const last = needs.at(-1);
    if (last === undefined ? services === undefined : sameNeed(last.services, services)) continue;
    needs.push({ ...momentOf(statement), services });
  }
  return needs;
}

type MaybeServices = Facts['needs'][number]['services'];
function sameNeed(left: MaybeServices, right: MaybeServices): boolean {
  return (
    left?.socialServices === right?.socialServices &&
    left?.municipalHealthCare === right?.municipalHealthCare &&
    left?.regionOutpatient === right?.regionOutpatient
  );
}

/** The estimate in force: the last one set, unless withdrawn since. The same one stated again is one estimate. */
function foldEstimate(facts: FactList): Pick<Facts, 'estimate' | 'estimateWithdrawn'> {
  const set = facts.of('discharge-estimate.set');
  const last = set.at(-1);
  const withdrawn = facts.of('discharge-estimate.withdrawn').at(-1);
  if (last === undefined) return {};
  if (withdrawn !== undefined && byHappening(withdrawn, last) > 0) {
    return { estimateWithdrawn: momentOf(withdrawn) };
  }
  const { expectedDischarge } = last.data;
  const other = set.findLastIndex(({ data }) => data.expectedDischarge !== expectedDischarge);
  const statements = set.slice(other + 1);
  const first = statements[0] ?? last;
  return {
    estimate: {
      ...momentOf(first),
      occasion: facts.rootOf(first.id),
      aliases: new Set(statements.flatMap(({ id }) => facts.namesOf(id))),
      expectedDischarge,
    },
  };
}

/** Consent and refusal of planning are one history: a declined plan is a consent not given. */
function foldConsents(facts: FactList): Facts['consents'] {
  return [...facts.of('planning.declined'), ...facts.of('consent.recorded')]
    .sort(byHappening)
    .map((told) => ({
      ...momentOf(told),
      given: told.type === 'consent.recorded' && told.data.given,
    }));
}

/** Plans, the court's decision and the kind of care: what agreements ask for beside the statute. */
function foldPlans(
  facts: FactList,
): Pick<Facts, 'courtDecision' | 'plans' | 'outpatientPlans' | 'treatmentPlan' | 'care'> {
  const court = foldCourtDecision(facts);
  const treatment = facts.of('treatment-plan.available').at(0);
  const care = facts.of('patient.admitted').findLast(({ data }) => data.care !== undefined);
  return {
    ...(court && { courtDecision: court }),
    plans: facts.of('plan.established').map((e) => ({ ...momentOf(e), ...e.data })),
    outpatientPlans: facts
      .of('outpatient-care.plan-set')
      .map((e) => ({ ...momentOf(e), ...e.data })),
    ...(treatment && { treatmentPlan: momentOf(treatment) }),
    ...(care?.data.care !== undefined && { care: care.data.care }),
  };
}

/** A court that decided before the decision on open care decided something else; where no other is known it stands. */
function foldCourtDecision(facts: FactList): Facts['courtDecision'] {
  const decisions = facts.of('court-decision.recorded');
  const compulsory = facts.of('compulsory-care.decided').at(0);
  const since = compulsory && momentOf(compulsory);
  const court =
    decisions.find((one) => since === undefined || !isBefore(momentOf(one), since)) ?? decisions[0];
  if (court === undefined) return undefined;
  return {
    ...momentOf(court),
    occasion: facts.rootOf(court.id),
    aliases: new Set(facts.namesOf(court.id)),
  };
}

/** Services declined and accepted again are one history. */
function foldOpposition(facts: FactList): Facts['opposition'] {
  return [...facts.of('services.declined'), ...facts.of('services.accepted')]
    .sort(byHappening)
    .map((told) => ({ ...momentOf(told), declined: told.type === 'services.declined' }));
}

/**
 * Each leave with the return that ended it; a cancellation takes back the last leave, or return, before it. Who is on leave
 * cannot leave, nor who has returned return: told again it is the same, and of its times the one told last holds.
 */
function foldLeaves(facts: FactList): Facts['leaves'] {
  const statements = [
    ...facts.of('patient.on-leave'),
    ...facts.of('patient.returned'),
    ...facts.of('leave.cancelled'),
    ...facts.of('return.cancelled'),
  ].sort(byHappening);
  const leaves: ToldLeave[] = [];
  for (const statement of statements) {
    const last = leaves.at(-1);
    if (statement.type === 'leave.cancelled') leaves.pop();
    else if (statement.type === 'return.cancelled') reopenLast(leaves);
    else if (statement.type === 'patient.on-leave') {
      if (last === undefined || last.returned !== undefined) leaves.push({ left: statement });
      else leaves[leaves.length - 1] = { left: toldLast(last.left, statement) };
    } else if (last !== undefined) {
      const returned = last.returned ? toldLast(last.returned, statement) : statement;
      leaves[leaves.length - 1] = { ...last, returned };
    }
  }
  return leaves.map(({ left, returned }): Leave => ({
    ...momentOf(left),
    ...(returned && { returned: momentOf(returned) }),
  }));
}

interface ToldLeave {
  readonly left: EventOf<'patient.on-leave'>;
  readonly returned?: EventOf<'patient.returned'>;
}

function toldLast<T extends EventOf<EventType>>(left: T, right: T): T {
  return byTelling(left, right) > 0 ? left : right;
}

function reopenLast(leaves: ToldLeave[]): void {
  const last = leaves.pop();
  if (last !== undefined) leaves.push({ left: last.left });
}

/**
 * Calls to planning; a withdrawal takes back the calls made before it. A call told again, by its sender or by another
 * system, has the time it had and is one call.
 */
function foldCalls(facts: FactList): readonly PlanningCall[] {
  const withdrawals = facts.of('planning.call-withdrawn');
  const told = facts.of('planning.called');
  const isSame = (left: Called, right: Called): boolean =>
    left.occurredAt === right.occurredAt && left.data.calledBy === right.data.calledBy;
  const first = told.filter(
    (call, index) => !told.slice(0, index).some((one) => isSame(one, call)),
  );
  return first.map((call) => {
    const withdrawal = withdrawals.find((candidate) => byHappening(candidate, call) > 0);
    const repeated = told.filter((one) => isSame(one, call));
    return {
      ...momentOf(call),
      occasion: facts.rootOf(call.id),
      aliases: new Set(repeated.flatMap(({ id }) => facts.namesOf(id))),
      calledBy: call.data.calledBy,
      ...(withdrawal && { withdrawn: momentOf(withdrawal) }),
    };
  });
}
type Called = EventOf<'planning.called'>;

/** The person's codes as they changed. A municipality, marking or unit left out is not stated: the earlier one stands. */
function foldPatient(facts: FactList): Facts['patient'] {
  const statements = [
    ...facts.of('patient.admitted'),
    ...facts.of('patient.identity-changed'),
    ...facts.of('patient.merged'),
  ];
  const history: (Moment & { codes: PatientCodes })[] = [];
  for (const statement of statements.sort(byHappening)) {
    const stated = statement.data.patient;
    if (stated === undefined) continue;
    const earlier = history.at(-1)?.codes;
    const municipality = stated.municipality ?? earlier?.municipality;
    const protection = stated.protection ?? earlier?.protection;
    const outpatientUnit = stated.outpatientUnit ?? earlier?.outpatientUnit;
    const codes = {
      ...stated,
      ...(municipality !== undefined && { municipality }),
      ...(protection !== undefined && { protection }),
      ...(outpatientUnit !== undefined && { outpatientUnit }),
    };
    if (
      earlier !== undefined &&
      earlier.municipality === codes.municipality &&
      earlier.numberKind === codes.numberKind &&
      earlier.protection === codes.protection &&
      earlier.outpatientUnit === codes.outpatientUnit
    ) {
      continue;
    }
    history.push({ ...momentOf(statement), codes });
  }
  return history;
}
