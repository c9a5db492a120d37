/** The kinds of values that settings have, each checked in one way everywhere. */
import { z } from 'zod';
import type { GatewayError } from '../errors.ts';

export const port = z.int().min(0).max(65_535);
export const idText = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and hyphens');
/** `30s`, `5m`, `2h`: a readable length of time; read as milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'a length of time such as 500ms, 30s, 5m or 2h')
  .transform(toMs);
/** A secret stands in the environment, never in the file. */
export const secretName = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'name of an environment variable');

/** Keys and certificates of a server of ours, PEM files. */
export const tlsFiles = z.strictObject({
  cert: z.string(),
  key: z.string(),
  /** Who signs client certificates. */
  ca: z.string().optional(),
  /** Refuse a client without a certificate of `ca`. */
  requestClientCertificate: z.boolean().default(false),
});

/** Where we call: who signs their certificate where no public authority does, and what we show for ourselves. PEM files. */
export const clientTls = z
  .strictObject({ ca: z.string(), cert: z.string(), key: z.string() })
  .partial()
  .refine((of) => (of.cert === undefined) === (of.key === undefined), 'cert and key go together');

/** The error for what is wrong at a dotted path: `receivers.0.url`. */
export type Fail = (path: string, what: string) => GatewayError;

/** Told of each thing that is wrong at a dotted path. */
export type Report = (path: string, what: string) => void;

function toMs(text: string): number {
  const amount = Number.parseInt(text, 10);
  const unit = text.replace(/^\d+/, '');
  return amount * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1);
}
