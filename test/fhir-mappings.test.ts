/** FHIR mappings as data: how a place is written, what is checked at load, and that no shape of JSON is too odd to be read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Encounter, FhirResource, Organization, Patient } from 'fhir/r4.js';
import { afterEach, describe, expect, test } from 'vitest';
import { encounterFunctions } from '../adapters/inbound/fhir/meaning/encounter-functions.ts';
import { valueAt } from '../adapters/inbound/fhir/meaning/path.ts';
import { GatewayError, asGatewayError } from '../gateway/errors.ts';
import { fhirFunctions } from '../mappings/fhir-functions.ts';
import { fhirPathOf, loadMappings, parseFhirPath, tableFileOf } from '../mappings/index.ts';
import { withEntry, writePending } from '../mappings/overlay.ts';
import { possibleTargets } from '../mappings/targets.ts';
import { encounter, need, patient, planned, readiness, translated } from './support/fhir-stay.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A user's folder that lies over the shipped mappings. */
function overlay(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-mappings-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
const loadWith = (files: Readonly<Record<string, string>>): ReturnType<typeof loadMappings> =>
  loadMappings({ overlays: [overlay(files)] });

describe('a place in a resource', () => {
  const resource = {
    resourceType: 'Encounter',
    status: 'finished',
    isFirst: false,
    rank: 3,
    blank: '  ',
    period: { start: '2022' },
    participant: [{ type: 'none' }, { individual: { display: 'second' } }],
    identifier: [
      { system: 'urn:a', value: '1' },
      { system: 'urn:b', use: 'old', value: '2' },
    ],
    extension: [
      { url: 'urn:x', valueDateTime: '2022-03-07' },
      { url: 'urn:y', extension: [{ url: 'inner', valueBoolean: true }] },
    ],
    component: [
      { code: { coding: [{ system: 's', code: 'a' }] }, valueString: 'A' },
      {
        code: {
          coding: [
            { system: 't', code: 'b' },
            { system: 's', code: 'b' },
          ],
        },
        valueString: 'B',
      },
    ],
  };

  test.each([
    ['Encounter.status', 'finished'],
    ['Encounter.isFirst', false],
    ['Encounter.rank', '3'],
    ['Encounter.period.start', '2022'],
    ['Encounter.participant.individual.display', 'second'],
    ['Encounter.identifier.value', '1'],
    ['Encounter.identifier(urn:b).value', '2'],
    ['Encounter.identifier(old).value', '2'],
    ['Encounter.identifier(urn:b|2).system', 'urn:b'],
    ['Encounter.extension(urn:x).value', '2022-03-07'],
    ['Encounter.extension(urn:y).extension(inner).value', true],
    ['Encounter.component(s|b).value', 'B'],
    ['Encounter.component.code.coding(s|b).code', 'b'],
    // none of these is there
    ['Encounter.blank', undefined],
    ['Encounter.period', undefined],
    ['Encounter.identifier(urn:c).value', undefined],
    ['Encounter.component(t|a).value', undefined],
    ['Encounter.status.length', undefined],
    ['Encounter.constructor.name', undefined],
    ['Patient.status', undefined],
  ])('%s is %j', (path, value) => {
    expect(valueAt({ Encounter: resource }, fhirPathOf(path))).toBe(value);
  });

  test.each([
    'Encounter',
    'encounter.status',
    'Encounter.',
    'Encounter..status',
    'Encounter.Status',
    'Encounter.status[0]',
    'Encounter.identifier()',
    'Encounter.identifier(a',
    'Encounter.identifier(a|).value',
    'Encounter.identifier(a b).value',
    'Encounter.status.exists()',
    'Encounter.status = 1',
    `Encounter${'.a'.repeat(13)}`,
    `Encounter.identifier(${'x'.repeat(201)}).value`,
  ])('is not written %s', (text) => {
    expect(parseFhirPath(text)).toBeUndefined();
  });
});

describe('loading', () => {
  test('every function an entry may name is there', () => {
    const named = loadMappings()
      .fhir.get('Encounter')
      ?.events.flatMap((entry) => entry.function ?? []);
    expect(Object.keys(encounterFunctions).toSorted()).toEqual(named?.toSorted());
    for (const name of named ?? []) expect(fhirFunctions).toHaveProperty(name);
  });

  const entry = (text: string): Record<string, string> => ({
    'fhir/encounter.yaml': `events: [${text}]\n`,
  });
  const sender = (text: string): Record<string, string> => ({
    'senders/test.yaml': `id: test\nname: T\ndescription: D\ncounty: '14'\nzone: Europe/Stockholm\nvisitAuthority: urn:v\n${text}`,
  });

  test.each([
    [
      'an unknown key',
      entry('{ event: patient.discharged, occurredAt: told, ifGon: stands }'),
      /encounter\.yaml: events\.0\.ifGon: unknown key; did you mean 'ifGone'\?/,
    ],
    [
      'an unknown event',
      entry('{ event: patient.dischargd, occurredAt: told }'),
      /encounter\.yaml: events\.0\.event: unknown event 'patient\.dischargd'; did you mean 'patient\.discharged'/,
    ],
    [
      'a path of HL7 v2',
      entry('{ event: patient.discharged, occurredAt: PV1-45 }'),
      /events\.0\.occurredAt: 'PV1-45' is neither a path like Encounter\.period\.start nor 'told'/,
    ],
    [
      'a path that begins elsewhere',
      entry('{ event: patient.discharged, occurredAt: Task.lastModified }'),
      /events\.0\.Task\.lastModified: begins in Task; here it can be Encounter, Patient/,
    ],
    [
      'an unknown table',
      entry('{ event: Encounter.status via encounter-progres, occurredAt: told }'),
      /unknown table 'encounter-progres'; did you mean 'encounter-progress'/,
    ],
    [
      'an unknown function',
      entry('{ function: admision, occurredAt: told }'),
      /unknown function 'admision'; did you mean 'admission'/,
    ],
    [
      'an event without what it needs',
      entry('{ event: need.assessed, occurredAt: told }'),
      /events\.0\.data: need\.assessed needs socialServices/,
    ],
    [
      'what is gone meaning nothing known',
      entry('{ event: patient.discharged, occurredAt: told, ifGone: gone }'),
      /events\.0\.ifGone: unknown event 'gone'/,
    ],
    [
      'another type than the file’s',
      { 'fhir/task.yaml': 'resource: Encounter\n' },
      /task\.yaml: resource: 'Encounter' is not the file's; it is Task/,
    ],
    [
      'a file of no type',
      { 'fhir/encounters.yaml': 'events: []\n' },
      /encounters\.yaml: no such mapping; expected .*fhir\/encounter\.yaml/,
    ],
    [
      'a table with the name of another standard’s',
      {
        'fhir/tables/protection.yaml':
          "{ source: s, target: t, version: '1', reference: r, entries: {} }",
      },
      /protection\.yaml: a table of another standard has that name|protection\.yaml.*has that name/,
    ],
    [
      'an event in a table that is none',
      { 'fhir/tables/discharge-readiness.yaml': 'entries: { maybe: patient.redy }' },
      /discharge-readiness\.yaml: entries\.maybe: unknown event/,
    ],
    [
      'a sender that speaks nothing',
      sender(''),
      /test\.yaml: match: is missing; a sender of HL7 v2 needs match and charset, one of FHIR needs fhir/,
    ],
    [
      'a sender of HL7 v2 without its character set',
      sender('match: { MSH-3: A, MSH-4: B }\nhospital: H\n'),
      /test\.yaml: charset: is missing/,
    ],
    [
      'a character set without HL7 v2',
      sender('charset: 8859/1\nfhir: {}\n'),
      /test\.yaml: match: is missing/,
    ],
    [
      'a trigger event without HL7 v2',
      sender('fhir: {}\ntriggers: {}\n'),
      /test\.yaml: triggers: is of HL7 v2, and there is no match/,
    ],
    [
      'a sender of HL7 v2 without a hospital',
      sender('match: { MSH-3: A, MSH-4: B }\ncharset: 8859/1\n'),
      /test\.yaml: hospital: is missing/,
    ],
    ['an unknown level', sender('fhir: { level: strict }\n'), /test\.yaml: fhir\.level: /],
    [
      'a misspelt key of the overlay',
      sender('fhir: { visitSystem: [urn:v] }\n'),
      /fhir\.visitSystem: unknown key; did you mean 'visitSystems'\?/,
    ],
    [
      'an entry of an overlay',
      sender(
        'fhir: { resources: { Task: { events: [{ event: patient.redy, occurredAt: told }] } } }\n',
      ),
      /test\.yaml: fhir\.resources\.Task\.events\.0\.event: unknown event/,
    ],
    [
      'a municipality through a table that gives none',
      sender('fhir: { municipality: Patient.address.city via protection }\n'),
      /test\.yaml: fhir\.municipality: table protection: entries\..*not a code of four digits/,
    ],
  ])('%s stops the start and says where', (_name, files, text) => {
    expect(() => loadWith(files)).toThrow(text);
    try {
      loadWith(files);
    } catch (thrown) {
      expect(asGatewayError(thrown).code).toBe('configuration-invalid');
    }
  });

  test('a sender may speak FHIR alone', () => {
    const mappings = loadWith(sender('fhir: {}\n'));
    const meant = translated(encounter({ identifier: [{ system: 'urn:v', value: '7' }] }), {
      sender: 'test',
      by: mappings,
    });
    expect(meant.stay).toEqual({ by: 'visit', authority: 'urn:v', number: '7' });
    expect(meant.facts[0]?.data).not.toHaveProperty('hospital');
  });

  test('a sender’s own entries lie after the shipped ones, or in their place', () => {
    const own = '{ event: care-contact.appointed, occurredAt: Encounter.period.start }';
    const types = (replace: string): string[] => {
      const by = loadWith(
        sender(`fhir: { resources: { Encounter: { ${replace} events: [${own}] } } }\n`),
      );
      const one = encounter({ identifier: [{ system: 'urn:v', value: '7' }] });
      return translated(one, { sender: 'test', by }).facts.map(({ type }) => type);
    };
    expect(types('')).toEqual(['patient.admitted', 'care-contact.appointed']);
    expect(types('replace: true,')).toEqual(['care-contact.appointed']);
  });

  test('what is gone may be taken back, by its time and what it said', () => {
    const by = loadWith({
      'senders/ekliden.yaml': `fhir: { resources: { Encounter: { replace: true, events: [{ event: outpatient-care.plan-set, ifPresent: Encounter.length.value, occurredAt: Encounter.period.start, data: { exists: { constant: true } }, ifGone: taken-back }] } } }\n`,
    });
    const previous = encounter({ length: { value: 3 } });
    expect(translated(encounter(), { previous, by }).facts).toEqual([
      {
        type: 'statement.withdrawn',
        occurredAt: '2022-03-07T11:00:00.000Z',
        data: {
          statement: 'outpatient-care.plan-set',
          at: '2022-03-07T09:00:00.000Z',
          of: { exists: true },
        },
      },
    ]);
  });
});

describe('a code that no table has', () => {
  test('is entered where its table lies, and what waited waits no longer', () => {
    const shipped = loadMappings();
    const table = 'encounter-class';
    const waiting = encounter({ class: { code: 'SLUTEN' } });
    expect(translated(waiting, { by: shipped }).unmapped.map((one) => one.table)).toEqual([table]);
    expect(possibleTargets(shipped, table)).toMatchObject({
      targets: [true, false],
      uses: ['Encounter inpatient'],
    });
    const folder = overlay({});
    const entry = {
      file: tableFileOf(shipped, table),
      code: 'SLUTEN',
      target: true,
      reference: 'list 3',
    };
    const pending = withEntry(folder, entry);
    expect(pending.name).toBe('fhir/tables/encounter-class.yaml');
    const by = loadMappings({ overlays: [folder], pending });
    expect(translated(waiting, { by })).toMatchObject({
      unmapped: [],
      facts: [{ type: 'patient.admitted' }],
    });
    writePending(pending);
    expect(loadMappings({ overlays: [folder] }).tables.get(table)?.entries).toMatchObject({
      SLUTEN: true,
      IMP: true,
    });
  });

  test('of a code that a function reads has what the function can take, and what is shipped is that', () => {
    const shipped = loadMappings();
    for (const [type, { codes = {} }] of shipped.fhir) {
      for (const source of Object.values(codes).flat()) {
        const table = / via (\S+)$/.exec(source)?.[1];
        if (table === undefined || table === 'encounter-discharge-disposition') continue;
        const { targets } = possibleTargets(shipped, table);
        const own = Object.values(shipped.tables.get(table)?.entries ?? {});
        expect(
          own.filter((one) => !targets.includes(one)),
          `${type} ${table}`,
        ).toEqual([]);
      }
    }
    const inTask = possibleTargets(shipped, 'task-notice-sent');
    expect(new Set(inTask.targets)).toEqual(new Set([false, true]));
    const ofAnswer = possibleTargets(shipped, 'notice-answer').targets;
    expect(ofAnswer).toContain(null);
  });

  test('may mean what its place can take', () => {
    const shipped = loadMappings();
    expect(possibleTargets(shipped, 'discharge-readiness').targets).toEqual(
      expect.arrayContaining(['patient.discharge-ready', 'discharge-readiness.withdrawn', null]),
    );
    expect(possibleTargets(shipped, 'encounter-discharge-disposition').targets).toContain(
      'expired',
    );
    expect(possibleTargets(shipped, 'observation-statement').targets).toContain(
      'placement.decided',
    );
    expect(possibleTargets(shipped, 'notice-refusal').targets).toEqual([
      'notice.misdirected',
      null,
    ]);
    // Both places that read it can take no more.
    expect(possibleTargets(shipped, 'planning-refusal')).toMatchObject({
      targets: ['planning.declined', null],
      uses: ['CarePlan activityRefusal', 'Task planningRefusal'],
    });
    expect(tableFileOf(shipped, '0112-discharge-disposition')).toBe(
      'hl7v2/tables/0112-discharge-disposition.yaml',
    );
  });
});

describe('odd shapes of JSON', () => {
  const person: Patient = {
    ...patient,
    meta: {
      security: [{ system: 'http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel', code: 'x' }],
    },
    deceasedDateTime: '2022-03-10T13:00:00+01:00',
  };
  const unit: Organization = { resourceType: 'Organization', id: 'o', name: 'Enheten' };
  const within: Patient = { ...person, id: 'p' };
  const whole: Encounter = encounter({
    status: 'finished',
    period: { start: '2022-03-07T10:00:00+01:00', end: '2022-03-10T14:00:00+01:00' },
    contained: [within, unit],
    subject: { reference: '#p', identifier: { system: 'urn:x', value: '1' } },
    serviceProvider: { reference: '#o' },
    statusHistory: [
      { status: 'onleave', period: { start: '2022-03-08', end: '2022-03-09' } },
      { status: 'finished', period: { start: '2022-03-09', end: '2022-03-10' } },
    ],
    classHistory: [{ class: { code: 'EMER' }, period: { start: '2022-03-06', end: '2022-03-07' } }],
    location: [
      { status: 'active', location: { reference: 'Location/1' }, period: { start: '2022-03-08' } },
    ],
    hospitalization: {
      admitSource: { coding: [{ code: 'emd' }] },
      dischargeDisposition: { coding: [{ code: 'home' }] },
    },
    extension: [
      ...planned('2022-03-12'),
      ...readiness('ready', '2022-03-10T10:05:00+01:00'),
      ...need([true, false, false], '2022-03-08'),
    ],
  });
  const junk: readonly unknown[] = [null, 0, 'x', {}, [null], [['x']]];

  /** The resource once for each of its elements and each odd value in that place. */
  function* oddities(node: unknown, put: (value: unknown) => unknown): Generator {
    for (const value of junk) yield put(value);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === 'resourceType') continue;
      yield* oddities(child, (value) =>
        put(
          Array.isArray(node)
            ? node.map((one: unknown, index) => (String(index) === key ? value : one))
            : { ...node, [key]: value },
        ),
      );
    }
  }

  function read(resource: FhirResource, around: Parameters<typeof translated>[1]): void {
    try {
      translated(resource, around);
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      expect(['malformed-message', 'unsupported-message']).toContain(thrown.code);
      expect(thrown.message).not.toMatch(/19500907|Påhittad/);
    }
  }

  const open = encounter({ statusHistory: whole.statusHistory ?? [] });
  test.each([
    ['an Encounter that is over', whole],
    ['an Encounter in progress', { ...whole, status: 'in-progress' as const }],
    ['an Encounter on leave, known by its patient', { ...open, status: 'onleave' as const }],
    ['a Patient', person],
  ])('of %s are read or refused, now, before and beside', (_name, resource) => {
    let count = 0;
    for (const odd of oddities(resource, (value) => value)) {
      if (typeof odd !== 'object' || odd === null || !('resourceType' in odd)) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const strange = odd as FhirResource;
      read(strange, {});
      read(strange, { previous: resource });
      read(resource, { previous: strange });
      read(encounter(), { related: { 'Patient/p1': strange, 'Location/1': strange } });
      count += 1;
    }
    expect(count).toBeGreaterThan(100);
  });
});
