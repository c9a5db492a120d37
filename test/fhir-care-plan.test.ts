/** What a CarePlan means: a plan that is established, and the call to planning that its activities tell. */
import type { CarePlan, CarePlanActivity, FhirResource, PractitionerRole } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import {
  meaningOf,
  ours,
  refusalOf,
  sentAt,
  shown,
  stay,
  stayKey,
} from './support/fhir-exchange.ts';
import type { Around } from './support/fhir-exchange.ts';

const planSystem = 'https://fhir.inera.se/CodeSystem/typeofcareplan-cs';

function plan(kind: string, status: CarePlan['status'], more: Partial<CarePlan> = {}): CarePlan {
  return {
    resourceType: 'CarePlan',
    status,
    intent: 'plan',
    category: [{ coding: [{ system: planSystem, code: kind }] }],
    subject: {},
    encounter: stay,
    created: '2022-03-09T14:00:00+01:00',
    ...more,
  };
}
const factsOf = (resource: FhirResource, around: Around = {}): string[] =>
  shown(meaningOf(resource, around));
const individual = 'plan.established @ 2022-03-09T13:00Z {"plan":"coordinated-individual-plan"}';
/** Since it was told, where the version before had the same time and was none. */
const sinceTold = individual.replace('2022-03-09T13:00Z', '2022-03-10T12:00Z');

describe('a plan', () => {
  test('is established when it is active, in the stay that it refers to', () => {
    const meaning = meaningOf(plan('SIP', 'active'));
    expect(shown(meaning)).toEqual([individual]);
    expect(meaning.stay).toEqual(stayKey);
  });

  test.each(['on-hold', 'completed'] as const)('has been established while it is %s', (status) => {
    expect(factsOf(plan('SIP', status))).toEqual([individual]);
    expect(factsOf(plan('SIP', status), { previous: plan('SIP', 'active') })).toEqual([]);
  });

  test('is established from when it came into force, where it says so', () => {
    const period = { start: '2022-03-10T08:00:00+01:00' };
    expect(factsOf(plan('SIP', 'active', { period }))[0]).toContain('@ 2022-03-10T07:00Z');
  });

  test('that was a draft is not established from when the draft was made, nor when it was to begin', () => {
    for (const more of [{}, { period: { start: '2022-03-08T08:00:00+01:00' } }]) {
      const [draft, active] = [plan('SIP', 'draft', more), plan('SIP', 'active', more)];
      const [fact] = meaningOf(active, { previous: draft }).facts;
      expect([fact?.occurredAt, fact?.warnings]).toEqual([sentAt, ['TIME_OF_TELLING']]);
      // Nor again by the next version, which finds it established.
      expect(factsOf({ ...active, title: 'SIP' }, { previous: active })).toEqual([]);
    }
    const begun = plan('SIP', 'active', { period: { start: '2022-03-10T08:00:00+01:00' } });
    expect(factsOf(begun, { previous: plan('SIP', 'draft') })[0]).toContain('@ 2022-03-10T07:00Z');
    const later = { period: { start: '2022-03-20T08:00:00+01:00' } };
    expect(
      factsOf(plan('SIP', 'active', later), { previous: plan('SIP', 'draft', later) })[0],
    ).toContain('@ 2022-03-20T07:00Z');
  });

  test('of an earlier stay is not told for another one by an update', () => {
    const encounter = { ...stay, identifier: { ...stay.identifier, value: '4712' } };
    const moved = plan('SPLPTLRV', 'active', { encounter });
    const error = refusalOf(() => meaningOf(moved, { previous: plan('SPLPTLRV', 'active') }));
    expect([error.location, error.standardCode]).toEqual(['CarePlan.encounter', 'business-rule']);
    expect(error.message).toContain('entered-in-error');
    expect(factsOf(moved, { previous: plan('SPLPTLRV', 'draft') })).toHaveLength(1);
    const inError = plan('SPLPTLRV', 'entered-in-error', { encounter });
    const taken = meaningOf(inError, { previous: plan('SPLPTLRV', 'active') });
    expect([taken.facts.length, taken.stay]).toEqual([1, stayKey]);
  });

  test('that says only its date is known by its date', () => {
    expect(factsOf(plan('SIP', 'active', { created: '2022-03-09' }))[0]).toContain('(day)');
  });

  test('of open compulsory care is the coordinated care plan', () => {
    expect(factsOf(plan('SPLPTLRV', 'active'))).toEqual([
      'plan.established @ 2022-03-09T13:00Z {"plan":"coordinated-care-plan"}',
    ]);
  });

  test('at a discharge is not said to be an individual plan', () => {
    expect(factsOf(plan('SPU', 'active'))).toEqual([]);
  });

  test('that is a draft is none, and is no call', () => {
    const meaning = meaningOf(plan('SIP', 'draft'));
    expect(meaning.facts).toEqual([]);
    expect(meaning.ignored).toContain('draft');
  });

  test('that is revoked, or was entered in error, takes back that it was established', () => {
    for (const status of ['revoked', 'entered-in-error'] as const) {
      expect(meaningOf(plan('SIP', status), { previous: plan('SIP', 'active') }).facts).toEqual([
        {
          type: 'statement.withdrawn',
          occurredAt: sentAt,
          data: {
            statement: 'plan.established',
            at: '2022-03-09T13:00:00.000Z',
            of: { plan: 'coordinated-individual-plan' },
          },
        },
      ]);
      expect(factsOf(plan('SIP', status))).toEqual([]);
    }
  });

  test('that becomes one of another kind is the other one, and never was the first', () => {
    const facts = factsOf(plan('SPLPTLRV', 'active'), { previous: plan('SIP', 'active') });
    expect(facts).toHaveLength(2);
    expect(facts[0]).toContain('coordinated-care-plan');
    expect(facts[1]).toContain('statement.withdrawn');
  });

  test('of another kind is understood and says nothing', () => {
    const vp = meaningOf(plan('VP', 'active'));
    expect([vp.facts, vp.ignored]).toEqual([[], 'CarePlan.category VP is no plan of a discharge']);
    const foreign = plan('SIP', 'active', {
      category: [{ coding: [{ system: 'http://snomed.info/sct', code: '734163000' }] }],
    });
    expect(meaningOf(foreign).ignored).toContain('has no code of');
  });

  test('of a kind that no table has waits', () => {
    const meaning = meaningOf(plan('SIPP', 'active'));
    expect(meaning.unmapped).toMatchObject([{ table: 'care-plan-kind', code: 'SIPP' }]);
    expect(meaning.stay).toEqual(stayKey);
  });

  test('that is proposed is none, until it is a plan', () => {
    const proposed = plan('SIP', 'active', { intent: 'proposal' });
    expect(meaningOf(proposed).ignored).toBe('CarePlan.intent proposal is no plan');
    expect(factsOf(plan('SIP', 'active'), { previous: proposed })).toEqual([sinceTold]);
  });

  test.each([
    ['category', { category: undefined }, 'CarePlan.category'],
    ['time', { created: undefined }, 'CarePlan.created'],
    ['stay', { encounter: undefined }, 'CarePlan.encounter'],
  ])('without a %s is refused, with what to give', (_what, more, location) => {
    const error = refusalOf(() => meaningOf(plan('SIP', 'active', more)));
    expect([error.code, error.location, error.standardCode]).toEqual([
      'malformed-message',
      location,
      'required',
    ]);
  });

  test('may be told by a municipality', () => {
    const municipal = { request: { kind: 'municipality', municipality: '1480' } } as const;
    expect(factsOf(plan('SIP', 'active'), municipal)).toEqual([individual]);
  });
});

describe('an activity of a plan', () => {
  const contact: PractitionerRole = {
    resourceType: 'PractitionerRole',
    id: 'contact',
    code: [ours('care-role', 'fixed-care-contact')],
  };
  type Detail = NonNullable<CarePlanActivity['detail']>;
  const detail = (code: string, status: Detail['status'], more: Partial<Detail> = {}): Detail => ({
    code: ours('discharge-process-task', code),
    status,
    scheduledPeriod: { start: '2022-03-08T10:00:00+01:00' },
    performer: [{ reference: '#contact' }],
    ...more,
  });
  const draft = (...details: Detail[]): CarePlan =>
    plan('SIP', 'draft', {
      contained: [contact],
      activity: details.map((one) => ({ detail: one })),
    });
  const call = 'planning.called @ 2022-03-08T09:00Z {"calledBy":"fixed-care-contact"}';

  test('tells the call when it is completed, by the role of its performer', () => {
    expect(factsOf(draft(detail('planning-call', 'completed')))).toEqual([call]);
    expect(factsOf(draft(detail('planning-call', 'scheduled')))).toEqual([]);
    const unknown = detail('planning-call', 'completed', { performer: [] });
    expect(factsOf(draft(unknown))[0]).toContain('"calledBy":"unknown"');
  });

  test('does not tell a call at the time that it was scheduled for', () => {
    const planned = draft(detail('planning-call', 'scheduled'));
    const done = draft(detail('planning-call', 'completed'));
    const [fact] = meaningOf(done, { previous: planned }).facts;
    expect([fact?.type, fact?.occurredAt, fact?.warnings]).toEqual([
      'planning.called',
      sentAt,
      ['TIME_OF_TELLING'],
    ]);
  });

  test('tells the contact that was appointed', () => {
    const done = draft(
      detail('fixed-care-contact', 'completed'),
      detail('planning-call', 'completed'),
    );
    expect(factsOf(done)).toEqual(['care-contact.appointed @ 2022-03-08T09:00Z {}', call]);
  });

  test('tells that the patient declined', () => {
    const declined = draft(
      detail('planning-call', 'cancelled', {
        statusReason: ours('planning-refusal', 'patient-declined'),
      }),
    );
    expect(factsOf(declined)).toEqual(['planning.declined @ 2022-03-10T12:00Z {}']);
    expect(factsOf(draft(detail('planning-call', 'cancelled')))).toEqual([]);
  });

  test('is told once, and taken back with the plan that was entered in error', () => {
    const before = draft(detail('planning-call', 'completed'));
    const active: CarePlan = { ...before, status: 'active' };
    expect(factsOf(active, { previous: before })).toEqual([sinceTold]);
    const error: CarePlan = { ...active, status: 'entered-in-error' };
    const taken = meaningOf(error, { previous: active }).facts;
    expect(taken.map(({ data }) => ('statement' in data ? data.statement : ''))).toEqual([
      'plan.established',
      'planning.called',
    ]);
  });

  test('that is done without a time is refused, by its place', () => {
    const bare = draft(
      detail('planning-call', 'scheduled'),
      detail('planning-call', 'completed', { scheduledPeriod: {} }),
    );
    expect(refusalOf(() => meaningOf(bare)).location).toBe(
      'CarePlan.activity[1].detail.scheduledPeriod',
    );
  });
});
