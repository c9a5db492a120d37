/**
 * One POST, made so that what is *known* of a failure can be proved.
 *
 * Node writes nothing of a request before its first `write` or `end`. We call `end` only when the connection (and its
 * TLS handshake) stands: a failure before that moment provably did not reach the receiver, one after it may have.
 */
import { setMaxListeners } from 'node:events';
import { request as requestHttp, type Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as requestHttps, type Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { GatewayError } from '../../gateway/errors.ts';
import type { Target } from './target.ts';

/** Of the answer's body nothing is used; so much is read that the connection can be used again. */
const maxAnswerBytes = 65_536;

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

export interface Post {
  readonly target: Target;
  readonly agent: HttpAgent | HttpsAgent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole attempt, from asking for a connection to the end of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Posts once; redirects are not followed.
 * @returns the answer's status, whatever it is
 * @throws GatewayError delivery-failed (nothing was sent), delivery-unknown (sent, no answer)
 */
export function postOnce(post: Post): Promise<HttpAnswer> {
  const { url, lookup } = post.target;
  const body = Buffer.from(post.body, 'utf8');
  return new Promise((resolve, reject) => {
    let sent = false;
    let answer: HttpAnswer | undefined;
    let failure: Error | undefined;

    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: post.agent,
      lookup,
      headers: { ...post.headers, 'content-length': String(body.length) },
    });
    const stop = (code: string) => (): void => {
      failure ??= Object.assign(new Error('attempt stopped'), { code });
      request.destroy(failure);
    };
    const timer = setTimeout(stop('TIMEOUT'), post.timeoutMs);
    const onAbort = stop('ABORTED');
    // One signal stops all attempts in hand, and each takes its listener away again: many are no leak.
    setMaxListeners(0, post.signal);
    post.signal.addEventListener('abort', onAbort, { once: true });

    request.once('socket', (socket) => {
      whenReady(socket, () => {
        if (request.destroyed) return;
        sent = true;
        request.end(body);
      });
    });
    request.once('response', (response) => {
      answer = {
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
      };
      drain(response);
    });
    request.on('error', (error) => {
      failure ??= error;
    });
    // The one place where an attempt ends: `close` comes once, after an answer, an error or a destroyed socket.
    request.once('close', () => {
      clearTimeout(timer);
      post.signal.removeEventListener('abort', onAbort);
      if (answer) resolve(answer);
      else reject(unanswered(sent, failure));
    });
    if (post.signal.aborted) onAbort();
  });
}

function whenReady(socket: Socket, send: () => void): void {
  if (socket instanceof TLSSocket) {
    // `authorized` turns true when the handshake is complete and the certificate was accepted.
    if (socket.authorized) send();
    else socket.once('secureConnect', send);
  } else if (socket.connecting) socket.once('connect', send);
  else send();
}

/** Reads and drops the body. Too much of it ends the connection; the status is known all the same. */
function drain(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) response.destroy();
  });
}

function unanswered(sent: boolean, failure: Error | undefined): GatewayError {
  const code = codeOf(failure);
  if (sent) {
    return new GatewayError('delivery-unknown', `webhook: sent, no answer (${code})`, {
      cause: failure,
      standardCode: code,
    });
  }
  return new GatewayError('delivery-failed', `webhook: nothing was sent (${code})`, {
    cause: failure,
    // A refused connection is an answer of the receiver's machine. A name not found or a route not there may be our own
    // fault, so it carries no code of theirs (reading A10 asks whose failure it was).
    ...(code === 'ECONNREFUSED' ? { standardCode: code } : {}),
  });
}

function codeOf(failure: Error | undefined): string {
  return failure !== undefined && 'code' in failure && typeof failure.code === 'string'
    ? failure.code
    : 'CLOSED';
}
