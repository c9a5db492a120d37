/**
 * The answer, in original mode (HL7 v2 chapter 2, "Acknowledgment messages"): AA, AE or AR with the sender's own
 * separators, version and character set. MSH is echoed byte by byte, and our own words are ASCII, so the answer is in
 * the sender's character set even where that set is what could not be read.
 */
import type { ErrorCode, GatewayError } from '../../../gateway/errors.ts';
import { parsePath } from '../../../mappings/index.ts';
import type { SenderMapping } from '../../../mappings/index.ts';
import type { AnswerContext, Verdict } from '../../adapter.ts';
import { escapeText } from './escapes.ts';
import { Hl7Message } from './message.ts';
import { formatTime } from './time.ts';

const headerBytes = 4096;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** Text of table 0357. */
const conditions: Partial<Record<string, string>> = {
  '100': 'Segment sequence error',
  '101': 'Required field missing',
  '102': 'Data type error',
  '103': 'Table value not found',
  '104': 'Value too long',
  '200': 'Unsupported message type',
  '201': 'Unsupported event code',
  '202': 'Unsupported processing id',
  '203': 'Unsupported version id',
  '204': 'Unknown key identifier',
  '205': 'Duplicate key identifier',
  '206': 'Application record locked',
  '207': 'Application error',
};

/** Table 0357 code of an error that does not carry its own. */
const codesByError: Partial<Record<ErrorCode, string>> = {
  'malformed-message': '102',
  'unsupported-message': '200',
  'unknown-sender': '204',
  'control-id-reused': '205',
};

/** Whether the bytes begin with the mark of UTF-8. */
export function hasByteOrderMark(raw: Uint8Array): boolean {
  return raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
}

/** MSH alone, its bytes read one to a character. @returns undefined where it cannot be read */
export function readHeader(raw: Uint8Array): Hl7Message | undefined {
  const start = hasByteOrderMark(raw) ? 3 : 0;
  let end = start;
  const limit = Math.min(raw.length, start + headerBytes);
  while (end < limit && raw[end] !== carriageReturn && raw[end] !== lineFeed) end += 1;
  const text = Buffer.from(raw.buffer, raw.byteOffset + start, end - start).toString('latin1');
  try {
    return new Hl7Message(raw, text, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * @param header MSH of the message that is answered
 * @param sender its overlay, where it is known: zone, and the answers it understands
 * @returns the answer's bytes, without framing
 */
export function acknowledge(
  header: Hl7Message,
  sender: SenderMapping | undefined,
  verdict: Verdict,
  context: AnswerContext,
): Uint8Array {
  const { delimiters } = header;
  const { field, component } = delimiters;
  const msh = (number: number): string => header.rawField('MSH', number);
  const trigger = msh(9).split(component)[1] ?? '';
  const version = msh(12).split(component)[0] ?? '';
  const type = trigger === '' ? 'ACK' : ['ACK', trigger, 'ACK'].join(component);
  const segments = [
    [
      `MSH${field}${msh(2)}`,
      msh(5),
      msh(6),
      msh(3),
      msh(4),
      formatTime(context.now, sender?.zone ?? 'UTC'),
      '',
      type,
      answerId(context.answerId, version),
      msh(11),
      msh(12),
      ...(msh(18) === '' ? [] : ['', '', '', '', '', msh(18)]),
    ],
  ];
  if (verdict.accepted) segments.push(['MSA', 'AA', msh(10)]);
  else {
    const { error } = verdict;
    const code = error.standardCode ?? codesByError[error.code] ?? '207';
    segments.push(
      ['MSA', answerCode(code, sender), msh(10)],
      errorSegment(error, code, header, version),
    );
  }
  const text = segments.map((fields) => `${fields.join(field)}\r`).join('');
  return Buffer.from(text, 'latin1');
}

/** AE for an error in the content (100-199), AR for a rejection, unless the sender reads them another way. */
export function answerCode(code: string, sender: SenderMapping | undefined): 'AE' | 'AR' {
  return sender?.ack?.[code] ?? (code.startsWith('1') ? 'AE' : 'AR');
}

/** ERR as the sender's version has it: by ERR-2/-3 from 2.5 on, by ERR-1 before. */
function errorSegment(
  error: GatewayError,
  code: string,
  { delimiters }: Hl7Message,
  version: string,
): string[] {
  const { component, subcomponent } = delimiters;
  const words = (text: string): string => escapeText(text.replace(/[^ -~]/g, '?'), delimiters);
  const place = locationOf(error.location);
  const condition = [code, words(conditions[code] ?? 'Error'), 'HL70357'];
  if (version >= '2.5') {
    const diagnostic = words(error.message.slice(0, 200));
    return ['ERR', '', place.join(component), condition.join(component), 'E', '', '', diagnostic];
  }
  const [segment = '', sequence = '', fieldNumber = ''] = place;
  const coded = condition.join(subcomponent === '' ? ' ' : subcomponent);
  return ['ERR', [segment, sequence, fieldNumber, coded].join(component)];
}

/** `PV1-19.1` → segment, its sequence, field, repetition, component. */
function locationOf(location: string | undefined): string[] {
  if (location === undefined) return [];
  const path = parsePath(location);
  if (path === undefined) return /^[A-Z][A-Z0-9]{2}$/.test(location) ? [location, '1'] : [];
  const place = [path.segment, '1', String(path.field)];
  if (location.includes('.')) place.push(String(path.repetition), String(path.component));
  return place;
}

/** MSH-10 holds 20 characters up to version 2.5; the end of our id is its random part. */
function answerId(id: string, version: string): string {
  const plain = id.replaceAll('-', '');
  return version > '2.5' ? id : plain.slice(-20);
}
