/** What operators do to a gateway: while it runs, and while none does. */
import { DatabaseSync } from '@photostructure/sqlite';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deadLettersList, deadLettersShow } from '../gateway/cli/dead-letters.ts';
import { queueList, queuePause, queueResume } from '../gateway/cli/queue.ts';
import { redrive } from '../gateway/cli/redrive.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
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
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const flags = { data: folder };
    const code = await run({ ...options, config: undefined, json: true, flags });
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
