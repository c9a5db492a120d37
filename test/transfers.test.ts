/** Stays of one patient that go on as one case, and stays that do not; through the whole gateway. */
import { afterEach, describe, expect, test } from 'vitest';
import type { DischargeEvent } from '../gateway/process/events.ts';
import { fold } from '../gateway/process/state.ts';
import type { DischargeProcess } from '../gateway/process/state.ts';
import { adt, otherPersonnummer, personnummer } from './support/adt.ts';
import { permutations } from './support/adt-message.ts';
import type { AdtFields } from './support/adt.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { SmallJournal, type Told } from './support/small-journal.ts';

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function start(): Promise<TestGateway> {
  const world = await startTestGateway({ start: '2022-03-09T09:00:00.000Z' });
  open.push(() => world.close());
  return world;
}

/** Monday 10.00 at Ekliden, sent to Norrtuna on Tuesday at noon, home from there on Wednesday. */
const admittedThere: AdtFields = { trigger: 'A01', id: 'E1', at: '20220307100000' };
const needsThere: AdtFields = {
  trigger: 'A08',
  id: 'E2',
  at: '20220307110000',
  more: ['ZUT|N||J|N|N|20220307110000|1480'],
};
const sentOn: AdtFields = {
  trigger: 'A03',
  id: 'E3',
  at: '20220308120000',
  pv1: { 36: '02', 45: '20220308120000' },
};
const here = { hospital: 'norrtuna', visit: 'N1' } as const;
const admittedHere: AdtFields = {
  trigger: 'A01',
  id: 'N1',
  at: '20220308140000',
  ...here,
  pv1: { 14: '4' },
};
const homeFromHere: AdtFields = {
  trigger: 'A03',
  id: 'N2',
  at: '20220309093000',
  ...here,
  pv1: { 36: '01', 45: '20220309093000' },
};

async function send(world: TestGateway, ...messages: readonly AdtFields[]): Promise<void> {
  for (const message of messages) {
    expect(await world.send(adt(message)), message.id).toBe('AA');
    await world.rest();
  }
}

async function eventsOf(world: TestGateway): Promise<DischargeEvent[]> {
  return (await world.gateway.journal.eventsAfter(0, 5000)).map(({ event }) => event);
}

async function casesOf(world: TestGateway): Promise<DischargeProcess[]> {
  const { journal } = world.gateway;
  const ids = await journal.processIds('', 100);
  const loaded = await Promise.all(ids.map((id) => journal.load(id)));
  return loaded.flatMap((one) => (one ? [fold(one.events, one.processId)] : []));
}

/** Notices that stand, by obligation and case. */
function standing({ history }: DischargeProcess): string[] {
  return [...history.notices.values()]
    .filter(({ revisions }) => revisions.at(-1)?.action !== 'withdrawn')
    .map(({ obligation, role }) => `${obligation} ${role}`)
    .toSorted();
}

describe('a transfer between hospitals', () => {
  test('goes on as one case: one admission, one admission notice, home from the second', async () => {
    const world = await start();
    await send(world, admittedThere, needsThere, sentOn, admittedHere, homeFromHere);
    const [only, ...others] = await casesOf(world);
    expect(others).toEqual([]);
    expect(only?.admission?.atMs).toBe(Date.parse('2022-03-07T09:00:00.000Z'));
    expect(only?.discharge?.atMs).toBe(Date.parse('2022-03-09T08:30:00.000Z'));
    expect(only?.contradictions).toEqual([]);
    const events = await eventsOf(world);
    const notices = events.filter(
      (event) => event.type === 'notice.issued' && event.data.obligation === 'admission-notice',
    );
    expect(notices).toHaveLength(1);
    const links = events.filter((event) => event.type === 'stay.linked');
    expect(links.map(({ data }) => data.cause)).toEqual(['TRANSFER']);
  });

  test('in any order of arrival', async () => {
    const world = await start();
    const orders = permutations([admittedThere, sentOn, admittedHere, homeFromHere]);
    for (const [index, order] of orders.entries()) {
      const number = `R${index}^^^&1.2.752.97.3.1.3&ISO`;
      const visit = `V${index}`;
      await send(world, ...order.map((one) => ({ ...one, number, visit, id: visit + one.id })));
    }
    const cases = await casesOf(world);
    expect(cases).toHaveLength(orders.length);
    for (const { admission, discharge, contradictions } of cases) {
      expect(admission?.atMs).toBe(Date.parse('2022-03-07T09:00:00.000Z'));
      expect(discharge?.atMs).toBe(Date.parse('2022-03-09T08:30:00.000Z'));
      expect(contradictions).toEqual([]);
    }
  });

  test('is said by either of the two, or by the admission alone while the end is not told', async () => {
    const { pv1: _, ...silent } = admittedHere;
    const bySender = await start();
    await send(bySender, admittedThere, sentOn, silent);
    expect(await casesOf(bySender)).toHaveLength(1);
    const byReceiver = await start();
    await send(byReceiver, admittedThere, admittedHere);
    expect(await casesOf(byReceiver)).toHaveLength(1);
  });

  test('is none where nobody says so, or where too long lies between', async () => {
    const home: AdtFields = { ...sentOn, pv1: { 36: '01', 45: '20220308120000' } };
    const { pv1: _, ...silent } = admittedHere;
    const unsaid = await start();
    await send(unsaid, admittedThere, home, silent);
    expect(await casesOf(unsaid)).toHaveLength(2);
    const late = await start();
    await send(late, admittedThere, sentOn, { ...admittedHere, at: '20220309003000' });
    expect(await casesOf(late)).toHaveLength(2);
  });

  test('is taken back by a later fact: the admission was a mistake, or the first stay ended otherwise', async () => {
    const cancelled = await start();
    await send(cancelled, admittedThere, needsThere, sentOn, admittedHere);
    expect(await casesOf(cancelled)).toHaveLength(1);
    await send(cancelled, { trigger: 'A11', id: 'N9', at: '20220308150000', ...here });
    const cases = await casesOf(cancelled);
    expect(cases).toHaveLength(2);
    expect(cases.map(({ discharge }) => discharge?.atMs)).toContain(
      Date.parse('2022-03-08T11:00:00.000Z'),
    );
    const ended = await start();
    await send(ended, admittedThere, admittedHere);
    await send(ended, {
      trigger: 'A03',
      id: 'E9',
      at: '20220307150000',
      told: '20220308160000',
      pv1: { 36: '01', 45: '20220307150000' },
    });
    expect(await casesOf(ended)).toHaveLength(2);
  });

  test('is taken back where one of the two is another person’s: each case is told with its own name', async () => {
    const world = await start();
    await send(world, admittedThere, needsThere, sentOn, admittedHere, {
      trigger: 'A45',
      id: 'N9',
      at: '20220308150000',
      ...here,
      number: otherPersonnummer,
      family: 'Annan',
      withoutVisit: true,
      more: [`MRG|${personnummer}`, 'PV1||I|MED1||||||||||||||||N1'],
    });
    const cases = await casesOf(world);
    const { journal } = world.gateway;
    const identities = await Promise.all(cases.map(({ processId }) => journal.identity(processId)));
    expect(identities.map((identity) => identity?.family)).toEqual(['Påhittad', 'Annan']);
  });

  test('told late, keeps what was sent of the second stay under the reference the receivers have', async () => {
    const world = await start();
    const ready: AdtFields = {
      trigger: 'A16',
      id: 'N5',
      at: '20220308160000',
      ...here,
      more: ['PV2||||||||||||||||||||||||KLAR|||S'],
    };
    await send(world, admittedHere, ready);
    const [before] = await casesOf(world);
    expect(before && standing(before)).toEqual([
      'admission-notice social-services',
      'discharge-ready-notice social-services',
    ]);
    await send(world, admittedThere, needsThere, sentOn);
    const [after, ...others] = await casesOf(world);
    expect(others).toEqual([]);
    const readyNotices = [...(after?.history.notices.values() ?? [])].filter(
      ({ obligation }) => obligation === 'discharge-ready-notice',
    );
    expect(readyNotices.map(({ key }) => key.startsWith(before?.processId ?? '?'))).toEqual([true]);
    expect(readyNotices[0]?.revisions.map(({ action }) => action)).not.toContain('withdrawn');
    expect(after && standing(after)).toEqual([
      'admission-notice social-services',
      'discharge-ready-notice social-services',
    ]);
  });

  test('told while notices of the second stay wait to be sent: what goes out is the case as it is now', async () => {
    const small = await SmallJournal.open('2022-03-08 14:00');
    open.push(() => small.close());
    const record = async (visit: string, ...facts: Told[]): Promise<void> => {
      await small.record(visit, '2022-03-08 14:00', facts, 'one person');
      await small.rest('advance');
    };
    const patient = { municipality: '1480', numberKind: 'personnummer', protection: 'none' };
    const stay = { county: '14', hospital: 'Sjukhuset', patient };
    const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
    await record('A', ['patient.admitted', stay]);
    await record('B', ['patient.admitted', stay], ['need.assessed', services]);
    const left = { disposition: 'other-hospital' };
    await record('A', ['patient.discharged', left, '2022-03-08 13:59']);
    await small.rest();
    const { deliveries } = small.journal;
    expect(await deliveries.byState('delivered', 10)).toHaveLength(1);
    // Of the case that the stay was at first, and its withdrawal: one lane, and in it events of two stays.
    const cancelled = await deliveries.byState('cancelled', 10);
    expect(new Set(cancelled.map(({ lane }) => lane)).size).toBe(1);
    expect(new Set(cancelled.map(({ streamId }) => streamId)).size).toBe(2);
  });

  test('a case reference from before still finds the case', async () => {
    const world = await start();
    await send(world, admittedThere, admittedHere);
    const { journal } = world.gateway;
    const links = (await eventsOf(world)).filter((event) => event.type === 'stay.linked');
    const linked = links[0]?.data.linkedStayId ?? '';
    const [now] = await journal.processIds('', 10);
    expect((await journal.load(linked))?.processId).toBe(now);
    await send(world, { trigger: 'A11', id: 'N9', at: '20220308150000', ...here });
    const own = (await journal.load(linked))?.processId;
    expect(own).not.toBe(now);
    await send(world, { ...admittedHere, id: 'N10', told: '20220308160000' });
    expect((await journal.load(own ?? ''))?.processId).toBe(now);
    expect(await journal.identity(own ?? '')).toBeDefined();
  });
});

describe('stays that overlap', () => {
  const elsewhere: AdtFields = { trigger: 'A01', id: 'N1', at: '20220307120000', ...here };

  test('contradict each other, whichever is told first, until one is taken back', async () => {
    for (const order of [
      [admittedThere, elsewhere],
      [elsewhere, admittedThere],
    ]) {
      const world = await start();
      await send(world, ...order);
      const cases = await casesOf(world);
      expect(cases.map(({ contradictions }) => contradictions)).toEqual([
        ['OVERLAPPING_STAYS'],
        ['OVERLAPPING_STAYS'],
      ]);
      await send(world, { trigger: 'A11', id: 'N9', at: '20220307130000', ...here });
      const after = await casesOf(world);
      expect(after.flatMap(({ contradictions }) => contradictions)).toEqual([]);
      await world.close();
    }
  });

  test('do so no more once one of them is another person’s', async () => {
    const world = await start();
    await send(world, admittedThere, elsewhere);
    await send(world, {
      ...elsewhere,
      trigger: 'A08',
      id: 'N9',
      told: '20220307130000',
      number: otherPersonnummer,
    });
    expect((await casesOf(world)).flatMap(({ contradictions }) => contradictions)).toEqual([]);
  });

  test('are each judged, though another one comes that is told before', async () => {
    const small = await SmallJournal.open('2022-03-07 09:00');
    open.push(() => small.close());
    const patient = { municipality: '1480', numberKind: 'personnummer', protection: 'none' };
    const admitted: Told = ['patient.admitted', { county: '14', hospital: 'Sjukhuset', patient }];
    const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
    const at = '2022-03-07 10:00';
    for (const visit of ['A', 'B']) await small.tell(visit, at, [admitted], 'one person');
    await small.record('B', at, [['need.assessed', services]], 'one person');
    // Recorded by now, and looked at after B: B tells it that they overlap.
    await small.tell('C', at, [admitted], 'one person');
    const loaded = await small.journal.load(await small.caseOf('B'));
    expect(loaded?.events.map(({ event }) => event.type)).toContain('notice.issued');
  });

  test('of two persons are nothing to each other', async () => {
    const world = await start();
    await send(world, admittedThere, { ...elsewhere, number: otherPersonnummer });
    expect((await casesOf(world)).flatMap(({ contradictions }) => contradictions)).toEqual([]);
  });
});
