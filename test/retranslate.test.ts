/** Messages are said again by other mappings: shown first with what it changes in law, then done, and never twice. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { operate } from '../gateway/cli/operate.ts';
import { applyRetranslation } from '../gateway/plans/apply-retranslation.ts';
import { paceOf } from '../gateway/plans/pace.ts';
import { readPlan, seal, writePlan } from '../gateway/plans/plan-file.ts';
import {
  planRetranslations,
  retranslationNames,
  retranslationPlan,
  type RetranslationContent,
} from '../gateway/plans/retranslation.ts';
import { selectionOf } from '../gateway/plans/selection.ts';
import { loadMappings } from '../mappings/index.ts';
import { inboundsOf } from '../gateway/wiring/inbounds.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { shippedProfiles } from './support/law.ts';
import { runToEnd } from './support/service.ts';

const monday = '2022-03-07T08:00:00.000Z';
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface World extends TestGateway {
  readonly overlay: string;
}

const tableFile = (overlay: string): string =>
  join(overlay, 'hl7v2', 'tables', 'ekliden-readiness.yaml');
const means = (overlay: string, target: string): void =>
  writeFileSync(tableFile(overlay), `entries:\n  K: ${target}\n`);

/** A gateway whose overlay takes the word of readiness for nothing. */
async function start(target = 'null'): Promise<World> {
  const folder = temporaryFolder('retranslate');
  closing.push(folder.remove);
  const [data, overlay] = [join(folder.path, 'data'), join(folder.path, 'mine')];
  mkdirSync(join(overlay, 'hl7v2', 'tables'), { recursive: true });
  means(overlay, target);
  const world = await startTestGateway({
    start: monday,
    folder: data,
    change: (config) => ({ ...config, mappings: [overlay] }),
  });
  closing.push(() => world.close());
  return { ...world, overlay };
}

const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** Admitted at nine, and at half past ten needed and ready: the readiness in a word that means nothing yet. */
async function tellStay(world: World, visit = 'R1'): Promise<void> {
  const at = '2022-03-07T08:00:00.000Z';
  const ready = '2022-03-07T09:30:00.000Z';
  const base = {
    ...person,
    visit,
    personnummer: visit === 'R1' ? person.personnummer : '196101182803',
  };
  const admitted = buildMessage('ekliden', {
    ...base,
    trigger: 'A01',
    at,
    controlId: `${visit}-1`,
  });
  const told = buildMessage('ekliden', {
    ...base,
    trigger: 'A08',
    at: ready,
    needs,
    readyAt: ready,
    controlId: `${visit}-2`,
  });
  for (const raw of [admitted, told]) expect(await world.send(raw)).toBe('AA');
  await world.rest();
}

async function plan(world: World, where?: string): Promise<RetranslationContent> {
  const mappings = loadMappings({ overlays: [world.overlay] });
  const { journal } = world.gateway;
  const asked = { journal, profiles: shippedProfiles, nowMs: world.clock.nowMs() };
  const parts = { isSenderLive: () => true };
  return await planRetranslations(
    asked,
    { revision: mappings.revision, adapterOf: inboundsOf(mappings).ofKind },
    parts,
    { since: '2022-03-01T00:00:00.000Z', where: selectionOf(where, retranslationNames) },
  );
}

const order = { reason: 'overlay of March', who: 'anna', config: undefined, json: true };

/** By the gateway that runs. */
async function apply(world: World, content: RetranslationContent) {
  const sealed = retranslationPlan.parse(JSON.parse(JSON.stringify(content)));
  return await operate({ ...order, flags: { data: world.folder } }, 'retranslate', {
    plan: { ...sealed, digest: 'sha256:x' },
    rate: 0,
  });
}

const eventsOf = async ({ gateway }: World) =>
  (await gateway.journal.eventsAfter(0, 10_000)).map(({ event }) => event);

describe('a plan', () => {
  test('tells the facts that come, what they replace, and what changes in law; nothing is written', async () => {
    const world = await start();
    await tellStay(world);
    const before = await eventsOf(world);
    means(world.overlay, 'patient.discharge-ready');
    const content = await plan(world);
    expect(content).toMatchObject({ looked: 2, unchanged: 1, left: [] });
    const [one] = content.cases;
    expect(one?.messages).toMatchObject([
      {
        kind: 'ADT^A08',
        comes: [
          { type: 'patient.identity-changed' },
          { type: 'patient.discharge-ready' },
          { type: 'need.assessed' },
        ],
        superseded: [{ type: 'patient.identity-changed' }, { type: 'need.assessed' }],
      },
    ]);
    expect(one?.effects?.notices).toMatchObject([
      { action: 'issued', obligation: 'discharge-ready-notice', municipality: '1480' },
    ]);
    expect(one?.effects?.deadlines.map(({ deadline }) => deadline)).toContain('T5');
    expect(one?.effects?.findings.map(({ rule }) => rule)).toContain('discharge-ready-notice');
    // The need stands as it stood: what was decided about it is not decided anew.
    expect(
      one?.effects?.notices.filter(({ obligation }) => obligation === 'admission-notice'),
    ).toEqual([]);
    expect(await eventsOf(world)).toEqual(before);
  });

  test('holds ids, codes and amounts, and nothing of the person', async () => {
    const world = await start();
    await tellStay(world);
    means(world.overlay, 'patient.discharge-ready');
    const text = JSON.stringify(await plan(world));
    for (const mark of ['Testsson', 'Åsa', person.personnummer, '0907', 'R1-2']) {
      expect(text).not.toContain(mark);
    }
  });

  test('is of what is asked for alone', async () => {
    const world = await start();
    await tellStay(world);
    await tellStay(world, 'R2');
    means(world.overlay, 'patient.discharge-ready');
    const all = await plan(world, 'kind=ADT^A08 and sender=ekliden');
    expect(all.cases).toHaveLength(2);
    expect((await plan(world, `case=${all.cases[1]?.case ?? ''}`)).cases).toMatchObject([
      { case: all.cases[1]?.case },
    ]);
    expect((await plan(world, 'kind=ADT^A01')).cases).toEqual([]);
    expect(() => selectionOf('sender=ekliden or kind=x', retranslationNames)).toThrow(/stands and/);
    expect(() => selectionOf('name=Åsa', retranslationNames)).toThrow(/one of sender, kind/);
  });
});

describe('applied', () => {
  test('what was shown is what is done, by the gateway that runs; the second time nothing', async () => {
    const world = await start();
    await tellStay(world);
    means(world.overlay, 'patient.discharge-ready');
    const content = await plan(world);
    await world.gateway.reload();
    const before = (await eventsOf(world)).length;
    const done = await apply(world, content);
    expect(done).toMatchObject({ by: 'the running gateway', result: { translated: 1, left: [] } });
    await world.rest();
    const fresh = (await eventsOf(world)).slice(before);
    const [planned] = content.cases[0]?.messages ?? [];
    expect(fresh.slice(0, 3).map(({ id }) => id)).toEqual(planned?.comes.map(({ id }) => id));
    const issued = fresh.flatMap((event) =>
      event.type === 'notice.issued' ? [event.data.obligation] : [],
    );
    expect(issued).toEqual(['discharge-ready-notice']);
    expect(fresh.map(({ type }) => type)).not.toContain('notice.withdrawn');

    const again = await apply(world, content);
    expect(again.result).toMatchObject({ translated: 0, before: 1, left: [] });
    expect((await plan(world)).cases).toEqual([]);
  });

  test('a message that says nothing any longer takes its fact back, and the notice with it', async () => {
    const world = await start('patient.discharge-ready');
    await tellStay(world);
    writeFileSync(
      join(world.overlay, 'hl7v2', 'tables', '0004-admission.yaml'),
      'entries:\n  I: null\n',
    );
    const content = await plan(world, 'kind=ADT^A01');
    expect(content.cases[0]?.messages).toMatchObject([
      { comes: [{ type: 'statement.withdrawn' }], superseded: [{ type: 'patient.admitted' }] },
    ]);
    await world.gateway.reload();
    const before = (await eventsOf(world)).length;
    await apply(world, content);
    await world.rest();
    const fresh = (await eventsOf(world)).slice(before).map(({ type }) => type);
    expect(fresh).toContain('notice.withdrawn');
    expect(content.cases[0]?.effects?.notices.map(({ action }) => action)).toContain('withdrawn');
  });

  test('it is refused with nothing written where a case has gone on, or the mappings are others', async () => {
    const world = await start();
    await tellStay(world);
    means(world.overlay, 'patient.discharge-ready');
    const content = await plan(world);
    await expect(apply(world, content)).rejects.toThrow(/out of date: the mappings in force/);
    await world.gateway.reload();
    const left = buildMessage('ekliden', {
      ...person,
      trigger: 'A03',
      at: '2022-03-07T10:00:00.000Z',
      visit: 'R1',
      controlId: 'R1-3',
    });
    expect(await world.send(left)).toBe('AA');
    await world.rest();
    const before = await eventsOf(world);
    await expect(apply(world, content)).rejects.toThrow(/1 cases have gone on.*\n.*next:/);
    expect(await eventsOf(world)).toEqual(before);
  });

  test('interrupted after a case it goes on with the next', async () => {
    const world = await start();
    await tellStay(world);
    await tellStay(world, 'R2');
    means(world.overlay, 'patient.discharge-ready');
    const content = await plan(world);
    const { journal } = world.gateway;
    const mappings = loadMappings({ overlays: [world.overlay] });
    const run = async (stopAfter: number) => {
      const stopping = new AbortController();
      return await applyRetranslation(
        {
          journal,
          clock: world.clock,
          mappings: { revision: mappings.revision, adapterOf: inboundsOf(mappings).ofKind },
          pace: paceOf(0, () => 0),
          signal: stopping.signal,
          tell: (done) => done >= stopAfter && stopping.abort(),
          audit: async () => undefined,
        },
        { ...retranslationPlan.parse(content), digest: 'x' },
      );
    };
    expect(await run(1)).toMatchObject({ translated: 1, isInterrupted: true });
    await world.rest();
    expect(await run(Infinity)).toMatchObject({ translated: 1, before: 1, isInterrupted: false });
  });
});

describe('the file of a plan', () => {
  test('is refused when anything in it was changed, or it is of another verb', async () => {
    const folder = temporaryFolder('plan');
    closing.push(folder.remove);
    const file = join(folder.path, 'p.json');
    const content = { madeAt: monday, position: 1, asked: {}, mappings: 'm', cases: [] };
    writePlan(file, seal('retranslate', content));
    expect(readPlan(file, 'retranslate', retranslationPlan).mappings).toBe('m');
    expect(() => readPlan(file, 'resend', retranslationPlan)).toThrow(/not of resend/);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"m"', '"n"'));
    expect(() => readPlan(file, 'retranslate', retranslationPlan)).toThrow(/digest differs/);
  });

  test('is what the command asks for: a look, or a plan and a reason', async () => {
    const neither = await runToEnd(['retranslate', '--since', '2022-03-01 00:00']);
    expect(neither).toMatchObject({ code: 2, stderr: expect.stringContaining('--dry-run') });
  });
});
