/**
 * Other people's messages in a folder: every file that may be HL7 v2, whatever its name, with CR, LF or CRLF, a byte
 * order mark, MLLP frames or batches, and one or several messages in it.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { splitMessages } from '../../adapters/inbound/hl7v2/batch.ts';

export interface OutsideMessage {
  /** File below the folder; `#2` is added to the second message of a file. */
  readonly name: string;
  readonly raw: Uint8Array;
}

/** Files that are not ours to read: texts about the samples, and other formats. */
const otherFiles = /(?:\.(?:json|jsonl|ndjson|md|fsh)|LICENSE(?:\.txt)?|README.*)$/i;

/** In the order of their names. */
export function outsideMessages(folder: string): OutsideMessage[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !otherFiles.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .flatMap((file) =>
      messagesOf(readFileSync(file)).map((raw, index) => ({
        name: relative(folder, file) + (index === 0 ? '' : ` #${index + 1}`),
        raw,
      })),
    );
}

/** The messages of a file; where there is none, the bytes as they are, for those too are to be answered or refused. */
export function messagesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const { messages } = splitMessages(bytes);
  return messages.length > 0 || bytes.length === 0 ? messages : [bytes];
}
