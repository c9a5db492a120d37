import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBatch, splitMessages } from '../adapters/inbound/hl7v2/batch.ts';

const one = 'MSH|^~\\&|A|B|C|D|20220307||ADT^A01|ONE|P|2.5\rPID|1\r';
const two = 'MSH|^~\\&|A|B|C|D|20220307||ADT^A03|TWO|P|2.5\rPID|1\r';

function split(text: string) {
  const { messages, ...rest } = splitMessages(Buffer.from(text, 'latin1'));
  return { texts: messages.map((bytes) => Buffer.from(bytes).toString('latin1')), ...rest };
}

describe('a file of several messages', () => {
  test('is taken apart whatever ends its segments', () => {
    for (const [framing, end] of [
      ['cr', '\r'],
      ['lf', '\n'],
      ['crlf', '\r\n'],
    ] as const) {
      const written = (text: string): string => text.replaceAll('\r', end);
      for (const between of ['', end, end + end]) {
        const found = split(`${written(one)}${between}${written(two)}${between}`);
        expect(found).toMatchObject({ texts: [written(one), written(two)], framing, problems: [] });
      }
    }
  });

  test('in MLLP frames gives the very bytes of each frame', () => {
    const found = split(`\x0b${one}\r\x1c\r\x0b${two.slice(0, -1)}\x1c\r\n`);
    expect(found).toMatchObject({
      texts: [`${one}\r`, two.slice(0, -1)],
      framing: 'mllp',
      problems: [],
    });
  });

  test('a last message without an end of line is whole, a frame without its end is not', () => {
    expect(split(one + two.slice(0, -1)).texts).toEqual([one, two.slice(0, -1)]);
    expect(split(`\x0b${one}\x1c\r\x0b${two}`)).toMatchObject({
      texts: [one],
      problems: ['a frame begins with VT and has no end (FS): cut off, not taken'],
    });
  });

  test('MSH within a line begins nothing, nor does a name that only begins like it', () => {
    const text = `${one}OBX|1|TX|MSH|^~\\&\rMSHX|1\rZFH|FHS|1\r`;
    expect(split(text).texts).toEqual([text]);
  });

  test('a byte order mark goes before each message: it speaks for the whole file', () => {
    const { messages } = splitMessages(Buffer.from(`\ufeff${one}${two}`));
    expect(messages.map((bytes) => Buffer.from(bytes).toString())).toEqual([
      `\ufeff${one}`,
      `\ufeff${two}`,
    ]);
  });

  test('bytes outside messages are counted, not shown', () => {
    const found = split(`Anna\r\n\x0b${one}\x1c\rrest\x0b${two}\x1c\r`);
    expect(found.texts).toEqual([one, two]);
    expect(found.problems).toEqual(['8 bytes stand outside the messages: passed over']);
  });

  test('a file that holds no message says so, and UTF-16 by its name', () => {
    expect(split('').problems).toEqual(['no message: no line begins with MSH and its separators']);
    expect(split('PID|1\r')).toMatchObject({ texts: [], framing: 'cr' });
    const wide = splitMessages(Buffer.from(`\ufeff${one}`, 'utf16le'));
    expect(wide).toMatchObject({
      messages: [],
      problems: ['written in UTF-16: save it as UTF-8 or ISO 8859-1'],
    });
  });
});

describe('a batch', () => {
  test('gives its messages in order, by batch, with its headers as written', () => {
    const found = split(
      `FHS|^~\\&|A|B\rBHS|^~\\&|A|B|||||||B1\r${one}BTS|1\rBHS|^~\\&|A|B|||||||B2\r${two}BTS|1\rFTS|2\r`,
    );
    expect(found.texts).toEqual([one, two]);
    expect(found.fileHeader).toBe('FHS|^~\\&|A|B');
    expect(found.batches.map(({ header, messages }) => [header, messages.length])).toEqual([
      ['BHS|^~\\&|A|B|||||||B1', 1],
      ['BHS|^~\\&|A|B|||||||B2', 1],
    ]);
    expect(found.problems).toEqual([]);
  });

  test('whose counts are wrong gives its messages all the same, and tells', () => {
    const found = split(`FHS|^~\\&\rBHS|^~\\&\r${one}${two}BTS|3\rFTS|4\r`);
    expect(found.texts).toEqual([one, two]);
    expect(found.problems).toEqual([
      'BTS-1 says 3 messages, there are 2',
      'FTS-1 says 4 batches, there are 1',
    ]);
    expect(split(`BHS|^~\\&\r${one}BTS|x\r`).problems).toEqual(['BTS-1 is not a number']);
  });

  test('may leave its counts out, and may be empty', () => {
    expect(split(`BHS|^~\\&\r${one}BTS\r`).problems).toEqual([]);
    expect(split('BHS|^~\\&\rBTS|0\r')).toMatchObject({ texts: [], problems: [] });
  });

  test('that is cut off is told', () => {
    expect(split(`FHS|^~\\&\rBHS|^~\\&\r${one}`).problems).toEqual([
      'BHS without its BTS: the batch may be cut off',
      'FHS without its FTS: the file may be cut off',
    ]);
    expect(split(`${one}BTS|1\rFTS|0\r`).problems).toEqual([
      'BTS without its BHS',
      'FTS without its FHS',
    ]);
  });

  test('is known by its first three bytes', () => {
    expect(['FHS|', 'BHS|', 'MSH|', 'FTS|', ''].map((text) => isBatch(Buffer.from(text)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

test('whatever the bytes are, splitting ends, and every message begins with MSH', () => {
  const pieces = fc.constantFrom(
    'MSH|^~\\&|',
    'BHS|^~\\&',
    'BTS|1',
    'FHS|',
    'FTS|',
    '\r',
    '\n',
    '\x0b',
    '\x1c',
    'PID|',
    'å',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const { texts, problems } = split(parts.join(''));
      for (const text of texts) expect(text.startsWith('MSH|')).toBe(true);
      expect(problems.length).toBeLessThanOrEqual(100);
    }),
  );
});
