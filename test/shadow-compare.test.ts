/** What we would have done beside what the system in use did: a case in shadow is judged as if it had been live. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { shadowCompare, type ShadowCompareOptions } from '../gateway/cli/shadow-compare.ts';
import { compareSides } from '../gateway/shadow/compare.ts';
import { readExport } from '../gateway/shadow/export-file.ts';
import type { OwnCase } from '../gateway/shadow/deed.ts';
import { temporaryFolder } from './support/folder.ts';
import { SmallJournal, type Stay } from './support/small-journal.ts';

const stay: Stay = {
  visit: 'S1',
  county: '10',
  municipality: '1080',
  admitted: '2022-03-03 09:00',
  ready: '2022-03-07 11:00',
  discharged: '2022-03-12 11:00',
};
const other: Stay = { ...stay, visit: 'S2', municipality: '1081', personnummer: '196101182803' };

let small: SmallJournal;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  small = await SmallJournal.open('2022-03-01 08:00');
  folder = temporaryFolder('shadow');
});
afterEach(async () => {
  await small.close();
  folder.remove();
});

/** @returns the exit code and what is told with --json */
async function compare(text: string, options: Partial<ShadowCompareOptions> = {}) {
  const file = join(folder.path, 'theirs.csv');
  writeFileSync(file, text);
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const code = await shadowCompare({
      with: file,
      from: '2022-03-01',
      to: '2022-03-31',
      tolerance: 15,
      config: undefined,
      flags: { data: small.folder },
      json: true,
      ...options,
    });
    return { code, told: JSON.parse(String(spy.mock.calls.at(-1)?.[0])) };
  } finally {
    spy.mockRestore();
  }
}

const head = 'visit;time;kind;municipality;month;days;amount\n';
/** As we would have it: noticed on the 7th before noon, so charged from the 10th; home on the 12th. */
const asOurs = (visit: string, municipality: string): string =>
  [
    `${visit};2022-03-03 09:00;admission-notice;${municipality};;;`,
    `${visit};2022-03-07 11:03;discharge-ready-notice;${municipality};;;`,
    `${visit};;billing;${municipality};2022-03;2;18 600,00`,
    '',
  ].join('\n');

const differencesOf = (told: {
  differences: { kind: string; difference: string; probably: { cause: string } }[];
}) => told.differences.map((one) => [one.kind, one.difference, one.probably.cause]);

describe('a month of two systems', () => {
  test('that did the same differs in nothing', async () => {
    await small.play(stay);
    await small.passUntil('2022-03-31 12:00');
    const { told } = await compare(head + asOurs('S1', 'Karlskrona'));
    const kinds = new Set(['admission-notice', 'discharge-ready-notice', 'billing']);
    expect(differencesOf(told).filter(([kind]) => kinds.has(kind ?? ''))).toEqual([]);
    expect(told.counts).toContainEqual({ kind: 'billing', here: 1, there: 1, equal: 1 });
    expect(told.totals).toEqual([
      {
        municipality: '1080',
        month: '2022-03',
        daysHere: 2,
        daysThere: 2,
        oreHere: 1_860_000,
        oreThere: 1_860_000,
      },
    ]);
  });

  test('differs in time, municipality, days and amount, and in what only one of them did; each with a probable cause', async () => {
    await small.play(stay, other);
    await small.passUntil('2022-03-31 12:00');
    const theirs = [
      'S1;2022-03-03 09:00;admission-notice;1081;;;',
      'S1;2022-03-07 13:30;discharge-ready-notice;1080;;;',
      'S1;;billing;1080;2022-03;3;27900',
      'S2;;billing;1081;2022-03;2;20000',
      'S9;2022-03-08 10:00;discharge-ready-notice;1080;;;',
    ].join('\n');
    const { code, told } = await compare(head + theirs);
    expect(code).toBe(1);
    const found = differencesOf(told);
    expect(found).toContainEqual(['admission-notice', 'other-municipality', 'unknown']);
    expect(found).toContainEqual(['discharge-ready-notice', 'other-time', 'unknown']);
    expect(found).toContainEqual(['billing', 'other-days', 'other-count']);
    expect(found).toContainEqual(['billing', 'other-amount', 'other-figure']);
    expect(found).toContainEqual(['discharge-ready-notice', 'only-there', 'missing-message']);
    expect(found).toContainEqual(['discharge-ready-notice', 'only-here', 'not-in-their-file']);
  });

  test('is reported as a page, a table and JSON, without anything of the person', async () => {
    await small.play(stay, other);
    await small.passUntil('2022-03-31 12:00');
    const out = join(folder.path, 'report');
    const { told } = await compare(head + asOurs('S1', '1080'), { out });
    expect(told.files).toEqual(['html', 'csv', 'json'].map((end) => join(out, `shadow.${end}`)));
    for (const file of told.files as string[]) {
      const text = readFileSync(file, 'utf8');
      expect(text).toContain('S2');
      expect(text).not.toContain('196101182803');
    }
    expect(readFileSync(join(out, 'shadow.html'), 'utf8')).not.toMatch(/https?:\/\//);
  });
});

describe('their file', () => {
  const codeOf = (name: string): string | undefined => (name === 'Karlskrona' ? '1080' : undefined);

  test('may have names of its own, quotes, and lines that are passed over', () => {
    const file = join(folder.path, 'theirs.csv');
    writeFileSync(
      file,
      '\uFEFFÄrende;Vård kontakt;Skickad;Typ;Kommun\r\n1;"S;1";2022-03-07 11.58;KLAR;Karlskrona\r\n2;S1;;KVITTENS;\r\n3;S1;2022-03-07 11:58;KLAR;Ingenstans\r\n',
    );
    const columns = {
      columns: { visit: 'Vård kontakt', time: 'Skickad', kind: 'Typ', municipality: 'Kommun' },
      kinds: { KLAR: 'discharge-ready-notice' as const },
      ignore: ['KVITTENS'],
    };
    expect(readExport(file, columns, codeOf)).toEqual({
      deeds: [
        {
          kind: 'discharge-ready-notice',
          visit: 'S;1',
          municipality: '1080',
          at: '2022-03-07T10:58:00.000Z',
        },
      ],
      unread: [{ line: 4, why: 'no such municipality' }],
      ignored: 1,
    });
  });

  test('may be NDJSON', () => {
    const file = join(folder.path, 'theirs.ndjson');
    writeFileSync(
      file,
      '{"case":"c","kind":"billing","month":"2022-03","days":2,"amount":"18600.50"}\n{\n',
    );
    expect(readExport(file, { decimal: '.' }, codeOf)).toMatchObject({
      deeds: [{ case: 'c', kind: 'billing', month: '2022-03', days: 2, amountOre: 1_860_050 }],
      unread: [{ line: 2 }],
    });
  });
});

test('a notice that only they sent is explained by the fact that has not come, or by our reading', () => {
  const one: OwnCase = {
    case: 'c',
    visits: ['S1'],
    deeds: [],
    reasons: { 'discharge-ready-notice': 'NO_NEED' },
    told: new Set(['discharge-ready-notice']),
    hasMoved: false,
  };
  const theirs = (['discharge-ready-notice', 'admission-notice'] as const).map((kind) => ({
    kind,
    visit: 'S1',
    at: '2022-03-07T10:58:00.000Z',
  }));
  const { differences } = compareSides([one], [], theirs, { toleranceMs: 0 });
  expect(differences.map(({ probably }) => probably)).toEqual([
    { cause: 'missing-fact' },
    { cause: 'our-reading', reason: 'NO_NEED' },
  ]);
});
