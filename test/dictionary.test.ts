import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadDictionary } from '../adapters/inbound/hl7v2/checks/dictionary.ts';
import type { DictionaryCheck } from '../adapters/inbound/hl7v2/checks/dictionary.ts';
import {
  isClockText,
  isDateText,
  isNumber,
  isSequence,
  precisionOf,
} from '../adapters/inbound/hl7v2/checks/formats.ts';
import { Hl7Message } from '../adapters/inbound/hl7v2/message/message.ts';
import type { Remark } from '../adapters/inbound/hl7v2/checks/remark.ts';
import { profileCheck } from '../adapters/inbound/hl7v2/checks/validate.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { loadMappings } from '../mappings/index.ts';
import { loadMessageProfiles } from '../profiles/index.ts';
import { corpusCases } from './support/corpus.ts';

let check: DictionaryCheck;
beforeAll(async () => {
  check = await loadDictionary();
});

const mappings = loadMappings();
const byProfile = profileCheck(
  loadMessageProfiles({
    known: { tables: mappings.tables.keys(), senders: mappings.senders.map(({ id }) => id) },
  }),
  mappings,
);

function read(text: string): Hl7Message {
  return new Hl7Message(Buffer.from(text), text, 'utf8');
}

/** What is found in a message of this type, version and these segments, information left out unless asked for. */
function found(
  body: readonly string[],
  { type = 'ADT^A01', version = '2.5', all = false } = {},
): string[] {
  const head = `MSH|^~\\&|A|B|C|D|20220307120000||${type}|M1|P|${version}`;
  return check(read([head, ...body].join('\r')))
    .filter(({ severity }) => all || severity !== 'information')
    .map(({ severity, code, location }) => `${severity} ${code} ${location}`);
}

const evn = 'EVN||20220307115500';
const pid = 'PID|1||195009072553^^^X||Påhittad^Åsa';
const pv1 = 'PV1|1|I';

describe('the message structure', () => {
  test('that is kept gets no remark', () => {
    expect(found([evn, pid, pv1])).toEqual([]);
    expect(
      found([
        evn,
        pid,
        'NK1|1',
        'NK1|2',
        pv1,
        'PV2|',
        'OBX|1|ST|a||b||||||F',
        'OBX|2|ST|a||b||||||F',
      ]),
    ).toEqual([]);
  });

  test('a required segment is missed', () => {
    expect(found([evn, pid])).toEqual(['error SEGMENT_MISSING PV1']);
    expect(found([])).toEqual([
      'error SEGMENT_MISSING EVN',
      'error SEGMENT_MISSING PID',
      'error SEGMENT_MISSING PV1',
    ]);
  });

  test('a segment at the wrong place is told, and not missed as well', () => {
    expect(found([evn, pv1, pid])).toEqual(['error SEGMENT_ORDER PID']);
    expect(found([evn, pid, pv1, 'NK1|1', 'NK1|2'])).toEqual(['error SEGMENT_ORDER NK1']);
  });

  test('a segment that may stand once stands twice', () => {
    expect(found([evn, pid, pv1, 'PV2|', 'PV2|', 'PV2|'])).toEqual([
      'error SEGMENT_REPEATED PV2[2]',
    ]);
  });

  test('groups are read: insurance after insurance, each with its own IN2', () => {
    const insured = ['IN1|1|a|b', 'IN2|', 'IN1|2|a|b', 'IN1|3|a|b', 'IN2|'];
    expect(found([evn, pid, pv1, ...insured])).toEqual([]);
    expect(found([evn, pid, pv1, 'IN2|'])).toEqual(['error SEGMENT_ORDER IN2']);
  });

  test('a merge has PID and MRG together, as often as it likes', () => {
    const type = 'ADT^A40';
    expect(found([evn, pid, 'MRG|1', pid, 'MRG|2'], { type })).toEqual([]);
    expect(found([evn, pid, pid, 'MRG|2'], { type })).toEqual(['error SEGMENT_MISSING MRG']);
  });

  test('a segment that has two places in it may stand at either: ROL after PD1, and after PV2', () => {
    const role = 'ROL||AD|X|Y';
    expect(found([evn, pid, 'PD1|', role, role, 'NK1|1', pv1, 'PV2|', role])).toEqual([]);
    expect(found([evn, pid, role, pv1])).toEqual([]);
    expect(found([evn, pid, pv1, 'DG1|1|||||A', role])).toContain('error SEGMENT_ORDER ROL');
  });

  test('two patients that change beds are both read', () => {
    const type = 'ADT^A17';
    expect(found([evn, pid, pv1, pid, pv1], { type })).toEqual([]);
    expect(found([evn, pid, pv1], { type })).toEqual([
      'error SEGMENT_MISSING PID',
      'error SEGMENT_MISSING PV1',
    ]);
  });

  test('segments of the sender and of no version are told as information, once for each name', () => {
    expect(found([evn, pid, 'ZUT|K', pv1, 'ZUT|A', 'QQQ|1'], { all: true })).toEqual([
      'information SEGMENT_OF_SENDER ZUT',
      'information SEGMENT_UNKNOWN QQQ',
    ]);
  });

  test('a segment of HL7 that this message does not have, and a line that is none', () => {
    expect(found([evn, pid, pv1, 'OBR|1|||a'])).toEqual(['warning SEGMENT_UNEXPECTED OBR']);
    expect(found([evn, pid, pv1, '195009072553'])).toEqual(['warning SEGMENT_UNREADABLE line 5']);
    expect(found([evn, pid, pv1, 'ANNA is the name'])).toEqual([
      'warning SEGMENT_UNREADABLE line 5',
    ]);
  });

  test('is that of MSH-9.2, of EVN-1 where that is empty, or of MSH-9.3', () => {
    expect(found([evn, pid, 'MRG|1'], { type: 'ADT^A40^ADT_A01' })).toEqual([]);
    expect(found(['EVN|A40|20220307115500', pid, 'MRG|1'], { type: 'ADT' })).toEqual([]);
    expect(found([evn, pid, pv1], { type: 'ADT^A99^ADT_A01' })).toEqual([]);
    expect(found([evn, pid, pv1], { type: 'ADT^A99' })).toEqual([
      'warning STRUCTURE_UNKNOWN MSH-9',
    ]);
    expect(found([evn, pid, pv1], { type: '__proto__' })).toEqual([
      'warning STRUCTURE_UNKNOWN MSH-9',
    ]);
  });
});

describe('the version', () => {
  test.each(['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1', '2.8'])(
    '%s is known',
    (version) => {
      const codes = found(['EVN|A01|20220307115500', pid, 'NK1|1|a', pv1], { version, all: true });
      expect(codes.filter((one) => /VERSION|STRUCTURE|SEGMENT/.test(one))).toEqual([]);
    },
  );

  test('is read as a coded element', () => {
    expect(found([evn, pid, pv1], { version: '2.5^SWE' })).toEqual([]);
  });

  test('decides: EVN-2 is required from 2.5 on, EVN-1 before', () => {
    expect(found(['EVN|A01', pid, pv1], { version: '2.3' })).toEqual([]);
    expect(found(['EVN|A01', pid, pv1], { version: '2.5' })).toEqual(['error FIELD_MISSING EVN-2']);
    expect(found([evn, pid, pv1], { version: '2.3' })).toEqual(['error FIELD_MISSING EVN-1']);
  });

  test('that the dictionary does not have is checked by the one before it, and says so', () => {
    expect(
      found([evn, pid.replace('^^^X', '^^^X^PI'), pv1], {
        version: '2.8.2',
        type: 'ADT^A01^ADT_A01',
        all: true,
      }),
    ).toEqual(['information VERSION_NEAREST MSH-12']);
  });

  test.each(['', '3.0', 'constructor', '__proto__', '2'])(
    '%j gives one remark alone',
    (version) => {
      expect(found(['PV1|', 'EVN|x'], { version })).toEqual(['warning VERSION_UNKNOWN MSH-12']);
    },
  );
});

describe('a field', () => {
  const patient = (fields: string): string[] => found([evn, `${pid}${fields}`, pv1]);

  test('is missed where it is required, also a component of it', () => {
    expect(found([evn, 'PID|1', pv1])).toEqual([
      'error FIELD_MISSING PID-3',
      'error FIELD_MISSING PID-5',
    ]);
    expect(found([evn, 'PID|1||^^^X||A', pv1])).toEqual(['error COMPONENT_MISSING PID-3.1']);
    expect(found([evn, 'PID|1||1~^^^X||A', pv1])).toEqual(['error COMPONENT_MISSING PID-3(2).1']);
  });

  test('is repeated where it may not be', () => {
    expect(found([evn, pid, 'PV1|1|I|MED1~MED2'])).toEqual(['error FIELD_REPEATED PV1-3']);
  });

  test('is too long, its escapes not counted', () => {
    expect(found([evn, pid, 'PV1|1|I||||||||||||||VIP'])).toEqual(['warning TOO_LONG PV1-16']);
    expect(found([evn, pid, 'PV1|1|I||||||||||||||\\T\\\\T\\'])).toEqual([]);
    expect(found([evn, pid, 'PV1|1|I||||||||||||||VIP'], { version: '2.8' })).not.toContain(
      'warning TOO_LONG PV1-16',
    );
  });

  test('has parts that its type does not have, told once and not as too long', () => {
    expect(patient('||19500907^^^')).toEqual([]);
    expect(found([evn, pid, 'PV1|1|I^Inpatient care of a long name^X'])).toEqual([
      'warning COMPONENT_UNKNOWN PV1-2.2',
    ]);
  });

  test('that the version does not have, or has withdrawn, is information', () => {
    expect(found([evn, pid, pv1, 'PV2|', `DB1|1${'|'.repeat(20)}x`], { all: true })).toEqual([
      'information FIELD_UNKNOWN DB1-21',
    ]);
    const old = 'PID|1|195009072553|1^^^X^PI||Påhittad';
    expect(found([evn, old, pv1], { version: '2.8', type: 'ADT^A01^ADT_A01', all: true })).toEqual([
      'information FIELD_WITHDRAWN PID-2',
    ]);
  });

  test.each([
    ['a time', '||1950-09-07', 'PID-7'],
    ['a time', '||19500230', 'PID-7'],
    ['a yes or no', `${'|'.repeat(25)}J`, 'PID-30'],
    ['a number', `${'|'.repeat(20)}x1`, 'PID-25'],
    ['an address type', '||||||^^^^^^Q', 'PID-11.7'],
  ])('is not %s: %j', (_what, fields, location) => {
    expect(patient(fields)).toEqual([
      expect.stringMatching(RegExp(` ${location.replace('.', '\\.')}$`)),
    ]);
  });

  test('OBX-5 is of the type that OBX-2 names', () => {
    const observed = (type: string, value: string): string[] =>
      found([evn, pid, pv1, `OBX|1|${type}|a||${value}||||||F`]);
    expect(observed('NM', '12.5')).toEqual([]);
    expect(observed('NM', '<5')).toEqual(['error TYPE_WRONG OBX-5']);
    expect(observed('DT', '2022-03-07')).toEqual(['error TYPE_WRONG OBX-5']);
    expect(observed('ST', '2022-03-07')).toEqual([]);
    expect(observed('__proto__', 'x')).toEqual(['warning TOO_LONG OBX-2']);
  });

  test('of a user-defined table is the site’s own, and `""` is no code', () => {
    expect(found([evn, pid, 'PV1|1|I|||||||||||7|||||||||||||||||||||||99'])).toEqual([]);
    expect(patient(`${'|'.repeat(25)}""`)).toEqual([]);
  });

  test('with sub-components is named to the last of them', () => {
    expect(found([evn, pid.replace('^^^X', '^^^X&1.2&OID'), pv1])).toEqual([
      'error NOT_IN_TABLE PID-3.4.3',
    ]);
  });

  test('of a person is never shown; a code of the visit is', () => {
    const head = 'MSH|^~\\&|A|B|C|D|20220307||ADT^A01|M1|Q|2.5';
    const remarks = check(
      read([head, evn, `${pid}||Okänd${'|'.repeat(23)}Döende`, pv1].join('\r')),
    );
    expect(remarks.map(({ text }) => text)).toContain("'Q' is not in HL7 table 0103");
    expect(JSON.stringify(remarks)).not.toMatch(/Okänd|Döende/);
  });
});

describe('formats', () => {
  test.each([
    ['2022', 'year'],
    ['202203', 'month'],
    ['20220307', 'day'],
    ['2022030711', 'hour'],
    ['202203071130', 'minute'],
    ['20220307113059.1234+0100', 'second'],
    ['20240229', 'day'],
    ['20230229', undefined],
    ['20221301', undefined],
    ['2022030724', undefined],
    ['202203071160', undefined],
    ['20220307113059+2500', undefined],
    ['20220307T1130', undefined],
    ['', undefined],
  ])('%j is a time to the %s', (text, precision) => {
    expect(precisionOf(text)).toBe(precision);
  });

  test('dates, times of day, numbers and sequence numbers', () => {
    expect(['2022', '202203', '20220307'].every(isDateText)).toBe(true);
    expect(['22', '20220307113', '202203071130', ''].some(isDateText)).toBe(false);
    expect(['11', '1130', '113059', '113059.5', '1130+0100'].every(isClockText)).toBe(true);
    expect(['1', '2460', '11:30', ''].some(isClockText)).toBe(false);
    expect(['1', '-1', '+1.5', '.5', '1.'].every(isNumber)).toBe(true);
    expect(['', '.', '1e3', '1,5', '<5'].some(isNumber)).toBe(false);
    expect(['0', '1', '9999'].every(isSequence)).toBe(true);
    expect(['', '-1', '10000', 'x'].some(isSequence)).toBe(false);
  });
});

describe('whatever the bytes are', () => {
  test('every message of the corpus is checked, with nothing of the person in it', () => {
    for (const { name, raw } of corpusCases()) {
      const message = readable(raw);
      if (message === undefined) continue;
      const said = JSON.stringify(check(message));
      for (const personal of ['hittad', '195009072553', '196101182803', 'Exempelv']) {
        expect(said, name).not.toContain(personal);
      }
    }
  });

  test('an escape with bytes of another character set is looked at as it is written', () => {
    const text = `MSH|^~\\&|A|B|C|D|20220307||ADT^A01|1|P|2.5\r${evn}\r${pid}\rPV1|1|\\XE5\\`;
    expect(check(read(text)).map(({ location }) => location)).toEqual(['PV1-2']);
    const codes = byProfile(read(text), 'A01').map(({ code, location }) => `${code} ${location}`);
    expect(codes).toContain('NOT_IN_TABLE PV1-2');
  });

  const parts = fc.constantFrom(
    'MSH|^~\\&|',
    'EVN|',
    'PID|',
    'PV1|',
    'OBX|1|',
    'ZZZ|',
    '\r',
    '\r\n',
    '|',
    '^',
    '~',
    '&',
    '\\T\\',
    '\\XE5\\',
    '\\X0D\\',
    '\\',
    '""',
    'ADT^A01',
    '2.5',
    '2.3',
    '20220307',
    'I',
    '\u0000',
    'ÅÄÖ',
  );
  const body = fc.array(fc.oneof(parts, fc.string({ maxLength: 20 })), { maxLength: 60 });
  const version = fc.constantFrom('2.1', '2.3', '2.5', '2.5^SWE', '2.8', '2.9', 'x', '');
  const type = fc.constantFrom('ADT^A01', 'ADT^A40', 'ADT^A17', 'ORU^R01', 'ACK', '^', '');

  test('it never throws, and says at most a hundred things and that there are more', () => {
    fc.assert(
      fc.property(body, version, type, (pieces, v, t) => {
        const text = `MSH|^~\\&|A|B|C|D|20220307||${t}|1|P|${v}\r${pieces.join('')}`;
        const message = read(text);
        const ofProfile = byProfile(message, 'A01', 'ekliden');
        const remarks: readonly Remark[] = check(message);
        expect(remarks.length).toBeLessThanOrEqual(101);
        expect(ofProfile.length).toBeLessThanOrEqual(101);
        for (const { location } of [...remarks, ...ofProfile])
          expect(location).toMatch(/^[A-Za-z0-9[\]().\- ]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('it never throws on a corpus message that has been damaged', () => {
    const messages = corpusCases().map(({ raw }) => raw);
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.nat(messages.length - 1), damage, (which, changes) => {
        const bytes = Buffer.from(messages[which] ?? []);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const message = readable(bytes);
        if (message === undefined) return;
        check(message);
        byProfile(message, 'A08', 'ekliden');
      }),
      { numRuns: 2000 },
    );
  });

  test('a message of a hundred thousand segments is checked, and is not too much to say', () => {
    const text = `MSH|^~\\&|A|B|C|D|20220307||ADT^A01|1|P|2.5\r${'OBX|x\r'.repeat(100_000)}`;
    expect(check(read(text))).toHaveLength(101);
  });
});

/** The message where it begins with a usable MSH. */
function readable(raw: Uint8Array): Hl7Message | undefined {
  const text = Buffer.from(raw).toString('latin1');
  try {
    return new Hl7Message(raw, text, 'latin1');
  } catch (thrown) {
    expect(asGatewayError(thrown).code).toBe('malformed-message');
    return undefined;
  }
}
