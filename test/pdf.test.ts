/** Documents as PDF: what they say is there to be read, seen and heard, whatever a name is written with. */
import { expect, test } from 'vitest';
import type { Block, ReadableDocument } from '../adapters/outbound/pdf/document.ts';
import { linesOf, piecesOf } from '../adapters/outbound/pdf/lines.ts';
import { renderPdf } from '../adapters/outbound/pdf/render-pdf.ts';
import { readPdf, streamsOf } from './support/read-pdf.ts';

const documentOf = (...blocks: Block[]): ReadableDocument => ({
  title: 'Underrättelse om utskrivningsklar patient',
  subtitle: 'Enligt 3 kap. 1 § lagen (2017:612)',
  blocks,
  footer: 'Ärende case-1',
  createdAt: '2026-01-02T03:04:05.000Z',
  id: '6a3cbd0e-1111-5222-8333-444455556666',
});

const named = (name: string): ReadableDocument =>
  documentOf({ kind: 'values', rows: [['Namn', name]] });

test('a document says its title, its values, its sentences and which page of how many', async () => {
  const read = await readPdf(
    renderPdf(
      documentOf(
        { kind: 'paragraph', text: 'Behandlande läkare har bedömt att patienten är klar.' },
        { kind: 'values', rows: [['Namn', 'Åsa Öberg']] },
      ),
    ),
  );
  expect(read.text).toBe(
    [
      'Underrättelse om utskrivningsklar patient',
      'Enligt 3 kap. 1 § lagen (2017:612)',
      'Behandlande läkare har bedömt att patienten är klar.',
      'Namn | Åsa Öberg',
      'Ärende case-1 | Sida 1 av 1',
    ].join('\n'),
  );
});

test('it is tagged, Swedish and titled, with its fonts and its colours in it, as PDF/A-2a asks', async () => {
  const bytes = renderPdf(
    documentOf(
      { kind: 'heading', text: 'Underlag' },
      { kind: 'values', rows: [['Namn', 'Åsa']] },
      { kind: 'table', columns: [{ header: 'Dygn', share: 1 }], rows: [['3']] },
    ),
  );
  const read = await readPdf(bytes);
  expect(read.tags).toEqual(['(Document(H1 P H2 Table(TR(TH TD)) Table(TR(TH) TR(TD))))']);
  expect([read.language, read.isMarked, read.claims]).toEqual(['sv-SE', true, '2A']);
  expect(read.title).toBe('Underrättelse om utskrivningsklar patient');
  expect(read.xmp).toContain(`>${read.title}</rdf:li>`);
  expect(read.hasAllFonts).toBe(true);
  const raw = Buffer.from(bytes).toString('latin1');
  expect(raw).toMatch(/\/OutputIntents \[/);
  expect(raw).toMatch(/\/DisplayDocTitle true/);
  expect(raw).not.toMatch(/\/JavaScript|\/EmbeddedFile|\/Encrypt|\/AA\b|\/URI\b/);
});

test('a title never breaks the metadata, which is XML', async () => {
  const read = await readPdf(renderPdf({ ...documentOf(), title: 'Vård & <omsorg>' }));
  expect(read.xmp).toContain('>Vård omsorg</rdf:li>');
  expect(read.text).toContain('Vård & <omsorg>');
});

test('the same document gives the same bytes, and another id another file', () => {
  const one = renderPdf(named('Åsa'));
  expect(Buffer.compare(one, renderPdf(named('Åsa')))).toBe(0);
  expect(Buffer.compare(one, renderPdf({ ...named('Åsa'), id: 'other' }))).not.toBe(0);
  expect(Buffer.from(one).toString('latin1')).toContain('(D:20260102030405Z)');
});

test('a document is the same whatever was rendered before it, and every letter of it can be found', async () => {
  const before = renderPdf(named('Olof Ek'));
  renderPdf(named('Öberg É Ñ'));
  expect(Buffer.compare(renderPdf(named('Olof Ek')), before)).toBe(0);
  expect((await readPdf(before)).text).toContain('Olof Ek');
});

test.each([
  ['markup and quotes', `Test<b> & "O'Hara" \\(`, `Test<b> & "O'Hara" \\(`],
  ['control characters', 'Te\u0007st\r\na\u0000b', 'Te st a b'],
  ['Greek and Cyrillic', 'Χρήστος Ђорђе', 'Χρήστος Ђорђе'],
  ['a combining ring', 'A\u030Asa', 'Åsa'],
  ['hidden direction marks', 'ab\u202Ecd\u202C', 'abcd'],
  ['half a surrogate', 'a\uD800b', 'a\uFFFDb'],
  ['letters that the font lacks', '张三', '[U+5F20][U+4E09]'],
])('a name with %s can be read', async (_, name, shown) => {
  const { text, pages } = await readPdf(renderPdf(named(name)));
  expect(text).toContain(`Namn | ${shown}`);
  expect(pages).toBe(1);
});

test('no glyph stands for a character that the font lacks', () => {
  const drawn = (name: string): string =>
    streamsOf(renderPdf(named(name))).find((stream) => stream.includes('TJ')) ?? '';
  // Each glyph is four digits; 0000 is the box that means nothing.
  const glyphs = (content: string): string[] =>
    [...content.matchAll(/<([0-9a-f]+)>/g)].flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? []);
  expect(glyphs(drawn('张三 \u{10FFFF} \u0378')).length).toBeGreaterThan(50);
  expect(glyphs(drawn('张三 \u{10FFFF} \u0378'))).not.toContain('0000');
});

test('a name of 200 letters is broken within its column, and loses none', async () => {
  const { text } = await readPdf(renderPdf(named('Å'.repeat(200))));
  expect(text.match(/Å/g)).toHaveLength(200);
  expect(text.split('\n').filter((line) => /^(Namn \| )?Å+$/.test(line)).length).toBeGreaterThan(3);
});

test('a name written from right to left stands so, its brackets turned and what is around it in place', () => {
  expect(piecesOf('Namn: משה (כהן) 12 och mer')).toEqual([
    { text: 'Namn: ', isRightToLeft: false },
    { text: '12', isRightToLeft: false },
    { text: 'משה )כהן( ', isRightToLeft: true },
    { text: ' och mer', isRightToLeft: false },
  ]);
  expect(piecesOf('Åsa (Öberg)')).toEqual([{ text: 'Åsa (Öberg)', isRightToLeft: false }]);
});

test('a line is broken at spaces, and within a word only where the word is wider than the line', () => {
  const measure = (text: string): number => text.length;
  expect(linesOf('en två tre', 6, measure)).toEqual(['en två', 'tre']);
  expect(linesOf('a abcdefgh b', 4, measure)).toEqual(['a', 'abcd', 'efgh', 'b']);
  expect(linesOf('', 4, measure)).toEqual(['']);
});

test('a table over many pages repeats its header, drops no row and keeps each row in one tag', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => [`case-${index}`, `${index}`]);
  const columns = [
    { header: 'Ärende', share: 3 },
    { header: 'Dygn', share: 1, align: 'right' as const },
  ];
  const read = await readPdf(renderPdf(documentOf({ kind: 'table', columns, rows })));
  expect(read.pages).toBeGreaterThan(3);
  expect(read.text.match(/Ärende \| Dygn/g)).toHaveLength(read.pages);
  for (const [name, number] of rows) expect(read.text).toContain(`${name} | ${number}`);
  expect(read.tags.join('').match(/TR\(TD TD\)/g)).toHaveLength(200);
  expect(read.text).toContain(`Sida 2 av ${read.pages}`);
});

test('a value that is longer than a page goes on over pages', async () => {
  const words = Array.from({ length: 3000 }, (_, index) => `ord${index}`);
  const { text, pages } = await readPdf(renderPdf(named(words.join(' '))));
  expect(pages).toBeGreaterThan(2);
  for (const word of words) expect(text).toContain(word);
});
