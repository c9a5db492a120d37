/** Numbers of the population register: which is which, and how a text is rid of them. */

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
