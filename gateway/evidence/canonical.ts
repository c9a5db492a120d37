/** One text for the same data, whoever writes it: canonical JSON (RFC 8785), and its SHA-256. */
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { assert } from '../errors.ts';

/** @returns JSON with its names in order and nothing between them; a half character (lone surrogate) becomes U+FFFD */
export function canonical(value: unknown): string {
  const text = canonicalize(plain(value));
  assert(text !== undefined, 'what is proven is data');
  return text;
}

/** SHA-256 in hex: of bytes, of a text in UTF-8. */
export const sha256 = (content: string | Uint8Array): string => hash('sha256', content, 'hex');

/** SHA-256 in hex of the canonical JSON. */
export const digestOf = (value: unknown): string => sha256(canonical(value));

/** What JSON can say of it: RFC 8785 refuses half characters, and what a sender wrote may hold one. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? inner.replace(/\p{Cs}/gu, '\uFFFD') : inner,
  );
  return text === undefined ? undefined : JSON.parse(text);
}
