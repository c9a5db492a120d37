/**
 * HL7 DTM (`YYYYMMDD[HH[MM[SS[.S…]]]][±ZZZZ]`) to an instant in UTC, and back for the answer.
 *
 * A time without offset is wall time in the sender's zone. In the hour that does not exist it is moved forward, in
 * the hour that comes twice the first is taken, and both are said as warnings: a legal clock may hang on them.
 * Temporal is asked once an hour of wall time and zone; the answer is kept.
 */
import { Temporal } from 'temporal-polyfill';
import { GatewayError } from '../../../../gateway/errors.ts';

const hourMs = 3_600_000;
const keptHours = 20_000;

export interface Hl7Time {
  /** ISO 8601 in UTC with milliseconds. */
  readonly instant: string;
  /** The value gave a date only; the instant is then 00.00 of that day. */
  readonly precision?: 'day';
  /** `DST_GAP`, `DST_OVERLAP`, `HOUR_PRECISION`. */
  readonly warnings: readonly string[];
}

const none: readonly string[] = [];

/**
 * @param text the value, unescaped
 * @param zone IANA name of the sender's zone
 * @param location where it stood, for the error
 * @throws GatewayError malformed-message (table 0357: 102) for what is not a time, or only a year or month
 */
export function parseTime(text: string, zone: string, location: string): Hl7Time {
  // One message says the same time in several fields.
  if (text === latest?.text && zone === latest.zone) return latest.time;
  const time = readTime(text, zone, location);
  latest = { text, zone, time };
  return time;
}

let latest: { text: string; zone: string; time: Hl7Time } | undefined;

/** The date of a value that has one, as written: `YYYY-MM-DD`. */
export function dateOf(text: string): string {
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
}

function readTime(text: string, zone: string, location: string): Hl7Time {
  const wall = parseWall(text);
  if (wall === undefined) {
    throw new GatewayError('malformed-message', `${location}: not a date and time`, {
      location,
      standardCode: '102',
    });
  }
  const { localMs, offsetMs, digits } = wall;
  const resolved = offsetMs === undefined ? resolve(localMs, zone) : { ms: localMs - offsetMs };
  const instant = new Date(resolved.ms).toISOString();
  // A day begins when it begins: where midnight falls in a gap the date is still certain.
  if (digits === 8) return { instant, precision: 'day', warnings: none };
  const warning = 'warning' in resolved ? [resolved.warning] : none;
  return { instant, warnings: digits === 10 ? [...warning, 'HOUR_PRECISION'] : warning };
}

interface Wall {
  readonly localMs: number;
  readonly offsetMs: number | undefined;
  /** How many digits of date and time were given: 8, 10, 12 or 14. */
  readonly digits: number;
}

/** Character by character, because it runs several times a message. */
function parseWall(text: string): Wall | undefined {
  let digits = 0;
  while (digits < 15 && isDigit(text.charCodeAt(digits))) digits += 1;
  if (digits !== 8 && digits !== 10 && digits !== 12 && digits !== 14) return undefined;
  let at = digits;
  let millisecond = 0;
  if (text[at] === '.' && digits === 14) {
    let places = 0;
    at += 1;
    for (; places < 4 && isDigit(text.charCodeAt(at)); places += 1, at += 1) {
      if (places < 3) millisecond += (text.charCodeAt(at) - 48) * 10 ** (2 - places);
    }
    if (places === 0) return undefined;
  }
  const offsetMs = at === text.length ? undefined : parseOffset(text, at);
  if (at < text.length && offsetMs === undefined) return undefined;
  const year = number(text, 0, 4);
  const month = number(text, 4, 2);
  const day = number(text, 6, 2);
  const hour = digits > 8 ? number(text, 8, 2) : 0;
  const minute = digits > 10 ? number(text, 10, 2) : 0;
  const second = digits > 12 ? number(text, 12, 2) : 0;
  if (year < 1000 || hour > 23 || minute > 59 || second > 59) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  return { localMs, offsetMs, digits };
}

function parseOffset(text: string, at: number): number | undefined {
  const sign = text[at] === '+' ? 1 : text[at] === '-' ? -1 : 0;
  if (sign === 0 || text.length !== at + 5) return undefined;
  for (let place = at + 1; place < at + 5; place += 1) {
    if (!isDigit(text.charCodeAt(place))) return undefined;
  }
  const hours = number(text, at + 1, 2);
  const minutes = number(text, at + 3, 2);
  if (hours > 14 || minutes > 59) return undefined;
  return sign * (hours * 60 + minutes) * 60_000;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function number(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

// ---------------------------------------------------------------- zones

/** Offsets of zones by the hour: of wall time on the way in, of UTC on the way out. Bounded. */
class HourlyOffsets {
  readonly #zones = new Map<string, Map<number, number>>();
  #kept = 0;

  get(zone: string, hour: number): number | undefined {
    return this.#zones.get(zone)?.get(hour);
  }

  keep(zone: string, hour: number, offsetMs: number): void {
    if (this.#kept >= keptHours) {
      this.#zones.clear();
      this.#kept = 0;
    }
    let hours = this.#zones.get(zone);
    if (hours === undefined) this.#zones.set(zone, (hours = new Map()));
    hours.set(hour, offsetMs);
    this.#kept += 1;
  }
}

const wallOffsets = new HourlyOffsets();
const utcOffsets = new HourlyOffsets();

interface Resolved {
  readonly ms: number;
  readonly warning?: 'DST_GAP' | 'DST_OVERLAP';
}

function resolve(localMs: number, zone: string): Resolved {
  const hour = Math.floor(localMs / hourMs);
  const kept = wallOffsets.get(zone, hour);
  if (kept !== undefined) return { ms: localMs - kept };
  const first = ask(hour * hourMs, zone);
  const last = ask((hour + 1) * hourMs - 1, zone);
  const same = first.ms - hour * hourMs === last.ms - ((hour + 1) * hourMs - 1);
  if (same && first.warning === undefined && last.warning === undefined) {
    wallOffsets.keep(zone, hour, hour * hourMs - first.ms);
  }
  return ask(localMs, zone);
}

/** The instant of a wall time; in a gap the later reading, in an overlap the earlier (as Temporal's `compatible`). */
function ask(localMs: number, zone: string): Resolved {
  const wall = Temporal.PlainDateTime.from(new Date(localMs).toISOString().slice(0, -1));
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = wall.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds) {
    return { ms: earlier.epochMilliseconds };
  }
  return earlier.toPlainDateTime().equals(wall)
    ? { ms: earlier.epochMilliseconds, warning: 'DST_OVERLAP' }
    : { ms: later.epochMilliseconds, warning: 'DST_GAP' };
}

/**
 * An instant as HL7 writes it in a zone, to the second, with offset: `20220307115900+0100`.
 * @param instant ISO 8601
 */
export function formatTime(instant: string, zone: string): string {
  const ms = Date.parse(instant);
  const offsetMs = offsetAt(ms, zone);
  const local = new Date(ms + offsetMs).toISOString();
  const minutes = Math.abs(offsetMs) / 60_000;
  const offset = pad(Math.floor(minutes / 60)) + pad(Math.floor(minutes % 60));
  const wall = local.slice(0, 19).replace(/[-T:]/g, '');
  return `${wall}${offsetMs < 0 ? '-' : '+'}${offset}`;
}

function offsetAt(ms: number, zone: string): number {
  const hour = Math.floor(ms / hourMs);
  const kept = utcOffsets.get(zone, hour);
  if (kept !== undefined) return kept;
  const at = (instantMs: number): number =>
    Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).offsetNanoseconds /
    1e6;
  const first = at(hour * hourMs);
  if (first === at((hour + 1) * hourMs - 1)) utcOffsets.keep(zone, hour, first);
  return at(ms);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
