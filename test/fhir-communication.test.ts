/** What a Communication and an Observation mean: notices another system sent, answers to them, and assessments. */
import type { Communication, FhirResource, Observation } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { meaningOf, ours, refusalOf, shown, stay, stayKey } from './support/fhir-exchange.ts';
import type { Around } from './support/fhir-exchange.ts';

const services: FhirResource = {
  resourceType: 'Organization',
  identifier: [{ system: 'urn:oid:1.2.752.129.2.2.1.17', value: '1480' }],
  type: [ours('recipient-role', 'social-services')],
};

function sent(
  code: string,
  status: Communication['status'] = 'completed',
  more: Partial<Communication> = {},
): Communication {
  return {
    resourceType: 'Communication',
    status,
    category: [ours('discharge-process-task', code)],
    encounter: stay,
    sent: '2022-03-07T11:59:00+01:00',
    recipient: [{ reference: 'Organization/services' }],
    ...more,
  };
}
const around = (more: Around = {}): Around => ({
  ...more,
  related: { 'Organization/services': services },
});
const factsOf = (resource: FhirResource, more: Around = {}): string[] =>
  shown(meaningOf(resource, around(more)));
const seen = (obligation: string): string =>
  `notice.observed @ 2022-03-07T10:59Z {"obligation":"${obligation}","role":"social-services","municipality":"1480"}`;

describe('a notice that another system sent', () => {
  test.each(['admission-notice', 'discharge-estimate', 'discharge-ready-notice'])(
    '%s: sent when it says, to the unit that its recipient is',
    (code) => {
      const meaning = meaningOf(sent(code), around());
      expect(shown(meaning)).toEqual([seen(code)]);
      expect(meaning.stay).toEqual(stayKey);
    },
  );

  test('was sent when it was sent, not when it was received', () => {
    const received = sent('discharge-ready-notice', 'completed', {
      received: '2022-03-07T12:30:00+01:00',
    });
    expect(factsOf(received)).toEqual([
      seen('discharge-ready-notice'),
      'notice.received @ 2022-03-07T11:30Z {"obligation":"discharge-ready-notice"}',
    ]);
    expect(factsOf(received, { previous: sent('discharge-ready-notice') })).toHaveLength(1);
  });

  test.each(['preparation', 'in-progress', 'not-done', 'on-hold'] as const)(
    'that is %s has not been sent',
    (status) => expect(factsOf(sent('admission-notice', status))).toEqual([]),
  );

  test.each(['not-done', 'entered-in-error'] as const)(
    'that turns out %s was not sent',
    (status) => {
      const previous = sent('admission-notice');
      const [taken, ...more] = meaningOf(
        sent('admission-notice', status),
        around({ previous }),
      ).facts;
      expect(more).toEqual([]);
      expect(taken?.data).toMatchObject({
        statement: 'notice.observed',
        at: '2022-03-07T10:59:00.000Z',
        of: { obligation: 'admission-notice', role: 'social-services', municipality: '1480' },
      });
    },
  );

  test.each(['stopped', 'unknown'] as const)(
    'with status %s waits: whom it reached is not said',
    (status) => {
      const { facts, unmapped } = meaningOf(sent('admission-notice', status), around());
      expect(facts).toEqual([]);
      expect(unmapped).toMatchObject([{ table: 'communication-sent', code: status }]);
    },
  );

  test('to nobody is refused', () => {
    const error = refusalOf(() =>
      meaningOf(sent('admission-notice', 'completed', { recipient: [] })),
    );
    expect(error.location).toBe('Communication.recipient');
  });

  test('to one who cannot be seen is refused, by its place', () => {
    const recipient = [{ reference: 'Organization/services' }, { reference: 'Organization/other' }];
    const error = refusalOf(() =>
      meaningOf(sent('admission-notice', 'completed', { recipient }), around()),
    );
    expect(error.location).toBe('Communication.recipient[1]');
    expect(error.message).toContain('fhir.recipients');
  });

  test('without the time of its sending is refused', () => {
    const error = refusalOf(() =>
      meaningOf(sent('admission-notice', 'completed', { sent: undefined }), around()),
    );
    expect(error.location).toBe('Communication.sent');
  });

  test('a time without its zone is refused', () => {
    const error = refusalOf(() =>
      meaningOf(sent('admission-notice', 'completed', { sent: '2022-03-07T11:59:00' }), around()),
    );
    expect([error.location, error.standardCode]).toEqual(['Communication.sent', 'value']);
  });

  test('what is needed for continued care is transferred, whoever got it', () => {
    expect(factsOf(sent('information-transfer', 'completed', { recipient: [] }))).toEqual([
      'information.transferred @ 2022-03-07T10:59Z {}',
    ]);
  });

  test('a call to planning is told by its sender’s role', () => {
    const role: FhirResource = {
      resourceType: 'PractitionerRole',
      id: 'contact',
      code: [ours('care-role', 'fixed-care-contact')],
    };
    const call = sent('planning-call', 'completed', {
      contained: [role],
      sender: { reference: '#contact' },
    });
    expect(factsOf(call)).toEqual([
      'planning.called @ 2022-03-07T10:59Z {"calledBy":"fixed-care-contact"}',
    ]);
  });

  test('of another category is understood and says nothing', () => {
    const chat = { ...sent('admission-notice'), category: [{ text: 'chat' }] };
    const { facts, ignored } = meaningOf(chat, around());
    expect([facts, ignored]).toEqual([
      [],
      'Communication states nothing new of a discharge by the mapping of this sender',
    ]);
  });
});

describe('an answer to a notice', () => {
  const municipal = { request: { kind: 'municipality', municipality: '1480' } } as const;
  const answer = (code: string, delivery = true) =>
    sent('discharge-ready-notice', 'completed', {
      recipient: [],
      topic: ours('notice-answer', code),
      inResponseTo: [
        delivery
          ? { identifier: { system: 'http://hemgang.se/fhir/sid/delivery', value: 'delivery-1' } }
          : { reference: 'Communication/1' },
      ],
    });

  test.each([
    ['received', 'notice.received'],
    ['acknowledged', 'notice.acknowledged'],
    ['not-our-resident', 'notice.misdirected'],
    ['no-services', 'notice.acknowledged'],
  ])('%s is %s, of the delivery that it names', (code, type) => {
    expect(factsOf(answer(code), municipal)).toEqual([
      `${type} @ 2022-03-07T10:59Z {"deliveryId":"delivery-1","obligation":"discharge-ready-notice"}`,
    ]);
  });

  test('that says no delivery went astray does not say which', () => {
    const { facts, warnings } = meaningOf(answer('not-our-resident', false), municipal);
    expect(facts).toEqual([]);
    expect(warnings.join()).toContain('http://hemgang.se/fhir/sid/delivery');
  });

  test('that does not say which answer is refused', () => {
    const bare = { ...answer('received'), topic: undefined };
    expect(refusalOf(() => meaningOf(bare, municipal)).location).toBe('Communication.topic');
  });
});

describe('an observation', () => {
  const observed = (
    code: string,
    status: Observation['status'],
    more: Partial<Observation> = {},
  ): Observation => ({
    resourceType: 'Observation',
    status,
    code: ours('discharge-process-task', code),
    encounter: stay,
    effectiveDateTime: '2022-03-07T10:00:00+01:00',
    ...more,
  });
  const ready = (status: Observation['status'], more: Partial<Observation> = {}) =>
    observed('discharge-ready', status, { valueBoolean: true, ...more });

  test('of readiness holds when it is final, amended or corrected', () => {
    for (const status of ['final', 'amended', 'corrected'] as const) {
      expect(factsOf(ready(status))).toEqual(['patient.discharge-ready @ 2022-03-07T09:00Z {}']);
    }
    for (const status of ['registered', 'preliminary', 'cancelled'] as const) {
      expect(factsOf(ready(status))).toEqual([]);
    }
  });

  test('says readiness or its withdrawal, as true or false or by a code', () => {
    expect(factsOf(ready('final', { valueBoolean: false }))).toEqual([
      'discharge-readiness.withdrawn @ 2022-03-07T09:00Z {}',
    ]);
    const coded = observed('discharge-ready', 'final', {
      valueCodeableConcept: ours('discharge-readiness-status', 'ready'),
    });
    expect(factsOf(coded)).toEqual(['patient.discharge-ready @ 2022-03-07T09:00Z {}']);
    const bare = observed('discharge-ready', 'final');
    expect(refusalOf(() => meaningOf(bare)).location).toBe('Observation.value');
  });

  test('that is cancelled ends it; one that was entered in error ends it where it began', () => {
    const previous = ready('final');
    expect(factsOf(ready('cancelled'), { previous })).toEqual([
      'discharge-readiness.withdrawn @ 2022-03-10T12:00Z {}',
    ]);
    expect(factsOf(ready('entered-in-error'), { previous })).toEqual([
      'discharge-readiness.withdrawn @ 2022-03-07T09:00Z {}',
    ]);
  });

  test('that is corrected says the corrected time', () => {
    const corrected = ready('corrected', { effectiveDateTime: '2022-03-07T09:30:00+01:00' });
    expect(factsOf(corrected, { previous: ready('final') })).toEqual([
      'patient.discharge-ready @ 2022-03-07T08:30Z {}',
    ]);
  });

  test('of need says all three services', () => {
    const component = (code: string, valueBoolean: boolean) => ({
      code: ours('need-assessment', code),
      valueBoolean,
    });
    const need = observed('need-assessment', 'final', {
      component: [
        component('socialServices', true),
        component('municipalHealthCare', false),
        component('regionOutpatient', true),
      ],
    });
    expect(factsOf(need)).toEqual([
      'need.assessed @ 2022-03-07T09:00Z {"socialServices":true,"municipalHealthCare":false,"regionOutpatient":true}',
    ]);
    expect(factsOf({ ...need, status: 'cancelled' }, { previous: need })).toEqual([
      'need.withdrawn @ 2022-03-10T12:00Z {}',
    ]);
  });

  test('a municipality does not assess readiness', () => {
    const error = refusalOf(() =>
      meaningOf(ready('final'), { request: { kind: 'municipality', municipality: '1480' } }),
    );
    expect(error.standardCode).toBe('forbidden');
  });
});
