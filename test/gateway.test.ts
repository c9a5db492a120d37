/** What goes wrong, through the whole gateway: a clear answer, and nothing lost. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, HospitalLink, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { GatewayError } from '../gateway/errors.ts';
import type { DischargeEvent, EventBody } from '../gateway/process/events.ts';
import { fold } from '../gateway/process/state.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { AttemptOutcome } from '../gateway/runtime/journal/journal.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';

const monday = '2022-03-07T09:00:00.000Z';
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function start(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  const world = await startTestGateway({ start: monday, ...settings });
  open.push(() => world.close());
  return world;
}

const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  visit: 'E1',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

function message(
  rest: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'controlId'>,
): Uint8Array {
  return buildMessage('ekliden', { at: monday, ...person, ...rest });
}

function edited(raw: Uint8Array, edit: (text: string) => string): Uint8Array {
  return Buffer.from(edit(Buffer.from(raw).toString('latin1')), 'latin1');
}

async function eventsOf(world: TestGateway): Promise<DischargeEvent[]> {
  return (await world.gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event);
}
const typesOf = (events: readonly DischargeEvent[]): string[] => events.map(({ type }) => type);

/** An admitted patient in need of social services: one admission notice to one receiver. */
async function admit(
  world: TestGateway,
  visit = 'E1',
  personnummer = person.personnummer,
): Promise<void> {
  const stay = { visit, personnummer };
  expect(await world.send(message({ trigger: 'A01', controlId: `${visit}-1`, ...stay }))).toBe(
    'AA',
  );
  const raw = message({ trigger: 'A08', controlId: `${visit}-2`, ...stay, needs });
  expect(await world.send(raw)).toBe('AA');
  await world.rest();
}

describe('control ids', () => {
  test('a resend of an accepted message gets the stored answer and adds nothing', async () => {
    const world = await start();
    const raw = message({ trigger: 'A01', controlId: 'C1' });
    const first = Buffer.from(await world.hospital.send(raw)).toString('latin1');
    const before = await world.gateway.status();
    world.clock.advanceTo('2022-03-07T10:00:00.000Z');
    const second = Buffer.from(await world.hospital.send(raw)).toString('latin1');
    expect(second).toBe(first);
    expect((await world.gateway.status()).events).toBe(before.events);
  });

  test('other content under an accepted id is AR 205, and kept for the operator', async () => {
    const world = await start();
    await world.send(message({ trigger: 'A01', controlId: 'C1' }));
    const answer = await world.hospital.send(message({ trigger: 'A08', controlId: 'C1' }));
    expect(Buffer.from(answer).toString('latin1')).toMatch(/MSA\|AR\|C1[\s\S]*205/);
    expect((await world.gateway.status()).messages.rejected).toBe(1);
  });

  test('a refused message releases its id: corrected, it is accepted', async () => {
    const world = await start();
    const raw = message({ trigger: 'A01', controlId: 'C1' });
    const broken = edited(raw, (text) => text.replace(/\rPV1[^\r]*/, ''));
    expect(await world.send(broken)).toBe('AE');
    expect(await world.send(raw)).toBe('AA');
  });
});

describe('messages that cannot be taken', () => {
  test('an unknown sender gets AR and its message is quarantined', async () => {
    const world = await start();
    const stranger = edited(message({ trigger: 'A01', controlId: 'C1' }), (text) =>
      text.replace('EKLIDEN-PAS', 'NOBODY').replace('|EKLIDEN|', '|NOWHERE|'),
    );
    expect(await world.send(stranger)).toBe('AR');
    expect((await world.gateway.status()).messages.quarantined).toBe(1);
  });

  test('what is not HL7 closes the connection and is kept; the next connection works', async () => {
    const world = await start();
    const stranger = await HospitalLink.connect(world.gateway.mllp);
    await expect(stranger.send(Buffer.from('GET / HTTP/1.1\r\n'))).rejects.toThrow();
    await stranger.close();
    expect((await world.gateway.status()).messages.rejected).toBe(1);
    expect(await world.send(message({ trigger: 'A01', controlId: 'C1' }))).toBe('AA');
  });

  test('a message larger than the limit is refused with an answer', async () => {
    const world = await start({
      change: (config) => ({ ...config, mllp: { ...config.mllp, maxFrameBytes: 2048 } }),
    });
    const large = edited(
      message({ trigger: 'A01', controlId: 'C1' }),
      (text) => `${text}NTE|1||${'x'.repeat(5000)}\r`,
    );
    const answer = await world.hospital.send(large).catch(() => undefined);
    expect(Buffer.from(answer ?? []).toString('latin1')).toMatch(/MSA\|AE\|C1[\s\S]*104/);
    const rejected = async (): Promise<number> => (await world.gateway.status()).messages.rejected;
    await expect.poll(rejected).toBe(1);
    const next = await HospitalLink.connect(world.gateway.mllp);
    const small = await next.send(message({ trigger: 'A01', controlId: 'C2' }));
    expect(Buffer.from(small).toString('latin1')).toContain('MSA|AA');
    await next.close();
  });
});

describe('an unmapped deciding code', () => {
  test('is accepted and parked, shown, and translated once a table has it', async () => {
    const folder = temporaryFolder('unmapped');
    open.push(folder.remove);
    const world = await startTestGateway({ start: monday, folder: folder.path });
    await world.send(message({ trigger: 'A01', controlId: 'C1' }));
    const raw = edited(message({ trigger: 'A08', controlId: 'C2', needs }), (text) =>
      text.replace(/\rZUT\|[^|]*\|/, '\rZUT|ZZ|'),
    );
    const withTime = edited(raw, (text) => text.replace('\rZUT|ZZ|', '\rZUT|ZZ|20220307100000'));
    expect(await world.send(withTime)).toBe('AA');
    await world.rest();
    const status = await world.gateway.status();
    expect(status.messages.parked).toBe(1);
    expect(status.unmapped[0]).toMatchObject({ sender: 'ekliden', code: 'ZZ', count: 1 });
    await world.close();

    const overlay = join(folder.path, 'overlay');
    mkdirSync(join(overlay, 'hl7v2', 'tables'), { recursive: true });
    writeFileSync(
      join(overlay, 'hl7v2', 'tables', `${status.unmapped[0]?.table}.yaml`),
      'entries:\n  ZZ: patient.discharge-ready\n',
    );
    const again = await start({
      folder: folder.path,
      change: (config) => ({ ...config, mappings: [overlay] }),
    });
    await again.rest();
    expect(again.gateway.freed).toBe(1);
    expect((await again.gateway.status()).messages.parked).toBe(0);
    const events = await eventsOf(again);
    expect(typesOf(events)).toContain('patient.discharge-ready');
    expect(events.filter(({ type }) => type === 'notice.issued').length).toBeGreaterThan(1);
  });
});

describe('a missing amount', () => {
  test('withholds the billing, and frees it at the start after it was entered', async () => {
    const folder = temporaryFolder('amount');
    open.push(() => folder.remove());
    const year = { start: '2021-03-01T09:00:00.000Z', folder: folder.path };
    const world = await startTestGateway(year);
    const both = { ...needs, regionOutpatient: true };
    const say = async (step: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'at'>) => {
      world.clock.advanceTo(new Date(step.at).toISOString());
      const controlId = `W-${step.at}-${step.trigger}`.slice(0, 20);
      expect(await world.send(message({ ...step, controlId }))).toBe('AA');
      await world.rest();
    };
    await say({ trigger: 'A01', at: '2021-03-01T09:00:00Z', expectedDischarge: '2021-03-08' });
    await say({ trigger: 'A08', at: '2021-03-01T10:00:00Z', needs: both });
    const caseReference = world.receiver.received[0]?.body.data.caseReference ?? '';
    const time = '2021-03-01T10:30:00Z';
    for (const [type, data] of [
      ['planning.called', { calledBy: 'fixed-care-contact' }],
      ['outpatient-care.availability-set', { availability: 'available' }],
    ] as const) {
      expect(await world.receiver.answer({ caseReference, type, data, time })).toBe(202);
    }
    await say({
      trigger: 'A08',
      at: '2021-03-02T09:00:00Z',
      readyAt: '2021-03-02T09:00:00Z',
      needs: both,
    });
    await world.passTimeUntil('2021-03-10T09:00:00.000Z');
    await say({ trigger: 'A03', at: '2021-03-10T09:00:00Z' });
    await world.passTimeUntil('2021-04-30T09:00:00.000Z');
    expect(typesOf(await eventsOf(world))).toContain('billing.withheld');
    expect(typesOf(await eventsOf(world))).not.toContain('billing.recorded');
    await world.close();

    const overlay = join(folder.path, 'profiles');
    mkdirSync(join(overlay, 'law'), { recursive: true });
    writeFileSync(
      join(overlay, 'law', 'settlement.yaml'),
      [
        'parameters:',
        '  careDayAmountOre:',
        '    values:',
        "      '2021-01-01': { value: 100000, reference: entered for this test }",
      ].join('\n'),
    );
    const again = await start({
      ...year,
      start: '2021-05-01T09:00:00.000Z',
      change: (config) => ({ ...config, profiles: [overlay] }),
    });
    await again.rest();
    const recorded = (await eventsOf(again)).find(({ type }) => type === 'billing.recorded');
    expect(recorded?.type === 'billing.recorded' && recorded.data.totalOre).toBe(500_000);
  });
});

test('a municipality that there is not, among those whose months are settled, refuses the start', async () => {
  const change: TestSettings['change'] = (config) => ({
    ...config,
    billing: { ...config.billing, municipalities: ['1480', '1400'] },
  });
  await expect(start({ change })).rejects.toMatchObject({
    code: 'configuration-invalid',
    message: expect.stringContaining('1400'),
  });
});

describe('a case that was counted under other profiles', () => {
  /** A stay of a resident of 1480 in Västra Götaland: ready on 2 March, home on the 10th. */
  async function playStay(world: TestGateway): Promise<void> {
    const both = { ...needs, regionOutpatient: true };
    const say = async (step: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'at'>) => {
      world.clock.advanceTo(new Date(step.at).toISOString());
      const controlId = `W-${step.at}-${step.trigger}`.slice(0, 20);
      expect(await world.send(message({ ...step, controlId }))).toBe('AA');
      await world.rest();
    };
    await say({ trigger: 'A01', at: '2022-03-01T09:00:00Z', expectedDischarge: '2022-03-08' });
    await say({ trigger: 'A08', at: '2022-03-01T10:00:00Z', needs: both });
    const caseReference = world.receiver.received[0]?.body.data.caseReference ?? '';
    const time = '2022-03-01T10:30:00Z';
    for (const [type, data] of [
      ['planning.called', { calledBy: 'fixed-care-contact' }],
      ['outpatient-care.availability-set', { availability: 'available' }],
    ] as const) {
      expect(await world.receiver.answer({ caseReference, type, data, time })).toBe(202);
    }
    const readyAt = '2022-03-02T09:00:00Z';
    await say({ trigger: 'A08', at: readyAt, readyAt, needs: both });
    await world.passTimeUntil('2022-03-10T09:00:00.000Z');
    await say({ trigger: 'A03', at: '2022-03-10T09:00:00Z' });
  }

  const year = { start: '2022-03-01T09:00:00.000Z' };

  async function playUnder(files: Readonly<Record<string, string>>, until: string) {
    const folder = temporaryFolder('profiles');
    open.push(() => folder.remove());
    const overlay = join(folder.path, 'profiles');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(overlay, name, '..'), { recursive: true });
      writeFileSync(join(overlay, name), text);
    }
    const change: TestSettings['change'] = (config) => ({ ...config, profiles: [overlay] });
    const world = await startTestGateway({ ...year, folder: folder.path, change });
    await playStay(world);
    await world.passTimeUntil(until);
    await world.close();
    const again = await start({ start: until, folder: folder.path });
    await again.rest();
    return again;
  }
  const amounts = async (world: TestGateway): Promise<number[]> =>
    (await eventsOf(world)).flatMap((event) =>
      event.type === 'billing.recorded' || event.type === 'billing.adjusted'
        ? [event.data.totalOre]
        : [],
    );

  test('and left out for want of a figure is judged once the figure is entered, also in a month that was billed', async () => {
    const gap = [
      'parameters:',
      '  callWithinDays:',
      '    values:',
      "      '2022-03-01': { value: null, reference: nobody knows }",
    ].join('\n');
    const again = await playUnder({ 'law/care-planning.yaml': gap }, '2022-04-20T09:00:00.000Z');
    // 8 days, three of them free: 5 at the amount of 2022.
    expect(await amounts(again)).toEqual([0, 5 * 930_000]);
  });

  test('by the statute is counted anew before the cut-off, once the agreement is entered', async () => {
    const statute = [
      'adoption:',
      '  municipalities:',
      "    '1480': { adopted: 'no', reference: not known yet }",
    ].join('\n');
    const again = await playUnder(
      { 'regions/vastra-gotaland/agreement.yaml': statute },
      '2022-03-20T09:00:00.000Z',
    );
    await again.passTimeUntil('2022-04-20T09:00:00.000Z');
    expect(await amounts(again)).toEqual([5 * 930_000]);
    const [recorded] = (await eventsOf(again)).filter(({ type }) => type === 'billing.recorded');
    expect(recorded?.data).toMatchObject({ model: 'monthlyMean, excessOfMean' });
  });
});

describe('a poison event', () => {
  test('is parked as a dead letter while other cases go on', async () => {
    const world = await start();
    await admit(world, 'E1');
    const stay = (await eventsOf(world))[0]?.stayId ?? '';
    const loaded = await world.gateway.journal.loadStream(stay);
    const body: EventBody = {
      id: 'poison',
      type: 'patient.discharge-ready',
      occurredAt: 'no time at all',
      recordedAt: monday,
      source: { sender: 'test', messageId: 'poison' },
      causationId: 'poison',
      correlationId: 'poison',
      data: {},
    };
    await world.gateway.journal.append({
      expected: [{ streamId: stay, version: loaded.version }],
      events: [{ streamId: stay, body, lane: stay }],
      setDeadlines: [],
      closeDeadlines: [],
    });
    await admit(world, 'E2', '196101182803');
    await world.passTimeUntil('2022-03-07T09:30:00.000Z');
    const dead = await world.gateway.journal.outbox.deadLetters(10);
    expect(dead.map(({ eventId }) => eventId)).toContain('poison');
    const notices = (await eventsOf(world)).filter(({ type }) => type === 'notice.delivered');
    expect(notices).toHaveLength(2);
  });
});

describe('receivers', () => {
  test('a refusal is final and told', async () => {
    const world = await start();
    world.receiver.setBehaviour('refuse');
    await admit(world);
    expect(typesOf(await eventsOf(world))).toContain('notice.refused');
    expect(world.receiver.received).toHaveLength(1);
  });

  test('a receiver that is busy is tried again at a stored time, with the same webhook-id', async () => {
    const world = await start();
    world.receiver.setBehaviour(['busy', 'busy']);
    await admit(world);
    expect(world.receiver.received).toHaveLength(1);
    await world.passTimeUntil('2022-03-07T09:10:00.000Z');
    expect(world.receiver.received).toHaveLength(3);
    expect(new Set(world.receiver.received.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(
      typesOf(await eventsOf(world)).filter((type) => type === 'notice.delivered'),
    ).toHaveLength(1);
  });

  test('one that takes the notice and vanishes recognises the repeat', async () => {
    const world = await start();
    world.receiver.setBehaviour(['vanish']);
    await admit(world);
    await world.passTimeUntil('2022-03-07T09:10:00.000Z');
    expect(world.receiver.received.map(({ repeat }) => repeat)).toEqual([false, true]);
    expect(typesOf(await eventsOf(world))).toContain('notice.delivered');
  });

  test('one that does not recognise repeats and hangs is given to a person', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) =>
          receiver.channel === 'webhook' ? { ...receiver, recognisesRepeats: false } : receiver,
        ),
      }),
    });
    world.receiver.setBehaviour(['hang']);
    await admit(world);
    await world.passTimeUntil('2022-03-07T12:00:00.000Z');
    expect(typesOf(await eventsOf(world))).toContain('notice.unresolved');
    expect(world.receiver.received).toHaveLength(1);
    expect((await world.gateway.status()).deliveries.unresolved).toBe(1);
  });

  test('a journal that fails right after a delivery never leads to a second one where repeats are not recognised', async () => {
    let failures = 1;
    const world = await start({
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) =>
          receiver.channel === 'webhook' ? { ...receiver, recognisesRepeats: false } : receiver,
        ),
      }),
      options: {
        async openJournal(folder) {
          const journal = await openEmbeddedJournal({ folder });
          const { recordOutcome } = journal.deliveries;
          const deliveries = {
            ...journal.deliveries,
            recordOutcome: (outcome: AttemptOutcome) =>
              failures-- > 0
                ? Promise.reject(new GatewayError('disk-full', 'no room'))
                : recordOutcome(outcome),
          };
          return { ...journal, deliveries };
        },
      },
    });
    await admit(world);
    await world.passTimeUntil('2022-03-07T10:00:00.000Z');
    expect(world.receiver.received).toHaveLength(1);
    expect(typesOf(await eventsOf(world))).toContain('notice.unresolved');
  });

  test('a receiver that is no longer configured keeps its notices waiting, and gets them when it is back', async () => {
    const folder = temporaryFolder('gone');
    open.push(() => folder.remove());
    const first = await startTestGateway({ start: monday, folder: folder.path });
    first.receiver.setBehaviour('busy');
    await admit(first);
    await first.close();
    const renamed = await startTestGateway({
      start: '2022-03-07T10:00:00.000Z',
      folder: folder.path,
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) => ({ ...receiver, id: 'renamed' })),
        partners: [],
      }),
    });
    await renamed.rest();
    expect(typesOf(await eventsOf(renamed))).not.toContain('notice.refused');
    await renamed.close();
    const back = await start({ start: '2022-03-09T10:00:00.000Z', folder: folder.path });
    await back.rest();
    expect(typesOf(await eventsOf(back))).toContain('notice.delivered');
  });

  test('an unsent notice that is withdrawn goes nowhere, and neither does its withdrawal', async () => {
    const world = await start();
    world.receiver.setBehaviour('busy');
    await admit(world);
    const readyAt = '2022-03-07T09:00:30.000Z';
    world.clock.advanceTo(readyAt);
    await world.send(message({ trigger: 'A08', controlId: 'E1-3', needs, readyAt }));
    await world.rest();
    const withdrawn = '2022-03-07T09:01:00.000Z';
    world.clock.advanceTo(withdrawn);
    await world.send(
      message({ trigger: 'A08', controlId: 'E1-4', needs, readinessWithdrawn: withdrawn }),
    );
    await world.rest();
    world.receiver.setBehaviour('accept');
    await world.passTimeUntil('2022-03-07T10:00:00.000Z');
    const taken = world.receiver.received.map(({ body }) => body.data.obligation);
    expect(taken).not.toContain('discharge-ready-notice');
    expect((await world.gateway.status()).deliveries.cancelled).toBe(2);
  });
});

describe('what does not leave', () => {
  test('in shadow mode everything is decided and nothing is sent', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        senders: config.senders.map((sender) => ({ ...sender, mode: 'shadow' as const })),
      }),
    });
    await admit(world);
    expect(typesOf(await eventsOf(world))).toContain('notice.issued');
    expect(world.receiver.received).toHaveLength(0);
    expect((await world.gateway.status()).deliveries.shadow).toBe(1);
    world.clock.advanceTo('2022-03-11T09:00:00.000Z');
    const discharge = { at: '2022-03-11T09:00:00.000Z', controlId: 'E1-3' };
    await world.send(message({ trigger: 'A08', readyAt: monday, needs, ...discharge }));
    await world.send(message({ trigger: 'A03', ...discharge, controlId: 'E1-4' }));
    await world.rest();
    await world.passTimeUntil('2022-04-20T09:00:00.000Z');
    const types = typesOf(await eventsOf(world));
    expect(types).toContain('care-days.counted');
    expect(types).not.toContain('billing.recorded');
  });

  test('under an agreement a month is settled from the calendar, and begins the next; in shadow none is', async () => {
    const served = (mode: 'live' | 'shadow') =>
      start({
        change: (config) => ({
          ...config,
          senders: config.senders.map((sender) => ({ ...sender, mode })),
          billing: { ...config.billing, municipalities: ['1480', '1481'] },
        }),
      });
    const monthOf = async (world: TestGateway, month: string): Promise<string[]> =>
      (await world.gateway.journal.loadStream(`settlement:14:1480:${month}`)).events.map(
        ({ event }) => event.type,
      );
    const live = await served('live');
    await live.passTimeUntil('2022-04-09T00:00:00.000Z');
    expect(await monthOf(live, '2022-03')).toEqual([
      'settlement.opened',
      'deadline.set',
      'deadline.reached',
      'billing.recorded',
      'settlement.closed',
    ]);
    expect(await monthOf(live, '2022-04')).toEqual([
      'settlement.closed',
      'settlement.opened',
      'deadline.set',
    ]);
    const shadow = await served('shadow');
    await shadow.passTimeUntil('2022-04-09T00:00:00.000Z');
    expect(await monthOf(shadow, '2022-03')).toEqual([]);
  });

  test('before liveFrom a receiver is in shadow, after it live', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) => ({
          ...receiver,
          liveFrom: '2022-03-08T00:00:00.000Z',
        })),
      }),
    });
    await admit(world, 'E1');
    expect(world.receiver.received).toHaveLength(0);
    world.clock.advanceTo('2022-03-08T09:00:00.000Z');
    await admit(world, 'E2');
    expect(world.receiver.received).toHaveLength(1);
  });

  test('a notice for a person with protected identity is held', async () => {
    const world = await start();
    const raw = message({ trigger: 'A01', controlId: 'C1', protection: 'S' });
    const marked = edited(raw, (text) => text);
    await world.send(marked);
    await world.send(message({ trigger: 'A08', controlId: 'C2', needs, protection: 'S' }));
    await world.rest();
    expect(world.receiver.received).toHaveLength(0);
    expect((await world.gateway.status()).deliveries.held).toBe(1);
  });

  test('a notice without a receiver is unroutable, and shown', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) => ({ ...receiver, municipalities: ['0114'] })),
      }),
    });
    await admit(world);
    expect((await world.gateway.status()).deliveries.unroutable).toBe(1);
  });
});

describe('a warning', () => {
  /** Events about one deadline, oldest first: `2022-03-08T05:00:00.000Z nearing`. */
  async function toldOf(world: TestGateway, deadline: string): Promise<string[]> {
    return (await eventsOf(world)).flatMap(({ type, occurredAt, data }) =>
      'deadline' in data && data.deadline === deadline
        ? [`${occurredAt} ${type.slice('deadline.'.length)}`]
        : [],
    );
  }

  test('comes before a deadline is missed, and is in the history of the case', async () => {
    const world = await start({
      change: (config) => ({
        ...config,
        receivers: config.receivers.map((receiver) => ({ ...receiver, municipalities: ['0114'] })),
      }),
    });
    await admit(world);
    await world.passTimeUntil('2022-03-08T08:59:59.000Z');
    const before = ['2022-03-07T09:00:00.000Z set', '2022-03-08T05:00:00.000Z nearing'];
    expect(await toldOf(world, 'T1')).toEqual(before);
    await world.passTimeUntil('2022-03-08T10:00:00.000Z');
    expect(await toldOf(world, 'T1')).toEqual([
      ...before,
      '2022-03-08T09:00:00.000Z reached',
      '2022-03-08T09:00:00.000Z missed',
    ]);
    const stay = (await eventsOf(world)).at(-1)?.stayId ?? '';
    const { history } = fold((await world.gateway.journal.load(stay))?.events ?? []);
    expect([...history.deadlines.values()]).toMatchObject([
      { state: 'missed', warnedAt: '2022-03-08T05:00:00.000Z' },
    ]);
  });

  test('does not come where the deadline was met, and not where it is set to nothing', async () => {
    const met = await start();
    const estimated = { controlId: 'C1', expectedDischarge: '2022-03-14' };
    expect(await met.send(message({ trigger: 'A01', ...estimated }))).toBe('AA');
    expect(await met.send(message({ trigger: 'A08', controlId: 'C2', needs }))).toBe('AA');
    await met.rest();
    await met.passTimeUntil('2022-03-09T09:00:00.000Z');
    expect(typesOf(await eventsOf(met))).toContain('deadline.met');
    expect(typesOf(await eventsOf(met))).not.toContain('deadline.nearing');
    const silent = await start({
      change: (config) => ({
        ...config,
        deadlines: { grace: 0, warn: { ...config.deadlines.warn, default: 0 } },
        receivers: config.receivers.map((receiver) => ({ ...receiver, municipalities: ['0114'] })),
      }),
    });
    await admit(silent);
    await silent.passTimeUntil('2022-03-09T09:00:00.000Z');
    expect(typesOf(await eventsOf(silent))).toContain('deadline.missed');
    expect(typesOf(await eventsOf(silent))).not.toContain('deadline.nearing');
  });
});
