/** Sample messages in, and what they become out: framing, expectations, the story, fingerprints, reports, exit codes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { frame } from '../adapters/wire/mllp.ts';
import { withoutPersonNumbers } from '../adapters/person-numbers.ts';
import { htmlPage } from '../gateway/conformance/report/html.ts';
import { junitXml } from '../gateway/conformance/report/junit.ts';
import type { ConformanceReport, MessageResult } from '../gateway/conformance/result.ts';
import { runConformance } from '../gateway/conformance/run.ts';
import { Validation } from '../gateway/conformance/validation.ts';
import { marked, markers } from './support/marked-person.ts';
import { temporaryFolder } from './support/folder.ts';
import { runToEnd } from './support/service.ts';

const removals: (() => void)[] = [];
afterAll(() => {
  for (const remove of removals) remove();
});

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const { path, remove } = temporaryFolder('conformance');
  removals.push(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const shipped = { mappings: [], profiles: [] };
/** One for all runs: loading the dictionary takes a second. */
const validation = new Validation(shipped, 1);
afterAll(() => validation.close());
const run = (...paths: string[]): Promise<ConformanceReport> =>
  runConformance({ ...shipped, paths, validation });

const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: false };
type Step = Pick<HospitalStep, 'trigger' | 'at' | 'controlId'> & Partial<HospitalStep>;
const message = (step: Step): Buffer =>
  Buffer.from(buildMessage('ekliden', { ...marked, visit: 'V77', unit: 'MED1', ...step }));
const changed = (raw: Buffer, from: string, to: string): Buffer =>
  Buffer.from(raw.toString('latin1').replaceAll(from, to), 'latin1');

const admission = message({
  trigger: 'A01',
  at: '2022-03-03T08:00:00Z',
  controlId: 'K1',
  expectedDischarge: '2022-03-10',
});
const assessed = message({ trigger: 'A08', at: '2022-03-03T09:00:00Z', controlId: 'K2', needs });
const ready = message({
  trigger: 'A08',
  at: '2022-03-07T09:00:00Z',
  controlId: 'K3',
  needs,
  readyAt: '2022-03-07T09:00:00Z',
});
const discharge = message({ trigger: 'A03', at: '2022-03-14T09:00:00Z', controlId: 'K4' });
const stay = {
  'd.hl7': discharge,
  'a.hl7': admission,
  'c.hl7': ready,
  'b.hl7': assessed,
};

/** Control id, outcome and events: what must not depend on how a file is written. */
const gist = (messages: readonly MessageResult[]): unknown =>
  messages.map(({ controlId, outcome, events }) => [controlId, outcome, events]);

describe('messages are found in files of any framing', () => {
  const lines = (raw: Buffer, end: string): Buffer => changed(raw, '\r', end);
  const both = (form: (one: Buffer) => Buffer): Buffer =>
    Buffer.concat([admission, assessed].map(form));

  test('one by one, several in a file, by CR, LF, CRLF, MLLP or in a batch: it comes to the same', async () => {
    const forms = {
      cr: both((one) => one),
      lf: both((one) => lines(one, '\n')),
      crlf: both((one) => lines(one, '\r\n')),
      mllp: both(frame),
      batch: Buffer.concat([
        Buffer.from('FHS|^~\\&\rBHS|^~\\&\r'),
        both((one) => one),
        Buffer.from('BTS|2\rFTS|1\r'),
      ]),
    };
    const expected = gist(
      (await run(folderWith({ 'a.hl7': admission, 'b.hl7': assessed }))).messages,
    );
    for (const [name, bytes] of Object.entries(forms)) {
      const { messages } = await run(folderWith({ [`${name}.dat`]: bytes }));
      expect(gist(messages), name).toEqual(expected);
      expect(messages.map(({ position }) => position)).toEqual([1, 2]);
    }
  });

  test('folders are searched to the bottom; a note beside the messages is passed over, an empty message file is not', async () => {
    const folder = folderWith({
      'day/ward/a.er7': admission,
      'readme.txt': 'what these are',
      'picture.png': 'no message',
      'day/empty.hl7': 'nothing\n',
    });
    const { messages, framing } = await run(folder);
    expect(messages.map(({ file, outcome }) => [file, outcome])).toEqual([
      ['day/empty.hl7', 'refused'],
      ['day/ward/a.er7', 'accepted'],
    ]);
    expect(framing.map(({ file }) => file)).toEqual(['day/empty.hl7', 'readme.txt']);
  });

  test('a batch whose count is wrong is told', async () => {
    const bytes = Buffer.concat([Buffer.from('BHS|^~\\&\r'), admission, Buffer.from('BTS|7\r')]);
    const { framing } = await run(folderWith({ 'batch.hl7': bytes }));
    expect(framing).toEqual([{ file: 'batch.hl7', text: 'BTS-1 says 7 messages, there are 1' }]);
  });
});

describe('every message says what it became, and what was missing', () => {
  let report: ConformanceReport;
  const of = (controlId: string): MessageResult => {
    const found = report.messages.find((one) => one.controlId === controlId);
    if (found === undefined) throw new Error(`no message ${controlId}`);
    return found;
  };

  beforeAll(async () => {
    report = await run(
      folderWith({
        'ok.hl7': admission,
        'ignored.hl7': changed(changed(admission, 'A01', 'A60'), '|K1|', '|K60|'),
        'parked.hl7': changed(changed(assessed, '|K2|', '|K5|'), 'ZUT|N', 'ZUT|X9'),
        'no-visit.hl7': changed(changed(assessed, '|K2|', '|K6|'), 'V77', ''),
        'stranger.hl7': changed(changed(admission, '|K1|', '|K7|'), 'EKLIDEN-PAS', 'OTHER'),
        'twice.hl7': changed(changed(ready, '|K3|', '|K8|'), 'V77', 'V78'),
        'twice-too.hl7': changed(changed(ready, '|K3|', '|K8|'), 'V77', 'V79'),
      }),
    );
  });

  test('outcome, answer and reason', () => {
    expect(of('K1')).toMatchObject({ outcome: 'accepted', answer: 'AA', sender: 'ekliden' });
    expect(of('K60')).toMatchObject({ outcome: 'ignored', answer: 'AA' });
    expect(of('K60').reason).toMatch(/allergy/);
    expect(of('K5')).toMatchObject({ outcome: 'parked', answer: 'AA' });
    expect(of('K5').unmapped).toEqual([{ table: 'ekliden-readiness', code: 'X9', path: 'ZUT-1' }]);
    expect(of('K6')).toMatchObject({ outcome: 'refused', answer: 'AE' });
    expect(of('K7')).toMatchObject({ outcome: 'refused', answer: 'AR' });
  });

  test('remarks of profile and dictionary, with what cannot be done because of it', () => {
    const missing = of('K6').remarks.find(({ code }) => code === 'REQUIRED_MISSING');
    expect(missing?.location).toMatch(/^PV1-19/);
    expect(missing?.consequence).toContain('the stay cannot be followed');
    expect(report.messages.flatMap(({ remarks }) => remarks.map(({ check }) => check))).toContain(
      'dictionary',
    );
  });

  test('what is refused, parked or in error fails, each place once; what is ignored does not', () => {
    expect(of('K1').failures).toEqual([]);
    expect(of('K60').failures).toEqual([]);
    expect(of('K5').failures.map(({ kind, at }) => [kind, at])).toEqual([['parked', 'ZUT-1']]);
    expect(of('K6').failures.map(({ kind, at }) => [kind, at])).toEqual([['refused', 'PV1-19']]);
    expect(of('K6').failures[0]?.text).toContain('the stay cannot be followed');
  });

  test('of a message that is of no use here only that is told, and not what the standard says of it', async () => {
    const other = changed(admission, 'ADT^A01^ADT_A01', 'SIU^S12^SIU_S12');
    const { messages } = await run(folderWith({ 'other.hl7': other }));
    expect(messages[0]?.remarks.some(({ severity }) => severity === 'error')).toBe(true);
    expect(messages[0]?.failures.map(({ kind }) => kind)).toEqual(['refused']);
  });

  test('a control id that is used again for other content is told', () => {
    expect(report.messages.filter(({ warnings }) => /205/.test(warnings.join(' '))).length).toBe(2);
  });

  test('in sum: by trigger and outcome, codes by table, and what to agree', () => {
    const { byTrigger, unmapped, toAgree } = report.summary;
    expect(byTrigger.find(({ kind }) => kind === 'ADT^A08')).toMatchObject({
      all: 4,
      accepted: 2,
      parked: 1,
      refused: 1,
    });
    expect(unmapped).toEqual([
      { sender: 'ekliden', table: 'ekliden-readiness', code: 'X9', path: 'ZUT-1', messages: 1 },
    ]);
    expect(toAgree.map(({ what }) => what.split(':')[0])).toEqual(
      expect.arrayContaining(['ZUT-1', 'PV1-19', 'MSH-3', 'MSH-10']),
    );
  });
});

describe('all messages are one story', () => {
  test('a stay in any order of files is folded and assessed at the end of it', async () => {
    const { cases } = await run(folderWith(stay));
    expect(cases).toHaveLength(1);
    const [one] = cases;
    expect(one?.facts.map(({ type }) => type)).toEqual([
      'patient.admitted',
      'discharge-estimate.set',
      'patient.identity-changed',
      'need.assessed',
      'patient.identity-changed',
      'need.assessed',
      'patient.discharge-ready',
      'patient.discharged',
    ]);
    expect(one?.at).toBe('2022-03-14T09:00:00.000Z');
    const notices = one?.notices.map(({ at, obligation, role }) => [at, obligation, role]);
    expect(notices).toContainEqual([
      '2022-03-03T09:00:00.000Z',
      'admission-notice',
      'social-services',
    ]);
    expect(notices).toContainEqual([
      '2022-03-07T09:00:00.000Z',
      'discharge-ready-notice',
      'social-services',
    ]);
    const findings = one?.findings.map(({ rule, status }) => `${rule} ${status}`);
    expect(findings).toContain('admission-notice met');
    expect(findings).toContain('care-planning unmet');
  });

  test('the same bytes twice are one message', async () => {
    const { cases } = await run(folderWith({ 'a.hl7': admission, 'again.hl7': admission }));
    expect(cases[0]?.facts.filter(({ type }) => type === 'patient.admitted')).toHaveLength(1);
  });

  test('what is said of a person is told of every stay of theirs, and of no one else', async () => {
    const update = changed(
      changed(
        changed(
          message({ trigger: 'A08', at: '2022-03-05T08:00:00Z', controlId: 'P1' }),
          'A08',
          'A31',
        ),
        '1480',
        '1490',
      ),
      'V77',
      '',
    );
    const other = message({
      trigger: 'A01',
      at: '2022-03-03T08:00:00Z',
      controlId: 'O1',
      visit: 'V99',
      personnummer: '195009072553',
    });
    const { cases } = await run(
      folderWith({ 'a.hl7': admission, 'p.hl7': update, 'other.hl7': other }),
    );
    const byVisit = new Map(cases.map((one) => [one.stays[0]?.number, one]));
    expect(byVisit.get('V77')?.municipality).toBe('1490');
    expect(byVisit.get('V99')?.municipality).toBe('1480');
  });

  test('a stay that a transfer continues is one case; one that overlaps is told', async () => {
    const next = message({
      trigger: 'A01',
      at: '2022-03-14T09:10:00Z',
      controlId: 'N1',
      visit: 'V78',
    });
    const transfer = message({
      trigger: 'A03',
      at: '2022-03-14T09:00:00Z',
      controlId: 'K4',
      disposition: '02',
    });
    const continued = await run(folderWith({ ...stay, 'd.hl7': transfer, 'next.hl7': next }));
    expect(continued.cases.map(({ stays }) => stays.map(({ number }) => number))).toEqual([
      ['V77', 'V78'],
    ]);
    const meanwhile = message({
      trigger: 'A01',
      at: '2022-03-09T09:00:00Z',
      controlId: 'N2',
      visit: 'V79',
    });
    const { cases } = await run(folderWith({ ...stay, 'meanwhile.hl7': meanwhile }));
    expect(cases).toHaveLength(2);
    expect(cases.flatMap(({ contradictions }) => contradictions)).toContain('OVERLAPPING_STAYS');
  });

  test('a stay with very many messages is told in bounded time', async () => {
    const many = Array.from({ length: 1500 }, (_, index) =>
      message({
        trigger: 'A02',
        at: new Date(Date.parse('2022-03-04T00:00:00Z') + index * 60_000).toISOString(),
        controlId: `T${index}`,
        unit: `W${index % 7}`,
      }),
    );
    const { cases } = await run(folderWith({ 'many.hl7': Buffer.concat([admission, ...many]) }));
    expect(cases[0]?.messages).toBe(1501);
  });
});

describe('an expectation beside a message makes it a case that passes or fails', () => {
  const holding = `
outcome: accepted
answer: AA
events:
  - type: patient.admitted
    occurredAt: 2022-03-03T09:00:00+01:00
    data: { unit: MED1, patient: { municipality: '1480' } }
  - type: discharge-estimate.set
remarks: []
unmapped: []
`;

  test('what holds passes, and a refusal that was expected is no failure', async () => {
    const report = await run(
      folderWith({
        'a.hl7': admission,
        'a.expect.yaml': holding.replace('remarks: []\n', ''),
        'b.hl7': changed(assessed, 'V77', ''),
        'b.expect.yaml': 'outcome: refused\nremarks: [{ code: REQUIRED_MISSING }]\n',
      }),
    );
    expect(report.messages.map(({ failures }) => failures)).toEqual([[], []]);
    expect(report.summary.toAgree).toEqual([]);
  });

  test('what does not hold is told with expected and actual, and nothing of a person', async () => {
    const { messages } = await run(
      folderWith({
        'a.hl7': admission,
        'a.expect.yaml': `
answer: AE
events:
  - { type: patient.admitted, occurredAt: 2022-03-03T08:01:00Z, data: { unit: KIR2 } }
  - { type: discharge-estimate.set }
remarks: [{ code: NO_SUCH, location: PV1-3 }]
unmapped: [{ table: 0112-discharge-disposition, code: X }]
patient: { family: Annan }
`,
      }),
    );
    const failures = messages[0]?.failures ?? [];
    expect(failures.map(({ at }) => at)).toEqual([
      'answer',
      'events[0].occurredAt',
      'events[0].data.unit',
      'remarks',
      'unmapped',
      'patient.family',
    ]);
    expect(failures[0]?.text).toBe("expected 'AE', came 'AA'");
    expect(failures[2]?.text).toBe("expected 'KIR2', came 'MED1'");
    expect(failures.at(-1)?.text).not.toMatch(/Annan|Mark/);
  });

  test('several messages have a list, and one too many or too few is told', async () => {
    const file = Buffer.concat([admission, assessed]);
    const { messages } = await run(
      folderWith({
        'two.hl7': file,
        'two.expect.yaml': '- { outcome: accepted }\n- { outcome: parked }\n- { answer: AA }\n',
        'long.hl7': file,
        'long.expect.yaml': 'outcome: accepted\n',
      }),
    );
    expect(messages.map(({ file: of, failures }) => [of, failures.map(({ at }) => at)])).toEqual([
      ['long.hl7', []],
      ['long.hl7', ['messages']],
      ['two.hl7', []],
      ['two.hl7', ['outcome', 'messages']],
    ]);
  });

  test('an unknown key is an error with file and key', async () => {
    const folder = folderWith({ 'a.hl7': admission, 'a.expect.yaml': 'outcom: accepted\n' });
    await expect(run(folder)).rejects.toThrow(/a\.expect\.yaml: outcom: no such key/);
    const story = folderWith({
      'a.hl7': admission,
      'story.expect.yaml': 'cases: [{ stay: V77, notice: [] }]',
    });
    await expect(run(story)).rejects.toThrow(/story\.expect\.yaml: cases\.0\.notice: no such key/);
  });

  test('a folder has its story, apart from those of other folders', async () => {
    const expected = `
cases:
  - stay: V77
    findings: [{ rule: admission-notice, status: met, role: social-services }]
    notices:
      - { obligation: admission-notice, role: social-services, at: 2022-03-03T09:00:00Z }
      - { obligation: admission-notice, role: municipal-health-care }
      - { obligation: admission-notice, role: region-outpatient }
    liability: []
`;
    const { stories, cases } = await run(
      folderWith({
        'fine/a.hl7': admission,
        'fine/b.hl7': assessed,
        'fine/story.expect.yaml': expected,
        'wrong/a.hl7': admission,
        'wrong/story.expect.yaml': expected,
      }),
    );
    expect(cases.map(({ story }) => story).sort()).toEqual(['fine', 'wrong']);
    const [fine, wrong] = stories;
    expect(fine).toEqual({ file: 'fine/story.expect.yaml', failures: [] });
    expect(wrong?.failures.map(({ at }) => at)).toContain('case V77 notices');
  });

  test('our own corpus is as it is expected', async () => {
    const report = await run(join(import.meta.dirname, 'corpus', 'hl7v2'));
    expect(report.summary.expected).toBe(report.summary.messages);
    // A case of a sender with an overlay of its own is read by its own test.
    const known = report.messages.filter(({ error }) => error?.code !== 'unknown-sender');
    expect(known.filter(({ failures }) => failures.length > 0)).toEqual([]);
    expect(known.length).toBeGreaterThan(60);
  });
});

describe('a fingerprint says that two runs came to the same', () => {
  test('whatever the names, places and order of files; not when a message or an outcome differs', async () => {
    const first = await run(folderWith(stay));
    const again = await run(
      folderWith({ 'x/1.dat': assessed, 'x/2.dat': discharge, '3.txt': admission, '4.hl7': ready }),
    );
    expect(again.fingerprint).toEqual(first.fingerprint);
    const other = await run(folderWith({ ...stay, 'd.hl7': changed(discharge, 'K4', 'K9') }));
    expect(other.fingerprint.kit).toBe(first.fingerprint.kit);
    expect(other.fingerprint.result).not.toBe(first.fingerprint.result);
  });

  test('in any time zone, and the kit differs with an overlay', async () => {
    const folder = folderWith(stay);
    const { fingerprint, kit } = await run(folder);
    expect(kit).toMatchObject({
      hemgang: expect.any(String),
      dictionary: expect.stringMatching(/hl7v2-dictionary \d/),
    });
    const there = await runToEnd(['conformance', 'run', folder, '--json'], { TZ: 'Asia/Tokyo' });
    const report = JSON.parse(there.stdout) as ConformanceReport;
    expect(report.fingerprint).toEqual(fingerprint);
    const overlay = folderWith({ 'hl7v2/tables/0136-yes-no.yaml': 'entries: { JA: true }\n' });
    const grown = await runConformance({ paths: [folder], mappings: [overlay], profiles: [] });
    expect(grown.fingerprint.kit).not.toBe(fingerprint.kit);
  });
});

describe('reports', () => {
  let report: ConformanceReport;
  beforeAll(async () => {
    report = await run(
      folderWith({
        ...stay,
        '189002029800.hl7': changed(admission, 'K1', 'K<\\T\\">\u0007'),
        'city.hl7': changed(changed(assessed, '|1480\r', '|Markörstad\r'), 'K2', 'K9'),
        'refused-åäö.hl7': changed(assessed, 'PV1|', 'PX1|'),
        'wrong.hl7': changed(discharge, 'K4', 'K11'),
        'wrong.expect.yaml': 'answer: AE\npatient: { family: Annan, numbers: [] }\n',
      }),
    );
  });

  test('JUnit XML is well formed, a test case a message, a failure where one failed', () => {
    const elements = parseXml(junitXml(report));
    const named = (name: string) => elements.filter((one) => one.name === name);
    expect(named('testcase')).toHaveLength(report.messages.length);
    expect(named('failure')).toHaveLength(report.summary.failed);
    expect(named('testsuites')[0]?.attributes).toMatchObject({
      tests: String(report.messages.length),
      failures: String(report.summary.failed),
    });
    expect(named('testcase').map(({ attributes }) => attributes['name'])).toContainEqual(
      expect.stringContaining('K&lt;&amp;&quot;&gt;'),
    );
  });

  test('the page is one file that asks nothing of the network, with åäö and what to agree', () => {
    const page = htmlPage(report);
    expect(page).toContain('<meta charset="utf-8"');
    expect(page).toContain('refused-åäö.hl7');
    expect(page).not.toMatch(/(?:src|href)="(?!#)|@import|url\(|<link/);
    expect(page.includes('K&lt;&amp;&quot;&gt;')).toBe(true);
    for (const { what } of report.summary.toAgree) {
      const shown = what.replaceAll("'", '&#39;').replaceAll('"', '&quot;');
      expect(page.includes(shown), what).toBe(true);
    }
  });

  test('no report holds anything of a person', () => {
    const texts = { html: htmlPage(report), junit: junitXml(report), json: JSON.stringify(report) };
    for (const [name, text] of Object.entries(texts)) {
      expect(text.includes('K4'), name).toBe(true);
      for (const marker of markers) {
        const at = text.toLowerCase().indexOf(marker.toLowerCase());
        expect(at < 0 ? '' : text.slice(Math.max(0, at - 60), at + 20), name).toBe('');
      }
    }
  });

  test("a person's number is taken out of a name, and other numbers stay", () => {
    const with12 = `pas_${marked.personnummer}_a01.hl7`;
    expect(withoutPersonNumbers(with12)).toBe('pas_…_a01.hl7');
    expect(withoutPersonNumbers('900202-9800')).toBe('…');
    expect(withoutPersonNumbers('20220307120000 V1001 1234567890')).toBe(
      '20220307120000 V1001 1234567890',
    );
  });
});

describe('the command line', () => {
  test('0 where all is fine, 1 where something failed, 2 for wrong use; reports go to the folder', async () => {
    const fine = folderWith(stay);
    const out = join(fine, 'out');
    const well = await runToEnd(['conformance', 'run', fine, '--out', out]);
    expect(well.stderr).toBe('');
    expect(well.stdout).toContain('✓ nothing failed');
    expect(well.code).toBe(0);
    expect(readFileSync(join(out, 'conformance.xml'), 'utf8')).toContain('<testsuites');
    expect(readFileSync(join(out, 'conformance.html'), 'utf8')).toContain('</html>');
    const stored = JSON.parse(
      readFileSync(join(out, 'conformance.json'), 'utf8'),
    ) as ConformanceReport;
    expect(stored.summary.messages).toBe(4);

    const bad = await runToEnd([
      'conformance',
      'run',
      folderWith({ 'a.hl7': changed(admission, 'V77', '') }),
    ]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('PV1-19');
    expect(bad.stdout).toContain('--report html');
  });

  test('wrong use names the next step', async () => {
    const folder = folderWith({ 'a.hl7': admission });
    const uses: [string[], RegExp][] = [
      [[join(folder, 'none')], /no such file or folder/],
      [[folderWith({ 'a.png': 'x' })], /no message file there/],
      [[folder, '--sender', 'nobody'], /there are ekliden, norrtuna/],
      [[folder, '--report', 'pdf'], /there are junit, html, json/],
    ];
    for (const [args, said] of uses) {
      const { code, stderr } = await runToEnd(['conformance', 'run', ...args]);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
  });
});

interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A strict reader of the XML that is written here. @throws where it is not well formed */
function parseXml(xml: string): XmlElement[] {
  // oxlint-disable-next-line no-control-regex -- what XML 1.0 cannot hold
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  const elements: XmlElement[] = [];
  const open: string[] = [];
  const token = /<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  for (let found = token.exec(body); found !== null; found = token.exec(body)) {
    at = token.lastIndex;
    const [, closing, name = '', written = '', empty, text = ''] = found;
    expect(`${written}${text}`).not.toMatch(/&(?!(?:amp|lt|gt|quot|#10);)/);
    if (name === '') continue;
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      const pairs = [...written.matchAll(/([a-z]+)="([^"]*)"/g)];
      elements.push({
        name,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, value])),
      });
      if (empty !== '/') open.push(name);
    }
  }
  expect(at).toBe(body.length);
  expect(open).toEqual([]);
  return elements;
}
