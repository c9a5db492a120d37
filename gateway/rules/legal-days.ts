/**
 * Days, hours, noon and holidays as the law counts them, in Europe/Stockholm. An instant is a number of epoch
 * milliseconds, a date is its ISO text.
 */
import {
  addDays,
  dateOfDayNumber,
  dayMs,
  dayNumberOf,
  keeping,
  localMsOf,
} from '../process/local-time.ts';
import type { LocalDate } from '../process/local-time.ts';

export { addDays, endOfDayMs, hourMs, localDateOf, startOfDayMs } from '../process/local-time.ts';
export type { LocalDate } from '../process/local-time.ts';

/** ISO 8601 in UTC with milliseconds, as events have it. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Local date and time for a reader, `YYYY-MM-DD HH.MM`. */
export function localTimeText(atMs: number): string {
  const local = new Date(localMsOf(atMs)).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 13)}.${local.slice(14, 16)}`;
}

/** The same with its seconds, where there are any: 12.00.35 is after noon, and `12.00` would not say so. */
export function sentTimeText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000) % 60;
  return localTimeText(atMs) + (seconds === 0 ? '' : `.${String(seconds).padStart(2, '0')}`);
}

/** Whether an instant is later than a local clock time (`HH:MM`) of its own date; that very instant is not. */
export function isAfterClockTime(atMs: number, clockTime: string): boolean {
  const [hours, minutes] = clockTime.split(':').map(Number);
  const limitMs = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000;
  const localMs = localMsOf(atMs);
  return localMs - Math.floor(localMs / dayMs) * dayMs > limitMs;
}

/** Calendar days from one date to another; negative where that is earlier. */
export function daysBetween(from: LocalDate, until: LocalDate): number {
  return dayNumberOf(until) - dayNumberOf(from);
}

/** The dates from one to another, the last one left out. */
export function datesBetween(from: LocalDate, until: LocalDate): LocalDate[] {
  const dates: LocalDate[] = [];
  const end = dayNumberOf(until);
  for (let day = dayNumberOf(from); day < end; day += 1) dates.push(dateOfDayNumber(day));
  return dates;
}

/** The first day of the month after a month (`YYYY-MM`). */
export function firstOfNextMonth(month: string): LocalDate {
  return `${addDays(`${month}-01`, 31).slice(0, 7)}-01`;
}

export function laterDate(left: LocalDate, right: LocalDate): LocalDate {
  return left >= right ? left : right;
}

/** The date itself, or the next working day in the sense of 2 § lag (1930:173). */
export function workingDayFrom(date: LocalDate): LocalDate {
  let candidate = date;
  while (isRestDay(candidate)) candidate = addDays(candidate, 1);
  return candidate;
}

/** Sunday, other public holiday, Saturday, Midsummer Eve, Christmas Eve or New Year's Eve (2 § lag 1930:173). */
export const isRestDay = keeping(4000, (date: LocalDate): boolean => {
  const weekday = weekdayOf(date);
  if (weekday >= 6) return true;
  const monthDay = date.slice(5);
  if (fixedRestDays.has(monthDay)) return true;
  // Midsummer Eve is the Friday before Midsummer Day; All Saints' Day and Midsummer Day are Saturdays.
  if (weekday === 5 && monthDay >= '06-19' && monthDay <= '06-25') return true;
  const fromEaster = daysBetween(easterSunday(Number(date.slice(0, 4))), date);
  return easterRestDays.has(fromEaster);
});

/** Monday is 1, Sunday 7. 1970-01-01 was a Thursday. */
function weekdayOf(date: LocalDate): number {
  const fromMonday = (dayNumberOf(date) + 3) % 7;
  return (fromMonday < 0 ? fromMonday + 7 : fromMonday) + 1;
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
export function easterSunday(year: number): LocalDate {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday =
    (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7;
  const shift = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const number = epact + weekday - 7 * shift + 114;
  return dateOfDayNumber(Date.UTC(year, Math.floor(number / 31) - 1, (number % 31) + 1) / dayMs);
}
