/** Whether a bundle is what was signed, with nothing but the bundle at hand. What is wrong is named by its part. */
import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { bundleText, readBundle, type Bundle, type Manifest, type Signature } from './bundle.ts';
import { canonical, digestOf, sha256 } from './canonical.ts';
import { brokenLinks, chainStart, type Chained } from './chain.ts';

export interface Problem {
  /** `events`, `manifest`, `signature`, `page`, `key`, `file` … */
  readonly part: string;
  readonly what: string;
}

export interface Checked {
  readonly isIntact: boolean;
  readonly problems: readonly Problem[];
  readonly manifest: Manifest;
  /** Fingerprint of the key that the signature was checked with. */
  readonly signedBy: string;
  /** Whether it is one of the keys that are trusted; undefined where none was named. */
  readonly isTrusted: boolean | undefined;
  readonly page: 'belongs' | 'differs' | 'not looked at';
}

/** So many of one kind are told, and how many more there are. */
const told = 20;

/**
 * @param page bytes of the page, where it is at hand
 * @param trusted fingerprints of keys whose owner is known
 * @throws GatewayError malformed-message for what is no bundle at all
 */
export function check(
  file: string,
  page: Uint8Array | undefined,
  trusted: readonly string[],
): Checked {
  const bundle = readBundle(file);
  const { manifest, signature } = bundle;
  const signedBy = sha256(Buffer.from(signature.publicKey, 'base64'));
  const pageState =
    page === undefined
      ? 'not looked at'
      : sha256(page) === manifest.page.sha256
        ? 'belongs'
        : 'differs';
  const isTrusted = trusted.length === 0 ? undefined : trusted.includes(signedBy);
  const problems = [
    ...signatureProblems(manifest, signature, signedBy),
    ...partProblems(bundle),
    ...(pageState === 'differs'
      ? [{ part: 'page', what: 'the page is not the one that was signed with this file' }]
      : []),
    ...(isTrusted === false
      ? [{ part: 'key', what: `it is signed by ${signedBy}, which is none of the keys you trust` }]
      : []),
    ...(bundleText(bundle) === file
      ? []
      : [
          {
            part: 'file',
            what: 'it is not written as it was made: written anew by another program, or something stands in it twice',
          },
        ]),
  ];
  const isIntact = problems.length === 0;
  return { isIntact, problems, manifest, signedBy, isTrusted, page: pageState };
}

function signatureProblems(
  manifest: Manifest,
  { publicKey, value }: Signature,
  signedBy: string,
): Problem[] {
  const problems: Problem[] = [];
  if (manifest.key.fingerprint !== signedBy) {
    const what = `the manifest names the key ${manifest.key.fingerprint}, and the file brings another`;
    problems.push({ part: 'signature', what });
  }
  if (!isSigned(canonical(manifest), publicKey, value)) {
    const what = 'the signature is not of this manifest: one of the two was changed';
    problems.push({ part: 'signature', what });
  }
  return problems;
}

function isSigned(text: string, publicKey: string, value: string): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const isOurs = key.asymmetricKeyType === 'ed25519';
    return isOurs && verify(null, Buffer.from(text), key, Buffer.from(value, 'base64'));
  } catch {
    return false;
  }
}

function partProblems({ manifest, parts }: Bundle): Problem[] {
  const broken = chainProblems(manifest, parts);
  const named = new Set(broken.map(({ part }) => part));
  const problems = [...broken];
  for (const [name, { sha256: expected }] of Object.entries(manifest.parts)) {
    if (!Object.hasOwn(parts, name)) {
      problems.push({ part: name, what: 'the part is missing' });
    } else if (!named.has(name) && digestOf(parts[name]) !== expected) {
      problems.push({ part: name, what: 'the part is not what was signed' });
    }
  }
  for (const name of Object.keys(parts)) {
    if (Object.hasOwn(manifest.parts, name)) continue;
    problems.push({ part: name, what: 'the part was not there when it was signed' });
  }
  if (manifest.content !== digestOf(manifest.parts)) {
    const what = 'its mark of the content is not of the parts that it lists';
    problems.push({ part: 'manifest', what });
  }
  return problems;
}

const chainedList = z.array(
  z.strictObject({ number: z.int(), link: z.string(), record: z.unknown() }),
);

function chainProblems(
  { chain }: Manifest,
  parts: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const problems: Problem[] = [];
  let end = chainStart;
  let last = '';
  for (const name of chain.lists) {
    const read = chainedList.safeParse(Object.hasOwn(parts, name) ? parts[name] : undefined);
    if (!read.success) {
      if (Object.hasOwn(parts, name))
        problems.push({ part: name, what: 'it is no list of records' });
      continue;
    }
    const list: readonly Chained[] = read.data;
    const looked = brokenLinks(end, list, nameOf);
    for (const what of looked.broken.slice(0, told)) problems.push({ part: name, what });
    const more = looked.broken.length - told;
    if (more > 0) problems.push({ part: name, what: `${more} more are off` });
    end = looked.end;
    if (list.length > 0) last = name;
  }
  const isEnd = end.number === chain.records && end.link === chain.end;
  if (!isEnd && problems.length === 0) {
    const what = `the chain ends with number ${end.number}, and was signed to end with number ${chain.records}`;
    problems.push({ part: last === '' ? 'manifest' : last, what });
  }
  return problems;
}

/** A record by what it is, in codes: never by its content. */
function nameOf(record: unknown): string {
  const known = z
    .object({
      type: z.string(),
      recordedAt: z.string(),
      controlId: z.string(),
      deliveryId: z.string(),
      number: z.number(),
    })
    .partial()
    .safeParse(record);
  const { type, recordedAt, controlId, deliveryId, number } = known.data ?? {};
  if (type !== undefined) return `${type} of ${recordedAt ?? ''}`;
  if (number !== undefined) return `attempt ${number} of ${deliveryId ?? ''}`;
  if (deliveryId !== undefined) return `delivery ${deliveryId}`;
  return controlId === undefined ? 'a message' : `message ${controlId}`;
}
