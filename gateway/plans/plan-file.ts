/**
 * A plan: what an operator has looked at, word by word what is done then. It names messages, cases and deliveries by
 * their ids and holds codes and amounts; names, numbers, addresses and what was rendered never leave the journal.
 */
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { GatewayError } from '../errors.ts';

/** Of the file; a program that writes another reads no older one. */
const version = 1;

export interface PlanHead {
  readonly madeAt: string;
  /** The journal's last position when it was made. */
  readonly position: number;
  readonly asked: Readonly<Record<string, string>>;
}

/** A plan with its kind and digest: the SHA-256 of everything else in it. */
export type Sealed<T> = T & {
  readonly plan: string;
  readonly version: number;
  readonly digest: string;
};

/** @param kind the verb that applies it */
export function seal<T extends PlanHead>(kind: string, content: T): Sealed<T> {
  const plan = { plan: kind, version, ...content };
  return { ...plan, digest: digestOf(plan) };
}

/** Writes it for its owner alone: case references are there. */
export function writePlan(file: string, plan: Sealed<PlanHead>): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new GatewayError('configuration-invalid', `${file}: the plan cannot be written there`, {
      cause,
    });
  }
}

/**
 * @param kind the verb that is to apply it
 * @throws GatewayError configuration-invalid where it is no such plan, or is not as it was written
 */
export function readPlan<T>(file: string, kind: string, schema: z.ZodType<T>): Sealed<T> {
  const whole = parsed(file);
  const head = envelope.safeParse(whole);
  if (!head.success) throw wrong(`${file}: no plan of hemgang`, kind);
  const { plan, version: written, digest, ...content } = head.data;
  if (plan !== kind) throw wrong(`${file}: a plan of hemgang ${plan}, not of ${kind}`, kind);
  if (written !== version) {
    throw wrong(`${file}: version ${written}, and this program reads ${version}`, kind);
  }
  if (digestOf({ plan, version: written, ...content }) !== digest) {
    throw wrong(`${file}: it is not as it was written (its digest differs)`, kind);
  }
  const read = schema.safeParse(content);
  if (!read.success) throw wrong(`${file}: no plan of this program`, kind);
  return { ...read.data, plan, version, digest };
}

const envelope = z.looseObject({ plan: z.string(), version: z.number(), digest: z.string() });

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Of its content, however the file is laid out. */
const digestOf = (content: object): string =>
  `sha256:${hash('sha256', JSON.stringify(content), 'hex')}`;

const wrong = (what: string, kind: string): GatewayError =>
  new GatewayError(
    'configuration-invalid',
    `${what}\n  next: make it anew with hemgang ${kind} --dry-run`,
  );
