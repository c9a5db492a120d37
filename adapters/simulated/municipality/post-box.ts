/** A simulated receiver by HTTP POST: it looks at who calls, recognises repeats, keeps count, and behaves as it is told. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { scriptOf, takes, wordOf, type Behaviour, type Channel } from './behaviour.ts';
import { behave, reply } from './http-behaviour.ts';
import { openHttp, readBody, type Certificate } from './http-server.ts';
import type { Arrival } from './received.ts';

/** One call. */
export interface Call {
  readonly messageId: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** One of its id had been taken before. */
  readonly isDuplicate: boolean;
}

export interface PostBoxSettings<B extends string | object> {
  readonly channel: Channel;
  /** Whether the caller proves who it is; left out where nobody is asked. */
  readonly isKnown?: ((headers: IncomingHttpHeaders, body: Buffer) => boolean) | undefined;
  readonly idOf: (headers: IncomingHttpHeaders, body: Buffer) => string;
  /** What of a behaviour the caller hears. */
  readonly heard: (behaviour: B | 'accept') => Behaviour;
  readonly maxBodyBytes?: number;
  /** With every call, before it is answered. */
  readonly onArrival?: ((arrival: Arrival) => void) | undefined;
  /** With every call of a known one, before it is answered. */
  readonly onKnown?: (call: Call) => void;
  /** With every call that was taken, after its answer has gone. */
  readonly onTaken?: (call: Call, behaviour: B | 'accept') => Promise<void> | void;
  readonly tls?: Certificate | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export interface PostBox<B extends string | object> {
  readonly origin: string;
  /** One for all calls, or a list for the next ones, one each, and `accept` after them. */
  setBehaviour(behaviour: B | 'accept' | readonly (B | 'accept')[]): void;
  /** Another certificate from now on, for every connection. */
  setCertificate(certificate: Certificate): void;
  /** Calls being answered, and what follows from them. */
  inFlight(): number;
  /** Faults of its own, by name: they never end the process. */
  readonly failures: string[];
  close(): Promise<void>;
}

/** Starts one; resolves when it listens. */
export async function openPostBox<B extends string | object>(
  settings: PostBoxSettings<B>,
): Promise<PostBox<B>> {
  const { channel, isKnown, idOf, heard, onArrival, onKnown, onTaken } = settings;
  const taken = new Set<string>();
  const failures: string[] = [];
  let script = scriptOf<B | 'accept'>('accept');
  let inFlight = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new Promise((resolve) => response.once('close', resolve));
    const body = await readBody(request, settings.maxBodyBytes);
    if (!body) {
      request.destroy();
      return;
    }
    const { headers } = request;
    const messageId = idOf(headers, body);
    const isStranger = isKnown?.(headers, body) === false;
    const behaviour = isStranger ? undefined : (script.shift() ?? 'accept');
    const isTaken = behaviour !== undefined && takes(behaviour);
    const isDuplicate = taken.has(messageId);
    const isWrong = behaviour === undefined || behaviour === 'wrong-signature';
    onArrival?.({
      channel,
      messageId,
      isDuplicate,
      signature: isWrong ? 'wrong' : isKnown && 'right',
      isTaken,
      behaviour: wordOf(behaviour ?? 'wrong-signature'),
      content: body.toString('utf8'),
    });
    if (behaviour === undefined) return reply(response, 401);
    const call = { messageId, headers, body, isDuplicate };
    onKnown?.(call);
    if (isTaken) taken.add(messageId);
    await behave(heard(behaviour), request, response);
    await closed;
    if (isTaken) await onTaken?.(call, behaviour);
  }

  async function track(work: Promise<void>): Promise<void> {
    inFlight += 1;
    try {
      await work;
    } catch (thrown) {
      failures.push(thrown instanceof Error ? thrown.name : 'error');
    } finally {
      inFlight -= 1;
    }
  }

  const server = await openHttp(settings, (request, response) => {
    if (request.method === 'POST') void track(serve(request, response));
    // Somebody looks whether there is anybody: `routes check --reach`, a health check.
    else reply(response, 405);
  });
  return {
    origin: server.origin,
    setBehaviour: (behaviour) => {
      script = scriptOf<B | 'accept'>(behaviour);
    },
    setCertificate: (certificate) => server.setCertificate(certificate),
    inFlight: () => inFlight,
    failures,
    close: () => server.close(),
  };
}

/** Whether a call has the bearer token. */
export const hasToken =
  (token: string) =>
  ({ authorization }: IncomingHttpHeaders): boolean =>
    authorization === `Bearer ${token}`;
