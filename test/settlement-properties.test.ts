/** What holds of any month under the statute and under each agreement, whatever happens in it. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BillingData, CareDaysData, Carry } from '../gateway/process/events.ts';
import { addDays, firstOfNextMonth } from '../gateway/rules/legal-days.ts';
import { foldSettlement, settlementBasis } from '../gateway/rules/settlement.ts';
import type { SettlementPeriod } from '../gateway/rules/settlement.ts';
import { localTime } from './support/law.ts';
import { monthCaseOf, playMonths } from './support/month-cases.ts';
import type { MonthCase } from './support/month-cases.ts';
import type { GivenFact, GivenStay, PlayedRegion } from './support/region.ts';

const places = [
  { model: 'the statute', county: '05', municipality: '0580', other: '0581', month: '2022-03' },
  { model: 'Västra Götaland', county: '14', municipality: '1480', other: '1481', month: '2022-11' },
  {
    model: 'Västerbotten',
    county: '24',
    municipality: '2480',
    other: '2482',
    month: '2022-05',
    opening: { active: true, above: 3, below: 0 },
  },
  {
    model: 'Halland',
    county: '13',
    municipality: '1380',
    other: '1381',
    month: '2027-02',
    amounts: { 2027: 12_000 },
  },
] as const;
type Place = (typeof places)[number];

// ---------------------------------------------------------------- stays as the files of cases state them

const lacks = [
  'admission-notice',
  'timely-admission-notice',
  'discharge-ready-notice',
  'planning-call',
  'outpatient-plan',
  'outpatient-care',
  'treatment-plan',
] as const;
const days = fc.integer({ min: 0, max: 10 });

/** A stay of a month, on days that every month has. */
const anyStay = (month: string): fc.Arbitrary<object> => {
  const day = (number: number): string => `${month}-${String(number).padStart(2, '0')}`;
  return fc.oneof(
    { weight: 4, arbitrary: days.map((n) => ({ n })) },
    fc.record({ n: days, lacks: fc.constantFrom(...lacks) }),
    fc.record({ n: days, deceased: fc.constant(true) }),
    fc.record({ n: days, needs: fc.constant('planning') }),
    fc.constant({ n: -1 }),
    fc.constant({ n: 4, onlyRegion: true }),
    fc.tuple(days, fc.integer({ min: 0, max: 4 })).map(([n, after]) => ({
      ready: day(5),
      called: day(5 + after),
      needs: 'planning',
      home: day(5 + n),
    })),
    fc.tuple(days, fc.integer({ min: 0, max: 12 })).map(([n, after]) => ({
      ready: day(5),
      available: day(5 + after),
      home: day(5 + n),
    })),
    fc.tuple(days, fc.integer({ min: 1, max: 4 })).map(([n, after]) => ({
      ready: day(3),
      withdrawn: day(3 + after),
      readyAgain: day(9),
      home: day(9 + n),
    })),
    days.map((n) => ({ ready: day(5), leave: [day(6), day(7)], home: day(9 + n) })),
  );
};
const anyStays = (month: string): fc.Arbitrary<object[]> =>
  fc.array(anyStay(month), { minLength: 1, maxLength: 5 });

/** Stays that turn out to have been longer or shorter, and when that became known. */
const correctedStays = (month: string): fc.Arbitrary<object[]> =>
  fc.array(
    fc.oneof(
      anyStay(month),
      fc
        .record({
          n: days,
          change: fc.integer({ min: -4, max: 3 }),
          onDay: fc.integer({ min: 3, max: 25 }),
        })
        .map(({ n, change, onDay }) => ({
          n,
          correctedTo: Math.max(0, n + change),
          on: addDays(firstOfNextMonth(month), onDay),
        })),
    ),
    { minLength: 1, maxLength: 4 },
  );

function caseOf(
  { county, municipality, month, ...place }: Place,
  months: Readonly<Record<string, readonly object[]>>,
  until = addDays(firstOfNextMonth(month), 8),
): MonthCase {
  return monthCaseOf({
    name: 'any',
    reference: 'any',
    county,
    municipality,
    ...('amounts' in place && { amounts: place.amounts }),
    ...('opening' in place && { opening: place.opening }),
    months: Object.fromEntries(Object.entries(months).map(([one, stays]) => [one, { stays }])),
    until,
  });
}

function billedIn(region: PlayedRegion, { county, municipality, month }: Place): BillingData {
  const { billed } = foldSettlement(region.settlement({ county, municipality, month }), { month });
  if (billed === undefined) throw new Error(`${month} was not settled`);
  return billed;
}
/** Events that say what was decided and when, without the keys of this run. */
const told = (stream: ReturnType<PlayedRegion['settlement']>): unknown[] =>
  stream.map(({ event: { type, occurredAt, data } }) => [type, occurredAt, data]);

// ---------------------------------------------------------------- the properties

describe.each(places)('under $model', (place) => {
  const { county, municipality, other, month } = place;

  test('any order of arrival before the cut-off gives the same findings and the same billing', () => {
    const cutOffMs = Date.parse(localTime(addDays(firstOfNextMonth(month), 7)));
    const any = anyStays(month).chain((stays) => {
      const given = caseOf(place, { [month]: stays });
      const facts = given.stays.flatMap((stay) => observed(stay).facts);
      const delays = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
        minLength: facts.length,
        maxLength: facts.length,
      });
      return fc.tuple(fc.constant(given), delays);
    });
    fc.assert(
      fc.property(any, ([given, delays]) => {
        const prompt = given.stays.map(observed);
        let next = 0;
        const late = prompt.map((stay) => ({
          ...stay,
          facts: stay.facts.map((fact) => {
            const delay = delays[next++] ?? 0;
            const knownMs = Date.parse(fact.knownAt);
            const at = new Date(knownMs + Math.floor(delay * (cutOffMs - knownMs))).toISOString();
            return { ...fact, sentAt: fact.knownAt, knownAt: at };
          }),
        }));
        const left = playMonths({ ...given, stays: prompt });
        const right = playMonths({ ...given, stays: late });
        for (const { processId } of prompt) {
          expect(foundIn(right, processId)).toEqual(foundIn(left, processId));
        }
        expect(comparable(right, place)).toEqual(comparable(left, place));
      }),
      { numRuns: 40, seed: 20220401 },
    );
  });

  test('a case of another municipality changes nothing', () => {
    fc.assert(
      fc.property(anyStays(month), anyStays(month), (stays, others) => {
        const given = caseOf(place, { [month]: stays });
        const beside = caseOf({ ...place, municipality: other } as never, { [month]: others });
        const unrelated = beside.stays.map((stay) => ({
          ...stay,
          processId: `other-${stay.processId}`,
          facts: stay.facts.map((fact) => ({ ...fact, id: `other-${fact.id}` })),
        }));
        const alone = playMonths(given);
        const together = playMonths({ ...given, stays: [...unrelated, ...given.stays] });
        for (const period of alone.periods) {
          expect(told(together.settlement(period))).toEqual(told(alone.settlement(period)));
        }
        for (const { processId } of given.stays) {
          expect(told(together.history(processId))).toEqual(told(alone.history(processId)));
        }
      }),
      { numRuns: 30, seed: 405 },
    );
  });

  test('no money is created: records and adjustments are the basis recomputed from the latest counts', () => {
    const following = firstOfNextMonth(month).slice(0, 7);
    const until = addDays(firstOfNextMonth(following), 20);
    fc.assert(
      fc.property(correctedStays(month), correctedStays(following), (first, second) => {
        const given = caseOf(place, { [month]: first, [following]: second }, until);
        const region = playMonths(given);
        const parameters = given.parameters.under(municipality);
        let before: Carry | undefined;
        for (const one of [month, following]) {
          const period = { county, municipality, month: one };
          const basis = settlementBasis(countsOf(region, period), parameters, period, before);
          if ('missing' in basis) throw new Error(basis.missing.parameter);
          const { total, isSettled } = settledOre(region, period);
          expect([one, isSettled ? total : 0]).toEqual([one, basis.totalOre]);
          before = basis.carry;
        }
      }),
      { numRuns: 60, seed: 46 },
    );
  });

  test('what is not known never leads to a charge', () => {
    const any = fc.tuple(
      anyStays(month),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.constantFrom(...unknowns)), {
        minLength: 1,
        maxLength: 3,
      }),
    );
    fc.assert(
      fc.property(any, ([stays, unclear]) => {
        const given = caseOf(place, { [month]: stays });
        const plain = caseOf(place, { [month]: unclear.map(([n]) => ({ n })) });
        const unknown = plain.stays.map((stay, index) => {
          const make = unclear[index]?.[1].make ?? ((same: GivenStay) => same);
          return renamed(make(stay), 'unclear-');
        });
        const without = playMonths(given);
        const region = playMonths({ ...given, stays: [...given.stays, ...unknown] });
        const billed = billedIn(region, place);
        const charged = [
          ...billed.lines.map(({ caseReference = '' }) => caseReference),
          ...(billed.cases ?? [])
            .filter(({ share }) => ['mean', 'individual', 'days'].includes(share))
            .map(({ caseReference }) => caseReference),
        ];
        expect(charged.filter((reference) => reference.startsWith('unclear-'))).toEqual([]);
        const { total } = settledOre(without, { county, municipality, month });
        expect(billed.totalOre).toBeLessThanOrEqual(total);
        for (const reference of charged) {
          if (reference === '') continue;
          const verdicts = region
            .findings(reference)
            .filter(({ rule, occasion }) => rule === 'payment-liability' && occasion !== undefined);
          expect(verdicts.map(({ status }) => status)).not.toContain('unknown');
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

// ---------------------------------------------------------------- what they rest on

/** Notices that another system sent, when the case says it did: what the gateway itself sends is never handed over. */
function observed({ processId, facts, deliveries = [] }: GivenStay): GivenStay {
  const sent: GivenFact[] = [];
  const see = (obligation: string, after: GivenFact['type']): void => {
    const isMissing = deliveries.some((given) => given.obligation === obligation);
    for (const fact of facts.filter(({ type }) => !isMissing && type === after)) {
      sent.push({
        ...fact,
        id: `${fact.id} seen`,
        type: 'notice.observed',
        data: { obligation, role: 'social-services' },
      });
    }
  };
  see('admission-notice', 'patient.admitted');
  see('discharge-ready-notice', 'patient.discharge-ready');
  return {
    processId,
    facts: [...facts, ...sent],
    deliveries: [
      { obligation: 'admission-notice', outcome: 'never' },
      { obligation: 'discharge-ready-notice', outcome: 'never' },
    ],
  };
}

/** Passed on when it is learned, and billed by nobody: when that was depends on the order of arrival. */
const passedOn = new Set(['CALL_PASSED_ON', 'CALL_NOT_PASSED_ON']);

/** What was found of a case, but for the notice of discharge and the call passed on. */
function foundIn(region: PlayedRegion, processId: string): unknown[] {
  return region
    .findings(processId)
    .filter(({ rule, reason }) => rule !== 'discharge-notice' && !passedOn.has(reason))
    .map(({ rule, role, occasion, municipality, status, reason, sinceMs, dueAtMs, sentence }) => [
      [rule, role, occasion, municipality, status, reason, sinceMs, dueAtMs],
      sentence.sv,
    ]);
}

/** The billing of a month. */
function comparable(region: PlayedRegion, place: Place): unknown {
  const { county, municipality, month } = place;
  const { total, isSettled } = settledOre(region, { county, municipality, month });
  if (!isSettled) return [total, isSettled];
  const { lines, excluded, cases = [], formula = [] } = billedIn(region, place);
  return [total, lines, excluded, cases, formula];
}

function settledOre(
  region: PlayedRegion,
  period: SettlementPeriod,
): { readonly total: number; readonly isSettled: boolean } {
  let total = 0;
  let isSettled = false;
  for (const { event } of region.settlement(period)) {
    if (event.type === 'billing.recorded') {
      total += event.data.totalOre;
      isSettled = true;
    }
    if (event.type === 'billing.adjusted') total += event.data.differenceOre;
  }
  return { total, isSettled };
}

/** Latest count of each stay for one month. */
function countsOf(
  region: PlayedRegion,
  { county, municipality, month }: SettlementPeriod,
): CareDaysData[] {
  return region.processIds.flatMap((id) =>
    [...region.process(id).history.careDays.values()].filter(
      (counted) =>
        counted.county === county &&
        counted.municipality === municipality &&
        counted.month === month,
    ),
  );
}

function renamed({ processId, facts, deliveries = [] }: GivenStay, prefix: string): GivenStay {
  return {
    processId: prefix + processId,
    facts: facts.map((fact) => ({ ...fact, id: prefix + fact.id })),
    deliveries,
  };
}

const changed = (
  stay: GivenStay,
  type: GivenFact['type'],
  change: (fact: GivenFact) => GivenFact[],
): GivenStay => ({
  ...stay,
  facts: stay.facts.flatMap((fact) => (fact.type === type ? change(fact) : [fact])),
});
const delivered = (stay: GivenStay, delivery: object): GivenStay => ({
  ...stay,
  deliveries: (['admission-notice', 'discharge-ready-notice'] as const).map((obligation) => ({
    obligation,
    outcome: 'delivered',
    ...delivery,
  })),
});

/** Ways in which something that liability rests on is not known. */
const unknowns: readonly { readonly what: string; make(this: void, stay: GivenStay): GivenStay }[] =
  [
    {
      what: 'nothing is said of outpatient care',
      make: (stay) => changed(stay, 'outpatient-care.availability-set', () => []),
    },
    {
      what: 'outpatient care is said not to be known',
      make: (stay) =>
        changed(stay, 'outpatient-care.availability-set', (fact) => [
          { ...fact, data: { availability: 'unknown' } },
        ]),
    },
    {
      what: 'the admission is known by its date only',
      make: (stay) => changed(stay, 'patient.admitted', (fact) => [{ ...fact, dateOnly: true }]),
    },
    { what: 'no channel proves the hand-over', make: (stay) => delivered(stay, { proof: 'none' }) },
    {
      what: 'whether the notices arrived is not known',
      make: (stay) => delivered(stay, { outcome: 'unresolved' }),
    },
    {
      what: 'who called to planning is not known',
      make: (stay) =>
        changed(
          changed(stay, 'need.assessed', (fact) => [
            {
              ...fact,
              data: { socialServices: true, municipalHealthCare: false, regionOutpatient: true },
            },
          ]),
          'patient.discharge-ready',
          (fact) => [
            fact,
            {
              ...fact,
              id: `${fact.id} call`,
              type: 'planning.called',
              data: { calledBy: 'unknown' },
            },
          ],
        ),
    },
    {
      what: 'the patient has no number',
      make: (stay) =>
        changed(stay, 'patient.admitted', (fact) => [withPatient(fact, { numberKind: 'none' })]),
    },
    {
      what: 'the municipality is not known',
      make: (stay) =>
        changed(stay, 'patient.admitted', (fact) => [
          withPatient(fact, { municipality: undefined }),
        ]),
    },
    {
      what: 'the facts contradict each other',
      make: (stay) =>
        changed(stay, 'patient.discharged', (fact) => [
          { ...fact, occurredAt: '2018-01-01T00:00:00.000Z' },
        ]),
    },
  ];

function withPatient(fact: GivenFact, patient: object): GivenFact {
  const data = fact.data as { readonly patient: object };
  const stated = Object.entries({ ...data.patient, ...patient });
  const known = Object.fromEntries(stated.filter(([, value]) => value !== undefined));
  return { ...fact, data: { ...data, patient: known } };
}
