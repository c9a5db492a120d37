/**
 * Several messages in one piece of bytes: a file of any framing, or a batch (HL7 v2 chapter 2, "Batch protocol": FHS,
 * BHS, messages, BTS, FTS). Bytes in, views on them out: nothing is decoded, rewritten or judged.
 */

/** How the messages are told apart and their segments ended; `none` for a single segment without an end. */
export type Framing = 'mllp' | 'cr' | 'lf' | 'crlf' | 'none';

/** The messages between a BHS and its BTS, or those that stand outside any batch. */
export interface Batch {
  /** BHS as written, byte by byte, without its end; absent where no BHS stands before the messages. */
  readonly header?: string;
  readonly messages: readonly Uint8Array[];
}

export interface SplitMessages {
  /**
   * Every message from its MSH to the end of its last segment, in order, whatever batch it stands in. A message in an
   * MLLP frame has the very bytes of the frame, so that it is known again when it comes by connection. Where the file
   * begins with a byte order mark, so does each message: it says that all of them are UTF-8.
   */
  readonly messages: readonly Uint8Array[];
  readonly framing: Framing;
  /** FHS as written. */
  readonly fileHeader?: string;
  readonly batches: readonly Batch[];
  /** What does not add up: counts of BTS-1 and FTS-1, missing ends, bytes outside messages. Never content. */
  readonly problems: readonly string[];
}

type Name = 'MSH' | 'FHS' | 'BHS' | 'BTS' | 'FTS';

interface Mark {
  readonly name: Name;
  readonly at: number;
}

const names: readonly Name[] = ['MSH', 'FHS', 'BHS', 'BTS', 'FTS'];
const verticalTab = 0x0b;
const fileSeparator = 0x1c;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const byteOrderMark = Buffer.from('\ufeff');
const keptProblems = 100;

/** Whether the bytes are a batch: they begin with FHS or BHS. Looks at three bytes. */
export function isBatch(raw: Uint8Array): boolean {
  return (raw[0] === 0x46 || raw[0] === 0x42) && raw[1] === 0x48 && raw[2] === 0x53;
}

/**
 * Takes a file or a batch apart.
 * @param bytes MLLP frames, or segments ended by CR, LF or CRLF; one message or many, with or without FHS/BHS/BTS/FTS
 * @returns the messages as views on `bytes` (copies only behind a byte order mark), and what does not add up
 */
export function splitMessages(bytes: Uint8Array): SplitMessages {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const marked = buffer.subarray(0, 3).equals(byteOrderMark);
  const start = marked ? 3 : 0;
  const marks = findMarks(buffer, start);
  const structure = new Structure();
  let outside = strayBytes(buffer, start, marks[0]?.at ?? buffer.length);
  for (const [index, { name, at }] of marks.entries()) {
    const next = marks[index + 1]?.at ?? buffer.length;
    if (name !== 'MSH') {
      const end = lineEnd(buffer, at, next);
      structure.header(name, buffer.toString('latin1', at, end));
      outside += strayBytes(buffer, end, next);
      continue;
    }
    const end = messageEnd(buffer, at, next);
    if (end === undefined) {
      structure.problem('a frame begins with VT and has no end (FS): cut off, not taken');
      continue;
    }
    const message = buffer.subarray(at, end);
    structure.message(marked ? Buffer.concat([byteOrderMark, message]) : message);
    outside += strayBytes(buffer, end, next);
  }
  structure.end();
  if (structure.messages.length === 0 && structure.batches.length === 0) {
    structure.problem(noMessage(buffer));
  } else if (outside > 0) {
    structure.problem(`${outside} bytes stand outside the messages: passed over`);
  }
  const { messages, batches, problems, fileHeader } = structure;
  const framing = framingOf(buffer, marks[0]?.at ?? start);
  return { messages, framing, batches, problems, ...(fileHeader !== undefined && { fileHeader }) };
}

/** Gathers what is found, and counts it against what the trailers say. */
class Structure {
  readonly messages: Uint8Array[] = [];
  readonly batches: Batch[] = [];
  readonly problems: string[] = [];
  fileHeader: string | undefined;
  #current: { header?: string; messages: Uint8Array[] } | undefined;
  /** Batches with a BHS since the last FHS. */
  #counted = 0;
  #fileOpen = false;

  problem(text: string): void {
    if (this.problems.length < keptProblems) this.problems.push(text);
  }

  message(bytes: Uint8Array): void {
    this.messages.push(bytes);
    this.#current ??= this.#begin({ messages: [] });
    this.#current.messages.push(bytes);
  }

  header(name: Exclude<Name, 'MSH'>, text: string): void {
    switch (name) {
      case 'FHS':
        this.end();
        this.fileHeader ??= text;
        this.#fileOpen = true;
        this.#counted = 0;
        break;
      case 'BHS':
        this.#endBatch();
        this.#current = this.#begin({ header: text, messages: [] });
        this.#counted += 1;
        break;
      case 'BTS':
        this.#trailer(text);
        break;
      case 'FTS':
        this.#endBatch();
        if (!this.#fileOpen) this.problem('FTS without its FHS');
        this.#check('FTS-1', text, this.#counted, 'batches');
        this.#fileOpen = false;
    }
  }

  end(): void {
    this.#endBatch();
    if (this.#fileOpen) this.problem('FHS without its FTS: the file may be cut off');
    this.#fileOpen = false;
  }

  #begin(batch: { header?: string; messages: Uint8Array[] }): typeof batch {
    this.batches.push(batch);
    return batch;
  }

  #trailer(text: string): void {
    if (this.#current?.header === undefined) this.problem('BTS without its BHS');
    this.#check('BTS-1', text, this.#current?.messages.length ?? 0, 'messages');
    this.#current = undefined;
  }

  #endBatch(): void {
    if (this.#current?.header !== undefined) {
      this.problem('BHS without its BTS: the batch may be cut off');
    }
    this.#current = undefined;
  }

  /** An empty count is allowed: the field is optional. */
  #check(field: string, segment: string, found: number, what: string): void {
    const said = segment.split(segment.charAt(3) || '|')[1]?.trim() ?? '';
    if (said === '') return;
    if (!/^\d{1,9}$/.test(said)) this.problem(`${field} is not a number`);
    else if (Number(said) !== found) {
      this.problem(`${field} says ${Number(said)} ${what}, there are ${found}`);
    }
  }
}

/** Where a segment of the five names begins a line or a frame, in order. */
function findMarks(buffer: Buffer, start: number): Mark[] {
  const marks: Mark[] = [];
  for (const name of names) {
    for (let at = buffer.indexOf(name, start); at >= 0; at = buffer.indexOf(name, at + 3)) {
      if ((at === start || isBreak(buffer[at - 1])) && isNamed(buffer, name, at)) {
        marks.push({ name, at });
      }
    }
  }
  return marks.sort((a, b) => a.at - b.at);
}

function isBreak(byte: number | undefined): boolean {
  return (
    byte === carriageReturn || byte === lineFeed || byte === verticalTab || byte === fileSeparator
  );
}

/** A separator follows the name, or, after a trailer's, the end of the line. */
function isNamed(buffer: Buffer, name: Name, at: number): boolean {
  const after = buffer[at + 3];
  if (after === undefined || isBreak(after)) return name === 'BTS' || name === 'FTS';
  return after > 0x20 && after < 0x7f && !/[A-Za-z0-9]/.test(String.fromCharCode(after));
}

function lineEnd(buffer: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && !isBreak(buffer[at])) at += 1;
  return at;
}

/** @returns undefined for a frame without an end */
function messageEnd(buffer: Buffer, at: number, next: number): number | undefined {
  const framed = buffer[at - 1] === verticalTab;
  const separator = buffer.indexOf(fileSeparator, at);
  const hasEnd = separator >= 0 && separator < next;
  if (hasEnd && (framed || separator + 1 >= next || isBreak(buffer[separator + 1]))) {
    return separator;
  }
  if (framed) return undefined;
  let end = next;
  while (end > at && isBreak(buffer[end - 1])) end -= 1;
  if (end < next && buffer[end] === carriageReturn) end += 1;
  if (end < next && buffer[end] === lineFeed) end += 1;
  return end;
}

function strayBytes(buffer: Buffer, from: number, to: number): number {
  let stray = 0;
  for (let at = from; at < to; at += 1) if (!isBreak(buffer[at])) stray += 1;
  return stray;
}

/** By the first end of a segment: a file is written by one program. */
function framingOf(buffer: Buffer, first: number): Framing {
  if (buffer[first - 1] === verticalTab) return 'mllp';
  const carriage = buffer.indexOf(carriageReturn, first);
  const line = buffer.indexOf(lineFeed, first);
  if (carriage < 0) return line < 0 ? 'none' : 'lf';
  if (line === carriage + 1) return 'crlf';
  return line >= 0 && line < carriage ? 'lf' : 'cr';
}

function noMessage(buffer: Buffer): string {
  const wide = buffer[0] === 0xff || buffer[0] === 0xfe || buffer[1] === 0;
  return wide
    ? 'written in UTF-16: save it as UTF-8 or ISO 8859-1'
    : 'no message: no line begins with MSH and its separators';
}
