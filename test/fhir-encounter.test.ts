/** What an Encounter means: each version says what the one before did not, and any order of arrival folds to one stay. */
import type {
  Encounter,
  EncounterStatusHistory,
  FhirResource,
  Observation,
  ObservationComponent,
  Organization,
  Patient,
  Task,
} from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import type { Fact, Translation } from '../adapters/adapter.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { endOf, fold } from '../gateway/process/state.ts';
import type { DischargeProcess, Moment, StoredLike } from '../gateway/process/state.ts';
import { loadMappings } from '../mappings/index.ts';
import { eventsOf, permutations } from './support/adt-message.ts';
import type { Step } from './support/adt-message.ts';
import {
  encounter,
  exchangeOf,
  need,
  patient,
  planned,
  readiness,
  toldInOrder,
  translated,
} from './support/fhir-stay.ts';
import type { Version } from './support/fhir-stay.ts';
import { fhirInbound } from '../adapters/inbound/fhir/index.ts';
import { exchangeOf as exchangeOver, type Taking } from '../adapters/inbound/fhir/take.ts';

/** `type at` of each fact, with what is doubtful in it. */
function said({ facts }: Translation): string[] {
  return facts.map(({ type, occurredAt, precision, warnings = [] }: Fact) =>
    [type, precision === 'day' ? occurredAt.slice(0, 16) : occurredAt, ...warnings].join(' '),
  );
}
const told = '2022-03-07T11:00:00.000Z';

function refusal(
  resource: FhirResource,
  previous?: FhirResource,
): { location: unknown; text: string } {
  try {
    translated(resource, previous === undefined ? {} : { previous });
  } catch (thrown) {
    const { code, location, message } = asGatewayError(thrown);
    expect(code).toBe('malformed-message');
    return { location, text: message };
  }
  throw new Error('was not refused');
}

const finished = (over: Partial<Encounter> = {}): Encounter =>
  encounter({
    status: 'finished',
    period: { start: '2022-03-07T10:00:00+01:00', end: '2022-03-10T14:00:00+01:00' },
    ...over,
  });
const was = (
  status: EncounterStatusHistory['status'],
  start: string,
  end?: string,
): EncounterStatusHistory => ({
  status,
  period: {
    start: `2022-03-${start}:00+01:00`,
    ...(end !== undefined && { end: `2022-03-${end}:00+01:00` }),
  },
});

describe('an Encounter that is told for the first time', () => {
  test('in progress is an admission, with whose it is and where', () => {
    const meant = translated(
      encounter({
        location: [
          { status: 'completed', location: { display: 'Akuten' } },
          { status: 'active', location: { reference: 'Location/l1' } },
        ],
        hospitalization: { admitSource: { coding: [{ code: 'hosp-trans' }] } },
      }),
      {
        related: {
          'Patient/p1': patient,
          'Location/l1': { resourceType: 'Location', id: 'l1', name: 'Medicin 1' },
        },
      },
    );
    expect(meant.stay).toEqual({
      by: 'visit',
      authority: 'https://ekliden.example/vardkontakt',
      number: 'V1001',
    });
    expect(meant.patient?.numbers).toEqual([
      { authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' },
    ]);
    expect(meant.facts).toEqual([
      {
        type: 'patient.admitted',
        occurredAt: '2022-03-07T09:00:00.000Z',
        data: {
          county: '14',
          hospital: 'Eklidens sjukhus',
          unit: 'Medicin 1',
          patientClass: 'IMP',
          admitSource: 'other-hospital',
          patient: { municipality: '1480', numberKind: 'personnummer' },
        },
      },
    ]);
  });

  test('is the same stay and the same fact as the A01 of HL7 v2', () => {
    const [{ event } = { event: undefined }] = eventsOf('ekliden', ['A01', '2022-03-07 10:00']).map(
      (one) => ({ event: one }),
    );
    const [fact] = translated(encounter()).facts;
    expect(fact?.occurredAt).toBe(event?.occurredAt);
    expect(fact?.type).toBe(event?.type);
  });

  test('finished is an admission and a discharge', () => {
    const meant = translated(
      finished({ hospitalization: { dischargeDisposition: { coding: [{ code: 'snf' }] } } }),
    );
    expect(said(meant)).toEqual([
      'patient.admitted 2022-03-07T09:00:00.000Z',
      'patient.discharged 2022-03-10T13:00:00.000Z',
    ]);
    expect(meant.facts[1]?.data).toEqual({ disposition: 'skilled-nursing' });
  });

  test('says estimate, readiness and need, each with its own time', () => {
    const meant = translated(
      encounter({
        extension: [
          ...planned('2022-03-12'),
          ...readiness('ready', '2022-03-10T10:05:00+01:00'),
          ...need([true, false, false], '2022-03-08T14:00:00+01:00'),
        ],
      }),
    );
    expect(said(meant).slice(1)).toEqual([
      `discharge-estimate.set ${told}`,
      'patient.discharge-ready 2022-03-10T09:05:00.000Z',
      'need.assessed 2022-03-08T13:00:00.000Z',
    ]);
    expect(meant.facts[1]?.data).toEqual({ expectedDischarge: '2022-03-12' });
    expect(meant.facts[3]?.data).toEqual({
      socialServices: true,
      municipalHealthCare: false,
      regionOutpatient: false,
    });
  });

  test.each([
    ['since the admission says with it where that was', '2022-03-07T10:00:00+01:00', []],
    ['since later was moved there', '2022-03-08T10:00:00+01:00', ['2022-03-08T09:00:00.000Z']],
  ])('in a place %s', (_name, start, moved) => {
    const location: Encounter['location'] = [
      { status: 'active', location: { display: 'M1' }, period: { start } },
    ];
    const transfers = translated(encounter({ location })).facts.filter(
      ({ type }) => type === 'patient.transferred',
    );
    expect(transfers.map(({ occurredAt }) => occurredAt)).toEqual(moved);
  });

  test('is where it is active, also where another place began later', () => {
    const location: Encounter['location'] = [
      { location: { display: 'Röntgen' }, period: { start: '2022-03-08T10:00:00+01:00' } },
      { status: 'active', location: { display: 'M1' } },
    ];
    expect(translated(encounter({ location })).facts[0]?.data).toMatchObject({ unit: 'M1' });
  });

  test('an estimate with a time is an instant', () => {
    const { facts } = translated(encounter({ extension: planned('2022-03-12T13:00:00+01:00') }));
    expect(facts[1]?.data).toEqual({ expectedDischarge: '2022-03-12T12:00:00.000Z' });
  });

  test('a date is a day, and no more', () => {
    const meant = translated(encounter({ period: { start: '2022-03-07' } }));
    expect(meant.facts[0]).toMatchObject({
      occurredAt: '2022-03-06T23:00:00.000Z',
      precision: 'day',
    });
  });

  test.each(['planned', 'arrived', 'triaged'] as const)('%s has not begun', (status) => {
    expect(translated(encounter({ status }))).toMatchObject({
      facts: [],
      ignored: `Encounter.status ${status}: it has not begun`,
    });
  });

  test('unknown says nothing', () => {
    expect(translated(encounter({ status: 'unknown' }))).toMatchObject({
      facts: [],
      ignored: 'Encounter.status unknown says nothing of the stay',
    });
  });

  test.each(['AMB', 'EMER', 'HH', 'VR', 'SS'])(
    'of class %s is no stay, and needs no number',
    (code) => {
      const { identifier: _, ...rest } = encounter({ class: { code } });
      expect(translated(rest)).toMatchObject({
        facts: [],
        ignored: `Encounter.class ${code} is no inpatient care`,
      });
    },
  );

  test.each(['IMP', 'ACUTE', 'NONAC'])('of class %s is a stay', (code) => {
    expect(said(translated(encounter({ class: { code } })))).toHaveLength(1);
  });

  test('of a class that no table has waits for it, and says its estimate meanwhile', () => {
    const meant = translated(
      encounter({ class: { code: 'SLUTEN' }, extension: planned('2022-03-12') }),
    );
    expect(meant.unmapped).toEqual([
      { table: 'encounter-class', code: 'SLUTEN', path: 'Encounter.class.code' },
    ]);
    expect(said(meant)).toEqual([`discharge-estimate.set ${told}`]);
    expect(meant.stay).toBeDefined();
  });

  test('after one whose class waits takes back what that one said meanwhile', () => {
    const previous = encounter({ class: { code: 'SLUTEN' }, extension: planned('2022-03-12') });
    expect(said(translated(encounter(), { previous }))).toContain(
      `discharge-estimate.withdrawn ${told}`,
    );
  });

  test('of no inpatient care, after one whose class waits, waits for that: it may have ended it', () => {
    const previous = encounter({ class: { code: 'SLUTEN' } });
    const { facts, unmapped } = translated(encounter({ class: { code: 'AMB' } }), { previous });
    expect(facts).toEqual([]);
    expect(unmapped.map(({ code }) => code)).toEqual(['SLUTEN']);
  });

  test('with more leaves than a stay can have, or more identifiers, is refused', () => {
    const leave = (nth: number): NonNullable<Encounter['statusHistory']>[number] => {
      const start = new Date(Date.UTC(2022, 2, 8, 0, nth)).toISOString();
      return { status: 'onleave', period: { start, end: start } };
    };
    expect(
      refusal(encounter({ statusHistory: Array.from({ length: 501 }, (_, nth) => leave(nth)) })),
    ).toMatchObject({ location: 'Encounter' });
    const [identifier = {}] = encounter().identifier ?? [];
    expect(refusal(encounter({ identifier: Array(101).fill(identifier) }))).toMatchObject({
      location: 'Encounter',
    });
  });

  test.each(['cancelled', 'entered-in-error'] as const)('%s never was', (status) => {
    expect(said(translated(encounter({ status })))).toEqual([
      `admission.cancelled ${told} TIME_OF_TELLING`,
    ]);
  });

  test('a circle of contained resources is nothing', () => {
    const person: Patient = { ...patient, id: 'p', managingOrganization: { reference: '#o' } };
    const unit: Organization = {
      resourceType: 'Organization',
      id: 'o',
      partOf: { reference: '#o' },
      name: 'Kretsen',
    };
    const circle = encounter({
      contained: [person, unit],
      subject: { reference: '#p' },
      serviceProvider: { reference: '#o' },
    });
    const meant = translated(circle, { related: {} });
    expect(meant.facts[0]?.data).toMatchObject({ unit: 'Kretsen' });
  });

  test('a patient known by an identifier alone is enough', () => {
    const subject = {
      identifier: { system: 'urn:oid:1.2.752.129.2.1.3.1', value: '19500907-2553' },
    };
    const meant = translated(encounter({ subject }), { related: {} });
    expect(meant.patient).toEqual({
      numbers: [{ authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' }],
    });
    expect(meant.facts[0]?.data).toMatchObject({ patient: { numberKind: 'personnummer' } });
  });

  test('may name the case by the reference of our notices', () => {
    const identifier = [{ system: 'http://hemgang.se/fhir/sid/case-reference', value: 'C-7' }];
    expect(translated(encounter({ identifier })).stay).toEqual({
      by: 'case',
      caseReference: 'C-7',
    });
  });
});

describe('an Encounter is refused by element', () => {
  const { status: _status, ...withoutStatus } = encounter();
  const { class: _class, ...withoutClass } = encounter();
  const wrong: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['without status', withoutStatus, 'Encounter.status', /required/],
    [
      'with a status of R5',
      encounter({ status: 'completed' as 'finished' }),
      'Encounter.status',
      /R4.*planned, arrived, .*unknown/,
    ],
    ['without class', withoutClass, 'Encounter.class', /required.*IMP/],
    ['without period', encounter({ period: {} }), 'Encounter.period.start', /when it happened/],
    [
      'with a time without zone',
      encounter({ period: { start: '2022-03-07T10:00:00' } }),
      'Encounter.period.start',
      /zone/,
    ],
    [
      'with a year',
      encounter({ period: { start: '2022' } }),
      'Encounter.period.start',
      /at least the date/,
    ],
    [
      'with a date that is none',
      encounter({ period: { start: '2022-02-30' } }),
      'Encounter.period.start',
      /no such date/,
    ],
    [
      'finished without an end',
      finished({ period: { start: '2022-03-07T10:00:00+01:00' } }),
      'Encounter.period.end',
      /when the patient left/,
    ],
    [
      'without a number of a known system',
      encounter({ identifier: [{ system: 'urn:x', value: '1' }] }),
      'Encounter.identifier',
      /https:\/\/ekliden.*it has urn:x; give the visit number/,
    ],
    [
      'with a number of a person for a system',
      encounter({ identifier: [{ system: '195009072553', value: '1' }, { value: '2' }] }),
      'Encounter.identifier',
      /it has [^0-9]*, one without system/,
    ],
    [
      'with spaces for a number',
      encounter({ identifier: [{ system: 'https://ekliden.example/vardkontakt', value: ' ' }] }),
      'Encounter.identifier',
      /no identifier/,
    ],
    [
      'of an unknown patient',
      encounter({ subject: { reference: 'Patient/nobody' } }),
      'Encounter.subject',
      /send the Patient before/,
    ],
    ['of nobody', encounter({ subject: {} }), 'Encounter.subject', /no patient/],
    [
      'that is contained in nothing',
      encounter({ subject: { reference: '#gone' } }),
      'Encounter.subject',
      /no patient/,
    ],
    [
      'ready without a time',
      encounter({ extension: readiness('ready') }),
      "Encounter.extension('http://hemgang.se/fhir/StructureDefinition/discharge-readiness').extension('assessedAt').value",
      /when it happened/,
    ],
    [
      'ready at a time without zone',
      encounter({ extension: readiness('ready', '2022-03-10T10:05:00') }),
      "Encounter.extension('http://hemgang.se/fhir/StructureDefinition/discharge-readiness').extension('assessedAt').value",
      /zone/,
    ],
    [
      'that was away since nobody knows when',
      encounter({ statusHistory: [{ status: 'onleave', period: {} }] }),
      'Encounter.statusHistory[0].period.start',
      /leave/,
    ],
    [
      'whose class changed nobody knows when',
      encounter({ classHistory: [{ class: { code: 'EMER' }, period: {} }] }),
      'Encounter.classHistory[0].period.end',
      /class changed/,
    ],
  ];
  test.each(wrong)('%s', (_name, resource, location, text) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const refused = refusal(resource as Encounter);
    expect(refused.location).toBe(location);
    expect(refused.text).toMatch(text);
    expect(refused.text).not.toContain('19500907');
  });

  test('by a planning system, which witnesses no admissions', () => {
    const exchange = exchangeOf(encounter(), {
      request: { sender: 'samordna', kind: 'primary-care' },
    });
    expect(() => fhirInbound(loadMappings(), 'samordna').translate(exchange)).toThrow(
      /patient.admitted, which a system of kind primary-care/,
    );
  });
});

describe('the next version says', () => {
  test('nothing where it says the same', () => {
    const extension = [
      ...planned('2022-03-12'),
      ...readiness('ready', '2022-03-10T10:05:00+01:00'),
    ];
    const previous = encounter({ extension });
    const again = translated(encounter({ extension, priority: { text: 'other' } }), { previous });
    expect(again).toMatchObject({
      facts: [],
      ignored: 'Encounter says nothing that was not said before',
    });
  });

  test('nothing where it is older than what is known', () => {
    const meant = translated(finished(), { previous: encounter(), request: { isOlder: true } });
    expect(meant).toMatchObject({
      facts: [],
      resources: [],
      ignored: 'a newer version has been told',
    });
  });

  const steps: readonly (readonly [string, Encounter, Encounter, string[]])[] = [
    ['a discharge', encounter(), finished(), ['patient.discharged 2022-03-10T13:00:00.000Z']],
    [
      'another time of it',
      finished(),
      finished({
        period: { start: '2022-03-07T10:00:00+01:00', end: '2022-03-10T15:00:00+01:00' },
      }),
      ['patient.discharged 2022-03-10T14:00:00.000Z'],
    ],
    [
      'a discharge taken back',
      finished(),
      encounter(),
      [`discharge.cancelled ${told} TIME_OF_TELLING`],
    ],
    [
      'a discharge taken back, by its history',
      finished(),
      encounter({
        statusHistory: [
          was('in-progress', '07T10:00', '10T14:00'),
          was('finished', '10T14:00', '10T16:00'),
        ],
      }),
      ['discharge.cancelled 2022-03-10T15:00:00.000Z'],
    ],
    [
      'a stay cancelled',
      encounter(),
      encounter({ status: 'cancelled' }),
      [`admission.cancelled ${told} TIME_OF_TELLING`],
    ],
    [
      'a stay cancelled, by its history',
      encounter(),
      encounter({
        status: 'cancelled',
        statusHistory: [was('in-progress', '07T10:00', '07T12:00')],
      }),
      ['admission.cancelled 2022-03-07T11:00:00.000Z'],
    ],
    [
      'that it has not begun after all',
      encounter(),
      encounter({ status: 'planned' }),
      [`admission.cancelled ${told} TIME_OF_TELLING`],
    ],
    [
      'that it was not cancelled after all',
      encounter({ status: 'cancelled' }),
      encounter(),
      ['patient.admitted 2022-03-07T09:00:00.000Z'],
    ],
    [
      'that it has begun',
      encounter({ status: 'planned' }),
      encounter({ extension: planned('2022-03-12') }),
      ['patient.admitted 2022-03-07T09:00:00.000Z', `discharge-estimate.set ${told}`],
    ],
    [
      'an estimate',
      encounter(),
      encounter({ extension: planned('2022-03-12') }),
      [`discharge-estimate.set ${told}`],
    ],
    [
      'an estimate taken back by its silence',
      encounter({ extension: planned('2022-03-12') }),
      encounter(),
      [`discharge-estimate.withdrawn ${told}`],
    ],
    [
      'a readiness taken back by a word',
      encounter({ extension: readiness('ready', '2022-03-10T10:05:00+01:00') }),
      encounter({ extension: readiness('withdrawn', '2022-03-11T10:05:00+01:00') }),
      ['discharge-readiness.withdrawn 2022-03-11T09:05:00.000Z'],
    ],
    [
      'another ward',
      encounter({ location: [{ status: 'active', location: { display: 'M1' } }] }),
      encounter({
        location: [
          { status: 'completed', location: { display: 'M1' } },
          {
            status: 'active',
            location: { display: 'K2' },
            period: { start: '2022-03-08T09:00:00+01:00' },
          },
        ],
      }),
      ['patient.transferred 2022-03-08T08:00:00.000Z'],
    ],
    [
      'another ward since nobody says when',
      encounter({ location: [{ location: { display: 'M1' } }] }),
      encounter({ location: [{ location: { display: 'K2' } }] }),
      [`patient.transferred ${told} TIME_OF_TELLING`],
    ],
    [
      'a leave',
      encounter(),
      encounter({ status: 'onleave', statusHistory: [was('in-progress', '07T10:00', '08T15:00')] }),
      ['patient.on-leave 2022-03-08T14:00:00.000Z'],
    ],
    [
      'a leave that stands in the history too, as the status that has not ended',
      encounter(),
      encounter({
        status: 'onleave',
        statusHistory: [
          was('in-progress', '07T10:00', '08T15:00'),
          { status: 'onleave', period: { start: '2022-03-08T15:00:00+01:00' } },
        ],
      }),
      ['patient.on-leave 2022-03-08T14:00:00.000Z'],
    ],
    [
      'a second leave, of which the history has both',
      encounter(),
      encounter({
        status: 'onleave',
        statusHistory: [
          was('onleave', '07T15:00', '07T18:00'),
          { status: 'onleave', period: { start: '2022-03-08T15:00:00+01:00' } },
        ],
      }),
      [
        'patient.on-leave 2022-03-07T14:00:00.000Z',
        'patient.returned 2022-03-07T17:00:00.000Z',
        'patient.on-leave 2022-03-08T14:00:00.000Z',
      ],
    ],
    [
      'a leave since nobody says when',
      encounter(),
      encounter({ status: 'onleave', statusHistory: [was('planned', '06T10:00', '07T10:00')] }),
      [`patient.on-leave ${told} TIME_OF_TELLING`],
    ],
    [
      'the return',
      encounter({ status: 'onleave', statusHistory: [was('in-progress', '07T10:00', '08T15:00')] }),
      encounter({
        statusHistory: [
          was('in-progress', '07T10:00', '08T15:00'),
          was('onleave', '08T15:00', '09T18:00'),
        ],
      }),
      ['patient.returned 2022-03-09T17:00:00.000Z'],
    ],
    [
      'the return since nobody says when',
      encounter({ status: 'onleave' }),
      encounter(),
      [`patient.returned ${told} TIME_OF_TELLING`],
    ],
    [
      'inpatient care since the class changed',
      encounter({ class: { code: 'EMER' } }),
      encounter({
        classHistory: [
          {
            class: { code: 'EMER' },
            period: { start: '2022-03-07T08:00:00+01:00', end: '2022-03-07T10:30:00+01:00' },
          },
        ],
      }),
      ['patient.admitted 2022-03-07T09:30:00.000Z'],
    ],
    [
      'inpatient care since it is told',
      encounter({ class: { code: 'EMER' } }),
      encounter(),
      [`patient.admitted ${told} TIME_OF_TELLING`],
    ],
    [
      'the end of inpatient care since the class changed',
      encounter(),
      encounter({
        class: { code: 'AMB' },
        classHistory: [
          {
            class: { code: 'IMP' },
            period: { start: '2022-03-07T10:00:00+01:00', end: '2022-03-09T10:30:00+01:00' },
          },
        ],
      }),
      ['patient.discharged 2022-03-09T09:30:00.000Z'],
    ],
    [
      'the end of inpatient care since it is told',
      encounter(),
      encounter({ class: { code: 'AMB' } }),
      [`patient.discharged ${told} TIME_OF_TELLING`],
    ],
    [
      'a discharge that `unknown` hid, taken back',
      finished({ status: 'unknown' }),
      encounter(),
      ['patient.admitted 2022-03-07T09:00:00.000Z', `discharge.cancelled ${told} TIME_OF_TELLING`],
    ],
  ];
  test.each(steps)('%s', (_name, previous, resource, facts) => {
    expect(said(translated(resource, { previous }))).toEqual(facts);
  });

  test.each([
    ['r1', undefined],
    ['r2', true],
  ])(
    'what stands and was read by r1 is known for it where %s is in force',
    async (now, isReadAnew) => {
      const stands = {
        type: 'Encounter',
        id: 'e1',
        version: 1,
        lastUpdated: '2022-03-07T10:00:00.000Z',
        mappingRevision: 'r1',
        body: JSON.stringify(encounter()),
      };
      const taking: Taking = {
        sender: 'ekliden',
        store: {
          read: () => Promise.resolve(undefined),
          byIdentifier: () => Promise.resolve([]),
          page: () => Promise.resolve([]),
        },
        receive: () => Promise.resolve({ outcome: 'accepted', answers: [] }),
        mappingRevision: () => now,
        now: () => '2022-03-07T11:00:00.000Z',
        newId: () => 'n1',
      };
      const { request } = await exchangeOver(
        taking,
        { resource: encounter(), text: '{}' },
        'e1',
        stands,
      );
      expect(request.isReadAnew).toBe(isReadAnew);
    },
  );

  test('what other mappings read is told once more, but for what would get another time by that', () => {
    const extension = [
      ...readiness('ready', '2022-03-10T10:05:00+01:00'),
      ...planned('2022-03-12'),
    ];
    const again = (request: { readonly isReadAnew?: true }): string[] =>
      translated(encounter({ extension, priority: { text: 'other' } }), {
        previous: encounter({ extension }),
        request,
      }).facts.map(({ type }) => type);
    expect(again({})).toEqual([]);
    expect(again({ isReadAnew: true })).toEqual(['patient.admitted', 'patient.discharge-ready']);
  });

  test('nothing of a readiness that it only leaves out: it stands, with a warning', () => {
    const previous = encounter({ extension: readiness('ready', '2022-03-10T10:05:00+01:00') });
    const meant = translated(encounter(), { previous });
    expect(meant.facts).toEqual([]);
    expect(meant.warnings).toEqual([
      'patient.discharge-ready: said before and no longer; it stands until the opposite is said',
    ]);
  });

  test('no cancellation where a code cannot be read yet', () => {
    const hospitalization = { dischargeDisposition: { coding: [{ code: 'HEM?' }] } };
    const meant = translated(finished({ hospitalization }), { previous: finished() });
    expect(meant.unmapped.map(({ code }) => code)).toEqual(['HEM?']);
    expect(meant.facts).toEqual([]);
  });

  test('classes that change are changes, not admissions', () => {
    const meant = translated(encounter(), { previous: encounter({ class: { code: 'EMER' } }) });
    expect(meant.facts[0]?.data).toMatchObject({ classChange: true });
  });

  test('when it happened, where the message around it says so', () => {
    const request = { occurredAt: '2022-03-10T17:00:00+01:00' };
    const meant = translated(encounter(), { previous: finished(), request });
    expect(said(meant)).toEqual(['discharge.cancelled 2022-03-10T16:00:00.000Z']);
  });

  test('what a Patient within it says otherwise than before', () => {
    const within = (district: string): Encounter => {
      const person: Patient = { ...patient, id: 'p', address: [{ use: 'home', district }] };
      return encounter({ contained: [person], subject: { reference: '#p' } });
    };
    const meant = translated(within('2480'), { previous: within('1480') });
    expect(meant.facts).toEqual([
      {
        type: 'patient.identity-changed',
        occurredAt: told,
        data: { patient: { municipality: '2480', numberKind: 'personnummer' } },
      },
    ]);
  });
});

describe('a death', () => {
  const dead = (over: object): Readonly<Record<string, FhirResource>> => ({
    'Patient/p1': { ...patient, ...over },
  });
  const exp = { hospitalization: { dischargeDisposition: { coding: [{ code: 'exp' }] } } };
  const home = { hospitalization: { dischargeDisposition: { coding: [{ code: 'home' }] } } };
  const cases: readonly (readonly [string, Encounter, object, string])[] = [
    ['is told by the disposition', finished(exp), {}, 'patient.deceased 2022-03-10T13:00:00.000Z'],
    [
      'is told by a time of death within the stay',
      finished(),
      { deceasedDateTime: '2022-03-10T12:00:00+01:00' },
      'patient.deceased 2022-03-10T11:00:00.000Z',
    ],
    [
      'on the date of the end has the hour of the end',
      finished(exp),
      { deceasedDateTime: '2022-03-10' },
      'patient.deceased 2022-03-10T13:00:00.000Z',
    ],
    [
      'after the stay is none of the stay',
      finished(home),
      { deceasedDateTime: '2022-05-01' },
      'patient.discharged 2022-03-10T13:00:00.000Z',
    ],
    [
      'without a time is none of the stay',
      finished(home),
      { deceasedBoolean: true },
      'patient.discharged 2022-03-10T13:00:00.000Z',
    ],
    [
      'that is denied is told as doubtful',
      finished(exp),
      { deceasedBoolean: false },
      'patient.deceased 2022-03-10T13:00:00.000Z DEATH_CONTRADICTED',
    ],
    [
      'at home in the disposition is told as doubtful',
      finished(home),
      { deceasedDateTime: '2022-03-10T12:00:00+01:00' },
      'patient.deceased 2022-03-10T11:00:00.000Z DEATH_CONTRADICTED',
    ],
    [
      'with a time is told while the stay goes on',
      encounter(),
      { deceasedDateTime: '2022-03-09T12:00:00+01:00' },
      'patient.deceased 2022-03-09T11:00:00.000Z',
    ],
  ];
  test.each(cases)('%s', (_name, resource, over, fact) => {
    expect(said(translated(resource, { related: dead(over) })).at(-1)).toBe(fact);
  });
});

// ---------------------------------------------------------------- folding

const shown = (moment: Moment | undefined): string | undefined =>
  moment && new Date(moment.atMs).toISOString();

/** What a state says, without the ids of who said it. */
function outcomeOf(process: DischargeProcess): Record<string, unknown> {
  const {
    admission,
    admissionCancelled,
    discharge,
    deceased,
    leaves,
    readiness: periods,
  } = process;
  return {
    admitted: shown(admission),
    cancelled: shown(admissionCancelled),
    discharged: shown(discharge),
    deceased: shown(deceased),
    ended: shown(endOf(process)),
    leaves: leaves.map((one) => [shown(one), shown(one.returned)]),
    ready: periods.map((one) => [shown(one), shown(one.withdrawn)]),
    needs: process.needs.map(({ services }) => services),
    estimate: process.estimate?.expectedDischarge,
    // Who they are matters for a stay alone.
    municipality: admission && process.patient.at(-1)?.codes.municipality,
    contradictions: process.contradictions,
  };
}
const folded = (events: readonly StoredLike[]): Record<string, unknown> =>
  outcomeOf(fold(events.map(({ event }, position) => ({ event, position }))));

const ready = readiness('ready', '2022-03-09T10:05:00+01:00');
const needed = need([true, true, false], '2022-03-08T14:00:00+01:00');
const away = [was('in-progress', '07T10:00', '08T15:00')];
const back = [...away, was('onleave', '08T15:00', '09T08:00')];

/** Versions in the order they were told. */
const stories: readonly (readonly [string, readonly Version[]])[] = [
  [
    'a whole stay',
    [
      ['2022-03-07T09:10:00.000Z', encounter({ extension: planned('2022-03-12') })],
      [
        '2022-03-08T14:10:00.000Z',
        encounter({ status: 'onleave', statusHistory: away, extension: needed }),
      ],
      [
        '2022-03-09T09:10:00.000Z',
        encounter({ statusHistory: back, extension: [...needed, ...ready] }),
      ],
      [
        '2022-03-10T13:10:00.000Z',
        finished({ statusHistory: back, extension: [...needed, ...ready] }),
      ],
    ],
  ],
  [
    'a discharge taken back',
    [
      ['2022-03-07T09:10:00.000Z', encounter()],
      ['2022-03-10T13:10:00.000Z', finished()],
      [
        '2022-03-10T15:10:00.000Z',
        encounter({ statusHistory: [was('finished', '10T14:00', '10T16:00')] }),
      ],
    ],
  ],
  [
    'a stay that never was',
    [
      ['2022-03-07T09:10:00.000Z', encounter()],
      ['2022-03-07T10:10:00.000Z', encounter({ status: 'entered-in-error' })],
    ],
  ],
  [
    'an emergency that became inpatient care',
    [
      ['2022-03-07T07:10:00.000Z', encounter({ class: { code: 'EMER' } })],
      [
        '2022-03-07T09:40:00.000Z',
        encounter({
          classHistory: [
            {
              class: { code: 'EMER' },
              period: { start: '2022-03-07T08:00:00+01:00', end: '2022-03-07T10:30:00+01:00' },
            },
          ],
        }),
      ],
      [
        '2022-03-08T09:40:00.000Z',
        encounter({
          class: { code: 'IMP' },
          classHistory: [
            {
              class: { code: 'EMER' },
              period: { start: '2022-03-07T08:00:00+01:00', end: '2022-03-07T10:30:00+01:00' },
            },
          ],
          extension: ready,
        }),
      ],
    ],
  ],
];

describe('versions of an Encounter, in any order of arrival, come to one stay:', () => {
  test.each(stories)('%s', (_name, versions) => {
    const expected = folded(toldInOrder(versions).flat());
    expect(expected['contradictions']).toEqual([]);
    for (const order of permutations(versions)) {
      expect(folded(toldInOrder(order).flat())).toEqual(expected);
    }
  });
});

describe('a stay told by HL7 v2 and by FHIR', () => {
  const [, whole] = stories[0] ?? ['', []];
  const adt: readonly Step[] = [
    ['A01', '2022-03-07 10:00'],
    ['A21', '2022-03-08 15:00'],
    ['A22', '2022-03-09 08:00'],
    ['A03', '2022-03-10 14:00'],
  ];

  test('twice is the stay told once, whichever message comes when', () => {
    const expected = folded(toldInOrder(whole).flat());
    const messages = adt.map((step) => eventsOf('ekliden', step));
    const fhir = toldInOrder(whole);
    // Each standard in its own order, and the two between each other in every way.
    for (let mask = 0; mask < 256; mask += 1) {
      const turns = mask.toString(2).padStart(8, '0').split('');
      if (turns.filter((turn) => turn === '1').length !== 4) continue;
      const [left, right] = [[...fhir], [...messages]];
      const events = turns.flatMap((turn): StoredLike[] =>
        turn === '1'
          ? (left.shift() ?? [])
          : (right.shift() ?? []).map((event) => ({ event, position: 0 })),
      );
      expect(folded(events)).toEqual(expected);
    }
  });

  test('half and half is one stay', () => {
    const events = [
      ...eventsOf('ekliden', ['A01', '2022-03-07 10:00']).map((event) => ({ event, position: 0 })),
      ...toldInOrder([
        ['2022-03-09T09:10:00.000Z', encounter({ extension: [...needed, ...ready] })],
      ]).flat(),
      ...eventsOf('ekliden', ['A03', '2022-03-10 14:00']).map((event) => ({ event, position: 0 })),
    ];
    expect(folded(events)).toMatchObject({
      admitted: '2022-03-07T09:00:00.000Z',
      ready: [['2022-03-09T09:05:00.000Z', undefined]],
      discharged: '2022-03-10T13:00:00.000Z',
      contradictions: [],
    });
  });

  test('a snapshot told after the discharge repeats the admission, and contradicts nothing', () => {
    const events = [
      ...[['A01', '2022-03-07 10:00'] as const, ['A03', '2022-03-10 14:00'] as const].flatMap(
        (step) => eventsOf('ekliden', step).map((event) => ({ event, position: 0 })),
      ),
      ...toldInOrder([['2022-03-10T13:30:00.000Z', encounter()]]).flat(),
    ];
    expect(folded(events)).toMatchObject({
      discharged: '2022-03-10T13:00:00.000Z',
      contradictions: [],
    });
  });
});

test('a discharge that is corrected to a death on a later date was none', () => {
  const died = finished({
    period: { start: '2022-03-07T10:00:00+01:00', end: '2022-03-12T03:00:00+01:00' },
    hospitalization: { dischargeDisposition: { coding: [{ code: 'exp' }] } },
  });
  const versions: Version[] = [
    ['2022-03-10T13:30:00.000Z', finished()],
    ['2022-03-12T08:00:00.000Z', died],
  ];
  const process = fold(toldInOrder(versions).flat());
  expect(process.discharge).toBeUndefined();
  expect(process.deceased?.atMs).toBe(Date.parse('2022-03-12T02:00:00.000Z'));
});

describe('an Encounter that was another one’s', () => {
  const other: Patient = {
    ...patient,
    id: 'p2',
    identifier: [
      { system: 'http://electronichealth.se/identifier/personnummer', value: '196101182803' },
    ],
    address: [{ use: 'home', line: ['Exempelvägen 2'], district: '1481' }],
  };

  test('is seen from its beginning as the other person’s, who pays too', () => {
    const related = { 'Patient/p1': patient, 'Patient/p2': other };
    const moved = encounter({ subject: { reference: 'Patient/p2' } });
    const { facts, patient: whose } = translated(moved, { previous: encounter(), related });
    expect(facts).toEqual([
      {
        type: 'patient.identity-changed',
        occurredAt: '2022-03-07T09:00:00.000Z',
        data: { patient: { municipality: '1481', numberKind: 'personnummer' } },
      },
    ]);
    expect(whose?.numbers.map(({ value }) => value)).toEqual(['196101182803']);
    const byUrn = encounter({ subject: { reference: 'urn:uuid:1' } });
    const same = { 'urn:uuid:1': patient };
    expect(said(translated(byUrn, { previous: encounter(), related: same }))).toEqual([]);
  });

  test('is not moved to another stay by an update; entered in error it is cancelled where it was told', () => {
    const identifier = [{ system: 'https://ekliden.example/vardkontakt', value: 'V2' }];
    expect(refusal(encounter({ identifier }), encounter())).toMatchObject({
      location: 'Encounter.identifier',
      text: expect.stringContaining('entered-in-error'),
    });
    const inError = encounter({ identifier, status: 'entered-in-error' });
    const { facts, stay } = translated(inError, { previous: encounter() });
    expect(facts.map(({ type }) => type)).toEqual(['admission.cancelled']);
    expect(stay).toMatchObject({ number: 'V1001' });
  });
});

describe('an assessment that is dated back', () => {
  const foldedOf = (...versions: readonly Version[]): DischargeProcess =>
    fold(toldInOrder(versions).flat());

  test('takes the place of the one that it corrects: whoever was not ready at midnight was not at ten', () => {
    const { readiness: periods } = foldedOf(
      [
        '2022-03-09T10:00:00.000Z',
        encounter({ extension: readiness('ready', '2022-03-09T10:00:00+01:00') }),
      ],
      ['2022-03-09T15:00:00.000Z', encounter({ extension: readiness('withdrawn', '2022-03-09') })],
    );
    expect(periods).toEqual([]);
  });

  test('of need is what is needed, whatever was said of later', () => {
    const { needs } = foldedOf(
      [
        '2022-03-09T10:00:00.000Z',
        encounter({ extension: need([true, true, false], '2022-03-09T10:00:00+01:00') }),
      ],
      [
        '2022-03-09T15:00:00.000Z',
        encounter({ extension: need([false, false, true], '2022-03-09T09:00:00+01:00') }),
      ],
    );
    expect(needs.map(({ services }) => services?.socialServices)).toEqual([false]);
  });
});

describe('Norrtuna, which says readiness by a Task and need by an Observation', () => {
  const reference = {
    identifier: { system: 'https://norrtuna.example/fhir/vardkontakt', value: 'V9' },
  };
  const subject = { reference: 'Patient/p1' };
  const task = (status: Task['status']): Task => ({
    resourceType: 'Task',
    id: 't1',
    status,
    intent: 'order',
    code: { coding: [{ system: 'https://norrtuna.example/uppgift', code: 'utskrivningsklar' }] },
    encounter: reference,
    for: subject,
    executionPeriod: { end: '2022-03-10T10:05:00+01:00' },
  });
  const part = (code: string, valueBoolean: boolean): ObservationComponent => ({
    code: { coding: [{ system: 'https://norrtuna.example/behov', code }] },
    valueBoolean,
  });
  const observation: Observation = {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { coding: [{ system: 'https://norrtuna.example/observation', code: 'behov' }] },
    encounter: reference,
    subject,
    effectiveDateTime: '2022-03-08T14:00:00+01:00',
    component: [
      part('socialtjanst', true),
      part('kommunal-halso-och-sjukvard', false),
      part('oppenvard', true),
    ],
  };

  test('is understood by its overlay alone', () => {
    const sender = 'norrtuna';
    expect(said(translated(task('in-progress'), { sender }))).toEqual([]);
    const assessed = translated(task('completed'), { sender });
    expect(assessed.stay).toEqual({
      by: 'visit',
      authority: 'https://norrtuna.example/vardkontakt',
      number: 'V9',
    });
    expect(said(assessed)).toEqual(['patient.discharge-ready 2022-03-10T09:05:00.000Z']);
    const cancelled: Task = { ...task('cancelled'), lastModified: '2022-03-12T08:00:00+01:00' };
    expect(said(translated(cancelled, { sender, previous: task('completed') }))).toEqual([
      'discharge-readiness.withdrawn 2022-03-12T07:00:00.000Z TIME_OF_TELLING',
    ]);
    const touched: Task = { ...cancelled, lastModified: '2022-03-20T08:00:00+01:00' };
    expect(said(translated(touched, { sender, previous: cancelled }))).toEqual([]);
    expect(translated(observation, { sender }).facts).toEqual([
      {
        type: 'need.assessed',
        occurredAt: '2022-03-08T13:00:00.000Z',
        data: { socialServices: true, municipalHealthCare: false, regionOutpatient: true },
      },
    ]);
  });
});
