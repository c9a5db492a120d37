/** What a receiver's HTTP answer means for what was delivered: taken, refused, not taken, or unknown. */
import { GatewayError } from '../../gateway/errors.ts';
import type { DeliveryReceipt } from '../adapter.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpAnswer } from './http-post.ts';

/** Answers that say the request was not taken: too slow in coming, too early, too many, not now. */
const notTaken = new Set([408, 425, 429, 503]);

/**
 * Judges an answer by what it says is known (Standard Webhooks: only 2xx is a success; RFC 9110 section 15).
 * @param nowSeconds the machine's time, for a Retry-After that is a date
 * @throws GatewayError delivery-refused (3xx and 4xx), delivery-failed (the answer says nothing was taken),
 *   delivery-unknown (500, 502, 504 and their kin: it may have been processed; and a page in HTML)
 */
export function judgeAnswer(answer: HttpAnswer, nowSeconds: number): DeliveryReceipt {
  const { status } = answer;
  if (status >= 200 && status < 300 && !isPage(answer)) {
    return { proof: 'receiver-answer', detail: `HTTP ${status}` };
  }
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowSeconds);
  const detail = {
    standardCode: String(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const text = `webhook: HTTP ${status}`;
  if (status < 300) {
    const what = `${text} with a page for people: somebody else may have answered`;
    throw new GatewayError('delivery-unknown', what);
  }
  if (notTaken.has(status)) throw new GatewayError('delivery-failed', text, detail);
  if (status >= 500) throw new GatewayError('delivery-unknown', text, detail);
  throw new GatewayError('delivery-refused', text, { standardCode: String(status) });
}

/** A proxy that asks for a password, or says that nobody is there, does it with 200 and a page. */
const isPage = ({ beginning }: HttpAnswer): boolean =>
  /^(?:\u00EF\u00BB\u00BF)?\s*<(?:!doctype html|html)\b/i.test(beginning);
