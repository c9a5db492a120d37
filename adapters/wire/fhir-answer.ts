/** What a FHIR server's answer means where it is not what was asked for. Nothing of its content gets into an error. */
import { GatewayError } from '../../gateway/errors.ts';
import { unanswered } from './http-line.ts';
import { parseRetryAfter } from './retry-after.ts';

/** One call, as its errors need to know it. */
export interface Asked {
  /** `GET Encounter`: never an id, never a query. */
  readonly what: string;
  /** Asking twice does no harm. */
  readonly isRepeatable: boolean;
  readonly maxAnswerBytes: number;
  /** The machine's time, for a Retry-After that is a date. */
  readonly nowSeconds: number;
}

/** The server's answer where it is an error or no JSON, as fhir-kit-client throws it. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers | undefined;
}

/** Not taken: too slow in coming, too early, too many, not now (RFC 9110 section 15). */
const notTaken = new Set([408, 425, 429, 503]);

/** What to look at first. */
const advice: Readonly<Record<number, string>> = {
  401: '; our token is not taken',
  403: '; our token does not let us, look at its scope',
  404: '; look at the base, and whether this type is served there',
};

/**
 * Turns what fhir-kit-client threw into an error of ours: `source-unavailable` where asking later may help,
 * `source-refused` where it will not, `malformed-message` for an answer that is not FHIR, `delivery-unknown` where a
 * write may have happened. `standardCode` is the HTTP status or the system's code.
 */
export function judge(thrown: unknown, asked: Asked): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const answered = answeredBy(thrown);
  if (answered === undefined) return withoutAnswer(thrown, asked);
  const { what, isRepeatable } = asked;
  const { status, headers } = answered;
  const standardCode = String(status);
  if (status >= 200 && status < 300) {
    const type = headers?.get('content-type')?.split(';')[0]?.trim() ?? '';
    const named = /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'no content type';
    const text = `${what}: the answer is not JSON (${named}); is the address that of a FHIR server?`;
    return new GatewayError('malformed-message', text, { standardCode });
  }
  if (status >= 300 && status < 400) {
    const text = `${what}: HTTP ${status}, a redirect, which is not followed; enter the address it leads to`;
    return new GatewayError('source-refused', text, { standardCode });
  }
  const text = `${what}: HTTP ${status}${issueOf(answered.body)}${advice[status] ?? ''}`;
  const retryAfter = headers?.get('retry-after') ?? undefined;
  const retryAfterMs = parseRetryAfter(retryAfter, asked.nowSeconds);
  const detail = { standardCode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (notTaken.has(status)) return new GatewayError('source-unavailable', text, detail);
  if (status < 500) return new GatewayError('source-refused', text, { standardCode });
  return new GatewayError(isRepeatable ? 'source-unavailable' : 'delivery-unknown', text, detail);
}

/** Statuses that may be over in a moment; a 500 seldom is. */
export function isPassing({ standardCode = '' }: GatewayError): boolean {
  return (
    ['408', '425', '429', '502', '503', '504'].includes(standardCode) ||
    isOfConnection(standardCode)
  );
}

function isOfConnection(code: string): boolean {
  return !/^\d+$/.test(code) && code !== 'TIMEOUT' && code !== 'STOPPED';
}

function withoutAnswer(
  thrown: unknown,
  { what, isRepeatable, maxAnswerBytes }: Asked,
): GatewayError {
  // An answer that is `null` or a bare word breaks the library where it marks the resource.
  if (thrown instanceof TypeError && thrown.cause === undefined) {
    return new GatewayError('malformed-message', `${what}: the answer is not a JSON object`);
  }
  return unanswered(thrown, what, isRepeatable, maxAnswerBytes);
}

/** @returns undefined where there was no whole answer */
export function answeredBy(thrown: unknown): Answered | undefined {
  if (!(thrown instanceof Error) || !('response' in thrown)) return undefined;
  const { response }: { response?: unknown } = thrown;
  if (typeof response !== 'object' || response === null || !('status' in response))
    return undefined;
  const config: unknown = 'config' in thrown ? thrown.config : undefined;
  const headers =
    typeof config === 'object' && config !== null && 'headers' in config
      ? config.headers
      : undefined;
  return {
    status: Number(response.status),
    body: 'data' in response ? response.data : undefined,
    headers: headers instanceof Headers ? headers : undefined,
  };
}

/** The code of the first issue of an OperationOutcome: a word of the standard; its text may hold anything. */
function issueOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('issue' in body)) return '';
  const { issue } = body;
  const first: unknown = Array.isArray(issue) ? issue[0] : undefined;
  if (typeof first !== 'object' || first === null || !('code' in first)) return '';
  const { code } = first;
  return typeof code === 'string' && /^[a-z-]{1,40}$/.test(code) ? ` (${code})` : '';
}
