/** A chain of records: each link is made of the one before it, so none can be changed, taken out or moved unnoticed. */
import { canonical, sha256 } from './canonical.ts';

/** A record with its place in the chain. */
export interface Chained<T = unknown> {
  /** 1, 2, 3 … over all lists of the chain. */
  readonly number: number;
  /** SHA-256 in hex of the link before it (as 64 characters of hex) followed by the canonical JSON of the record. */
  readonly link: string;
  readonly record: T;
}

/** The end of a chain; before its first record it is this. */
export interface ChainEnd {
  readonly number: number;
  readonly link: string;
}
export const chainStart: ChainEnd = { number: 0, link: '0'.repeat(64) };

export const linkOf = (before: string, record: unknown): string =>
  sha256(before + canonical(record));

/** Puts records at the end of a chain. */
export function chained<T>(
  after: ChainEnd,
  records: readonly T[],
): { readonly list: readonly Chained<T>[]; readonly end: ChainEnd } {
  let end = after;
  const list = records.map((record) => {
    end = { number: end.number + 1, link: linkOf(end.link, record) };
    return { ...end, record };
  });
  return { list, end };
}

/**
 * Looks at a list against the link before it.
 * @returns its end, as far as it says so itself, and what is wrong, each a sentence about one record
 */
export function brokenLinks(
  after: ChainEnd,
  list: readonly Chained[],
  nameOf: (record: unknown) => string,
): { readonly end: ChainEnd; readonly broken: readonly string[] } {
  const broken: string[] = [];
  let before = after;
  for (const { number, link, record } of list) {
    const gap = number - before.number - 1;
    if (gap > 0) broken.push(`${missing(before.number + 1, number - 1)} missing`);
    else if (gap < 0) broken.push(`number ${number} stands after number ${before.number}`);
    else if (link !== linkOf(before.link, record)) {
      broken.push(`number ${number} (${nameOf(record)}) is not what it was`);
    }
    before = { number, link };
  }
  return { end: before, broken };
}

const missing = (from: number, to: number): string =>
  from === to ? `number ${from} is` : `numbers ${from} to ${to} are`;
