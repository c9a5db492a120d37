/** Writing HL7 v2.5 by the usual separators: values escaped, fields by their numbers, times with their offset. */
import { Temporal } from 'temporal-polyfill';

/** Fields of a segment by their number in the standard; what is left out is empty. */
export type Fields = Readonly<Record<number, string>>;

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\E\\',
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
};

/**
 * One value. What ends a frame, a segment or a line has no place in one: it becomes a space.
 * @returns it without separators of its own
 */
export function hl7Text(value: string): string {
  return value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replace(/[\\|^&~]/g, (character) => escapes[character] ?? '');
}

/** Components of a field, already escaped; empty ones at its end are left out. */
export function components(...values: readonly (string | undefined)[]): string {
  return values
    .map((value) => value ?? '')
    .join('^')
    .replace(/\^+$/, '');
}

/** A segment with its line end; empty fields at its end are left out. The fields of MSH are counted as the standard does: its separator is the first. */
export function segment(name: string, fields: Fields): string {
  const numbers = Object.keys(fields).map(Number);
  const last = Math.max(0, ...numbers.filter((number) => fields[number] !== ''));
  const first = name === 'MSH' ? 2 : 1;
  const written = Array.from({ length: last - first + 1 }, (_, at) => fields[at + first] ?? '');
  return `${[name, ...written].join('|')}\r`;
}

/** A time stamp (TS) as Sweden's clocks show it, with its offset; a bare date stays a date. */
export function timeStamp(iso: string): string {
  if (iso.length === 10) return iso.replaceAll('-', '');
  const local = Temporal.Instant.from(iso).toZonedDateTimeISO('Europe/Stockholm');
  const digits = local.toPlainDateTime().toString({ smallestUnit: 'second' });
  return digits.replace(/\D/g, '') + local.offset.replace(':', '');
}
