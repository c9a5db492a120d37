/** What a receiver's HTTP answer means for a notice: taken, refused, not taken, or unknown. */
import { GatewayError } from '../../../gateway/errors.ts';
import type { DeliveryReceipt } from '../../adapter.ts';
import type { HttpAnswer } from './post.ts';

/** A receiver may ask us to wait, but not past the point where a statutory time could be lost unseen. */
const maxRetryAfterMs = 3_600_000;

/** Answers that say the request was not taken: too slow in coming, too early, too many, not now. */
const notTaken = new Set([408, 425, 429, 503]);

/**
 * Judges an answer by what it says is known (Standard Webhooks: only 2xx is a success; RFC 9110 section 15).
 * @param nowSeconds the machine's time, for a Retry-After that is a date
 * @throws GatewayError delivery-refused (3xx and 4xx), delivery-failed (the answer says nothing was taken),
 *   delivery-unknown (500, 502, 504 and their kin: it may have been processed)
 */
export function judgeAnswer(answer: HttpAnswer, nowSeconds: number): DeliveryReceipt {
  const { status } = answer;
  if (status >= 200 && status < 300) return { proof: 'receiver-answer', detail: `HTTP ${status}` };
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowSeconds);
  const detail = {
    standardCode: String(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const text = `webhook: HTTP ${status}`;
  if (notTaken.has(status)) throw new GatewayError('delivery-failed', text, detail);
  if (status >= 500) throw new GatewayError('delivery-unknown', text, detail);
  throw new GatewayError('delivery-refused', text, { standardCode: String(status) });
}

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
