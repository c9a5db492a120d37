import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import { loadProfiles } from '../profiles/index.ts';
import { PlayedStay, localTime } from './support/law.ts';
import type { GivenFact } from './support/law.ts';

/** As far as this test looks: every parameter says something, or says that it does not know, until then. */
const horizon = '2032-01-01';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hemgang-profiles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An overlay folder with one law file. */
function overlay(name: string, text: string): string {
  const root = mkdtempSync(join(folder, 'overlay-'));
  mkdirSync(join(root, 'law'));
  writeFileSync(join(root, 'law', name), text);
  return root;
}

function refusal(name: string, text: string): GatewayError {
  try {
    loadProfiles({ overlays: [overlay(name, text)] });
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

function monthsFrom(first: string): string[] {
  const months: string[] = [];
  for (let date = new Date(`${first}T00:00:00Z`); ; date.setUTCMonth(date.getUTCMonth() + 1)) {
    const text = date.toISOString().slice(0, 10);
    if (text >= horizon) return months;
    months.push(text);
  }
}

describe('the shipped law', () => {
  const profiles = loadProfiles();
  const law = profiles.parametersOf({ county: '14', municipality: '1480' });

  test.each(profiles.parameters.map((parameter) => [parameter.name, parameter] as const))(
    '%s has a value with its reference, or a declared gap, every month until the horizon',
    (name, parameter) => {
      expect(parameter.reference).not.toBe('');
      expect(parameter.firstDate).toBe('2018-01-01');
      for (const date of monthsFrom(parameter.firstDate)) {
        const found = law.valueOn(name, date);
        expect(found.known ? found.origin.reference : found.reference, date).toBeTruthy();
        if (found.known) expect(found.origin.from <= date).toBe(true);
      }
    },
  );

  test.each([
    ['2018-12-31', undefined],
    ['2019-01-01', 780000],
    ['2019-12-31', 780000],
    ['2020-01-01', 820000],
    ['2021-01-01', undefined],
    ['2021-12-31', undefined],
    ['2022-01-01', 930000],
    ['2022-12-31', 930000],
    ['2023-01-01', undefined],
    ['2026-06-01', undefined],
    ['2031-06-01', undefined],
  ])('the amount on %s is %s öre', (date, amountOre) => {
    const found = law.valueOn('settlement.careDayAmountOre', date);
    expect(found.known ? found.value : undefined).toBe(amountOre);
  });

  test('a missing amount names the regulation that is missing', () => {
    expect(law.valueOn('settlement.careDayAmountOre', '2026-03-01')).toEqual({
      known: false,
      parameter: 'settlement.careDayAmountOre',
      date: '2026-03-01',
      reference: 'HSLF-FS 2025:74 (not seen)',
    });
  });

  test('nothing is known before the act came into force', () => {
    expect(law.valueOn('admission-notice.noticeWithinHours', '2017-12-31').known).toBe(false);
  });

  test('an agreement may replace when liability starts and the amount, nothing of the prerequisites', () => {
    const allowed = profiles.parameters.filter(({ agreement }) => agreement === 'allowed');
    expect(allowed.map(({ name }) => name).sort()).toEqual([
      'payment-liability.daysAfterLateNotification',
      'payment-liability.daysAfterNotification',
      'payment-liability.lateInTheDay',
      'settlement.careDayAmountOre',
      'settlement.cutOffDay',
      'settlement.deceased',
    ]);
  });

  test('a name that no file has is our own mistake', () => {
    expect(() => law.valueOn('settlement.nothing', '2022-01-01')).toThrow(/settlement\.nothing/);
  });
});

const amountOf2023 = `
parameters:
  careDayAmountOre:
    values:
      2023-01-01: { value: 1050000, reference: HSLF-FS 2022:60 }
`;

/** An overlay with one value of the amount. */
const line = (text: string): string =>
  `parameters:\n  careDayAmountOre:\n    values:\n      ${text}\n`;

describe('a user’s own file', () => {
  test('enters a missing amount, and leaves the other years as they are', () => {
    const law = loadProfiles({ overlays: [overlay('settlement.yaml', amountOf2023)] });
    const valueOn = (date: string): unknown =>
      law.parametersOf({}).valueOn('settlement.careDayAmountOre', date);
    expect(valueOn('2023-07-01')).toEqual({
      known: true,
      value: 1050000,
      origin: {
        parameter: 'settlement.careDayAmountOre',
        from: '2023-01-01',
        reference: 'HSLF-FS 2022:60',
      },
    });
    expect(valueOn('2022-07-01')).toMatchObject({ known: true, value: 930000 });
    expect(valueOn('2024-01-01')).toMatchObject({ known: false });
  });

  test('does not carry a yearly amount into a year nobody has listed', () => {
    const text = amountOf2023.replace('2023-01-01', '2030-01-01');
    const law = loadProfiles({ overlays: [overlay('settlement.yaml', text)] }).parametersOf({});
    expect(law.valueOn('settlement.careDayAmountOre', '2030-12-31').known).toBe(true);
    const after = law.valueOn('settlement.careDayAmountOre', '2031-01-01');
    expect(after.known ? 'known' : after.reference).toContain('2027 och senare');
  });

  test('closes a value with null', () => {
    const text = `
parameters:
  cutOffDay:
    values:
      2023-01-01: { value: null, reference: closed for the test }
`;
    const law = loadProfiles({ overlays: [overlay('settlement.yaml', text)] }).parametersOf({});
    expect(law.valueOn('settlement.cutOffDay', '2022-12-31').known).toBe(true);
    expect(law.valueOn('settlement.cutOffDay', '2023-01-01').known).toBe(false);
  });

  test('with the amount entered, billing is not withheld and each day has the amount of its year', () => {
    const parameters = loadProfiles({ overlays: [overlay('settlement.yaml', amountOf2023)] });
    const stay = new PlayedStay([], parameters.parametersOf({}));
    stay.play(stayAcrossNewYear, localTime('2023-03-01'));
    expect(stay.billedOre()).toBe(9 * 930_000 + 4 * 1_050_000);
    const lines = stay.events('billing.recorded')[0]?.data.lines ?? [];
    expect(lines.map(({ from, until, days, rateOre }) => [from, until, days, rateOre])).toEqual([
      ['2022-12-23', '2023-01-01', 9, 930000],
      ['2023-01-01', '2023-01-05', 4, 1050000],
    ]);
  });

  test.each([
    [
      'a value without reference',
      'settlement.yaml',
      line('2023-01-01: { value: 1050000 }'),
      'parameters.careDayAmountOre.values.2023-01-01.reference',
    ],
    ['an unknown key', 'settlement.yaml', `${amountOf2023}\ncolour: red\n`, 'colour'],
    [
      'an unknown parameter',
      'settlement.yaml',
      amountOf2023.replace('careDayAmountOre', 'amount'),
      'parameters.amount',
    ],
    [
      'a date that is none',
      'settlement.yaml',
      line('2023-02-30: { value: 1, reference: x }'),
      'parameters.careDayAmountOre.values.2023-02-30',
    ],
    [
      'kronor with decimals',
      'settlement.yaml',
      line('2023-01-01: { value: 10500.5, reference: x }'),
      'parameters.careDayAmountOre.values.2023-01-01.value',
    ],
    [
      'a yearly value that starts in June',
      'settlement.yaml',
      line('2023-06-01: { value: 1, reference: x }'),
      'parameters.careDayAmountOre.values.2023-06-01',
    ],
    ['a file of no rule', 'settlements.yaml', amountOf2023, 'settlements'],
    ['text that is not YAML', 'settlement.yaml', 'parameters: [', 'settlement.yaml'],
    [
      'the same date twice',
      'settlement.yaml',
      `${line('2023-01-01: { value: 1, reference: x }')}      2023-01-01: { value: 2, reference: y }\n`,
      'settlement.yaml',
    ],
    [
      'a reading that is no choice',
      'admission-notice.yaml',
      'parameters:\n  lateAdmissionNotice:\n    values:\n      2023-01-01: { value: maybe, reference: x }\n',
      'parameters.lateAdmissionNotice.values.2023-01-01.value',
    ],
  ])('is refused, naming file and key, with %s', (_what, name, text, key) => {
    const error = refusal(name, text);
    expect(error.code).toBe('configuration-invalid');
    expect(error.message).toContain(name);
    expect(error.message).toContain(key);
  });

  test('is refused where its folder does not exist', () => {
    expect(() => loadProfiles({ overlays: [join(folder, 'nowhere')] })).toThrow(/nowhere/);
  });
});

const fact = (type: GivenFact['type'], at: string, data: unknown = {}): GivenFact => ({
  type,
  id: `${type} ${at}`,
  occurredAt: localTime(at),
  knownAt: localTime(at),
  data,
});
const stayAcrossNewYear: readonly GivenFact[] = [
  fact('patient.admitted', '2022-12-10 10:00', {
    county: '14',
    patient: { municipality: '1480', numberKind: 'personnummer', protection: 'none' },
  }),
  fact('discharge-estimate.set', '2022-12-10 10:00', { expectedDischarge: '2022-12-20' }),
  fact('need.assessed', '2022-12-10 10:00', {
    socialServices: true,
    municipalHealthCare: false,
    regionOutpatient: false,
  }),
  fact('outpatient-care.availability-set', '2022-12-10 10:00', { availability: 'available' }),
  fact('patient.discharge-ready', '2022-12-20 10:00'),
  fact('patient.discharged', '2023-01-05 10:00'),
];
