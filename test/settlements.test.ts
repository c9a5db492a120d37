import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { BillingData, BillingLine } from '../gateway/process/events.ts';
import { fraction, fractionText } from '../gateway/rules/settling/fraction.ts';
import { addDays } from '../gateway/rules/legal-days.ts';
import { foldSettlement, settle, settlementBasis } from '../gateway/rules/settlement.ts';
import type { StoredLike } from '../gateway/process/state.ts';
import { loadProfiles, type Parameters } from '../profiles/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { shippedProfiles } from './support/law.ts';
import { SmallJournal } from './support/small-journal.ts';
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

describe('the calendar of an agreement', () => {
  let small: SmallJournal;
  const overlay = temporaryFolder('calendar');
  afterEach(() => small.close());
  afterAll(() => overlay.remove());
  const monthsOf = async (county: string, municipality: string): Promise<string[]> => {
    const events = (await small.journal.eventsAfter(0, 10_000)).map(({ event }) => event);
    return events.flatMap((event) =>
      event.type === 'billing.recorded' &&
      event.data.county === county &&
      event.data.municipality === municipality
        ? [event.data.month]
        : [],
    );
  };

  test('begins with an agreement that comes into force while the gateway runs', async () => {
    small = await SmallJournal.open('2026-11-15 00:00');
    await small.openMonths('13');
    await small.passUntil('2027-04-10 00:00');
    expect(await monthsOf('13', '1380')).toEqual(['2027-01', '2027-02', '2027-03']);
  });

  test('goes on where it stopped, once the agreement that had ended is prolonged', async () => {
    const region = join(overlay.path, 'regions', 'vastra-gotaland');
    mkdirSync(region, { recursive: true });
    writeFileSync(join(region, 'agreement.yaml'), 'extension: null\n');
    small = await SmallJournal.open('2026-11-15 00:00', loadProfiles({ overlays: [overlay.path] }));
    await small.openMonths('14');
    await small.passUntil('2027-04-15 00:00');
    expect(await monthsOf('14', '1480')).toEqual(['2026-11', '2026-12']);
    small.startUnder(shippedProfiles);
    await small.openMonths('14');
    await small.passUntil('2027-05-10 00:00');
    await small.openMonths('14');
    const settled = ['2026-11', '2026-12', '2027-01', '2027-02', '2027-03', '2027-04'];
    expect(await monthsOf('14', '1480')).toEqual(settled);
  });
});

describe('what an older program left', () => {
  const until = '2022-05-01';
  const isoAt = `${until}T12:00:00.000Z`;
  const settledAgain = (
    given: MonthCase,
    period: { county: string; municipality: string; month: string },
    edit: (data: object) => object,
  ) => {
    const stream = playMonths(given)
      .settlement(period)
      // The edited data stands for what was stored before its fields were added.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      .map(
        (one) => ({ ...one, event: { ...one.event, data: edit(one.event.data) } }) as StoredLike,
      );
    const parameters = given.parameters.under(period.municipality);
    return settle(stream, parameters, period, Date.parse(isoAt)).events;
  };

  test('lines without a kind are the same bill: a nudge after the upgrade adjusts nothing', () => {
    const period = { county: '05', municipality: '0580', month: '2022-03' };
    const given = monthCaseOf({
      name: 'any',
      reference: 'any',
      county: '05',
      municipality: '0580',
      until,
      months: { '2022-03': { stays: [6] } },
    });
    const edit = (data: object): object =>
      'lines' in data && Array.isArray(data.lines)
        ? {
            ...data,
            lines: data.lines.map(({ kind: _kind, ...line }: BillingLine) => ({
              ...line,
              rateReference: 'cited otherwise',
            })),
          }
        : data;
    expect(settledAgain(given, period, edit)).toEqual([]);
  });

  test('a case counted by the statute in a month that goes by a mean withholds it: it is not left out for nothing', () => {
    const period = { county: '14', municipality: '1480', month: '2022-03' };
    const given = monthCaseOf({
      name: 'any',
      reference: 'any',
      county: '14',
      municipality: '1480',
      until,
      months: { '2022-03': { stays: [10] } },
    });
    const edit = (data: object): object => {
      if (!('readyDays' in data) || !('dates' in data)) return data;
      const { readyDays: _days, readyOn: _from, ...count } = { readyOn: undefined, ...data };
      return count;
    };
    expect(settledAgain(given, period, edit)).toMatchObject([
      { type: 'billing.withheld', data: { missing: 'settlement.basis' } },
    ]);
  });
});

test('a case counted by an agreement in a month of the statute withholds it: its days are not those of liability', () => {
  const place = { county: '05', municipality: '0580' };
  const months = { '2022-03': { stays: [6] } };
  const given = monthCaseOf({
    name: 'any',
    reference: 'any',
    ...place,
    until: '2022-04-05',
    months,
  });
  const period = { ...place, month: '2022-03' };
  const stream = playMonths(given).settlement(period);
  const counts = stream.flatMap(({ event }) =>
    event.type === 'care-days.counted' ? [event.data] : [],
  );
  const parameters = given.parameters.under(place.municipality);
  const agreed = counts.map((count) => ({ ...count, readyDays: count.dates.length }));
  expect(settlementBasis(counts, parameters, period, undefined)).toMatchObject({
    model: 'individual',
  });
  expect(settlementBasis(agreed, parameters, period, undefined)).toMatchObject({
    missing: { parameter: 'settlement.basis' },
  });
});

test('days of before an agreement that settles each day in its own month are not charged by its count', () => {
  const given = monthCaseOf({
    name: 'any',
    reference: 'any',
    county: '24',
    municipality: '2480',
    months: { '2022-02': { stays: [{ ready: '2022-01-20', home: '2022-02-05' }] } },
  });
  const agreed = given.parameters.under('2480');
  const parameters: Parameters = {
    ...given.parameters,
    valueOn(name, date) {
      const found = agreed.valueOn(name, date);
      const isBefore = name === 'settlement.basis' && date < '2022-02-01';
      return isBefore && found.known ? { ...found, value: 'individual' } : found;
    },
    under: () => parameters,
  };
  const region = playMonths({ ...given, parameters });
  const last = new Map(region.events('care-days.counted').map(({ data }) => [data.month, data]));
  expect([...last.values()].map(({ month, dates }) => [month, dates.length])).toContainEqual([
    '2022-02',
    5,
  ]);
  expect(last.get('2022-01')?.dates ?? []).toEqual([]);
});

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

  test('withheld after it was billed, and free again with the same bill, says so once', () => {
    const given = monthCaseOf({ ...any, months: { '2022-01': { stays: [4] } } });
    let isMissing = false;
    const parameters: Parameters = {
      ...given.parameters,
      valueOn(name, date) {
        const found = given.parameters.under(umea.municipality).valueOn(name, date);
        const isGone = isMissing && name === 'settlement.benchmarkDays';
        return isGone ? { known: false, parameter: name, date } : found;
      },
      under: () => parameters,
    };
    const region = playMonths({ ...given, parameters });
    const january = { ...umea, month: '2022-01' };
    const state = () => foldSettlement(region.settlement(january), january);
    isMissing = true;
    region.nudgeSettlements();
    expect(state().withheld).toMatchObject({ missing: 'settlement.benchmarkDays' });
    isMissing = false;
    region.nudgeSettlements();
    expect(state().withheld).toBeUndefined();
    expect(state().closed?.revision).toBe(2);
    region.nudgeSettlements();
    expect(state().closed?.revision).toBe(2);
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
