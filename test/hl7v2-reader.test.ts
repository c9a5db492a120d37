import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { charsetOf, decode } from '../adapters/inbound/hl7v2/message/charset.ts';
import { escapeText, unescape } from '../adapters/inbound/hl7v2/message/escapes.ts';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { Hl7Message } from '../adapters/inbound/hl7v2/message/message.ts';
import { kindOfPersonNumber } from '../adapters/person-numbers.ts';
import { formatTime, parseTime } from '../adapters/inbound/hl7v2/message/time.ts';
import { GatewayError, asGatewayError } from '../gateway/errors.ts';
import { loadMappings, parsePath } from '../mappings/index.ts';
import { corpusCases } from './support/corpus.ts';

function read(text: string): Hl7Message {
  return new Hl7Message(Buffer.from(text), text, 'utf8');
}

function valueAt(message: Hl7Message, text: string): string | null | undefined {
  const path = parsePath(text);
  if (path === undefined) throw new Error(`${text} is not a path`);
  return message.value(path);
}

const msh = 'MSH|^~\\&|A|B|C|D|20220307||ADT^A01|1|P|2.5';

describe('paths', () => {
  test('name segment, field, repetition, component and sub-component from 1', () => {
    expect(parsePath('PID-3(2).4.1')).toEqual({
      text: 'PID-3(2).4.1',
      segment: 'PID',
      field: 3,
      repetition: 2,
      component: 4,
      subcomponent: 1,
    });
  });

  test.each(['PV1', 'PV1-', 'PV1-0', 'pv1-4', 'PV1_44', 'PID-3.0', 'PID-3()', 'PID-3.1.1.1', ''])(
    '%j is none',
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );

  test('find repetitions, components and sub-components, and nothing beyond them', () => {
    const message = read(`${msh}\rPID|||1^^^X&1.2&ISO~2^^^Y||F^G\rPV1|`);
    expect(valueAt(message, 'PID-3')).toBe('1');
    expect(valueAt(message, 'PID-3(2)')).toBe('2');
    expect(valueAt(message, 'PID-3.4.2')).toBe('1.2');
    expect(valueAt(message, 'PID-3(2).4')).toBe('Y');
    expect(valueAt(message, 'PID-3(3)')).toBeUndefined();
    expect(valueAt(message, 'PID-3(2).4.2')).toBeUndefined();
    expect(valueAt(message, 'PID-3.5')).toBeUndefined();
    expect(valueAt(message, 'PID-6')).toBeUndefined();
    expect(valueAt(message, 'PV1-1')).toBeUndefined();
    expect(valueAt(message, 'ZZZ-1')).toBeUndefined();
    expect(message.repetitions('PID', 3)).toBe(2);
    expect(message.repetitions('PID', 4)).toBe(0);
  });

  test('count MSH from its own separator', () => {
    const message = read(msh);
    expect(valueAt(message, 'MSH-1')).toBe('|');
    expect(valueAt(message, 'MSH-2')).toBe('^~\\&');
    expect(valueAt(message, 'MSH-3')).toBe('A');
    expect(valueAt(message, 'MSH-12')).toBe('2.5');
    expect(valueAt(message, 'MSH-13')).toBeUndefined();
  });

  test('tell "" (explicitly none) from empty and absent', () => {
    const message = read(`${msh}\rPV2|""||x`);
    expect(valueAt(message, 'PV2-1')).toBeNull();
    expect(valueAt(message, 'PV2-2')).toBeUndefined();
    expect(valueAt(message, 'PV2-9')).toBeUndefined();
  });

  test('a segment is not mistaken for one whose name begins alike', () => {
    const message = read(`${msh}\rPV12|wrong\rPV1|right`);
    expect(valueAt(message, 'PV1-1')).toBe('right');
  });
});

describe('separators and segments', () => {
  test.each([
    '',
    'MSH',
    'MSH|',
    'MSH||',
    'MSHA^~\\&|',
    'MSH|^^\\&|',
    'MSH|^~\\&',
    'PID|1',
    'MSH|^~\\&#$%|',
  ])('%j is refused as not HL7', (text) => {
    expect(() => read(text)).toThrow(GatewayError);
  });

  test('a sender that uses no escape or sub-component character is read without them', () => {
    const message = read('MSH|^~|A\rPID|a\\T\\b&c~d');
    expect(valueAt(message, 'PID-1')).toBe('a\\T\\b&c');
    expect(valueAt(message, 'PID-1(2)')).toBe('d');
  });

  test('CR, LF, CRLF, a byte order mark and blank lines give the same segments', () => {
    for (const eol of ['\r', '\n', '\r\n', '\r\r', '\n\n', '\n\r']) {
      const message = read(`\ufeff${[msh, 'EVN|A01', 'PV1|1|I'].join(eol)}${eol}`);
      expect(message.segmentNames(), JSON.stringify(eol)).toEqual(['MSH', 'EVN', 'PV1']);
      expect(valueAt(message, 'PV1-2')).toBe('I');
    }
  });

  test('any separators read back what was escaped with them', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'aå 1|^~\\&#*!/%'.split('')) });
    const separators = fc.shuffledSubarray('|^~\\&#*!/%'.split(''), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(separators, fc.array(plain, { minLength: 1, maxLength: 5 }), (all, values) => {
        const [field = '', component = '', repetition = '', escape = '', subcomponent = ''] = all;
        const delimiters = { field, component, repetition, escape, subcomponent };
        const escaped = values.map((value) => escapeText(value, delimiters));
        const message = read(
          `MSH${field}${component}${repetition}${escape}${subcomponent}${field}A\r` +
            `PID${field}${escaped.join(component)}`,
        );
        for (const [index, value] of values.entries()) {
          expect(valueAt(message, `PID-1.${index + 1}`) ?? '').toBe(value);
        }
      }),
    );
  });

  test('never throws anything but a GatewayError, whatever the bytes', () => {
    const inbound = hl7v2Inbound(loadMappings());
    const cases = corpusCases().map(({ raw }) => raw);
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...cases), bytes, fc.nat(), fc.nat(60), (raw, junk, at, cut) => {
        const place = at % (raw.length + 1);
        const spoilt = Buffer.concat([raw.subarray(0, place), junk, raw.subarray(place + cut)]);
        try {
          inbound.translate(inbound.read(spoilt));
        } catch (thrown) {
          expect(asGatewayError(thrown).code).not.toBe('assertion-failed');
          const verdict = { accepted: false, error: asGatewayError(thrown) } as const;
          const context = { answerId: 'x', now: '2022-03-07T12:00:00.000Z' };
          inbound.acknowledge(undefined, spoilt, verdict, context);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('escapes', () => {
  const delimiters = {
    field: '|',
    component: '^',
    repetition: '~',
    escape: '\\',
    subcomponent: '&',
  };

  test.each([
    ['a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f', 'a|b^c&d~e\\f'],
    ['\\XC3A5\\', 'å'],
    ['\\X0D0A\\', '\r\n'],
    ['a\\.br\\b', 'a\nb'],
    ['\\H\\bold\\N\\', 'bold'],
    ['C:\\temp\\x', 'C:\\temp\\x'],
    ['C:\\temp\\F\\x', 'C:\\temp|x'],
    ['\\Zfoo\\', '\\Zfoo\\'],
    ['lone \\', 'lone \\'],
    ['\\\\', '\\\\'],
  ])('%j means %j', (escaped, plain) => {
    expect(unescape(escaped, delimiters, 'utf8')).toBe(plain);
  });

  test('hexadecimal bytes of another character set are refused', () => {
    expect(() => unescape('\\XE5\\', delimiters, 'utf8')).toThrow(/character set/);
    expect(unescape('\\XE5\\', delimiters, 'latin1')).toBe('å');
  });
});

describe('character sets', () => {
  test('what is not of the declared set is refused, never replaced', () => {
    const latin = Buffer.from('Åsa', 'latin1');
    expect(decode(latin, 'latin1')).toBe('Åsa');
    expect(() => decode(latin, 'utf8')).toThrow(GatewayError);
    expect(() => decode(latin, 'ascii')).toThrow(GatewayError);
    expect(() => decode(Buffer.from('Åsa'), 'latin1')).toThrow(GatewayError);
    expect(decode(Buffer.from([0xa4]), 'latin9')).toBe('€');
    expect(decode(Buffer.from('Åsa'), 'utf8')).toBe('Åsa');
  });

  test('empty means what the sender is known to write, and an unknown name is an error', () => {
    expect(charsetOf('', '8859/1')).toBe('latin1');
    expect(charsetOf('UNICODE UTF-8', '8859/1')).toBe('utf8');
    expect(() => charsetOf('__proto__', '8859/1')).toThrow(GatewayError);
  });
});

describe('times', () => {
  const zone = 'Europe/Stockholm';
  const at = (text: string): string => parseTime(text, zone, 'EVN-6').instant;

  test.each([
    ['20220307115900', '2022-03-07T10:59:00.000Z'],
    ['202203071159', '2022-03-07T10:59:00.000Z'],
    ['20220307115959.1234', '2022-03-07T10:59:59.123Z'],
    ['20220307115959.5+0000', '2022-03-07T11:59:59.500Z'],
    ['20220307115900-0330', '2022-03-07T15:29:00.000Z'],
    ['20240229235959', '2024-02-29T22:59:59.000Z'],
    ['20220327015959', '2022-03-27T00:59:59.000Z'],
    ['20220327030000', '2022-03-27T01:00:00.000Z'],
    ['20221030015959', '2022-10-29T23:59:59.000Z'],
    ['20221030030000', '2022-10-30T02:00:00.000Z'],
  ])('%s in Sweden is %s', (text, instant) => {
    expect(at(text)).toBe(instant);
    expect(parseTime(text, zone, 'EVN-6').warnings).toEqual([]);
  });

  test.each([
    '',
    '2022',
    '202203',
    '20220230',
    '20230229',
    '20221301',
    '20220300',
    '2022030724',
    '202203071160',
  ])('%j is no time', (text) => {
    expect(() => at(text)).toThrow(/EVN-6/);
  });
  test.each([
    '20220307115900.',
    '20220307115900+01',
    '20220307115900+2500',
    '2022-03-07',
    '20220307 1159',
  ])('%j is no time either', (text) => {
    expect(() => at(text)).toThrow(/EVN-6/);
  });

  test('the hour that does not exist moves forward, the hour that comes twice is the first, and both are said', () => {
    expect(parseTime('20220327020000', zone, 'x')).toEqual({
      instant: '2022-03-27T01:00:00.000Z',
      warnings: ['DST_GAP'],
    });
    expect(parseTime('20220327025959', zone, 'x').instant).toBe('2022-03-27T01:59:59.000Z');
    expect(parseTime('20221030020000', zone, 'x')).toEqual({
      instant: '2022-10-30T00:00:00.000Z',
      warnings: ['DST_OVERLAP'],
    });
    expect(parseTime('20221030025959', zone, 'x').warnings).toEqual(['DST_OVERLAP']);
  });

  test('a date is the day and no hour; an hour without minutes is said to be one', () => {
    expect(parseTime('20220307', zone, 'x')).toEqual({
      instant: '2022-03-06T23:00:00.000Z',
      precision: 'day',
      warnings: [],
    });
    expect(parseTime('2022030711', zone, 'x').warnings).toEqual(['HOUR_PRECISION']);
  });

  test('a change of half an hour within an hour is seen too', () => {
    // Lord Howe moves by thirty minutes at 02.00.
    const island = 'Australia/Lord_Howe';
    expect(parseTime('20221002021500', island, 'x').warnings).toEqual(['DST_GAP']);
    expect(parseTime('20221002024500', island, 'x').instant).toBe('2022-10-01T15:45:00.000Z');
  });

  test('every instant written for an answer reads back as itself, to the second', () => {
    const seconds = fc.integer({ min: 0, max: 2_000_000_000 });
    fc.assert(
      fc.property(seconds, fc.constantFrom(zone, 'UTC', 'America/St_Johns'), (second, place) => {
        const instant = new Date(second * 1000).toISOString();
        expect(at(formatTime(instant, place))).toBe(instant);
      }),
      { numRuns: 300 },
    );
  });

  test('an answer has local time with its offset', () => {
    expect(formatTime('2022-03-07T10:59:00.000Z', zone)).toBe('20220307115900+0100');
    expect(formatTime('2022-07-07T10:59:00.000Z', zone)).toBe('20220707125900+0200');
  });
});

describe('person numbers', () => {
  test('a personnummer has a date and its check digit', () => {
    expect(kindOfPersonNumber('195009072553')).toBe('personnummer');
    expect(kindOfPersonNumber('195009072553'.replace(/3$/, '4'))).toBeUndefined();
    expect(kindOfPersonNumber('5009072553')).toBeUndefined();
    expect(kindOfPersonNumber('195009072553'.replace(/^19/, '21'))).toBeUndefined();
  });

  test('a samordningsnummer may have an unknown month or day', () => {
    expect(kindOfPersonNumber('191401682396')).toBe('samordningsnummer');
    expect(kindOfPersonNumber('191500722390')).toBe('samordningsnummer');
    expect(kindOfPersonNumber('195302602395')).toBe('samordningsnummer');
  });
});
