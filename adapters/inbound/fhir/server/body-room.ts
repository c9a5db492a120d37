/** How much of what is being sent lies in memory at once, of all senders together. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../answers/refusal.ts';

const mebibyte = 1024 * 1024;
/** As many bodies of the largest size are held at once. */
const mostWhole = 32;
/** What a body of unknown length is counted as: most are small. */
const usualBytes = 2 * mebibyte;

/**
 * Lets a request send its body where there is room for it, until its connection is done with it.
 * @param maxBodyBytes of one body
 * @throws FhirRefusal 503 where there is none: whoever holds many large ones makes the others wait, and not the gateway fail
 */
export function bodyRoom(
  maxBodyBytes: number,
): (request: IncomingMessage, response: ServerResponse) => void {
  const most = mostWhole * maxBodyBytes;
  let held = 0;
  return (request, response) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    const told = length === undefined ? (coding === undefined ? 0 : usualBytes) : Number(length);
    const bytes = Math.min(told, maxBodyBytes);
    if (bytes > 0 && held + bytes > most) {
      throw refuse(503, 'throttled', 'too much is being sent at once; send it again later');
    }
    held += bytes;
    response.once('close', () => (held -= bytes));
  };
}
