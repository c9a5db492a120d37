/**
 * One POST, made so that what is *known* of a failure can be proved.
 *
 * The client writes nothing of a request before its connection (and the TLS handshake) stands, and says so the moment it
 * begins to write: a failure before that moment provably did not reach the receiver, one after it may have. It is never
 * sent a second time here.
 */
import { setMaxListeners } from 'node:events';
import { Pool } from 'undici';
import { GatewayError } from '../../gateway/errors.ts';
import type { Target } from './target.ts';

/** Of the answer's body only its beginning is used; so much is read that the connection can be used again. */
const maxAnswerBytes = 65_536;
const beginningBytes = 64;

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The first characters of the body, as far as they came. */
  readonly beginning: string;
}

/** The connections to one receiver. */
export interface PostLine {
  readonly target: Target;
  readonly pool: Pool;
  close(): Promise<void>;
}

export interface LineOptions {
  /**
   * The receiver recognises repeats. A kept connection may be closed by the other side just as we write on it, and then
   * nobody knows what was read. That costs a repeat where repeats are recognised, but a person's time where they are not:
   * there, each call has a connection of its own.
   */
  readonly idempotent: boolean;
  /** Of an attempt: a connection that takes longer to come about is of no use to it. */
  readonly timeoutMs: number;
  /** At the same time; 4 where left out. */
  readonly connections?: number | undefined;
  readonly tls?: LineTls | undefined;
}

/** PEM: who signs their certificate where no public authority does, and what we show for ourselves. */
export interface LineTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Opens nothing yet: connections come as they are needed. */
export function openPostLine(
  target: Target,
  { idempotent, timeoutMs, connections = 4, tls }: LineOptions,
): PostLine {
  const pool = new Pool(target.url.origin, {
    connections,
    pipelining: idempotent ? 1 : 0,
    keepAliveTimeout: keptMs,
    keepAliveMaxTimeout: keptMs,
    // What ends an attempt is its own time.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { lookup: target.lookup, timeout: timeoutMs, ...tls },
  });
  return { target, pool, close: () => pool.destroy() };
}

const keptMs = 30_000;

export interface Post {
  readonly line: PostLine;
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
export function postOnce({ line, headers, body, timeoutMs, signal }: Post): Promise<HttpAnswer> {
  const { target, pool } = line;
  return new Promise((resolve, reject) => {
    let abort: ((error: Error) => void) | undefined;
    let answer: Omit<HttpAnswer, 'beginning'> | undefined;
    let beginning = '';
    let failure: Error | undefined;
    let answerBytes = 0;
    let isOver = false;

    const stop = (code: string) => (): void => {
      failure ??= Object.assign(new Error('attempt stopped'), { code });
      // One that still waits for a connection cannot be called back: it is let go of when its turn comes.
      if (abort) abort(failure);
      else end();
    };
    const timer = setTimeout(stop('TIMEOUT'), timeoutMs);
    const onAbort = stop('ABORTED');
    // One signal stops all attempts in hand, and each takes its listener away again: many are no leak.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', onAbort, { once: true });

    /** The one place where an attempt ends: after an answer, an error, or our own stop. */
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (answer) resolve({ ...answer, beginning });
      else reject(unanswered(abort !== undefined, failure));
    };

    if (signal.aborted) {
      onAbort();
      return;
    }
    const path = `${target.url.pathname}${target.url.search}`;
    pool.dispatch(
      { path, method: 'POST', headers, body },
      {
        onConnect(abortRequest) {
          if (isOver) abortRequest(failure);
          else abort = abortRequest;
        },
        onHeaders(status, fields) {
          // What comes before the answer (1xx) is none.
          if (status >= 200) answer = { status, retryAfter: valueOf(fields, 'retry-after') };
          return true;
        },
        // Too much of a body ends the connection; the status is known all the same.
        onData(chunk) {
          if (answerBytes < beginningBytes) {
            beginning += chunk.toString('latin1', 0, beginningBytes - answerBytes);
          }
          answerBytes += chunk.length;
          if (answerBytes > maxAnswerBytes) abort?.(new Error('the answer is too long'));
          return true;
        },
        onComplete: end,
        onError(error) {
          failure ??= error;
          end();
        },
      },
    );
  });
}

/** One field of a header, as it is on the wire: names and values by turns. */
function valueOf(fields: readonly Buffer[], name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.length === name.length && fields[at]?.toString('latin1').toLowerCase() === name)
      return fields[at + 1]?.toString('latin1');
  }
  return undefined;
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
