/**
 * The reader: an HL7 v2 message as it came, and its values found when asked for.
 *
 * The raw bytes are kept and nothing is rewritten. A segment is looked into the first time one of its fields is asked
 * for, and then only its field separators are found; a value is cut out and unescaped last. Nothing is split.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import type { Hl7Path } from '../../../../mappings/hl7v2-path.ts';
import type { Charset } from './charset.ts';
import { unescape } from './escapes.ts';

/** The separators of MSH-1 and MSH-2; one that the sender does not use is empty. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** Senders use few sets of separators; each is checked once. Bounded, for the text is the sender's. */
const checked = new Map<string, Delimiters>();
const keptDelimiters = 100;

/** Reads MSH-1 and MSH-2. @throws GatewayError malformed-message where the text does not begin with a usable MSH */
export function delimitersOf(text: string): Delimiters {
  const end = text.indexOf(text.charAt(3), 4);
  const written = end < 0 ? '' : text.slice(0, Math.min(end, 10));
  const found = checked.get(written);
  if (found !== undefined) return found;
  const delimiters = checkDelimiters(written);
  if (checked.size >= keptDelimiters) checked.clear();
  checked.set(written, delimiters);
  return delimiters;
}

/** @param written `MSH|^~\&` */
function checkDelimiters(written: string): Delimiters {
  const all = written.slice(3);
  const usable =
    /^MSH.{2,6}$/.test(written) && !/[A-Za-z0-9\s"]/.test(all) && new Set(all).size === all.length;
  if (!usable) {
    throw new GatewayError('malformed-message', 'does not begin with MSH and its separators', {
      location: 'MSH',
      standardCode: '100',
    });
  }
  return {
    field: all.charAt(0),
    component: all.charAt(1),
    repetition: all.charAt(2),
    escape: all.charAt(3),
    subcomponent: all.charAt(4),
  };
}

export class Hl7Message {
  readonly raw: Uint8Array;
  /** The decoded text, without a byte order mark. */
  readonly text: string;
  readonly charset: Charset;
  readonly delimiters: Delimiters;
  /** Where each segment begins and ends in the text. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** The segments' names, each as one number; 0 for a line that has none. */
  readonly #names: number[] = [];
  /** By segment, the place after each of its field separators, and after its end; found when first asked for. */
  readonly #fields: (number[] | undefined)[] = [];

  /**
   * @param raw the bytes as they came
   * @param text the same, decoded by `charset`
   * @throws GatewayError malformed-message without a usable MSH
   */
  constructor(raw: Uint8Array, text: string, charset: Charset) {
    this.raw = raw;
    this.text = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    this.charset = charset;
    this.delimiters = delimitersOf(this.text);
    this.#findSegments();
  }

  /** Names of the segments in order. */
  segmentNames(): string[] {
    return this.#starts.map((start, index) =>
      this.text.slice(start, Math.min(start + 3, this.#ends[index] ?? start)),
    );
  }

  /** The segments as they were written, in order, without their line ends. */
  segmentTexts(): string[] {
    return this.#starts.map((start, index) => this.text.slice(start, this.#ends[index]));
  }

  /** Whether the message has such a segment. */
  has(segment: string): boolean {
    return this.#indexOf(segment) >= 0;
  }

  /** Whether such a segment stands after the first segment. */
  hasSecond(segment: string): boolean {
    return this.#names.indexOf(nameAt(segment, 0), 1) > 0;
  }

  /**
   * The value at a path, unescaped.
   * @returns undefined where it is absent or empty, null where it is `""` (explicitly none)
   */
  value(path: Hl7Path): string | null | undefined {
    const raw = this.#cut(path);
    if (raw === '') return undefined;
    if (raw === '""') return null;
    const { escape } = this.delimiters;
    if (escape === '' || !raw.includes(escape)) return raw;
    return unescape(raw, this.delimiters, this.charset);
  }

  /** The value at a path, or undefined where it is absent, empty or `""`. */
  valueOf(path: Hl7Path): string | undefined {
    return this.value(path) ?? undefined;
  }

  /** The same for those who check or show a message that may be refused: as nothing where it cannot be unescaped. */
  readableValueOf(path: Hl7Path): string | undefined {
    try {
      return this.valueOf(path);
    } catch {
      return undefined;
    }
  }

  /** A whole field as it was written, with its separators and escapes; empty where absent. */
  rawField(segment: string, field: number): string {
    const span = this.#fieldSpan(this.#indexOf(segment), segment, field);
    return span === undefined ? '' : this.text.slice(span[0], span[1]);
  }

  /** Every field of every segment as written, in order; for showing a message, not for the hot path. */
  *rawFields(): Generator<{ index: number; segment: string; field: number; raw: string }> {
    const names = this.segmentNames();
    for (const [index, segment] of names.entries()) {
      const last = this.#offsets(index, Infinity).length - (segment === 'MSH' ? 0 : 1);
      for (let field = 1; field <= last; field += 1) {
        const span = this.#fieldSpan(index, segment, field);
        if (span === undefined) continue;
        const raw = this.text.slice(span[0], span[1]);
        if (raw !== '') yield { index, segment, field, raw };
      }
    }
  }

  /** How many repetitions a field has; 0 where it is absent or empty. */
  repetitions(segment: string, field: number): number {
    const span = this.#fieldSpan(this.#indexOf(segment), segment, field);
    if (span === undefined || span[0] === span[1]) return 0;
    const separator = this.delimiters.repetition.charCodeAt(0); // NaN, equal to nothing, where there is none
    let count = 1;
    for (let at = span[0]; at < span[1]; at += 1) {
      if (this.text.charCodeAt(at) === separator) count += 1;
    }
    return count;
  }

  /**
   * A segment begins after CR, and after LF (or CRLF) where a segment name follows: other LFs are text.
   * Both are looked for from where the last one was found, so a message costs one pass whatever it is made of.
   */
  #findSegments(): void {
    const { text } = this;
    let feed = this.#feedFrom(0);
    for (let start = 0; start < text.length;) {
      let end = text.indexOf('\r', start);
      if (end < 0) end = text.length;
      if (feed < end) feed = this.#addLines(start, end, feed);
      else this.#add(start, end);
      start = end + 1;
    }
  }

  /** The next line feed; the end of the text where there is none. */
  #feedFrom(at: number): number {
    const found = this.text.indexOf('\n', at);
    return found < 0 ? this.text.length : found;
  }

  /**
   * What lies between two CRs and has line feeds in it.
   * @param feed the first of them
   * @returns the first line feed after it
   */
  #addLines(from: number, to: number, feed: number): number {
    let start = from;
    while (start < to && this.text[start] === '\n') start += 1;
    let end = to;
    while (end > start && this.text[end - 1] === '\n') end -= 1;
    let at = Math.max(feed, start);
    if (this.text[at] !== '\n') at = this.#feedFrom(at);
    for (; at < end; at = this.#feedFrom(at + 1)) {
      if (!this.#beginsAt(at + 1)) continue;
      this.#add(start, at);
      start = at + 1;
    }
    this.#add(start, end);
    return at < to ? this.#feedFrom(to) : at;
  }

  #add(start: number, end: number): void {
    if (end <= start) return;
    const after = start + 3;
    const named = after === end || (after < end && this.text[after] === this.delimiters.field);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#names.push(named ? nameAt(this.text, start) : 0);
  }

  #beginsAt(at: number): boolean {
    return (
      /^[A-Z][A-Z0-9]{2}$/.test(this.text.slice(at, at + 3)) &&
      (this.text.startsWith(this.delimiters.field, at + 3) || at + 3 === this.text.length)
    );
  }

  #indexOf(segment: string): number {
    return this.#names.indexOf(nameAt(segment, 0));
  }

  /** Where the fields of a segment begin, found as far as they are asked for; its end counts as one more. */
  #offsets(index: number, ordinal: number): number[] {
    const found = (this.#fields[index] ??= []);
    if (found.length > ordinal) return found;
    const { text } = this;
    const separator = this.delimiters.field.charCodeAt(0);
    const end = this.#ends[index] ?? 0;
    for (let at = found.at(-1) ?? this.#starts[index] ?? 0; at <= end; at += 1) {
      if (at < end && text.charCodeAt(at) !== separator) continue;
      found.push(at + 1);
      if (found.length > ordinal) break;
    }
    return found;
  }

  /** Begin and end of a field. In MSH the first separator is itself MSH-1, so its other fields count one less. */
  #fieldSpan(index: number, segment: string, field: number): [number, number] | undefined {
    if (index < 0) return undefined;
    const start = this.#starts[index] ?? 0;
    if (segment === 'MSH' && field === 1) return [start + 3, start + 4];
    const ordinal = segment === 'MSH' ? field - 1 : field;
    const offsets = this.#offsets(index, ordinal);
    const from = offsets[ordinal - 1];
    const next = offsets[ordinal];
    return from === undefined || next === undefined ? undefined : [from, next - 1];
  }

  /** One pass over the repetition: every separator ends a part, and the part is ours when both counts are. */
  #cut(path: Hl7Path): string {
    const span = this.#fieldSpan(this.#indexOf(path.segment), path.segment, path.field);
    if (span === undefined) return '';
    const { text } = this;
    const [from, to] = span;
    if (path.segment === 'MSH' && path.field <= 2) return text.slice(from, to);
    let start = path.repetition === 1 ? from : this.#repetitionFrom(from, to, path.repetition);
    const { repetition, component, subcomponent } = this.delimiters;
    const repetitionCode = repetition.charCodeAt(0); // NaN, equal to nothing, where there is none
    const componentCode = component.charCodeAt(0);
    const subcomponentCode = subcomponent.charCodeAt(0);
    let leftComponents = path.component;
    let leftSubcomponents = path.subcomponent;
    for (let at = start; at < to; at += 1) {
      const code = text.charCodeAt(at);
      const isRepetition = code === repetitionCode;
      const isComponent = code === componentCode;
      if (!isRepetition && !isComponent && code !== subcomponentCode) continue;
      if (leftComponents === 1 && leftSubcomponents === 1) return text.slice(start, at);
      if (isRepetition) return '';
      if (isComponent) leftComponents -= 1;
      else if (leftComponents === 1) leftSubcomponents -= 1;
      if (leftComponents === 0 || leftSubcomponents === 0) return '';
      start = at + 1;
    }
    return leftComponents === 1 && leftSubcomponents === 1 ? text.slice(start, to) : '';
  }

  /** Where a later repetition begins; the end of the field where there is none. */
  #repetitionFrom(from: number, to: number, repetition: number): number {
    const separator = this.delimiters.repetition;
    if (separator === '') return to;
    let start = from;
    for (let left = repetition; left > 1; left -= 1) {
      const at = this.text.indexOf(separator, start);
      if (at < 0 || at >= to) return to;
      start = at + 1;
    }
    return start;
  }
}

/** Three ASCII characters as one number, so that finding a segment compares numbers; 0 for what is no name. */
function nameAt(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  const third = text.charCodeAt(at + 2);
  return (first | second | third) > 127 ? 0 : (first << 16) | (second << 8) | third;
}
