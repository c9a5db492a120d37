/**
 * Days, hours, noon and holidays as the law counts them, in Europe/Stockholm.
 *
 * Stockholm changes its offset only on whole hours of UTC, so the offset is asked for once an hour of UTC and kept.
 */
import { Temporal } from 'temporal-polyfill';

const zone = 'Europe/Stockholm';
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const maxKeptOffsets = 20_000;
const offsets = new Map<number, number>();

function offsetMsAt(epochMs: number): number {
  const hour = Math.floor(epochMs / hourMs);
  const kept = offsets.get(hour);
  if (kept !== undefined) return kept;
  const instant = Temporal.Instant.fromEpochMilliseconds(hour * hourMs);
  const offsetMs = instant.toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
  if (offsets.size >= maxKeptOffsets) offsets.clear();
  offsets.set(hour, offsetMs);
  return offsetMs;
}

/** The local calendar date of an instant. */
export function localDateOf(instant: Temporal.Instant): Temporal.PlainDate {
  const local = new Date(instant.epochMilliseconds + offsetMsAt(instant.epochMilliseconds));
  return new Temporal.PlainDate(
    local.getUTCFullYear(),
    local.getUTCMonth() + 1,
    local.getUTCDate(),
  );
}

/** The same as text, `YYYY-MM-DD`. */
export function localDateText(instant: Temporal.Instant): string {
  const { epochMilliseconds } = instant;
  return new Date(epochMilliseconds + offsetMsAt(epochMilliseconds)).toISOString().slice(0, 10);
}

/** ISO 8601 in UTC with milliseconds, as events have it. */
export function isoOf(instant: Temporal.Instant): string {
  return new Date(instant.epochMilliseconds).toISOString();
}

/** Local date and time for a reader, `YYYY-MM-DD HH.MM`. */
export function localTimeText(instant: Temporal.Instant): string {
  const { epochMilliseconds } = instant;
  const local = new Date(epochMilliseconds + offsetMsAt(epochMilliseconds)).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 13)}.${local.slice(14, 16)}`;
}

/** The same with its seconds, where there are any: 12.00.35 is after noon, and `12.00` would not say so. */
export function sentTimeText(instant: Temporal.Instant): string {
  const seconds = Math.floor(instant.epochMilliseconds / 1000) % 60;
  return localTimeText(instant) + (seconds === 0 ? '' : `.${String(seconds).padStart(2, '0')}`);
}

/** 00.00 local time of a date. Clocks change at night after that, so the instant always exists, once. */
export function startOfDay(date: Temporal.PlainDate): Temporal.Instant {
  const utcMidnightMs = Date.UTC(date.year, date.month - 1, date.day);
  return Temporal.Instant.fromEpochMilliseconds(utcMidnightMs - offsetMsAt(utcMidnightMs - hourMs));
}

/** The last millisecond of a local date: what is done then is still done on that day. */
export function endOfDay(date: Temporal.PlainDate): Temporal.Instant {
  return startOfDay(date.add({ days: 1 })).subtract({ milliseconds: 1 });
}

/** Whether an instant is later than a local clock time (`HH:MM`) of its own date; that very instant is not. */
export function isAfterClockTime(instant: Temporal.Instant, clockTime: string): boolean {
  const [hours, minutes] = clockTime.split(':').map(Number);
  const limitMs = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
  const localMs = instant.epochMilliseconds + offsetMsAt(instant.epochMilliseconds);
  return localMs - Math.floor(localMs / dayMs) * dayMs > limitMs;
}

/** The dates from one to another, the last one left out. */
export function datesBetween(from: Temporal.PlainDate, until: Temporal.PlainDate): string[] {
  const dates: string[] = [];
  for (let date = from; Temporal.PlainDate.compare(date, until) < 0; date = date.add({ days: 1 })) {
    dates.push(date.toString());
  }
  return dates;
}

export function laterDate(left: Temporal.PlainDate, right: Temporal.PlainDate): Temporal.PlainDate {
  return Temporal.PlainDate.compare(left, right) >= 0 ? left : right;
}

/** The date itself, or the next working day in the sense of 2 § lag (1930:173). */
export function workingDayFrom(date: Temporal.PlainDate): Temporal.PlainDate {
  let candidate = date;
  while (isRestDay(candidate)) candidate = candidate.add({ days: 1 });
  return candidate;
}

/** Sunday, other public holiday, Saturday, Midsummer Eve, Christmas Eve or New Year's Eve (2 § lag 1930:173). */
export function isRestDay(date: Temporal.PlainDate): boolean {
  if (date.dayOfWeek >= 6) return true;
  const monthDay = date.toString().slice(5);
  if (fixedRestDays.has(monthDay)) return true;
  // Midsummer Eve is the Friday before Midsummer Day; All Saints' Day and Midsummer Day are Saturdays.
  if (date.month === 6 && date.dayOfWeek === 5 && date.day >= 19 && date.day <= 25) return true;
  const fromEaster = date.since(easterSunday(date.year)).days;
  return easterRestDays.has(fromEaster);
}

/**
 * Public holidays of lag (1989:253), with the eves of 2 § lag (1930:173):
 * New Year, Epiphany, 1 May, National Day, Christmas Eve, Christmas, Boxing Day, New Year's Eve.
 */
const fixedRestDays = new Set([
  '01-01',
  '01-06',
  '05-01',
  '06-06',
  '12-24',
  '12-25',
  '12-26',
  '12-31',
]);
/** Good Friday, Easter Monday and Ascension Day, in days from Easter Sunday. */
const easterRestDays = new Set([-2, 1, 39]);

/** Easter Sunday of a year in the Gregorian calendar (anonymous Gregorian computus). */
export function easterSunday(year: number): Temporal.PlainDate {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday =
    (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7;
  const shift = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const number = epact + weekday - 7 * shift + 114;
  return new Temporal.PlainDate(year, Math.floor(number / 31), (number % 31) + 1);
}
