/**
 * One POST of FHIR, made so that what is *known* of a failure can be told: nothing of it was sent, or it may have arrived.
 * It is never repeated here, but for a token that was not taken: then nothing was.
 */
import { Client } from 'fhir-kit-client';
import { asGatewayError, GatewayError } from '../../gateway/errors.ts';
import { answeredBy } from './fhir-answer.ts';
import type { Authorizer } from './fhir-client.ts';
import { connectionCode, notAllowed, type HttpLine } from './http-line.ts';
import { withTimeout, type Machine } from './retry.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface FhirPost {
  /** `Bundle`, `$process-message`. */
  readonly to: string;
  /** Sent as it is. */
  readonly body: string;
  /** Ids and conditions; nothing of a person. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What was answered, whatever it is. */
export interface PostAnswer {
  readonly status: number;
  /** The JSON object; text where it is none; undefined where there is nothing. */
  readonly body: unknown;
  readonly retryAfterMs?: number;
}

/** The way it takes. */
interface Way {
  readonly client: Client;
  readonly line: HttpLine;
  readonly authorizer?: Authorizer;
  readonly timeoutMs: number;
  readonly machine: Machine;
}

/** @throws GatewayError delivery-failed (nothing was sent), delivery-unknown (sent, and no whole answer) */
export async function sendOnce(post: FhirPost, way: Way): Promise<PostAnswer> {
  const { authorizer } = way;
  const token = await tokenBy(() => authorizer?.token(post.signal));
  const answer = await attempt(post, way, token);
  if (answer.status !== 401 || token === undefined || !authorizer?.renew) return answer;
  return await attempt(post, way, await tokenBy(() => authorizer.renew?.(token, post.signal)));
}

/** Without a token nothing is sent. */
async function tokenBy(ask: () => Promise<string> | undefined): Promise<string | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    const { message, retryAfterMs } = asGatewayError(thrown);
    throw new GatewayError('delivery-failed', `nothing was sent, no token: ${message}`, {
      cause: thrown,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
}

async function attempt(
  { to, body, headers, signal }: FhirPost,
  { client, line, timeoutMs, machine }: Way,
  token: string | undefined,
): Promise<PostAnswer> {
  const what = `POST ${to}`;
  let isSending = false;
  const dispatcher = line.watched(() => {
    isSending = true;
  });
  const send = async (ending: AbortSignal): Promise<PostAnswer> => {
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = {
      headers: { 'content-type': 'application/fhir+json', ...headers, ...bearer },
      signal: ending,
      dispatcher,
    };
    try {
      const resource = await client.request(to, { method: 'POST', options, body });
      const status = Client.httpFor(resource).response?.status ?? 0;
      const hasContent = Array.isArray(resource) || Object.keys(resource).length > 0;
      return { status, body: hasContent ? resource : undefined };
    } catch (thrown) {
      const answered = answeredBy(thrown);
      if (answered === undefined) throw thrown;
      const waitMs = parseRetryAfter(
        answered.headers?.get('retry-after') ?? undefined,
        machine.nowSeconds(),
      );
      const { status } = answered;
      return { status, body: answered.body, ...(waitMs !== undefined && { retryAfterMs: waitMs }) };
    }
  };
  const late = (): GatewayError =>
    new GatewayError('source-unavailable', `no answer within ${timeoutMs} ms`, {
      standardCode: 'TIMEOUT',
    });
  try {
    return await withTimeout(send, timeoutMs, signal, late);
  } catch (thrown) {
    throw isSending ? afterSending(thrown, what) : beforeSending(thrown, what);
  }
}

/** A refusal by the receiver's machine, and a certificate of theirs that has ended, are theirs (reading A10). */
const theirs = new Set(['ECONNREFUSED', 'CERT_HAS_EXPIRED']);

function beforeSending(thrown: unknown, what: string): GatewayError {
  const code = codeOf(thrown);
  const why = notAllowed[code];
  const text = `${what}: nothing was sent${why === undefined ? '' : `, ${why}`} (${code})`;
  return new GatewayError('delivery-failed', text, {
    cause: thrown,
    ...(theirs.has(code) && { standardCode: code }),
  });
}

/** TLS 1.3 tells a client only after its own handshake that its certificate is not taken: nothing of HTTP was read then. */
const ourCertificate = /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

function afterSending(thrown: unknown, what: string): GatewayError {
  const code = codeOf(thrown);
  if (ourCertificate.test(code)) {
    const text = `${what}: nothing was taken, our certificate is not accepted (${code}); see tls.cert`;
    return new GatewayError('delivery-failed', text, { cause: thrown });
  }
  const text = `${what}: sent, no whole answer (${code})`;
  return new GatewayError('delivery-unknown', text, { cause: thrown, standardCode: code });
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof GatewayError) {
    // Our own stop is no fault of the receiver's.
    return thrown.standardCode === 'STOPPED' ? 'ABORTED' : (thrown.standardCode ?? 'CLOSED');
  }
  // An answer that is a bare word breaks the library where it marks the resource.
  if (thrown instanceof TypeError && thrown.cause === undefined) return 'NOT-AN-OBJECT';
  return connectionCode(thrown) ?? 'CLOSED';
}
