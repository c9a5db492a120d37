/** Decimals of XML Schema, exactly: as whole numbers of 10⁻⁸, so that no sum is ever off by a binary fraction. */
import type { Element } from './element.ts';

/** How many of them are one. */
export const one = 100_000_000n;

const decimals = 8;

/** @returns undefined for what is no decimal, or has more than eight decimals */
export function decimalIn(element: Element | undefined): bigint | undefined {
  const match = /^([+-]?)(\d{1,15})(?:\.(\d{1,8}))?$/.exec(element?.text ?? '');
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  return BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction.padEnd(decimals, '0')}`);
}

/** What several come to together; what is no decimal is another rule's matter and counts as nothing. */
export const sumOf = (elements: readonly Element[]): bigint =>
  elements.reduce((sum, element) => sum + (decimalIn(element) ?? 0n), 0n);

/** Whether both are the same number, `9300` and `9300.00`; held where one of them is missing, for another rule asks that. */
export const agree = (left: bigint | undefined, right: bigint | undefined): boolean =>
  left === undefined || right === undefined || left === right;

/** Digits behind the point, as written. */
export const decimalsOf = ({ text }: Element): number => /\.(\d*)$/.exec(text)?.[1]?.length ?? 0;
