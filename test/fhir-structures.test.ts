/** What is told in FHIR, held against its StructureDefinition behind the answers of the whole gateway. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Patient } from 'fhir/r4.js';
import { afterEach, expect, test } from 'vitest';
import { uncheckedLines, uncheckedStructures } from '../gateway/cli/status-structures.ts';
import { openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { runToEnd, startService, type Service } from './support/service.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function start(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  const world = await startTestGateway({ start: '2026-03-10T10:00:00.000Z', ...settings });
  open.push(() => world.close());
  return world;
}

const counterExamples = join(import.meta.dirname, '../profiles/fhir/counter-examples');
const odd = JSON.parse(
  readFileSync(join(counterExamples, 'patient-contact-without-anything.json'), 'utf8'),
) as Patient;

let number = 0;
/** Tells another patient of whom the StructureDefinition alone finds something. @returns the status */
async function tell(url: string, token = 'e'.repeat(40)): Promise<number> {
  number += 1;
  const id = `p${number}`;
  const { status } = await fetch(`${url}/Patient/${id}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ ...odd, id }),
  });
  return status;
}

async function found(world: TestGateway): Promise<[sender: string, findings: readonly string[]][]> {
  await world.gateway.fhir.caughtUp();
  const all = await world.gateway.journal.latestFindings(100);
  return all.map(({ sender, findings }) => [sender, findings]);
}
const noContact = [expect.stringContaining('error Patient.contact does not hold pat-1')];

test('the level in force decides, also after a reload: at accept nothing is looked at', async () => {
  const folder = temporaryFolder('fhir-levels');
  open.push(() => folder.remove());
  const senders = join(folder.path, 'overlay', 'senders');
  mkdirSync(senders, { recursive: true });
  const world = await start({
    change: (config) => ({ ...config, mappings: [join(folder.path, 'overlay')] }),
  });
  const { url } = world.gateway.fhir;
  const setLevel = async (level: string): Promise<void> => {
    writeFileSync(join(senders, 'ekliden.yaml'), `fhir:\n  level: ${level}\n`);
    expect(await world.gateway.reload()).toBe(0);
  };
  expect(await tell(url)).toBe(201);
  expect(await found(world)).toEqual([['ekliden', noContact]]);
  await setLevel('accept');
  expect(await tell(url)).toBe(201);
  expect(await tell(url, 'n'.repeat(40))).toBe(201);
  expect(await found(world)).toEqual([
    ['norrtuna', noContact],
    ['ekliden', noContact],
  ]);
  await setLevel('refuse');
  expect(await tell(url)).toBe(422);
  await setLevel('warn');
  expect(await found(world)).toHaveLength(2);
  expect(await tell(url)).toBe(201);
  expect(await found(world)).toHaveLength(3);
});

test('what comes while nothing waits is looked at by itself', async () => {
  const world = await start();
  const { journal, fhir } = world.gateway;
  await fhir.caughtUp();
  expect(await tell(fhir.url)).toBe(201);
  await expect
    .poll(() => journal.latestFindings(5), { timeout: 30_000 })
    .toMatchObject([{ sender: 'ekliden', findings: noContact }]);
});

test('a message whose bytes nobody can read stops nothing, and is told', async () => {
  const world = await start();
  const { journal, fhir } = world.gateway;
  const bytes = Buffer.from('{"request":{}');
  await journal.record({
    messageId: 'bad',
    sender: 'ekliden',
    controlId: 'bad',
    controlIdReuse: 'refused',
    kind: 'Patient',
    digest: bytes,
    raw: bytes,
    receivedAt: world.clock.now(),
    mappingRevision: 'r',
    events: [],
    unmapped: [],
    warnings: [],
    answer: new Uint8Array(),
  });
  expect(await tell(fhir.url)).toBe(201);
  expect(await found(world)).toEqual([['ekliden', noContact]]);
  const told = world.logged.filter((line) => line.includes('cannot be held against its structure'));
  expect(told).toHaveLength(1);
});

test('kill -9 right behind the answers loses no check, and status tells how many wait', async () => {
  const folder = temporaryFolder('fhir-structures-kill');
  open.push(() => folder.remove());
  const config = join(folder.path, 'hemgang.yaml');
  const data = join(folder.path, 'data');
  writeFileSync(config, `data: ${data}\nsenders:\n  - {id: ekliden, fhir: {}}\n`);
  const begin = (): Promise<Service> => startService(['--config', config]);
  const first = await begin();
  const token = readFileSync(join(data, 'tokens', 'fhir-ekliden'), 'utf8');
  const url = `http://127.0.0.1:${first.httpPort}/fhir`;
  const statuses = await Promise.all(Array.from({ length: 40 }, () => tell(url, token)));
  await first.end('SIGKILL');
  expect(new Set(statuses)).toEqual(new Set([201]));

  const reader = await openJournalReader({ folder: data });
  const unchecked = await uncheckedStructures(reader);
  await reader.close();
  expect(unchecked.messages).toBeGreaterThan(0);
  expect(uncheckedLines(unchecked).join()).toMatch(
    /^unchecked {3}\d+ messages? in FHIR not yet .* the oldest of \d{4}-/,
  );
  const { stdout } = await runToEnd(['status', '--config', config]);
  expect(stdout).toContain(uncheckedLines(unchecked).join());

  const again = await begin();
  open.push(async () => void (await again.end('SIGTERM')));
  const looking = await openJournalReader({ folder: data });
  open.push(() => looking.close());
  await expect
    .poll(async () => (await uncheckedStructures(looking)).messages, { timeout: 60_000 })
    .toBe(0);
  expect((await looking.status()).findings).toMatchObject([{ sender: 'ekliden', messages: 40 }]);
  const { stdout: quiet } = await runToEnd(['status', '--config', config]);
  expect(quiet).not.toContain('unchecked');
}, 180_000);
