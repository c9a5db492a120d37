/**
 * Batches over a connection or from a file: every message is taken for itself, in order, and the answers go back as a
 * batch (HL7 v2 chapter 2, "Acknowledging batches").
 */
import type { Answers, Receive, Reply } from '../../../adapter.ts';
import { readHeader } from './acknowledge.ts';
import { asksForNone } from './acknowledgement-mode.ts';
import { isBatch, splitMessages, type Batch, type SplitMessages } from '../batch.ts';
import { formatTime } from '../message/time.ts';

export interface BatchParts {
  /** The gateway's own way to take one message. */
  readonly receive: Receive;
  /** Ids for the answer's own BHS-11 and FHS-11. */
  readonly newId: () => string;
  /** Legal time, ISO 8601 UTC. */
  readonly now: () => string;
}

/** BTS-2 holds 80 characters. */
const commentLength = 80;
/** A field of BHS that comes back is short; a longer one is cut. */
const echoedLength = 250;

/**
 * @param onProblem what does not add up in a batch; never content
 * @returns a Receive for frames that hold a message or a batch. A message is handed on as it is.
 */
export function receiveBatches(
  parts: BatchParts,
  onProblem: (problems: readonly string[]) => void,
): Receive {
  const { receive } = parts;
  return (raw) => (isBatch(raw) ? takeBatch(raw, parts, onProblem) : receive(raw));
}

async function takeBatch(
  raw: Uint8Array,
  parts: BatchParts,
  onProblem: (problems: readonly string[]) => void,
): Promise<Reply> {
  const split = splitMessages(raw);
  // Not one of its segments has a separator: it cannot be answered, and is kept as what it is not.
  if (split.batches.length === 0 && split.fileHeader === undefined) return await parts.receive(raw);
  if (split.problems.length > 0) onProblem(split.problems);
  const replies: Reply[] = [];
  for (const message of split.messages) replies.push(await parts.receive(message));
  return { outcome: outcomeOf(replies), answers: batchAnswers(split, replies, parts) };
}

/** A batch is taken when all of it is: what was not taken, a repeat of the whole brings in, and adds nothing else. */
function outcomeOf(replies: readonly Reply[]): Reply['outcome'] {
  const outcomes = new Set(replies.map(({ outcome }) => outcome));
  return outcomes.has('untaken') ? 'untaken' : outcomes.has('refused') ? 'refused' : 'accepted';
}

/**
 * The answers to all messages as one batch: the sender's headers turned round, and in BTS-2 what does not add up. A
 * batch without an answer in it says that nothing was wrong.
 * @param replies one for each message of `split`, in order
 * @returns none where every message asks for none
 */
export function batchAnswers(
  split: SplitMessages,
  replies: readonly Reply[],
  parts: Pick<BatchParts, 'newId' | 'now'>,
): Answers {
  if (split.messages.length > 0 && split.messages.every(wantsNone)) return [];
  const { fileHeader, batches } = split;
  const pieces: Uint8Array[] = [];
  if (fileHeader !== undefined) pieces.push(turned(fileHeader, parts));
  let first = 0;
  for (const { header, messages } of batches) {
    const answers = replies
      .slice(first, first + messages.length)
      .flatMap((one) => one.answers ?? []);
    first += messages.length;
    pieces.push(...oneBatch(header ?? fileHeader, answers, split.problems, parts));
  }
  if (fileHeader !== undefined) pieces.push(trailer('FTS', fileHeader, batches.length, []));
  return [Buffer.concat(pieces)];
}

function wantsNone(message: Uint8Array): boolean {
  const header = readHeader(message);
  return header !== undefined && asksForNone(header);
}

function oneBatch(
  header: Batch['header'],
  answers: Answers,
  problems: readonly string[],
  parts: Pick<BatchParts, 'newId' | 'now'>,
): Uint8Array[] {
  const written = header ?? 'BHS|^~\\&';
  return [
    turned(written.replace(/^FHS/, 'BHS'), parts),
    ...answers,
    trailer('BTS', written, answers.length, problems),
  ];
}

/** BHS or FHS of the answer: sender and receiver change places, and the batch answered stands in field 12. */
function turned(header: string, { newId, now }: Pick<BatchParts, 'newId' | 'now'>): Buffer {
  const separator = header.charAt(3);
  const fields = header.split(separator).map((field) => field.slice(0, echoedLength));
  const at = (number: number): string => fields[number - 1] ?? '';
  const id = newId().replaceAll('-', '').slice(-20);
  const turnedFields = [
    at(1),
    at(2),
    at(5),
    at(6),
    at(3),
    at(4),
    formatTime(now(), 'UTC'),
    '',
    at(9),
    '',
    id,
    at(11),
  ];
  return Buffer.from(`${turnedFields.join(separator)}\r`, 'latin1');
}

function trailer(
  name: 'BTS' | 'FTS',
  header: string,
  count: number,
  problems: readonly string[],
): Buffer {
  const comment = problems.join('; ').slice(0, commentLength);
  const fields = comment === '' ? [name, count] : [name, count, comment];
  return Buffer.from(`${fields.join(header.charAt(3))}\r`, 'latin1');
}
