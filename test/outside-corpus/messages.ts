/**
 * Other people's messages in a folder: every file that begins as HL7 v2, whatever its name, with CR, LF or CRLF, a byte
 * order mark, and one or several messages in it.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface OutsideMessage {
  /** File below the folder; `#2` is added to the second message of a file. */
  readonly name: string;
  readonly raw: Uint8Array;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Files that are not ours to read: texts about the samples, and other formats. */
const otherFiles = /(?:\.(?:json|jsonl|md|fsh)|LICENSE(?:\.txt)?|README.*)$/i;

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

/** A message begins with MSH at the beginning of a line. */
export function messagesOf(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = [0];
  for (let at = buffer.indexOf('MSH', 1); at >= 0; at = buffer.indexOf('MSH', at + 1)) {
    const before = buffer[at - 1];
    if (before === carriageReturn || before === lineFeed) starts.push(at);
  }
  return starts
    .map((start, index) => bytes.subarray(start, starts[index + 1] ?? bytes.length))
    .filter((raw) => raw.length > 0);
}
