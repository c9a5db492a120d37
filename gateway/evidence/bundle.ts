/**
 * The form of a bundle: one JSON file in which every part stands on a line of its own, in canonical JSON, so that it can be
 * checked without this program. README.md beside it tells how.
 */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { canonical } from './canonical.ts';

export const format = 'hemgang-evidence';
export const version = 1;

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
const text = z.string().max(2000);

export const manifestSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  /** The case reference: it stands in every notice. */
  case: text,
  madeAt: text,
  /** Who had it made, and why; it stands in the audit too. */
  madeBy: z.strictObject({
    who: text,
    reason: text,
    program: text,
    /** Why it holds the text of notices of a person with protected identity. */
    protectedIdentity: text.optional(),
  }),
  /** Whether it holds the text of what was sent, and with it names and numbers. */
  withContent: z.boolean(),
  /** The last event of the case that was recorded by then. */
  position: z.int(),
  parts: z.record(z.string().max(50), z.strictObject({ sha256: digest })),
  /** SHA-256 of the canonical JSON of `parts`: one mark of all that is in it; it stands on the page. */
  content: digest,
  /** Lists that are one chain, in their order, with the number of records and the last link. */
  chain: z.strictObject({ lists: z.array(z.string()).max(20), records: z.int(), end: digest }),
  /** The same for a reader: a file that belongs to this one. */
  page: z.strictObject({ file: text, sha256: digest }),
  /** SHA-256 of the public key (DER, SubjectPublicKeyInfo). */
  key: z.strictObject({ algorithm: z.literal('Ed25519'), fingerprint: digest }),
});
export type Manifest = z.infer<typeof manifestSchema>;

const base64 = z.base64().max(1000);
/** Of the canonical JSON of the manifest. */
export const signatureSchema = z.strictObject({
  algorithm: z.literal('Ed25519'),
  /** DER (SubjectPublicKeyInfo). */
  publicKey: base64,
  value: base64,
});
export type Signature = z.infer<typeof signatureSchema>;

export interface Bundle {
  readonly manifest: Manifest;
  readonly signature: Signature;
  /** By name, in their order. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** More is no bundle of ours: a case of 10,000 events has about 20 MB. */
export const maxBundleBytes = 256 * 1024 * 1024;

/** The file: a line a part. */
export function bundleText({ manifest, signature, parts }: Bundle): string {
  const lines = Object.entries({ manifest, signature, ...parts }).map(
    ([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/**
 * Reads a file that somebody gave us.
 * @throws GatewayError malformed-message saying what it lacks
 */
export function readBundle(file: string): Bundle {
  const { manifest, signature, ...parts } = objectOf(file);
  return {
    manifest: part('manifest', manifestSchema, manifest),
    signature: part('signature', signatureSchema, signature),
    parts,
  };
}

function objectOf(file: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = JSON.parse(file);
  } catch {
    throw malformed('it is no JSON: something of it was lost, or it is another file');
  }
  const found = z.record(z.string(), z.unknown()).safeParse(read);
  if (!found.success) throw malformed('it is no object of JSON');
  return found.data;
}

function part<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const where = [name, ...(issue?.path ?? [])].join('.');
  throw malformed(value === undefined ? `${name} is missing` : `${where}: ${issue?.message ?? ''}`);
}

const malformed = (what: string): GatewayError =>
  new GatewayError('malformed-message', `not a bundle of evidence: ${what}`);
