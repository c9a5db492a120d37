/** What went later than its time, and why: seen by whoever asks, and no clock moves. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { lateList } from '../gateway/cli/late.ts';
import { status } from '../gateway/cli/status.ts';
import { countMissed } from '../gateway/questions/late-notices.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { printed, verb } from './support/verbs.ts';

const monday = '2022-03-07T08:00:00.000Z';
const tuesday = '2022-03-08T08:00:00.000Z';
const wednesday = '2022-03-09T10:00:00.000Z';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface World extends TestGateway {
  configure(receivers: Config['receivers']): Promise<void>;
}

/** @param isRouted whether there is a receiver from the first */
async function start(isRouted: boolean): Promise<World> {
  const { secret, tokens } = await import('./support/gateway.ts');
  let base: Config | undefined;
  let receivers: Config['receivers'] = [];
  const world = await startTestGateway({
    start: monday,
    change(config) {
      base = config;
      receivers = isRouted ? config.receivers : [];
      return isRouted ? config : { ...config, receivers, partners: [] };
    },
    options: {
      env: { ...tokens, RECEIVER_SECRET: secret },
      reread: () => ({ ...base!, receivers, partners: [] }),
    },
  });
  closing.push(() => world.close());
  return Object.assign(world, {
    async configure(wanted: Config['receivers']) {
      receivers = wanted;
      await world.gateway.reload();
      await world.rest();
    },
  });
}

const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
let messages = 0;
/** Admitted and in need: a notice is due within a day. */
async function admit(world: World, more: Partial<HospitalStep> = {}): Promise<void> {
  for (const step of [{ trigger: 'A01' }, { trigger: 'A08', needs }] as const) {
    const raw = buildMessage('ekliden', {
      at: monday,
      visit: 'L1',
      personnummer: '195009072553',
      family: 'Testsson',
      given: 'Åsa',
      municipality: '1480',
      controlId: `l${(messages += 1)}`,
      ...step,
      ...more,
    });
    expect(await world.send(raw)).toBe('AA');
  }
  await world.rest();
}

const late = async (world: World) =>
  await verb(lateList, world.folder, { since: '2022-03-01 00:00' });

describe('a notice that had no receiver in time', () => {
  test('is told as late while it waits, and after it went by itself, with why', async () => {
    const world = await start(false);
    await admit(world);
    expect((await late(world)).json.late).toEqual([]);
    await world.passTimeUntil(wednesday);
    const waiting = await late(world);
    expect(waiting).toMatchObject({
      code: 1,
      json: {
        late: [
          {
            obligation: 'admission-notice',
            role: 'social-services',
            municipality: '1480',
            deadline: 'T1',
            dueAt: tuesday,
            decidedAt: monday,
            why: 'no-receiver',
          },
        ],
      },
    });
    expect(waiting.json.late[0].handedOverAt).toBeUndefined();
    expect(await countMissed(world.gateway.journal, monday, 10)).toBe(1);
    expect(await countMissed(world.gateway.journal, '2022-03-10T00:00:00.000Z', 10)).toBe(0);

    const before = await world.gateway.journal.eventsAfter(0, 1000);
    const { loadConfig } = await import('../gateway/runtime/config.ts');
    const { config } = loadConfig({ env: {}, file: null });
    await world.configure(config.receivers.map((one) => ({ ...one, proofReference: 'routine 7' })));
    const [went] = (await late(world)).json.late;
    expect(went).toMatchObject({
      why: 'no-receiver',
      receiver: 'file-drop',
      firstAttemptAt: wednesday,
      handedOverAt: wednesday,
      lateMs: Date.parse(wednesday) - Date.parse(tuesday),
    });
    expect((await late(world)).code).toBe(0);
    // What was written down of the clock stands: it was missed.
    const after = await world.gateway.journal.eventsAfter(0, 1000);
    expect(after.slice(0, before.length)).toEqual(before);
    const clocks = after.flatMap(({ event }) =>
      event.type === 'deadline.missed' || event.type === 'deadline.met'
        ? [`${event.type} ${event.data.deadline}`]
        : [],
    );
    expect(clocks).toEqual(['deadline.missed T1']);

    const told = await printed(() =>
      lateList({
        config: undefined,
        flags: { data: world.folder },
        json: false,
        since: '2022-03-01 00:00',
      }),
    );
    expect(told.text).toContain('why: the configuration named no receiver');
    expect(told.text).not.toContain('Testsson');
  });
});

describe('a need that was assessed after the admission', () => {
  test('has a clock of its own, and its notice is told as late by that', async () => {
    const world = await start(false);
    await admit(world, { at: monday });
    expect((await late(world)).json.late).toEqual([]);
    await admit(world, {
      at: tuesday,
      visit: 'L1',
      trigger: 'A08',
      needs: { ...needs, municipalHealthCare: true, regionOutpatient: true },
    });
    await world.passTimeUntil('2022-03-10T10:00:00.000Z');
    const told = (await late(world)).json.late.map(
      ({ role, deadline, dueAt }: { role: string; deadline: string; dueAt: string }) =>
        `${role} ${deadline} ${dueAt}`,
    );
    expect(told).toEqual([
      `social-services T1 ${tuesday}`,
      'municipal-health-care T2 2022-03-09T08:00:00.000Z',
      'region-outpatient T2 2022-03-09T08:00:00.000Z',
    ]);
  });
});

describe('why', () => {
  test('is that the hospital told it when its time had passed', async () => {
    const world = await start(true);
    await world.passTimeUntil(wednesday);
    await admit(world);
    expect((await late(world)).json.late).toMatchObject([
      { deadline: 'T1', dueAt: tuesday, decidedAt: wednesday, why: 'told-late' },
    ]);
  });

  test('is the receiver, where we tried in time', async () => {
    const world = await start(true);
    world.receiver.setBehaviour('busy');
    await admit(world);
    await world.passTimeUntil(wednesday);
    expect((await late(world)).json.late).toMatchObject([
      { deadline: 'T1', firstAttemptAt: monday, why: 'receiver' },
    ]);
  });

  test('is not asked of what went in time', async () => {
    const world = await start(true);
    await admit(world);
    await world.passTimeUntil(wednesday);
    expect(await late(world)).toMatchObject({ code: 0, json: { late: [] } });
    const { text } = await printed(() => status({ flags: { data: world.folder }, json: false }));
    expect(text).not.toContain('LATE');
  });
});
