/**
 * A watched folder of HL7 v2 messages: each file is taken apart into its messages, every message is stored in order, and
 * only then does the file move, with the answers beside it. A message that was stored is known by its control id, so
 * nothing comes twice.
 */
import { GatewayError } from '../../../gateway/errors.ts';
import type { Answers, Receive, Reply } from '../../adapter.ts';
import {
  watchFolder,
  type FolderSettings,
  type Taken,
  type WatchedFolder,
} from '../../wire/watched-folder.ts';
import { batchAnswers } from './answers/batch-answer.ts';
import { splitMessages, type SplitMessages } from './batch.ts';

export interface MessageFolderSettings extends Omit<FolderSettings, 'take'> {
  /** The largest message taken from a file. */
  readonly maxMessageBytes: number;
  readonly receive: Receive;
  /** For the answer to a batch: ids, and legal time as ISO 8601 UTC. */
  readonly newId: () => string;
  readonly now: () => string;
}

/**
 * Begins to watch.
 * @throws GatewayError configuration-invalid where a folder cannot be used
 */
export async function watchMessages(settings: MessageFolderSettings): Promise<WatchedFolder> {
  return await watchFolder({
    ...settings,
    take: (bytes, isClosing) => takeFile(settings, bytes, isClosing),
  });
}

async function takeFile(
  settings: MessageFolderSettings,
  bytes: Uint8Array | undefined,
  isClosing: () => boolean,
): Promise<Taken> {
  const split = bytes === undefined ? tooLarge(settings.maxFileBytes) : splitMessages(bytes);
  const problems = [...split.problems];
  const replies: Reply[] = [];
  for (const [index, message] of split.messages.entries()) {
    if (isClosing()) return { waits: undefined };
    const reply = await received(settings, message);
    if (reply.outcome === 'untaken') {
      return { waits: { stored: index, reason: reply.error?.code } };
    }
    if (reply.outcome === 'refused') problems.push(refusalOf(index, reply.error));
    replies.push(reply);
  }
  const detail = { messages: split.messages.length, problems: problems.length };
  return { problems, answers: answerBytes(split, replies, settings), detail };
}

async function received(
  { receive, maxMessageBytes }: MessageFolderSettings,
  message: Uint8Array,
): Promise<Reply> {
  if (message.length <= maxMessageBytes) return await receive(message);
  const text = `larger than ${maxMessageBytes} bytes (mllp.maxFrameBytes)`;
  return { outcome: 'refused', answers: [], error: new GatewayError('malformed-message', text) };
}

function tooLarge(maxFileBytes: number): SplitMessages {
  const problems = [`larger than ${maxFileBytes} bytes (maxFileBytes of the folder): not taken`];
  return { messages: [], framing: 'none', batches: [], problems };
}

function refusalOf(index: number, error: GatewayError | undefined): string {
  const why = error === undefined ? '' : `: ${error.code}, ${error.message}`;
  return `message ${index + 1} refused${why}`;
}

/** A batch is answered by a batch; single messages by their answers, one after the other. */
function answerBytes(
  split: SplitMessages,
  replies: readonly Reply[],
  settings: MessageFolderSettings,
): Uint8Array {
  const isBatch =
    split.fileHeader !== undefined || split.batches.some(({ header }) => header !== undefined);
  const answers: Answers = isBatch
    ? batchAnswers(split, replies, settings)
    : replies.flatMap((reply) => reply.answers ?? []);
  return Buffer.concat(answers);
}
