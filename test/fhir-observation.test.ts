/** What an Observation states beside readiness and need: one fact of the process, by a code of ours. */
import type { Observation } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import type { ExchangeRequest } from '../adapters/inbound/fhir/exchange.ts';
import { outpatientAvailability } from '../gateway/process/events.ts';
import {
  meaningOf,
  ours,
  refusalOf,
  shown,
  stay,
  stayKey,
  type Around,
} from './support/fhir-exchange.ts';

const stated = (code: string, more: Partial<Observation> = {}): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: ours('discharge-process-task', code),
  encounter: stay,
  effectiveDateTime: '2022-03-07T10:00:00+01:00',
  ...more,
});
const available = (code: string, more: Partial<Observation> = {}): Observation =>
  stated('outpatient-availability', {
    valueCodeableConcept: ours('outpatient-availability', code),
    ...more,
  });
const factsOf = (observation: Observation, around: Around = {}): string[] =>
  shown(meaningOf(observation, around));
const said = (code: string): string =>
  `outpatient-care.availability-set @ 2022-03-07T09:00Z {"availability":"${code}"}`;
const by = (kind: NonNullable<ExchangeRequest['kind']>): Around => ({
  request: { kind, ...(kind === 'municipality' && { municipality: '1480' }) },
});
const municipality = (code: string): Partial<Observation> => ({
  valueCodeableConcept: { coding: [{ system: 'urn:oid:1.2.752.129.2.2.1.17', code }] },
});

describe('availability of outpatient care (5 kap. 5 §)', () => {
  test('is said by each of its codes, of the stay that it names', () => {
    for (const code of outpatientAvailability.options) {
      expect(factsOf(available(code))).toEqual([said(code)]);
    }
    expect(meaningOf(available('available')).stay).toEqual(stayKey);
  });

  test('may name the case by the reference that our notices carry', () => {
    const system = 'http://hemgang.se/fhir/sid/case-reference';
    const byCase = available('available', { encounter: { identifier: { system, value: 'c-1' } } });
    expect(meaningOf(byCase, by('primary-care')).stay).toEqual({
      by: 'case',
      caseReference: 'c-1',
    });
  });

  test('waits where its code is none of ours, and is refused where it has none', () => {
    expect(meaningOf(available('perhaps'))).toMatchObject({
      facts: [],
      unmapped: [{ table: 'outpatient-availability', code: 'perhaps' }],
    });
    const error = refusalOf(() => meaningOf(stated('outpatient-availability')));
    expect(error).toMatchObject({
      location: 'Observation.valueCodeableConcept.coding.code',
      standardCode: 'required',
      message:
        'Observation.valueCodeableConcept.coding.code: outpatient-care.availability-set needs it, and it is missing: give a code of http://hemgang.se/fhir/CodeSystem/outpatient-availability',
    });
    const timeless = available('available');
    delete timeless.effectiveDateTime;
    expect(refusalOf(() => meaningOf(timeless)).location).toBe('Observation.effectiveDateTime');
  });

  test('holds when it is final, amended or corrected', () => {
    expect(factsOf(available('available', { status: 'amended' }))).toEqual([said('available')]);
    expect(factsOf(available('available', { status: 'preliminary' }))).toEqual([]);
  });

  test('in another version corrects what was said; a new Observation says it from then on', () => {
    const withdrawn =
      'statement.withdrawn @ 2022-03-10T12:00Z {"statement":"outpatient-care.availability-set","at":"2022-03-07T09:00:00.000Z","of":{"availability":"available"}}';
    const previous = available('available');
    expect(factsOf(previous, { previous })).toEqual([]);
    expect(factsOf(available('unavailable', { status: 'corrected' }), { previous })).toEqual([
      said('unavailable'),
      withdrawn,
    ]);
    for (const status of ['cancelled', 'entered-in-error'] as const) {
      expect(factsOf(available('available', { status }), { previous })).toEqual([withdrawn]);
    }
  });

  test('is the region’s to state', () => {
    expect(factsOf(available('available'), by('primary-care'))).toEqual([said('available')]);
    for (const kind of ['municipality', 'inpatient-care'] as const) {
      const error = refusalOf(() => meaningOf(available('available'), by(kind)));
      expect(error.standardCode).toBe('forbidden');
    }
  });
});

describe('other statements', () => {
  const at = '@ 2022-03-07T09:00Z';
  test.each([
    ['outpatient-plan', { valueBoolean: false }, `outpatient-care.plan-set ${at} {"exists":false}`],
    ['consent', { valueBoolean: true }, `consent.recorded ${at} {"given":true}`],
    [
      'compulsory-care',
      { valueCodeableConcept: ours('compulsory-care', 'open-forensic-care') },
      `compulsory-care.decided ${at} {"care":"open-forensic-care"}`,
    ],
    ['court-decision', { valueBoolean: true }, `court-decision.recorded ${at} {}`],
    ['treatment-plan', { valueBoolean: true }, `treatment-plan.available ${at} {}`],
    ['placement', municipality('1480'), `placement.decided ${at} {"municipality":"1480"}`],
  ])('%s', (code, value, fact) => {
    expect(factsOf(stated(code, value))).toEqual([fact]);
    expect(refusalOf(() => meaningOf(stated(code))).standardCode).toBe('required');
    const other = stated(code, { ...value, code: ours('another', code) });
    expect(meaningOf(other)).toMatchObject({ facts: [], unmapped: [] });
  });

  test('what is not so has not happened', () => {
    expect(factsOf(stated('court-decision', { valueBoolean: false }))).toEqual([]);
    expect(factsOf(stated('treatment-plan', { valueBoolean: false }))).toEqual([]);
  });

  test('that Tasks and notices make are none', () => {
    for (const code of ['planning-call', 'discharge-ready-notice']) {
      const { facts, unmapped, ignored } = meaningOf(stated(code, { valueBoolean: true }));
      expect({ facts, unmapped }).toEqual({ facts: [], unmapped: [] });
      expect(ignored).toContain(`${code} means no event`);
    }
  });

  test('each is stated by who decides it', () => {
    const placed = stated('placement', municipality('1480'));
    expect(factsOf(placed, by('municipality'))).toHaveLength(1);
    const elsewhere = stated('placement', municipality('1481'));
    for (const [observation, kind] of [
      [elsewhere, 'municipality'],
      [placed, 'primary-care'],
      [stated('consent', { valueBoolean: true }), 'municipality'],
      [stated('court-decision', { valueBoolean: true }), 'primary-care'],
    ] as const) {
      const error = refusalOf(() => meaningOf(observation, by(kind)));
      expect(error.standardCode).toBe('forbidden');
    }
    const decided = stated('court-decision', { valueBoolean: true });
    expect(factsOf(decided, by('inpatient-care'))).toHaveLength(1);
  });

  test('a placement names a municipality', () => {
    const error = refusalOf(() => meaningOf(stated('placement', municipality('Umeå'))));
    expect(error.location).toBe('Observation.valueCodeableConcept.coding.code');
    expect(error.message).not.toContain('Umeå');
  });
});
