/**
 * A pathway: what happens in a kind of stay, how long after one another, and how often such stays are. Read from YAML;
 * stays.ts makes people's stays of it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { GatewayError } from '../../gateway/errors.ts';
import type { Random } from './random.ts';

const minute = 60_000;
const units: Readonly<Record<string, number>> = { m: minute, h: 60 * minute, d: 1440 * minute };

/** What a hospital can say of a stay; stays.ts words each in the ways of the two hospitals. */
export const words = [
  'registered',
  'admitted',
  'admitted-by-spare-number',
  'admitted-from-hospital',
  'became-inpatient',
  'became-outpatient',
  'needs-assessed',
  'estimate-changed',
  'discharge-planned',
  'plan-cancelled',
  'transferred',
  'ready',
  'readiness-withdrawn',
  'updated',
  'on-leave',
  'returned',
  'numbers-merged',
  'discharged',
  'discharged-to-hospital',
  'died',
  'admission-cancelled',
  'discharge-cancelled',
] as const;
export type Word = (typeof words)[number];

/** A length of time that differs from stay to stay, in milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** What is most usual; all lengths are alike where left out. */
  readonly mostly?: number;
}

/** `2h`, `2h..6h`, or `2h..10d mostly 3d`. */
const span = z.string().transform((text, context): Span => {
  const one = String.raw`(\d+)([mhd])`;
  const match = new RegExp(`^${one}(?:\\.\\.${one}(?: mostly ${one})?)?$`).exec(text);
  const lengths = [1, 3, 5].map((at) => lengthOf(match?.[at], match?.[at + 1]));
  const [from, to = from, mostly] = lengths;
  if (
    from === undefined ||
    to === undefined ||
    from > to ||
    (mostly !== undefined && (mostly < from || mostly > to))
  ) {
    context.addIssue({
      code: 'custom',
      message: `${text}: write it as 2h, 2h..6h or 2h..10d mostly 3d`,
    });
    return z.NEVER;
  }
  return { from, to, ...(mostly !== undefined && { mostly }) };
});

function lengthOf(count: string | undefined, unit: string | undefined): number | undefined {
  return count === undefined ? undefined : Number(count) * (units[unit ?? ''] ?? 0);
}

/** `08:00..17:00`, wall time. */
const hours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d\.\.([01]\d|2[0-3]):[0-5]\d$/, 'write it as 08:00..17:00')
  .transform((text) => text.split('..').map(minutesOf))
  .refine(([from = 0, to = 0]) => from <= to, 'ends before it begins');

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

const step = z.strictObject({
  say: z.enum(words),
  /** How long after the step before. */
  after: span.default({ from: 0, to: 0 }),
  /** Moved on to the next such hour of a day. */
  at: hours.optional(),
  /** Share of the stays in which it happens. */
  chance: z.number().min(0).max(1).default(1),
  /** How often it is said, at least and at most; each time `after` the one before. */
  times: z.tuple([z.int().min(1), z.int().max(500)]).default([1, 1]),
});
export type PathwayStep = z.output<typeof step>;

const pathway = z.strictObject({
  name: z.string(),
  why: z.string(),
  /** How many of such stays there are, beside the weights of the others. */
  weight: z.number().positive(),
  steps: z.array(step).min(1).max(100),
});
export type Pathway = z.output<typeof pathway> & { readonly file: string };

/**
 * Reads one pathway file, or all of a folder in the order of their names.
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadPathways(path: string): Pathway[] {
  const files = isFolder(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith('.yaml'))
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  if (files.length === 0) throw invalid(`${path}: holds no pathway (*.yaml)`);
  return files.map(loadPathway);
}

function loadPathway(file: string): Pathway {
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch {
    throw invalid(`${file}: cannot be read as YAML; hemgang gen --list shows the shipped pathways`);
  }
  const result = pathway.safeParse(content);
  if (result.success) return { ...result.data, file: basename(file, '.yaml') };
  const issue = result.error.issues[0];
  throw invalid(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * A length drawn from a span, in whole minutes. The square root is the only function of it that is not plain
 * arithmetic, and it is exact on every machine.
 */
export function drawSpan({ from, to, mostly }: Span, random: Random): number {
  const share = random.share();
  let length = from + (to - from) * share;
  if (mostly !== undefined && to > from) {
    const below = (mostly - from) / (to - from);
    length =
      share < below
        ? from + Math.sqrt(share * (to - from) * (mostly - from))
        : to - Math.sqrt((1 - share) * (to - from) * (to - mostly));
  }
  return Math.round(length / minute) * minute;
}

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
