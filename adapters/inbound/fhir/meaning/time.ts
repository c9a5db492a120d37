/**
 * FHIR date, dateTime and instant to an instant in UTC. A time must have its zone (FHIR R4 2.24.0.1); a date is the day in
 * the sender's zone, and is said to be no more than that.
 */
import { Temporal } from 'temporal-polyfill';
import { invalidValue } from './work.ts';

export interface FhirTime {
  /** ISO 8601 in UTC with milliseconds. */
  readonly instant: string;
  /** A date only; the instant is then 00.00 of that day. */
  readonly precision?: 'day';
  /** The date as it was written, where it is one. */
  readonly date?: string;
}

const shape =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * @param zone IANA name of the sender's zone, for a date
 * @param expression FHIRPath of where it stood, for the error
 * @throws GatewayError malformed-message for what is no time, is only a year or month, or has no zone
 */
export function parseFhirTime(text: string, zone: string, expression: string): FhirTime {
  const match = shape.exec(text);
  if (match === null) throw invalidValue(expression, 'not a date and time of FHIR');
  const [, year = '', month, day, hour, minute, second, fraction, offset] = match;
  if (month === undefined || day === undefined) {
    throw invalidValue(expression, 'only a year or a month: give at least the date');
  }
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (y < 1000 || !isDate(y, m, d)) throw invalidValue(expression, 'no such date');
  const date = `${year}-${month}-${day}`;
  if (hour === undefined) return { instant: startOfDay(date, zone), precision: 'day', date };
  if (offset === undefined) {
    throw invalidValue(expression, 'a time without its zone: write 2022-03-07T11:59:00+01:00');
  }
  const offsetMs = offsetOf(offset);
  const [h, min, s] = [Number(hour), Number(minute), Number(second)];
  // FHIR allows a leap second; it is the last one of its minute here.
  if (h > 23 || min > 59 || s > 60 || offsetMs === undefined) {
    throw invalidValue(expression, 'no such time of day');
  }
  const ms = Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  const localMs = Date.UTC(y, m - 1, d, h, min, Math.min(s, 59), ms);
  return { instant: new Date(localMs - offsetMs).toISOString() };
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function offsetOf(text: string): number | undefined {
  if (text === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(4, 6))];
  if (hours > 14 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const keptDays = 2000;
const days = new Map<string, string>();

function startOfDay(date: string, zone: string): string {
  const key = `${zone} ${date}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  const start = Temporal.PlainDate.from(date).toZonedDateTime(zone).toInstant();
  const instant = start.toString({ smallestUnit: 'millisecond' });
  if (days.size >= keptDays) days.clear();
  days.set(key, instant);
  return instant;
}
