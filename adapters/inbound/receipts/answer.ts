/** What a partner hears: 202 with `{status, id}`, or a problem (RFC 9457). The HTTP status stands in the body. */
import { z } from 'zod';
import type { GatewayError } from '../../../gateway/errors.ts';
import type { AnswerContext, Verdict } from '../../adapter.ts';

const problem = 'application/problem+json';

/** One answer for a case that does not exist and a case of somebody else: it must not tell which. */
export const unknownCase = problemBytes(404, 'unknown-case', 'no such case among yours');

/** As of cases: one answer for an invoice that does not exist and an invoice to somebody else. */
const unknownInvoice = problemBytes(404, 'unknown-invoice', 'no such invoice among yours');

/**
 * The answer as bytes. Stored with the message, given again to a repeat.
 * @param more what an accepting answer tells beside that
 */
export function answerBytes(
  controlId: string | undefined,
  verdict: Verdict,
  context: AnswerContext,
  more: object = {},
): Uint8Array {
  if (verdict.accepted) {
    const warnings = verdict.warnings.length > 0 ? { warnings: verdict.warnings } : {};
    const answer = { status: 202, id: controlId, recordedAt: context.now, ...warnings, ...more };
    return Buffer.from(JSON.stringify(answer));
  }
  const { error } = verdict;
  const status = statusOf(error);
  if (error.code === 'unknown-invoice') return unknownInvoice;
  if (status === 404) return unknownCase;
  // Of our own faults the other side hears the code alone.
  const detail = status >= 500 ? 'not taken; send it again later' : error.message;
  const title = error.code === 'dispute-refused' ? (error.standardCode ?? error.code) : error.code;
  return problemBytes(status, title, detail, { controlId, location: error.location });
}

/** A problem in JSON: `title` is a stable code, `detail` a sentence without person data. */
export function problemBytes(
  status: number,
  code: string,
  detail: string,
  more: { controlId?: string | undefined; location?: string | undefined } = {},
): Uint8Array {
  const { controlId: id, location } = more;
  return Buffer.from(
    JSON.stringify({ status, title: code, detail: detail.slice(0, 500), id, location }),
  );
}

const statusField = z.object({ status: z.int().min(200).max(599) });

/** The HTTP side of an answer: status and content type, read from its bytes. */
export function httpOf(answer: Uint8Array): { status: number; contentType: string } {
  const { status } = statusField.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
  return { status, contentType: status < 300 ? 'application/json' : problem };
}

function statusOf(error: GatewayError): number {
  switch (error.code) {
    case 'malformed-message':
      return 400;
    case 'unsupported-message':
      return error.standardCode === '403' ? 403 : 422;
    case 'unknown-sender':
      return 403;
    case 'unknown-case':
    case 'unknown-invoice':
      return 404;
    case 'dispute-refused':
    case 'control-id-reused':
    case 'out-of-sequence':
      return 409;
    case 'journal-unavailable':
    case 'disk-full':
    case 'bus-unavailable':
    case 'stale-version':
      return 503;
    default:
      return 500;
  }
}
