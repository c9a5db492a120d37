/** The forms of HL7's simple data types (chapter 2.A), as checks ask for them. All take the value unescaped. */

/** How exact a time is; in this order, so that one can be held against another. */
export const precisions = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
export type Precision = (typeof precisions)[number];

const time =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?$/;

/** How exact a DTM (or a TS before version 2.5) is; undefined for what is no time. */
export function precisionOf(text: string): Precision | undefined {
  const match = time.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, offset] = match;
  if (month !== undefined && !isDate(Number(year), Number(month), Number(day ?? 1)))
    return undefined;
  if (!isClock(hour, minute, second) || !isOffset(offset)) return undefined;
  const given = [year, month, day, hour, minute, second].filter((part) => part !== undefined);
  return precisions[given.length - 1];
}

/** DT: `YYYY[MM[DD]]` */
export function isDateText(text: string): boolean {
  return /^\d{4}(?:\d{2}){0,2}$/.test(text) && precisionOf(text) !== undefined;
}

/** TM: `HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]` */
export function isClockText(text: string): boolean {
  const match = /^(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,4})?)?)?([+-]\d{4})?$/.exec(text);
  return match !== null && isClock(match[1], match[2], match[3]) && isOffset(match[4]);
}

/** NM: digits with a sign and a decimal point at most. */
export function isNumber(text: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text);
}

/** SI: a whole number of one to four digits. */
export function isSequence(text: string): boolean {
  return /^\d{1,4}$/.test(text);
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isClock(hour = '0', minute = '0', second = '0'): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

function isOffset(offset = '+0000'): boolean {
  return Number(offset.slice(1, 3)) <= 14 && Number(offset.slice(3)) < 60;
}
