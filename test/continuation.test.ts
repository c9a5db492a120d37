/** Which stays are one period of inpatient care: patient, time and transfer codes, to the boundary. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { continuationsOf, overlapsOf, periodsOf } from '../gateway/process/continuation.ts';
import type { StaySpan } from '../gateway/process/continuation.ts';

const gaps = () => ({ transferHours: 12, contiguousHours: 0 });
const noon = Date.parse('2022-03-08T11:00:00.000Z');
const hour = 3_600_000;

interface Told {
  readonly from: number;
  readonly to?: number;
  readonly died?: boolean;
  readonly cameFromHospital?: boolean;
  readonly leftForHospital?: boolean;
  readonly dateOnly?: boolean;
}

function span(stayId: string, told: Told): StaySpan {
  const { from, to, died = false, cameFromHospital = false, leftForHospital = false } = told;
  const dateOnly = told.dateOnly === true;
  return {
    stayId,
    admission: { id: `${stayId}-in`, atMs: from, dateOnly },
    ...(to !== undefined && { end: { id: `${stayId}-out`, atMs: to, dateOnly } }),
    died,
    cameFromHospital,
    leftForHospital,
  };
}

const first = { from: noon - 48 * hour, to: noon };
function reasonBetween(earlier: Told, later: Told): string | undefined {
  return continuationsOf([span('a', earlier), span('b', later)], gaps)[0]?.reason;
}

describe('a stay continues another', () => {
  test.each([
    [
      'to the last second of the hours',
      { ...first, leftForHospital: true },
      noon + 12 * hour,
      'TRANSFER',
    ],
    [
      'and not a second later',
      { ...first, leftForHospital: true },
      noon + 12 * hour + 1000,
      undefined,
    ],
    [
      'also where the end is told later than the beginning',
      { ...first, leftForHospital: true },
      noon - 12 * hour,
      'TRANSFER',
    ],
    [
      'and not earlier than that',
      { ...first, leftForHospital: true },
      noon - 12 * hour - 1000,
      undefined,
    ],
    ['without a code at the very minute', first, noon, 'CONTIGUOUS'],
    ['without a code not a second later', first, noon + 1000, undefined],
    ['without a code not before the end', first, noon - 1000, undefined],
    [
      'not where the patient died',
      { ...first, leftForHospital: true, died: true },
      noon,
      undefined,
    ],
    ['not while the first goes on and nobody says so', { from: first.from }, noon, undefined],
  ] as const)('%s', (_, earlier, from, reason) => {
    expect(reasonBetween(earlier, { from })).toBe(reason);
  });

  test('that goes on, where the second hospital says that the patient came from one', () => {
    expect(reasonBetween({ from: first.from }, { from: noon, cameFromHospital: true })).toBe(
      'TRANSFER',
    );
  });

  test('by dates alone only on the same date, and only by a code', () => {
    const midnight = Date.parse('2022-03-07T23:00:00.000Z');
    const dated = { from: midnight - 48 * hour, to: midnight, dateOnly: true };
    const later = { from: midnight, dateOnly: true };
    expect(reasonBetween({ ...dated, leftForHospital: true }, later)).toBe('TRANSFER');
    expect(reasonBetween(dated, later)).toBeUndefined();
    const nextDay = { from: midnight + 24 * hour, dateOnly: true };
    expect(reasonBetween({ ...dated, leftForHospital: true }, nextDay)).toBeUndefined();
  });
});

describe('stays of one patient', () => {
  const stays = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 9 }),
      from: fc.integer({ min: 0, max: 60 }),
      hours: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      died: fc.boolean(),
      cameFromHospital: fc.boolean(),
      leftForHospital: fc.boolean(),
    }),
    { selector: ({ id }) => id, maxLength: 6 },
  );
  const spansOf = (told: typeof stays extends fc.Arbitrary<infer T> ? T : never): StaySpan[] =>
    told.map(({ id, from, hours, ...codes }) =>
      span(`stay-${id}`, {
        from: noon + from * hour,
        ...(hours !== undefined && { to: noon + (from + hours) * hour }),
        ...codes,
      }),
    );

  test('give the same periods and overlaps in any order, and every stay is in one period', () => {
    fc.assert(
      fc.property(stays, fc.infiniteStream(fc.nat()), (told, random) => {
        const spans = spansOf(told);
        const shuffled = spans
          .map((one) => ({ one, by: random.next().value ?? 0 }))
          .sort((left, right) => left.by - right.by)
          .map(({ one }) => one);
        const [periods, again] = [spans, shuffled].map((some) =>
          periodsOf(some, continuationsOf(some, gaps)),
        );
        expect(again).toEqual(periods);
        expect(periods?.flat().sort()).toEqual(spans.map(({ stayId }) => stayId).sort());
        expect(overlapsOf(shuffled, again ?? [])).toEqual(overlapsOf(spans, periods ?? []));
      }),
    );
  });

  test('of one period never overlap each other, and two that share a moment are told', () => {
    const one = span('a', { from: noon, to: noon + 5 * hour });
    const two = span('b', { from: noon + 4 * hour, to: noon + 9 * hour });
    expect(overlapsOf([one, two], [['a'], ['b']])).toHaveLength(1);
    expect(overlapsOf([one, two], [['a', 'b']])).toEqual([]);
    const after = span('c', { from: noon + 5 * hour });
    expect(overlapsOf([one, after], [['a'], ['c']])).toEqual([]);
  });
});
