/** Who a person is by FHIR: numbers spelled as HL7 v2 spells them, the name and the address that count, protection, municipality. */
import type { Organization, Patient } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import type { PersonStatement } from '../adapters/adapter.ts';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { adtBytes } from './support/adt-message.ts';
import {
  base,
  encounter,
  mappings,
  patient,
  personnummer,
  translated,
} from './support/fhir-stay.ts';

function statementOf(over: Partial<Patient>, sender?: string): PersonStatement {
  const [statement, ...more] =
    translated({ ...patient, ...over }, { ...(sender !== undefined && { sender }) }).persons ?? [];
  expect(more).toEqual([]);
  if (statement === undefined) throw new Error('no statement of a person');
  return statement;
}
const numbersOf = (identifier: NonNullable<Patient['identifier']>): unknown =>
  statementOf({ identifier }).patient.numbers;
function codesOf(over: Partial<Patient>, sender?: string): unknown {
  const [fact] = statementOf(over, sender).facts;
  return fact?.type === 'patient.identity-changed' ? fact.data.patient : undefined;
}

const listedAt: Organization = {
  resourceType: 'Organization',
  id: 'unit',
  identifier: [{ system: 'urn:oid:1.2.752.129.2.1.4.1', value: 'SE2321000131-E000000000002' }],
};

describe('a Patient', () => {
  test('tells every stay of the person who they are', () => {
    const meant = translated(patient);
    expect(meant).toMatchObject({ facts: [], unmapped: [], warnings: [] });
    expect(meant.stay).toBeUndefined();
    expect(meant.persons).toEqual([
      {
        patient: {
          numbers: [
            { authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' },
          ],
          family: 'Påhittad',
          given: 'Åsa',
          address: { street: 'Exempelvägen 1', postalCode: '99999', city: 'Påhittsby' },
        },
        earlierNumbers: [],
        facts: [
          {
            type: 'patient.identity-changed',
            occurredAt: '2022-03-07T11:00:00.000Z',
            data: { patient: { municipality: '1480', numberKind: 'personnummer' } },
          },
        ],
      },
    ]);
    expect(meant.resources).toHaveLength(1);
  });

  test.each<[string, Partial<Patient>, string | undefined]>([
    [
      'by identifier',
      {
        generalPractitioner: [
          {
            identifier: { system: 'urn:oid:1.2.752.29.4.19', value: 'SE2321000131-E000000000001' },
          },
        ],
      },
      'SE2321000131-E000000000001',
    ],
    [
      'as a contained Organization',
      { contained: [listedAt], generalPractitioner: [{ reference: '#unit' }] },
      'SE2321000131-E000000000002',
    ],
    [
      'by a number that is no HSA-id: then nothing is said of it',
      { generalPractitioner: [{ identifier: { system: 'urn:oid:1.2.3', value: '17' } }] },
      undefined,
    ],
  ])('names the unit of the region that the person is listed at %s', (_, over, unit) => {
    const codes = { municipality: '1480', numberKind: 'personnummer' };
    expect(codesOf(over)).toEqual(unit === undefined ? codes : { ...codes, outpatientUnit: unit });
  });

  test('without a number is refused, and no value of it is told', () => {
    for (const identifier of [
      [],
      [{ system: personnummer }],
      [{ system: personnummer, value: ' ' }],
    ]) {
      try {
        translated({ ...patient, identifier });
        throw new Error('was taken');
      } catch (thrown) {
        const { code, location, message } = asGatewayError(thrown);
        expect([code, location]).toEqual(['malformed-message', 'Patient.identifier']);
        expect(message).not.toMatch(/Påhittad|Exempel/);
      }
    }
  });

  test('of a planning system is kept for what refers to it, and says nothing', () => {
    const meant = translated(patient, { request: { kind: 'primary-care' } });
    expect(meant.persons).toBeUndefined();
    expect(meant.resources).toHaveLength(1);
  });

  test('that is dead says so in the Encounter alone, as A31 does', () => {
    const meant = translated({ ...patient, deceasedDateTime: '2022-03-10' });
    expect(meant.persons?.[0]?.facts.map(({ type }) => type)).toEqual(['patient.identity-changed']);
    expect(meant.warnings).toEqual([
      'Patient.deceased: the Encounter tells the death, by its end or its update',
    ]);
  });
});

describe('a number', () => {
  const oid = (value: string): string => `urn:oid:${value}`;
  const national = '1.2.752.129.2.1.3.1';

  test.each([
    ['the URI of the base profiles', personnummer],
    ['the OID', oid(national)],
    ['the bare OID', national],
  ])('by %s is the same number', (_name, system) => {
    expect(numbersOf([{ system, value: '19500907-2553' }])).toEqual([
      { authority: national, value: '195009072553', kind: 'personnummer' },
    ]);
  });

  test('is the same that HL7 v2 has in PID-3', () => {
    const inbound = hl7v2Inbound(mappings);
    const { patient: told } = inbound.translate(inbound.read(adtBytes('ekliden', 'A01')));
    expect(translated(encounter()).patient?.numbers).toEqual(told?.numbers);
  });

  test('of a hospital’s own kind is the one that its HL7 v2 names otherwise', () => {
    const inbound = hl7v2Inbound(mappings);
    const pid3 = 'R77^^^RESNR';
    const { patient: told } = inbound.translate(
      inbound.read(adtBytes('ekliden', 'A01', [['PID', { 3: pid3 }], ['PV1']])),
    );
    expect(numbersOf([{ system: 'https://ekliden.example/reservnummer', value: 'R77' }])).toEqual(
      told?.numbers,
    );
  });

  test('of the other kinds is known by its system, never by its shape', () => {
    const swedish = 'http://electronichealth.se/identifier';
    expect(
      numbersOf([
        { system: `${swedish}/samordningsnummer`, value: '191401682396' },
        { system: `${swedish}/nationelltReservnummer`, value: '98240301AA06' },
        { system: oid('1.2.752.97.3.1.3'), value: '990101A123' },
        { system: `${swedish}/LMA-nummer`, value: '50-123456/1' },
        { system: 'https://somewhere.example/id', value: '195009072553' },
        { value: '195009072553' },
      ]),
    ).toEqual([
      { authority: '1.2.752.129.2.1.3.3', value: '191401682396', kind: 'samordningsnummer' },
      { authority: '1.2.752.74.9.1', value: '98240301AA06', kind: 'reservnummer' },
      { authority: '1.2.752.97.3.1.3', value: '990101A123', kind: 'reservnummer' },
      { authority: `${swedish}/LMA-nummer`, value: '50-123456/1', kind: 'LMA-nummer' },
      { authority: 'https://somewhere.example/id', value: '195009072553', kind: 'local' },
      { authority: 'ekliden:unnamed', value: '195009072553', kind: 'local' },
    ]);
  });

  test('that says it is a personnummer and is none is local, with a warning that does not show it', () => {
    const meant = translated({
      ...patient,
      identifier: [{ system: personnummer, value: '195009072554' }],
    });
    expect(meant.persons?.[0]?.patient.numbers).toEqual([
      { authority: personnummer, value: '195009072554', kind: 'local' },
    ]);
    expect(meant.warnings).toEqual(['Patient.identifier[0]: not a valid personnummer']);
  });

  test('that is old is not the person’s, and one that stands twice stands once', () => {
    expect(
      numbersOf([
        { use: 'old', system: personnummer, value: '196101182803' },
        { system: personnummer, value: '195009072553' },
        { system: oid(national), value: '195009072553' },
      ]),
    ).toHaveLength(1);
  });

  test('is one of twenty at most', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ system: 'urn:x', value: `${index}` }));
    const meant = translated({ ...patient, identifier: many });
    expect(meant.persons?.[0]?.patient.numbers).toHaveLength(20);
    expect(meant.warnings).toEqual(['Patient.identifier: more than 20 identifiers']);
  });
});

describe('the name and the address that count', () => {
  test('the official name, wherever it stands', () => {
    const name: Patient['name'] = [
      { use: 'maiden', family: 'Fru' },
      { use: 'nickname', given: ['Ossi'] },
      { use: 'official', family: 'Rätt', given: ['Åsa', 'Maria'] },
    ];
    expect(statementOf({ name }).patient).toMatchObject({ family: 'Rätt', given: 'Åsa Maria' });
  });

  test('no name, where all are maiden or old', () => {
    const name: Patient['name'] = [
      { use: 'maiden', family: 'Fru' },
      { use: 'old', family: 'Gammal' },
    ];
    expect(statementOf({ name }).patient.family).toBeUndefined();
  });

  const temporary = { use: 'temp', city: 'Tillfällig', district: '2480' } as const;
  const old = { use: 'old', city: 'Gammal', district: '2480' } as const;
  const home = {
    use: 'home',
    line: ['c/o Rätt', 'Vägen 1'],
    city: 'Rätt',
    district: '1480',
  } as const;

  test('the home, and never a temporary or an old one', () => {
    const address = [temporary, old, { ...home, line: [...home.line] }];
    expect(statementOf({ address }).patient.address).toEqual({
      street: 'c/o Rätt, Vägen 1',
      city: 'Rätt',
    });
    expect(codesOf({ address })).toMatchObject({ municipality: '1480' });
    expect(statementOf({ address: [temporary, old] }).patient.address).toBeUndefined();
    expect(codesOf({ address: [temporary, old] })).toEqual({ numberKind: 'personnummer' });
  });
});

describe('the municipality', () => {
  const url = `${base}/StructureDefinition/municipality`;

  test('by our extension comes before the address', () => {
    const system = 'urn:oid:1.2.752.129.2.2.1.17';
    expect(codesOf({ extension: [{ url, valueCode: '1407' }] })).toMatchObject({
      municipality: '1407',
    });
    expect(codesOf({ extension: [{ url, valueCoding: { system, code: '1407' } }] })).toMatchObject({
      municipality: '1407',
    });
  });

  test('by a name that no table has parks the stay, and only warns of the person', () => {
    const address = [{ use: 'home' as const, district: 'Påhitt' }];
    const waiting = {
      table: 'municipality-codes',
      code: 'Påhitt',
      path: 'Patient.address.district',
    };
    const related = { 'Patient/p1': { ...patient, address } };
    expect(translated(encounter(), { related }).unmapped).toEqual([waiting]);
    const person = translated({ ...patient, address });
    expect(person.unmapped).toEqual([]);
    expect(person.warnings).toEqual([
      'Patient.address.district: code not in table municipality-codes',
    ]);
  });

  test('stands where the sender’s overlay says, before where it is as shipped', () => {
    const over: Partial<Patient> = { extension: [{ url, valueCode: '1407' }] };
    expect(codesOf(over, 'norrtuna')).toMatchObject({ municipality: '1480' });
  });
});

describe('protection', () => {
  const system = 'http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel';
  const marked = (...codes: string[]): Partial<Patient> => ({
    meta: { security: codes.map((code) => ({ system, code })) },
  });

  test.each([
    [['sekretessmarkering'], 'sekretessmarkering'],
    [['skyddadFolkbokforing'], 'skyddadFolkbokforing'],
    [['sekretessmarkering', 'skyddadFolkbokforing'], 'skyddadFolkbokforing'],
    [['something-new'], 'unspecified'],
    [['something-new', 'sekretessmarkering'], 'unspecified'],
  ])('%s is %s', (codes, protection) => {
    expect(codesOf(marked(...codes))).toMatchObject({ protection });
  });

  test('silence, and labels of another system, lift none', () => {
    expect(codesOf({})).not.toHaveProperty('protection');
    const security = [
      { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
    ];
    expect(codesOf({ meta: { security } })).not.toHaveProperty('protection');
  });

  test('comes with the stay', () => {
    const related = { 'Patient/p1': { ...patient, ...marked('skyddadFolkbokforing') } };
    expect(translated(encounter(), { related }).facts[0]?.data).toMatchObject({
      patient: { protection: 'skyddadFolkbokforing' },
    });
  });
});
