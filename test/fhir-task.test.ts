/** What a Task means: calls, contacts, assessments, notices that another system sent, and answers to them. */
import type { FhirResource, Task } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { fhirInbound } from '../adapters/inbound/fhir/index.ts';
import { loadMappings, type Mappings } from '../mappings/index.ts';
import {
  exchangeOf,
  meaningOf,
  ours,
  refusalOf,
  sentAt,
  shown,
  stay,
  stayKey,
} from './support/fhir-exchange.ts';
import type { Around } from './support/fhir-exchange.ts';

const contact: FhirResource = {
  resourceType: 'PractitionerRole',
  id: 'contact',
  code: [ours('care-role', 'fixed-care-contact')],
};

function task(code: string, status: Task['status'], more: Partial<Task> = {}): Task {
  return {
    resourceType: 'Task',
    status,
    intent: 'order',
    code: ours('discharge-process-task', code),
    encounter: stay,
    authoredOn: '2022-03-08T09:00:00+01:00',
    ...more,
  };
}
const called = (status: Task['status'], more: Partial<Task> = {}): Task =>
  task('planning-call', status, {
    contained: [contact],
    requester: { reference: '#contact' },
    ...more,
  });
const factsOf = (resource: Task, around: Around = {}): string[] =>
  shown(meaningOf(resource, around));

describe('a call to planning', () => {
  const call = 'planning.called @ 2022-03-08T08:00Z {"calledBy":"fixed-care-contact"}';

  test('is made when it is requested, by the role of who requests it, in the stay that it refers to', () => {
    const meaning = meaningOf(called('requested'));
    expect(shown(meaning)).toEqual([call]);
    expect(meaning.stay).toEqual(stayKey);
  });

  test.each([
    'received',
    'accepted',
    'ready',
    'in-progress',
    'on-hold',
    'completed',
    'rejected',
  ] as const)('has been made while its status is %s', (status) =>
    expect(factsOf(called(status))).toEqual([call]),
  );

  test('that is a draft is none', () => {
    const meaning = meaningOf(called('draft'));
    expect(meaning.facts).toEqual([]);
    expect(meaning.ignored).toContain('Task.status draft means no event');
  });

  test('is not told again by the version that only moves it on', () => {
    expect(factsOf(called('accepted'), { previous: called('requested') })).toEqual([]);
  });

  test('that is cancelled was made, and is withdrawn when it was cancelled', () => {
    const cancelled = called('cancelled', { lastModified: '2022-03-09T10:00:00Z' });
    expect(factsOf(cancelled, { previous: called('requested') })).toEqual([
      'planning.call-withdrawn @ 2022-03-09T10:00Z {}',
    ]);
    expect(factsOf(cancelled)).toEqual([call, 'planning.call-withdrawn @ 2022-03-09T10:00Z {}']);
  });

  test('that was entered in error never was', () => {
    const meaning = meaningOf(called('entered-in-error'), { previous: called('requested') });
    expect(meaning.facts).toEqual([
      {
        type: 'statement.withdrawn',
        occurredAt: sentAt,
        data: {
          statement: 'planning.called',
          at: '2022-03-08T08:00:00.000Z',
          of: { calledBy: 'fixed-care-contact' },
        },
      },
    ]);
    expect(meaning.stay).toEqual(stayKey);
  });

  test('whose time is corrected is told anew, and the earlier time taken back', () => {
    const corrected = called('requested', { authoredOn: '2022-03-08T11:00:00+01:00' });
    const facts = factsOf(corrected, { previous: called('requested') });
    expect(facts[0]).toBe(call.replace('08:00', '10:00'));
    expect(facts[1]).toContain('"at":"2022-03-08T08:00:00.000Z"');
    expect(facts).toHaveLength(2);
  });

  test('that we knew as a draft was not made when the draft was', () => {
    const [fact] = meaningOf(called('requested'), { previous: called('draft') }).facts;
    expect([fact?.occurredAt, fact?.warnings]).toEqual([sentAt, ['TIME_OF_TELLING']]);
    const sent = called('requested', { executionPeriod: { start: '2022-03-09T09:00:00+01:00' } });
    expect(factsOf(sent, { previous: called('draft') })[0]).toContain('@ 2022-03-09T08:00Z');
  });

  test('of one stay is not moved to another by an update', () => {
    const other = { ...stay, identifier: { ...stay.identifier, value: '4712' } };
    const moved = called('requested', { encounter: other });
    const error = refusalOf(() => meaningOf(moved, { previous: called('requested') }));
    expect([error.location, error.standardCode]).toEqual(['Task.encounter', 'business-rule']);
    expect(factsOf(moved, { previous: called('draft') })).toHaveLength(1);
  });

  test('says no more by being touched: what it says has the time when it was told first', () => {
    const declined = (status: Task['status'], lastModified: string) =>
      called(status, {
        statusReason: ours('planning-refusal', 'patient-declined'),
        lastModified,
      });
    const first = declined('cancelled', '2022-03-09T10:00:00Z');
    expect(factsOf(declined('cancelled', '2022-03-20T10:00:00Z'), { previous: first })).toEqual([]);
  });

  test('is not declined by a reason beside a status that is no refusal', () => {
    const open = called('on-hold', { statusReason: ours('planning-refusal', 'patient-declined') });
    const meaning = meaningOf(open);
    expect(meaning.facts.map(({ type }) => type)).toEqual(['planning.called']);
    expect(meaning.warnings.join()).toContain('a refusal is rejected or cancelled');
  });

  test('is declined where the patient did, and not where a unit did', () => {
    const declined = (code: string) =>
      factsOf(
        called('rejected', {
          statusReason: ours('planning-refusal', code),
          lastModified: '2022-03-09T10:00:00Z',
        }),
        { previous: called('requested') },
      );
    expect(declined('patient-declined')).toEqual(['planning.declined @ 2022-03-09T10:00Z {}']);
    expect(declined('unit-declined')).toEqual([]);
  });

  test.each([
    ['no requester', { requester: undefined }, 'unknown'],
    [
      'a requester whose role is not known here',
      { requester: { display: 'Vårdcentralen' } },
      'unknown',
    ],
    [
      'a requester of another role',
      { contained: [{ ...contact, code: [ours('care-role', 'inpatient-care')] }] },
      'other',
    ],
  ])(
    'with %s is made by nobody who can be seen to be the fixed care contact',
    (_what, more, by) => {
      expect(factsOf(called('requested', more as Partial<Task>))[0]).toContain(
        `"calledBy":"${by}"`,
      );
    },
  );

  test('whose caller has a role of ours that no table has waits for it', () => {
    const role = { ...contact, code: [ours('care-role', 'fixed-care-kontakt')] } as FhirResource;
    const { unmapped } = meaningOf(called('requested', { contained: [role] }));
    expect(unmapped).toMatchObject([{ table: 'planning-caller', code: 'fixed-care-kontakt' }]);
  });

  test('with a status that is not decided waits, and says nothing', () => {
    const meaning = meaningOf(called('failed'), { previous: called('requested') });
    expect(meaning.facts).toEqual([]);
    expect(meaning.unmapped.map(({ code }) => code)).toContain('failed');
  });

  test('without a time is refused, with what to give', () => {
    const error = refusalOf(() => meaningOf(called('requested', { authoredOn: undefined })));
    expect([error.code, error.location, error.standardCode]).toEqual([
      'malformed-message',
      'Task.authoredOn',
      'required',
    ]);
  });
});

describe('which stay', () => {
  test('is that of the Encounter it refers to, as that was told', () => {
    const encounter: FhirResource = {
      resourceType: 'Encounter',
      status: 'in-progress',
      class: { code: 'IMP' },
      identifier: [stay.identifier],
    };
    const meaning = meaningOf(called('requested', { encounter: { reference: 'Encounter/9' } }), {
      related: { 'Encounter/9': encounter },
    });
    expect(meaning.stay).toEqual(stayKey);
  });

  test('may be named by our case reference', () => {
    const identifier = { system: 'http://hemgang.se/fhir/sid/case-reference', value: 'case-1' };
    expect(meaningOf(called('requested', { encounter: { identifier } })).stay).toEqual({
      by: 'case',
      caseReference: 'case-1',
    });
    expect(
      meaningOf(called('requested', { encounter: undefined, identifier: [identifier] })).stay,
    ).toEqual({ by: 'case', caseReference: 'case-1' });
  });

  test.each([
    ['no reference', undefined],
    ['an Encounter that is not known', { reference: 'Encounter/9' }],
    ['an identifier of another system', { identifier: { system: 'urn:x', value: '1' } }],
  ])('cannot be seen by %s: refused, with the next step', (_what, encounter) => {
    const error = refusalOf(() => meaningOf(called('requested', { encounter })));
    expect([error.code, error.location]).toEqual(['malformed-message', 'Task.encounter']);
    expect(error.message).toMatch(/identifier|reference/);
  });

  test('need not be seen of a Task that is of no use here', () => {
    const lab = {
      ...called('requested'),
      code: { coding: [{ system: 'urn:lab', code: 'blood' }] },
    };
    const meaning = meaningOf({ ...lab, encounter: { reference: 'Encounter/9' } });
    expect([meaning.facts, meaning.stay]).toEqual([[], undefined]);
    expect(meaning.ignored).toContain('Task states nothing new');
  });

  test('a code of ours that nothing knows waits', () => {
    const { unmapped } = meaningOf(task('planing-call', 'requested'));
    expect(unmapped).toMatchObject([{ table: 'notice-obligation', code: 'planing-call' }]);
  });
});

describe('contact, readiness and need', () => {
  const done = { executionPeriod: { end: '2022-03-07T10:00:00+01:00' } };

  test('a fixed care contact is appointed when the Task is completed, not when it is asked for', () => {
    expect(factsOf(task('fixed-care-contact', 'requested'))).toEqual([]);
    const owner = { display: 'Ekens vårdcentral' };
    expect(factsOf(task('fixed-care-contact', 'completed', { ...done, owner }))).toEqual([
      'care-contact.appointed @ 2022-03-07T09:00Z {"unit":"Ekens vårdcentral"}',
    ]);
    const error = refusalOf(() => meaningOf(task('fixed-care-contact', 'completed')));
    expect(error.location).toBe('Task.executionPeriod.end');
  });

  test('readiness is the time when the assessment was completed', () => {
    const ready = task('discharge-ready', 'completed', done);
    expect(factsOf(ready)).toEqual(['patient.discharge-ready @ 2022-03-07T09:00Z {}']);
    expect(factsOf(task('discharge-ready', 'in-progress', done))).toEqual([]);
    expect(factsOf(task('discharge-ready', 'cancelled', done), { previous: ready })).toEqual([
      'discharge-readiness.withdrawn @ 2022-03-10T12:00Z {}',
    ]);
  });

  test('readiness that was entered in error is withdrawn from when it began: no day of it counts', () => {
    const ready = task('discharge-ready', 'completed', done);
    expect(factsOf(task('discharge-ready', 'entered-in-error', done), { previous: ready })).toEqual(
      ['discharge-readiness.withdrawn @ 2022-03-07T09:00Z {}'],
    );
  });

  test('need is what the outputs say, all three of them', () => {
    const output = (code: string, valueBoolean: boolean) => ({
      type: ours('need-assessment', code),
      valueBoolean,
    });
    const [social, health] = [output('socialServices', true), output('municipalHealthCare', false)];
    const need = (outputs: Task['output']) =>
      task('need-assessment', 'completed', { ...done, output: outputs ?? [] });
    expect(factsOf(need([social, health, output('regionOutpatient', true)]))).toEqual([
      'need.assessed @ 2022-03-07T09:00Z {"socialServices":true,"municipalHealthCare":false,"regionOutpatient":true}',
    ]);
    const refused = refusalOf(() => meaningOf(need([social, health])));
    expect(refused.location).toBe('Task.output.value');
    expect(refused.message).toContain('regionOutpatient');
  });

  test('a code of the sender’s own says it where the overlay says so', () => {
    const own = {
      ...task('', 'completed', done),
      code: { coding: [{ system: 'https://ekliden.example/uppgift', code: 'KLAR' }] },
    };
    expect(factsOf(own)).toEqual([]);
    const fhir = {
      resources: {
        Task: {
          events: [
            {
              event: 'Task.status via task-discharge-ready',
              ifPresent: 'Task.code.coding(https://ekliden.example/uppgift|KLAR).code',
              occurredAt: 'Task.executionPeriod.end',
              ifGone: 'discharge-readiness.withdrawn',
            },
          ],
        },
      },
    };
    expect(factsOf(own, { fhir })).toEqual(['patient.discharge-ready @ 2022-03-07T09:00Z {}']);
  });
});

describe('a notice that another system sent', () => {
  const municipality = {
    identifier: { system: 'urn:oid:1.2.752.129.2.2.1.17', value: '1480' },
  };
  const roles = [
    ours('recipient-role', 'social-services'),
    ours('recipient-role', 'payer-municipality'),
  ];
  const notice = (status: Task['status'], more: Partial<Task> = {}): Task =>
    task('discharge-ready-notice', status, { owner: municipality, performerType: roles, ...more });
  const seen = (role: string, code = '1480') =>
    `notice.observed @ 2022-03-08T08:00Z {"obligation":"discharge-ready-notice","role":"${role}","municipality":"${code}"}`;

  test('was sent to each unit that its owner is', () => {
    expect(factsOf(notice('requested'))).toEqual([
      seen('social-services'),
      seen('payer-municipality'),
    ]);
  });

  test('is sent when it says, where that is later than it was made', () => {
    const later = { executionPeriod: { start: '2022-03-08T12:01:00+01:00' } };
    expect(factsOf(notice('requested', later))[0]).toContain('@ 2022-03-08T11:01Z');
  });

  test('is read by its owner as the overlay knows it', () => {
    const owner = { identifier: { system: 'urn:oid:1.2.752.29.4.19', value: 'SE2120001355-0001' } };
    const sent = notice('requested', { owner, performerType: [] });
    expect(refusalOf(() => meaningOf(sent)).location).toBe('Task.owner');
    const fhir = {
      recipients: {
        'SE2120001355-0001': { roles: ['social-services' as const], municipality: '1480' },
      },
    };
    expect(factsOf(sent, { fhir })).toEqual([seen('social-services')]);
  });

  test('to a municipal unit of an unknown municipality is refused; the region’s own unit has none', () => {
    const owner = { display: 'Vårdcentralen' };
    expect(refusalOf(() => meaningOf(notice('requested', { owner }))).message).toContain(
      'municipality',
    );
    const performerType = [ours('recipient-role', 'region-outpatient')];
    expect(factsOf(notice('requested', { owner, performerType }))).toEqual([
      'notice.observed @ 2022-03-08T08:00Z {"obligation":"discharge-ready-notice","role":"region-outpatient"}',
    ]);
  });

  test('is received and acknowledged as its status moves', () => {
    const moved = (status: Task['status'], previous: Task['status']) =>
      factsOf(notice(status, { lastModified: '2022-03-08T13:00:00Z' }), {
        previous: notice(previous),
      });
    expect(moved('received', 'requested')).toEqual([
      'notice.received @ 2022-03-08T13:00Z {"obligation":"discharge-ready-notice"}',
    ]);
    expect(moved('accepted', 'received')[0]).toContain('notice.acknowledged @ 2022-03-08T13:00Z');
  });

  test('that was rejected as not their resident was not sent to the units concerned', () => {
    const rejected = notice('rejected', {
      businessStatus: ours('notice-refusal', 'not-our-resident'),
    });
    const meaning = meaningOf(rejected, { previous: notice('requested') });
    expect(meaning.facts.map(({ type }) => type)).toEqual([
      'statement.withdrawn',
      'statement.withdrawn',
    ]);
    expect(meaning.warnings.join()).toContain('which delivery is answered is not said');
  });

  test('that was rejected without a reason was sent all the same', () => {
    const meaning = meaningOf(notice('rejected'), { previous: notice('requested') });
    expect(meaning.facts).toEqual([]);
    expect(meaning.warnings.join()).toContain('without a reason');
  });

  test('whose Task answers a delivery of ours is an answer, and no notice of another system', () => {
    const identifier = [{ system: 'http://hemgang.se/fhir/sid/delivery', value: 'delivery-1' }];
    const answer = notice('rejected', {
      identifier,
      businessStatus: ours('notice-refusal', 'not-our-resident'),
      lastModified: '2022-03-08T13:00:00Z',
    });
    expect(factsOf(answer)).toEqual([
      'notice.misdirected @ 2022-03-08T13:00Z {"deliveryId":"delivery-1","obligation":"discharge-ready-notice"}',
    ]);
  });
});

describe('what a kind of system may say', () => {
  const municipal = { request: { kind: 'municipality', municipality: '1480' } } as const;

  test('a municipality does not call to planning, nor say that a patient is ready', () => {
    const ready = task('discharge-ready', 'completed', {
      executionPeriod: { end: '2022-03-08T10:00:00+01:00' },
    });
    for (const resource of [called('requested'), ready]) {
      const error = refusalOf(() => meaningOf(resource, municipal));
      expect([error.code, error.standardCode]).toEqual(['unsupported-message', 'forbidden']);
    }
    expect(factsOf(called('requested'), { request: { kind: 'primary-care' } })).toHaveLength(1);
  });

  test('a municipality speaks for itself alone', () => {
    const to = (value: string) =>
      task('admission-notice', 'requested', {
        owner: { identifier: { system: 'urn:oid:1.2.752.129.2.2.1.17', value } },
        performerType: [ours('recipient-role', 'social-services')],
      });
    expect(factsOf(to('1480'), municipal)).toHaveLength(1);
    expect(refusalOf(() => meaningOf(to('1481'), municipal)).standardCode).toBe('forbidden');
  });

  test('what it may not say it cannot take back', () => {
    const error = refusalOf(() =>
      meaningOf(called('entered-in-error'), { ...municipal, previous: called('requested') }),
    );
    expect(error.standardCode).toBe('forbidden');
  });

  test('primary care takes back the call that it has told', () => {
    const facts = factsOf(called('entered-in-error'), {
      request: { kind: 'primary-care' },
      previous: called('requested'),
    });
    expect(facts).toHaveLength(1);
    expect(facts[0]).toContain('"statement":"planning.called"');
  });

  test('a receiver that moves the Task of a notice on answers it, and sends none', () => {
    const answer = task('admission-notice', 'accepted', { lastModified: '2022-03-08T13:00:00Z' });
    expect(factsOf(answer, municipal)).toEqual([
      'notice.acknowledged @ 2022-03-08T13:00Z {"obligation":"admission-notice"}',
    ]);
  });
});

function withCode(name: string, code: string, target: string): Mappings {
  const shipped = loadMappings();
  const table = shipped.tables.get(name);
  if (table === undefined) throw new Error(`no table ${name}`);
  const grown = { ...table, entries: { ...table.entries, [code]: target } };
  return { ...shipped, tables: new Map([...shipped.tables, [name, grown]]) };
}

describe('a version after one whose code waits for a table', () => {
  const waiting = { table: 'task-planning-call', code: 'failed', path: 'Task.status' };
  const after = (status: Task['status']) =>
    meaningOf(called(status), { previous: called('failed') });

  test('waits with it where it takes back all that one may have said', () => {
    const { facts, unmapped } = after('entered-in-error');
    expect(facts).toEqual([]);
    expect(unmapped).toContainEqual(waiting);
  });

  test('waits with it where it says no longer what that one may have said', () => {
    expect(after('draft').unmapped).toContainEqual(waiting);
  });

  test('takes it back once the table has the code', () => {
    const grown = withCode('task-planning-call', 'failed', 'planning.called');
    const inError = exchangeOf(called('entered-in-error'), { previous: called('failed') });
    expect(fhirInbound(grown, 'ekliden').translate(inError)).toMatchObject({
      facts: [{ type: 'statement.withdrawn', data: { statement: 'planning.called' } }],
    });
  });
});
