import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { PlayedStay, localTime, shippedLaw } from './support/law.ts';
import { isEventType } from '../gateway/process/events.ts';
import {
  addDays,
  datesBetween,
  daysBetween,
  easterSunday,
  endOfDayMs,
  firstOfNextMonth,
  isAfterClockTime,
  isRestDay,
  localDateOf,
  localTimeText,
  sentTimeText,
  startOfDayMs,
  workingDayFrom,
} from '../gateway/rules/legal-days.ts';
import { readLegalCases } from './support/law-cases.ts';
import type { Expectation, LegalCase } from './support/law-cases.ts';

const folder = join(import.meta.dirname, 'rules');

for (const file of readdirSync(folder).sort()) {
  describe(file, () => {
    test.each(readLegalCases(join(folder, file)))('$name', (legalCase) => {
      const { deliveries, parameters, warnMs } = legalCase;
      const stay = new PlayedStay(deliveries, parameters, { warnMs });
      stay.play(legalCase.facts, legalCase.at);
      expect(outcomeOf(stay, legalCase.expect)).toEqual(legalCase.expect);
      checkFindings(stay, legalCase);
    });
  });
}

describe('every section with a condition of payment or a duty', () => {
  const cases = readdirSync(folder).flatMap((file) => readLegalCases(join(folder, file)));
  const sections = '2:1 2:2 2:3 2:4 2:5 3:1 3:2 4:1 4:2 4:3 5:1 5:2 5:3 5:4 5:5 5:6'.split(' ');
  test.each(sections)(
    '%s has a case in which it is fulfilled, and one in which it is not',
    (section) => {
      const about = cases.filter(({ reference }) => sectionsOf(reference).includes(section));
      expect(about.filter(({ expect: asked }) => isFulfilled(asked)).length).toBeGreaterThan(0);
      expect(about.filter(({ expect: asked }) => isNot(asked)).length).toBeGreaterThan(0);
    },
  );
});

/** `2 kap. 1-3 §§, 5 kap. 3 § 1` → 2:1, 2:2, 2:3, 5:3. */
function sectionsOf(reference: string): string[] {
  const chapters = reference.matchAll(/(\d) kap\. ([\d–, and-]+) §/g);
  return [...chapters].flatMap(([, chapter = '', sections = '']) =>
    sections.split(/, | and /).flatMap((range) => {
      const [first = 0, last = first] = range.split(/[–-]/).map(Number);
      return Array.from({ length: last - first + 1 }, (_none, at) => `${chapter}:${first + at}`);
    }),
  );
}

function isFulfilled({ findings = [], liabilityFrom = [], amountKr }: Expectation): boolean {
  const isMet = findings.some((line) => line.includes(' met '));
  return isMet || liabilityFrom.length > 0 || (typeof amountKr === 'number' && amountKr > 0);
}

function isNot({ findings = [], withheld = [], amountKr, notices }: Expectation): boolean {
  const isUnmet = findings.some((line) => / (unmet|unknown|not-applicable) /.test(line));
  const isUntold = notices?.length === 0;
  return isUnmet || withheld.length > 0 || amountKr === 0 || amountKr === 'none' || isUntold;
}

/** What became of a stay, in the terms of an expectation and no others. */
function outcomeOf(stay: PlayedStay, asked: Expectation): Expectation {
  const liability = [...stay.process().history.liability.values()];
  const standing = liability.filter(({ state }) => state === 'running' || state === 'ended');
  const others = liability.filter(({ state }) => state === 'withheld' || state === 'revoked');
  const counts = [...stay.process().history.careDays.values()];
  const billedOre = stay.billedOre();
  const found = stay
    .findings()
    .map(({ rule, role, status, reason }) =>
      [role === undefined ? rule : `${rule}/${role}`, status, reason].join(' '),
    );
  const sentences = stay.findings().map(({ sentence }) => sentence.sv);
  const excluded = stay.events('billing.recorded').flatMap(({ data }) => data.excluded);
  const whole: Required<Expectation> = {
    liabilityFrom: standing.map(({ from }) => from ?? ''),
    withheld: others.map(({ reason }) => reason),
    careDays: counts.reduce((sum, { dates }) => sum + dates.length, 0),
    amountKr: billedOre === undefined ? 'none' : billedOre / 100,
    findings: asked.findings?.filter((line) => found.includes(line)) ?? [],
    events: Object.fromEntries(
      Object.keys(asked.events ?? {}).map((name) => [name, countOf(stay, name)]),
    ),
    notices: noticesOf(stay),
    flags: counts.flatMap(({ flags = [] }) => flags),
    excluded: excluded.map(({ reason }) => reason),
    payers: standing.map(({ municipality }) => municipality ?? ''),
    sentences: asked.sentences?.filter((sentence) => sentences.includes(sentence)) ?? [],
    dueAt: Object.fromEntries(
      Object.keys(asked.dueAt ?? {}).map((deadline) => [deadline, dueAtOf(stay, deadline)]),
    ),
  };
  const isFound = whole.findings?.length === asked.findings?.length;
  if (asked.findings !== undefined && !isFound) whole.findings = found;
  if (whole.sentences?.length !== (asked.sentences?.length ?? 0)) whole.sentences = sentences;
  return Object.fromEntries(Object.entries(whole).filter(([key]) => key in asked));
}

/** Events of a type; with a deadline, `deadline.set/T1`, those about it. */
function countOf(stay: PlayedStay, name: string): number {
  const [type = '', deadline] = name.split('/');
  if (!isEventType(type)) return -1;
  const events = stay.events(type);
  if (deadline === undefined) return events.length;
  return events.filter(({ data }) => 'deadline' in data && data.deadline === deadline).length;
}

/** `issued admission-notice social-services 1480 [held]`, in the order they were decided. */
function noticesOf(stay: PlayedStay): string[] {
  return stay.history
    .map(({ event }) => event)
    .filter(
      (event) =>
        event.type === 'notice.issued' ||
        event.type === 'notice.corrected' ||
        event.type === 'notice.withdrawn',
    )
    .map(({ type, data }) =>
      [
        type.slice('notice.'.length),
        data.obligation,
        data.role,
        data.municipality ?? '-',
        ...(data.held === true ? ['held'] : []),
      ].join(' '),
    );
}

function dueAtOf(stay: PlayedStay, deadline: string): string {
  const set = stay.events('deadline.set').findLast(({ data }) => data.deadline === deadline);
  if (set === undefined) return '';
  return localTimeText(Date.parse(set.data.dueAt)).replace('.', ':');
}

/** Every finding says where it stands in the law and what it means, in both languages, also when it is stored. */
function checkFindings(stay: PlayedStay, { reference }: LegalCase): void {
  expect(reference).not.toBe('');
  for (const finding of stay.findings()) {
    expect(finding.reference).toMatch(/kap\. .*§/);
    // A dash stands where a placeholder had nothing to be filled with.
    expect(finding.sentence.sv).not.toMatch(/[{}–]/);
    expect(finding.sentence.en).not.toMatch(/[{}–]/);
    const { sv, en } = finding.sentence;
    expect(JSON.parse(JSON.stringify(finding.sentence))).toEqual({ sv, en });
    for (const origin of finding.parameters) expect(origin.reference).not.toBe('');
  }
}

describe('days as the law counts them', () => {
  test.each([
    ['2022-04-15', 'Good Friday'],
    ['2022-04-17', 'Easter Sunday'],
    ['2022-04-18', 'Easter Monday'],
    ['2022-05-26', 'Ascension Day'],
    ['2022-06-06', 'National Day'],
    ['2022-06-24', 'Midsummer Eve'],
    ['2022-06-25', 'Midsummer Day'],
    ['2022-11-05', 'All Saints’ Day'],
    ['2023-01-06', 'Epiphany'],
    ['2024-05-01', '1 May'],
    ['2024-12-24', 'Christmas Eve'],
    ['2024-12-31', 'New Year’s Eve'],
    ['2026-12-25', 'Christmas Day'],
    ['2022-03-12', 'a Saturday'],
    ['2022-03-13', 'a Sunday'],
  ])('%s, %s, is a rest day', (date) => expect(isRestDay(date)).toBe(true));

  test.each(['2022-04-14', '2022-05-27', '2022-06-23', '2022-06-27', '2022-12-27', '2022-03-14'])(
    '%s is a working day',
    (date) => expect(isRestDay(date)).toBe(false),
  );

  test.each([
    ['2022-04-15', '2022-04-19'],
    ['2026-12-25', '2026-12-28'],
    ['2026-12-31', '2027-01-04'],
    ['2022-03-14', '2022-03-14'],
  ])('the working day from %s is %s', (from, found) => {
    expect(workingDayFrom(from)).toBe(found);
  });

  test.each(['2018-04-01', '2019-04-21', '2022-04-17', '2024-03-31', '2025-04-20', '2038-04-25'])(
    'Easter Sunday falls on %s',
    (date) => expect(easterSunday(Number(date.slice(0, 4)))).toBe(date),
  );

  test('a time just after noon is told with its seconds', () => {
    expect(sentTimeText(Date.parse('2022-03-07T11:00:35Z'))).toBe('2022-03-07 12.00.35');
    expect(sentTimeText(Date.parse('2022-03-07T11:00:00Z'))).toBe('2022-03-07 12.00');
  });

  test('the offset kept by the hour agrees with the calendar at every hour of five years', () => {
    const lastMs = Date.parse('2027-01-01T00:00:00Z');
    for (let ms = Date.parse('2022-01-01T00:30:00Z'); ms < lastMs; ms += 3_600_000) {
      const instant = Temporal.Instant.fromEpochMilliseconds(ms);
      const zoned = instant.toZonedDateTimeISO('Europe/Stockholm');
      const text = zoned.toPlainDateTime().toString().replace('T', ' ').slice(0, 16);
      expect(localTimeText(ms).replace('.', ':')).toBe(text);
    }
  });

  test('days begin and end where the clocks say, also in the two odd nights', () => {
    for (const date of ['2022-03-27', '2022-10-30', '2022-02-28', '2020-02-29', '2022-12-31']) {
      const start = Temporal.PlainDate.from(date).toZonedDateTime('Europe/Stockholm');
      expect(startOfDayMs(date)).toBe(start.epochMilliseconds);
      expect(localDateOf(endOfDayMs(date))).toBe(date);
      expect(localDateOf(endOfDayMs(date) + 1)).toBe(addDays(date, 1));
    }
  });

  test('noon itself is not after noon, the next millisecond is', () => {
    for (const date of ['2022-03-07', '2022-03-27', '2022-10-30']) {
      const noonMs = Date.parse(localTime(`${date} 12:00`));
      expect(isAfterClockTime(noonMs, '12:00')).toBe(false);
      expect(isAfterClockTime(noonMs + 1, '12:00')).toBe(true);
    }
  });

  test('dates are added, counted and listed over a leap day and a new year', () => {
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01');
    expect(addDays('2023-01-01', -1)).toBe('2022-12-31');
    expect(daysBetween('2022-12-30', '2023-01-02')).toBe(3);
    expect(daysBetween('2023-01-02', '2022-12-30')).toBe(-3);
    expect(datesBetween('2022-12-31', '2023-01-02')).toEqual(['2022-12-31', '2023-01-01']);
    expect(datesBetween('2022-12-31', '2022-12-31')).toEqual([]);
    expect(firstOfNextMonth('2023-01')).toBe('2023-02-01');
    expect(firstOfNextMonth('2023-12')).toBe('2024-01-01');
  });

  test.each(['2022-02-30', '2022-3-7', '2022-03', ''])('%o is no date', (text) => {
    expect(() => addDays(text, 1)).toThrow(RangeError);
  });
});

test('a figure that goes missing takes nothing back that was decided with it', () => {
  let isMissing = false;
  const parameters: typeof shippedLaw = {
    ...shippedLaw,
    under: () => parameters,
    valueOn(name, date) {
      const found = shippedLaw.valueOn(name, date);
      return isMissing && name === 'admission-notice.noticeWithinHours'
        ? { known: false, parameter: name, date }
        : found;
    },
  };
  const running = readLegalCases(join(folder, 'payment-liability.yaml')).find(({ name }) =>
    name.startsWith('liability starts at 00.00'),
  );
  if (running === undefined) throw new Error('no such case');
  const stay = new PlayedStay([], parameters).play(running.facts, running.at);
  const before = stay.history.length;
  isMissing = true;
  stay.advance();
  expect(stay.findings().map(({ reason }) => reason)).toContain('PARAMETER_MISSING');
  expect(stay.history).toHaveLength(before);
  expect([...stay.process().history.liability.values()]).toMatchObject([{ state: 'running' }]);
});

describe('billing', () => {
  const cases = readLegalCases(join(folder, 'settlement.yaml'));
  const find = (name: string): LegalCase => {
    const found = cases.find((legalCase) => legalCase.name.startsWith(name));
    if (found === undefined) throw new Error(`no case ${name}`);
    return found;
  };

  test('withheld for a missing amount names it, and frees itself at the next nudge when it is entered', () => {
    let isEntered = false;
    const parameters: typeof shippedLaw = {
      ...shippedLaw,
      under: () => parameters,
      valueOn(name, date) {
        const found = shippedLaw.valueOn(name, date);
        if (found.known || !isEntered) return found;
        return {
          known: true,
          value: 1_050_000,
          origin: { parameter: name, from: '2023-01-01', reference: 'HSLF-FS 2022:60' },
        };
      },
    };
    const missing = find('a year whose amount is missing');
    const stay = new PlayedStay([], parameters).play(missing.facts, missing.at);
    expect(stay.events('billing.withheld').map(({ data }) => data)).toMatchObject([
      {
        missing: 'settlement.careDayAmountOre',
        missingOn: '2023-01-01',
        reference: 'HSLF-FS 2022:60 (not seen)',
      },
    ]);
    stay.nudgeSettlements();
    expect(stay.events('billing.withheld')).toHaveLength(1);
    isEntered = true;
    stay.nudgeSettlements();
    expect(stay.billedOre()).toBe(9 * 930_000 + 4 * 1_050_000);
    expect(stay.events('settlement.closed')).toHaveLength(1);
  });

  test('after the cut-off a changed count is an adjustment with its difference and cause', () => {
    const corrected = find('a correction after the cut-off');
    const stay = new PlayedStay().play(corrected.facts, corrected.at);
    const [recorded] = stay.events('billing.recorded');
    const [adjusted] = stay.events('billing.adjusted');
    const recount = stay.events('care-days.counted').at(-1);
    expect(recorded?.data).toMatchObject({ revision: 1, totalOre: 1_860_000 });
    expect(adjusted?.data).toMatchObject({
      revision: 2,
      totalOre: 930_000,
      differenceOre: -930_000,
      cause: recount?.id,
    });
    expect(adjusted?.data.lines).toMatchObject([
      { from: '2022-03-10', until: '2022-03-11', days: 1, rateOre: 930_000 },
    ]);
  });

  test('a case that is not charged is listed with its reason', () => {
    const barred = find('a case with a barred liability');
    const stay = new PlayedStay(barred.deliveries).play(barred.facts, barred.at);
    expect(stay.events('billing.recorded')[0]?.data).toMatchObject({
      lines: [],
      totalOre: 0,
      excluded: [{ reason: 'ADMISSION_NOTICE_LATE' }],
    });
  });
});
