/** Admissions of the same patient soon after a discharge, among the cases that two months count. */
import { settlementStreamOf } from '../advance.ts';
import type { CareDaysData } from '../process/events.ts';
import { fold } from '../process/state.ts';
import { daysBetween, localDateOf } from '../rules/legal-days.ts';
import { foldSettlement } from '../rules/settling/settle.ts';
import { monthBefore } from '../rules/settling/settlement-month.ts';
import type { StoredIdentity } from '../runtime/journal/journal.ts';
import type { Asked, Period } from './asked.ts';

interface Visit {
  readonly admittedOn: string;
  readonly dischargedOn: string;
  readonly isOfMonth: boolean;
}

/**
 * How many of the month's cases began at most so many days after an earlier case of the same patient had ended. The
 * person's numbers are compared and never told. Earlier cases are sought in the month and the one before it, of the same
 * municipality.
 *
 * @param cases latest counts of the month
 * @param window days from a discharge in which a new admission is a readmission
 */
export async function readmissionsOf(
  asked: Asked,
  period: Period,
  cases: readonly CareDaysData[],
  window: number,
): Promise<number> {
  const before = { ...period, month: monthBefore(period.month) };
  const { events } = await asked.journal.loadStream(settlementStreamOf(before));
  const earlier = [...foldSettlement(events, before).cases.values()].map(({ data }) => data);
  const visits = new Map<string, Map<string, Visit>>();
  for (const [isOfMonth, counts] of [
    [false, earlier],
    [true, cases],
  ] as const) {
    for (const { caseReference, dischargedOn } of counts) {
      if (dischargedOn === undefined) continue;
      const known = await visitOf(asked, caseReference);
      if (known === undefined) continue;
      const ofPatient = visits.get(known.patient) ?? new Map<string, Visit>();
      visits.set(known.patient, ofPatient);
      ofPatient.set(caseReference, { admittedOn: known.admittedOn, dischargedOn, isOfMonth });
    }
  }
  return [...visits.values()].reduce((sum, one) => sum + readmitted([...one.values()], window), 0);
}

function readmitted(visits: readonly Visit[], window: number): number {
  return visits.filter(
    (visit) =>
      visit.isOfMonth &&
      visits.some(({ dischargedOn }) => {
        const days = daysBetween(dischargedOn, visit.admittedOn);
        return dischargedOn < visit.dischargedOn && days >= 0 && days <= window;
      }),
  ).length;
}

async function visitOf(
  { journal }: Asked,
  caseReference: string,
): Promise<{ readonly patient: string; readonly admittedOn: string } | undefined> {
  const patient = keyOf(await journal.identity(caseReference));
  const loaded = await journal.load(caseReference);
  const admission = loaded && fold(loaded.events, loaded.processId).admission;
  if (patient === undefined || admission === undefined) return undefined;
  return { patient, admittedOn: localDateOf(admission.atMs) };
}

/** A reserve number is its giver's alone and says nothing of who else it is. */
function keyOf(identity: StoredIdentity | undefined): string | undefined {
  const number = identity?.numbers.find(
    ({ kind }) => kind === 'personnummer' || kind === 'samordningsnummer',
  );
  return number === undefined ? undefined : `${number.authority}|${number.value}`;
}
