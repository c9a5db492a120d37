/** The reference that a payment is matched by. */
import { GatewayError } from '../../../gateway/errors.ts';

/**
 * The OCR reference of an invoice: the digits of its number, a length digit (the last digit of the whole reference's
 * length), and a check digit by Luhn (modulus 10). An agreement with Bankgirot may so check the digit alone (levels 1 and
 * 2) or length and digit (level 3). Hyphens are left out: numbers of one series differ in their digits.
 * @param number digits, with hyphens between them where the series has them: `2027-000123`
 * @throws GatewayError configuration-invalid for a number of another shape, or whose reference is above 25 digits
 */
export function ocrOf(number: string): string {
  const digits = number.replaceAll('-', '');
  if (!/^\d+(-\d+)*$/.test(number) || digits.length > maxLength - 2) {
    throw new GatewayError(
      'configuration-invalid',
      `no OCR reference follows from the invoice number: let the series give ${maxLength - 2} digits at most, and hyphens between them`,
      { location: 'BT-1' },
    );
  }
  const body = `${digits}${(digits.length + 2) % 10}`;
  return `${body}${luhnDigit(body)}`;
}

/** Bankgirot takes references of 2 to 25 digits. */
const maxLength = 25;

/** The digit that makes a number pass Luhn's check when it is put last. */
export function luhnDigit(digits: string): number {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const doubled = Number(digits[digits.length - 1 - place]) * (place % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10;
}
