/** How many days a billing line is of: whole days, or an exact number where a mean says it (reading A16: never rounded). */
import type { BillingLine } from '../../../gateway/process/events.ts';

/** An exact number, of days. */
export type Fraction = NonNullable<BillingLine['quantity']>;

function quantityOf({ days, quantity }: BillingLine): Fraction {
  return days === undefined && quantity !== undefined
    ? quantity
    : { numerator: days ?? 0, denominator: 1 };
}

/** The days of a line for a cell: a whole number, else as `quantityText` writes it. */
export function quantityCell(line: BillingLine): number | string {
  return cellOf(quantityOf(line));
}

/** The days of all lines together, exactly. */
export function quantitySumCell(lines: readonly BillingLine[]): number | string {
  return cellOf(lines.map(quantityOf).reduce(sum, { numerator: 0, denominator: 1 }));
}

function sum(left: Fraction, right: Fraction): Fraction {
  const numerator = left.numerator * right.denominator + right.numerator * left.denominator;
  return reduced({ numerator, denominator: left.denominator * right.denominator });
}

function reduced({ numerator, denominator }: Fraction): Fraction {
  let [divisor, rest] = [denominator, Math.abs(numerator)];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function cellOf(quantity: Fraction): number | string {
  const { numerator, denominator } = reduced(quantity);
  return denominator === 1 ? numerator : quantityText(quantity);
}

/** An exact decimal with comma: `2,5`. One that never ends is a whole number and a fraction: 7/3 → `2 1/3`. */
export function quantityText(quantity: Fraction): string {
  const decimal = decimalOf(quantity);
  if (decimal !== undefined) return decimal.replace('.', ',');
  const { numerator, denominator } = reduced(quantity);
  const size = Math.abs(numerator);
  const whole = `${numerator < 0 ? '-' : ''}${Math.floor(size / denominator)}`;
  return `${whole} ${size % denominator}/${denominator}`;
}

/** An exact decimal with a point: `2.5`; undefined where it does not come to an end in six digits. */
export function decimalOf(quantity: Fraction): string | undefined {
  const { numerator, denominator } = reduced(quantity);
  const size = Math.abs(numerator);
  let decimals = '';
  let rest = size % denominator;
  while (rest > 0) {
    // The digits of a denominator of twos and fives only come to an end.
    if (decimals.length >= maxDecimals) return undefined;
    decimals += String(Math.floor((rest * 10) / denominator));
    rest = (rest * 10) % denominator;
  }
  const whole = `${numerator < 0 ? '-' : ''}${Math.floor(size / denominator)}`;
  return decimals === '' ? whole : `${whole}.${decimals}`;
}

const maxDecimals = 6;
