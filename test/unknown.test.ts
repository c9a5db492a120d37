/** What was sent and nobody knows whether it arrived: a person finds out, and what they say counts as they can prove it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { unknownList, unknownResolve } from '../gateway/cli/unknown.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { auditOf, printed, verb } from './support/verbs.ts';

const monday = '2022-03-07T10:58:00.000Z';
let world: TestGateway;

/** A notice to a receiver that hangs and does not recognise repeats: its outcome is unknown. */
beforeEach(async () => {
  world = await startTestGateway({
    start: monday,
    change: (config) => ({
      ...config,
      receivers: config.receivers.map((one) =>
        one.channel === 'webhook' ? { ...one, timeout: 50, recognisesRepeats: false } : one,
      ),
    }),
  });
  world.receiver.setBehaviour(['hang']);
  const stay = {
    at: monday,
    visit: 'U1',
    personnummer: '195009072553',
    family: 'Testsson',
    given: 'Åsa',
    municipality: '1480',
    address: { street: 'Testgatan 1', postalCode: '411 01', city: 'Göteborg' },
    expectedDischarge: '2022-03-11',
  };
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  for (const raw of [
    buildMessage('ekliden', { ...stay, trigger: 'A01', controlId: '1' }),
    buildMessage('ekliden', { ...stay, trigger: 'A08', needs, controlId: '2' }),
  ]) {
    expect(await world.send(raw)).toBe('AA');
  }
  await world.rest();
});
afterEach(() => world.close());

const order = { reason: 'asked by telephone', who: 'anna' };
const told = async (type: string) =>
  (await world.gateway.journal.eventsAfter(0, 1000))
    .map(({ event }) => event)
    .filter((event) => event.type === type);
async function theOne(): Promise<string> {
  const { json } = await verb(unknownList, world.folder, {});
  expect(json.unknown).toHaveLength(1);
  return json.unknown[0].delivery;
}
const resolve = async (delivery: string, how: object & { as: string }) =>
  await verb(unknownResolve, world.folder, { delivery, ...how, ...order });

describe('a notice whose outcome is unknown', () => {
  test('is listed with its receiver, what is known, the clock behind it and whether it may be sent again', async () => {
    const { code, json } = await verb(unknownList, world.folder, {});
    expect(code).toBe(1);
    expect(json.unknown).toMatchObject([
      {
        kind: 'admission-notice',
        receiver: 'receiver',
        role: 'social-services',
        municipality: '1480',
        attempts: 1,
        recognisesRepeats: false,
        clock: { deadline: 'T1', dueAt: '2022-03-08T10:58:00.000Z' },
      },
    ]);
    const { text } = await printed(() =>
      unknownList({ config: undefined, json: false, flags: { data: world.folder } }),
    );
    expect(text).toContain('may be taken for a second notice');
    expect(text).toContain('T1 was due 2022-03-08 11.58');
    expect(text).not.toContain('Testsson');
  });

  test('was delivered when a person says when and how they know; the case counts it from then', async () => {
    const delivery = await theOne();
    world.clock.advanceTo('2022-03-07T13:00:00.000Z');
    const how = { as: 'delivered', at: '2022-03-07 12:01', evidence: 'number 4711 in their log' };
    expect(await resolve(delivery, how)).toMatchObject({
      code: 0,
      json: { by: 'the running gateway', state: 'delivered', receiver: 'receiver' },
    });
    await world.rest();
    expect(await told('notice.delivered')).toMatchObject([
      {
        occurredAt: '2022-03-07T13:00:00.000Z',
        data: {
          deliveryId: delivery,
          firstAttemptAt: monday,
          deliveredAt: '2022-03-07T11:01:00.000Z',
          proof: 'person',
          receiverFault: true,
        },
      },
    ]);
    expect(await told('deadline.met')).toMatchObject([{ data: { deadline: 'T1', metAt: monday } }]);
    expect((await world.gateway.journal.deliveries.named(delivery))?.receipt).toBe(
      'anna: number 4711 in their log',
    );
    expect(auditOf(world.folder)).toContainEqual({
      who: 'anna',
      what: `delivery ${delivery} was delivered at 2022-03-07T11:01:00.000Z: number 4711 in their log`,
      about: delivery,
      reason: 'asked by telephone',
    });
    expect(await verb(unknownList, world.folder, {})).toMatchObject({ code: 0 });
    // What is known is not resolved again.
    await expect(resolve(delivery, how)).rejects.toThrow('it is delivered; only one whose outcome');
    expect(await told('notice.delivered')).toHaveLength(1);
  });

  test.each([
    [{ as: 'delivered' }, 'needs --at TIME and --evidence TEXT'],
    [{ as: 'delivered', at: '2022-03-07 12:01' }, 'needs --at TIME and --evidence TEXT'],
    [{ as: 'delivered', at: 'noon', evidence: 'e' }, "write it as '2022-03-10 12:00'"],
    [{ as: 'delivered', at: '2022-03-07 11:57', evidence: 'e' }, 'it was not sent before'],
    [{ as: 'delivered', at: '2022-03-07 11:59', evidence: 'e' }, 'has not come yet'],
    [{ as: 'delivered', at: '2022-03-07 11:58', evidence: 'a\nb' }, 'on one line'],
    [{ as: 'resend', evidence: 'e' }, 'go with --as delivered'],
    [{ as: 'lost' }, 'one of delivered, resend, abandon'],
  ])('is not resolved by %o', async (how, why) => {
    const delivery = await theOne();
    await expect(resolve(delivery, how)).rejects.toThrow(why);
    expect(await told('notice.delivered')).toEqual([]);
    expect(await theOne()).toBe(delivery);
  });

  test('goes out once more as it was, where a person says so', async () => {
    const delivery = await theOne();
    expect(await resolve(delivery, { as: 'resend' })).toMatchObject({ json: { state: 'pending' } });
    await world.rest();
    expect(world.receiver.received.map(({ deliveryId }) => deliveryId)).toEqual([
      delivery,
      delivery,
    ]);
    expect(await told('notice.delivered')).toMatchObject([{ data: { proof: 'receiver-answer' } }]);
  });

  test('is refused when a person gives it up, with the reason beside it and not in the event', async () => {
    const delivery = await theOne();
    expect(await resolve(delivery, { as: 'abandon' })).toMatchObject({
      json: { state: 'refused' },
    });
    await world.rest();
    const [refused] = await told('notice.refused');
    expect(refused).toMatchObject({ data: { deliveryId: delivery, proof: 'none' } });
    expect(JSON.stringify(refused)).not.toContain('telephone');
    expect((await world.gateway.journal.deliveries.named(delivery))?.receipt).toBe(
      'anna: asked by telephone',
    );
  });
});

test('a delivery there is not is told, with where to look', async () => {
  await expect(resolve('nobody', { as: 'abandon' })).rejects.toThrow(
    'there is no such delivery; only one whose outcome is unknown is resolved\n  next: hemgang unknown list',
  );
});
