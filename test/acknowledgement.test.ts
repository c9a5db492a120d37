/** A notice that nobody acknowledges: it is watched, somebody is called, it becomes an incident; no legal clock moves. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { followUpOf, stageOf } from '../gateway/incidents/follow-up.ts';
import { lookForIncidents } from '../gateway/incidents/watch.ts';
import type { DischargeEvent, EventType } from '../gateway/process/events.ts';
import { waitingIn } from '../gateway/questions/waiting-deliveries.ts';
import { planResend, resendNames } from '../gateway/plans/resending.ts';
import { selectionOf } from '../gateway/plans/selection.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const monday = '2022-03-07T09:00:00.000Z';
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const hour = 3_600_000;
const agreed = { within: 4 * hour, call: 8 * hour, incident: 24 * hour };
const contact = { name: 'Mottagningsfunktionen', phone: '031-000 00 00' };

function withAgreement(config: Config): Config {
  const receivers = config.receivers.map((one) => ({ ...one, acknowledge: agreed, contact }));
  return { ...config, receivers };
}

async function start(change = withAgreement): Promise<TestGateway> {
  const world = await startTestGateway({ start: monday, change });
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
let step = 0;

async function tell(world: TestGateway, rest: Partial<HospitalStep>): Promise<void> {
  step += 1;
  const message = { at: world.clock.now(), trigger: 'A08', controlId: `C${step}` } as const;
  expect(await world.send(buildMessage('ekliden', { ...person, ...message, ...rest }))).toBe('AA');
  await world.rest();
}

/** A patient in need of social services: one admission notice, delivered at 10.00. */
async function admit(world: TestGateway): Promise<{ caseReference: string; deliveryId: string }> {
  await tell(world, { trigger: 'A01' });
  await tell(world, { needs });
  const [notice] = world.receiver.received;
  return {
    caseReference: notice?.body.data.caseReference ?? '',
    deliveryId: notice?.deliveryId ?? '',
  };
}

async function acknowledge(world: TestGateway, data: Record<string, unknown>): Promise<void> {
  const [notice] = world.receiver.received;
  const caseReference = notice?.body.data.caseReference ?? '';
  const type = 'notice.acknowledged';
  expect(await world.receiver.answer({ caseReference, type, data, time: world.clock.now() })).toBe(
    202,
  );
  await world.rest();
}

async function told(world: TestGateway, type: EventType): Promise<DischargeEvent[]> {
  const events = await world.gateway.journal.eventsAfter(0, 1000);
  return events.map(({ event }) => event).filter((event) => event.type === type);
}

async function ofAcknowledgement(world: TestGateway, type: EventType): Promise<DischargeEvent[]> {
  const events = await told(world, type);
  return events.filter(
    (event) => 'deadline' in event.data && event.data.deadline === 'acknowledgement',
  );
}

const overdue = (world: TestGateway) => world.gateway.journal.incidents.unacknowledged(10);

describe('an acknowledgement that was agreed', () => {
  test('is waited for from the hand-over, and is met by the answer of a person', async () => {
    const world = await start();
    const { deliveryId } = await admit(world);
    expect(await ofAcknowledgement(world, 'deadline.set')).toMatchObject([
      { data: { occasion: deliveryId, dueAt: '2022-03-07T13:00:00.000Z' } },
    ]);
    await world.passTimeUntil('2022-03-07T12:00:00.000Z');
    await acknowledge(world, { deliveryId });
    await world.passTimeUntil('2022-03-07T15:00:00.000Z');
    expect(await ofAcknowledgement(world, 'deadline.met')).toHaveLength(1);
    expect(await ofAcknowledgement(world, 'deadline.missed')).toEqual([]);
    expect(await overdue(world)).toEqual([]);
  });

  test('that does not come is missed and listed, until it comes all the same', async () => {
    const world = await start();
    const { deliveryId, caseReference } = await admit(world);
    await world.passTimeUntil('2022-03-07T12:59:59.000Z');
    expect(await overdue(world)).toEqual([]);
    await world.passTimeUntil('2022-03-07T13:00:00.000Z');
    expect(await ofAcknowledgement(world, 'deadline.missed')).toHaveLength(1);
    expect(await overdue(world)).toEqual([
      {
        deliveryId,
        receiver: 'receiver',
        caseId: caseReference,
        obligation: 'admission-notice',
        dueAt: '2022-03-07T13:00:00.000Z',
      },
    ]);
    await acknowledge(world, { obligation: 'admission-notice' });
    expect(await overdue(world)).toEqual([]);
  });

  test('is waited for no longer when the notice was corrected or taken back', async () => {
    const world = await start();
    await admit(world);
    await world.passTimeUntil('2022-03-07T13:00:00.000Z');
    expect(await overdue(world)).toHaveLength(1);
    await tell(world, { trigger: 'A11' });
    expect(world.receiver.received.at(-1)?.body.type).toBe('notice.withdrawn');
    expect(await overdue(world)).toEqual([]);
  });

  test('is not waited for where nothing is agreed with the receiver', async () => {
    const world = await start((config) => config);
    await admit(world);
    expect(await ofAcknowledgement(world, 'deadline.set')).toEqual([]);
  });

  test('moves no clock of the law, met or missed', async () => {
    const legal = async (change: (config: Config) => Config): Promise<unknown[]> => {
      const world = await start(change);
      await admit(world);
      await tell(world, { trigger: 'A16' });
      await world.passTimeUntil('2022-03-12T09:00:00.000Z');
      const kinds = ['deadline.set', 'deadline.met', 'deadline.missed'] as const;
      const events = (await Promise.all(kinds.map((type) => told(world, type)))).flat();
      return events.flatMap(({ type, data }) =>
        'deadline' in data && data.deadline !== 'acknowledgement'
          ? [[type, data.deadline, data.dueAt]]
          : [],
      );
    };
    const watched = await legal(withAgreement);
    expect(watched.length).toBeGreaterThan(0);
    expect(await legal((config) => config)).toEqual(watched);
  });
});

describe('a reminder', () => {
  const reminders = (world: TestGateway) =>
    world.receiver.received.filter(({ body }) => body.type === 'notice.reminded');

  test('is sent once to who was sent the notice, names the case and nothing of the person', async () => {
    const world = await start();
    const { caseReference, deliveryId } = await admit(world);
    await world.passTimeUntil('2022-03-07T12:59:59.000Z');
    expect(reminders(world)).toEqual([]);
    await world.passTimeUntil('2022-03-09T09:00:00.000Z');
    const [reminder, ...more] = reminders(world);
    expect(more).toEqual([]);
    expect(reminder?.body.data).toMatchObject({
      caseReference,
      deliveryId,
      obligation: 'admission-notice',
      text: { title: 'Påminnelse: kvittens saknas' },
    });
    expect(reminder?.deliveryId).not.toBe(deliveryId);
    expect(JSON.stringify(reminder?.body)).not.toMatch(/Testsson|Åsa|19500907/);
  });

  test('is answered as the notice itself: by either of the two delivery ids', async () => {
    const world = await start();
    await admit(world);
    await world.passTimeUntil('2022-03-07T14:00:00.000Z');
    await acknowledge(world, { deliveryId: reminders(world)[0]?.deliveryId });
    expect(await overdue(world)).toEqual([]);
  });

  test('is not sent again with the notices, and is listed as of its notice where nobody knows what became of it', async () => {
    const withoutRepeats = (config: Config): Config => ({
      ...config,
      receivers: withAgreement(config).receivers.map((one) =>
        one.channel === 'webhook' ? { ...one, recognisesRepeats: false } : one,
      ),
    });
    const world = await start(withoutRepeats);
    const { caseReference } = await admit(world);
    world.receiver.setBehaviour('vanish');
    await world.passTimeUntil('2022-03-07T14:00:00.000Z');
    const { journal } = world.gateway;
    const nowMs = world.clock.nowMs();
    expect(await waitingIn(journal, 'unresolved', nowMs)).toMatchObject([
      { event: 'notice.reminded', kind: 'admission-notice', of: caseReference },
    ]);
    const plan = await planResend(journal, nowMs, {
      since: '2022-03-01T00:00:00.000Z',
      where: selectionOf('state=unresolved', resendNames),
      to: { id: 'receiver', recognisesRepeats: true },
    });
    expect(plan.deliveries).toEqual([]);
  });

  test('is no hand-over: it adds no receipt, and what counts is when the notice was delivered', async () => {
    const world = await start();
    await admit(world);
    const before = await told(world, 'notice.delivered');
    await world.passTimeUntil('2022-03-09T09:00:00.000Z');
    expect(reminders(world)).toHaveLength(1);
    expect(await told(world, 'notice.delivered')).toEqual(before);
  });
});

describe('what follows', () => {
  test('is by the times agreed: overdue, then a call, then an incident', () => {
    const { config } = loadConfig({ env: {}, file: null });
    const followUp = followUpOf(withAgreement(config));
    const dueAt = '2022-03-07T13:00:00.000Z';
    const about = { deliveryId: 'd', caseId: 'c', obligation: 'admission-notice' } as const;
    const at = (time: string, receiver = 'file-drop') =>
      stageOf({ ...about, receiver, dueAt }, followUp, Date.parse(time));
    expect(at('2022-03-07T16:59:59.000Z')).toBe('overdue');
    expect(at('2022-03-07T17:00:00.000Z')).toBe('call');
    expect(at('2022-03-08T08:59:59.000Z')).toBe('call');
    expect(at('2022-03-08T09:00:00.000Z')).toBe('incident');
    expect(at('2022-03-09T09:00:00.000Z', 'gone')).toBe('overdue');
  });

  test('ends as one incident a receiver, which ends when the last notice is acknowledged', async () => {
    const world = await start();
    const { deliveryId } = await admit(world);
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = createLog({ level: 'info', json: true, destination });
    const { config } = loadConfig({ env: {}, file: null });
    const receivers = config.receivers.map((one) => ({
      ...one,
      id: 'receiver',
      acknowledge: agreed,
    }));
    const { journal } = world.gateway;
    const look = () =>
      lookForIncidents({ journal, clock: world.clock, log, config: () => ({ receivers }) });
    await world.passTimeUntil('2022-03-08T08:59:00.000Z');
    expect(await look()).toEqual([]);
    await world.passTimeUntil('2022-03-08T09:00:00.000Z');
    expect(await look()).toMatchObject([
      { turn: 'started', incident: { cause: 'unacknowledged', about: 'receiver', count: 1 } },
    ]);
    expect(await look()).toEqual([]);
    await acknowledge(world, { deliveryId });
    expect(await look()).toMatchObject([{ turn: 'ended' }]);
    expect(await look()).toEqual([]);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { kind: 'unacknowledged', receiver: 'receiver', count: 1, next: 'hemgang phone-list' },
      { kind: 'unacknowledged', receiver: 'receiver', count: 0 },
    ]);
  });
});
