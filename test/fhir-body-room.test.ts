/** Many large bodies at once: whoever sends them waits, and the gateway lives. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { bodyRoom } from '../adapters/inbound/fhir/server/body-room.ts';

function sent(headers: Record<string, string>): [IncomingMessage, ServerResponse] {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  return [request, new ServerResponse(request)];
}
const max = 10 * 1024 * 1024;

test('no more is held than 32 bodies of the largest size, however they are sent', () => {
  const admit = bodyRoom(max);
  for (let nth = 0; nth < 31; nth += 1) admit(...sent({ 'content-length': '999999999' }));
  for (let nth = 0; nth < 5; nth += 1) admit(...sent({ 'transfer-encoding': 'chunked' }));
  expect(() => admit(...sent({ 'transfer-encoding': 'chunked' }))).toThrow();
  expect(() => admit(...sent({ 'content-length': '1' }))).toThrow();
  admit(...sent({}));
});

test('there is room again when one is answered', () => {
  const admit = bodyRoom(max);
  const all = Array.from({ length: 32 }, () => sent({ 'content-length': String(max) }));
  for (const one of all) admit(...one);
  expect(() => admit(...sent({ 'content-length': '1' }))).toThrow();
  all[0]?.[1].emit('close');
  admit(...sent({ 'content-length': '1' }));
});
