/** Cases and months computed anew under some parameters, from the facts in the journal; nothing is written. */
import type { Profiles } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import type { CareDaysData, Carry } from '../process/events.ts';
import type { DischargeProcess } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import { settlementBasis } from '../rules/settling/settlement-basis.ts';
import type { Basis } from '../rules/settling/basis.ts';
import type { MissingFigure } from '../rules/settling/settlement-basis.ts';
import { nextMonth } from '../rules/settling/settlement-month.ts';
import type { Period } from './asked.ts';

/** What a case would count in each month. */
export function countsUnder(
  process: DischargeProcess,
  profiles: Profiles,
  nowMs: number,
): readonly CareDaysData[] {
  return assess(process, profiles.parametersOf(placeOf(process)), nowMs)
    .flatMap(({ wants }) => wants.filter((want) => want.want === 'care-days'))
    .map(({ want: _want, because: _because, ...counted }) => ({
      ...counted,
      because: [],
      key: `${process.processId}|${counted.county}|${counted.municipality}|${counted.month}`,
      revision: 1,
      caseReference: process.processId,
    }));
}

export type MonthBasis = Basis | { readonly missing: MissingFigure };

/**
 * Settles the months of one municipality in order, each with what the one before it hands over.
 *
 * @param from first month of the calendar, also where it has no case
 * @param until last month
 * @param countsOf counts of a month
 */
export function settleMonths(
  place: Pick<Period, 'county' | 'municipality'>,
  profiles: Profiles,
  from: string,
  until: string,
  countsOf: (month: string) => readonly CareDaysData[],
): ReadonlyMap<string, MonthBasis> {
  const parameters = profiles.parametersOf(place);
  const settled = new Map<string, MonthBasis>();
  let carry: Carry | undefined;
  for (let month = from; month <= until; month = nextMonth(month)) {
    const basis = settlementBasis(countsOf(month), parameters, { ...place, month }, carry);
    settled.set(month, basis);
    carry = 'missing' in basis ? undefined : basis.carry;
  }
  return settled;
}
