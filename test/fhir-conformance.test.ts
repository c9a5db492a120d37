/** FHIR in files: whose it is, the order it was told in, what belongs together, and what explain and conformance run say. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runConformance } from '../gateway/conformance/run.ts';
import type { ConformanceReport } from '../gateway/conformance/result.ts';
import { temporaryFolder } from './support/folder.ts';
import { runToEnd } from './support/service.ts';

const removals: (() => void)[] = [];
afterAll(() => {
  for (const remove of removals) remove();
});

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const { path, remove } = temporaryFolder('fhir-conformance');
  removals.push(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(
      join(path, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return path;
}

function run(path: string, options: { sender?: string; mappings?: string[] } = {}) {
  return runConformance({ paths: [path], mappings: [], profiles: [], ...options });
}
/** File, outcome, status and events of each resource. */
const gist = ({ messages }: ConformanceReport): string[] =>
  messages.map(({ file, outcome, answer, events }) =>
    [file, outcome, answer, ...events.map(({ type }) => type)].join(' '),
  );

const number = '195009072553';
const patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'urn:oid:1.2.752.129.2.1.3.1', value: number }],
};
const ekliden = 'https://ekliden.example/vardkontakt';
interface Change {
  readonly id?: string;
  readonly versionId?: string;
  readonly lastUpdated?: string;
  readonly status?: string;
  readonly end?: string;
  readonly system?: string;
  readonly unit?: string;
}
function encounter(change: Change = {}): object {
  const { id = 'e1', versionId = '1', lastUpdated = '2022-03-03T09:05:00+01:00' } = change;
  const { status = 'in-progress', end, system = ekliden, unit = 'Avdelning 7' } = change;
  return {
    resourceType: 'Encounter',
    id,
    meta: { versionId, lastUpdated },
    identifier: [{ system, value: 'V77' }],
    status,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { identifier: patient.identifier[0] },
    period: { start: '2022-03-03T09:00:00+01:00', ...(end !== undefined && { end }) },
    location: [{ location: { display: unit } }],
    serviceProvider: { display: 'Medicinkliniken' },
  };
}
const left = encounter({
  versionId: '2',
  lastUpdated: '2022-03-14T11:05:00+01:00',
  status: 'finished',
  end: '2022-03-14T11:00:00+01:00',
});
const bundle = (type: string, ...resources: object[]): object => ({
  resourceType: 'Bundle',
  type,
  entry: resources.map((resource) => ({
    resource,
    ...(type !== 'collection' && { request: { method: 'POST', url: 'Encounter' } }),
  })),
});

describe('whose a resource is', () => {
  test('its visit system says so, and what has none is that of its story', async () => {
    const folder = folderWith({
      'one/a.json': encounter(),
      'one/b.json': patient,
      'two/a.json': encounter({ system: 'https://norrtuna.example/fhir/vardkontakt' }),
    });
    const { messages } = await run(folder);
    expect(messages.map(({ file, sender }) => [file, sender])).toEqual([
      ['one/a.json', 'ekliden'],
      ['one/b.json', 'ekliden'],
      ['two/a.json', 'norrtuna'],
    ]);
  });

  test('where nothing says so it is refused with the next step, and --sender says it', async () => {
    const folder = folderWith({ 'a.json': patient });
    const [unknown] = (await run(folder)).messages;
    expect(unknown).toMatchObject({ outcome: 'refused', error: { code: 'unknown-sender' } });
    expect(unknown?.reason).toContain('--sender ID');
    const [known] = (await run(folder, { sender: 'ekliden' })).messages;
    expect(known).toMatchObject({ outcome: 'accepted', sender: 'ekliden' });
  });

  test('of several hospitals it is the one that gives these visit numbers', async () => {
    const overlay = [
      'id: aterborg',
      'name: Återborgs sjukhus',
      'description: names the visits of another hospital too',
      "county: '14'",
      'hospital: Återborgs sjukhus',
      'zone: Europe/Stockholm',
      'visitAuthority: https://aterborg.example/visit',
      `fhir: { visitSystems: ['https://aterborg.example/visit', '${ekliden}'] }`,
    ].join('\n');
    const mappings = [folderWith({ 'senders/aterborg.yaml': overlay })];
    const [told] = (await run(folderWith({ 'a.json': encounter() }), { mappings })).messages;
    expect(told?.sender).toBe('ekliden');
  });

  test('a story says it of files that name a hospital’s visit and are not the hospital’s', async () => {
    const story = 'senders: { a.json: norrtuna }\ncases: [{ stay: V77 }]';
    const [told] = (await run(folderWith({ 'a.json': encounter(), 'story.expect.yaml': story })))
      .messages;
    expect(told?.sender).toBe('norrtuna');
    const wrong = folderWith({
      'a.json': encounter(),
      'story.expect.yaml': story.replace('norr', 'sor'),
    });
    await expect(run(wrong)).rejects.toThrow(/senders\.a\.json sortuna: no such overlay/);
  });

  test('with --sender messages of HL7 v2 are read too, whoever else has profiles', async () => {
    const folder = join(import.meta.dirname, 'corpus', 'hl7v2', 'ekliden-a01-admission');
    const { messages } = await run(folder, { sender: 'ekliden' });
    expect(messages.map(({ outcome }) => outcome)).toEqual(['accepted']);
  });
});

describe('the order of a story', () => {
  test('is that of meta.lastUpdated, whatever the files are called', async () => {
    const told = await run(folderWith({ 'a.json': left, 'b.json': encounter() }));
    expect(gist(told)).toEqual([
      'a.json accepted 200 patient.discharged',
      'b.json accepted 201 patient.admitted',
    ]);
    const renamed = await run(
      folderWith({ 'x.json': encounter(), 'y.ndjson': JSON.stringify(left) }),
    );
    expect(renamed.fingerprint).toEqual(told.fingerprint);
  });

  test('what one version said the next does not say again, and the same once more says nothing', async () => {
    const again = encounter({ versionId: '2', lastUpdated: '2022-03-04T09:00:00+01:00' });
    const moved = encounter({
      versionId: '3',
      lastUpdated: '2022-03-05T09:00:00+01:00',
      unit: 'Avdelning 8',
    });
    const told = await run(folderWith({ '1.json': encounter(), '2.json': again, '3.json': moved }));
    expect(gist(told)).toEqual([
      '1.json accepted 201 patient.admitted',
      '2.json ignored 200',
      '3.json accepted 200 patient.transferred',
    ]);
  });

  test('resources of two folders are two worlds', async () => {
    const told = await run(folderWith({ 'a/1.json': encounter(), 'b/1.json': encounter() }));
    expect(gist(told)).toEqual([
      'a/1.json accepted 201 patient.admitted',
      'b/1.json accepted 201 patient.admitted',
    ]);
  });

  test('a version with two contents is told', async () => {
    const other = encounter({ unit: 'Avdelning 9' });
    const { messages, summary } = await run(folderWith({ '1.json': encounter(), '2.json': other }));
    expect(messages[1]?.warnings.join()).toContain('meta.versionId');
    expect(summary.toAgree.map(({ what }) => what)).toContain(
      'meta.versionId: give every content a version of its own',
    );
  });
});

describe('what is taken together', () => {
  const wrong = encounter({ id: 'e2', status: 'completed' });

  test('of a transaction all or nothing, and each entry is told why', async () => {
    const { messages } = await run(
      folderWith({ 'a.json': bundle('transaction', encounter(), wrong) }),
    );
    expect(messages.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
    expect(messages[0]?.reason).toContain('Bundle.entry[1].resource: mend this entry');
    expect(messages[1]?.error?.location).toBe('Encounter.status');
    const after = await run(
      folderWith({ 'a.json': bundle('transaction', encounter(), wrong), 'b.json': left }),
    );
    expect(gist(after).at(-1)).toBe('b.json accepted 201 patient.admitted patient.discharged');
  });

  test('of a batch each by itself', async () => {
    const told = await run(folderWith({ 'a.json': bundle('batch', encounter(), wrong) }));
    expect(gist(told)).toEqual(['a.json accepted 201 patient.admitted', 'a.json refused 422']);
  });
});

const norrtuna = { sender: 'norrtuna', mappings: [], profiles: [] };

describe('files', () => {
  test('JSON that is nothing of FHIR is passed over in a folder, and refused where it is asked for', async () => {
    const folder = folderWith({ 'package.json': { name: 'x' }, 'a.json': encounter() });
    const { messages, framing } = await run(folder);
    expect(messages.map(({ file }) => file)).toEqual(['a.json']);
    expect(framing).toEqual([
      { file: 'package.json', text: 'no FHIR resource: resourceType is missing' },
    ]);
    const [named] = (await run(join(folder, 'package.json'))).messages;
    expect(named).toMatchObject({ outcome: 'refused', answer: '400' });
  });

  test('each line of NDJSON, each entry of a Bundle has its place', async () => {
    const lines = [encounter(), bundle('collection', left)].map((one) => JSON.stringify(one));
    const { messages } = await run(folderWith({ 'a.ndjson': `${lines.join('\n')}\n\n` }));
    expect(messages.map(({ place, position }) => [position, place])).toEqual([
      [1, 'line 1'],
      [2, 'line 2 Bundle.entry[0].resource'],
    ]);
  });

  test('a person’s number as an id is not told', async () => {
    const report = await run(folderWith({ 'a.json': { ...patient, id: number } }), {
      sender: 'ekliden',
    });
    expect(report.messages[0]?.outcome).toBe('accepted');
    expect(JSON.stringify(report)).not.toContain(number);
  });

  test('the examples of our profiles are taken: messages by themselves, the others as one world', async () => {
    const folder = join(import.meta.dirname, '..', 'profiles', 'fhir', 'examples');
    const paths = readdirSync(folder).map((name) => join(folder, name));
    const isMessage = (path: string): boolean => path.includes('message-');
    const others = paths.filter((path) => !isMessage(path));
    for (const one of [...paths.filter(isMessage).map((path) => [path]), others]) {
      const { messages } = await runConformance({ ...norrtuna, paths: one });
      const refused = messages.filter(({ outcome }) => outcome === 'refused');
      expect(refused.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([]);
    }
  });
});

describe('the command line', () => {
  test('explain shows what a resource becomes, and ends with 1 where it is refused', async () => {
    const folder = folderWith({
      'fine.json': encounter(),
      'wrong.json': encounter({ status: 'completed' }),
    });
    const fine = await runToEnd(['explain', join(folder, 'fine.json')]);
    expect(fine.stdout).toContain('Sender    ekliden');
    expect(fine.stdout).toMatch(/2022-03-03T08:00:00\.000Z {2}patient\.admitted/);
    expect(fine.stdout).toContain('Answer    201');
    expect(fine.code).toBe(0);
    const wrong = await runToEnd(['explain', join(folder, 'wrong.json'), '--json']);
    expect(JSON.parse(wrong.stdout).resources[0]).toMatchObject({
      error: { location: 'Encounter.status' },
      answer: { status: 422, outcome: { resourceType: 'OperationOutcome' } },
    });
    expect(wrong.code).toBe(1);
  });

  test('explain says of a resource that nobody is known to send what the profiles say', async () => {
    const file = join(folderWith({ 'a.json': { resourceType: 'CarePlan' } }), 'a.json');
    const { stdout } = await runToEnd(['explain', file]);
    expect(stdout).toContain('--sender ID');
    expect(stdout).toContain('Answer    depends on who sends it');
    expect(stdout).toContain('CarePlan.intent is missing');
  });

  test('conformance run tells place and reason, and what to agree', async () => {
    const folder = folderWith({ 'a.json': bundle('batch', encounter({ status: 'completed' })) });
    const { stdout, code } = await runToEnd(['conformance', 'run', folder]);
    expect(stdout).toContain('a.json Bundle.entry[0].resource  Encounter');
    expect(stdout).toContain('To agree with the vendor');
    expect(code).toBe(1);
  });
});
