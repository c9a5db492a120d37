/** What may change while the gateway runs changes whole, or not at all. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { operate } from '../gateway/cli/operate.ts';
import { inForceLines } from '../gateway/cli/status-in-force.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const monday = '2022-03-07T09:00:00.000Z';
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Reloadable extends TestGateway {
  /** What the file says from now on. */
  write(change: (config: Config) => Config): void;
}

async function start(): Promise<Reloadable> {
  let written: Config | undefined;
  const change = (config: Config): Config => (written = config);
  const reread = (): Config => {
    if (written === undefined) throw new Error('nothing was written');
    return written;
  };
  const world = await startTestGateway({ start: monday, change, options: { reread } });
  open.push(() => world.close());
  return { ...world, write: (edit) => void (written = edit(reread())) };
}

const reload = async ({ folder }: TestGateway) =>
  await operate(
    { config: undefined, flags: { data: folder }, json: true, reason: 'a test', who: 'anna' },
    'reload',
    {},
  );
const compare = async ({ folder }: TestGateway) =>
  (
    await operate(
      { config: undefined, flags: { data: folder }, json: true, reason: 'a test' },
      'in-force',
      {},
    )
  ).result;

const stay = {
  at: monday,
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** A stay that a notice follows from. */
async function admit(world: TestGateway, visit: string): Promise<void> {
  const one = { ...stay, visit };
  await world.send(buildMessage('ekliden', { trigger: 'A01', controlId: `${visit}-1`, ...one }));
  await world.send(
    buildMessage('ekliden', { trigger: 'A08', controlId: `${visit}-2`, ...one, needs }),
  );
  await world.rest();
}
const toFolder = (config: Config): Config => ({
  ...config,
  receivers: [{ id: 'receiver', channel: 'file', mode: 'live' }],
  dispatch: { ...config.dispatch, retries: [1000] },
  log: { ...config.log, level: 'warn' },
});
const deliveredTo = async ({ gateway }: TestGateway, receiver: string) =>
  (await gateway.journal.deliveries.byState('delivered', 100)).filter(
    (row) => row.receiver === receiver,
  ).length;

describe('a reload', () => {
  test('brings another receiver into force without a restart, and tells what has changed', async () => {
    const world = await start();
    await admit(world, 'V1');
    const before = await deliveredTo(world, 'receiver');
    expect(before).toBeGreaterThan(0);
    const drop = join(world.folder, 'notices', 'receiver');
    expect(existsSync(drop)).toBe(false);

    world.write(toFolder);
    const seen = await compare(world);
    expect(seen.files).not.toEqual(seen.inForce);
    expect(inForceLines(seen).join('\n')).toContain(
      'CHANGED     configuration since they were read',
    );
    const { result } = await reload(world);
    expect(result).toMatchObject({ outcome: 'reloaded' });
    if (result.outcome !== 'reloaded') return;
    expect(result.digests.configuration).not.toBe(result.before.configuration);
    expect(result.digests.mappings).toBe(result.before.mappings);
    await admit(world, 'V2');
    expect(existsSync(drop)).toBe(true);
    const now = await compare(world);
    expect(now.files).toEqual(now.inForce);
    expect(inForceLines(now)).toHaveLength(1);
  });

  test('that would need a restart is told so, and nothing of it changes', async () => {
    const world = await start();
    world.write((config) => toFolder({ ...config, mllp: { ...config.mllp, port: 1 } }));
    const { result } = await reload(world);
    expect(result).toMatchObject({
      outcome: 'refused',
      why: expect.stringMatching(/^mllp: cannot change while the gateway runs/),
    });
    await admit(world, 'V3');
    expect(existsSync(join(world.folder, 'notices', 'receiver'))).toBe(false);
    expect(world.logged.join('')).toContain('not reloaded');
  });

  test('with a secret that is not set changes nothing, and partners stay who they were', async () => {
    const world = await start();
    world.write((config) => ({
      ...toFolder(config),
      partners: config.partners.map((partner) => ({ ...partner, tokenEnv: 'NOBODY_SETS_IT' })),
    }));
    const { result } = await reload(world);
    expect(result).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('NOBODY_SETS_IT is not set'),
    });
    await admit(world, 'V4');
    expect(existsSync(join(world.folder, 'notices', 'receiver'))).toBe(false);
  });

  test('with one token for two partners changes nothing', async () => {
    const world = await start();
    world.write((config) => ({
      ...toFolder(config),
      partners: config.partners.map((partner) => ({ ...partner, tokenEnv: 'MUNICIPALITY_TOKEN' })),
    }));
    const { result } = await reload(world);
    expect(result).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('another partner has the same token'),
    });
    await admit(world, 'V5');
    expect(existsSync(join(world.folder, 'notices', 'receiver'))).toBe(false);
  });

  test('is refused where no gateway runs', async () => {
    const world = await start();
    await world.gateway.stop();
    await expect(reload(world)).rejects.toThrow(/no gateway runs/);
  });
});
