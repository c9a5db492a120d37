/**
 * Numbers of persons, the same by whatever standard they come: which is which, who gave them in one spelling, and how a
 * text is rid of them.
 */
import type { PatientCodes } from '../gateway/process/events.ts';
import type { PersonNumber } from './adapter.ts';

/** Who gives the national numbers, in one spelling whatever the sender calls them (standards.md 1.1). */
const nationalAuthorities = {
  personnummer: '1.2.752.129.2.1.3.1',
  samordningsnummer: '1.2.752.129.2.1.3.3',
  reservnummer: '1.2.752.74.9.1',
  'LMA-nummer': 'http://electronichealth.se/identifier/LMA-nummer',
} as const;

const nationalReserve: ReadonlySet<string> = new Set([
  nationalAuthorities.reservnummer,
  'http://electronichealth.se/identifier/nationelltReservnummer',
]);

/**
 * Who gave a number, so that two hospitals' local names never meet: an OID or URI as it is, a name within its sender.
 * @param given as the sender has it; undefined for none
 */
export function scopedAuthority(given: string | undefined, senderId: string): string {
  if (given !== undefined && isGlobal(given)) return given;
  return `${senderId}:${given ?? 'unnamed'}`;
}

/** An OID or a URI, and not a name that only its sender knows. */
function isGlobal(authority: string): boolean {
  return /^(?:\d+(?:\.\d+)+$|[a-z][a-z0-9+.-]*:)/i.test(authority);
}

/**
 * A number of a kind that is known beyond its sender. What the number looks like decides nothing but which of the two
 * numbers of the population register it is.
 * @param given who gave it, as the sender has it; a region's reserve number is its own, a national one has one spelling
 * @returns undefined for a local number, and for what is no valid number of its kind
 */
export function nationalNumber(
  kind: PersonNumber['kind'],
  value: string,
  given: string | undefined,
): PersonNumber | undefined {
  if (kind === 'local') return undefined;
  if (kind === 'reservnummer' && given !== undefined && isGlobal(given)) {
    return {
      authority: nationalReserve.has(given) ? nationalAuthorities[kind] : given,
      value,
      kind,
    };
  }
  if (kind !== 'personnummer' && kind !== 'samordningsnummer') {
    return { authority: nationalAuthorities[kind], value, kind };
  }
  // Many systems keep both under one authority, and the number itself says which it is.
  const digits = value.length === 13 ? value.replace(/[-+]/, '') : value;
  const actual = kindOfPersonNumber(digits);
  if (actual === undefined) return undefined;
  return { authority: nationalAuthorities[actual], value: digits, kind: actual };
}

const kindsByWorth = ['personnummer', 'samordningsnummer', 'reservnummer', 'LMA-nummer'] as const;

/** The kind a notice can name the person by; `none` where all are local. */
export function bestKind(numbers: readonly PersonNumber[]): PatientCodes['numberKind'] {
  return kindsByWorth.find((kind) => numbers.some((number) => number.kind === kind)) ?? 'none';
}

/** From weakest to strongest: what we could not read counts as more than the marking that may still be routed. */
export const protectionStrengths = [
  'none',
  'sekretessmarkering',
  'unspecified',
  'skyddadFolkbokforing',
] as const;

/**
 * Tells the two numbers of the population register apart: 12 digits, century 18-20, Luhn over the last ten; a
 * samordningsnummer has 60 added to its day, and may have month 00 or day 60 for unknown (Skatteverket's test numbers).
 * @returns undefined for what is neither
 */
export function kindOfPersonNumber(
  digits: string,
): 'personnummer' | 'samordningsnummer' | undefined {
  if (!/^(?:18|19|20)\d{10}$/.test(digits) || !passesLuhn(digits.slice(2))) return undefined;
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6));
  const day = Number(digits.slice(6, 8));
  if (day < 60) return isDate(year, month, day) ? 'personnummer' : undefined;
  if (month > 12 || day > 91) return undefined;
  if (month === 0 || day === 60) return 'samordningsnummer';
  return isDate(year, month, day - 60) ? 'samordningsnummer' : undefined;
}

/** @param digits ten, the last of which is the check digit */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < 10; at += 1) {
    const weighted = (digits.charCodeAt(at) - 48) * (at % 2 === 0 ? 2 : 1);
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * Text as it may stand in a log, an error or a report. A system's name, a control id, a visit number or a file's name may
 * hold a person's number, by mistake or by habit: that is not shown.
 */
export function withoutPersonNumbers(text: string): string {
  return text.replace(/(?<!\d)(\d{2})?(\d{6})[-+]?(\d{4})(?!\d)/g, (all, _, date: string, rest) =>
    hasCheckDigit(`${date}${String(rest)}`) ? '…' : all,
  );
}

function hasCheckDigit(ten: string): boolean {
  const [month, day] = [Number(ten.slice(2, 4)), Number(ten.slice(4, 6)) % 60];
  return month <= 12 && day <= 31 && passesLuhn(ten);
}
