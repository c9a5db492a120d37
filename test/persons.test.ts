/** Messages that speak of persons: merges, moved stays, updates; through the whole gateway, in any order of arrival. */
import { afterEach, describe, expect, test } from 'vitest';
import { fold } from '../gateway/process/state.ts';
import type { DischargeProcess } from '../gateway/process/state.ts';
import { adt, otherPersonnummer, personnummer, reserveNumber } from './support/adt.ts';
import { permutations } from './support/adt-message.ts';
import type { AdtFields } from './support/adt.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function start(): Promise<TestGateway> {
  const world = await startTestGateway({ start: '2022-03-08T09:00:00.000Z' });
  open.push(() => world.close());
  return world;
}

async function send(world: TestGateway, ...messages: readonly AdtFields[]): Promise<void> {
  for (const message of messages) {
    expect(await world.send(adt(message)), message.id).toBe('AA');
    await world.rest();
  }
}

async function caseOf(world: TestGateway, index = 0): Promise<DischargeProcess> {
  const ids = await world.gateway.journal.processIds('', 100);
  const loaded = await world.gateway.journal.load(ids[index] ?? '');
  return fold(loaded?.events ?? [], loaded?.processId);
}

async function identityOf(world: TestGateway, { processId }: DischargeProcess) {
  return world.gateway.journal.identity(processId);
}

const admitted: AdtFields = {
  trigger: 'A01',
  id: 'A1',
  at: '20220307100000',
  number: reserveNumber,
  family: 'Okänd',
};
const needs: AdtFields = {
  trigger: 'A08',
  id: 'A2',
  at: '20220307110000',
  number: reserveNumber,
  family: 'Okänd',
  more: ['ZUT|N||J|N|N|20220307110000|1480'],
};
/** On Monday afternoon it is known who the patient is. */
const merged: AdtFields = {
  trigger: 'A40',
  id: 'A3',
  at: '20220307150000',
  number: personnummer,
  family: 'Känd',
  withoutVisit: true,
  more: [`MRG|${reserveNumber}`],
};

describe('a merge', () => {
  test('gives the case its number, and the next notice says it', async () => {
    const world = await start();
    await send(world, admitted, needs);
    expect((await caseOf(world)).patient.at(-1)?.codes.numberKind).toBe('none');
    await send(world, merged);
    const one = await caseOf(world);
    expect(one.patient.at(-1)?.codes).toMatchObject({ numberKind: 'personnummer' });
    expect(await identityOf(world, one)).toMatchObject({ family: 'Känd' });
    const corrected = [...one.history.notices.values()].flatMap(({ revisions }) => revisions);
    expect(corrected.map(({ action, content }) => [action, content.numberKind])).toEqual([
      ['issued', 'none'],
      ['corrected', 'personnummer'],
    ]);
    const told = world.receiver.received.at(-1);
    expect(JSON.stringify(told)).toContain('195009072553');
  });

  test('is the same in any order of arrival, also before the patient is known', async () => {
    const orders = permutations([admitted, needs, merged]);
    for (const order of orders) {
      const world = await start();
      await send(world, ...order);
      const said = order.map(({ id }) => id).join(' ');
      const one = await caseOf(world);
      expect((await world.gateway.status()).processes, said).toBe(1);
      expect(one.patient.at(-1)?.codes.numberKind, said).toBe('personnummer');
      expect(await identityOf(world, one), said).toMatchObject({
        family: 'Känd',
        numbers: [{ value: '195009072553' }],
      });
      await world.close();
    }
  });

  test('of several patients in one message merges each with its own', async () => {
    const world = await start();
    const second = { number: '99E0002^^^RESNR', visit: 'V2' };
    await send(world, admitted, { ...admitted, ...second, id: 'B1' });
    await send(world, {
      ...merged,
      more: [
        `MRG|${reserveNumber}`,
        `PID|||${otherPersonnummer}||Annan^Bo`,
        `MRG|${second.number}`,
      ],
    });
    const [first, other] = [await caseOf(world, 0), await caseOf(world, 1)];
    expect(await identityOf(world, first)).toMatchObject({ family: 'Känd' });
    expect(await identityOf(world, other)).toMatchObject({ family: 'Annan' });
  });

  test('makes two stays one case where they are a transfer of one person', async () => {
    const world = await start();
    const sentOn: AdtFields = {
      ...admitted,
      trigger: 'A03',
      id: 'A4',
      at: '20220307120000',
      pv1: { 36: '02', 45: '20220307120000' },
    };
    const there = { hospital: 'norrtuna', visit: 'N1' } as const;
    await send(world, admitted, sentOn, {
      trigger: 'A01',
      id: 'N1',
      at: '20220307130000',
      ...there,
    });
    expect((await world.gateway.status()).processes).toBe(2);
    await send(world, merged);
    expect((await world.gateway.status()).processes).toBe(1);
  });

  test('without the earlier number is refused with the field', async () => {
    const world = await start();
    const answer = await world.hospital.send(adt({ ...merged, more: ['MRG|'] }));
    expect(Buffer.from(answer).toString('latin1')).toMatch(/MSA\|AE[\s\S]*ERR\|\|MRG\^1\^1/);
  });
});

describe('a stay that was registered on another person', () => {
  const wrong: AdtFields = { ...admitted, number: personnummer, family: 'Fel' };
  const moved: AdtFields = {
    trigger: 'A45',
    id: 'M1',
    at: '20220307130000',
    number: otherPersonnummer,
    family: 'Rätt',
    withoutVisit: true,
    more: [`MRG|${personnummer}`, 'PV1||I|MED1||||||||||||||||V1'],
  };

  test('is the right one’s, whichever message comes first', async () => {
    for (const order of permutations([wrong, moved])) {
      const world = await start();
      await send(world, ...order);
      const one = await caseOf(world);
      expect(await identityOf(world, one)).toMatchObject({ family: 'Rätt' });
      expect(one.admission).toBeDefined();
      await world.close();
    }
  });

  test('is the right one’s also where something was told of the wrong one in between', async () => {
    const world = await start();
    const update: AdtFields = {
      trigger: 'A31',
      id: 'U1',
      at: '20220307140000',
      number: personnummer,
      family: 'Fel',
      withoutVisit: true,
    };
    await send(world, wrong, update, moved);
    expect(await identityOf(world, await caseOf(world))).toMatchObject({ family: 'Rätt' });
  });

  test('leaves the other person’s own stays alone', async () => {
    const world = await start();
    await send(world, { ...wrong, visit: 'V0', id: 'A0' }, wrong, moved);
    const identities = await Promise.all(
      [0, 1].map(async (index) => identityOf(world, await caseOf(world, index))),
    );
    expect(identities.map((identity) => identity?.family ?? '').sort()).toEqual(['Fel', 'Rätt']);
  });
});

describe('an update of a person', () => {
  test('reaches every open case of theirs: a protection that was set holds the next notice', async () => {
    const world = await start();
    await send(world, { ...admitted, number: personnummer });
    await send(world, {
      trigger: 'A31',
      id: 'U1',
      at: '20220307103000',
      number: personnummer,
      withoutVisit: true,
      more: ['PD1||||||||||||Y'],
    });
    expect((await caseOf(world)).patient.at(-1)?.codes.protection).toBe('unspecified');
    await send(world, { ...needs, number: personnummer });
    const { deliveries } = await world.gateway.status();
    expect(deliveries).toMatchObject({ held: 1 });
    expect(world.receiver.received).toEqual([]);
  });

  test.each([
    ['a stay that begins later', [{ ...admitted, id: 'P3', visit: 'V9', number: personnummer }]],
    [
      'a stay that a merge gives them',
      [
        { ...admitted, id: 'P3', visit: 'V9' },
        { ...merged, id: 'P4' },
      ],
    ],
    [
      'a stay that is moved to them',
      [
        { ...admitted, id: 'P3', visit: 'V9', number: otherPersonnummer },
        {
          trigger: 'A45',
          id: 'P4',
          at: '20220307130000',
          number: personnummer,
          withoutVisit: true,
          more: [`MRG|${otherPersonnummer}`, 'PV1||I|MED1||||||||||||||||V9'],
        },
      ],
    ],
  ])('holds for %s: a protection that was set', async (_name, messages) => {
    const world = await start();
    await send(world, { ...admitted, number: personnummer });
    await send(world, {
      trigger: 'A31',
      id: 'P1',
      at: '20220307093000',
      number: personnummer,
      withoutVisit: true,
      more: ['PD1||||||||||||Y'],
    });
    await send(world, ...messages);
    await send(world, { ...needs, number: personnummer, visit: 'V9' });
    expect(world.receiver.received).toEqual([]);
    expect((await world.gateway.status()).deliveries).toMatchObject({ held: 1 });
  });

  test('of somebody without a stay keeps nothing', async () => {
    const world = await start();
    await send(world, { trigger: 'A31', id: 'U1', at: '20220307103000', withoutVisit: true });
    expect(await world.gateway.status()).toMatchObject({ events: 0, processes: 0 });
  });

  test('of somebody without a stay keeps that they are protected, for the first stay may not say so', async () => {
    const world = await start();
    const told = { trigger: 'A31', id: 'U1', at: '20220307093000', withoutVisit: true };
    await send(world, { ...told, number: personnummer, more: ['PD1||||||||||||Y'] });
    expect(await world.gateway.status()).toMatchObject({ events: 0, processes: 0 });
    const first = { ...admitted, number: personnummer };
    await send(world, first, { ...needs, number: personnummer });
    expect((await caseOf(world)).patient.at(-1)?.codes.protection).toBe('unspecified');
    expect((await world.gateway.status()).deliveries).toMatchObject({ held: 1 });
    expect(world.receiver.received).toEqual([]);
    expect(await identityOf(world, await caseOf(world))).toMatchObject({ family: 'Okänd' });
  });

  test('that is older than what is known does not change the name back', async () => {
    const world = await start();
    await send(world, { ...admitted, number: personnummer, family: 'Nygift' });
    const before = { number: personnummer, family: 'Ogift', told: '20220307080000' };
    await send(world, { trigger: 'A08', id: 'U2', at: '20220307080000', ...before });
    await send(world, {
      trigger: 'A31',
      id: 'U3',
      at: '20220307080000',
      ...before,
      withoutVisit: true,
    });
    expect(await identityOf(world, await caseOf(world))).toMatchObject({ family: 'Nygift' });
    await send(world, {
      ...admitted,
      trigger: 'A08',
      id: 'U4',
      at: '20220307120000',
      number: personnummer,
      family: 'Omgift',
    });
    expect(await identityOf(world, await caseOf(world))).toMatchObject({ family: 'Omgift' });
  });
});
