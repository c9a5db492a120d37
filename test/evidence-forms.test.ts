/** Evidence of a case while the gateway runs, by its socket, in either form of the journal; and of a case that is long. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { caseExport } from '../gateway/cli/case-export.ts';
import { caseShow } from '../gateway/cli/case-show.ts';
import { caseVerify } from '../gateway/cli/case-verify.ts';
import { bundleText, maxBundleBytes, readBundle } from '../gateway/evidence/bundle.ts';
import { check } from '../gateway/evidence/check.ts';
import { loadConfig, type Config } from '../gateway/runtime/config.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway } from './support/gateway.ts';
import { has, ownSchema } from './support/servers.ts';
import { printed } from './support/verbs.ts';

const runPostgres = await has('evidence from PostgreSQL', 'PostgreSQL that runs');
const now = '2022-03-07T08:00:00.000Z';
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const stay = {
  at: now,
  visit: 'E1',
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: false };
const person = /Testsson|195009072553/;

type Journal = Config['journal'];
const forms: readonly { name: string; runs: boolean; place: () => Record<string, unknown> }[] = [
  { name: 'embedded', runs: true, place: () => ({ form: 'embedded' }) },
  {
    name: 'postgres',
    runs: runPostgres,
    place() {
      const { url, schema, drop } = ownSchema();
      closing.push(drop);
      return { form: 'postgres', url, schema };
    },
  },
];

/** A gateway that runs, the file that the command line reads, and how its verbs print. */
async function start(journal: Record<string, unknown>) {
  const folder = temporaryFolder('evidence-forms');
  closing.push(folder.remove);
  const file = join(folder.path, 'hemgang.yaml');
  const data = join(folder.path, 'data');
  writeFileSync(file, stringify({ data, journal }));
  const wanted: Journal = loadConfig({ file, env: {}, flags: {} }).config.journal;
  const world = await startTestGateway({
    start: now,
    folder: data,
    change: (config) => ({ ...config, journal: wanted }),
  });
  closing.push(() => world.close());
  const common = { config: file, flags: {}, json: true };
  const said = async (run: () => Promise<number>) => {
    const { code, text } = await printed(run);
    return { code, told: JSON.parse(text) };
  };
  return {
    world,
    show: (id: string) => said(() => caseShow({ ...common, id })),
    exported: (id: string) =>
      said(() =>
        caseExport({
          ...common,
          id,
          out: join(folder.path, 'out'),
          reason: 'dispute 4711',
          who: 'a lawyer',
          evidence: true,
          withContent: false,
        }),
      ),
    verified: (of: string, key: readonly string[]) =>
      said(() => caseVerify({ file: of, key, json: true })),
  };
}

describe.each(forms.filter(({ runs }) => runs))(
  'evidence from a running gateway ($name)',
  ({ place }) => {
    test('is written down by it, made of one moment, and intact; one byte more is found', async () => {
      const { world, show, exported, verified } = await start(place());
      const { journal } = world.gateway;
      for (const step of [{ trigger: 'A01' }, { trigger: 'A08', needs }] as const) {
        const raw = buildMessage('ekliden', { ...stay, controlId: step.trigger, ...step });
        expect(await world.send(raw)).toBe('AA');
      }
      await world.rest();
      const [id = ''] = await journal.processIds('', 1);
      const seen = await show(id);
      expect(seen.code).toBe(0);
      const { code, told } = await exported(id);
      expect(code).toBe(0);
      const text = readFileSync(told.file, 'utf8');
      const bundle = readBundle(text);
      expect(bundle.parts['notices']).toEqual(seen.told.notices);
      expect(bundle.manifest.position).toBe((await journal.status()).events);
      expect(bundle.manifest.madeAt).toBe(world.clock.now());
      expect(text).not.toMatch(person);
      // The gateway wrote it down: its own journal has it before anything was read.
      const entries = await journal.retention.look({ kind: 'audit', before: '9', after: '' });
      expect(entries.go).toBeGreaterThan(0);

      const key = [bundle.manifest.key.fingerprint];
      expect(await verified(told.file, key)).toMatchObject({ code: 0, told: { isIntact: true } });
      const event = text.indexOf('"type":"patient.admitted"', text.indexOf('\n"events":'));
      writeFileSync(
        told.file,
        `${text.slice(0, event)}"type":"patient.admittec"${text.slice(event + 25)}`,
      );
      const changed = await verified(told.file, key);
      expect(changed).toMatchObject({
        code: 1,
        told: { isIntact: false, problems: [{ part: 'events' }] },
      });
    });
  },
);

test('of a case with thousands of events is made within bounds, and every one of them is held', async () => {
  const { world, exported } = await start({ form: 'embedded' });
  const { journal } = world.gateway;
  for (const step of [{ trigger: 'A01' }, { trigger: 'A08', needs }] as const) {
    expect(
      await world.send(buildMessage('ekliden', { ...stay, controlId: step.trigger, ...step })),
    ).toBe('AA');
  }
  await world.rest();
  const [id = ''] = await journal.processIds('', 1);
  const loaded = await journal.load(id);
  const [one] = loaded?.stays ?? [];
  const streamId = one?.stayId ?? '';
  const moves = 3000;
  const at = (n: number): string => new Date(Date.parse(now) + n * 1000).toISOString();
  await journal.append({
    expected: [{ streamId, version: one?.version ?? 0 }],
    events: Array.from({ length: moves }, (_, n) => ({
      streamId,
      lane: id,
      body: {
        id: `move-${n}`,
        type: 'patient.transferred' as const,
        occurredAt: at(n),
        recordedAt: at(n),
        source: { sender: 'ekliden', messageId: `move-${n}` },
        causationId: `move-${n}`,
        correlationId: id,
        data: { unit: `MED${n % 9}` },
      },
    })),
    setDeadlines: [],
    closeDeadlines: [],
  });
  await world.rest();
  const { told } = await exported(id);
  const text = readFileSync(told.file, 'utf8');
  const bundle = readBundle(text);
  expect(bundle.manifest.chain.records).toBeGreaterThan(moves);
  expect(Buffer.byteLength(text)).toBeLessThan(maxBundleBytes / 10);
  expect(check(text, readFileSync(told.page), []).isIntact).toBe(true);
  const events = bundle.parts['events'];
  const shorter = {
    ...bundle,
    parts: { ...bundle.parts, events: Array.isArray(events) ? events.toSpliced(2000, 1) : [] },
  };
  expect(check(bundleText(shorter), undefined, []).problems).toEqual([
    { part: 'events', what: 'number 2001 is missing' },
  ]);
}, 120_000);
