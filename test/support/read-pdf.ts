/** Reads a PDF as its receiver's programs do, with another library than the one that made it. */
import { inflateSync } from 'node:zlib';
import { getDocument, type PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';

export interface ReadPdf {
  /** Each page's text as it is drawn, pieces of one line apart by a bar. */
  readonly text: string;
  /** The tags, nested: `Document(H1 P Table(TR(TH:Row TD)))`. */
  readonly tags: readonly string[];
  readonly language: string | undefined;
  readonly isMarked: boolean;
  readonly title: string | undefined;
  /** What the XMP packet claims: part and conformance of PDF/A. */
  readonly claims: string;
  readonly xmp: string;
  /** Each font's name and whether its file is in the document. */
  readonly hasAllFonts: boolean;
  readonly pages: number;
}

export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const source = getDocument({ data: Uint8Array.from(bytes), verbosity: 0 });
  const pdf = await source.promise;
  const raw = Buffer.from(bytes).toString('latin1');
  const info: { Title?: string; Language?: string } = (await pdf.getMetadata()).info;
  const pages = await Promise.all(
    Array.from({ length: pdf.numPages }, (_, index) => pdf.getPage(index + 1)),
  );
  const text = (await Promise.all(pages.map(textOf))).join('\n\f\n');
  const tags = await Promise.all(pages.map(async (page) => tagOf(await page.getStructTree())));
  const xmp =
    /<\?xpacket begin[\s\S]*?<\?xpacket end/.exec(Buffer.from(bytes).toString())?.[0] ?? '';
  const isMarked = (await pdf.getMarkInfo())?.Marked === true;
  await source.destroy();
  return {
    text,
    tags,
    language: /\/Lang \(([^)]+)\)/.exec(raw)?.[1] ?? info.Language,
    isMarked,
    title: info.Title,
    claims: `${/pdfaid:part>(\d)/.exec(xmp)?.[1]}${/pdfaid:conformance>(\w)/.exec(xmp)?.[1]}`,
    xmp,
    hasAllFonts:
      raw.match(/\/Type \/FontDescriptor/g)?.length === raw.match(/\/FontFile2 \d+ 0 R/g)?.length &&
      !/\/Subtype \/Type1\b/.test(raw),
    pages: pdf.numPages,
  };
}

async function textOf(page: PDFPageProxy): Promise<string> {
  const { items } = await page.getTextContent();
  const lines = new Map<number, string[]>();
  for (const item of items) {
    if (!('str' in item) || item.str.trim() === '') continue;
    const y = Math.round(Number(item.transform[5]));
    lines.set(y, [...(lines.get(y) ?? []), item.str]);
  }
  return [...lines.entries()]
    .toSorted(([one], [other]) => other - one)
    .map(([, parts]) => parts.join(' | '))
    .join('\n');
}

type StructTree = Awaited<ReturnType<PDFPageProxy['getStructTree']>>;

function tagOf(node: StructTree): string {
  const inner = node.children
    .map((child) => ('role' in child ? tagOf(child) : ''))
    .filter((tag) => tag !== '');
  const role = node.role === 'Root' ? '' : node.role;
  return inner.length === 0 ? role : `${role}(${inner.join(' ')})`;
}

/** Every stream of the file that is packed, unpacked. */
export function streamsOf(bytes: Uint8Array): string[] {
  const raw = Buffer.from(bytes);
  const streams: string[] = [];
  let from = raw.indexOf('stream\n');
  while (from >= 0) {
    const until = raw.indexOf('\nendstream', from);
    try {
      streams.push(inflateSync(raw.subarray(from + 7, until)).toString('latin1'));
    } catch {
      // Not packed, or packed otherwise.
    }
    from = raw.indexOf('stream\n', until + 10);
  }
  return streams;
}
