/**
 * Local dates of instants, in Europe/Stockholm. An instant is a number of epoch milliseconds, a date is its ISO text.
 *
 * Stockholm changes its offset only on whole hours of UTC, so the offset is asked for once an hour of UTC and kept.
 * Everything else is arithmetic on days of UTC.
 */
import { Temporal } from 'temporal-polyfill';

/** A calendar date, `YYYY-MM-DD`: the order of the texts is the order of the dates. */
export type LocalDate = string;

const zone = 'Europe/Stockholm';
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Answers of a function without side effects that are worth keeping; at the limit it begins anew. */
export function keeping<K, V>(limit: number, ask: (key: K) => V): (key: K) => V {
  const kept = new Map<K, V>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const answer = ask(key);
    if (kept.size >= limit) kept.clear();
    kept.set(key, answer);
    return answer;
  };
}

const offsetMsOfHour = keeping(20_000, (hour: number): number => {
  const instant = Temporal.Instant.fromEpochMilliseconds(hour * hourMs);
  return instant.toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
});

/** What the local clock shows, as milliseconds since it showed 1970-01-01 00.00. */
export function localMsOf(atMs: number): number {
  return atMs + offsetMsOfHour(Math.floor(atMs / hourMs));
}

/** Days from 1970-01-01 to a date. @throws RangeError where the text is no date */
export const dayNumberOf = keeping(4000, (date: LocalDate): number => {
  const dayNumber = Date.parse(`${date}T00:00:00Z`) / dayMs;
  // 30 February would be read as a day of March.
  if (Number.isNaN(dayNumber) || dateOfDayNumber(dayNumber) !== date) {
    throw new RangeError(`${date} is not a date`);
  }
  return dayNumber;
});

/** The date that many days after 1970-01-01. */
export const dateOfDayNumber = keeping(4000, (dayNumber: number): LocalDate =>
  new Date(dayNumber * dayMs).toISOString().slice(0, 10),
);

/** An instant as Sweden's clocks show it, to the second, with its offset: `2026-03-02T08:30:00+01:00`. */
export function localTextOf(atMs: number): string {
  const localMs = localMsOf(atMs);
  const hours = Math.abs(localMs - atMs) / hourMs;
  const sign = localMs < atMs ? '-' : '+';
  const shown = new Date(localMs).toISOString().slice(0, 19);
  return `${shown}${sign}${String(hours).padStart(2, '0')}:00`;
}

/** The local calendar date of an instant. */
export function localDateOf(atMs: number): LocalDate {
  return dateOfDayNumber(Math.floor(localMsOf(atMs) / dayMs));
}

/** The date a number of days later; earlier where that is negative. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return dateOfDayNumber(dayNumberOf(date) + days);
}

/** 00.00 local time of a date. Clocks change at night after that, so the instant always exists, once. */
export const startOfDayMs = keeping(4000, (date: LocalDate): number => {
  const utcMidnightMs = dayNumberOf(date) * dayMs;
  return utcMidnightMs - offsetMsOfHour(utcMidnightMs / hourMs - 1);
});

/** The last millisecond of a local date: what is done then is still done on that day. */
export function endOfDayMs(date: LocalDate): number {
  return startOfDayMs(addDays(date, 1)) - 1;
}
