/** What a behaviour is on a line of HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { passed, type Behaviour } from './behaviour.ts';

/** Where nobody listens: whoever follows a redirect sends personal data to a stranger. */
export const elsewhere = 'http://127.0.0.1:1/elsewhere';
/** As a proxy answers for a server that it does not reach, or for a person who has not signed in. */
export const proxyPage = '<!DOCTYPE html>\n<html><body>Sign in</body></html>\n';

/** Does it, by HTTP. */
export async function behave(
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (typeof behaviour === 'object') {
    if ('status' in behaviour) return reply(response, behaviour.status, behaviour.retryAfter);
    await passed(behaviour.late);
    return reply(response, 202);
  }
  switch (behaviour) {
    case 'accept':
      return reply(response, 202);
    case 'refuse':
      return reply(response, 400);
    case 'gone':
      return reply(response, 410);
    case 'busy':
      return reply(response, 503, '1');
    case 'wrong-signature':
      return reply(response, 401);
    case 'redirect':
      response.setHeader('location', elsewhere);
      return reply(response, 307);
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(proxyPage);
      return undefined;
    case 'half':
      request.socket.write('HTTP/1.1 202 Acc', () => request.socket.destroy());
      return undefined;
    case 'vanish':
      request.socket.destroy();
      return undefined;
    case 'hang':
      return undefined;
  }
}

/** Answers with a bare status. */
export function reply(response: ServerResponse, status: number, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  response.writeHead(status).end();
}
