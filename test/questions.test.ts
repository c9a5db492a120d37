/** What is asked of the journal: one case, a month, its history, and what other figures would have made of it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadProfiles, readAssumptions } from '../profiles/index.ts';
import type { CareDaysData } from '../gateway/process/events.ts';
import type { Asked } from '../gateway/questions/asked.ts';
import { billingHistory } from '../gateway/questions/billing-history.ts';
import { previewMonth } from '../gateway/questions/billing-month.ts';
import { runMonth } from '../gateway/questions/billing-run.ts';
import { explainCase, type CaseExplanation } from '../gateway/questions/explain-case.ts';
import { indicatorsOf } from '../gateway/questions/indicators.ts';
import { simulate } from '../gateway/questions/simulate.ts';
import { temporaryFolder } from './support/folder.ts';
import { localTime } from './support/law.ts';
import { runToEnd } from './support/service.ts';
import { SmallJournal, type Stay } from './support/small-journal.ts';
import { readPdf } from './support/read-pdf.ts';

const vastraGotaland = '14';
const vasterbotten = '24';
const halmstad = { county: vastraGotaland, municipality: '1380' };
const goteborg = { county: vastraGotaland, municipality: '1480' };
const umea = { county: vasterbotten, municipality: '2480' };

/** A resident of another county: the statute. Liability from 10 March, two care days. */
const underStatute: Stay = {
  visit: 'S',
  ...halmstad,
  admitted: '2022-03-03 09:00',
  ready: '2022-03-07 10:00',
  discharged: '2022-03-12 14:00',
};
/** The same, but nobody was told of the admission in time. */
const toldLate: Stay = { ...underStatute, visit: 'L', needTold: '2022-03-06 09:00' };
/** Residents of the region: a mean of (5 + 2) / 2 days. */
const inMean: Stay = { ...underStatute, visit: 'M', ...goteborg };
const inMeanToo: Stay = { ...inMean, visit: 'N', discharged: '2022-03-09 14:00' };

const ms = (local: string): number => Date.parse(localTime(local));

/** Everything the journal holds, as far as anything could have been written. */
async function contentOf({ journal }: SmallJournal): Promise<unknown> {
  return { events: await journal.eventsAfter(0, 100_000), status: await journal.status() };
}

describe('questions of a region in March 2022', () => {
  let small: SmallJournal;
  /** The case under the statute as it was explained before the late fact was told. */
  let explainedThen: CaseExplanation;
  let caseReference: string;

  beforeAll(async () => {
    small = await SmallJournal.open('2022-03-01 00:00');
    await small.play(underStatute, toldLate, inMean, inMeanToo);
    caseReference = await small.caseOf('S');
    await small.passUntil('2022-04-15 12:00');
    explainedThen = await explainCase(small.asked, caseReference);
    await small.tell('S', '2022-04-20 08:15', [
      ['discharge-readiness.withdrawn', {}, '2022-03-08 16:00'],
    ]);
    await small.passUntil('2022-04-25 12:00');
  }, 30_000);
  afterAll(() => small.close());

  test('a case is explained by its facts in the order in which they happened', () => {
    const { facts } = explainedThen;
    const times = facts.map(({ occurredAt }) => occurredAt);
    expect(times).toEqual(times.toSorted());
    expect(facts.map(({ type }) => type)).toContain('patient.discharge-ready');
    expect(facts.find(({ type }) => type === 'patient.discharged')).toMatchObject({
      occurredAt: localTime('2022-03-12 14:00'),
      learnedAt: localTime('2022-03-12 14:00'),
      source: { sender: 'test' },
    });
  });

  test('a finding has its paragraph, its sentence in both languages and its figures with references', () => {
    const found = explainedThen.findings.find(
      ({ rule, about }) => rule === 'payment-liability' && about !== undefined,
    );
    expect(found).toMatchObject({ status: 'met', reason: 'LIABILITY_ENDED', municipality: '1380' });
    expect(found?.sentence.sv).toContain('Första vårddygn 2022-03-10');
    expect(found?.sentence.en).toContain('First care day 2022-03-10');
    expect(found?.about?.type).toBe('patient.discharge-ready');
    const figures = explainedThen.findings.flatMap((one) => one.figures);
    expect(
      figures.find(({ parameter }) => parameter === 'admission-notice.noticeWithinHours'),
    ).toMatchObject({ value: 24, reference: expect.stringContaining('2 kap. 3 §') });
    expect(figures.every(({ value }) => value !== undefined)).toBe(true);
  });

  test('its clocks tell when they were due and whether they were met', () => {
    const clocks = Object.fromEntries(
      explainedThen.clocks.map(({ deadline, state }) => [deadline, state]),
    );
    expect(clocks).toMatchObject({ T1: 'met', T4: 'met', T6: 'met', T7: 'met', T8: 'reached' });
  });

  test('its days are told with what the settlement made of them', () => {
    expect(explainedThen.counts).toMatchObject([
      {
        month: '2022-03',
        municipalityName: 'Halmstad',
        days: 2,
        eligible: true,
        isSettled: true,
        settlement: { state: 'recorded', revision: 1, totalOre: 1_860_000 },
        amountOre: 1_860_000,
      },
    ]);
  });

  test('a fact learned later does not change the answer for a time before it', async () => {
    const { since, ...then } = await explainCase(
      small.asked,
      caseReference,
      ms('2022-04-15 12:00'),
    );
    expect(then).toEqual(explainedThen);
    expect(since?.facts.map(({ type }) => type)).toEqual(['discharge-readiness.withdrawn']);
  });

  test('today’s answer stands beside it, with the fact that made the difference', async () => {
    const { since } = await explainCase(small.asked, caseReference, ms('2022-04-15 12:00'));
    const difference = since?.differences.find(
      ({ rule, about }) => rule === 'payment-liability' && about !== undefined,
    );
    expect(difference).toMatchObject({
      before: { status: 'met', reason: 'LIABILITY_ENDED' },
      after: { reason: 'WITHDRAWN_BEFORE_LIABILITY' },
      causes: [{ type: 'discharge-readiness.withdrawn', learnedAt: localTime('2022-04-20 08:15') }],
    });
    const unchanged = since?.differences.filter(({ rule }) => rule === 'admission-notice');
    expect(unchanged).toEqual([]);
  });

  test('what was decided is shown as it was decided, and what took it back beside it', async () => {
    const today = await explainCase(small.asked, caseReference);
    const decided = today.decisions.map(({ type }) => type);
    expect(decided.filter((type) => type.startsWith('liability.'))).toEqual([
      'liability.started',
      'liability.ended',
      'liability.revoked',
    ]);
    expect(today.decisions.slice(0, explainedThen.decisions.length)).toEqual(
      explainedThen.decisions,
    );
  });

  test('before a case was known nothing is known of it', async () => {
    const explained = await explainCase(small.asked, caseReference, ms('2022-03-02 12:00'));
    expect(explained.facts).toEqual([]);
    expect(explained.decisions).toEqual([]);
    expect(explained.since?.differences.length).toBeGreaterThan(0);
  });

  test('a stay id names its case, and an id there is not is told how to find one', async () => {
    const [stay] = explainedThen.stays;
    const explained = await explainCase(small.asked, stay?.stayId ?? '');
    expect(explained.caseReference).toBe(caseReference);
    await expect(explainCase(small.asked, 'nobody')).rejects.toMatchObject({
      code: 'unknown-case',
      message: expect.stringContaining('billing preview'),
    });
  });

  test('a settlement’s history tells the adjustment with its case and its fact', async () => {
    const history = await billingHistory(small.asked, { ...halmstad, month: '2022-03' });
    const steps = history?.steps ?? [];
    expect(steps.map(({ step }) => step)).toEqual([
      'counted',
      'opened',
      'counted',
      'recorded',
      'closed',
      'counted',
      'reopened',
      'adjusted',
    ]);
    expect(steps.find(({ step }) => step === 'adjusted')).toMatchObject({
      differenceOre: -1_860_000,
      cause: { caseReference, facts: [{ type: 'discharge-readiness.withdrawn' }] },
    });
    expect(history?.standing).toMatchObject({ state: 'recorded', revision: 2, totalOre: 0 });
  });

  test('asked of a time before it, the history has no adjustment', async () => {
    const period = { ...halmstad, month: '2022-03' };
    const history = await billingHistory(small.asked, period, ms('2022-04-15 12:00'));
    expect(history?.steps.map(({ step }) => step)).not.toContain('adjusted');
    expect(history?.standing).toMatchObject({ revision: 1, totalOre: 1_860_000 });
    expect(await billingHistory(small.asked, period, ms('2022-03-01 12:00'))).toBeUndefined();
  });

  test('a mean is previewed with its formula, its cases and what every reader must know', async () => {
    const [preview] = await previewMonth(small.asked, { ...goteborg, month: '2022-03' });
    expect(preview).toMatchObject({
      municipalityName: 'Göteborg',
      standing: { state: 'recorded' },
      totalOre: 930_000,
      agreement: { adopted: 'assumed' },
    });
    expect(preview?.formula).toContain('(A − B) × C = (3,5 − 3) × 2 = 1');
    expect(preview?.cases.map(({ days, share }) => [days, share])).toEqual([
      [2, 'mean'],
      [5, 'mean'],
    ]);
    expect(preview?.remarks.map(({ code }) => code)).toEqual([
      'ADOPTION_ASSUMED',
      'INVOICE_DAY_NOT_STATED',
      'DUE_DATE_NOT_STATED',
    ]);
    expect(preview?.indicators.map(({ id, value }) => [id, value])).toEqual([
      ['adherence', { kind: 'share', part: 2, of: 2 }],
      ['deviations', { kind: 'by-reason', reasons: [] }],
    ]);
  });

  test('a case that is charged nothing is previewed with the sentence that says why', async () => {
    const [preview] = await previewMonth(small.asked, { ...halmstad, month: '2022-03' });
    const excluded = preview?.excluded.find(({ reason }) => reason === 'ADMISSION_NOTICE_LATE');
    expect(excluded?.sentence?.sv).toBe(
      'Inskrivningsmeddelandet skickades inte senast 2022-03-04 09.00.',
    );
  });

  test('record and adjustments are held against the basis', async () => {
    const settlements = await runMonth(small.asked, { month: '2022-03' });
    const told = settlements.map(({ preview, billedOre, isBasis }) => [
      preview.municipalityName,
      billedOre,
      isBasis,
    ]);
    expect(told).toEqual([
      ['Halmstad', 0, true],
      ['Göteborg', 930_000, true],
    ]);
  });

  test('other figures are tried on every case and month, and nothing is written', async () => {
    const before = await contentOf(small);
    const simulation = await simulate(small.asked, {
      assumptions: [
        { parameter: 'settlement.benchmarkDays', value: '2', reference: 'what if' },
        { parameter: 'admission-notice.lateAdmissionNotice', value: 'warn', reference: 'what if' },
      ],
    });
    expect(await contentOf(small)).toEqual(before);
    expect(simulation.months).toMatchObject([
      {
        municipalityName: 'Halmstad',
        before: { totalOre: 0 },
        after: { totalOre: 1_860_000 },
        cases: [
          {
            caseReference: await small.caseOf('L'),
            before: { reason: 'ADMISSION_NOTICE_LATE', days: 0 },
            after: { reason: 'CARE_DAYS_COUNTED', days: 2, amountOre: 1_860_000 },
          },
        ],
      },
      {
        municipalityName: 'Göteborg',
        before: { totalOre: 930_000 },
        after: { totalOre: 2_790_000 },
        differenceOre: 1_860_000,
        cases: [],
      },
    ]);
    expect(simulation).toMatchObject({ beforeOre: 930_000, afterOre: 4_650_000, cases: 4 });
  });

  test('figures as they are entered give what is recorded, and no difference', async () => {
    const assumptions = [
      { parameter: 'settlement.cutOffDay', value: 7, reference: 'as it is' },
    ] as const;
    const simulation = await simulate(small.asked, { assumptions });
    expect(simulation.months).toEqual([]);
    expect(simulation).toMatchObject({ beforeOre: 930_000, afterOre: 930_000 });
  });

  test('only the months and places asked about are told', async () => {
    const assumptions = [
      { parameter: 'settlement.benchmarkDays', value: '2', reference: 'what if' },
    ] as const;
    const told = async (bounds: object): Promise<string[]> =>
      (await simulate(small.asked, { assumptions, ...bounds })).months.map(
        ({ municipality }) => municipality,
      );
    expect(await told({ from: '2022-03', to: '2022-03' })).toEqual(['1480']);
    expect(await told({ from: '2022-04' })).toEqual([]);
    expect(await told({ municipality: '1380' })).toEqual([]);
    expect(await told({ county: vasterbotten })).toEqual([]);
  });

  test('a parameter that is set says so wherever it is used', async () => {
    const { months, assumptions } = await simulate(small.asked, {
      assumptions: [
        { parameter: 'settlement.careDayAmountOre', value: 1_000_000, reference: 'what if' },
      ],
    });
    expect(assumptions[0]?.reference).toBe('what if');
    expect(months).toMatchObject([{ municipality: '1480', after: { totalOre: 1_000_000 } }]);
  });

  test('the command line answers for people and as JSON, and a case it does not know ends with 2', async () => {
    const data = ['--data', small.folder];
    const file = `${small.folder}.yaml`;
    writeFileSync(file, 'parameters:\n  settlement.benchmark: { value: 2, reference: what if }\n');
    const at = ['--at', '2022-04-15 12:00', '--lang', 'sv'];
    const [explained, unknown, preview, refused] = await Promise.all([
      runToEnd(['rules', 'explain', caseReference, ...at, ...data]),
      runToEnd(['rules', 'explain', 'nobody', ...data]),
      runToEnd(['billing', 'preview', '--month', '2022-03', '--json', ...data]),
      runToEnd(['rules', 'simulate', '--set', file, ...data]),
    ]);
    rmSync(file);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${file}: parameters.settlement.benchmark: no such parameter`);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain('Första vårddygn 2022-03-10');
    expect(explained.stdout).toContain('by discharge-readiness.withdrawn of 2022-03-08 16.00');
    expect(explained.stdout).not.toContain('\u001B');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('next: take the case reference from a notice');
    expect(preview.code).toBe(0);
    expect(JSON.parse(preview.stdout)).toMatchObject({
      settlements: [{ municipality: '1380' }, { municipality: '1480', totalOre: 930_000 }],
    });
  }, 30_000);

  test('billing run writes into its folder alone: the specifications, and a basis to read', async () => {
    const out = temporaryFolder('run');
    const before = readdirSync(small.folder);
    const args = ['--month', '2022-03', '--out', join(out.path, 'march'), '--data', small.folder];
    const { code, stdout } = await runToEnd(['billing', 'run', ...args]);
    expect(code).toBe(0);
    expect(stdout).toContain('2 recorded, 0 open, 0 withheld');
    expect(readdirSync(small.folder)).toEqual(before);
    expect(readdirSync(join(out.path, 'march', '2022-03')).toSorted()).toEqual([
      '14-1380-2022-03-r2-adjustment.csv',
      '14-1380-2022-03-r2-adjustment.json',
      '14-1380-2022-03-r2-adjustment.pdf',
      '14-1480-2022-03-r1.csv',
      '14-1480-2022-03-r1.json',
      '14-1480-2022-03-r1.pdf',
      'basis-14-1380-2022-03.txt',
      'basis-14-1480-2022-03.txt',
    ]);
    const basis = readFileSync(join(out.path, 'march', '2022-03', 'basis-14-1480-2022-03.txt'));
    expect(basis.toString()).toContain('(A − B) × C = (3,5 − 3) × 2 = 1');
    expect(basis.toString()).toContain('9 300 kr');
    const paper = readFileSync(join(out.path, 'march', '2022-03', '14-1480-2022-03-r1.pdf'));
    expect((await readPdf(paper)).text).toContain('(A − B) × C = (3,5 − 3) × 2 = 1');
    out.remove();
  }, 30_000);
});

describe('questions of a run of months', () => {
  let small: SmallJournal;
  const closing: (() => void)[] = [];
  afterEach(async () => {
    await small.close();
    for (const close of closing.splice(0)) close();
  });

  const inUmea = (month: string, visit = month): Stay => ({
    visit,
    ...umea,
    admitted: `${month}-03 09:00`,
    ready: `${month}-07 10:00`,
    discharged: `${month}-12 14:00`,
  });

  test('a month before that is not closed yet is computed, month by month', async () => {
    small = await SmallJournal.open('2022-01-02 00:00');
    await small.openMonths(vasterbotten);
    const april = { ...inUmea('2022-04'), admitted: '2022-03-28 09:00', ready: '2022-04-01 10:00' };
    await small.play(inUmea('2022-01'), inUmea('2022-02'), inUmea('2022-03'), {
      ...april,
      discharged: '2022-04-04 10:00',
    });
    await small.passUntil('2022-04-05 12:00');
    const march = await previewMonth(small.asked, { ...umea, month: '2022-03' });
    expect(march).toMatchObject([
      { standing: { state: 'open' }, totalOre: 0, signals: [{ signal: 'joint-analysis' }] },
    ]);
    // Three months above three days: every ready day of April is charged, also before March is closed.
    const inApril = await previewMonth(small.asked, { ...umea, month: '2022-04' });
    expect(inApril).toMatchObject([{ standing: { state: 'open' }, totalOre: 3 * 930_000 }]);
    expect(inApril[0]?.formula).toContain(
      'Ersättning aktiv: varje utskrivningsklart dygn i månaden',
    );
  });

  test('months before that were never begun are not guessed: the state to enter is told', async () => {
    small = await SmallJournal.open('2022-03-01 00:00');
    await small.play(inUmea('2022-03'));
    await small.passUntil('2022-04-20 12:00');
    const [preview] = await previewMonth(small.asked, { ...umea, month: '2022-03' });
    expect(preview?.standing.state).toBe('withheld');
    expect(preview?.missing).toMatchObject({
      parameter: 'settlement.opening',
      file: 'regions/vasterbotten/agreement.yaml',
    });
    expect(preview?.missing?.lines.join('\n')).toContain("'2480': # Umeå");
    expect(preview?.totalOre).toBeUndefined();
  });

  test('the line that is told, entered in a folder of one’s own, is all that was missing', async () => {
    small = await SmallJournal.open('2023-03-01 00:00');
    await small.play({
      visit: 'S',
      ...halmstad,
      admitted: '2023-03-03 09:00',
      ready: '2023-03-07 10:00',
      discharged: '2023-03-12 14:00',
    });
    await small.passUntil('2023-04-20 12:00');
    const question = { ...halmstad, month: '2023-03' };
    const [preview] = await previewMonth(small.asked, question);
    const { missing } = preview ?? {};
    expect(missing).toMatchObject({
      reference: 'HSLF-FS 2022:60 (not seen)',
      file: 'law/settlement.yaml',
    });
    const overlay = temporaryFolder('overlay');
    closing.push(overlay.remove);
    const lines = missing?.lines.join('\n').replace('…', '1050000') ?? '';
    const file = join(overlay.path, missing?.file ?? '');
    mkdirSync(join(overlay.path, 'law'));
    writeFileSync(file, lines);
    const profiles = loadProfiles({ overlays: [overlay.path] });
    const [entered] = await previewMonth({ ...small.asked, profiles }, question);
    expect(entered).toMatchObject({ totalOre: 2 * 1_050_000, standing: { state: 'withheld' } });
  });

  test('who is ready and still there is told with the days so far, and charged nothing', async () => {
    small = await SmallJournal.open('2022-03-01 00:00');
    const { discharged: _discharged, ...there } = inMean;
    await small.play(there, { ...there, visit: 'S', ...halmstad });
    await small.passUntil('2022-03-15 12:00');
    const previews = await previewMonth(small.asked, { month: '2022-03' });
    expect(
      previews.map(({ municipality, totalOre, stillThere: [one] }) => [
        municipality,
        totalOre,
        one?.days,
        one?.careDays,
      ]),
    ).toEqual([
      ['1380', 0, 8, 5],
      ['1480', 0, 8, undefined],
    ]);
  });

  test('a patient who comes back within thirty days of a discharge is a readmission', async () => {
    small = await SmallJournal.open('2022-01-02 00:00');
    await small.openMonths(vasterbotten);
    const number = 'the same person';
    await small.play({ ...inUmea('2022-01'), personnummer: number });
    await small.play({ ...inUmea('2022-02', 'again'), personnummer: number });
    await small.play({ ...inUmea('2022-04', 'later'), personnummer: number });
    const readmissions = async (month: string): Promise<unknown> => {
      const [preview] = await previewMonth(small.asked, { ...umea, month });
      return preview?.indicators.find(({ id }) => id === 'readmissions')?.value;
    };
    expect(await readmissions('2022-01')).toEqual({ kind: 'number', number: 0 });
    expect(await readmissions('2022-02')).toEqual({ kind: 'number', number: 1 });
    expect(await readmissions('2022-04')).toEqual({ kind: 'number', number: 0 });
  });

  test('an empty month of a run is computed in a what-if too', async () => {
    small = await SmallJournal.open('2022-01-02 00:00');
    await small.openMonths(vasterbotten);
    await small.play(inUmea('2022-01'), inUmea('2022-02'), inUmea('2022-04'));
    await small.passUntil('2022-05-20 12:00');
    const charged = async (activation: number, deactivation: number): Promise<unknown> => {
      const figures = { activationMonths: activation, deactivationMonths: deactivation };
      const assumptions = Object.entries(figures).map(([name, value]) => ({
        parameter: `settlement.${name}`,
        value,
        reference: 'what if',
      }));
      const { months } = await simulate(small.asked, { assumptions });
      return months.map(({ month, before, after }) => [month, before, after]);
    };
    const april = ['2022-04', { totalOre: 0 }, { totalOre: 5 * 930_000 }];
    // Two months above in a row are enough for April, unless the one without patients ends it.
    expect(await charged(2, 3)).toEqual([april]);
    expect(await charged(2, 1)).toEqual([]);
    expect(await charged(1, 3)).toEqual([
      ['2022-02', { totalOre: 0 }, { totalOre: 5 * 930_000 }],
      april,
    ]);
  });
});

describe('what an agreement follows up', () => {
  const profiles = loadProfiles();
  const counted = (readyDays: number, more: Partial<CareDaysData> = {}): CareDaysData => ({
    county: '13',
    municipality: '1380',
    month: '2027-02',
    key: 'key',
    revision: 1,
    caseReference: 'case',
    dates: Array.from({ length: readyDays }, (_day, index) => `2027-02-${11 + index}`),
    dischargedOn: '2027-02-20',
    readyDays,
    eligible: true,
    reason: 'COUNTED_IN_MEAN',
    because: [],
    reference: '5 kap. 6 §',
    ...more,
  });

  async function followed(
    place: { readonly county: string; readonly municipality: string },
    month: string,
    cases: readonly CareDaysData[],
    isDated: boolean,
  ): Promise<unknown> {
    const indicators =
      profiles.parametersOf(place).agreementOn(`${month}-01`)?.followUp.indicators ?? [];
    const known = indicators.filter(({ id }) => id !== 'readmissions');
    const period = { ...place, month };
    const about = { period, cases, isDated, recordedOre: 930_000 };
    const computed = await indicatorsOf(notAsked, known, about);
    return Object.fromEntries(computed.map(({ id, value }) => [id, value]));
  }
  /** These indicators are of the counts alone. */
  const notAsked = { profiles, nowMs: 0 } as Asked;

  test('in Halland: who left on the day, the days in all, and who stayed four days or more', async () => {
    const cases = [counted(0), counted(2), counted(4), counted(7)];
    expect(await followed({ county: '13', municipality: '1380' }, '2027-02', cases, false)).toEqual(
      {
        'discharged-same-day': { kind: 'share', part: 1, of: 4 },
        'ready-days': { kind: 'number', number: 13 },
        'staying-days-or-more': { kind: 'share', part: 2, of: 4 },
      },
    );
  });

  test('in Västerbotten: who left within a day, calls to planning, days by their dates, sums paid', async () => {
    const march = { month: '2022-03', dischargedOn: '2022-03-20' };
    const { dischargedOn: _none, ...stillThere } = counted(9, { month: '2022-03' });
    const cases = [
      counted(1, { ...march, planned: true }),
      counted(3, march),
      stillThere,
      counted(2, { ...march, reason: 'PARAMETER_MISSING', dates: [] }),
    ];
    expect(await followed(umea, '2022-03', cases, true)).toEqual({
      'discharged-within-days': { kind: 'share', part: 1, of: 2 },
      'planning-calls': { kind: 'number', number: 1 },
      'ready-days': { kind: 'number', number: 13 },
      'sums-paid': { kind: 'sum', ore: 930_000 },
    });
  });

  test('in Västra Götaland: how many cases kept every duty, and what was not kept in the others', async () => {
    const march = { month: '2022-03', dischargedOn: '2022-03-20' };
    const late = { ...march, deviations: ['ADMISSION_NOTICE_LATE', 'SIP_CALL_MISSING'] };
    const cases = [
      counted(1, march),
      counted(2, late),
      counted(3, { ...march, deviations: ['SIP_CALL_MISSING'] }),
    ];
    expect(await followed(goteborg, '2022-03', cases, false)).toEqual({
      adherence: { kind: 'share', part: 1, of: 3 },
      deviations: {
        kind: 'by-reason',
        reasons: [
          { reason: 'SIP_CALL_MISSING', cases: 2 },
          { reason: 'ADMISSION_NOTICE_LATE', cases: 1 },
        ],
      },
    });
  });
});

describe('a file of figures to try', () => {
  const folder = temporaryFolder('what-if');
  afterAll(folder.remove);
  const { parameters } = loadProfiles();
  const read = (text: string): unknown => {
    const file = join(folder.path, 'set.yaml');
    writeFileSync(file, text);
    return readAssumptions(file, parameters);
  };

  test('is read with its references', () => {
    expect(
      read("parameters:\n  settlement.benchmarkDays: { value: '2', reference: what if }\n"),
    ).toEqual([{ parameter: 'settlement.benchmarkDays', value: '2', reference: 'what if' }]);
  });

  test.each([
    [
      'a name there is not',
      "settlement.bench: { value: '2', reference: x }",
      /set\.yaml: parameters\.settlement\.bench: no such parameter; there are .*benchmarkDays/,
    ],
    [
      'a value of another kind',
      'settlement.benchmarkDays: { value: 2, reference: x }',
      /parameters\.settlement\.benchmarkDays\.value: is not a decimal/,
    ],
    [
      'a choice there is not',
      'settlement.basis: { value: median, reference: x }',
      /parameters\.settlement\.basis\.value: is not a individual \| monthlyMean/,
    ],
    [
      'a value without a reference',
      'settlement.basis: { value: individual }',
      /parameters\.settlement\.basis\.reference/,
    ],
    [
      'an unknown key',
      'settlement.basis: { value: individual, reference: x, from: 2022-01-01 }',
      /parameters\.settlement\.basis\.from/,
    ],
  ])('is refused for %s, with file and key', (_what, line, message) => {
    expect(() => read(`parameters:\n  ${line}\n`)).toThrow(message);
  });

  test('is refused when it is empty', () => {
    expect(() => read('')).toThrow(/parameters/);
    expect(() => read('parameters: {}\n')).toThrow(/names no parameter/);
  });
});
