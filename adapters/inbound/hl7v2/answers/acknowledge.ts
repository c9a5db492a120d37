/**
 * The answers to a message (HL7 v2 chapter 2, "Acknowledgment messages"), as many as its MSH-15 and MSH-16 ask for, with
 * the sender's own separators, version and character set. MSH is echoed byte by byte, and our own words are ASCII, so an
 * answer is in the sender's character set even where that set is what could not be read.
 */
import type { GatewayError } from '../../../../gateway/errors.ts';
import type { SenderMapping } from '../../../../mappings/index.ts';
import type { AnswerContext, Answers, Verdict } from '../../../adapter.ts';
import { answerLevels, originalMode, type Level } from './acknowledgement-mode.ts';
import {
  conditionCode,
  errorSegment,
  hasErrorFields,
  warningSegment,
  words,
} from './error-segment.ts';
import { Hl7Message } from '../message/message.ts';
import { formatTime } from '../message/time.ts';

const headerBytes = 4096;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
/** Warnings told in one answer; more would say nothing more. */
const toldWarnings = 20;
/** MSA-3 of the versions that have no other field for words. */
const textLength = 80;

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
 * @returns the bytes of each answer, without framing, in order; none where the sender asks for none. An answer is never
 *   answered, or two systems would go on for ever.
 */
export function acknowledge(
  header: Hl7Message,
  sender: SenderMapping | undefined,
  verdict: Verdict,
  context: AnswerContext,
): Answers {
  if (!verdict.accepted && isAnswer(header)) return [];
  const levels = answerLevels(header, verdict.accepted);
  const asked = { header, sender, verdict, context, isEnhanced: levels !== originalMode };
  return levels.map((level, index) => answerAt(level, index, asked));
}

interface Asked {
  readonly header: Hl7Message;
  readonly sender: SenderMapping | undefined;
  readonly verdict: Verdict;
  readonly context: AnswerContext;
  readonly isEnhanced: boolean;
}

function answerAt(level: Level, index: number, asked: Asked): Uint8Array {
  const { header, sender, verdict, context } = asked;
  const { delimiters } = header;
  const { field, component } = delimiters;
  const msh = (number: number): string => header.rawField('MSH', number);
  const version = msh(12).split(component)[0] ?? '';
  const segments = [
    [
      `MSH${field}${msh(2)}`,
      msh(5),
      msh(6),
      msh(3),
      msh(4),
      formatTime(context.now, sender?.zone ?? 'UTC'),
      '',
      answerType(msh(9), version, component),
      answerId(context.answerId, version, index),
      msh(11),
      msh(12),
      ...restOfHeader(asked.isEnhanced, msh(18)),
    ],
  ];
  const sequence = sequenceNumber(asked);
  if (verdict.accepted) {
    segments.push(messageAcknowledgement(`${level}A`, msh(10), '', sequence));
    if (sender?.warningsInAck === true && hasErrorFields(version)) {
      for (const warning of verdict.warnings.slice(0, toldWarnings)) {
        segments.push(warningSegment(warning, delimiters));
      }
    }
  } else {
    const { error } = verdict;
    const code = level + severityOf(error, level, sender);
    const text = hasErrorFields(version)
      ? ''
      : words(error.message.slice(0, textLength), delimiters);
    segments.push(
      messageAcknowledgement(code, msh(10), text, sequence),
      errorSegment(error, version, delimiters),
    );
  }
  let text = '';
  for (const fields of segments) text += `${fields.join(field)}\r`;
  return Buffer.from(text, 'latin1');
}

/** MSA: code, the message's own id, words (up to 2.4; withdrawn in 2.7), sequence number. */
function messageAcknowledgement(
  code: string,
  controlId: string,
  text: string,
  sequence: string,
): string[] {
  if (sequence !== '') return ['MSA', code, controlId, text, sequence];
  return text === '' ? ['MSA', code, controlId] : ['MSA', code, controlId, text];
}

/**
 * The second letter of MSA-1: E for an error in the content (0357: 100-199), R for a rejection, unless the sender reads
 * them another way. The standard itself has the accept answer to a wrong sequence number: CE.
 */
function severityOf(error: GatewayError, level: Level, sender: SenderMapping | undefined): string {
  if (error.code === 'out-of-sequence' && level === 'C') return 'E';
  const code = conditionCode(error);
  return sender?.ack?.[code]?.charAt(1) ?? (code.startsWith('1') ? 'E' : 'R');
}

/** MSA-4: MSH-13 as it came for what was accepted; the number expected where the sender must hear it. */
function sequenceNumber({ header, sender, verdict }: Asked): string {
  if (!verdict.accepted) return verdict.error.expectedSequence?.toString() ?? '';
  if (verdict.expectedSequence !== undefined) return verdict.expectedSequence.toString();
  return sender?.sequenceNumbers === true ? header.rawField('MSH', 13) : '';
}

/** MSH-13 to MSH-18: in enhanced mode the answer itself asks for none; the character set is the sender's. */
function restOfHeader(isEnhanced: boolean, charset: string): string[] {
  if (isEnhanced) return ['', '', 'NE', 'NE', ...(charset === '' ? [] : ['', charset])];
  return charset === '' ? [] : ['', '', '', '', '', charset];
}

/** MSH-9. Its third component came with version 2.3.1. */
function answerType(asked: string, version: string, component: string): string {
  const trigger = asked.split(component)[1] ?? '';
  if (trigger === '') return 'ACK';
  return (version === '2.3' ? ['ACK', trigger] : ['ACK', trigger, 'ACK']).join(component);
}

function isAnswer(header: Hl7Message): boolean {
  return header.rawField('MSH', 9).split(header.delimiters.component)[0] === 'ACK';
}

/**
 * MSH-10 holds 20 characters up to version 2.5; the end of our id is its random part. A second answer to the same
 * message has an id of its own.
 */
function answerId(id: string, version: string, index: number): string {
  const mark = index === 0 ? '' : 'A';
  if (version > '2.5') return mark + id;
  const plain = id.replaceAll('-', '');
  return mark + plain.slice(mark.length - 20);
}
