/**
 * A message taken apart for checks, which look at every segment, field and repetition. Meaning is read through
 * Hl7Message alone, a path at a time; this is for those that have no path yet.
 */
import { unescape } from './escapes.ts';
import type { Delimiters, Hl7Message } from './message.ts';

export interface Segment {
  readonly name: string;
  /** Which of the segments with this name, from 1. */
  readonly occurrence: number;
  /** As written, by their number; empty where there is none. MSH-1 and MSH-2 are the separators. */
  readonly fields: readonly string[];
}

/** Every segment in order, its fields as written. */
export function segmentsOf(message: Hl7Message): readonly Segment[] {
  const seen = new Map<string, number>();
  const segments = message.segmentNames().map((name) => {
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    const fields: string[] = [];
    return { name, occurrence, fields };
  });
  for (const { index, field, raw } of message.rawFields()) {
    const fields = segments[index]?.fields;
    if (fields === undefined) continue;
    while (fields.length < field) fields.push('');
    fields[field] = raw;
  }
  return segments;
}

/** `PV1`, `NK1[2]` */
export function segmentPlace({ name, occurrence }: Segment): string {
  const shown = /^[A-Z][A-Z0-9]{2}$/.test(name) ? name : 'a segment without a name';
  return occurrence > 1 ? `${shown}[${occurrence}]` : shown;
}

/** `NK1[2]-3(2).1`; a first repetition is not written, nor a component 0. */
export function fieldPlace(
  segment: Segment,
  field: number,
  repetition = 1,
  component = 0,
  subcomponent = 0,
): string {
  const repeated = repetition > 1 ? `(${repetition})` : '';
  const inside = component > 0 ? `.${component}` : '';
  const deeper = subcomponent > 0 ? `.${subcomponent}` : '';
  return `${segmentPlace(segment)}-${field}${repeated}${inside}${deeper}`;
}

/** Cuts a text at a separator; whole where the sender does not use it. */
export function parts(text: string, separator: string): readonly string[] {
  return separator === '' || !text.includes(separator) ? [text] : text.split(separator);
}

/** One component of one repetition, or one subcomponent of it, as written; empty where there is none. */
export function partOf(
  raw: string,
  component: number,
  subcomponent: number,
  delimiters: Delimiters,
): string {
  const whole = parts(raw, delimiters.component)[component - 1] ?? '';
  return parts(whole, delimiters.subcomponent)[subcomponent - 1] ?? '';
}

/** A value unescaped; as it is written where its escapes hold bytes of another character set, which the reader refuses. */
export function unescaped(raw: string, { delimiters, charset }: Hl7Message): string {
  if (delimiters.escape === '' || !raw.includes(delimiters.escape)) return raw;
  try {
    return unescape(raw, delimiters, charset);
  } catch {
    return raw;
  }
}
