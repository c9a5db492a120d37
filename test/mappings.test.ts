import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import type { Hospital, HospitalStep } from '../adapters/simulated/hospital.ts';
import { GatewayError, asGatewayError } from '../gateway/errors.ts';
import { eventFunctions as implemented } from '../adapters/inbound/hl7v2/meaning/facts.ts';
import { eventFunctions } from '../mappings/check.ts';
import { packageRoot } from '../gateway/data-files.ts';
import { loadMappings, municipalityCodes } from '../mappings/index.ts';

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

function loadWith(files: Readonly<Record<string, string>>): ReturnType<typeof loadMappings> {
  return loadMappings({ overlays: [overlay(files)] });
}

const sender = `
id: NAME
name: Test hospital
description: for a test
match: { MSH-3: TEST-PAS, MSH-4: TEST }
county: '14'
hospital: Test hospital
charset: 8859/1
zone: Europe/Stockholm
visitAuthority: https://test.example/visit
`;

const step: HospitalStep = {
  trigger: 'A08',
  at: '2022-03-10T10:10:00',
  visit: 'V77',
  personnummer: '195009072553',
  family: 'Påhittad|^&',
  given: 'Åsa\\',
  address: { street: 'Exempelvägen 1', postalCode: '99999', city: 'Påhittsby' },
  municipality: '1480',
  unit: 'MED1',
  controlId: 'C1',
};

describe('loading', () => {
  test('the shipped mappings load, with a revision that is the same each time', () => {
    const mappings = loadMappings();
    expect(mappings.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(loadMappings().revision).toBe(mappings.revision);
    expect(mappings.senders.map(({ id }) => id)).toEqual(['ekliden', 'norrtuna', 'samordna']);
    expect(Object.keys(mappings.adt.triggers)).toEqual(
      expect.arrayContaining(['A01', 'A02', 'A03', 'A08', 'A11', 'A13', 'A16', 'A25']),
    );
  });

  test('what is loaded cannot be changed', () => {
    const mappings = loadMappings();
    expect(Object.isFrozen(mappings.adt.triggers['A01']?.events)).toBe(true);
    expect(Object.isFrozen(mappings.tables.get('0136-yes-no')?.entries)).toBe(true);
  });

  test('a trigger is mapped or ignored, never both, and every table is used', () => {
    const { adt, fhir, tables, senders } = loadMappings();
    // It is the table of every municipality path that names none.
    const always = new Set([municipalityCodes]);
    for (const trigger of Object.keys(adt.triggers)) {
      expect(Object.keys(adt.ignored)).not.toContain(trigger);
    }
    const death = readFileSync(
      join(packageRoot(), 'adapters/inbound/hl7v2/meaning/death.ts'),
      'utf8',
    );
    const written = JSON.stringify([adt, [...fhir.values()], senders]);
    for (const name of tables.keys()) {
      if (always.has(name)) continue;
      expect(written.includes(`via ${name}"`) || death.includes(`'${name}'`), name).toBe(true);
    }
  });

  test('every function an entry may name is there', () => {
    expect(Object.keys(implemented).toSorted()).toEqual(Object.keys(eventFunctions).toSorted());
  });

  test('a folder of the user adds to a table key by key, and the revision changes', () => {
    const shipped = loadMappings();
    const grown = loadWith({
      'hl7v2/tables/0112-discharge-disposition.yaml':
        "entries: { 'X9': ward-hotel, '01': own-home }",
    });
    const entries = grown.tables.get('0112-discharge-disposition')?.entries;
    expect(entries).toMatchObject({ X9: 'ward-hotel', '01': 'own-home', '20': 'expired' });
    expect(grown.revision).not.toBe(shipped.revision);
  });

  test('a folder of the user adds a sender, and its own way over the shipped trigger', () => {
    const mappings = loadWith({
      'senders/test.yaml': `${sender.replace('NAME', 'test')}
triggers:
  A02:
    replace: true
    events: [{ event: care-contact.appointed, occurredAt: EVN-6, data: { unit: { constant: HOME } } }]
  A24:
    events: [{ event: patient.on-leave, occurredAt: EVN-6 }]
`,
    });
    const inbound = hl7v2Inbound(mappings);
    const types = (trigger: string): unknown => {
      const text =
        `MSH|^~\\&|TEST-PAS|TEST|||20220307||ADT^${trigger}|1|P|2.5\rEVN||20220307|||` +
        '|20220307115000\rPID|||1^^^X\rPV1|1|I|A||||||||||||||||V1\r';
      const { facts } = inbound.translate(inbound.read(Buffer.from(text)));
      return facts.map(({ type, data }) => [type, data]);
    };
    expect(types('A02')).toEqual([['care-contact.appointed', { unit: 'HOME' }]]);
    expect(types('A24')).toEqual([['patient.on-leave', {}]]);
    expect(types('A13')).toEqual([['discharge.cancelled', {}]]);
  });

  test('a sender may have the visit number and the person elsewhere', () => {
    const mappings = loadWith({
      'senders/test.yaml': `${sender.replace('NAME', 'test')}
stay: PID-18
patient: { numbers: [PID-3, PID-19], family: PID-5.2 }
`,
    });
    const inbound = hl7v2Inbound(mappings);
    const text =
      'MSH|^~\\&|TEST-PAS|TEST|||20220307||ADT^A21|1|P|2.5\rEVN||20220307|||' +
      '|20220307115000\rPID|||1^^^X||Given^Family|||||||||||||V7|N2\rPV1|1|I|A\r';
    const { stay, patient } = inbound.translate(inbound.read(Buffer.from(text)));
    expect(stay).toMatchObject({ number: 'V7' });
    expect(patient).toMatchObject({ family: 'Family', numbers: [{ value: '1' }, { value: 'N2' }] });
  });

  test('a class that a hospital admits under is added by the user, and a code that only describes passes', () => {
    const raw = Buffer.from(
      Buffer.from(buildMessage('norrtuna', { ...step, trigger: 'A01' }))
        .toString()
        .replace('\rPV1|1|I|', '\rPV1|1|R|'),
    );
    const shipped = hl7v2Inbound(loadMappings());
    expect(shipped.translate(shipped.read(raw))).toMatchObject({
      facts: [],
      ignored: expect.stringContaining('PV1-2 R means no event'),
    });
    const table = 'hl7v2/tables/0004-admission.yaml';
    const grown = hl7v2Inbound(loadWith({ [table]: 'entries: { R: patient.admitted }' }));
    expect(grown.translate(grown.read(raw))).toMatchObject({
      facts: [{ type: 'patient.admitted', data: { patientClass: 'R' } }],
      warnings: ['PV1-2: code not in table 0004-patient-class'],
    });
  });

  test('what `""` means is told by a table, or by an entry', () => {
    const said = (raw: Uint8Array, files: Readonly<Record<string, string>>): unknown => {
      const inbound = hl7v2Inbound(loadWith(files));
      const { facts, unmapped } = inbound.translate(inbound.read(raw));
      return [facts.map(({ type }) => type), unmapped.map(({ table }) => table)];
    };
    const snapshot = Buffer.from(buildMessage('ekliden', step)).toString('latin1');
    const withNull = (zut: string): Uint8Array =>
      Buffer.from(snapshot.replace(/\rZUT\|.*\r/, `\rZUT|${zut}\r`), 'latin1');
    const changed = 'patient.identity-changed';
    expect(said(withNull('""'), {})).toEqual([[changed], ['ekliden-readiness']]);
    const table = { 'hl7v2/tables/ekliden-readiness.yaml': `entries: { '""': null }` };
    expect(said(withNull('""'), table)).toEqual([[changed], []]);
    expect(said(withNull('N|||||""'), {})).toEqual([[changed], ['ifNull']]);
    const entry = '{ event: need.withdrawn, ifNull: ZUT-6, occurredAt: EVN-6 }';
    const shipped = readFileSync(join(packageRoot(), 'mappings/senders/ekliden.yaml'), 'utf8');
    const added = { 'senders/ekliden.yaml': `${shipped}      - ${entry}\n` };
    expect(said(withNull('N|||||""'), added)).toEqual([[changed, 'need.withdrawn'], []]);
  });

  test('a code that is parked is translated once the table has it', () => {
    const raw = buildMessage('ekliden', { ...step, trigger: 'A03', disposition: 'X9' });
    const before = hl7v2Inbound(loadMappings());
    expect(before.translate(before.read(raw))).toMatchObject({
      facts: [],
      unmapped: [{ table: '0112-discharge-disposition', code: 'X9', path: 'PV1-36' }],
    });
    const table = 'hl7v2/tables/0112-discharge-disposition.yaml';
    const after = hl7v2Inbound(loadWith({ [table]: 'entries: { X9: ward-hotel }' }));
    expect(after.translate(after.read(raw))).toMatchObject({
      facts: [{ type: 'patient.discharged', data: { disposition: 'ward-hotel' } }],
      unmapped: [],
    });
  });
});

describe('a municipality that is not written as its code', () => {
  const raw = buildMessage('norrtuna', { ...step, municipality: 'Påhittsby' });
  const municipalityBy = (files: Readonly<Record<string, string>>): unknown => {
    const inbound = hl7v2Inbound(loadWith(files));
    const { facts, unmapped } = inbound.translate(inbound.read(raw));
    return { patient: facts.map(({ data }) => data), unmapped };
  };
  const known = [{ patient: { municipality: '2480', numberKind: 'personnummer' } }];

  test('is resolved by an entry of the user, and the message is parked no longer', () => {
    expect(municipalityBy({})).toMatchObject({
      unmapped: [{ table: 'municipality-codes', code: 'Påhittsby', path: 'PID-11.9' }],
    });
    const table = { 'hl7v2/tables/municipality-codes.yaml': "entries: { Påhittsby: '2480' }" };
    expect(municipalityBy(table)).toEqual({ patient: known, unmapped: [] });
  });

  test('may go through a table that the path names', () => {
    const files = {
      'hl7v2/tables/norrtuna-places.yaml':
        "{ source: s, target: t, version: '1', reference: r, entries: { Påhittsby: '2480' } }",
      'senders/norrtuna.yaml': 'municipality: PID-11.9 via norrtuna-places',
    };
    expect(municipalityBy(files)).toEqual({ patient: known, unmapped: [] });
  });

  test('can be said to be none', () => {
    const table = { 'hl7v2/tables/municipality-codes.yaml': 'entries: { Påhittsby: null }' };
    expect(municipalityBy(table)).toEqual({
      patient: [{ patient: { numberKind: 'personnummer' } }],
      unmapped: [],
    });
  });
});

function discharge(entry: string): Record<string, string> {
  return { 'hl7v2/adt.yaml': `triggers: { A03: { events: [ ${entry} ] } }` };
}

describe('what is wrong stops the start and says where', () => {
  const senderFile = (more: string, id = 'test'): Record<string, string> => ({
    'senders/test.yaml': `${sender.replace('NAME', id)}${more}`,
  });

  test.each([
    [
      'an unknown key',
      discharge('{ event: patient.discharged, occuredAt: EVN-6 }'),
      /adt\.yaml: triggers\.A03\.events\.0\.(?:occuredAt: unknown key; did you mean 'occurredAt'|occurredAt: )/,
    ],
    [
      'an unknown key beside the known ones',
      discharge('{ event: patient.discharged, occurredAt: EVN-6, ifPresnt: PV1-1 }'),
      /adt\.yaml: triggers\.A03\.events\.0\.ifPresnt: unknown key; did you mean 'ifPresent'\?/,
    ],
    [
      'a key that is missing',
      { 'hl7v2/tables/mine.yaml': 'entries: { A: home }\n' },
      /tables\/mine\.yaml: source: is missing$/,
    ],
    [
      'a misspelt key before the one that it leaves missing',
      { 'senders/test.yaml': 'id: test\nnam: Test\n' },
      /senders\/test\.yaml: nam: unknown key; did you mean 'name'\?/,
    ],
    [
      'an unknown event',
      discharge('{ event: patient.dischargd, occurredAt: EVN-6 }'),
      /adt\.yaml: triggers\.A03\.events\.0\.event: unknown event 'patient\.dischargd'; did you mean 'patient\.discharged'\?/,
    ],
    [
      'an event that only the gateway decides',
      discharge('{ event: notice.issued, occurredAt: EVN-6 }'),
      /events\.0\.event: 'notice\.issued' is decided here/,
    ],
    [
      'an unknown function',
      discharge('{ function: discharg, occurredAt: EVN-6 }'),
      /function: unknown function 'discharg'; did you mean 'discharge'\?/,
    ],
    [
      'neither event nor function',
      discharge('{ occurredAt: EVN-6 }'),
      /either an event or a function/,
    ],
    [
      'an unknown table',
      discharge(
        '{ event: patient.discharged, occurredAt: EVN-6, data: { disposition: PV1-36 via 0112-dischargedisposition } }',
      ),
      /data\.disposition: unknown table '0112-dischargedisposition'; did you mean '0112-discharge-disposition'\?/,
    ],
    [
      'an unknown key of data',
      discharge('{ event: patient.discharged, occurredAt: EVN-6, data: { dispositon: PV1-36 } }'),
      /data\.dispositon: the event has no such key; did you mean 'disposition'\?/,
    ],
    [
      'a required key of data that is not mapped',
      discharge('{ event: discharge-estimate.set, occurredAt: EVN-6 }'),
      /data: discharge-estimate\.set needs expectedDischarge/,
    ],
    [
      'a bad path of a time',
      discharge('{ event: patient.discharged, occurredAt: EVN_6 }'),
      /occurredAt: .*not a path/,
    ],
    [
      'a bad path of a value',
      discharge('{ event: patient.discharged, occurredAt: EVN-6, data: { disposition: PV1_36 } }'),
      /data\.disposition: 'PV1_36' is neither a path/,
    ],
    [
      'a legal time from MSH-7',
      discharge('{ event: patient.discharged, occurredAt: [EVN-6, MSH-7] }'),
      /occurredAt: MSH-7: the time of a message is never/,
    ],
    [
      'a duplicate key',
      { 'hl7v2/tables/0136-yes-no.yaml': 'entries:\n  Y: true\n  Y: false\n' },
      /0136-yes-no\.yaml: .*unique.*line 3/,
    ],
    ['what is not YAML', { 'hl7v2/adt.yaml': 'triggers: [' }, /adt\.yaml: /],
    ['a file that is no mapping', { 'hl7v2/adtt.yaml': 'a: b' }, /adtt\.yaml: no such mapping/],
    [
      'a zone that is none',
      { 'senders/test.yaml': sender.replace('NAME', 'test').replace('Stockholm', 'Stokholm') },
      /test\.yaml: zone: 'Europe\/Stokholm' is not a time zone/,
    ],
    [
      'a county without quotes',
      { 'senders/test.yaml': sender.replace('NAME', 'test').replace("'14'", '14') },
      /test\.yaml: county: /,
    ],
    [
      'an id that is not the file name',
      senderFile('', 'other'),
      /test\.yaml: id: 'other' is not the file's name/,
    ],
    [
      'two senders with one name',
      {
        'senders/test.yaml': sender
          .replace('NAME', 'test')
          .replace('TEST-PAS', 'EKLIDEN-PAS')
          .replace('MSH-4: TEST', 'MSH-4: EKLIDEN'),
      },
      /test\.yaml: match: the same MSH-3 and MSH-4 as ekliden/,
    ],
    [
      'an event to wait for that nothing before gives',
      discharge('{ event: patient.deceased, ifEvent: patient.discharged, occurredAt: EVN-6 }'),
      /adt\.yaml: triggers\.A03\.events\.0\.ifEvent: no entry before this one gives 'patient\.discharged'/,
    ],
    [
      'a municipality that is no code',
      { 'hl7v2/tables/municipality-codes.yaml': 'entries: { Påhittsby: Annanstans }' },
      /municipality: table municipality-codes: entries\.Påhittsby: not a code of four digits/,
    ],
    [
      'a municipality through a table that is not there',
      senderFile('municipality: PID-11.9 via municipality-code'),
      /test\.yaml: municipality: unknown table 'municipality-code'; did you mean 'municipality-codes'\?/,
    ],
    [
      'an answer that would accept an error',
      senderFile("ack: { '101': AA }"),
      /test\.yaml: ack\.101: /,
    ],
  ])('%s', (_, files, message) => {
    expect(() => loadWith(files)).toThrow(message);
    expect(() => loadWith(files)).toThrow(
      expect.objectContaining({ code: 'configuration-invalid' }),
    );
  });

  test('a folder that is not there', () => {
    expect(() => loadMappings({ overlays: ['/nowhere/at/all'] })).toThrow(/no such folder/);
  });
});

describe('the two invented hospitals', () => {
  const inbound = hl7v2Inbound(loadMappings());
  const factsOf = (hospital: Hospital, more: Partial<HospitalStep>): unknown[] => {
    const message = inbound.read(buildMessage(hospital, { ...step, ...more }));
    return inbound
      .translate(message)
      .facts.map(({ type, occurredAt, data }) => [type, occurredAt, data]);
  };
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: true };

  test('say readiness and need each in its own way, and the facts are the same', () => {
    const ready = ['patient.discharge-ready', '2022-03-10T09:05:00.000Z', {}];
    const need = ['need.assessed', '2022-03-10T09:05:00.000Z', needs];
    const said = { readyAt: '2022-03-10T10:05:00', needs, needsAt: '2022-03-10T09:05:00Z' };
    expect(factsOf('ekliden', said).slice(1)).toEqual([ready, need]);
    expect(factsOf('norrtuna', { ...said, trigger: 'A16' })).toEqual([ready, need]);
  });

  test('every combination of needs comes through both dialects', () => {
    for (let bits = 0; bits < 8; bits += 1) {
      const wanted = {
        socialServices: (bits & 1) !== 0,
        municipalHealthCare: (bits & 2) !== 0,
        regionOutpatient: (bits & 4) !== 0,
      };
      expect(factsOf('ekliden', { needs: wanted }).at(-1)).toContainEqual(wanted);
      expect(factsOf('norrtuna', { needs: wanted, trigger: 'A16' }).at(-1)).toContainEqual(wanted);
    }
  });

  test('take readiness back each in its own way', () => {
    const withdrawn = ['discharge-readiness.withdrawn', '2022-03-10T09:30:00.000Z', {}];
    const said = { readinessWithdrawn: '2022-03-10T10:30:00+01:00' };
    expect(factsOf('ekliden', said).at(-1)).toEqual(withdrawn);
    expect(factsOf('norrtuna', { ...said, trigger: 'A25' })).toEqual([withdrawn]);
  });

  test('a snapshot sent again later repeats the same readiness in time', () => {
    const first = factsOf('ekliden', { readyAt: '2022-03-10T10:05:00' }).at(-1);
    const again = factsOf('ekliden', { readyAt: '2022-03-10T10:05:00', at: '2022-03-10T15:00:00' });
    expect(again.at(-1)).toEqual(first);
  });

  test('a planned date alone is never readiness', () => {
    for (const trigger of ['A01', 'A08', 'A16'] as const) {
      for (const hospital of ['ekliden', 'norrtuna'] as const) {
        const types = factsOf(hospital, { trigger, expectedDischarge: '2022-03-10' });
        expect(JSON.stringify(types)).toContain('discharge-estimate.set');
        expect(JSON.stringify(types)).not.toContain('discharge-ready');
      }
    }
  });

  test('names and addresses come through both character sets and all escapes', () => {
    for (const hospital of ['ekliden', 'norrtuna'] as const) {
      const { patient, stay } = inbound.translate(inbound.read(buildMessage(hospital, step)));
      expect(patient).toMatchObject({
        family: 'Påhittad|^&',
        given: 'Åsa\\',
        address: step.address,
        numbers: [{ kind: 'personnummer', value: '195009072553' }],
      });
      expect(stay).toMatchObject({
        number: 'V77',
        authority: `https://${hospital}.example/vardkontakt`,
      });
    }
  });

  test('cannot be made to say what they have no way to say', () => {
    expect(() => buildMessage('ekliden', { ...step, trigger: 'A16', needs })).toThrow(/A08/);
    expect(() => buildMessage('norrtuna', { ...step, readyAt: step.at })).toThrow(/A16/);
  });
});

describe('answers', () => {
  const context = {
    answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
    now: '2022-07-07T10:00:00.000Z',
  };

  test('an accepted message: sender and receiver swapped, local time with offset, the same version and character set', () => {
    const inbound = hl7v2Inbound(loadMappings());
    const raw = buildMessage('ekliden', step);
    const answers = inbound.acknowledge(
      inbound.read(raw),
      raw,
      { accepted: true, warnings: [] },
      context,
    );
    expect(Buffer.from(answers?.[0] ?? []).toString()).toBe(
      'MSH|^~\\&|HEMGANG|GATEWAY|EKLIDEN-PAS|EKLIDEN|20220707120000+0200||ACK^A08^ACK|' +
        '7d8e9f0123456789abcd|P|2.5||||||8859/1\rMSA|AA|C1\r',
    );
  });

  test('a sender whose overlay reads the codes another way hears what it understands', () => {
    const files = { 'senders/test.yaml': `${sender.replace('NAME', 'test')}ack: { '101': AR }\n` };
    const inbound = hl7v2Inbound(loadWith(files));
    const raw = Buffer.from(buildMessage('ekliden', { ...step, visit: '' }))
      .toString('latin1')
      .replace('EKLIDEN-PAS|EKLIDEN', 'TEST-PAS|TEST');
    const message = inbound.read(Buffer.from(raw, 'latin1'));
    let error = new GatewayError('assertion-failed', 'it was accepted');
    try {
      inbound.translate(message);
    } catch (thrown) {
      error = asGatewayError(thrown);
    }
    const bytes = Buffer.from(raw, 'latin1');
    const answers = inbound.acknowledge(message, bytes, { accepted: false, error }, context);
    expect(Buffer.from(answers?.[0] ?? []).toString()).toContain('\rMSA|AR|C1\rERR||PV1^1^19|101^');
  });
});
