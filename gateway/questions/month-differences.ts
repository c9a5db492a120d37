/** The months of one municipality under two laws, and where they differ: in the sum, or in a case. */
import type { Profiles } from '../../profiles/index.ts';
import { settlementStreamOf } from '../advance.ts';
import type { CareDaysData, SettledCase } from '../process/events.ts';
import { foldSettlement } from '../rules/settling/settle.ts';
import { firstDayOf, monthBefore } from '../rules/settling/settlement-month.ts';
import { daysOf, namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { settleMonths } from './recompute.ts';
import type { MonthBasis } from './recompute.ts';

/** A month's sum, or the figure for want of which it has none. */
export type MonthSum = { readonly totalOre: number } | MissingSum;
export interface MissingSum {
  /** Name of the figure, and the date it is missing for. */
  readonly missing: string;
  readonly missingOn: string;
}

/** A case as one month has it. */
export interface CaseSide {
  readonly days: number;
  readonly reason: string;
  readonly share?: SettledCase['share'];
  /** Its own lines; what a mean charges is of all cases together. */
  readonly amountOre: number;
}

export interface CaseDifference {
  readonly caseReference: string;
  /** Absent where the month does not have it. */
  readonly before?: CaseSide;
  readonly after?: CaseSide;
}

export interface MonthDifference extends Period, PlaceNames {
  readonly before: MonthSum;
  readonly after: MonthSum;
  readonly differenceOre?: number;
  /** What the journal has recorded, where that is another sum than `before`. */
  readonly recordedOre?: number;
  readonly cases: readonly CaseDifference[];
}

/** Counts by month. */
type Months = Map<string, CareDaysData[]>;
/** What the cases of one municipality count, by the law as it is entered and by the other. */
export interface CountedPlace {
  readonly county: string;
  readonly municipality: string;
  readonly before: Months;
  readonly after: Months;
}

/**
 * @param other the profiles under which the second side is computed
 * @returns every month within the bounds, also those in which nothing differs
 */
export async function compareMonths(
  asked: Asked,
  other: Profiles,
  place: CountedPlace,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<readonly MonthDifference[]> {
  const { county, municipality } = place;
  const all = [...place.before.keys(), ...place.after.keys()].sort();
  const [first, latest] = [all[0], all.at(-1)];
  if (first === undefined || latest === undefined) return [];
  const start = await firstMonthOf(asked, { county, municipality, month: first });
  const end = to ?? latest;
  const side = (profiles: Profiles, months: Months): ReadonlyMap<string, MonthBasis> =>
    settleMonths(place, profiles, start, end, (month) => months.get(month) ?? []);
  const before = side(asked.profiles, place.before);
  const after = side(other, place.after);
  return [...before.keys()]
    .filter((month) => month >= (from ?? month))
    .flatMap((month): MonthDifference[] => {
      const [left, right] = [before.get(month), after.get(month)];
      if (left === undefined || right === undefined) return [];
      const period = { county, municipality, month };
      const sums = { before: sumOf(left), after: sumOf(right) };
      const cases = compareCases(
        sidesOf(place.before.get(month) ?? [], left),
        sidesOf(place.after.get(month) ?? [], right),
      );
      const differenceOre =
        'missing' in left || 'missing' in right ? undefined : right.totalOre - left.totalOre;
      return [
        {
          ...period,
          ...namesOf(asked.profiles, period),
          ...sums,
          ...(differenceOre !== undefined && { differenceOre }),
          cases,
        },
      ];
    });
}

/** The first month of the calendar in the journal: empty months before the first case are months of a run too. */
async function firstMonthOf({ journal, profiles }: Asked, period: Period): Promise<string> {
  const parameters = profiles.parametersOf(period);
  let first = period.month;
  for (;;) {
    const agreement = parameters.agreementOn(firstDayOf(first));
    const month = monthBefore(first);
    if (agreement === undefined || month < agreement.firstMonth) return first;
    const { events } = await journal.loadStream(settlementStreamOf({ ...period, month }));
    if (events.length === 0) return first;
    first = month;
  }
}

const sumOf = (basis: MonthBasis): MonthSum =>
  'missing' in basis
    ? { missing: basis.missing.parameter, missingOn: basis.missing.date }
    : { totalOre: basis.totalOre };

function sidesOf(
  counts: readonly CareDaysData[],
  basis: MonthBasis,
): ReadonlyMap<string, CaseSide> {
  const shares = new Map<string, SettledCase['share']>();
  const amounts = new Map<string, number>();
  if (!('missing' in basis)) {
    for (const { caseReference, share } of basis.cases ?? []) shares.set(caseReference, share);
    for (const { caseReference = '', amountOre } of basis.lines) {
      amounts.set(caseReference, (amounts.get(caseReference) ?? 0) + amountOre);
    }
  }
  return new Map(
    counts.map((count) => {
      const { caseReference, reason } = count;
      const share = shares.get(caseReference);
      const amountOre = amounts.get(caseReference) ?? 0;
      return [caseReference, { days: daysOf(count), reason, ...(share && { share }), amountOre }];
    }),
  );
}

function compareCases(
  before: ReadonlyMap<string, CaseSide>,
  after: ReadonlyMap<string, CaseSide>,
): readonly CaseDifference[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .flatMap((caseReference): CaseDifference[] => {
      const [left, right] = [before.get(caseReference), after.get(caseReference)];
      if (JSON.stringify(left) === JSON.stringify(right)) return [];
      return [{ caseReference, ...(left && { before: left }), ...(right && { after: right }) }];
    });
}

/** A record made under other profiles than today's is told of, so that nobody takes `before` for it. */
export async function withRecorded(
  { journal }: Asked,
  month: MonthDifference,
): Promise<MonthDifference> {
  const { events } = await journal.loadStream(settlementStreamOf(month));
  const { billed } = foldSettlement(events, month);
  const isTold =
    billed !== undefined && 'totalOre' in month.before && month.before.totalOre !== billed.totalOre;
  return isTold ? { ...month, recordedOre: billed.totalOre } : month;
}
