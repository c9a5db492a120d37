/**
 * A document as PDF/A-2a (ISO 19005-2): tagged for those who have it read aloud, Swedish, with its typefaces in it. Pure
 * and at once: the same document gives the same bytes.
 */
import type { Font } from 'fontkit';
import PdfDocument from 'pdfkit';
import { assert } from '../../../gateway/errors.ts';
import type { Block, Column, ReadableDocument } from './document.ts';
import { freshFont, showable, type Face } from './fonts.ts';
import { linesOf, piecesOf } from './lines.ts';

declare global {
  // What the library takes and its published types leave out.
  namespace PDFKit.Mixins {
    interface PDFFont {
      registerFont(name: string, src: Font): this;
    }
    interface StructureElementOptions {
      scope?: 'Row' | 'Column';
    }
  }
}

type Pdf = PDFKit.PDFDocument;
type Element = PDFKit.PDFStructureElement;

/** Points. A4, with room for a punch to the left. */
const page = { left: 64, right: 531, top: 60, bottom: 770, foot: 790 };
interface Style {
  readonly face: Face;
  readonly size: number;
}
const styles = {
  title: { face: 'bold', size: 17 },
  subtitle: { face: 'text', size: 11 },
  heading: { face: 'bold', size: 12 },
  text: { face: 'text', size: 10 },
  label: { face: 'bold', size: 10 },
  header: { face: 'bold', size: 8.5 },
  cell: { face: 'text', size: 8.5 },
  foot: { face: 'text', size: 8 },
} as const satisfies Record<string, Style>;
const lineHeight = 1.4;
const columnGap = 8;

/** The bytes of a PDF file. */
export function renderPdf(document: ReadableDocument): Uint8Array {
  const pdf = openPdf(document);
  const root = pdf.struct('Document');
  pdf.addStructure(root);
  const sheet: Sheet = { pdf, root, y: page.top, onNewPage: () => {} };
  paragraph(sheet, 'H1', document.title, styles.title, 4);
  if (document.subtitle !== undefined) {
    paragraph(sheet, 'P', document.subtitle, styles.subtitle, 4);
  }
  sheet.y += 8;
  for (const block of document.blocks) drawBlock(sheet, block);
  root.end();
  feet(pdf, document.footer);
  pdf.end();
  // The library has pushed all it has by now; a stream that nobody listens to gives it whole.
  const bytes: unknown = pdf.read();
  assert(bytes instanceof Uint8Array, 'the PDF library gave no bytes');
  return bytes;
}

function openPdf({ title, createdAt, id }: ReadableDocument): Pdf {
  const pdf = new PdfDocument({
    size: 'A4',
    margin: 0,
    pdfVersion: '1.7',
    subset: 'PDF/A-2a',
    tagged: true,
    lang: 'sv-SE',
    displayTitle: true,
    bufferPages: true,
    // None of its own: it would be loaded, and the file has what it uses in it.
    font: '',
    info: {
      // The library writes the title into XML as it is.
      Title: showable(title.replace(/[<&>]/g, ' '), 'bold'),
      Producer: 'Hemgang',
      Creator: 'Hemgang',
      Keywords: id,
      CreationDate: new Date(createdAt),
    },
  });
  pdf.registerFont('text', freshFont('text'));
  pdf.registerFont('bold', freshFont('bold'));
  return pdf;
}

// ---------------------------------------------------------------- the sheet

/** Where the next line goes. */
interface Sheet {
  readonly pdf: Pdf;
  readonly root: Element;
  y: number;
  onNewPage: () => void;
}

/** Goes on to a new page where there is not so much room. */
function makeRoom(sheet: Sheet, height: number): void {
  if (sheet.y + height <= page.bottom || sheet.y === page.top) return;
  sheet.pdf.addPage();
  sheet.y = page.top;
  sheet.onNewPage();
}

const heightOf = ({ size }: Style): number => size * lineHeight;

function broken({ pdf }: Sheet, text: string, style: Style, width: number): string[] {
  pdf.font(style.face).fontSize(style.size);
  return linesOf(showable(text, style.face), width, (part) => widthOf(pdf, part));
}

function widthOf(pdf: Pdf, line: string): number {
  return piecesOf(line).reduce(
    (sum, { text, isRightToLeft }) => sum + pdf.widthOfString(text, optionsOf(isRightToLeft)),
    0,
  );
}

/** With a list of features, be it empty, the library lays out a whole piece and not word by word from the left. */
function optionsOf(isRightToLeft: boolean): PDFKit.Mixins.TextOptions {
  return isRightToLeft ? { lineBreak: false, features: [] } : { lineBreak: false };
}

function drawLine(pdf: Pdf, line: string, x: number, y: number, style: Style): void {
  pdf.font(style.face).fontSize(style.size);
  let left = x;
  for (const { text, isRightToLeft } of piecesOf(line)) {
    const options = optionsOf(isRightToLeft);
    pdf.text(text, left, y, options);
    left += pdf.widthOfString(text, options);
  }
}

// ---------------------------------------------------------------- the blocks

function drawBlock(sheet: Sheet, block: Block): void {
  switch (block.kind) {
    case 'heading':
      sheet.y += 6;
      makeRoom(sheet, 4 * heightOf(styles.heading));
      return paragraph(sheet, 'H2', block.text, styles.heading, 4);
    case 'paragraph':
      return paragraph(sheet, 'P', block.text, styles.text, 6);
    case 'values':
      return values(sheet, block.rows);
    case 'table':
      return table(sheet, block.columns, block.rows);
  }
}

function paragraph(sheet: Sheet, tag: string, text: string, style: Style, after: number): void {
  const element = sheet.pdf.struct(tag);
  sheet.root.add(element);
  for (const line of broken(sheet, text, style, page.right - page.left)) {
    makeRoom(sheet, heightOf(style));
    element.add(() => drawLine(sheet.pdf, line, page.left, sheet.y, style));
    sheet.y += heightOf(style);
  }
  element.end();
  sheet.y += after;
}

interface Cell {
  readonly x: number;
  readonly width: number;
  readonly style: Style;
  readonly lines: readonly string[];
  readonly isRight: boolean;
}

function values(sheet: Sheet, rows: readonly (readonly [string, string])[]): void {
  const element = sheet.pdf.struct('Table');
  sheet.root.add(element);
  const split = page.left + 150;
  for (const [label, value] of rows) {
    const cells = [
      cellOf(sheet, label, styles.label, page.left, split - page.left - columnGap),
      cellOf(sheet, value, styles.text, split, page.right - split),
    ];
    drawRow(sheet, element, cells, (index) => (index === 0 ? 'Row' : undefined));
    sheet.y += 2;
  }
  element.end();
  sheet.y += 6;
}

function table(
  sheet: Sheet,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): void {
  const element = sheet.pdf.struct('Table');
  sheet.root.add(element);
  const header = cellsOf(
    sheet,
    columns,
    columns.map((column) => column.header),
    styles.header,
  );
  drawRow(sheet, element, header, () => 'Column');
  rule(sheet);
  sheet.onNewPage = () => {
    // What stands above already is no content here.
    sheet.pdf.markContent('Artifact', { type: 'Pagination' });
    drawCells(sheet, header);
    sheet.pdf.endMarkedContent();
    rule(sheet);
  };
  for (const row of rows) {
    drawRow(sheet, element, cellsOf(sheet, columns, row, styles.cell), () => undefined);
    sheet.y += 2;
  }
  sheet.onNewPage = () => {};
  element.end();
  sheet.y += 8;
}

function cellsOf(
  sheet: Sheet,
  columns: readonly Column[],
  texts: readonly string[],
  style: Style,
): Cell[] {
  const whole = columns.reduce((sum, { share }) => sum + share, 0);
  let x = page.left;
  return columns.map(({ share, align }, index) => {
    const width = ((page.right - page.left) * share) / whole;
    const cell = cellOf(sheet, texts[index] ?? '', style, x, width - columnGap, align === 'right');
    x += width;
    return cell;
  });
}

function cellOf(
  sheet: Sheet,
  text: string,
  style: Style,
  x: number,
  width: number,
  isRight = false,
): Cell {
  return { x, width, style, lines: broken(sheet, text, style, width), isRight };
}

/** A row stays together where a page has room for it. A cell with a scope is the header of its row or column. */
function drawRow(
  sheet: Sheet,
  parent: Element,
  cells: readonly Cell[],
  scopeOf: (index: number) => 'Row' | 'Column' | undefined,
): void {
  const { pdf } = sheet;
  const row = pdf.struct('TR');
  parent.add(row);
  const elements = cells.map((_, index) => {
    const scope = scopeOf(index);
    const element = scope === undefined ? pdf.struct('TD') : pdf.struct('TH', { scope });
    row.add(element);
    return element;
  });
  makeRoom(sheet, Math.min(heightOfRow(cells), page.bottom - page.top));
  drawCells(sheet, cells, (index, draw) => elements[index]?.add(draw));
  row.end();
}

const rowsOf = (cells: readonly Cell[]): number =>
  Math.max(1, ...cells.map(({ lines }) => lines.length));
const heightOfRow = (cells: readonly Cell[]): number =>
  rowsOf(cells) * Math.max(...cells.map(({ style }) => heightOf(style)));

function drawCells(
  sheet: Sheet,
  cells: readonly Cell[],
  into: (index: number, draw: () => void) => void = (_, draw) => draw(),
): void {
  const { pdf } = sheet;
  const height = heightOfRow(cells) / rowsOf(cells);
  for (let at = 0; at < rowsOf(cells); at += 1) {
    makeRoom(sheet, height);
    for (const [index, { x, width, style, lines, isRight }] of cells.entries()) {
      const line = lines[at];
      if (line === undefined || line === '') continue;
      into(index, () => {
        pdf.font(style.face).fontSize(style.size);
        drawLine(pdf, line, isRight ? x + width - widthOf(pdf, line) : x, sheet.y, style);
      });
    }
    sheet.y += height;
  }
}

function rule(sheet: Sheet): void {
  const { pdf } = sheet;
  pdf.markContent('Artifact', { type: 'Layout' });
  pdf.moveTo(page.left, sheet.y).lineTo(page.right, sheet.y).lineWidth(0.5).stroke('#555555');
  pdf.endMarkedContent();
  sheet.y += 3;
}

/** What stands at the foot of each page, when it is known how many there are. */
function feet(pdf: Pdf, footer: string): void {
  const { face, size } = styles.foot;
  const { count } = pdf.bufferedPageRange();
  for (let at = 0; at < count; at += 1) {
    pdf.switchToPage(at);
    pdf.markContent('Artifact', { type: 'Pagination' });
    pdf.font(face).fontSize(size);
    const number = `Sida ${at + 1} av ${count}`;
    const left = page.right - pdf.widthOfString(number);
    const [line = ''] = linesOf(showable(footer, face), left - page.left - columnGap, (part) =>
      widthOf(pdf, part),
    );
    drawLine(pdf, line, page.left, page.foot, styles.foot);
    drawLine(pdf, number, left, page.foot, styles.foot);
    pdf.endMarkedContent();
  }
}
