/** Folds admissions, discharges and their cancellations, over all linked stays, into one stay of the law. */
import type { EventOf } from './events.ts';
import { byTelling, momentOf } from './fact-list.ts';
import type { FactList } from './fact-list.ts';
import { endOfDayMs, localDateOf } from './local-time.ts';
import type { Discharge, Facts, Moment, Occasion } from './state.ts';

type Admitted = EventOf<'patient.admitted'>;
type Statement =
  | Admitted
  | EventOf<'admission.cancelled'>
  | EventOf<'patient.discharged'>
  | EventOf<'patient.deceased'>
  | EventOf<'discharge.cancelled'>;
type Opening = Admitted | EventOf<'patient.discharge-ready'>;

type Stay = Pick<
  Facts,
  'admission' | 'admissionCancelled' | 'discharge' | 'deceased' | 'county' | 'hospital'
>;

/**
 * The stay as the law sees it: contiguous stays are one, from the first admission to the last discharge.
 * @param contradictions codes of what cannot be true are added to it
 */
export function foldAdmission(facts: FactList, contradictions: Set<string>): Stay {
  const byStay = new Map<string, Statement[]>();
  for (const event of statementsOf(facts)) {
    byStay.set(event.stayId, [...(byStay.get(event.stayId) ?? []), event]);
  }
  const stays = [...byStay.values()].map((told) => foldStay(facts, told, contradictions));
  if ([...byStay.values()].some(isAdmittedAgain)) contradictions.add('ADMITTED_AGAIN');
  if ([...byStay.values()].some((told) => doWitnessesDisagree(facts, told))) {
    contradictions.add('WITNESSES_DISAGREE');
  }
  const begun = stays.filter((stay) => stay.admission !== undefined).sort(byAdmission);
  const first = begun[0];
  const deceased = earliest(stays.map((stay) => stay.deceased));
  const cancelled = stays.find((stay) => stay.admissionCancelled !== undefined);
  if (stays.some((s) => s.discharge && !s.admission && !s.admissionCancelled)) {
    contradictions.add('DISCHARGE_WITHOUT_ADMISSION');
  }
  if (begun.some((s) => s.discharge && s.admission && isBefore(s.discharge, s.admission))) {
    contradictions.add('DISCHARGE_BEFORE_ADMISSION');
  }
  if (begun.some((s) => s.deceased && s.admission && isBefore(s.deceased, s.admission))) {
    contradictions.add('DEATH_BEFORE_ADMISSION');
  }
  if (first === undefined) {
    const discharge = latest(stays.map((stay) => stay.discharge));
    return {
      ...(cancelled?.admissionCancelled && { admissionCancelled: cancelled.admissionCancelled }),
      ...(discharge && { discharge }),
      ...(deceased && { deceased }),
    };
  }
  const { discharge: _ofFirst, deceased: _deathOfFirst, ...stay } = first;
  // A stay that another continues was over when that began, whether its own end has been told or not.
  const ended = begun.at(-1)?.discharge !== undefined;
  const discharge = ended ? latest(begun.map((candidate) => candidate.discharge)) : undefined;
  // It is the region that cares for the patient now that is paid (5 kap. 1 §).
  const county = begun.findLast((candidate) => candidate.county !== undefined)?.county;
  return {
    ...stay,
    ...(county !== undefined && { county }),
    ...(discharge && { discharge }),
    ...(deceased && { deceased }),
  };
}

/** What is told of beginnings and ends, in no order. */
export function statementsOf(facts: FactList): Statement[] {
  return [
    ...facts.of('patient.admitted'),
    ...facts.of('admission.cancelled'),
    ...facts.of('patient.discharged'),
    ...facts.of('patient.deceased'),
    ...facts.of('discharge.cancelled'),
  ];
}

/** One stay: of the statements about its admission, and of those about its end, the last told holds. */
export function foldStay(
  facts: FactList,
  statements: Statement[],
  contradictions: Set<string>,
): Stay {
  const told = statements.sort(byTelling);
  const aboutAdmission = told.findLast(
    (s) => s.type === 'patient.admitted' || s.type === 'admission.cancelled',
  );
  const end = endingOf(told, contradictions);
  if (aboutAdmission?.type !== 'patient.admitted') {
    return {
      ...(aboutAdmission && { admissionCancelled: momentOf(aboutAdmission) }),
      ...end,
    };
  }
  const sinceCancelled = told.findLastIndex((s) => s.type === 'admission.cancelled') + 1;
  const admitted = told
    .slice(sinceCancelled)
    .filter((s): s is Admitted => s.type === 'patient.admitted');
  const county = admitted.findLast((s) => s.data.county !== undefined)?.data.county;
  const hospital = admitted.findLast((s) => s.data.hospital !== undefined)?.data.hospital;
  // A change of class begins inpatient care only where no admission of an inpatient has begun it.
  const timedBy = admitted.findLast((s) => s.data.classChange === undefined) ?? aboutAdmission;
  return {
    admission: occasionOf(facts, admitted, timedBy),
    ...(county !== undefined && { county }),
    ...(hospital !== undefined && { hospital }),
    ...end,
  };
}

/**
 * Whether a stay that had ended is told to begin once more, under the same number: a new admission has a new stay, so
 * one of the two is wrong, and which days were in hospital is not known.
 */
function isAdmittedAgain(statements: readonly Statement[]): boolean {
  let begun = false;
  let ended: Statement | undefined;
  for (const statement of [...statements].sort(byTelling)) {
    switch (statement.type) {
      case 'patient.admitted':
        if (ended !== undefined && statement.occurredAt > ended.occurredAt) return true;
        begun = true;
        break;
      case 'patient.discharged':
      case 'patient.deceased':
        if (begun) ended = statement;
        break;
      case 'discharge.cancelled':
        ended = undefined;
        break;
      default:
        begun = false;
        ended = undefined;
    }
  }
  return false;
}

/**
 * Two systems tell one stay. A few minutes between them are nothing, and of one system the last told holds; but where
 * they have the patient come or leave on different dates, which days were in hospital is not known.
 */
function doWitnessesDisagree(facts: FactList, statements: readonly Statement[]): boolean {
  const [first] = statements;
  if (statements.every(({ source }) => source.sender === first?.source.sender)) return false;
  const witnesses = new Set(statements.map(({ source }) => source.sender));
  const views = [...witnesses].map((witness) => {
    const told = statements.filter(({ source }) => source.sender === witness);
    return foldStay(facts, told, new Set());
  });
  const areMany = (dates: readonly (string | undefined)[]): boolean =>
    new Set(dates.filter((date) => date !== undefined)).size > 1;
  const dateOf = (moment: Moment | undefined): string | undefined =>
    moment && localDateOf(moment.atMs);
  return (
    areMany(views.map(({ admission }) => dateOf(admission))) ||
    areMany(views.map(({ discharge, deceased }) => dateOf(deceased ?? discharge)))
  );
}

type Ending = EventOf<'patient.discharged'> | EventOf<'patient.deceased'>;

/**
 * How a stay ended: discharged, deceased, or not at all where that was cancelled since. Of a discharge and a death on
 * one date the last told holds; a death on a later date came after the stay.
 */
function endingOf(
  told: readonly Statement[],
  contradictions: Set<string>,
): Pick<Stay, 'discharge' | 'deceased'> {
  const classEnd = classEndOf(told);
  const left = told
    .slice(told.findLastIndex(({ type }) => type === 'discharge.cancelled') + 1)
    .filter((s): s is Ending => isEnding(s) && !isClassChange(s));
  const last = left.at(-1);
  const deceased = last?.type === 'patient.deceased' ? last : undefined;
  if (deceased?.warnings?.includes('DEATH_CONTRADICTED')) contradictions.add('DEATH_CONTRADICTED');
  const lastLeft = left.findLast(({ type }) => type === 'patient.discharged');
  const isBeforeDeath =
    deceased === undefined || (lastLeft !== undefined && isOnEarlierDate(lastLeft, deceased));
  const ends = [classEnd, isBeforeDeath ? lastLeft : undefined];
  const discharge = earliest(ends.map((end) => end && dischargeOf(end)));
  return { ...(discharge && { discharge }), ...(deceased && { deceased: momentOf(deceased) }) };
}

/** What PV1-14 and PV1-36 say of a transfer between hospitals, as the mappings word it. */
export const anotherHospital = 'other-hospital';

function dischargeOf(end: Ending): Discharge {
  const toHospital = end.type === 'patient.discharged' && end.data.disposition === anotherHospital;
  return { ...momentOf(end), ...(toHospital && { toHospital }) };
}

/** Inpatient care ended with a change of class, unless another change has taken that back: whenever the patient left. */
function classEndOf(told: readonly Statement[]): Ending | undefined {
  const last = told.findLast(isClassChange);
  return last?.type === 'patient.discharged' ? last : undefined;
}

function isEnding({ type }: Statement): boolean {
  return type === 'patient.discharged' || type === 'patient.deceased';
}

function isClassChange(statement: Statement): boolean {
  const { type, data } = statement;
  return (
    (type === 'patient.admitted' || type === 'patient.discharged') && data.classChange === true
  );
}

function isOnEarlierDate(left: Ending, right: Ending): boolean {
  return localDateOf(momentOf(left).atMs) < localDateOf(momentOf(right).atMs);
}

/**
 * Statements of one fact as an occasion: named by the first told, timed by the last told.
 * @param statements at least one, in the order they were told
 */
export function occasionOf(
  facts: FactList,
  statements: readonly Opening[],
  timedBy: Opening,
): Occasion {
  const first = statements[0] ?? timedBy;
  return {
    ...momentOf(timedBy),
    occasion: facts.rootOf(first.id),
    aliases: new Set(statements.flatMap((statement) => facts.namesOf(statement.id))),
  };
}

function byAdmission(left: Stay, right: Stay): number {
  const atMs = (stay: Stay): number => stay.admission?.atMs ?? Infinity;
  const difference = atMs(left) - atMs(right);
  if (difference !== 0) return difference;
  return (left.admission?.occasion ?? '') < (right.admission?.occasion ?? '') ? -1 : 1;
}

function latest<T extends Moment>(moments: readonly (T | undefined)[]): T | undefined {
  return moments.reduce<T | undefined>(
    (last, moment) =>
      moment !== undefined && (last === undefined || moment.atMs > last.atMs) ? moment : last,
    undefined,
  );
}

function earliest<T extends Moment>(moments: readonly (T | undefined)[]): T | undefined {
  return moments
    .filter((moment) => moment !== undefined)
    .sort((left, right) => left.atMs - right.atMs)[0];
}

/** Whether one moment certainly came before another; a date lasts to its local end. */
export function isBefore(left: Moment, right: Moment): boolean {
  const lastMs = left.dateOnly ? endOfDayMs(localDateOf(left.atMs)) : left.atMs;
  return lastMs < right.atMs;
}
