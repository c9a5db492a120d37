/**
 * Agreements under 4 kap. 5 § whose municipality pays by the mean of a calendar month: what is above a benchmark, or
 * every day while a run of months was above it. New figures are data; a new consequence is a function here.
 */
import type { Parameters } from '../../../profiles/index.ts';
import type { BillingLine, CareDaysData, Carry, SettledCase } from '../../process/events.ts';
import { chargeDays, chargeExcess, excludedOf, sumOf } from './billing-lines.ts';
import type { Basis, SettlementPeriod } from './basis.ts';
import { fraction, isPositive, times } from './fraction.ts';
import { daysOf, figuresOf, sharesOf } from './mean-figures.ts';
import type { MeanFigures, Shares } from './mean-figures.ts';
import { formulaOf } from './mean-formula.ts';
import { carryOf, carryInto, signalsOf } from './month-chain.ts';
import { refuseOtherModel } from './other-model.ts';
import type { LawOn } from '../rule.ts';
import { daysBetween } from '../legal-days.ts';

/**
 * @param law on the first day of the month; it remembers which figures were asked
 * @param before what the month before handed over
 * @throws FigureMissing where the agreement leaves a figure open that the month needs
 */
export function meanBasis(
  cases: readonly CareDaysData[],
  law: LawOn,
  parameters: Parameters,
  period: SettlementPeriod,
  before: Carry | undefined,
): Basis {
  const counted = cases.filter(({ reason }) => reason !== 'CLEARED');
  refuseOtherModel(counted, 'monthlyMean', law);
  const shares = sharesOf(counted, law, period.month);
  const figures = figuresOf(shares, law);
  const known = carryInto(before, law, parameters, period.month);
  const lines = linesOf(counted, shares, figures, known, law, period.month);
  const carry = carryOf(known, figures, shares, sumOf(lines) > 0, law);
  return {
    model: `monthlyMean, ${law.text('settlement.consequence')}`,
    lines,
    excluded: [...shares.ineligible, ...shares.leftOut].filter(isNotCharged).map(excludedOf),
    cases: settledCases(shares),
    formula: formulaOf(figures, shares, lines, known, law),
    totalOre: sumOf(lines),
    carry,
    mean: { cases: figures.count, readyDays: figures.sum },
    signals: signalsOf(carry, figures, law),
  };
}

const isNotCharged = ({ eligible }: CareDaysData): boolean => !eligible;
const isDated = ({ eligible, dates, dischargedOn }: CareDaysData): boolean =>
  eligible && dates.length > 0 && dischargedOn === undefined;

function linesOf(
  cases: readonly CareDaysData[],
  shares: Shares,
  figures: MeanFigures,
  before: Carry,
  law: LawOn,
  month: string,
): BillingLine[] {
  const individual = beyondFreeDays(individualCases(cases, shares, law), law);
  if (law.text('settlement.meanGoverns') === 'nextMonth') {
    return [...byMonthBefore(shares, figures, before, law, month), ...individual];
  }
  switch (law.text('settlement.consequence')) {
    case 'allDaysWhileActive':
      return before.active ? everyDay(cases, law) : [];
    case 'allDaysFromLiability':
      return figures.isAbove ? everyDay(cases, law) : [];
    default:
      return isPositive(figures.excess)
        ? [chargeExcess(figures.excess, month, law), ...individual]
        : individual;
  }
}

/** Every counted day of the month, of every eligible case (5 kap. 4 § replaced by the agreement). */
function everyDay(cases: readonly CareDaysData[], law: LawOn): BillingLine[] {
  return cases
    .filter(({ eligible }) => eligible)
    .flatMap((one) => chargeDays('care-days', one, one.dates, law));
}

/** Where days are settled in the month they fall in, a stay beyond the cap is charged before it has ended (reading A13). */
function individualCases(
  cases: readonly CareDaysData[],
  { individual }: Shares,
  law: LawOn,
): readonly CareDaysData[] {
  if (law.text('settlement.individualCap') === 'none') return [];
  if (law.text('settlement.daysSettledIn') === 'dischargeMonth') return individual;
  const overDays = law.number('settlement.individualOverDays');
  return cases.filter((one) => one.eligible && daysOf(one) > overDays);
}

function beyondFreeDays(cases: readonly CareDaysData[], law: LawOn): BillingLine[] {
  if (cases.length === 0) return [];
  const free = law.number('settlement.individualFreeDays');
  return cases.flatMap((one) =>
    chargeDays('individual-days', one, one.dates.slice(freeOf(one, free)), law),
  );
}

/** How many of a case's free days are among the dates of this month. */
function freeOf({ readyOn, dates: [first] }: CareDaysData, free: number): number {
  if (readyOn === undefined || first === undefined) return 0;
  const passed = daysBetween(readyOn, first) - 1;
  return Math.max(0, free - passed);
}

/** A month's mean that governs the next one (the second variant of the 2018 proposal). */
function byMonthBefore(
  { mean: cases }: Shares,
  { count }: MeanFigures,
  { excess }: Carry,
  law: LawOn,
  month: string,
): BillingLine[] {
  if (!isPositive(excess) || count === 0) return [];
  if (law.text('settlement.nextMonthConsequence') === 'individualFromDay4') {
    return beyondFreeDays(cases, law);
  }
  return [chargeExcess(times(excess, fraction(count)), month, law)];
}

function settledCases(shares: Shares): SettledCase[] {
  const rows = (cases: readonly CareDaysData[], share: SettledCase['share']): SettledCase[] =>
    cases.map((one) => ({
      caseReference: one.caseReference,
      readyDays: daysOf(one),
      share,
      ...(!one.eligible && { reason: one.reason }),
      ...(one.flags && { flags: one.flags }),
    }));
  return [
    ...rows(shares.mean, 'mean'),
    ...rows(shares.individual, 'individual'),
    ...rows(shares.ineligible, 'ineligible'),
    // Of another month's mean, and charged here by their days.
    ...rows(shares.leftOut.filter(isDated), 'days'),
    ...rows(
      shares.leftOut.filter((one) => !isDated(one)),
      'left-out',
    ),
  ];
}
