import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import { loadProfiles } from '../profiles/index.ts';
import type { Parameters, ParameterValue } from '../profiles/index.ts';
import { PlayedStay, localTime } from './support/law.ts';
import type { GivenFact } from './support/law.ts';

/** As far as this test looks: every parameter says something, or says that it does not know, until then. */
const horizon = '2032-01-01';
const root = join(import.meta.dirname, '..');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hemgang-profiles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An overlay folder with some files, by their path in it. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const overlay = mkdtempSync(join(folder, 'overlay-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(overlay, name)), { recursive: true });
    writeFileSync(join(overlay, name), text);
  }
  return overlay;
}

/** An overlay folder with one law file. */
const overlay = (name: string, text: string): string => folderOf({ [`law/${name}`]: text });

/** The shipped profiles with a file over a region's agreement. */
const agreed = (text: string, region = 'vastra-gotaland'): ReturnType<typeof loadProfiles> =>
  loadProfiles({ overlays: [folderOf({ [`regions/${region}/agreement.yaml`]: text })] });

function refusalOf(files: Readonly<Record<string, string>>): GatewayError {
  try {
    loadProfiles({ overlays: [folderOf(files)] });
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

const profiles = loadProfiles();
/** A value on a date, or what is missing. */
function on(place: Parameters, name: string, date: string): ParameterValue | string {
  const found = place.valueOn(name, date);
  return found.known ? found.value : `missing: ${found.reference ?? ''}`;
}
/** A value, or a pattern of what is said to be missing. */
function expectOn(
  place: Parameters,
  name: string,
  date: string,
  wanted: ParameterValue | RegExp,
): void {
  if (wanted instanceof RegExp) expect(on(place, name, date)).toMatch(wanted);
  else expect(on(place, name, date)).toBe(wanted);
}
const gothenburg = profiles.parametersOf({ county: '14', municipality: '1480' });
const skelleftea = profiles.parametersOf({ county: '24', municipality: '2482' });
const halmstad = profiles.parametersOf({ county: '13', municipality: '1380' });
const stockholmerThere = profiles.parametersOf({ county: '14', municipality: '0180' });

describe('every parameter, every month until the horizon', () => {
  const places = {
    'under the statute': profiles.parametersOf({}),
    'for a party in Västra Götaland': gothenburg,
    'for a party in Västerbotten': skelleftea,
    'for a party in Halland': halmstad,
    'for who is no party': stockholmerThere,
  };
  const rows = profiles.parameters.flatMap((parameter) =>
    Object.entries(places).map(([place, law]) => ({ ...parameter, place, law })),
  );

  test.each(rows)('$name $place has a value with its reference, or a declared gap', (row) => {
    const { name, law, reference, firstDate } = row;
    expect(reference).not.toBe('');
    expect(firstDate).toBe('2018-01-01');
    for (const date of monthsFrom(firstDate)) {
      const found = law.valueOn(name, date);
      expect(found.known ? found.origin.reference : found.reference, date).toBeTruthy();
      if (found.known) expect(found.origin.from <= date).toBe(true);
    }
  });
});

describe('the shipped law', () => {
  const law = profiles.parametersOf({ county: '14' });

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
  ])('the amount on %s is %s öre, also for who has an agreement without an amount', (date, ore) => {
    const found = law.valueOn('settlement.careDayAmountOre', date);
    expect(found.known ? found.value : undefined).toBe(ore);
    const atHome = halmstad.valueOn('settlement.careDayAmountOre', date);
    if (date >= '2027-01-01') expect(atHome).toEqual(found);
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

  test('the days of a patient who died count, because the act makes no exception', () => {
    expect(on(law, 'settlement.deceased', '2022-03-01')).toBe('include');
  });

  test('psychiatric care is a declared gap in the first year of the act, and alike after it', () => {
    const name = 'payment-liability.psychiatricCare';
    expect(on(law, name, '2018-12-31')).toContain('SFS 2017:1130');
    expect(on(law, name, '2019-01-01')).toBe('alike');
  });

  test('the statute has no mean: what only an agreement can say is a declared gap', () => {
    for (const name of ['benchmarkDays', 'comparison', 'meanGoverns', 'activationMonths']) {
      expect(on(law, `settlement.${name}`, '2022-03-01')).toMatch(/^missing: No .* in lag/);
    }
  });

  test('an agreement may replace when liability starts, the amount and the model; nothing of the prerequisites', () => {
    const names = profiles.parameters
      .filter(({ agreement }) => agreement === 'allowed')
      .map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith('settlement.')).sort()).toEqual([
      'payment-liability.daysAfterLateNotification',
      'payment-liability.daysAfterNotification',
      'payment-liability.lateInTheDay',
      'payment-liability.missingTreatmentPlan',
      'payment-liability.psychiatricCare',
      'payment-liability.readinessCounted',
      'payment-liability.targetGroup',
    ]);
    const settled = profiles.parameters.filter(({ name }) => name.startsWith('settlement.'));
    expect(settled.map(({ agreement }) => agreement)).not.toContain('forbidden');
  });

  test('what no section orders the guidelines may switch off; where they were not seen it holds all the same', () => {
    const text = [
      'parameters:',
      '  discharge-notice.dischargeIsTold:',
      '    values:',
      "      2024-01-01: { value: false, reference: 'Gemensam riktlinje' }",
    ].join('\n');
    const place = agreed(text).parametersOf({ county: '14', municipality: '1480' });
    const name = 'discharge-notice.dischargeIsTold';
    expect(on(place, name, '2023-12-31')).toBe(true);
    expect(on(place, name, '2024-01-01')).toBe(false);
    expect(on(place.under('0180'), name, '2024-01-01')).toBe(true);
    // Of the agreement of 2025 in Halland it is only known that there was one.
    expect(on(halmstad, name, '2026-03-01')).toBe(true);
    expect(on(halmstad, 'settlement.comparison', '2026-03-01')).toMatch(/^missing/);
  });

  test('an agreement may add four conditions, and take none away', () => {
    const narrowing = profiles.parameters.filter(({ agreement }) => agreement === 'narrows');
    expect(narrowing.map(({ name, narrowsTo }) => [name, narrowsTo])).toEqual([
      ['care-planning.coordinatedCarePlan', ['required']],
      ['care-planning.courtDecision', ['required']],
      ['payment-liability.outpatientPlan', ['required']],
      ['payment-liability.servicesDeclined', ['bars']],
    ]);
  });

  test('a name that no file has is our own mistake', () => {
    expect(() => law.valueOn('settlement.nothing', '2022-01-01')).toThrow(/settlement\.nothing/);
  });
});

describe('the nation', () => {
  const { nation } = profiles;
  const all = nation.counties.flatMap((county) => nation.municipalitiesOf(county));

  test('has 290 municipalities in 21 regions, each code with its county before it', () => {
    expect(nation.counties).toHaveLength(21);
    expect(new Set(all).size).toBe(290);
    for (const county of nation.counties) {
      expect(nation.regionName(county)).toBeTruthy();
      for (const code of nation.municipalitiesOf(county)) {
        expect(code.slice(0, 2)).toBe(county);
        expect(nation.countyOf(code)).toBe(county);
        expect(nation.municipalityName(code)).toBeTruthy();
      }
    }
  });

  test('names its source, its regions and its municipalities', () => {
    expect(nation.source).toContain('SCB');
    expect(nation.regionName('23')).toBe('Jämtland Härjedalen');
    expect(nation.municipalityName('1480')).toBe('Göteborg');
    expect(nation.municipalityName('9999')).toBeUndefined();
    expect(nation.regionName('constructor')).toBeUndefined();
    expect(nation.municipalitiesOf('99')).toEqual([]);
  });

  test('has one municipality outside regions, the one the law’s parameter names', () => {
    expect(nation.municipalitiesOf('09')).toEqual([nation.municipalityOutsideRegions]);
    const law = profiles.parametersOf({});
    expect(on(law, 'payment-liability.municipalityOutsideRegions', '2022-01-01')).toBe(
      nation.municipalityOutsideRegions,
    );
  });
});

describe('the three agreements', () => {
  test.each([
    ['vastra-gotaland', '14', 49],
    ['vasterbotten', '24', 15],
    ['halland', '13', 6],
  ])('%s binds county %s with all of its %i municipalities', (region, county, count) => {
    const found = profiles.agreements.find((agreement) => agreement.region === region);
    expect(found?.county).toBe(county);
    expect(found?.municipalities).toHaveLength(count);
    expect(found?.municipalities).toEqual(profiles.nation.municipalitiesOf(county));
    expect(found?.notAdoptedBy).toEqual([]);
  });

  test.each(profiles.agreements.map((agreement) => [agreement.region, agreement] as const))(
    '%s cites a document it lists, or the act, in every reference',
    (_region, { values, periods, documents, extension }) => {
      const cited = documents.map(({ cite }) => cite);
      const references = [...values, ...periods, ...(extension ? [extension] : [])].map(
        ({ reference }) => reference,
      );
      expect(references.length).toBeGreaterThan(15);
      for (const reference of references) {
        expect(cited.some((cite) => reference.includes(cite))).toBe(true);
      }
    },
  );

  test.each([
    ['2018-09-24', 'settlement.basis', /tillfällig överenskommelse.*not seen/],
    ['2018-09-25', 'settlement.basis', 'monthlyMean'],
    ['2018-09-24', 'payment-liability.outpatientPlan', /tillfällig överenskommelse/],
    ['2018-09-24', 'admission-notice.noticeWithinHours', 24],
    ['2018-09-25', 'settlement.benchmarkDays', '3'],
    ['2020-03-31', 'payment-liability.psychiatricCare', /steps not seen/],
    ['2020-04-01', 'payment-liability.psychiatricCare', 'alike'],
    ['2022-12-31', 'payment-liability.outpatientPlan', 'notRequired'],
    ['2023-01-01', 'payment-liability.outpatientPlan', 'required'],
    ['2022-12-31', 'care-planning.courtDecision', 'notRequired'],
    ['2023-01-01', 'care-planning.courtDecision', 'required'],
    ['2022-12-31', 'settlement.actionPlan', 'none'],
    ['2023-01-01', 'settlement.actionPlan', 'recurring'],
    ['2023-01-01', 'settlement.individualOverDays', 7],
    ['2023-01-01', 'settlement.individualFreeDays', 3],
    ['2023-01-01', 'settlement.deceased', 'exclude'],
    ['2023-01-01', 'settlement.invoiceDay', /states no invoice day/],
    ['2023-01-01', 'settlement.cutOffDay', 7],
    ['2027-01-01', 'settlement.benchmarkDays', '3'],
  ])('Västra Götaland on %s: %s is %s', (date, name, wanted) => {
    expectOn(gothenburg, name, date, wanted);
  });

  test.each([
    ['2021-12-31', 'settlement.basis', /VLL2343_2-2017.*not seen/],
    ['2021-12-31', 'settlement.deceased', /not seen/],
    ['2022-01-01', 'settlement.basis', 'monthlyMean'],
    ['2022-01-01', 'settlement.consequence', 'allDaysWhileActive'],
    ['2022-01-01', 'settlement.benchmarkDays', '3'],
    ['2022-01-01', 'settlement.activationMonths', 3],
    ['2022-01-01', 'settlement.deactivationMonths', 3],
    ['2022-01-01', 'settlement.daysSettledIn', 'careDay'],
    ['2022-01-01', 'settlement.ineligibleInMean', 'exclude'],
    ['2022-01-01', 'settlement.signalAboveBenchmark', 'jointAnalysis'],
    ['2022-01-01', 'care-planning.courtDecision', 'notRequired'],
    ['2031-12-01', 'settlement.basis', 'monthlyMean'],
  ])('Västerbotten on %s: %s is %s', (date, name, wanted) => {
    expectOn(skelleftea, name, date, wanted);
  });

  test.each([
    ['2026-12-31', 'settlement.basis', /Halland 2025 \(not seen/],
    ['2026-12-31', 'settlement.cutOffDay', /not seen/],
    ['2027-01-01', 'settlement.benchmarkDays', '1.5'],
    ['2027-01-01', 'settlement.consequence', 'excessOfMean'],
    ['2027-01-01', 'settlement.dayCountFrom', 'laterOfRegisteredAndNotification'],
    ['2027-01-01', 'settlement.cutOffDay', 7],
    ['2027-01-01', 'settlement.invoiceDay', 20],
    ['2027-01-01', 'settlement.deceased', 'include'],
    ['2027-01-01', 'payment-liability.missingTreatmentPlan', 'flag'],
    ['2027-01-01', 'settlement.individualCap', 'none'],
    ['2028-01-01', 'settlement.benchmarkDays', '1.5'],
  ])('Halland on %s: %s is %s', (date, name, wanted) => {
    expectOn(halmstad, name, date, wanted);
  });

  test('none of them states a due date, and each says which document is silent', () => {
    for (const party of [gothenburg, skelleftea, halmstad]) {
      expect(on(party, 'settlement.dueDays', '2027-06-01')).toMatch(/states no due date/);
    }
  });

  test.each([
    ['a resident of another region', '0180'],
    ['one of a neighbour with an agreement of its own', '1384'],
    ['nobody known to pay', undefined],
    ['a code that is none', '9999'],
  ])('%s has the statute, seen or unseen', (_who, municipality) => {
    const payer = profiles.parametersOf({ county: '14' }).under(municipality);
    for (const date of ['2018-09-24', '2018-09-25', '2023-06-01', '2027-06-01']) {
      expect(on(payer, 'settlement.basis', date)).toBe('individual');
      expect(on(payer, 'payment-liability.outpatientPlan', date)).toBe('notRequired');
      expect(payer.agreementOn(date)).toBeUndefined();
      expect(payer.remarksOn(date)).toEqual([]);
    }
  });

  test('a party treated in another region has the statute there', () => {
    const away = profiles.parametersOf({ county: '01', municipality: '1480' });
    expect(on(away, 'settlement.basis', '2023-06-01')).toBe('individual');
    expect(away.remarksOn('2023-06-01')).toEqual([]);
  });

  test('a place is made once, however it is asked for', () => {
    const region = profiles.parametersOf({ county: '14' });
    expect(region.under('1480')).toBe(gothenburg);
    expect(gothenburg.under('1480')).toBe(gothenburg);
    expect(gothenburg.under(undefined)).toBe(region);
    expect(gothenburg.under('0180')).toBe(stockholmerThere);
    expect(profiles.parametersOf({})).toBe(profiles.parametersOf({ county: '99' }));
    expect(gothenburg.agreementOn('2023-01-01')).toBe(gothenburg.agreementOn('2024-01-01'));
  });

  test.each([
    ['Göteborg 2018-09-24', gothenburg, '2018-09-24', 'unseen', ['ADOPTION_ASSUMED']],
    ['Göteborg 2026-12-31', gothenburg, '2026-12-31', 'in-force', ['ADOPTION_ASSUMED']],
    [
      'Göteborg 2027-01-01',
      gothenburg,
      '2027-01-01',
      'extension-unconfirmed',
      ['ADOPTION_ASSUMED', 'EXTENSION_UNCONFIRMED'],
    ],
    ['Skellefteå 2021-12-31', skelleftea, '2021-12-31', 'unseen', []],
    ['Skellefteå 2031-01-01', skelleftea, '2031-01-01', 'in-force', []],
    ['Halmstad 2027-12-31', halmstad, '2027-12-31', 'in-force', ['ADOPTION_ASSUMED']],
    [
      'Halmstad 2028-01-01',
      halmstad,
      '2028-01-01',
      'extension-unconfirmed',
      ['ADOPTION_ASSUMED', 'EXTENSION_UNCONFIRMED'],
    ],
  ] as const)('%s: what every basis is told', (_when, party, date, status, remarks) => {
    expect(party.agreementOn(date)?.status).toBe(status);
    expect(party.remarksOn(date)).toEqual(remarks);
  });

  test('where no agreement is entered for the payer’s own region, that is told', () => {
    const stockholm = profiles.parametersOf({ county: '01', municipality: '0180' });
    expect(stockholm.remarksOn('2023-01-01')).toEqual(['AGREEMENT_NOT_ENTERED']);
    expect(on(stockholm, 'settlement.basis', '2023-01-01')).toBe('individual');
    expect(stockholm.agreementOn('2023-01-01')).toBeUndefined();
  });

  test('Gotland has nobody to agree with, so nothing is missing there', () => {
    const gotland = profiles.parametersOf({ county: '09', municipality: '0980' });
    expect(gotland.remarksOn('2023-01-01')).toEqual([]);
  });

  test('a run of months starts with the first whole month in force', () => {
    expect(skelleftea.agreementOn('2023-01-01')?.firstMonth).toBe('2022-01');
    expect(gothenburg.agreementOn('2023-01-01')?.firstMonth).toBe('2018-10');
    expect(halmstad.agreementOn('2027-01-01')?.firstMonth).toBe('2027-01');
  });

  test('carries its indicators and its levels of dispute, each with a reference', () => {
    const followed = [gothenburg, skelleftea, halmstad].map((party) => {
      const agreement = party.agreementOn('2027-06-01');
      for (const { reference } of agreement?.disputes ?? []) expect(reference).not.toBe('');
      return [
        agreement?.followUp.indicators.map(({ id, days }) =>
          days === undefined ? id : [id, days],
        ),
        agreement?.disputes.length,
      ];
    });
    expect(followed).toEqual([
      [['adherence', 'deviations'], 3],
      [
        [
          ['discharged-within-days', 1],
          'planning-calls',
          'ready-days',
          ['readmissions', 30],
          'sums-paid',
        ],
        4,
      ],
      [[['discharged-same-day', 0], 'ready-days', ['staying-days-or-more', 4]], 2],
    ]);
  });

  test('what was loaded cannot be changed', () => {
    expect(Object.isFrozen(gothenburg.agreementOn('2023-01-01')?.disputes[0])).toBe(true);
    expect(Object.isFrozen(profiles.agreements[0]?.values[0])).toBe(true);
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
      line('2023-02-30: { value: 100, reference: x }'),
      'parameters.careDayAmountOre.values.2023-02-30',
    ],
    [
      'kronor with decimals',
      'settlement.yaml',
      line('2023-01-01: { value: 10500.5, reference: x }'),
      'parameters.careDayAmountOre.values.2023-01-01.value',
    ],
    [
      'an amount with öre, of which a mean could make parts of an öre',
      'settlement.yaml',
      line('2023-01-01: { value: 1050050, reference: x }'),
      'parameters.careDayAmountOre.values.2023-01-01.value: is not a multiple of 100',
    ],
    [
      'a month there is not',
      'settlement.yaml',
      line('2023-13-01: { value: 100, reference: x }'),
      'parameters.careDayAmountOre.values.2023-13-01',
    ],
    [
      'a yearly value that starts in June',
      'settlement.yaml',
      line('2023-06-01: { value: 100, reference: x }'),
      'parameters.careDayAmountOre.values.2023-06-01',
    ],
    ['a file of no rule', 'settlements.yaml', amountOf2023, 'settlements'],
    ['text that is not YAML', 'settlement.yaml', 'parameters: [', 'settlement.yaml'],
    [
      'the same date twice',
      'settlement.yaml',
      `${line('2023-01-01: { value: 100, reference: x }')}      2023-01-01: { value: 200, reference: y }\n`,
      'settlement.yaml',
    ],
    [
      'a reading that is no choice',
      'admission-notice.yaml',
      'parameters:\n  lateAdmissionNotice:\n    values:\n      2023-01-01: { value: maybe, reference: x }\n',
      'parameters.lateAdmissionNotice.values.2023-01-01.value',
    ],
  ])('is refused, naming file and key, with %s', (_what, name, text, key) => {
    const error = refusalOf({ [`law/${name}`]: text });
    expect(error.code).toBe('configuration-invalid');
    expect(error.message).toContain(name);
    expect(error.message).toContain(key);
  });

  test('is refused where its folder does not exist', () => {
    expect(() => loadProfiles({ overlays: [join(folder, 'nowhere')] })).toThrow(/nowhere/);
  });
});

/** One value of one parameter, as a file over a shipped agreement states it. */
const setting = (name: string, entry: string): string =>
  `parameters:\n  ${name}:\n    values:\n      ${entry}\n`;

/** A region nobody has entered: Stockholm with two of its municipalities. */
const stockholmRegion = `county: '01'\nmunicipalities: ['0180', '0184']\n`;
const stockholmAgreement = `
title: Överenskommelse Stockholm
documents: [{ cite: Test 2024, title: Test, seen: true }]
periods: [{ from: 2024-03-15, to: 2025-12-31, status: in-force, reference: Test 2024 }]
adoption: { default: { adopted: yes, reference: Test 2024 } }
parameters:
  settlement.basis: { values: { 2024-03-15: { value: monthlyMean, reference: Test 2024 } } }
followUp: { responsible: somebody, reference: Test 2024, indicators: [] }
disputes: []
`;
const stockholm = (changed: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'regions/stockholm/region.yaml': stockholmRegion,
  'regions/stockholm/agreement.yaml': stockholmAgreement,
  ...changed,
});

describe('a user’s own file over an agreement', () => {
  const payer = (loaded: ReturnType<typeof loadProfiles>, county: string, code: string) =>
    loaded.parametersOf({ county, municipality: code });

  test('enters what the agreement leaves open, for its parties only', () => {
    const text = setting('settlement.dueDays', '2027-01-01: { value: 30, reference: Letter 1 }');
    const loaded = agreed(text);
    expect(payer(loaded, '14', '1480').valueOn('settlement.dueDays', '2027-02-01')).toEqual({
      known: true,
      value: 30,
      origin: { parameter: 'settlement.dueDays', from: '2027-01-01', reference: 'Letter 1' },
    });
    expect(on(payer(loaded, '14', '1480'), 'settlement.dueDays', '2026-12-31')).toMatch(/missing/);
    expect(on(payer(loaded, '14', '0180'), 'settlement.dueDays', '2027-02-01')).toMatch(/missing/);
  });

  test('replaces a value from a date on, and ends one with null so that the statute holds', () => {
    const loaded = agreed(`
parameters:
  settlement.deceased:
    values:
      2024-01-01: { value: include, reference: Amendment }
      2025-01-01: { value: null, reference: Amendment ended }
  settlement.individualCap: { values: { 2025-01-01: { value: null, reference: Amendment } } }
`);
    const party = payer(loaded, '14', '1480');
    expect(on(party, 'settlement.deceased', '2023-12-31')).toBe('exclude');
    expect(on(party, 'settlement.deceased', '2024-01-01')).toBe('include');
    expect(party.valueOn('settlement.individualCap', '2025-01-01')).toEqual(
      profiles.parametersOf({}).valueOn('settlement.individualCap', '2025-01-01'),
    );
  });

  test('adds a condition that narrows liability', () => {
    const name = 'payment-liability.servicesDeclined';
    const loaded = agreed(setting(name, '2024-01-01: { value: bars, reference: Amendment }'));
    expect(on(payer(loaded, '14', '1480'), name, '2023-12-31')).toBe('irrelevant');
    expect(on(payer(loaded, '14', '1480'), name, '2024-01-01')).toBe('bars');
  });

  test('sets an amount of its own, which ends with its year and is then missing, not the national one', () => {
    const name = 'settlement.careDayAmountOre';
    const loaded = agreed(setting(name, '2019-01-01: { value: 427700, reference: Amendment }'));
    const party = payer(loaded, '14', '1480');
    expect(on(party, name, '2019-12-31')).toBe(427700);
    expect(on(party, name, '2020-01-01')).toBe('missing: no value is entered for 2020');
    expect(on(payer(loaded, '14', '0180'), name, '2020-01-01')).toBe(820000);
  });

  test('says that a municipality adopted the agreement, or that it did not', () => {
    const loaded = agreed(`
adoption:
  municipalities:
    '1480': { adopted: yes, reference: Kommunfullmäktige 1 }
    '1401': { adopted: no, reference: Kommunfullmäktige 2 }
`);
    const adopting = payer(loaded, '14', '1480');
    expect(adopting.remarksOn('2023-01-01')).toEqual([]);
    expect(adopting.agreementOn('2023-01-01')).toMatchObject({
      adopted: 'yes',
      adoptionReference: 'Kommunfullmäktige 1',
    });
    const outside = payer(loaded, '14', '1401');
    expect(on(outside, 'settlement.basis', '2023-01-01')).toBe('individual');
    expect(outside.agreementOn('2023-01-01')).toBeUndefined();
    expect(outside.remarksOn('2023-01-01')).toEqual([]);
    const described = loaded.agreements.find(({ county }) => county === '14');
    expect(described?.municipalities).toHaveLength(48);
    expect(described?.notAdoptedBy).toEqual(['1401']);
  });

  test('confirms an extension, up to the date that is known', () => {
    const loaded = agreed('extension: { confirmedUntil: 2029-12-31, confirmedBy: Decision 1 }\n');
    const party = payer(loaded, '14', '1480');
    expect(party.agreementOn('2029-12-31')).toMatchObject({
      status: 'in-force',
      reference: 'Decision 1',
    });
    expect(party.remarksOn('2030-01-01')).toContain('EXTENSION_UNCONFIRMED');
    expect(on(party, 'settlement.basis', '2030-01-01')).toBe('monthlyMean');
  });

  test('ends an agreement that was not prolonged: from the next day the statute holds, and that is told', () => {
    const party = payer(agreed('extension: null\n'), '14', '1480');
    expect(on(party, 'settlement.basis', '2026-12-31')).toBe('monthlyMean');
    expect(on(party, 'settlement.basis', '2027-01-01')).toBe('individual');
    expect(party.agreementOn('2027-01-01')).toBeUndefined();
    expect(party.remarksOn('2027-01-01')).toEqual(['AGREEMENT_NOT_ENTERED']);
  });

  test('enters where a run of months stood at going live', () => {
    const state = { month: '2026-12', active: false, above: 2, below: 0, reference: 'Settlements' };
    const loaded = agreed(`opening: { '2482': ${JSON.stringify(state)} }\n`, 'vasterbotten');
    expect(payer(loaded, '24', '2482').agreementOn('2026-12-01')?.opening).toEqual(state);
    expect(payer(loaded, '24', '2480').agreementOn('2026-12-01')?.opening).toBeUndefined();
  });

  test('enters an agreement that was not seen, by periods in place of the shipped ones', () => {
    const loaded = agreed(
      `
documents: [{ cite: Halland 2025, title: Trygg och effektiv utskrivning, seen: true }]
periods:
  - { from: 2018-01-01, to: 2024-12-31, status: unseen, reference: not seen }
  - { from: 2025-01-01, to: 2026-12-31, status: in-force, reference: Halland 2025 }
  - { from: 2027-01-01, to: 2027-12-31, status: in-force, reference: Halland 2027 }
parameters:
  settlement.benchmarkDays: { values: { 2025-01-01: { value: '2', reference: Halland 2025 } } }
`,
      'halland',
    );
    const party = payer(loaded, '13', '1380');
    expect(on(party, 'settlement.benchmarkDays', '2024-12-31')).toBe('missing: not seen');
    expect(on(party, 'settlement.benchmarkDays', '2026-12-31')).toBe('2');
    expect(on(party, 'settlement.benchmarkDays', '2027-01-01')).toBe('1.5');
  });

  test('adds a region of its own, and a later folder lies over it', () => {
    const first = folderOf(stockholm());
    const adoption = `adoption: { municipalities: { '0184': { adopted: no, reference: x } } }\n`;
    const second = folderOf({ 'regions/stockholm/agreement.yaml': adoption });
    const loaded = loadProfiles({ overlays: [first, second] });
    const party = payer(loaded, '01', '0180');
    expect(on(party, 'settlement.basis', '2024-03-14')).toBe('individual');
    expect(party.remarksOn('2024-03-14')).toEqual(['AGREEMENT_NOT_ENTERED']);
    expect(on(party, 'settlement.basis', '2024-03-15')).toBe('monthlyMean');
    expect(party.agreementOn('2024-03-15')).toMatchObject({ firstMonth: '2024-04', county: '01' });
    expect(party.remarksOn('2025-12-31')).toEqual([]);
    expect(party.remarksOn('2026-01-01')).toEqual(['AGREEMENT_NOT_ENTERED']);
    expect(on(payer(loaded, '01', '0184'), 'settlement.basis', '2024-06-01')).toBe('individual');
    expect(loaded.agreements.map(({ region }) => region)).toContain('stockholm');
  });

  const vgr = 'regions/vastra-gotaland/agreement.yaml';
  const halland = 'regions/halland/agreement.yaml';
  const vasterbotten = 'regions/vasterbotten/agreement.yaml';
  const region = 'regions/stockholm/region.yaml';
  const agreement = 'regions/stockholm/agreement.yaml';
  const over = (name: string, entry: string): Record<string, string> => ({
    [vgr]: setting(name, entry),
  });
  const opening = (code: string, change: Readonly<Record<string, number>>): string => {
    const state = { month: '2026-12', active: false, above: 0, below: 0, reference: 'x' };
    return `opening: { '${code}': ${JSON.stringify({ ...state, ...change })} }\n`;
  };
  const periodsOf = (...lines: readonly string[]): Record<string, string> => ({
    [vgr]: `periods:\n${lines.map((stated) => `  - { ${stated}, status: in-force, reference: x }\n`).join('')}`,
  });
  const changed = (from: string, to: string): Record<string, string> =>
    stockholm({ [agreement]: stockholmAgreement.replace(from, to) });

  test.each<[string, Record<string, string>, string, string]>([
    [
      'a time of the statute that no agreement may change',
      over('admission-notice.noticeWithinHours', '2024-01-01: { value: 48, reference: x }'),
      vgr,
      'parameters.admission-notice.noticeWithinHours: 4 kap. 5 §',
    ],
    [
      'a prerequisite taken away',
      over('payment-liability.lateButTimely', '2024-01-01: { value: from54Date, reference: x }'),
      vgr,
      'parameters.payment-liability.lateButTimely',
    ],
    [
      'a condition made wider where it may only be narrowed',
      over('care-planning.coordinatedCarePlan', '2024-01-01: { value: notRequired, reference: x }'),
      vgr,
      'parameters.care-planning.coordinatedCarePlan.values.2024-01-01.value: an agreement may only narrow',
    ],
    [
      'an unknown parameter',
      over('settlement.benchmark', `2024-01-01: { value: '2', reference: x }`),
      vgr,
      'parameters.settlement.benchmark: no such parameter',
    ],
    ['an unknown key', { [vgr]: 'colour: red\n' }, vgr, 'colour'],
    [
      'a value without reference',
      over('settlement.dueDays', '2024-01-01: { value: 30 }'),
      vgr,
      'parameters.settlement.dueDays.values.2024-01-01.reference',
    ],
    [
      'a benchmark that is no exact text',
      over('settlement.benchmarkDays', '2024-01-01: { value: 1.5, reference: x }'),
      vgr,
      'parameters.settlement.benchmarkDays.values.2024-01-01.value: is not a decimal',
    ],
    [
      'a benchmark finer than whole öre allow',
      over('settlement.benchmarkDays', `2024-01-01: { value: '1.333', reference: x }`),
      vgr,
      'parameters.settlement.benchmarkDays.values.2024-01-01.value: is not a decimal',
    ],
    [
      'an amount with öre',
      over('settlement.careDayAmountOre', '2024-01-01: { value: 427750, reference: x }'),
      vgr,
      'parameters.settlement.careDayAmountOre.values.2024-01-01.value: is not a multiple',
    ],
    [
      'a yearly amount from a day in the middle of a period',
      over('settlement.careDayAmountOre', '2024-05-01: { value: 427700, reference: x }'),
      vgr,
      'parameters.settlement.careDayAmountOre.values.2024-05-01',
    ],
    [
      'a value dated before every period',
      over('settlement.dueDays', '2017-12-31: { value: 30, reference: x }'),
      vgr,
      'parameters.settlement.dueDays.values.2017-12-31: is outside every period',
    ],
    [
      'a value dated after the last period of what is not prolonged',
      {
        [vgr]: `extension: null\n${setting('settlement.dueDays', '2027-01-01: { value: 30, reference: x }')}`,
      },
      vgr,
      'parameters.settlement.dueDays.values.2027-01-01: is outside every period',
    ],
    [
      'a value dated in a period that was not seen',
      over('settlement.dueDays', '2018-09-24: { value: 30, reference: x }'),
      vgr,
      'parameters.settlement.dueDays.values.2018-09-24: is in a period that was not seen',
    ],
    [
      'a gap dated outside every period',
      {
        [vgr]: `parameters: { settlement.dueDays: { unknown: [{ from: 2017-01-01, reference: x }] } }\n`,
      },
      vgr,
      'parameters.settlement.dueDays.unknown.1.from',
    ],
    [
      'a parameter of which nothing is said',
      { [vgr]: 'parameters: { settlement.cutOffDay: {} }\n' },
      vgr,
      'parameters.settlement.cutOffDay: neither',
    ],
    [
      'periods that overlap',
      periodsOf('from: 2018-01-01, to: 2020-12-31', 'from: 2020-12-31, to: 2026-12-31'),
      vgr,
      'periods.1.from: overlaps',
    ],
    [
      'periods with a gap',
      periodsOf('from: 2018-01-01, to: 2020-12-31', 'from: 2021-01-02, to: 2026-12-31'),
      vgr,
      'periods.1.from: leaves a gap after 2020-12-31',
    ],
    [
      'a period that runs backwards',
      periodsOf('from: 2018-01-01, to: 2017-12-31'),
      vgr,
      'periods.0.to: ends before it starts',
    ],
    [
      'an open period before the last',
      periodsOf('from: 2018-01-01', 'from: 2021-01-01, to: 2026-12-31'),
      vgr,
      'periods.0.to: only the last period may be open',
    ],
    ['a date there is not', periodsOf('from: 2018-02-30, to: 2026-12-31'), vgr, 'periods.0.from'],
    [
      'an extension of what has no end',
      {
        [vasterbotten]:
          'extension: { years: 1, noticeMonths: 6, noticeBy: 2027-06-30, reference: x }\n',
      },
      vasterbotten,
      'extension: the last period has no end',
    ],
    [
      'an extension without all of its figures',
      changed('adoption:', 'extension: { years: 1, reference: x }\nadoption:'),
      agreement,
      'extension.noticeMonths',
    ],
    [
      'a notice of termination after the end',
      { [vgr]: 'extension: { noticeBy: 2026-12-31 }\n' },
      vgr,
      'extension.noticeBy',
    ],
    [
      'a confirmation that reaches no further than the agreement',
      { [vgr]: 'extension: { confirmedUntil: 2026-12-31, confirmedBy: x }\n' },
      vgr,
      'extension.confirmedUntil',
    ],
    [
      'a confirmation without a reference',
      { [vgr]: 'extension: { confirmedUntil: 2029-12-31 }\n' },
      vgr,
      'extension.confirmedBy',
    ],
    [
      'an adoption by a municipality that is no party',
      { [vgr]: `adoption: { municipalities: { '0180': { adopted: yes, reference: x } } }\n` },
      vgr,
      'adoption.municipalities.0180',
    ],
    [
      'an opening state of a municipality that is no party',
      { [vasterbotten]: opening('1480', { above: 1 }) },
      vasterbotten,
      'opening.1480',
    ],
    [
      'an opening state of one that did not adopt the agreement',
      {
        [vasterbotten]: `adoption: { municipalities: { '2482': { adopted: no, reference: x } } }\n${opening('2482', { above: 1 })}`,
      },
      vasterbotten,
      'opening.2482',
    ],
    [
      'an opening state before the agreement',
      { [halland]: opening('1380', { above: 1 }) },
      halland,
      'opening.1380.month',
    ],
    [
      'another model from the middle of a month',
      {
        [vgr]: `parameters:\n  settlement.daysSettledIn:\n    values:\n      2023-05-10: { value: careDay, reference: x }\n`,
      },
      vgr,
      'parameters.settlement.daysSettledIn.values.2023-05-10: a month is settled by one model',
    ],
    [
      'a run of months above and not above at once',
      { [vasterbotten]: opening('2482', { above: 1, below: 1 }) },
      vasterbotten,
      'opening.2482.below',
    ],
    [
      'an indicator that nothing computes',
      changed('indicators: []', 'indicators: [{ id: happiness, description: x, reference: x }]'),
      agreement,
      'followUp.indicators.0.id',
    ],
    [
      'a municipality that another region has',
      stockholm({ [region]: stockholmRegion.replace('0184', '1480') }),
      region,
      'municipalities.1: 1480 is of vastra-gotaland already',
    ],
    [
      'a municipality of another county',
      stockholm({ [region]: stockholmRegion.replace('0184', '0380') }),
      region,
      'municipalities.1: 0380 is not of county 01',
    ],
    [
      'a municipality there is not',
      stockholm({ [region]: stockholmRegion.replace('0184', '0199') }),
      region,
      'municipalities.1: no municipality has the code 0199',
    ],
    [
      'a municipality twice',
      stockholm({ [region]: stockholmRegion.replace('0184', '0180') }),
      region,
      'municipalities.1: 0180 is listed twice',
    ],
    [
      'a code without quotes',
      stockholm({ [region]: stockholmRegion.replace(`'0184'`, '0184') }),
      region,
      'municipalities.1',
    ],
    [
      'a county there is not',
      stockholm({ [region]: stockholmRegion.replace(`'01'`, `'02'`) }),
      region,
      'county: no such county',
    ],
    [
      'a second agreement for a county',
      {
        'regions/halland-2025/region.yaml': `county: '13'\nmunicipalities: ['1380']\n`,
        'regions/halland-2025/agreement.yaml': stockholmAgreement,
      },
      'regions/halland-2025/region.yaml',
      '1380 is of halland already',
    ],
    [
      'a second agreement for a county, of other municipalities',
      stockholm({
        'regions/stockholm-south/region.yaml': `county: '01'\nmunicipalities: ['0186']\n`,
        'regions/stockholm-south/agreement.yaml': stockholmAgreement,
      }),
      'regions/stockholm-south/region.yaml',
      'county: stockholm has an agreement for 01 already',
    ],
    ['a region without its agreement', { [region]: stockholmRegion }, agreement, 'is missing'],
    ['an agreement without its region', { [agreement]: stockholmAgreement }, region, 'is missing'],
    [
      'a region that is known already',
      { [halland]: 'extension: null\n', 'regions/halland/region.yaml': `county: '13'\n` },
      'regions/halland/region.yaml',
      'only agreement.yaml is read here',
    ],
    [
      'a file that nothing reads',
      { 'regions/agreement.yaml': stockholmAgreement },
      'regions/agreement.yaml',
      'belongs to no region',
    ],
  ])('is refused, naming file and key, with %s', (_what, files, file, key) => {
    const error = refusalOf(files);
    expect(error.code).toBe('configuration-invalid');
    expect(error.message).toContain(file);
    expect(error.message).toContain(key);
  });
});

describe('the page a lawyer reads', () => {
  const page = readFileSync(join(root, 'profiles/README.md'), 'utf8');
  const rows = page.split('\n').filter((row) => /^\| A\d/.test(row));
  const rowOf = new Map(rows.map((row) => [row.split('|')[1]?.trim(), row]));

  test('has a row for each of the 45 ambiguities, with question, reading, reason and place', () => {
    expect(rows).toHaveLength(45);
    for (let number = 1; number <= 45; number++) {
      const cells = rowOf
        .get(`A${number}`)
        ?.split('|')
        .map((cell) => cell.trim());
      expect(cells, `A${number}`).toHaveLength(7);
      expect(
        cells?.slice(1, 6).every((cell) => cell !== ''),
        `A${number}`,
      ).toBe(true);
    }
  });

  test('shows files that load', () => {
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    expect(examples).toHaveLength(5);
    for (const text of examples) {
      const region = text.startsWith('opening:') ? 'vasterbotten' : 'vastra-gotaland';
      const isLaw = text.includes('careDayAmountOre');
      const name = isLaw ? 'law/settlement.yaml' : `regions/${region}/agreement.yaml`;
      loadProfiles({ overlays: [folderOf({ [name]: text })] });
    }
  });

  test('names only parameters and files that there are', () => {
    const known = profiles.parameters.map(({ name }) => name);
    const stems = [...new Set(known.map((name) => name.split('.')[0]))].join('|');
    const named = new RegExp(`\`((?:${stems})\\.[A-Za-z0-9]+)(?::[^\`]*)?\``, 'g');
    for (const [, name = ''] of page.matchAll(named)) {
      if (!/\.ya?ml$/.test(name)) expect(known).toContain(name);
    }
    for (const [, file = ''] of page.matchAll(/`(gateway\/[a-z/-]+\.ts)`/g)) {
      expect(existsSync(join(root, file)), file).toBe(true);
    }
  });

  test.each(profiles.parameters.filter(({ readings }) => readings.length > 0))(
    '$name stands in the row of each ambiguity it decides',
    ({ name, readings }) => {
      for (const reading of readings) expect(rowOf.get(reading)).toContain(`\`${name}\``);
    },
  );
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
