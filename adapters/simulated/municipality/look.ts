/** Looking at a running simulated municipality by HTTP: what came, the content of one, and a line that it shall obey. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { obey } from './commands.ts';
import { openHttp, readBody, type HttpServer } from './http-server.ts';
import type { Received } from './received.ts';
import type { WholeMunicipality } from './whole.ts';

const ways =
  'GET /received, GET /received/N, GET /hemgang.yaml, GET /environment, POST /do with a line: help lists them';

/**
 * Starts; resolves when it listens. It listens on this machine alone: the content of a notice is for nobody else.
 * `GET /received` (JSON, or a page for a browser), `GET /received/N` (as it came), `GET /hemgang.yaml` and
 * `GET /environment` (what the gateway is to be told), `POST /do` (a line of `obey`).
 */
export async function openLook(municipality: WholeMunicipality, port: number): Promise<HttpServer> {
  return await openHttp({ port }, (request, response) => {
    void serve(municipality, request, response).catch(() => response.destroy());
  });
}

async function serve(
  municipality: WholeMunicipality,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { received } = municipality;
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
  if (request.method === 'POST' && pathname === '/do') {
    const line = (await readBody(request, 1000))?.toString('utf8') ?? '';
    return send(200, 'text/plain', `${(await obey(municipality, line)).join('\n')}\n`);
  }
  if (request.method !== 'GET') return send(405, 'text/plain', `${ways}\n`);
  const [, number] = /^\/received\/(\d{1,9})$/.exec(pathname) ?? [];
  if (number !== undefined) {
    const content = received.contentOf(Number(number));
    if (content === undefined) return send(404, 'text/plain', 'no content of that number\n');
    return send(200, 'text/plain', content);
  }
  const { environment, yaml } = municipality.settings;
  if (pathname === '/environment') return send(200, 'text/plain', `${environment}\n`);
  if (pathname === '/hemgang.yaml') return send(200, 'text/plain', `${yaml}\n`);
  if (pathname !== '/received' && pathname !== '/') return send(404, 'text/plain', `${ways}\n`);
  if (request.headers.accept?.includes('text/html') === true) {
    return send(200, 'text/html', pageOf(received.all()));
  }
  return send(
    200,
    'application/json',
    `${JSON.stringify({ received: received.all() }, null, 2)}\n`,
  );
}

const columns = ['', 'Time', 'Channel', 'What', 'Of', 'Reference', 'Id', 'Became', 'Answers'];

function pageOf(list: readonly Received[]): string {
  const rows = list.map((one) => {
    const cells = [
      `<a href="/received/${one.number}">${one.number}</a>`,
      ...[
        one.at,
        one.channel,
        one.action,
        one.obligation ?? one.label ?? '',
        one.reference ?? '',
        one.messageId,
        becameOf(one),
        one.answers.map(({ answer, result }) => `${answer}: ${result}`).join('; '),
      ].map(escaped),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Received</title><meta http-equiv="refresh" content="5">
<style>body{font:14px sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0;border-bottom:1px solid #ddd}</style>
</head><body><h1>What the simulated municipality received</h1>
<table><thead><tr>${columns.map((name) => `<th>${name}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></body></html>
`;
}

function becameOf({ isTaken, behaviour, isDuplicate, signature }: Received): string {
  return [
    isTaken ? 'taken' : 'not taken',
    ...(behaviour === 'accept' ? [] : [behaviour]),
    ...(isDuplicate ? ['duplicate'] : []),
    ...(signature === 'wrong' ? ['wrong signature'] : []),
  ].join(', ');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
