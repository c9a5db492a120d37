/**
 * A second opinion: the library `hl7v2` reads the same messages, and must find the same segments, fields, repetitions,
 * components and sub-components. Where it does not, the difference stands in the table below with its reason; one that
 * does not stand there fails. HEMGANG_CORPUS names a folder of other people's messages to compare too.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { charsetOf, decode } from '../adapters/inbound/hl7v2/message/charset.ts';
import { Random } from '../adapters/simulated/random.ts';
import { corpusCases, foreignMessages } from './support/corpus.ts';
import { mutated } from './support/mutations.ts';
import { compare, type Place } from './support/second-opinion.ts';

interface Difference {
  readonly what: string;
  readonly why: string;
  /** Whether a place shows it. */
  readonly holds: (place: Place) => boolean;
}

/** Every difference there is between the two. */
const differences: readonly Difference[] = [
  {
    what: 'MSH-2 is split by the separators that it defines',
    why: 'it is one value, and the answer echoes it as it came',
    holds: ({ path }) => path.startsWith('MSH-2('),
  },
  {
    what: 'segments end at CR alone, and the text at FS',
    why: 'files have line feeds where the wire has CR; framing is taken off before a message is read',
    holds: ({ path, written, theirs, message }) =>
      path === 'segments'
        ? written.includes('\n') || written.includes('\u001c')
        : message.text.includes('\u001c') || (typeof theirs === 'string' && theirs.includes('\n')),
  },
  {
    what: 'times are worded anew: without seconds that are zero, a month as its first day, or as a Date',
    why: 'a time keeps its precision and its offset here; the mapping reads it by the zone of its sender',
    holds: ({ ours, theirs }) => typeof ours === 'string' && isSameTime(ours, theirs),
  },
  {
    what: 'numbers are numbers, and what follows their digits is lost',
    why: 'a set id 01 or a number with hyphens stays as it was written',
    holds: ({ ours, theirs }) =>
      typeof theirs === 'number' && Number.parseFloat(ours ?? '') === theirs,
  },
  {
    what: '& within a data type that has no sub-components is text',
    why: 'we ask no dictionary while reading: the mapping says by its path what it takes apart',
    holds: ({ written, message }) => {
      const { subcomponent } = message.delimiters;
      return subcomponent !== '' && written.includes(subcomponent);
    },
  },
  {
    what: 'of a sequence it does not know the library keeps the inside, as it does of \\H\\ and \\N\\',
    why: 'C:\\temp\\x loses nothing; highlighting is presentation only',
    holds: ({ written, message: { delimiters } }) =>
      delimiters.escape === '\\' && /\\(?![FSTRE]\\)[^\\]+\\/.test(written),
  },
  {
    what: 'the escape character is \\ whatever MSH-2 says',
    why: 'MSH-2 names it, and may name none',
    holds: ({ written, message: { delimiters } }) =>
      delimiters.escape !== '\\' && (written.includes('\\') || written.includes(delimiters.escape)),
  },
];

/** Whether a time of the library begins with the digits that ours has: the year at least, or hour and minute. */
function isSameTime(ours: string, theirs: unknown): boolean {
  if (theirs instanceof Date) return ours.includes(String(theirs.getUTCFullYear()));
  if (typeof theirs !== 'string') return false;
  const [our = '', their = ''] = [ours, theirs].map((text) =>
    text.replace(/\..*$/, '').replace(/\D/g, '').slice(0, 8),
  );
  return (
    Math.min(our.length, their.length) >= 4 && (our.startsWith(their) || their.startsWith(our))
  );
}

function unexplained(
  text: string,
  charset: Parameters<typeof compare>[1],
): { compared: number; strange: string[] } {
  const comparison = compare(text, charset);
  const strange = (comparison?.differing ?? [])
    .filter((place) => !differences.some(({ holds }) => holds(place)))
    .map(
      ({ path, written, ours, theirs }) => `${path} ${JSON.stringify({ written, ours, theirs })}`,
    );
  return { compared: comparison?.compared ?? 0, strange: strange.slice(0, 5) };
}

/** The text of a message in its own character set; byte by byte where that does not work. */
function textOf(raw: Uint8Array): Parameters<typeof unexplained> {
  const plain = Buffer.from(raw)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
  try {
    const charset = charsetOf(plain.split(/[\r\n]/)[0]?.split('|')[17] ?? '', 'UNICODE UTF-8');
    return [decode(raw, charset).replace(/^\ufeff/, ''), charset];
  } catch {
    return [plain, 'latin1'];
  }
}

describe('the library hl7v2 finds the same values', () => {
  test('in every message of our corpus', () => {
    let all = 0;
    for (const { name, raw } of corpusCases()) {
      const { compared, strange } = unexplained(...textOf(raw));
      expect(strange, name).toEqual([]);
      all += compared;
    }
    expect(all).toBeGreaterThan(2000);
  });

  test('in spoilt ones', () => {
    const own = corpusCases().map(({ raw }) => raw);
    const random = new Random(4);
    for (let index = 0; index < (process.env['HEMGANG_LONG'] === '1' ? 10_000 : 500); index += 1) {
      const { bytes, how } = mutated(own[index % own.length] ?? new Uint8Array(), random, own);
      // Segments that it does not know by name it reads as text; long ones say nothing more.
      expect(unexplained(...textOf(bytes.subarray(0, 3000))).strange, `${index} ${how}`).toEqual(
        [],
      );
    }
  });

  test('in messages made of anything, with any separators', () => {
    const segment = fc.constantFrom('EVN', 'PID', 'PV1', 'PV2', 'OBX', 'NTE', 'MRG', 'ZUT', 'ZZ1');
    const piece = fc.constantFrom(
      'a',
      'Å',
      '7',
      '20220307',
      '""',
      '~',
      '^',
      '&',
      '\\F\\',
      '\\T\\',
      '\\E\\',
      '\\X41\\',
      '\\.br\\',
      ' ',
      '',
    );
    const value = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const line = fc
      .tuple(segment, fc.array(value, { maxLength: 12 }))
      .map(([name, values]) => [name, ...values].join('|'));
    const separators = fc.constantFrom(
      '|^~\\&',
      '|^~\\&',
      '|^~\\',
      '|^~',
      '#^~\\&',
      '|*!\\%',
      '|^~?&',
    );
    const version = fc.constantFrom('2.3', '2.5', '2.8');
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 6 }),
        separators,
        version,
        (lines, chosen, versionId) => {
          const text = [`MSH|^~\\&|A|B|C|D|20220307||ADT^A01|1|P|${versionId}`, ...lines].join(
            '\r',
          );
          expect(unexplained(withSeparators(text, chosen), 'utf8').strange).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.skipIf(process.env['HEMGANG_CORPUS'] === undefined)(
    'in every message of HEMGANG_CORPUS',
    () => {
      let all = 0;
      for (const { name, raw } of foreignMessages(process.env['HEMGANG_CORPUS'] ?? '')) {
        const [text, charset] = textOf(raw);
        for (const lines of [text, text.replace(/\r?\n/g, '\r')]) {
          const { compared, strange } = unexplained(lines, charset);
          expect(strange, name).toEqual([]);
          all += compared;
        }
      }
      expect(all).toBeGreaterThan(0);
    },
    600_000,
  );

  test('and every difference in the table is one that is met', () => {
    const met = new Set<string>();
    const samples = [
      ...corpusCases().map(({ raw }) => textOf(raw)),
      ['MSH|^~?&|A|B|C|D|20220307||ADT^A01|1|P|2.5\rPID|1||a?F?b', 'utf8'] as const,
      ['MSH|^~\\&|A|B|C|D|20220307||ADT^A01|1|P|2.5\rPV1|01|a&b', 'utf8'] as const,
    ];
    for (const [text, charset] of samples) {
      for (const place of compare(text, charset)?.differing ?? []) {
        const found = differences.find(({ holds }) => holds(place));
        if (found !== undefined) met.add(found.what);
      }
    }
    expect(differences.map(({ what }) => what).filter((what) => !met.has(what))).toEqual([]);
  });
});

/** The same message with other separators for `|^~\&`. */
function withSeparators(text: string, chosen: string): string {
  return text.replace(/[|^~\\&]/g, (one) => chosen['|^~\\&'.indexOf(one)] ?? '');
}
