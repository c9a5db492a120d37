/** A disk that fills: nothing new is taken well before nothing can be stored any more. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { GatewayError } from '../gateway/errors.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import { storageSettings } from '../gateway/runtime/config-storage.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { watchRoom, type Place, type Room, type Space } from '../gateway/runtime/storage/room.ts';
import { startTestGateway, tokens, type TestGateway } from './support/gateway.ts';

const monday = '2022-03-07T09:00:00.000Z';
const gib = 2 ** 30;
const disk = (freeGib: number): Space => ({ freeBytes: freeGib * gib, totalBytes: 100 * gib });

describe('room', () => {
  const logged: string[] = [];
  const rooms: Room[] = [];
  let elapsedMs = 0;
  const clock = Object.assign(new HandSetClock(monday), { elapsedMs: () => elapsedMs });
  afterEach(() => {
    for (const room of rooms.splice(0)) room.close();
    logged.length = 0;
  });

  async function watch(space: { now: Space }, others: readonly Place[] = []): Promise<Room> {
    const settings = storageSettings.parse({
      stopAccepting: '1GiB or 5%',
      acceptAgain: '2GiB',
      warn: '3GiB',
      every: '1h',
    });
    const log = createLog({
      level: 'debug',
      json: true,
      destination: { write: (line) => void logged.push(line) },
    });
    const places = [{ name: 'disk', measure: async () => space.now }, ...others];
    const room = await watchRoom({ settings, places, clock, log });
    rooms.push(room);
    return room;
  }
  const takes = (room: Room): boolean => {
    try {
      room.require();
      return true;
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'disk-full', fate: 'transient' });
      return false;
    }
  };

  test('ends at one mark and is there again at a higher one; each change is told once', async () => {
    const space = { now: disk(10) };
    const room = await watch(space);
    const seen: [free: number, standing: string, takes: boolean][] = [];
    for (const free of [10, 2.5, 2.4, 0.9, 0.8, 1.5, 2.1, 1.5, 4]) {
      space.now = disk(free);
      await room.look();
      seen.push([free, room.now().standing, takes(room)]);
    }
    expect(seen).toEqual([
      [10, 'enough', true],
      [2.5, 'low', true],
      [2.4, 'low', true],
      [0.9, 'none', false],
      [0.8, 'none', false],
      [1.5, 'none', false],
      [2.1, 'low', true],
      [1.5, 'low', true],
      [4, 'enough', true],
    ]);
    expect(logged).toHaveLength(4);
  });

  test('of a small disk is a share of it', async () => {
    const small = (freeMib: number): Space => ({ freeBytes: freeMib * 2 ** 20, totalBytes: gib });
    const space = { now: small(60) };
    const room = await watch(space);
    expect(takes(room)).toBe(true);
    space.now = small(40);
    await room.look();
    expect(takes(room)).toBe(false);
  });

  test('is wanting where it is in one of several places', async () => {
    const database = { name: 'database', measure: async () => disk(0.5) };
    expect(takes(await watch({ now: disk(50) }, [database]))).toBe(false);
  });

  test('that cannot be measured is as it was', async () => {
    const space = { now: disk(0.5) };
    const room = await watch(space);
    Object.defineProperty(space, 'now', {
      get: () => {
        throw new Error('no such folder');
      },
    });
    await room.look();
    expect(takes(room)).toBe(false);
  });

  test('is wanting after a write that found none, whatever is measured, and tried again after half a minute', async () => {
    const room = await watch({ now: disk(50) });
    room.sawFull();
    elapsedMs += 29_999;
    await room.look();
    expect(takes(room)).toBe(false);
    elapsedMs += 1;
    await room.look();
    expect(takes(room)).toBe(true);
  });

  test.each(['1 GiB', '5', '0.5GiB', '1GiB or', '100%'])('is not written %s', (text) => {
    expect(storageSettings.safeParse({ stopAccepting: text }).success).toBe(false);
  });
});

describe('a gateway whose disk is nearly full', () => {
  const worlds: TestGateway[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });

  const person = {
    personnummer: '195009072553',
    family: 'Testsson',
    given: 'Åsa',
    municipality: '1480',
    visit: 'E1',
  };
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  const message = (rest: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'controlId'>) =>
    buildMessage('ekliden', { at: monday, ...person, ...rest });

  async function startOn(space: { now: Space }): Promise<TestGateway> {
    const world = await startTestGateway({
      start: monday,
      acknowledges: true,
      options: { space: async () => space.now },
      change: (config) => ({ ...config, storage: { ...config.storage, every: 5 } }),
    });
    worlds.push(world);
    return world;
  }
  async function readiness(world: TestGateway) {
    const response = await fetch(`${world.gateway.http.url}/health/ready`);
    const { reasons }: { reasons: { code: string }[] } = JSON.parse(await response.text());
    return { status: response.status, codes: reasons.map(({ code }) => code) };
  }
  /** Until the gateway has seen how much room there is. */
  async function seen(world: TestGateway, status: number): Promise<void> {
    await expect
      .poll(async () => (await readiness(world)).status, { timeout: 20_000 })
      .toBe(status);
  }

  test('takes no message, and sends and stores what it has; then it takes them again', async () => {
    const space = { now: disk(50) };
    const world = await startOn(space);
    expect(await world.send(message({ trigger: 'A01', controlId: 'C1' }))).toBe('AA');
    await world.rest();
    world.receiver.setBehaviour('busy');
    expect(await world.send(message({ trigger: 'A08', controlId: 'C2', needs }))).toBe('AA');
    await world.rest();

    space.now = disk(0.5);
    await seen(world, 503);
    expect((await readiness(world)).codes).toEqual(['storage-full']);
    const answer = Buffer.from(
      await world.hospital.send(message({ trigger: 'A03', controlId: 'C3' })),
    ).toString('latin1');
    expect(answer).toContain('MSA|AR|C3');
    expect(answer).toContain('|207');
    const asked = await fetch(`${world.gateway.fhir.url}/Patient`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${tokens.EKLIDEN_FHIR_TOKEN}`,
        'Content-Type': 'application/fhir+json',
      },
      body: JSON.stringify({ resourceType: 'Patient' }),
    });
    expect(asked.status).toBe(503);
    expect(asked.headers.get('Retry-After')).toBe('5');

    // What waits goes on: the notice is sent, its receipt is taken, a deadline is seen to.
    world.receiver.setBehaviour('accept');
    await world.passTimeUntil('2022-03-08T09:00:00.000Z');
    await world.rest();
    const types = (await world.gateway.journal.eventsAfter(0, 100)).map(({ event }) => event.type);
    expect(types).toContain('notice.delivered');
    expect(types).toContain('notice.acknowledged');
    expect(world.receiver.failures).toEqual([]);

    space.now = disk(50);
    await seen(world, 200);
    expect(await world.send(message({ trigger: 'A03', controlId: 'C3' }))).toBe('AA');
    expect(world.logged.filter((line) => line.includes('nothing new is taken"'))).toHaveLength(1);
  });

  test('hears of it from a write that found no room, too', async () => {
    const world = await startTestGateway({
      start: monday,
      options: {
        openJournal: async (folder) => {
          const { openEmbeddedJournal } = await import('../gateway/runtime/journal/embedded.ts');
          const journal = await openEmbeddedJournal({ folder });
          return {
            ...journal,
            record: () =>
              Promise.reject(new GatewayError('disk-full', 'the disk of the journal is full')),
          };
        },
      },
    });
    worlds.push(world);
    expect(await world.send(message({ trigger: 'A01', controlId: 'C1' }))).toBe('AR');
    expect((await readiness(world)).codes).toContain('storage-full');
  });
});
