/** The cases of a month by what they do in its mean, and the mean against the benchmark. */
import type { CareDaysData } from '../../process/events.ts';
import type { LawOn } from '../rule.ts';
import { fraction, isNegative, isPositive, minus, plus, times, zero } from './fraction.ts';
import type { Fraction } from './fraction.ts';
import { monthOf } from './settlement-month.ts';

/** The cases of a month by what they do in it. */
export interface Shares {
  /** In the mean. */
  readonly mean: readonly CareDaysData[];
  /** Beyond the individual cap, and so outside the mean. */
  readonly individual: readonly CareDaysData[];
  /** A prerequisite failed: they can lower the amount, never raise it (reading A17). */
  readonly ineligible: readonly CareDaysData[];
  /** Outside the agreement, or of another month: no part of the mean. */
  readonly leftOut: readonly CareDaysData[];
}

/** The month's mean against the benchmark. */
export interface MeanFigures {
  readonly benchmark: Fraction;
  /** Cases in the mean, the sum of their days, and the mean itself; undefined where there are none. */
  readonly count: number;
  readonly sum: number;
  readonly mean: Fraction | undefined;
  /** Days above the benchmark, of the mean's cases and of the ineligible, which only lower it. */
  readonly ofMean: Fraction;
  readonly ofIneligible: Fraction;
  /** Their sum, never below 0 (reading A26). */
  readonly excess: Fraction;
  readonly isAbove: boolean;
}

/** @param law on the first day of the month */
export function sharesOf(cases: readonly CareDaysData[], law: LawOn, month: string): Shares {
  const overDays =
    law.text('settlement.individualCap') === 'beyondDays'
      ? law.number('settlement.individualOverDays')
      : Infinity;
  const withZero = law.flag('settlement.includeZeroDays');
  const minusIsZero = law.flag('settlement.negativeAsZero');
  const neverRaises = law.text('settlement.ineligibleInMean') === 'neverRaises';
  const shares = {
    mean: [] as CareDaysData[],
    individual: [] as CareDaysData[],
    ineligible: [] as CareDaysData[],
    leftOut: [] as CareDaysData[],
  };
  for (const one of cases) {
    const isOfMonth = one.dischargedOn !== undefined && monthOf(one.dischargedOn) === month;
    const isCounted = one.readyDays !== undefined && !outsideTheMean.has(one.reason);
    const isOut =
      (!withZero && daysOf(one) === 0) ||
      (!minusIsZero && one.flags?.includes('MINUS_DAYS') === true) ||
      (!one.eligible && !neverRaises);
    if (!isOfMonth || !isCounted || isOut) shares.leftOut.push(one);
    else if (!one.eligible) shares.ineligible.push(one);
    else if (daysOf(one) > overDays) shares.individual.push(one);
    else shares.mean.push(one);
  }
  return shares;
}

/** These cases are none of the agreement's: they neither raise nor lower its mean. */
const outsideTheMean = new Set([
  'DECEASED_EXCLUDED',
  'DECEASED_REVIEW',
  'NOT_IN_TARGET_GROUP',
  'NEED_LOST',
]);

/** The mean, and how far above the benchmark the month is. */
export function figuresOf({ mean: cases, ineligible }: Shares, law: LawOn): MeanFigures {
  const benchmark = law.fraction('settlement.benchmarkDays');
  const sum = cases.reduce((days, one) => days + daysOf(one), 0);
  const count = cases.length;
  const ofMean = minus(fraction(sum), times(benchmark, fraction(count)));
  const ofIneligible = ineligible
    .map((one) => minus(fraction(daysOf(one)), benchmark))
    .filter(isNegative)
    .reduce(plus, zero);
  const total = plus(ofMean, ofIneligible);
  const isAtLeast = law.text('settlement.comparison') === 'atLeast';
  return {
    benchmark,
    count,
    sum,
    mean: count === 0 ? undefined : fraction(sum, count),
    ofMean,
    ofIneligible,
    excess: isPositive(total) ? total : zero,
    isAbove: count > 0 && (isPositive(total) || (isAtLeast && total.numerator === 0)),
  };
}

/** N of a case. */
export const daysOf = ({ readyDays }: CareDaysData): number => readyDays ?? 0;
