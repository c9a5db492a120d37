/** Who gets a notice: by role, place, unit, kind of need and date, in the order of the configuration. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { overlap, covers, whyNot, type Addressed, type Place } from '../gateway/wiring/routing.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const now = '2022-03-07T08:00:00.000Z';
const social: Addressed = {
  role: 'social-services',
  municipality: '1480',
  county: '14',
  needs: ['socialServices', 'municipalHealthCare'],
};
const unit: Addressed = {
  role: 'region-outpatient',
  county: '14',
  outpatientUnit: 'SE2321000131-E000000000001',
  needs: ['regionOutpatient'],
};

describe('the place of a receiver', () => {
  test.each<[string, Place, Addressed, string | undefined]>([
    ['without a word takes everything', {}, social, undefined],
    ['names the role', { roles: ['municipal-health-care'] }, social, 'roles'],
    ['names the municipality', { municipalities: ['1480'] }, social, undefined],
    ['names another municipality', { municipalities: ['1482'] }, social, 'municipalities'],
    ['names another county', { counties: ['13'] }, social, 'counties'],
    ['names a unit', { outpatientUnits: ['SE2321000131-E000000000001'] }, unit, undefined],
    ['names another unit', { outpatientUnits: ['SE2321000131-OTHER'] }, unit, 'outpatientUnits'],
    [
      'names a unit, and no unit is known',
      { outpatientUnits: ['SE2321000131-OTHER'] },
      social,
      'outpatientUnits',
    ],
    ['names one of the kinds of need', { needs: ['municipalHealthCare'] }, social, undefined],
    ['names another kind of need', { needs: ['regionOutpatient'] }, social, 'needs'],
    ['begins today', { validFrom: '2022-03-07' }, social, undefined],
    ['begins tomorrow', { validFrom: '2022-03-08' }, social, 'validFrom'],
    ['ends today', { validTo: '2022-03-07' }, social, undefined],
    ['ended yesterday', { validTo: '2022-03-06' }, social, 'validTo'],
    [
      'takes no municipal notice without a municipality',
      {},
      { role: 'social-services', county: '14' },
      'municipality',
    ],
  ])('that %s', (_, place, notice, setting) => {
    expect(whyNot(place, notice, now)?.setting).toBe(setting);
  });

  test('begins and ends at midnight in Sweden', () => {
    const place = { validFrom: '2022-03-08', validTo: '2022-03-08' };
    expect(whyNot(place, social, '2022-03-07T22:59:59.999Z')?.setting).toBe('validFrom');
    expect(whyNot(place, social, '2022-03-07T23:00:00.000Z')).toBeUndefined();
    expect(whyNot(place, social, '2022-03-08T22:59:59.999Z')).toBeUndefined();
    expect(whyNot(place, social, '2022-03-08T23:00:00.000Z')?.setting).toBe('validTo');
  });

  test('overlaps with another where one notice would fit both, and covers it where all would', () => {
    const [city, all] = [{ municipalities: ['1480'] }, { counties: ['14'] }];
    expect([overlap(city, all), covers(all, city), covers({}, city)]).toEqual([true, false, true]);
    expect(overlap(city, { municipalities: ['1482'] })).toBe(false);
    expect(overlap({ validTo: '2022-03-07' }, { validFrom: '2022-03-08' })).toBe(false);
    expect(overlap({ validTo: '2022-03-08' }, { validFrom: '2022-03-08' })).toBe(true);
  });
});

// ---------------------------------------------------------------- with a gateway

let world: TestGateway | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const stay = {
  at: now,
  visit: 'R1',
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  address: { street: 'Testgatan 1', postalCode: '411 01', city: 'Göteborg' },
  expectedDischarge: '2022-03-11',
};
type Webhook = Extract<Config['receivers'][number], { channel: 'webhook' }>;

async function start(
  ...places: readonly (Place & { readonly id: string })[]
): Promise<TestGateway> {
  world = await startTestGateway({
    start: now,
    change: (config) => {
      const webhook = config.receivers.find((one): one is Webhook => one.channel === 'webhook');
      const receivers = places.map((place) => ({ ...webhook!, ...place }));
      return { ...config, receivers, partners: [] };
    },
  });
  return world;
}

async function tell(
  step: Partial<HospitalStep> & Pick<HospitalStep, 'trigger' | 'controlId'>,
  more?: (text: string) => string,
) {
  const raw = buildMessage('ekliden', { ...stay, ...step });
  const text = Buffer.from(raw).toString('latin1');
  expect(await world?.send(Buffer.from(more?.(text) ?? text, 'latin1'))).toBe('AA');
  await world?.rest();
}

const sent = async (): Promise<readonly string[]> =>
  ((await world?.gateway.journal.eventsAfter(0, 1000)) ?? []).flatMap(({ event }) =>
    event.type === 'notice.delivered'
      ? [`${event.data.role} ${event.data.revision} → ${event.data.receiver}`]
      : [],
  );

const region = { socialServices: false, municipalHealthCare: false, regionOutpatient: true };
const unitId = 'SE2321000131-E000000000001';
/** The unit that the person is listed at, as PD1-3 has it. */
const listedAt = (id: string) => (text: string) =>
  text.replace(/\rPV1\|/, `\rPD1|||Vårdcentralen^^^^^^^^^${id}\rPV1|`);

test('the unit of the region that the patient is listed at gets its notices, and another what names no unit', async () => {
  await start({ id: 'unit', outpatientUnits: [unitId] }, { id: 'county', counties: ['14'] });
  await tell({ trigger: 'A01', controlId: '1' }, listedAt(unitId));
  await tell({ trigger: 'A08', controlId: '2', needs: region }, listedAt(unitId));
  expect(await sent()).toEqual(['region-outpatient 1 → unit']);
  const before = (await world!.gateway.journal.eventsAfter(0, 1000)).length;
  await tell({ trigger: 'A01', controlId: '3', visit: 'R2', personnummer: '196101182803' });
  await tell({
    trigger: 'A08',
    controlId: '4',
    visit: 'R2',
    personnummer: '196101182803',
    needs: region,
  });
  expect(await sent()).toContain('region-outpatient 1 → county');
  expect(before).toBeGreaterThan(0);
});

test('a patient listed at another unit is told there, and the first one is told that it is no longer concerned', async () => {
  const other = 'SE2321000131-E000000000002';
  await start({ id: 'one', outpatientUnits: [unitId] }, { id: 'two', outpatientUnits: [other] });
  await tell({ trigger: 'A01', controlId: '1' }, listedAt(unitId));
  await tell({ trigger: 'A08', controlId: '2', needs: region }, listedAt(unitId));
  await tell(
    { trigger: 'A08', controlId: '3', needs: region, at: '2022-03-07T08:10:00.000Z' },
    listedAt(other),
  );
  expect(await sent()).toEqual([
    'region-outpatient 1 → one',
    'region-outpatient 2 → one',
    'region-outpatient 3 → two',
  ]);
});

test('the receiver that is valid on the day a notice is routed gets it, a changed estimate of an earlier one too', async () => {
  await start({ id: 'old', validTo: '2022-03-07' }, { id: 'new', validFrom: '2022-03-08' });
  await tell({ trigger: 'A01', controlId: '1' });
  const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
  await tell({ trigger: 'A08', controlId: '2', needs });
  world!.clock.advanceTo('2022-03-08T08:00:00.000Z');
  await tell({
    trigger: 'A08',
    controlId: '3',
    needs,
    at: '2022-03-08T08:00:00.000Z',
    expectedDischarge: '2022-03-14',
  });
  expect(await sent()).toEqual(['social-services 1 → old', 'social-services 1 → new']);
});
