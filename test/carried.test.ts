/** What somebody else carries on is delivered when its receiver says so: receipts that come, come late, or never. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CarriedReceipt, Outbound } from '../adapters/adapter.ts';
import { takeReceipts } from '../gateway/carried.ts';
import { GatewayError } from '../gateway/errors.ts';
import type { DischargeEvent } from '../gateway/process/events.ts';
import type { DeliveryRow, DeliveryState } from '../gateway/runtime/journal/journal.ts';
import { shippedProfiles } from './support/law.ts';
import { SmallJournal } from './support/small-journal.ts';

const hourMs = 3_600_000;
let world: SmallJournal;
afterEach(() => world.close());

/** What was handed to the access point, in order. */
let handed: string[];
/** Called while something is handed over. */
let whileHanding: ((deliveryId: string) => Promise<void>) | undefined;

const carrier: Outbound = {
  channel: 'carrier',
  idempotent: true,
  render: async () => ({ contentType: 'text/plain', parts: [] }),
  async deliver(deliveryId) {
    handed.push(deliveryId);
    await whileHanding?.(deliveryId);
    return { proof: 'awaited', detail: 'handed on', withinMs: 24 * hourMs };
  },
};

/** A patient in need of social services, admitted on a Monday at 09.00: one admission notice is handed over. */
async function admit(): Promise<string> {
  world = await SmallJournal.open('2022-03-07 09:00', shippedProfiles, carrier);
  const patient = { municipality: '1480', numberKind: 'personnummer', protection: 'none' };
  const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  await world.tell('V1', '2022-03-07 09:00', [
    ['patient.admitted', { county: '14', hospital: 'Sjukhuset', patient }],
    ['discharge-estimate.set', { expectedDischarge: '2022-03-11' }],
    ['need.assessed', services],
  ]);
  return handed[0] ?? '';
}

function startAnew(): void {
  handed = [];
  whileHanding = undefined;
}

function receipt(deliveryId: string, rest: Partial<CarriedReceipt> = {}): CarriedReceipt {
  const at = '2022-03-07T08:20:00.000Z';
  return { deliveryId, accepted: true, at, detail: 'ACCEPTED', text: '<receipt/>', ...rest };
}

async function take(given: CarriedReceipt): Promise<string> {
  const taken = await takeReceipts(world)(given);
  await world.rest();
  return taken;
}

async function inState(state: DeliveryState): Promise<readonly DeliveryRow[]> {
  return await world.journal.deliveries.byState(state, 10);
}

async function told(type: DischargeEvent['type']): Promise<DischargeEvent[]> {
  const events = await world.journal.eventsAfter(0, 1000);
  return events.map(({ event }) => event).filter((event) => event.type === type);
}

/** The receipt is taken when the lane has been read, and before anything is made of it. */
function receiptBehindRead(deliveryId: string): Promise<string> {
  const { deliveries } = world.journal;
  const read = deliveries.ofLane.bind(deliveries);
  return new Promise((resolve) => {
    const spy = vi.spyOn(deliveries, 'ofLane').mockImplementation(async (lane) => {
      const rows = await read(lane);
      if (rows.some((row) => row.deliveryId === deliveryId)) {
        spy.mockRestore();
        resolve(await takeReceipts(world)(receipt(deliveryId)));
      }
      return rows;
    });
  });
}

describe('a notice that an access point carries on', () => {
  test('is not delivered when it was handed over, but when its receipt came, at the time the receipt says', async () => {
    startAnew();
    const deliveryId = await admit();
    expect(await inState('awaited')).toMatchObject([{ deliveryId, attempts: 1 }]);
    expect(await told('notice.delivered')).toEqual([]);
    await world.passUntil('2022-03-07 10:00');
    expect(await take(receipt(deliveryId))).toBe('taken');
    expect(await told('notice.delivered')).toMatchObject([
      {
        recordedAt: '2022-03-07T09:00:00.000Z',
        data: {
          firstAttemptAt: '2022-03-07T08:00:00.000Z',
          deliveredAt: '2022-03-07T08:20:00.000Z',
          proof: 'receiver-answer',
          receiverFault: false,
        },
      },
    ]);
    expect((await inState('delivered'))[0]?.receipt).toBe('<receipt/>');
  });

  test.each([
    ['before it was sent', '2022-03-07T07:00:00.000Z', '2022-03-07T08:00:00.000Z'],
    ['after we know of it', '2022-03-07T23:00:00.000Z', '2022-03-07T08:30:00.000Z'],
  ])('was not taken %s, whatever the receiver’s clock says', async (_, at, expected) => {
    startAnew();
    const deliveryId = await admit();
    await world.passUntil('2022-03-07 09:30');
    await take(receipt(deliveryId, { at }));
    expect(await told('notice.delivered')).toMatchObject([{ data: { deliveredAt: expected } }]);
  });

  test('keeps its lane waiting until the receipt has come', async () => {
    startAnew();
    const deliveryId = await admit();
    await world.tell('V1', '2022-03-07 09:30', [
      ['discharge-estimate.set', { expectedDischarge: '2022-03-14' }],
    ]);
    expect(handed).toEqual([deliveryId]);
    await take(receipt(deliveryId));
    expect(handed).toHaveLength(2);
  });

  test('that the receiver refused is refused, with the reason and the receiver’s fault', async () => {
    startAnew();
    const deliveryId = await admit();
    await take(receipt(deliveryId, { accepted: false, detail: 'REJECTED BV not-found' }));
    expect(await told('notice.delivered')).toEqual([]);
    expect(await told('notice.refused')).toMatchObject([
      { data: { deliveryId, receiverFault: true, detail: 'REJECTED BV not-found' } },
    ]);
  });

  test('whose receipt comes twice is told of once', async () => {
    startAnew();
    const deliveryId = await admit();
    expect(await take(receipt(deliveryId))).toBe('taken');
    expect(await take(receipt(deliveryId, { accepted: false }))).toBe('known');
    expect(await told('notice.delivered')).toHaveLength(1);
    expect(await told('notice.refused')).toEqual([]);
  });

  test('without a receipt in time has an unknown outcome, and a late receipt ends it', async () => {
    startAnew();
    const deliveryId = await admit();
    await world.passUntil('2022-03-08 08:59');
    expect(await inState('awaited')).toHaveLength(1);
    await world.passUntil('2022-03-08 09:00');
    expect(await inState('unresolved')).toMatchObject([{ deliveryId }]);
    expect(await told('notice.unresolved')).toHaveLength(1);
    await world.passUntil('2022-03-08 11:00');
    expect(await take(receipt(deliveryId))).toBe('taken');
    expect(await told('notice.delivered')).toMatchObject([
      { data: { deliveredAt: '2022-03-07T08:20:00.000Z' } },
    ]);
  });

  test('is asked for again later where its receipt is faster than our own commit', async () => {
    startAnew();
    const answers: string[] = [];
    whileHanding = async (deliveryId) => {
      answers.push(await takeReceipts(world)(receipt(deliveryId)));
    };
    const deliveryId = await admit();
    expect(answers).toEqual(['not-yet']);
    expect(await take(receipt(deliveryId))).toBe('taken');
  });

  test('whose receipt comes when it is about to be handed over again is not: it has arrived', async () => {
    startAnew();
    whileHanding = () => Promise.reject(new GatewayError('delivery-unknown', 'no answer'));
    const deliveryId = await admit();
    whileHanding = undefined;
    const seen = { deliveryId, state: 'unresolved', attempts: 1 } as const;
    expect(await world.journal.deliveries.sendAgain(seen)).toBe(true);
    const taken = receiptBehindRead(deliveryId);
    await world.rest();
    expect(await taken).toBe('taken');
    expect(handed).toEqual([deliveryId]);
    expect(await inState('delivered')).toMatchObject([{ deliveryId, attempts: 1 }]);
  });

  test('whose receipt comes as we stop waiting for it has arrived, and nobody is told otherwise', async () => {
    startAnew();
    const deliveryId = await admit();
    await world.passUntil('2022-03-08 08:59');
    const taken = receiptBehindRead(deliveryId);
    await world.passUntil('2022-03-08 09:00');
    expect(await taken).toBe('taken');
    expect(await inState('delivered')).toMatchObject([{ deliveryId, receipt: '<receipt/>' }]);
    expect(await told('notice.delivered')).toHaveLength(1);
    expect(await told('notice.unresolved')).toEqual([]);
  });

  test('is not another’s: a receipt for what we never sent is unknown, and writes nothing', async () => {
    startAnew();
    await admit();
    const before = (await world.journal.status()).events;
    expect(await take(receipt('somebody-else'))).toBe('unknown');
    expect((await world.journal.status()).events).toBe(before);
    expect(await inState('awaited')).toHaveLength(1);
  });
});
