/** How long the other side asks us to wait. */

/** It may ask, but not past the point where a statutory time could be lost unseen. */
const maxRetryAfterMs = 3_600_000;

/**
 * Reads Retry-After, as seconds or as an HTTP date (RFC 9110 section 10.2.3).
 * @returns milliseconds from now, at most an hour; undefined where there is none or it cannot be read
 */
export function parseRetryAfter(value: string | undefined, nowSeconds: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,10}$/.test(value)) return Math.min(Number(value) * 1000, maxRetryAfterMs);
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  return Math.min(Math.max(at - nowSeconds * 1000, 0), maxRetryAfterMs);
}
