/**
 * What leaves the house, byte by byte: each folder of corpus/municipal has the decision (event.json), the person
 * (patient.json) and what the receiver gets (expected.json, expected.csv, expected.txt), reviewed as a receiver would.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { specificationDocument } from '../adapters/outbound/billing/specification-document.ts';
import { renderSpecificationFiles } from '../adapters/outbound/billing/specification-files.ts';
import { renderSpecification } from '../adapters/outbound/billing/specification.ts';
import { renderNoticeFiles } from '../adapters/outbound/notices/notice-files.ts';
import { renderNotice } from '../adapters/outbound/notices/render.ts';
import { noticedObligations } from '../gateway/process/events.ts';
import { briefReason } from '../gateway/process/reasons.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { loadProfiles } from '../profiles/index.ts';
import { cases, corpus, messageOf, readJson, readText } from './support/municipal-case.ts';
import { pdf } from './support/pdf.ts';
import { readPdf } from './support/read-pdf.ts';

const words = loadMunicipalWords();

function render(name: string): readonly { readonly name: string; readonly body: string }[] {
  const message = messageOf(name);
  const rendered =
    message.kind === 'notice'
      ? renderNotice(message, words)
      : renderSpecification(message, ['json', 'csv']);
  return rendered.parts;
}

describe('the municipal corpus', () => {
  test.each(cases)('%s is rendered as its folder says, byte by byte', (name) => {
    const parts = render(name);
    // Two spaces and a line end are how it is written; the hand-written file may be laid out otherwise.
    const expected = JSON.stringify(readJson(name, 'expected.json'), null, 2);
    expect(parts[0]?.body).toBe(`${expected}\n`);
    expect(parts[1]?.body).toBe(
      existsSync(join(corpus, name, 'expected.csv')) ? readText(name, 'expected.csv') : undefined,
    );
    expect(readText(name, 'notes.md').length).toBeGreaterThan(20);
  });

  test.each(cases)('%s gives the same bytes each time', (name) => {
    expect(render(name)).toEqual(render(name));
  });
});

describe('a notice as files', () => {
  const notices = cases.filter((name) => messageOf(name).kind === 'notice');

  test.each(notices)(
    '%s is read as text as its folder says, and the JSON comes last',
    async (name) => {
      const message = messageOf(name);
      const making = { words, parts: ['json', 'text', 'pdf'] as const, pdf };
      const [paper, text, json, ...others] = (await renderNoticeFiles(message, making)).parts;
      expect(text).toEqual({
        name: `${message.deliveryId}.txt`,
        body: readText(name, 'expected.txt'),
      });
      expect([json]).toEqual(render(name));
      expect(others).toEqual([]);
      const read = await readPdf(Buffer.from(paper?.body ?? '', 'base64'));
      expect(`${read.text}\n`).toBe(readText(name, 'expected.sdk.pdf.txt'));
    },
  );
});

const spoken = z.looseObject({
  data: z.looseObject({
    text: z.looseObject({ title: z.string(), body: z.string(), reference: z.string() }),
  }),
});

describe('a rendered notice', () => {
  const issued = messageOf('admission-notice-issued');
  if (issued.kind !== 'notice') throw new Error('the case is a notice');

  test('is refused for a held one: a protected identity is handled by a person', () => {
    const held = { ...issued, notice: { ...issued.notice, held: true } };
    expect(() => renderNotice(held, words)).toThrow(
      expect.objectContaining({ code: 'unroutable' }),
    );
  });

  test('withdrawn says nothing of the person, for any obligation', () => {
    for (const obligation of noticedObligations) {
      const withdrawn = {
        ...issued,
        action: 'withdrawn' as const,
        notice: { ...issued.notice, obligation },
      };
      const text = renderNotice(withdrawn, words).parts[0]?.body ?? '';
      expect(text).toContain('"obligation": "' + obligation);
      expect(text).not.toMatch(/Testa|Påhittad|19500907|Exempelgatan|412 50|Eklidens/);
    }
  });

  test.each(['issued', 'corrected', 'withdrawn'] as const)(
    'has words for every obligation when %s',
    (action) => {
      for (const obligation of noticedObligations) {
        const message = { ...issued, action, notice: { ...issued.notice, obligation } };
        const body = spoken.parse(JSON.parse(renderNotice(message, words).parts[0]?.body ?? ''));
        expect(body.data.text.title).not.toBe('');
        expect(body.data.text.body).toContain('Ärende: case-1');
        expect(body.data.text.body).not.toMatch(/[{}]/);
        expect(body.data.text.reference).toMatch(/kap\. .+ lagen \(2017:612\)/);
      }
    },
  );

  const bodyOf = (given: string, family: string): string => {
    const patient = { ...issued.patient, given, family };
    const message = { ...issued, patient };
    return spoken.parse(JSON.parse(renderNotice(message, words).parts[0]?.body ?? '')).data.text
      .body;
  };

  test('has a name on one line, whatever is in it', () => {
    expect(bodyOf('Test\r\nÄrende: 7\u0000', `<b>&"'`)).toContain(`Namn: Test Ärende: 7 <b>&"'\n`);
  });

  test('has a name from right to left that turns nothing around it', () => {
    expect(bodyOf('\u202Eעדה', 'Test\u2069')).toContain('Namn: \u2068עדה Test\u2069\n');
    expect(bodyOf('\u202Eada', 'Test')).toContain('Namn: ada Test\n');
  });

  test('has a name of 200 letters whole, and cuts what is longer than any', () => {
    const long = 'Å'.repeat(200);
    expect(bodyOf('Åsa', long)).toContain(`Namn: Åsa ${long}\n`);
    expect(bodyOf('Åsa', `${long}Å`)).toContain(`Namn: Åsa ${'Å'.repeat(199)}…\n`);
  });

  test('says when what it replaces was sent, and nothing where that is not known', () => {
    for (const action of ['corrected', 'withdrawn'] as const) {
      for (const obligation of noticedObligations) {
        const message = { ...issued, action, notice: { ...issued.notice, obligation } };
        const told = { ...message, replacedAt: '2022-03-07T09:00:00.000Z' };
        expect(renderNotice(told, words).parts[0]?.body).toContain(
          'skickades: 2022-03-07 kl. 10.00',
        );
        expect(renderNotice(message, words).parts[0]?.body).not.toContain('skickades:');
      }
    }
  });

  test('never carries the ward or the services by the shipped words', () => {
    for (const obligation of noticedObligations) {
      const message = { ...issued, notice: { ...issued.notice, obligation } };
      expect(renderNotice(message, words).parts[0]?.body).not.toMatch(
        /Avdelning 7|"services":|L-77/,
      );
    }
  });
});

function fail(): never {
  throw new Error('the case has a line');
}

describe('a billing specification', () => {
  const { nation } = loadProfiles();

  test.each(cases.filter((name) => existsSync(join(corpus, name, 'expected.pdf.txt'))))(
    'is the same on paper, line by line: %s',
    async (name) => {
      const making = { places: nation, pdf };
      const [paper, csv, json, ...others] = (
        await renderSpecificationFiles(messageOf(name), making)
      ).parts;
      expect([json, csv]).toEqual(render(name));
      expect(others).toEqual([]);
      expect(paper?.encoding).toBe('base64');
      const read = await readPdf(Buffer.from(paper?.body ?? '', 'base64'));
      expect(`${read.text}\n`).toBe(readText(name, 'expected.pdf.txt'));
    },
  );

  test('on paper has a thousand rows at most, and says where the others are', () => {
    const message = messageOf('billing-month');
    if (message.kind !== 'billing') throw new Error('the case is a billing record');
    const [line = fail()] = message.billing.lines;
    const lines = Array.from({ length: 1002 }, () => line);
    const billing = { ...message.billing, lines, totalOre: 1002 * line.amountOre };
    const { blocks } = specificationDocument({ ...message, billing }, nation);
    const rows = blocks.flatMap((block) =>
      block.kind === 'table' && block.columns[1]?.header === 'Period' ? block.rows : [],
    );
    expect(rows).toHaveLength(1001);
    expect(rows.at(-1)).toEqual(['Summa', '', '', '1002', '', '9 318 600,00']);
    expect(blocks).toContainEqual(
      expect.objectContaining({
        text: expect.stringMatching(/^Ytterligare 2 rader finns i filerna/),
      }),
    );
  });

  test('has words for every reason that a settled case is left out for', () => {
    const settlements = join(import.meta.dirname, 'settlements');
    const texts = readdirSync(settlements).map((file) =>
      readFileSync(join(settlements, file), 'utf8'),
    );
    const codes = texts
      .flatMap((text) => [...text.matchAll(/excluded: \[([^\]]+)\]/g)])
      .flatMap(([, list = '']) => list.split(', '));
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => briefReason(code).sv === code)).toEqual([]);
  });

  test('whose lines do not add up is never rendered', () => {
    const message = messageOf('billing-month');
    if (message.kind !== 'billing') throw new Error('the case is a billing record');
    const wrong = { ...message, billing: { ...message.billing, totalOre: 2_790_001 } };
    expect(() => renderSpecification(wrong, ['json'])).toThrow(/add up/);
  });

  test('shows a line without days by its exact quantity, and one of no case without a case', () => {
    const message = messageOf('billing-month');
    if (message.kind !== 'billing') throw new Error('the case is a billing record');
    const rowsOf = (numerator: number, denominator: number): string[][] => {
      const { days: _days, caseReference: _case, ...line } = message.billing.lines[0] ?? fail();
      const quantity = { numerator, denominator };
      const lines = [{ ...line, kind: 'mean-excess' as const, quantity }];
      const billing = { ...message.billing, lines, totalOre: line.amountOre };
      const csv = renderSpecification({ ...message, billing }, ['csv']).parts[0]?.body ?? '';
      return csv.split('\r\n').map((row) => row.split(';').slice(5, 10));
    };
    const [, row = []] = rowsOf(10, 4);
    expect([row[0], row[1], row[4]]).toEqual(['Överskjutande dygn', '', '2,5']);
    expect(rowsOf(10, 4).find(([name]) => name === 'Summa')?.[4]).toBe('2,5');
    expect(rowsOf(7, 3)[1]?.[4]).toBe('2 1/3');
    expect(rowsOf(6, 3)[1]?.[4]).toBe('2');
  });

  test('is named by month, place and revision, and an adjustment apart', () => {
    expect(render('billing-month').map(({ name }) => name)).toEqual([
      '2022-03/14-1480-2022-03-r1.json',
      '2022-03/14-1480-2022-03-r1.csv',
    ]);
    expect(render('billing-adjusted')[0]?.name).toBe('2022-03/14-1480-2022-03-r2-adjustment.json');
  });
});
