/** How a simulated receiver answers: well, badly, late or not at all. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What it does with one call. A name alone has the usual figures. */
export type Behaviour =
  /** 202, and the notice is taken. */
  | 'accept'
  /** 400. */
  | 'refuse'
  /** 410: do not send here any more. */
  | 'gone'
  /** 503, Retry-After 1. */
  | 'busy'
  /** Reads the call and never answers; the notice is not taken. */
  | 'hang'
  /** Takes the notice and closes the socket without an answer. */
  | 'vanish'
  /** Takes the notice and answers after a while. */
  | { readonly late: number }
  /** Any status, with its Retry-After. */
  | { readonly status: number; readonly retryAfter?: string };

/** The behaviours to come, one a call. */
export interface Script {
  shift(): Behaviour | undefined;
}

/** One behaviour for all calls, or a list for the next ones and nothing after them. */
export function scriptOf(behaviour: Behaviour | readonly Behaviour[]): Script {
  return isList(behaviour) ? [...behaviour] : { shift: () => behaviour };
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(behaviour: Behaviour | readonly Behaviour[]): behaviour is readonly Behaviour[] {
  return Array.isArray(behaviour);
}

/** Whether the notice counts as taken, whatever the caller gets to hear. */
export function takes(behaviour: Behaviour): boolean {
  if (typeof behaviour === 'string') return behaviour === 'accept' || behaviour === 'vanish';
  return 'late' in behaviour || (behaviour.status >= 200 && behaviour.status < 300);
}

/** Does it. */
export async function behave(
  behaviour: Behaviour,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (typeof behaviour === 'object') {
    if ('status' in behaviour) return reply(response, behaviour.status, behaviour.retryAfter);
    await new Promise((resolve) => setTimeout(resolve, behaviour.late));
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
