/** Settings of what is stored: when the disk is too full to take more, and how long what was taken is kept. */
import { z } from 'zod';
import { duration } from './config-values.ts';

/** A bound on free space; of several parts the smallest holds. */
export interface Mark {
  readonly bytes: number;
  /** 0 to 1, of the whole. */
  readonly share: number;
}

const units = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
const size = z
  .string()
  .regex(/^\d+(MiB|GiB|TiB)$/, 'a size such as 512MiB, 100GiB or 2TiB')
  .transform(bytesOf);
const mark = z
  .string()
  .regex(
    /^(\d+(MiB|GiB|TiB)|\d{1,2}%)( or (\d+(MiB|GiB|TiB)|\d{1,2}%))?$/,
    "a size, a share, or the smaller of both: '1GiB', '5%', '1GiB or 5%'",
  )
  .transform((text): Mark => {
    const parts = text.split(' or ');
    const shares = parts.filter((part) => part.endsWith('%')).map(Number.parseFloat);
    const sizes = parts.filter((part) => !part.endsWith('%')).map(bytesOf);
    return {
      bytes: Math.min(Number.POSITIVE_INFINITY, ...sizes),
      share: Math.min(100, ...shares) / 100,
    };
  });

export const storageSettings = z.strictObject({
  /** Less than this is free: nothing new is taken; what is in hand is stored to its end. */
  stopAccepting: mark.prefault('1GiB or 5%'),
  /** More than this is free again: messages are taken again. */
  acceptAgain: mark.prefault('2GiB or 8%'),
  /** Less than this is free: a warning. */
  warn: mark.prefault('5GiB or 12%'),
  /** How much the database may hold, where it is PostgreSQL: it does not say how large its disk is. */
  databaseMaximum: size.optional(),
  every: duration.pipe(z.int().min(100).max(3_600_000)).prefault('10s'),
});

export type StorageSettings = z.output<typeof storageSettings>;

/** A length of time that a calendar counts; undefined: for ever. */
export interface Keep {
  readonly amount: number;
  readonly unit: 'days' | 'months' | 'years';
}

const keep = z
  .string()
  .regex(
    /^(forever|[1-9]\d{0,3} (days|months|years))$/,
    "'24 months', '10 years', '90 days' or 'forever'",
  )
  .transform((text): Keep | undefined => {
    const [amount = '', unit] = text.split(' ');
    return unit === 'days' || unit === 'months' || unit === 'years'
      ? { amount: Number(amount), unit }
      : undefined;
  });

/** Each for ever unless somebody decided otherwise: to weed out is a decision of the authority. */
export const retentionSettings = z.strictObject({
  /** Accepted messages as they came, from their receipt. */
  messages: keep.prefault('forever'),
  /** Messages that were not accepted, from their receipt. */
  rejected: keep.prefault('forever'),
  /** A case with all that is known of its persons, its notices and receipts, from its last entry. */
  cases: keep.prefault('forever'),
  /** The settled months, from their last entry. */
  settlements: keep.prefault('forever'),
  /** Who did what to the gateway. */
  audit: keep.prefault('forever'),
  /** Incidents, from their end; one that has not ended is kept. */
  incidents: keep.prefault('forever'),
});

export type RetentionSettings = z.output<typeof retentionSettings>;

function bytesOf(text: string): number {
  const found = /^(\d+)(MiB|GiB|TiB)$/.exec(text);
  const unit = found?.[2];
  if (unit !== 'MiB' && unit !== 'GiB' && unit !== 'TiB') return 0;
  return Number(found?.[1]) * units[unit];
}

/** @returns bytes */
export function markOf({ bytes, share }: Mark, totalBytes: number): number {
  return Math.min(bytes, share * totalBytes);
}
