/** Lays what the library `hl7v2` found in a message beside what our reader found, place by place. */
import { HL7Message as LibraryMessage } from 'hl7v2';
import type { HL7Field } from 'hl7v2';
import type { Charset } from '../../adapters/inbound/hl7v2/message/charset.ts';
import { Hl7Message } from '../../adapters/inbound/hl7v2/message/message.ts';
import type { Hl7Path } from '../../mappings/index.ts';

/** One place of a message, as each of the two found it. */
export interface Place {
  /** `PID-3(2).4.1`; `segments` for the names of all segments. */
  readonly path: string;
  /** The component as it is written, for telling why the two differ. */
  readonly written: string;
  readonly ours: string | null | undefined;
  readonly theirs: unknown;
  readonly message: Hl7Message;
}

/** Stands for a value that our reader refuses. */
const refusedValue = '(refused)';

export interface Comparison {
  readonly compared: number;
  readonly differing: readonly Place[];
}

/** @returns undefined where one of the two does not read the message at all */
export function compare(text: string, charset: Charset): Comparison | undefined {
  let message: Hl7Message;
  let other: LibraryMessage;
  try {
    message = new Hl7Message(Buffer.from(text), text, charset);
    other = LibraryMessage.parse(text);
  } catch {
    return undefined;
  }
  const { field: separator } = message.delimiters;
  const names = message
    .segmentNames()
    .map((name) => name.split(separator)[0])
    .join(' ');
  const theirNames = other.segments.map(({ segmentType }) => segmentType.slice(0, 3)).join(' ');
  if (names !== theirNames) {
    const place = { path: 'segments', written: text, ours: names, theirs: theirNames, message };
    return { compared: 1, differing: [place] };
  }
  const places = segmentsOf(message).flatMap((segment, index) =>
    segment === undefined
      ? []
      : (other.segments[index]?.fields ?? []).flatMap((field, at) =>
          placesOf(segment, message.segmentNames()[index] ?? '', at + 1, field),
        ),
  );
  return {
    compared: places.length,
    differing: places.filter(
      ({ ours, theirs }) =>
        (ours ?? '') !== (theirs ?? '') || (ours === null) !== (theirs === null),
    ),
  };
}

/** Each segment behind the header as a message of its own, since a path means the first segment of its name. */
function segmentsOf(message: Hl7Message): (Hl7Message | undefined)[] {
  const { field: separator } = message.delimiters;
  const header = `MSH${separator}${message.rawField('MSH', 2)}${separator}`;
  const fields = new Map<number, string[]>();
  for (const { index, field, raw } of message.rawFields()) {
    const list = fields.get(index) ?? [];
    list[field] = raw;
    fields.set(index, list);
  }
  return message.segmentNames().map((name, index) => {
    if (index === 0) return message;
    if (name === 'MSH' || name.includes(separator)) return undefined; // no path leads to a second header, or to a line without a name
    const list = Array.from(fields.get(index) ?? [], (raw) => raw ?? '');
    const text = `${header}\r${[name, ...list.slice(1)].join(separator)}`;
    return new Hl7Message(Buffer.from(text), text, message.charset);
  });
}

function placesOf(message: Hl7Message, segment: string, number: number, field: HL7Field): Place[] {
  const { component: componentSeparator, subcomponent: separator, repetition } = message.delimiters;
  const written = split(
    message.rawField(segment, number),
    segment === 'MSH' && number <= 2 ? '' : repetition,
  );
  const places: Place[] = [];
  for (let rep = 0; rep < Math.max(written.length, field.repetitions.length); rep += 1) {
    const components = split(written[rep] ?? '', componentSeparator);
    const theirs = field.repetitions[rep]?.components ?? [];
    for (let at = 0; at < Math.max(components.length, theirs.length); at += 1) {
      const parts = split(components[at] ?? '', separator);
      const their = theirs[at];
      const values =
        their?.isPrimitive === false
          ? (their.subComponents ?? []).map(({ value }) => value as unknown)
          : [their?.getValue() as unknown];
      for (let sub = 0; sub < Math.max(parts.length, values.length); sub += 1) {
        // Longer than a mapping may write it: a path of a mapping ends at three digits.
        const path = {
          segment,
          field: number,
          repetition: rep + 1,
          component: at + 1,
          subcomponent: sub + 1,
        };
        const name = `${segment}-${number}(${rep + 1}).${at + 1}.${sub + 1}`;
        places.push({
          path: name,
          written: components[at] ?? '',
          ours: ourValue(message, { text: name, ...path }),
          theirs: values[sub],
          message,
        });
      }
    }
  }
  return places;
}

function ourValue(message: Hl7Message, path: Hl7Path): string | null | undefined {
  try {
    return message.value(path);
  } catch {
    return refusedValue;
  }
}

function split(text: string, separator: string): string[] {
  return separator === '' ? [text] : text.split(separator);
}
