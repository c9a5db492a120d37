/** What an agreement follows up, computed for one municipality and month from its counted cases. */
import type { Indicator, IndicatorId } from '../../profiles/index.ts';
import type { CareDaysData } from '../process/events.ts';
import { monthOf } from '../rules/settling/settlement-month.ts';
import { readmissionsOf } from './readmissions.ts';
import type { Asked, Period } from './asked.ts';
import { daysOf } from './asked.ts';

export type IndicatorValue =
  /** So many of so many cases. */
  | { readonly kind: 'share'; readonly part: number; readonly of: number }
  | { readonly kind: 'number'; readonly number: number }
  /** Undefined while nothing is recorded. */
  | { readonly kind: 'sum'; readonly ore: number | undefined }
  | {
      readonly kind: 'by-reason';
      readonly reasons: readonly { readonly reason: string; readonly cases: number }[];
    };

export interface ComputedIndicator extends Indicator {
  readonly value: IndicatorValue;
}

/** What an indicator is computed from. */
export interface Followed {
  readonly period: Period;
  /** Latest counts of the month. */
  readonly cases: readonly CareDaysData[];
  /** Days are settled in the month they fall in, so cases of patients still there are among them. */
  readonly isDated: boolean;
  readonly recordedOre: number | undefined;
}

/**
 * Computes the indicators of one agreement. A case counts where it was discharged in the month and could be judged,
 * whatever it means for the amount.
 */
export async function indicatorsOf(
  asked: Asked,
  indicators: readonly Indicator[],
  followed: Followed,
): Promise<readonly ComputedIndicator[]> {
  const computed: ComputedIndicator[] = [];
  for (const indicator of indicators) {
    computed.push({
      ...indicator,
      value: await computations[indicator.id](indicator, followed, asked),
    });
  }
  return computed;
}

type Computation = (
  indicator: Indicator,
  followed: Followed,
  asked: Asked,
) => IndicatorValue | Promise<IndicatorValue>;

const computations: Readonly<Record<IndicatorId, Computation>> = {
  'discharged-same-day': (_indicator, followed) => shareOf(followed, (days) => days === 0),
  'discharged-within-days': ({ days: limit = 0 }, followed) =>
    shareOf(followed, (days) => days <= limit),
  'staying-days-or-more': ({ days: limit = 0 }, followed) =>
    shareOf(followed, (days) => days >= limit),
  'ready-days': (_indicator, { cases, isDated, period }) => ({
    kind: 'number',
    number: isDated
      ? sum(cases.map(({ dates }) => dates.length))
      : sum(dischargedIn(period, cases).map(daysOf)),
  }),
  'planning-calls': (_indicator, { cases, period }) => ({
    kind: 'number',
    number: dischargedIn(period, cases).filter(({ planned }) => planned === true).length,
  }),
  readmissions: async ({ days: window = 30 }, { period, cases }, asked) => ({
    kind: 'number',
    number: await readmissionsOf(asked, period, cases, window),
  }),
  'sums-paid': (_indicator, { recordedOre }) => ({ kind: 'sum', ore: recordedOre }),
  adherence: (_indicator, { period, cases }) => {
    const all = dischargedIn(period, cases);
    const kept = all.filter(({ deviations = [] }) => deviations.length === 0);
    return { kind: 'share', part: kept.length, of: all.length };
  },
  deviations: (_indicator, { period, cases }) => {
    const reasons = new Map<string, number>();
    for (const { deviations = [] } of dischargedIn(period, cases)) {
      for (const reason of deviations) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const counted = [...reasons].map(([reason, of]) => ({ reason, cases: of }));
    return { kind: 'by-reason', reasons: counted.sort((left, right) => right.cases - left.cases) };
  },
};

function shareOf({ period, cases }: Followed, isPart: (days: number) => boolean): IndicatorValue {
  const all = dischargedIn(period, cases);
  return { kind: 'share', part: all.filter((one) => isPart(daysOf(one))).length, of: all.length };
}

function dischargedIn({ month }: Period, cases: readonly CareDaysData[]): readonly CareDaysData[] {
  return cases.filter(
    ({ dischargedOn, reason }) =>
      dischargedOn !== undefined && monthOf(dischargedOn) === month && !unjudged.has(reason),
  );
}

/** Counts that say nothing of a case: taken back, or not judged for want of a figure. */
const unjudged = new Set(['CLEARED', 'PARAMETER_MISSING']);

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
