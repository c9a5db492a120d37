import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadMappings } from '../mappings/index.ts';
import { failures, outcomeLines, playAll, refusals } from './outside-corpus/corpus-run.ts';
import { fhirText, playFhir } from './outside-corpus/fhir.ts';
import { encounterOf } from './outside-corpus/encounter.ts';
import type { EncounterView } from './outside-corpus/encounter.ts';
import { messagesOf, outsideMessages } from './outside-corpus/messages.ts';
import { compareMessage, compareOracles, oracleFolder } from './outside-corpus/oracles.ts';
import type { OracleEncounter } from './outside-corpus/oracles.ts';
import { messageFromParsed } from './outside-corpus/parsed-message.ts';
import { playerOf } from './outside-corpus/play.ts';
import type { Played } from './outside-corpus/play.ts';
import { comparisonText, refusedText, runText, writeReport } from './outside-corpus/report.ts';
import { temporaryFolder } from './support/folder.ts';

const mappings = loadMappings();
const play = playerOf(mappings);

/** Fields by path, `PV1-44`; PID, and PV1 where no path speaks of it, are filled in. */
function adt(trigger: string, fields: Readonly<Record<string, string>> = {}, more = ''): string {
  const all: Record<string, string> = {
    'PV1-2': 'I',
    'PV1-19': 'V1',
    'EVN-2': '20220307120000+0100',
  };
  const segments = new Map([
    ['EVN', ['EVN', trigger]],
    ['PID', ['PID', '1', '', '195009072553^^^PNR']],
    ['PV1', ['PV1', '1']],
  ]);
  for (const [path, value] of Object.entries({ ...all, ...fields })) {
    const [name = '', field = ''] = path.split('-');
    const segment = segments.get(name) ?? [name];
    while (segment.length <= Number(field)) segment.push('');
    segment[Number(field)] = value;
    segments.set(name, segment);
  }
  const lines = [...segments.values()].map((segment) => segment.join('|'));
  const msh = `MSH|^~\\&|A|B|C|D|20220307120000+0100||ADT^${trigger}|1|P|2.5`;
  return [msh, ...lines, more].filter((line) => line !== '').join('\r');
}

function played(text: string): Played {
  return play(Buffer.from(text));
}

function view(text: string): EncounterView | undefined {
  const { message, translation, kind } = played(text);
  if (message === undefined) throw new Error('cannot be read');
  return encounterOf(message.message, kind.split('^')[1] ?? '', translation, message.sender);
}

describe('a message as an Encounter', () => {
  test('takes status and begin from the event that the mapping gives, class and numbers from PV1', () => {
    expect(view(adt('A01', { 'PV1-44': '20220307115000+0100', 'PV1-50': 'V2' }))).toEqual({
      status: { value: 'in-progress', by: 'patient.admitted' },
      class: { value: 'IMP', by: 'PV1-2' },
      start: { value: '2022-03-07T10:50:00.000Z', by: 'patient.admitted' },
      identifiers: ['V1', 'V2'],
    });
  });

  test('ends with a discharge, at the time of the event', () => {
    const encounter = view(adt('A03', { 'PV1-36': '01', 'PV1-45': '20220310110000+0100' }));
    expect(encounter?.status).toEqual({ value: 'finished', by: 'patient.discharged' });
    expect(encounter?.end).toEqual({ value: '2022-03-10T10:00:00.000Z', by: 'patient.discharged' });
  });

  test('goes on after a discharge that was cancelled, whatever PV1-45 still says', () => {
    const encounter = view(adt('A13', { 'PV1-45': '20220310110000+0100' }));
    expect(encounter?.status?.value).toBe('in-progress');
    expect(encounter?.end).toBeUndefined();
  });

  test('does not end by a planned date', () => {
    const encounter = view(adt('A16', { 'PV2-9': '20220310110000+0100' }));
    expect(encounter?.status).toEqual({ value: 'in-progress', by: 'MSH-9' });
    expect(encounter?.end).toBeUndefined();
  });

  test.each([
    ['A08', { 'PV1-45': '20220310110000+0100' }, 'finished', 'PV1-45'],
    ['A08', { 'PV1-2': 'P' }, 'planned', 'PV1-2'],
    ['A08', { 'PV1-2': 'U' }, 'unknown', 'PV1-2'],
    ['A08', {}, 'in-progress', 'PV1-2'],
    ['A05', {}, 'planned', 'MSH-9'],
    ['A11', {}, 'cancelled', 'admission.cancelled'],
  ])('%s with %j is %s by %s', (trigger, fields, value, by) => {
    expect(view(adt(trigger, fields))?.status).toEqual({ value, by });
  });

  test('is none without PV1, and has no time where PV1-44 is none', () => {
    expect(view(adt('A40').replace(/\rPV1[^\r]*/, ''))).toBeUndefined();
    expect(view(adt('A08', { 'PV1-44': 'yesterday' }))?.start).toBeUndefined();
  });

  test('can be seen of a message that the mapping refuses', () => {
    const text = adt('A01', { 'PV1-19': '', 'PV1-44': '20220307115000+0100' });
    expect(played(text).outcome).toBe('refused');
    expect(view(text)?.start).toEqual({ value: '2022-03-07T10:50:00.000Z', by: 'PV1-44' });
  });
});

function reasons(text: string, theirs: OracleEncounter | undefined, parsed?: string) {
  const beside = parsed === undefined ? undefined : played(parsed);
  return compareMessage(played(text), theirs === undefined ? [] : [theirs], beside)
    .filter(({ equal }) => !equal)
    .map(({ field, reason }) => `${field}: ${reason?.id ?? 'not explained'}`);
}

describe('beside another converter', () => {
  const visit = [{ value: 'V1' }];
  const same = { status: 'in-progress', class: 'IMP', identifier: visit };

  test('the same instant under another offset is the same', () => {
    const text = adt('A01', { 'PV1-44': '20220307115000+0100' });
    expect(reasons(text, { ...same, period: { start: '2022-03-07T16:20:00+05:30' } })).toEqual([]);
    expect(reasons(text, { ...same, period: { start: '2022-03-07T16:20:01+05:30' } })).toEqual([
      'start: not explained',
    ]);
  });

  test('what one of them alone says is a difference', () => {
    expect(reasons(adt('A02'), { status: 'in-progress', identifier: visit })).toEqual([
      'class: not explained',
    ]);
    expect(reasons(adt('A02', { 'PV1-2': '' }), same)).toEqual(['class: not explained']);
  });

  test('an identifier without a value is none', () => {
    expect(reasons(adt('A02'), { ...same, identifier: [{}, ...visit] })).toEqual([]);
    expect(reasons(adt('A02'), { ...same, identifier: [{ value: 'V9' }] })).toEqual([
      'identifiers: not explained',
    ]);
  });

  const noon = '20220307120000';
  const end = '2022-03-07T12:00:00Z';
  const started = { ...same, period: { start: '2022-03-07T11:00:00Z' } };
  test.each<[string, string, OracleEncounter | undefined, string[]]>([
    [
      'a planned date taken as the end',
      adt('A16', { 'PV2-9': `${noon}+0000` }),
      { ...same, period: { end } },
      ['end: planned-time'],
    ],
    [
      'an end that is not the planned date',
      adt('A16', { 'PV2-9': '20220308120000+0000' }),
      { ...same, period: { end } },
      ['end: not explained'],
    ],
    [
      'the month written as the offset',
      adt('A02', { 'PV1-44': noon }),
      { ...same, period: { start: '2022-03-07T12:00:00+03:00' } },
      ['start: month-as-offset'],
    ],
    [
      'another offset than the month',
      adt('A02', { 'PV1-44': noon }),
      { ...same, period: { start: '2022-03-07T12:00:00+04:00' } },
      ['start: not explained'],
    ],
    [
      'an end in an admission',
      adt('A01', { 'PV1-44': noon, 'PV1-45': noon }),
      { ...started, status: 'finished', period: { ...started.period, end } },
      ['status: end-in-admission', 'end: end-in-admission'],
    ],
    [
      'an admission whose status they do not tell',
      adt('A01', { 'PV1-44': noon }),
      { ...started, status: 'unknown' },
      ['status: status-of-admission-unknown'],
    ],
    [
      'a registration as a stay',
      adt('A04', { 'PV1-2': 'O' }),
      { ...same, class: 'AMB' },
      ['status: registration'],
    ],
    [
      'a class outside the table',
      adt('A02', { 'PV1-2': 'INPATIENT' }),
      { ...same, class: 'INPATIENT' },
      ['class: class-outside-table'],
    ],
    [
      'a space as an identifier',
      adt('A02', { 'PV1-50': ' ' }),
      { ...same, identifier: [...visit, { value: ' ' }] },
      ['identifiers: blank-identifier'],
    ],
    [
      'the end of inpatient care in a visit that goes on',
      adt('A07', { 'PV1-2': 'O', 'PV1-44': noon }),
      { ...same, class: 'AMB', period: { start: '2022-03-07T11:00:00Z' } },
      ['status: inpatient-care-ended', 'end: inpatient-care-ended'],
    ],
    [
      'a death, at its own time',
      adt('A08', { 'PID-29': noon, 'PID-30': 'Y' }),
      same,
      ['status: death', 'end: death'],
    ],
    [
      'a stay that they say is finished, for no reason',
      adt('A02'),
      { ...same, status: 'finished' },
      ['status: not explained'],
    ],
    ['a merge of accounts', adt('A41', {}, 'MRG|1'), undefined, ['encounter: merge-of-accounts']],
    ['no Encounter for no reason', adt('A02'), undefined, ['encounter: not explained']],
  ])('%s', (_, text, theirs, expected) => {
    expect(reasons(text, theirs)).toEqual(expected);
  });

  test('an answer made from a parsed form with another time is told as such', () => {
    const theirs = { ...same, period: { start: '2012-03-07T12:00:00+03:00' } };
    const parsed = adt('A02', { 'PV1-44': '20120307120000' });
    expect(reasons(adt('A02', { 'PV1-44': noon }), theirs, parsed)).toEqual(['start: other-input']);
    expect(reasons(adt('A02', { 'PV1-44': noon }), theirs)).toEqual(['start: not explained']);
  });

  test('several visits in one message are told as such', () => {
    const text = adt('A02', {}, 'PV1|2|I|||||||||||||||||V2');
    const found = compareMessage(played(text), [same, same]).filter(({ equal }) => !equal);
    expect(found.map(({ field, reason }) => [field, reason?.id])).toEqual([
      ['encounter', 'several-visits'],
    ]);
  });

  test('a message is written back from its parsed form', () => {
    const parsed = {
      ADT_A02: {
        MSH: { '1': '|', '2': '^~\\&', '3': { '1': 'A' }, '9': { '1': 'ADT', '2': 'A02' } },
        PV1: { '0': 'PV1', '1': '1', '19': { '1': 'V1', '4': { '1': 'X', '2': '1.2' } } },
        PID: { '3': [{ '1': 'N1' }, { '1': 'N2', '4': { '1': 'Y' } }] },
      },
    };
    expect(Buffer.from(messageFromParsed(parsed)).toString().split('\r')).toEqual([
      'MSH|^~\\&|A||||||ADT^A02',
      'PID|||N1~N2^^^Y',
      `PV1|1${'|'.repeat(18)}V1^^^X&1.2`,
    ]);
  });
});

describe('a corpus run', () => {
  test('finds every message in a file, whatever ends its lines', () => {
    const one = adt('A01');
    for (const eol of ['\r', '\n', '\r\n']) {
      const file = [one, one.replace('|1|P|', '|2|P|')].join('\r').replaceAll('\r', eol);
      const raws = messagesOf(Buffer.from(`\ufeff${file}${eol}`));
      expect(raws.map((raw) => play(raw).outcome)).toEqual(['accepted', 'accepted']);
    }
  });

  test('tells what came of our own corpus by trigger event, and no answer is missing', () => {
    const messages = outsideMessages(join(import.meta.dirname, 'corpus', 'hl7v2'));
    const run = playAll(
      messages.filter(({ name }) => name.endsWith('message.hl7')),
      play,
    );
    expect(run.length).toBeGreaterThan(50);
    expect(failures(run)).toEqual([]);
    const lines = outcomeLines(run);
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(run.length);
    expect(runText(run)).toMatch(/ADT\^A01 +\d+ {2}accepted +patient\.admitted/);
    const missing = refusals(run).find((line) => line.startsWith('no-visit-number'));
    expect(missing).toBe(
      'no-visit-number/message.hl7: ADT^A01: AE 101 PV1-19: required field missing',
    );
    expect(`${runText(run)}${refusedText(run)}`).not.toMatch(/195009072553|hittad/);
  });

  test('tells what is said of a person, and of a stay that was moved', () => {
    expect(played(adt('A31')).detail).toBe('patient.identity-changed (of a person)');
    expect(played(adt('A45', {}, 'MRG|M2')).detail).toBe(
      'patient.identity-changed (of a moved stay)',
    );
  });

  test('counts what is not ADT in one line a reason', () => {
    const others = ['ORU^R01', 'ORU^R01', 'SIU^S12'].map((kind) => ({
      name: 'other.hl7',
      raw: Buffer.from(adt('A01').replace('ADT^A01', kind)),
    }));
    const text = runText(playAll(others, play));
    expect(text).toContain('3  refused     AR 200 MSH-9.1: message type is not ADT (2 kinds)');
    expect(text).not.toContain('ORU');
  });

  test('a file without a message is still told of', () => {
    expect(messagesOf(Buffer.from('PID|1')).map((raw) => play(raw).outcome)).toEqual([
      'unanswered',
    ]);
    expect(messagesOf(Buffer.from(''))).toEqual([]);
  });

  test('says which code parks a message, and not what stood in a field of the person', () => {
    expect(played(adt('A01', { 'PV1-2': 'Q' })).detail).toBe("PV1-2 'Q' not in 0004-admission");
    const unmapped = played(adt('A08', { 'PID-11': '^^^^^^^^Hemma' }));
    expect(unmapped.outcome).toBe('parked');
    expect(unmapped.detail).not.toContain('Hemma');
  });
});

describe('npm run corpus', () => {
  function corpus(theirStart: string): { folder: string; run(...more: string[]): number | null } {
    const { path, remove } = temporaryFolder('outside');
    onTestFinished(remove);
    mkdirSync(join(path, 'hl7v2'));
    mkdirSync(join(path, 'oracles'));
    writeFileSync(join(path, 'hl7v2', 'one.hl7'), adt('A01', { 'PV1-44': '20220307115000+0100' }));
    const encounter = {
      status: 'in-progress',
      class: 'IMP',
      period: { start: theirStart },
      identifier: [{ value: 'V1' }],
    };
    const line = { hl7: 'hl7v2/one.hl7', encounters: [encounter] };
    writeFileSync(join(path, 'oracles', 'other.jsonl'), `${JSON.stringify(line)}\n`);
    const main = join(import.meta.dirname, 'outside-corpus', 'main.ts');
    const run = (...args: string[]): number | null =>
      spawnSync(process.execPath, ['--import', 'tsx', main, ...args]).status;
    return { folder: join(path, 'hl7v2'), run };
  }

  test('ends well where all is answered and explained, and writes its report', () => {
    const { folder, run } = corpus('2022-03-07T10:50:00Z');
    const out = join(folder, 'out');
    expect(run(folder, '--out', out)).toBe(0);
    expect(readFileSync(join(out, 'corpus.md'), 'utf8')).toContain('5 fields compared, 5 equal');
    expect(JSON.parse(readFileSync(join(out, 'corpus.json'), 'utf8'))).toMatchObject({
      totals: { accepted: 1, refused: 0 },
    });
  });

  test('reads resources of FHIR beside the messages, and tells each refusal with what to do', () => {
    const { folder, run } = corpus('2022-03-07T10:50:00Z');
    mkdirSync(join(folder, 'fhir'));
    const write = (name: string, resource: object): void =>
      writeFileSync(join(folder, 'fhir', name), JSON.stringify(resource));
    write('a.json', { resourceType: 'Organization', name: 'Avdelning 7' });
    write('b.json', { resourceType: 'Encounter', status: 'completed', class: { code: 'IMP' } });
    write('c.json', {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Goal' } }],
    });
    const out = join(folder, 'out');
    expect(run(folder, '--out', out)).toBe(0);
    const { fhir } = JSON.parse(readFileSync(join(out, 'corpus.json'), 'utf8'));
    expect(fhir).toMatchObject([
      { name: 'fhir/a.json', kind: 'Organization', outcome: 'ignored', answer: '201' },
      { name: 'fhir/b.json', kind: 'Encounter', outcome: 'refused', answer: '422' },
    ]);
    expect(fhir[1].detail).toMatch(/^422 code-invalid Encounter\.status/);
    const text = readFileSync(join(out, 'corpus.md'), 'utf8');
    expect(text).toContain('2 resources of FHIR: 0 accepted, 1 ignored, 0 parked, 1 refused');
    expect(text).toContain('1 passed over');
  });

  test('ends with 1 where a difference has no reason, and with 2 without a folder', () => {
    const { folder, run } = corpus('2022-03-07T10:51:00Z');
    expect(run(folder)).toBe(1);
    expect(run()).toBe(2);
    expect(run(join(folder, 'nowhere'))).toBe(2);
  });
});

const outside = process.env['HEMGANG_CORPUS'];
const out = process.env['HEMGANG_CORPUS_OUT'];

describe("other people's messages (HEMGANG_CORPUS)", () => {
  if (outside === undefined || !existsSync(outside)) {
    const reason = outside === undefined ? 'HEMGANG_CORPUS is not set' : 'no such folder';
    const wanted = `${reason}; set it to a folder of HL7 v2 or FHIR files`;
    console.warn(`SKIPPED: other people's messages: ${wanted}`);
    test.skip(`skipped: ${wanted}`, () => {});
    return;
  }
  const run = playAll(outsideMessages(outside), play);
  test('every resource of FHIR is answered, and each refusal says where and why', async () => {
    const { played: resources, passedOver } = await playFhir(outside, mappings);
    if (resources.length > 0) console.log(fhirText(resources, passedOver));
    expect(failures(resources)).toEqual([]);
    for (const { name, outcome, detail } of resources) {
      // Status, issue type, and a sentence with a place in it.
      if (outcome === 'refused')
        expect(detail, name).toMatch(/^4\d\d [a-z-]+ .*[A-Z][A-Za-z]+.{10}/);
    }
  });

  const oracles = oracleFolder(outside);
  const comparisons = oracles === undefined ? [] : compareOracles(oracles, play);

  test('every message is answered, whatever it holds, and none shows a fault of our own', () => {
    console.log(`${runText(run)}\n${refusedText(run)}`);
    if (out !== undefined) writeReport(out, run, comparisons);
    expect(failures(run)).toEqual([]);
  });

  test.skipIf(oracles === undefined)(
    'every difference from another converter has its reason',
    () => {
      console.log(comparisonText(comparisons));
      const unexplained = comparisons.filter(({ equal, reason }) => !equal && reason === undefined);
      expect(unexplained).toEqual([]);
    },
  );
});
