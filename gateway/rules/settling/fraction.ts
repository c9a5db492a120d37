/** Exact numbers: a mean, a benchmark and half a day are never rounded (reading A16). */
import { assert } from '../../errors.ts';

/** In lowest terms, the denominator positive. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

export const zero: Fraction = { numerator: 0, denominator: 1 };

/**
 * @param numerator whole
 * @param denominator whole, not 0
 */
export function fraction(numerator: number, denominator = 1): Fraction {
  assert(
    Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator),
    'a fraction is exact',
  );
  assert(denominator !== 0, 'nothing is divided by nothing');
  const divisor = greatestCommonDivisor(Math.abs(numerator), Math.abs(denominator));
  const sign = denominator < 0 ? -1 : 1;
  const top = (sign * numerator) / divisor;
  return { numerator: top === 0 ? 0 : top, denominator: (sign * denominator) / divisor };
}

/** A decimal as it is written in an agreement: `1.5` → 3/2. */
export function fractionOf(decimal: string): Fraction {
  const [whole = '', decimals = ''] = decimal.split('.');
  return fraction(Number(`${whole}${decimals}`), 10 ** decimals.length);
}

export const plus = (left: Fraction, right: Fraction): Fraction =>
  fraction(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );

export const minus = (left: Fraction, right: Fraction): Fraction =>
  plus(left, { numerator: -right.numerator, denominator: right.denominator });

export const times = (left: Fraction, right: Fraction): Fraction =>
  fraction(left.numerator * right.numerator, left.denominator * right.denominator);

export const isPositive = ({ numerator }: Fraction): boolean => numerator > 0;
export const isNegative = ({ numerator }: Fraction): boolean => numerator < 0;

/** In Swedish writing: `2,5` where the decimals end, `11/6` where they do not. */
export function fractionText({ numerator, denominator }: Fraction): string {
  const sign = numerator < 0 ? '−' : '';
  const top = Math.abs(numerator);
  const scale = [1, 10, 100, 1000].find((power) => power % denominator === 0);
  if (scale === undefined) return `${sign}${top}/${denominator}`;
  const digits = String((top * scale) / denominator).padStart(String(scale).length, '0');
  const decimals = String(scale).length - 1;
  return decimals === 0
    ? sign + digits
    : `${sign}${digits.slice(0, -decimals)},${digits.slice(-decimals)}`;
}

function greatestCommonDivisor(left: number, right: number): number {
  let [big, small] = [left, right];
  while (small > 0) [big, small] = [small, big % small];
  return big === 0 ? 1 : big;
}
