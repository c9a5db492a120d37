/** Which answers a message gets, and what stands in them: pure, message in and answers out. */
import { describe, expect, test } from 'vitest';
import { explain, renderExplanation } from '../adapters/inbound/hl7v2/explain.ts';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { GatewayError, type ErrorDetail } from '../gateway/errors.ts';
import { loadMappings, type Mappings, type SenderMapping } from '../mappings/index.ts';

const mappings = loadMappings();
const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T12:00:00.000Z',
};

interface Header {
  readonly version?: string;
  readonly accept?: string;
  readonly application?: string;
  readonly sequence?: string;
  readonly type?: string;
}

function message(header: Header = {}): Uint8Array {
  const { version = '2.5', accept = '', application = '', sequence = '' } = header;
  const type = header.type ?? 'ADT^A01^ADT_A01';
  return Buffer.from(
    `MSH|^~\\&|EKLIDEN-PAS|EKLIDEN|HEMGANG|GATEWAY|20220307120000||${type}|C1|P|${version}|${sequence}||` +
      `${accept}|${application}||8859/1\rEVN||20220307120000\r`,
  );
}

function withSender(change: Partial<SenderMapping>): Mappings {
  const senders = mappings.senders.map((one) =>
    one.id === 'ekliden' ? { ...one, ...change } : one,
  );
  return { ...mappings, senders };
}

const missing = new GatewayError('malformed-message', 'PV1-19.1: required field missing', {
  location: 'PV1-19.1',
  standardCode: '101',
});

function answersTo(
  header: Header,
  error?: GatewayError,
  given: { mappings?: Mappings; warnings?: readonly string[]; expectedSequence?: number } = {},
): string[][] {
  const { warnings = [], expectedSequence } = given;
  const inbound = hl7v2Inbound(given.mappings ?? mappings);
  const verdict = error
    ? ({ accepted: false, error } as const)
    : ({
        accepted: true,
        warnings,
        ...(expectedSequence !== undefined && { expectedSequence }),
      } as const);
  const answers = inbound.acknowledge(undefined, message(header), verdict, context) ?? [];
  return answers.map((bytes) => Buffer.from(bytes).toString('latin1').split('\r').slice(0, -1));
}

function codes(header: Header, error?: GatewayError): string {
  return answersTo(header, error)
    .map((segments) => segments[1]?.split('|')[1])
    .join(' ');
}

function refused(code: string, detail: ErrorDetail = {}): GatewayError {
  return new GatewayError('malformed-message', 'why', { standardCode: code, ...detail });
}

describe('which answers', () => {
  // accept (MSH-15), application (MSH-16), when accepted, when its content is refused, when it is rejected
  test.each([
    ['', '', 'AA', 'AE', 'AR'],
    ['NE', 'NE', '', '', ''],
    ['NE', '', '', '', ''],
    ['AL', 'NE', 'CA', 'CE', 'CR'],
    ['AL', '', 'CA', 'CE', 'CR'],
    ['SU', 'NE', 'CA', '', ''],
    ['ER', 'NE', '', 'CE', 'CR'],
    ['NE', 'AL', 'AA', 'AE', 'AR'],
    ['', 'AL', 'AA', 'AE', 'AR'],
    ['NE', 'SU', 'AA', '', ''],
    ['NE', 'ER', '', 'AE', 'AR'],
    ['AL', 'AL', 'CA AA', 'CE', 'CR'],
    ['AL', 'SU', 'CA AA', 'CE', 'CR'],
    ['AL', 'ER', 'CA', 'CE', 'CR'],
    ['SU', 'AL', 'CA AA', 'AE', 'AR'],
    ['ER', 'AL', 'AA', 'CE', 'CR'],
    ['ER', 'ER', '', 'CE', 'CR'],
  ])('MSH-15 %j and MSH-16 %j: %j, %j, %j', (accept, application, accepted, error, reject) => {
    expect(codes({ accept, application })).toBe(accepted);
    expect(codes({ accept, application }, refused('101'))).toBe(error);
    expect(codes({ accept, application }, refused('200'))).toBe(reject);
  });

  test('a code that table 0155 does not have is answered rather than not', () => {
    expect(codes({ accept: 'X', application: 'ne' })).toBe('CA');
    expect(codes({ accept: '""', application: '""' })).toBe('AA');
  });

  test('what could not be stored is CR in enhanced mode and AR in original mode: send it again', () => {
    const full = new GatewayError('disk-full', 'no room');
    expect(codes({}, full)).toBe('AR');
    expect(codes({ accept: 'AL', application: 'AL' }, full)).toBe('CR');
  });

  test('an answer is never answered', () => {
    expect(answersTo({ type: 'ACK^A01^ACK' }, refused('200'))).toEqual([]);
    expect(answersTo({ type: 'ACK', accept: 'AL' }, refused('200'))).toEqual([]);
  });

  test('an overlay that reads the codes another way does so at both levels', () => {
    const own = { mappings: withSender({ ack: { '101': 'AR' } }) };
    expect(answersTo({}, missing, own)[0]?.[1]).toBe('MSA|AR|C1');
    expect(answersTo({ accept: 'AL' }, missing, own)[0]?.[1]).toBe('MSA|CR|C1');
  });
});

describe('what stands in them', () => {
  test('in enhanced mode each answer has an id of its own and asks for none itself', () => {
    const [accept, application] = answersTo({ accept: 'AL', application: 'AL' });
    expect(accept?.[0]).toBe(
      'MSH|^~\\&|HEMGANG|GATEWAY|EKLIDEN-PAS|EKLIDEN|20220307130000+0100||ACK^A01^ACK|' +
        '7d8e9f0123456789abcd|P|2.5|||NE|NE||8859/1',
    );
    expect(application?.[0]).toContain('|Ad8e9f0123456789abcd|P|2.5|||NE|NE||8859/1'.slice(1));
    expect([accept?.[1], application?.[1]]).toEqual(['MSA|CA|C1', 'MSA|AA|C1']);
  });

  test('up to 2.4 the error stands in ERR-1 with its words in MSA-3', () => {
    for (const version of ['2.3', '2.3.1', '2.4']) {
      expect(answersTo({ version }, missing)[0]?.slice(1)).toEqual([
        'MSA|AE|C1|PV1-19.1: required field missing',
        'ERR|PV1^1^19^101&Required field missing&HL70357',
      ]);
    }
    expect(answersTo({ version: '2.3' })[0]?.[0]).toContain('||ACK^A01|');
    expect(answersTo({ version: '2.3.1' })[0]?.[0]).toContain('||ACK^A01^ACK|');
  });

  test('from 2.5 on it stands in ERR-2, ERR-3, ERR-4 and ERR-7, and MSA-3 is empty', () => {
    for (const version of ['2.5', '2.5.1', '2.6', '2.7', '2.7.1', '2.8']) {
      expect(answersTo({ version }, missing)[0]?.slice(1)).toEqual([
        'MSA|AE|C1',
        'ERR||PV1^1^19^1^1|101^Required field missing^HL70357|E|||PV1-19.1: required field missing',
      ]);
    }
  });

  test('from 2.7 on a code of the application is told beside 204 to 207', () => {
    const reused = new GatewayError('control-id-reused', 'why', { standardCode: '205' });
    const errorOf = (version: string): string | undefined => answersTo({ version }, reused)[0]?.[2];
    expect(errorOf('2.6')).toBe('ERR|||205^Duplicate key identifier^HL70357|E|||why');
    expect(errorOf('2.7')).toBe(
      'ERR|||205^Duplicate key identifier^HL70357|E|control-id-reused^^L||why',
    );
  });

  test('the version may be a VID with its parts', () => {
    const [answer] = answersTo({ version: '2.7^SWE^1.0' }, missing);
    expect(answer?.[0]).toContain('|P|2.7^SWE^1.0|');
    expect(answer?.[2]).toMatch(/^ERR\|\|PV1\^1\^19\^1\^1\|101/);
    expect(answersTo({ version: '2.4^SWE' }, missing)[0]?.[2]).toMatch(/^ERR\|PV1\^1\^19\^101&/);
  });

  test.each([
    ['PV1', 'PV1^1'],
    ['PV1-19', 'PV1^1^19'],
    ['NK1[2]-3', 'NK1^2^3'],
    ['PID-3(2).1', 'PID^1^3^2^1'],
    ['PID-3(2)', 'PID^1^3^2'],
    ['PID-3.4.2', 'PID^1^3^1^4^2'],
    ['somewhere', ''],
  ])('the place %s is ERR-2 %s', (location, place) => {
    expect(answersTo({}, refused('102', { location }))[0]?.[2]?.split('|')[2]).toBe(place);
  });

  test('an acceptance tells its warnings only where the overlay asks, and only from 2.5 on', () => {
    const warnings = ['PID-8: code not in table 0001', 'a doubt without a place'];
    const own = { mappings: withSender({ warningsInAck: true }), warnings };
    expect(answersTo({}, undefined, { warnings })[0]).toHaveLength(2);
    expect(answersTo({ version: '2.4' }, undefined, own)[0]).toHaveLength(2);
    expect(answersTo({}, undefined, own)[0]?.slice(1)).toEqual([
      'MSA|AA|C1',
      'ERR||PID^1^8|0^Message accepted^HL70357|W|||PID-8: code not in table 0001',
      'ERR|||0^Message accepted^HL70357|W|||a doubt without a place',
    ]);
  });
});

describe('the sequence number in MSA-4', () => {
  const own = { mappings: withSender({ sequenceNumbers: true }) };

  test('comes back as it came for what is accepted, where the sender numbers its messages', () => {
    expect(answersTo({ sequence: '7' }, undefined, own)[0]?.[1]).toBe('MSA|AA|C1||7');
    expect(answersTo({ sequence: '7' })[0]?.[1]).toBe('MSA|AA|C1');
  });

  test('is the expected one for what is out of order and for a new start', () => {
    const wrong = new GatewayError('out-of-sequence', 'why', {
      standardCode: '207',
      expectedSequence: 5,
    });
    expect(answersTo({ sequence: '7' }, wrong, own)[0]?.[1]).toBe('MSA|AR|C1||5');
    expect(answersTo({ sequence: '7', accept: 'AL' }, wrong, own)[0]?.[1]).toBe('MSA|CE|C1||5');
    const start = { ...own, expectedSequence: -1 };
    expect(answersTo({ sequence: '0' }, undefined, start)[0]?.[1]).toBe('MSA|AA|C1||-1');
  });
});

describe('reading', () => {
  test('a second message in one frame is refused: it would be lost under a positive answer', () => {
    const two = Buffer.concat([message(), message()]);
    expect(() => hl7v2Inbound(mappings).read(two)).toThrow(
      expect.objectContaining({ standardCode: '100', location: 'MSH[2]' }),
    );
  });

  test.each([
    ['', '101'],
    ['x', '102'],
    ['-2', '102'],
    ['1.5', '102'],
    ['2000000001', '102'],
  ])('MSH-13 %j of a sender that numbers its messages is refused with %s', (sequence, code) => {
    const inbound = hl7v2Inbound(withSender({ sequenceNumbers: true }));
    expect(() => inbound.read(message({ sequence }))).toThrow(
      expect.objectContaining({ standardCode: code, location: 'MSH-13' }),
    );
  });

  test('what starts a link anew needs no message type', () => {
    const inbound = hl7v2Inbound(withSender({ sequenceNumbers: true }));
    for (const sequence of ['0', '-1']) {
      const { head } = inbound.read(message({ sequence, type: '' }));
      expect(head).toMatchObject({ kind: 'link', sequence: Number(sequence) });
    }
    expect(() => inbound.read(message({ sequence: '1', type: '' }))).toThrow(/MSH-9/);
  });

  test('explain shows every answer, and says where none is asked for', async () => {
    const both = await explain(message({ accept: 'SU', application: 'AL' }), mappings);
    expect(both.answers?.map(({ code }) => code)).toEqual(['AE']);
    const none = await explain(message({ accept: 'NE', application: 'NE' }), mappings);
    expect(renderExplanation(none)).toContain('Answer    none: MSH-15 and MSH-16 ask for none');
  });
});
