import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BillingData, BillingLine } from '../gateway/process/events.ts';
import { fraction, fractionText } from '../gateway/rules/settling/fraction.ts';
import { addDays } from '../gateway/rules/legal-days.ts';
import { foldSettlement } from '../gateway/rules/settlement.ts';
import type { Parameters } from '../profiles/index.ts';
import { monthCaseOf, playMonths, readMonthCases } from './support/month-cases.ts';
import type { MonthCase, MonthExpectation } from './support/month-cases.ts';
import type { PlayedRegion } from './support/region.ts';

const folder = join(import.meta.dirname, 'settlements');

for (const file of readdirSync(folder).sort()) {
  describe(file, () => {
    test.each(readMonthCases(join(folder, file)))('$name', (given) => {
      const region = playMonths(given);
      for (const [month, asked] of Object.entries(given.expected)) {
        const expected = { adjustmentsKr: [], withheld: {}, ...asked };
        const found = outcomeOf(region, given, month, expected);
        expect({ [month]: found }).toEqual({ [month]: expected });
      }
    });
  });
}

/** How a month was settled, in the terms of an expectation and no others. */
function outcomeOf(
  region: PlayedRegion,
  { county, municipality, opening }: MonthCase,
  month: string,
  asked: MonthExpectation,
): MonthExpectation {
  const stream = region.settlement({ county, municipality, month });
  const events = stream.map(({ event }) => event);
  const state = foldSettlement(stream, { month });
  const recorded = events.find((event) => event.type === 'billing.recorded')?.data;
  const billed: Partial<BillingData> = state.billed ?? {};
  const { lines = [], formula = [], cases = [], excluded = [] } = billed;
  const { cases: count = 0, readyDays = 0 } = state.closed ?? {};
  const excess = lines.find(({ kind }) => kind === 'mean-excess')?.quantity;
  const agreement = billed.agreement ?? 'none';
  const whole: Required<MonthExpectation> = {
    amountKr: recorded === undefined ? 'none' : recorded.totalOre / 100,
    adjustmentsKr: events
      .filter((event) => event.type === 'billing.adjusted')
      .map(({ data }) => data.differenceOre / 100),
    mean: count === 0 ? 'none' : `${readyDays}/${count}`,
    excessDays: fractionText(excess ?? fraction(0)),
    individualDays: daysOf(lines, 'individual-days'),
    careDays: daysOf(lines, 'care-days'),
    formula: asked.formula?.every((line) => formula.includes(line)) ? asked.formula : formula,
    lines: lines.map(lineText),
    excluded: excluded.map(({ reason }) => reason),
    shares: cases.map(({ share }) => share),
    registeredDays: [...state.cases.values()].flatMap(({ data }) => data.registeredDays ?? []),
    flags: cases.flatMap(({ flags = [] }) => flags),
    active: state.before?.data.carry?.active ?? opening?.active ?? false,
    signals: events.flatMap((event) => {
      if (event.type === 'joint-analysis.due') return ['joint-analysis'];
      return event.type === 'action-plan.suggested' ? [`action-plan ${event.data.cause}`] : [];
    }),
    remarks: billed.remarks ?? [],
    agreement: agreement.includes(asked.agreement ?? agreement)
      ? (asked.agreement ?? '')
      : agreement,
    invoiceOn: billed.invoiceOn ?? 'none',
    withheld: Object.fromEntries(
      events
        .filter((event) => event.type === 'billing.withheld')
        .map(({ data: { missing, reference } }) => {
          const part = asked.withheld?.[missing] ?? reference;
          return [missing, reference.includes(part) ? part : reference];
        }),
    ),
  };
  return Object.fromEntries(Object.entries(whole).filter(([key]) => key in asked));
}

const daysOf = (lines: readonly BillingLine[], wanted: BillingLine['kind']): number =>
  lines.filter(({ kind }) => kind === wanted).reduce((sum, { days = 0 }) => sum + days, 0);

const lineText = ({ from, until, days, quantity, rateOre }: BillingLine): string => {
  const charged = quantity === undefined ? String(days) : `mean ${fractionText(quantity)}`;
  return `${from}..${addDays(until, -1)}: ${charged} × ${rateOre / 100}`;
};

describe('months that hang together', () => {
  const umea = { county: '24', municipality: '2480' };
  const any = { name: 'any', reference: 'any', ...umea };

  test('wait for a figure together, and are settled one after the other once it is entered', () => {
    const months = {
      '2022-12': { stays: [2] },
      '2023-01': { stays: [2] },
      '2023-02': { stays: [1] },
    };
    const opening = { active: true, above: 3, below: 0 };
    const missing = monthCaseOf({ ...any, opening, months });
    const entered = monthCaseOf({ ...any, opening, months, amounts: { 2023: 10_500 } });
    let isEntered = false;
    const now = (): Parameters => (isEntered ? entered : missing).parameters;
    const parameters: Parameters = {
      ...missing.parameters,
      valueOn: (name, date) => now().valueOn(name, date),
      under: (municipality) => now().under(municipality),
    };
    const region = playMonths({ ...missing, parameters });
    const told = (): unknown[] =>
      Object.keys(months).map((month) => {
        const { billed, withheld } = foldSettlement(region.settlement({ ...umea, month }), {
          month,
        });
        return billed?.totalOre ?? withheld?.missing;
      });
    const waiting = [1_860_000, 'settlement.careDayAmountOre', 'settlement.opening'];
    expect(told()).toEqual(waiting);
    region.nudgeSettlements();
    expect(told()).toEqual(waiting);
    expect(region.events('billing.withheld')).toHaveLength(2);
    isEntered = true;
    region.nudgeSettlements();
    expect(told()).toEqual([1_860_000, 2_100_000, 1_050_000]);
    expect(region.events('billing.adjusted')).toEqual([]);
  });

  test('an adjustment names what it was made for: a count, or how the month before was closed', () => {
    const region = playMonths(
      monthCaseOf({
        ...any,
        until: '2022-07-01',
        months: {
          '2022-01': { stays: [4] },
          '2022-02': { stays: [4] },
          '2022-03': { stays: [{ n: 4, correctedTo: 1, on: '2022-06-20' }] },
          '2022-04': { stays: [2, { n: 3, correctedTo: 1, on: '2022-06-10' }] },
        },
      }),
    );
    const [first, second, ...others] = region.events('billing.adjusted').map(({ data }) => data);
    expect(others).toEqual([]);
    const counts = region.events('care-days.counted');
    expect(first).toMatchObject({ month: '2022-04', revision: 2, differenceOre: -1_860_000 });
    expect(counts.find(({ id }) => id === first?.cause)?.data).toMatchObject({
      caseReference: '2022-04-2',
      revision: 2,
      readyDays: 1,
    });
    expect(second).toMatchObject({ month: '2022-04', revision: 3, differenceOre: -2_790_000 });
    const closings = region.events('settlement.closed');
    expect(closings.find(({ id }) => id === second?.cause)?.data).toMatchObject({
      month: '2022-03',
      revision: 2,
      carry: { active: false, above: 0, below: 1 },
    });
    expect(region.events('settlement.reopened').map(({ data }) => data.month)).toEqual([
      '2022-04',
      '2022-04',
    ]);
  });
});
