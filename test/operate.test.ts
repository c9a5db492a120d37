/** What operators do to a gateway: while it runs, and while none does. */
import { DatabaseSync } from '@photostructure/sqlite';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { codesMap } from '../gateway/cli/codes-map.ts';
import { deadLettersList, deadLettersShow } from '../gateway/cli/dead-letters.ts';
import { queueList, queuePause, queueResume } from '../gateway/cli/queue.ts';
import { redrive } from '../gateway/cli/redrive.ts';
import { importHistory } from '../gateway/cli/import-history.ts';
import type { PlanOptions } from '../gateway/cli/plan-options.ts';
import { reloadGateway } from '../gateway/cli/reload.ts';
import { applyResend, planResending, type ResendOptions } from '../gateway/cli/resend.ts';
import { applyRetranslate, planRetranslate } from '../gateway/cli/retranslate.ts';
import type { Difference } from '../gateway/cli/status-instances.ts';
import { status } from '../gateway/cli/status.ts';
import { traceId } from '../gateway/cli/trace.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { brokerSettings, brokerUrl, testPartitions } from './support/broker.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { postgresSettings } from './support/journal-forms.ts';
import { has, ownPrefix, ownSchema } from './support/servers.ts';
import { runToEnd } from './support/service.ts';

const monday = '2022-03-07T09:00:00.000Z';
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = temporaryFolder('operate');
  open.push(() => folder.remove());
  return folder.path;
}

async function start(folder = newFolder()): Promise<TestGateway> {
  const world = await startTestGateway({ start: monday, folder });
  open.push(() => world.close());
  return world;
}

const stay = {
  at: monday,
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  visit: 'E1',
} as const;
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

async function admit(world: TestGateway): Promise<void> {
  const raw = buildMessage('ekliden', { trigger: 'A01', controlId: '1', ...stay });
  expect(await world.send(raw)).toBe('AA');
}

/** What a notice follows from. */
async function tellNeeds(world: TestGateway): Promise<void> {
  const raw = buildMessage('ekliden', { trigger: 'A08', controlId: '2', ...stay, needs });
  expect(await world.send(raw)).toBe('AA');
}

interface Audited {
  readonly who: string;
  readonly what: string;
  readonly reason: string | null;
}

function auditOf(folder: string): readonly Audited[] {
  const db = new DatabaseSync(join(folder, 'hemgang.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT who, what, reason FROM audit ORDER BY sequence').all();
  db.close();
  return rows as Audited[];
}

const order = { reason: 'because of the test', who: 'anna' };

/** A verb in this process. @returns its exit code and what it prints with --json */
async function verb<O extends object>(
  run: (options: O & { config: undefined; json: true; flags: { data: string } }) => Promise<number>,
  folder: string,
  options: O,
): Promise<{ code: number; json: ReturnType<typeof JSON.parse> }> {
  const flags = { data: folder };
  return await printed(() => run({ ...options, config: undefined, json: true, flags }));
}

async function printed(
  run: () => Promise<number>,
): Promise<{ code: number; json: ReturnType<typeof JSON.parse> }> {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const code = await run();
    return { code, json: JSON.parse(String(spy.mock.calls.at(-1)?.[0])) };
  } finally {
    spy.mockRestore();
  }
}
const pause = async (folder: string, queue = 'advance') =>
  await verb(queuePause, folder, { queue, ...order });
const resume = async (folder: string, queue = 'advance') =>
  await verb(queueResume, folder, { queue, ...order });
const redriveAll = async (folder: string, queue: string) =>
  await verb(redrive, folder, { ids: [], all: true, queue, ...order });
const redriveOne = async (folder: string, id: string) =>
  await verb(redrive, folder, { ids: [id], all: false, queue: undefined, ...order });

async function eventTypes({ gateway }: TestGateway): Promise<string[]> {
  return (await gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event.type);
}

/** One dead letter in a queue that rests; a notice would have followed from it. */
async function fail(world: TestGateway): Promise<void> {
  await admit(world);
  await world.rest();
  await pause(world.folder, 'advance');
  await tellNeeds(world);
  await world.gateway.journal.outbox.bury(
    await world.gateway.journal.outbox.ready('advance', Date.parse(monday), 10, []),
    'assertion-failed: a bug',
  );
}

describe('a queue that rests', () => {
  test('keeps its events while messages are acknowledged, and goes on when it is resumed', async () => {
    const world = await start();
    await admit(world);
    await world.rest();
    const paused = await pause(world.folder, 'advance');
    expect(paused).toMatchObject({ code: 0, json: { by: 'the running gateway' } });

    await tellNeeds(world);
    world.gateway.bus.wake();
    expect(await world.gateway.journal.outbox.backlog()).toEqual({ advance: 1, dispatch: 0 });
    const listed = await verb(queueList, world.folder, {});
    expect(listed.code).toBe(1);
    expect(listed.json.queues[0]).toMatchObject({
      queue: 'advance',
      waiting: 1,
      paused: { by: 'anna', reason: 'because of the test' },
    });
    expect(await eventTypes(world)).not.toContain('notice.issued');

    const resumed = await resume(world.folder, 'advance');
    expect(resumed).toMatchObject({ code: 0, json: { wasPaused: true } });
    await world.rest();
    expect(await world.gateway.journal.outbox.backlog()).toEqual({ advance: 0, dispatch: 0 });
    expect(auditOf(world.folder).filter(({ who }) => who === 'anna')).toEqual([
      { who: 'anna', what: 'pause queue advance', reason: 'because of the test' },
      { who: 'anna', what: 'resume queue advance', reason: 'because of the test' },
    ]);
  });

  test('rests also where no gateway ran when it was said, and after a start', async () => {
    const folder = newFolder();
    const first = await startTestGateway({ start: monday, folder });
    await first.close();
    const paused = await pause(folder, 'advance');
    expect(paused).toMatchObject({ code: 0, json: { by: 'this command' } });

    const world = await start(folder);
    await admit(world);
    expect(await world.gateway.journal.pauses.all()).toMatchObject([{ queue: 'advance' }]);
    world.gateway.bus.wake();
    expect(await world.gateway.journal.outbox.backlog()).toMatchObject({ advance: 1 });
  });

  test('has a name and a reason, or the command is wrong', async () => {
    const folder = newFolder();
    await expect(pause(folder, 'elsewhere')).rejects.toThrow(/there are advance, dispatch/);
    const silent = await runToEnd(['queue', 'pause', 'advance', '--data', folder]);
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  });
});

describe('a dead letter', () => {
  test('is shown by its name with the ids to follow it by, and redriven with who and why', async () => {
    const world = await start();
    await fail(world);
    const listed = await verb(deadLettersList, world.folder, {});
    expect(listed.code).toBe(1);
    const [letter] = listed.json.deadLetters;
    expect(letter).toMatchObject({ queue: 'advance', error: 'assertion-failed: a bug' });
    const shown = await verb(deadLettersShow, world.folder, { id: letter.eventId });
    expect(shown.json.deadLetters).toEqual([letter]);

    await resume(world.folder, 'advance');
    const redriven = await redriveOne(world.folder, letter.name);
    expect(redriven).toMatchObject({ code: 0, json: { redriven: [letter.name] } });
    await world.rest();
    expect(await verb(deadLettersList, world.folder, {})).toMatchObject({ code: 0 });
    expect(await eventTypes(world)).toContain('notice.issued');
    expect(auditOf(world.folder).at(-1)).toMatchObject({
      who: 'anna',
      what: `redrive dead letter ${letter.name} (${letter.type})`,
    });
  });

  test('goes back with all of its queue', async () => {
    const world = await start();
    await fail(world);
    const none = await redriveAll(world.folder, 'dispatch');
    expect(none.json.redriven).toEqual([]);
    const all = await redriveAll(world.folder, 'advance');
    expect(all.json.redriven).toHaveLength(1);
  });

  test('that there is not is refused with what to do, and nothing is redriven', async () => {
    const world = await start();
    await fail(world);
    await expect(redriveOne(world.folder, 'advance:999')).rejects.toThrow(
      /advance:999: no dead letter.*\n {2}next: /,
    );
    expect(await world.gateway.journal.outbox.deadLetters(10)).toHaveLength(1);
  });
});

describe('the socket of operators', () => {
  test("is the gateway's own user's alone", async () => {
    const { folder } = await start();
    expect(statSync(join(folder, 'hemgang.socket')).mode & 0o777).toBe(0o600);
  });

  test('that a killed gateway left behind hinders neither commands nor the next start', async () => {
    const folder = newFolder();
    const left = spawnSync(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(join(folder, 'hemgang.socket'))}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    expect(left.signal).toBe('SIGKILL');
    expect(existsSync(join(folder, 'hemgang.socket'))).toBe(true);
    const paused = await pause(folder, 'dispatch');
    expect(paused).toMatchObject({ code: 0, json: { by: 'this command' } });
    await start(folder);
    const resumed = await resume(folder, 'dispatch');
    expect(resumed).toMatchObject({ code: 0, json: { by: 'the running gateway' } });
  });

  test('that cannot be made is no reason not to start', async () => {
    const deep = join(newFolder(), 'd'.repeat(100));
    const world = await start(deep);
    await admit(world);
    expect(world.logged.join('')).toContain('commands cannot reach this one');
  });
});

const canShare = await has(
  'operators of instances that share servers',
  'PostgreSQL that runs',
  'RabbitMQ that runs',
);

describe.skipIf(!canShare)('instances that share PostgreSQL and RabbitMQ', () => {
  const closing: (() => Promise<void> | void)[] = [];
  /** Both read the same overlay, and tell the same municipality. */
  let a: TestGateway;
  let b: TestGateway;
  let overlay: string;

  beforeAll(async () => {
    const folder = temporaryFolder('operate-shared');
    closing.push(() => folder.remove());
    overlay = join(folder.path, 'mine');
    mkdirSync(overlay);
    const { url, schema, drop } = ownSchema();
    closing.push(drop);
    const { prefix, drop: dropBroker } = ownPrefix();
    closing.push(dropBroker);
    let receivers: Config['receivers'] | undefined;
    let municipality: string | undefined;
    const begin = async (id: string) => {
      const world = await startTestGateway({
        start: monday,
        folder: join(folder.path, id),
        change: (config) => ({
          ...config,
          instance: { ...config.instance, id, leaseTime: 3000 },
          journal: postgresSettings(url, schema),
          bus: brokerSettings(prefix),
          mappings: [overlay],
          receivers: (receivers ??= config.receivers),
        }),
      });
      closing.push(() => world.close());
      writeFileSync(
        fileOf(world),
        [
          `data: ${world.folder}`,
          `journal: { form: postgres, url: '${url}', schema: ${schema} }`,
          `bus: { form: rabbitmq, url: '${brokerUrl}', prefix: ${prefix}, partitions: ${testPartitions} }`,
          `mappings: [${overlay}]`,
          `receivers: [{ id: receiver, channel: webhook, url: '${(municipality ??= world.receiver.url)}', secretEnv: [RECEIVER_SECRET], ownNetwork: true, recognisesRepeats: true }]`,
        ].join('\n'),
      );
      return world;
    };
    a = await begin('a');
    b = await begin('b');
  }, 120_000);
  afterAll(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  }, 120_000);

  const fileOf = ({ folder }: TestGateway): string => join(folder, 'hemgang.yaml');
  /** A verb as it is typed beside one of them. */
  const said = async <O extends object>(
    world: TestGateway,
    run: (
      options: O & { config: string; json: true; flags: Record<string, string> },
    ) => Promise<number>,
    options: O,
  ) => await printed(() => run({ ...options, config: fileOf(world), json: true, flags: {} }));
  const toldOf = (visit: string) => ({ ...stay, visit, controlId: `${visit}-1` });
  const since = '2022-03-01 00:00';
  const planned = { since, dryRun: true, rate: 0 } as const;
  const applied = { dryRun: false, rate: 0, ...order } as const;
  const sentIds = (): string[] => a.receiver.received.map(({ deliveryId }) => deliveryId);

  test(
    'obey an order to let a queue rest, whichever of them is told',
    { timeout: 60_000 },
    async () => {
      await said(b, queuePause, { queue: 'advance', ...order });
      const admitted = buildMessage('ekliden', { trigger: 'A01', ...toldOf('P1') });
      const needed = buildMessage('ekliden', {
        trigger: 'A08',
        ...toldOf('P1'),
        controlId: 'P1-2',
        needs,
      });
      for (const raw of [admitted, needed]) expect(await a.send(raw)).toBe('AA');
      expect(await a.gateway.journal.outbox.backlog()).toMatchObject({ advance: 2 });
      expect(sentIds()).toEqual([]);
      expect((await said(a, queueList, {})).code).toBe(1);
      await said(a, queueResume, { queue: 'advance', ...order });
      await a.rest();
      expect(sentIds()).toHaveLength(1);
      const { json } = await said(a, traceId, { id: 'P1-2' });
      const steps: { what: string }[] = json.steps;
      expect(steps.map(({ what }) => what)).toContain('attempt 1 to receiver');
    },
  );

  test('send once more what was delivered, under the id it had', { timeout: 60_000 }, async () => {
    const out = join(overlay, '..', 'resend.plan.json');
    const before = sentIds();
    expect(before.length).toBeGreaterThan(0);
    expect((await said(a, planResending, { ...planned, to: 'receiver', out })).code).toBe(0);
    const asked = await said(b, (options: ResendOptions) => applyResend(options, out), applied);
    expect(asked).toMatchObject({ code: 0, json: { by: 'the running gateway' } });
    await a.rest();
    expect(sentIds().toSorted()).toEqual([...before, ...before].toSorted());
  });

  test(
    'say again what a message says by other mappings, once both have read them',
    { timeout: 60_000 },
    async () => {
      const ready = buildMessage('ekliden', {
        trigger: 'A08',
        ...toldOf('P1'),
        controlId: 'P1-3',
        needs,
        readyAt: monday,
      });
      expect(await a.send(ready)).toBe('AA');
      await a.rest();
      expect(await eventTypes(a)).toContain('patient.discharge-ready');
      mkdirSync(join(overlay, 'hl7v2', 'tables'), { recursive: true });
      writeFileSync(
        join(overlay, 'hl7v2', 'tables', 'ekliden-readiness.yaml'),
        'entries: { K: null }\n',
      );
      expect((await said(a, reloadGateway, order)).code).toBe(0);
      const [different] = (await untilStatus((seen) => seen.different.length > 0)).different;
      expect(different).toMatchObject({
        part: 'mappings',
        sides: [{ who: ['a'] }, { who: ['b'] }],
      });
      expect((await said(b, reloadGateway, order)).code).toBe(0);
      await untilStatus((seen) => seen.different.length === 0);

      const out = join(overlay, '..', 'retranslate.plan.json');
      expect((await said(b, planRetranslate, { ...planned, out })).code).toBe(1);
      const asked = await said(
        a,
        (options: PlanOptions) => applyRetranslate(options, out),
        applied,
      );
      expect(asked).toMatchObject({ code: 0, json: { by: 'the running gateway' } });
      await a.rest();
      expect(await eventTypes(a)).toContain('notice.withdrawn');
    },
  );

  test(
    'enter a code by the one that is asked, and tell of the other',
    { timeout: 60_000 },
    async () => {
      const raw = buildMessage('ekliden', { trigger: 'A01', ...toldOf('P2') });
      const text = Buffer.from(raw).toString('latin1').replace('PV1|1|I', 'PV1|1|V');
      expect(await a.send(Buffer.from(text, 'latin1'))).toBe('AA');
      expect((await a.gateway.status()).messages.parked).toBe(1);
      const entry = { table: '0004-admission', code: 'V', target: 'patient.admitted' };
      const { json } = await said(a, codesMap, {
        ...entry,
        reference: 'class list 3',
        apply: true,
        yes: true,
      });
      expect(json.applied).toMatchObject({
        by: 'the running gateway',
        isDone: true,
        next: expect.stringContaining('hemgang reload there'),
      });
      expect((await a.gateway.status()).messages.parked).toBe(0);
    },
  );

  test('take a past that leads to nothing outside', { timeout: 60_000 }, async () => {
    const archive = join(overlay, '..', 'archive');
    mkdirSync(archive);
    const past = { ...toldOf('P3'), at: '2022-02-01T09:00:00Z' };
    const messages = [
      buildMessage('norrtuna', { trigger: 'A01', ...past }),
      buildMessage('norrtuna', { trigger: 'A03', ...past, controlId: 'P3-2' }),
    ];
    for (const [index, raw] of messages.entries()) {
      writeFileSync(join(archive, `${index}.hl7`), raw);
    }
    const before = sentIds();
    const { code, json } = await said(a, importHistory, {
      history: [archive],
      liveFrom: '2022-03-01 00:00',
      rate: 0,
      ...order,
    });
    expect(code).toBe(0);
    expect(json).toMatchObject({ counts: { accepted: 2 } });
    await a.rest();
    expect(sentIds()).toEqual(before);
  });

  /** What `status` tells, once it holds: an instance tells of itself every second. */
  async function untilStatus(holds: (seen: { different: readonly Difference[] }) => boolean) {
    for (;;) {
      const { json } = await said(a, status, {});
      if (holds(json)) return json as { different: readonly Difference[] };
      await sleep(100);
    }
  }
});
