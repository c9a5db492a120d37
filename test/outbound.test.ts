/** The way out: signed webhooks over real sockets, file drops on a real disk, and the words of the notices. */
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutboundNotice, Rendered } from '../adapters/adapter.ts';
import { kronorOf, toCsv } from '../adapters/outbound/billing/csv.ts';
import { billingFiles } from '../adapters/outbound/billing/specification-files.ts';
import { fileNotices } from '../adapters/outbound/notices/file.ts';
import { parseRetryAfter } from '../adapters/wire/retry-after.ts';
import { targetOf } from '../adapters/wire/target.ts';
import { webhookNotices, type WebhookSettings } from '../adapters/outbound/notices/webhook.ts';
import {
  simulatedMunicipality,
  type Behaviour,
  type SimulatedMunicipality,
  type SimulatedSettings,
} from '../adapters/simulated/municipality/index.ts';
import { signerOf, verifierOf } from '../adapters/wire/signature.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { loadProfiles } from '../profiles/index.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { pdf } from './support/pdf.ts';
import { readPdf } from './support/read-pdf.ts';

const words = loadMunicipalWords();
const { nation: places } = loadProfiles();
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const never = new AbortController().signal;

/** What each test opened, closed after it in reverse. */
let opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.toReversed()) await close();
  opened = [];
});

const notice: OutboundNotice = {
  kind: 'notice',
  deliveryId: 'd-1',
  caseReference: 'case-1',
  action: 'issued',
  patient: {
    numbers: [{ authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' }],
    family: 'Påhittad',
    given: 'Testa',
  },
  ...(() => {
    const data = {
      key: 'k',
      revision: 1,
      obligation: 'discharge-ready-notice',
      occasion: 'fact-1',
      role: 'social-services',
      county: '14',
      municipality: '1480',
      content: { dischargeReadyAt: '2022-03-07T10:58:00.000Z' },
      reference: '3 kap. 1 § lag (2017:612)',
    } as const;
    const event = {
      id: 'n-1',
      type: 'notice.issued',
      stayId: 'stay-1',
      occurredAt: '2022-03-07T10:59:00.000Z',
      recordedAt: '2022-03-07T10:59:00.000Z',
      source: { sender: 'hemgang', messageId: 'm-1' },
      causationId: 'fact-1',
      correlationId: 'm-1',
      data,
    } as const;
    return { event, notice: data };
  })(),
};

type Webhooks = ReturnType<typeof webhookNotices>;

function webhookTo(url: string, secrets: string[], more: Partial<WebhookSettings> = {}): Webhooks {
  const outbound = webhookNotices({
    url,
    secrets,
    timeoutMs: 5000,
    idempotent: true,
    allowPrivate: true,
    words,
    nowSeconds,
    ...more,
  });
  opened.push(() => outbound.close());
  return outbound;
}

async function receiver(settings: Partial<SimulatedSettings> = {}): Promise<SimulatedMunicipality> {
  const municipality = await simulatedMunicipality({ secrets: [newSecret()], ...settings });
  opened.push(() => municipality.close());
  return municipality;
}

/** A bare TCP server, for faults that no HTTP library lets one make. */
async function tcpServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return await listen(server);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

async function deliver(outbound: Webhooks, signal = never): Promise<unknown> {
  return await outbound.deliver('d-1', await outbound.render(notice), signal);
}

/** The code of the error an attempt ends with; `delivered` when it does not. */
async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then(
    () => 'delivered',
    (error: { code: string }) => error.code,
  );
}

describe('a signature', () => {
  const body = '{"type":"notice.issued"}';

  test('verifies with the library and fails when one byte of the body, id or time changes', () => {
    const secret = newSecret();
    const headers = { ...signerOf([secret])('d-1', body, nowSeconds()) };
    const library = new Webhook(secret);
    expect(library.verify(body, headers)).toEqual({ type: 'notice.issued' });
    expect(() => library.verify(body.replace('issued', 'issuee'), headers)).toThrow(/signature/);
    expect(() => library.verify(body, { ...headers, 'webhook-id': 'd-2' })).toThrow(/signature/);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(() => library.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow(
      /signature/,
    );
  });

  test('is made with both secrets while one is being changed, and either verifies it', () => {
    const [old, fresh] = [newSecret(), newSecret()];
    const headers = { ...signerOf([old, fresh])('d-1', body, nowSeconds()) };
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    expect(new Webhook(old).verify(body, headers)).toBeDefined();
    expect(new Webhook(fresh).verify(body, headers)).toBeDefined();
    expect(verifierOf([newSecret()])(headers, Buffer.from(body))).toBe(false);
  });

  test.each([
    ['no secret', []],
    ['three secrets', [newSecret(), newSecret(), newSecret()]],
    ['a secret without its prefix', ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']],
    ['a short secret', [`whsec_${Buffer.alloc(23).toString('base64')}`]],
    ['a long secret', [`whsec_${Buffer.alloc(65).toString('base64')}`]],
    ['a secret that is not base64', ['whsec_***']],
  ])('is refused at start for %s, without quoting it', (_, secrets) => {
    const start = (): unknown => signerOf(secrets);
    expect(start).toThrow(expect.objectContaining({ code: 'configuration-invalid' }));
    for (const secret of secrets) {
      expect(start).not.toThrow(
        expect.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
  });
});

describe('a webhook', () => {
  test('is delivered signed, with the delivery id as webhook-id, and gives a receipt', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret] });
    const receipt = await deliver(webhookTo(municipality.url, [secret]));
    expect(receipt).toEqual({ proof: 'receiver-answer', detail: 'HTTP 202' });
    expect(municipality.unsigned()).toBe(0);
    expect(municipality.received).toMatchObject([
      { deliveryId: 'd-1', repeat: false, body: { data: { caseReference: 'case-1' } } },
    ]);
  });

  test('keeps its id over attempts, so that the receiver recognises the repeat', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: ['vanish'] });
    const outbound = webhookTo(municipality.url, [secret]);
    expect(await codeOf(deliver(outbound))).toBe('delivery-unknown');
    expect(await codeOf(deliver(outbound))).toBe('delivered');
    expect(municipality.received.map(({ deliveryId, repeat }) => [deliveryId, repeat])).toEqual([
      ['d-1', false],
      ['d-1', true],
    ]);
  });

  test('signed with a secret the receiver does not have is refused', async () => {
    const municipality = await receiver();
    expect(await codeOf(deliver(webhookTo(municipality.url, [newSecret()])))).toBe(
      'delivery-refused',
    );
    expect(municipality.unsigned()).toBe(1);
    expect(municipality.received).toHaveLength(0);
  });

  const verdicts: [Behaviour, string][] = [
    [{ status: 200 }, 'delivered'],
    [{ status: 204 }, 'delivered'],
    ['refuse', 'delivery-refused'],
    ['gone', 'delivery-refused'],
    [{ status: 401 }, 'delivery-refused'],
    [{ status: 404 }, 'delivery-refused'],
    [{ status: 422 }, 'delivery-refused'],
    [{ status: 301 }, 'delivery-refused'],
    [{ status: 307 }, 'delivery-refused'],
    [{ status: 408 }, 'delivery-failed'],
    [{ status: 425 }, 'delivery-failed'],
    [{ status: 429 }, 'delivery-failed'],
    [{ status: 502 }, 'delivery-unknown'],
    ['busy', 'delivery-failed'],
    [{ status: 500 }, 'delivery-unknown'],
    [{ status: 504 }, 'delivery-unknown'],
    [{ status: 507 }, 'delivery-unknown'],
    ['vanish', 'delivery-unknown'],
    ['half', 'delivery-unknown'],
    ['html', 'delivery-unknown'],
    ['redirect', 'delivery-refused'],
    ['wrong-signature', 'delivery-refused'],
  ];
  test.each(verdicts)('answered by %j ends as %s', async (behaviour, expected) => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour });
    expect(await codeOf(deliver(webhookTo(municipality.url, [secret])))).toBe(expected);
    expect(municipality.received).toHaveLength(1);
  });

  test('does not follow a redirect, even to a place that would take it', async () => {
    const secret = newSecret();
    const elsewhere = await receiver({ secrets: [secret] });
    const server = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${await listen(server)}/`;
    expect(await codeOf(deliver(webhookTo(url, [secret])))).toBe('delivery-refused');
    expect(elsewhere.received).toHaveLength(0);
  });

  test('is delivered by 2xx with any body but a page for people', async () => {
    const secret = newSecret();
    const codes = [];
    for (const body of [
      'OK',
      '<p>tack</p>',
      '{"html": true}',
      '\n<!doctype HTML><html>',
      '<html lang="sv">',
    ]) {
      const server = createHttpServer((request, response) => {
        request.resume();
        response.writeHead(200, { 'content-type': 'text/html' }).end(body);
      });
      opened.push(() => new Promise((resolve) => server.close(resolve)));
      const outbound = webhookTo(`http://127.0.0.1:${await listen(server)}/`, [secret]);
      codes.push(await codeOf(deliver(outbound)));
    }
    expect(codes).toEqual([
      'delivered',
      'delivered',
      'delivered',
      'delivery-unknown',
      'delivery-unknown',
    ]);
  });

  test('hears Retry-After of a busy receiver', async () => {
    const secret = newSecret();
    const behaviour = { status: 503, retryAfter: '7' };
    const municipality = await receiver({ secrets: [secret], behaviour });
    await expect(deliver(webhookTo(municipality.url, [secret]))).rejects.toMatchObject({
      code: 'delivery-failed',
      standardCode: '503',
      retryAfterMs: 7000,
    });
  });

  test('to a receiver that never answers is unknown after the time-out, not failed', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: 'hang' });
    const outbound = webhookTo(municipality.url, [secret], { timeoutMs: 150 });
    await expect(deliver(outbound)).rejects.toMatchObject({
      code: 'delivery-unknown',
      standardCode: 'TIMEOUT',
    });
    expect(municipality.received).toHaveLength(1);
  });

  test('answered too late is unknown, although the receiver took it', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: [{ late: 400 }] });
    const hasty = webhookTo(municipality.url, [secret], { timeoutMs: 150 });
    expect(await codeOf(deliver(hasty))).toBe('delivery-unknown');
    expect(await codeOf(deliver(hasty))).toBe('delivered');
    expect(municipality.received[1]?.repeat).toBe(true);
  });

  test('answered late but within the time-out is delivered', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: { late: 50 } });
    expect(await codeOf(deliver(webhookTo(municipality.url, [secret])))).toBe('delivered');
  });

  test('stopped while the answer is awaited is unknown', async () => {
    const secret = newSecret();
    const stop = new AbortController();
    const port = await tcpServer((socket) => socket.on('data', () => stop.abort()));
    const outbound = webhookTo(`http://127.0.0.1:${port}/`, [secret]);
    expect(await codeOf(deliver(outbound, stop.signal))).toBe('delivery-unknown');
  });

  test('stopped before it started sends nothing and failed', async () => {
    const municipality = await receiver();
    const outbound = webhookTo(municipality.url, [newSecret()]);
    expect(await codeOf(deliver(outbound, AbortSignal.abort()))).toBe('delivery-failed');
    expect(municipality.unsigned()).toBe(0);
  });

  test('to a port where nobody listens failed, and that is the receiver’s doing', async () => {
    const port = await tcpServer(() => undefined);
    await opened.pop()?.();
    const outbound = webhookTo(`http://127.0.0.1:${port}/`, [newSecret()]);
    await expect(deliver(outbound)).rejects.toMatchObject({
      code: 'delivery-failed',
      standardCode: 'ECONNREFUSED',
    });
  });

  test('to a name that does not exist failed, and blames nobody', async () => {
    const outbound = webhookTo('https://receiver.invalid/', [newSecret()]);
    await expect(deliver(outbound)).rejects.toMatchObject({
      code: 'delivery-failed',
      standardCode: undefined,
    });
  });

  test('whose TLS handshake fails sent nothing', async () => {
    let received = '';
    const port = await tcpServer((socket) =>
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        socket.end('this is not TLS\r\n');
      }),
    );
    const outbound = webhookTo(`https://127.0.0.1:${port}/`, [newSecret()]);
    expect(await codeOf(deliver(outbound))).toBe('delivery-failed');
    expect(received).not.toContain('POST');
  });

  test('whose TLS handshake hangs until the time-out sent nothing', async () => {
    const port = await tcpServer(() => undefined);
    const outbound = webhookTo(`https://127.0.0.1:${port}/`, [newSecret()], { timeoutMs: 150 });
    expect(await codeOf(deliver(outbound))).toBe('delivery-failed');
  });

  test('reset by the receiver after it was read is unknown', async () => {
    const port = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const outbound = webhookTo(`http://127.0.0.1:${port}/`, [newSecret()]);
    expect(await codeOf(deliver(outbound))).toBe('delivery-unknown');
  });

  test('answered by something that is not HTTP is unknown', async () => {
    const port = await tcpServer((socket) => socket.once('data', () => socket.end('hello\r\n')));
    const outbound = webhookTo(`http://127.0.0.1:${port}/`, [newSecret()]);
    expect(await codeOf(deliver(outbound))).toBe('delivery-unknown');
  });

  test('is delivered when the status came, however long the body after it', async () => {
    let written = 0;
    const port = await tcpServer((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const more = (): void => {
          while (!socket.destroyed && written < 50_000_000) {
            written += 65_536;
            if (!socket.write(Buffer.alloc(65_536))) return;
          }
        };
        socket.on('drain', more);
        more();
      }),
    );
    const outbound = webhookTo(`http://127.0.0.1:${port}/`, [newSecret()]);
    expect(await codeOf(deliver(outbound))).toBe('delivered');
    expect(written).toBeLessThan(50_000_000);
  });

  test('is delivered when the status came and the body never ends', async () => {
    const port = await tcpServer((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 202 OK\r\ncontent-length: 9\r\n\r\n')),
    );
    const url = `http://127.0.0.1:${port}/`;
    expect(await codeOf(deliver(webhookTo(url, [newSecret()], { timeoutMs: 150 })))).toBe(
      'delivered',
    );
  });

  test('keeps its connection where repeats are recognised, and only there', async () => {
    let connections = 0;
    const server = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(202).end();
    });
    server.on('connection', () => (connections += 1));
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${await listen(server)}/`;
    const kept = webhookTo(url, [newSecret()], { connections: 1 });
    await deliver(kept);
    await deliver(kept);
    expect(connections).toBe(1);
    const fresh = webhookTo(url, [newSecret()], { idempotent: false });
    await deliver(fresh);
    await deliver(fresh);
    expect(connections).toBe(3);
  });

  test('on a kept connection that breaks is unknown, and is not sent again by itself', async () => {
    let calls = 0;
    const server = createHttpServer((request, response) => {
      calls += 1;
      request.resume();
      if (calls === 1) response.writeHead(202).end();
      else request.socket.destroy();
    });
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${await listen(server)}/`;
    const kept = webhookTo(url, [newSecret()], { connections: 1 });
    expect(await codeOf(deliver(kept))).toBe('delivered');
    expect(await codeOf(deliver(kept))).toBe('delivery-unknown');
    expect(calls).toBe(2);
  });

  test('opens no more than four connections at once, and delivers all that wait', async () => {
    let open = 0;
    let most = 0;
    const server = createHttpServer((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(202).end(), 20);
    });
    server.on('connection', (socket) => {
      most = Math.max(most, (open += 1));
      socket.on('close', () => (open -= 1));
    });
    opened.push(() => new Promise((resolve) => server.close(resolve)));
    const outbound = webhookTo(`http://127.0.0.1:${await listen(server)}/`, [newSecret()]);
    const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf(deliver(outbound))));
    expect(new Set(codes)).toEqual(new Set(['delivered']));
    expect(most).toBe(4);
  });

  test('errors name no address, case or person', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: ['refuse', 'vanish'] });
    const outbound = webhookTo(`${municipality.url}/key-in-the-path`, [secret]);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error: unknown = await deliver(outbound).catch((thrown: unknown) => thrown);
      expect(String(error)).not.toMatch(/127\.0\.0\.1|key-in|case-1|Testa|1950|whsec/);
    }
  });
});

const tlsFolder = temporaryFolder('outbound-tls');
const certificates = makeCertificates(tlsFolder.path);
afterAll(() => tlsFolder.remove());

describe.skipIf(!certificates.made)('a webhook over TLS', () => {
  const { pem } = certificates;
  const ofServer = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });

  test('goes to a receiver whose certificate an authority of its own has signed', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], tls: ofServer('server') });
    expect(await codeOf(deliver(webhookTo(municipality.url, [secret])))).toBe('delivery-failed');
    const outbound = webhookTo(municipality.url, [secret], { tls: { ca: pem('ca.pem') } });
    expect(await codeOf(deliver(outbound))).toBe('delivered');
    expect(municipality.received).toHaveLength(1);
  });

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['stranger', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('is not sent to a certificate that is %s', async (name, code) => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], tls: ofServer(name) });
    const outbound = webhookTo(municipality.url, [secret], { tls: { ca: pem('ca.pem') } });
    await expect(deliver(outbound)).rejects.toMatchObject({
      code: 'delivery-failed',
      message: expect.stringContaining(code),
    });
    expect(municipality.received).toHaveLength(0);
  });
});

describe('where a webhook may go', () => {
  const invalid = expect.objectContaining({ code: 'configuration-invalid' });

  test.each([
    'http://municipality.example/notices',
    'https://127.0.0.1/',
    'https://10.1.2.3/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest',
    'https://[::1]/',
    'https://[fd00::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://user:key@municipality.example/',
    'ftp://municipality.example/',
    'nowhere',
  ])('%s is refused at start unless the receiver is in our own network', (url) => {
    expect(() => targetOf(url, false, 'webhook url')).toThrow(invalid);
  });

  test('plain http goes nowhere outside our own network, even where private addresses are allowed', () => {
    expect(() => targetOf('http://93.184.216.34/', true, 'webhook url')).toThrow(invalid);
    expect(() => targetOf('http://127.0.0.1/', true, 'webhook url')).not.toThrow();
    expect(() => targetOf('https://93.184.216.34/', false, 'webhook url')).not.toThrow();
  });

  test('a name that points into our own network is not connected to', async () => {
    let connections = 0;
    const port = await tcpServer(() => (connections += 1));
    const outbound = webhookTo(`https://localhost:${port}/`, [newSecret()], {
      allowPrivate: false,
    });
    expect(await codeOf(deliver(outbound))).toBe('delivery-failed');
    expect(connections).toBe(0);
  });
});

describe('Retry-After', () => {
  const at = Date.parse('2026-11-22T10:00:00Z') / 1000;
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 22 Nov 2026 10:02:00 GMT', 120_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['999999', 3_600_000],
    ['Sun, 29 Nov 2026 10:00:00 GMT', 3_600_000],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    [undefined, undefined],
  ])('%s means %s ms', (value, expected) => {
    expect(parseRetryAfter(value, at)).toBe(expected);
  });
});

function one(body: string, name = 'd-1.json'): Rendered {
  return { contentType: 'application/json', parts: [{ name, body }] };
}

describe('a file drop', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hemgang-drop-'));
    const made = folder;
    opened.push(() => rmSync(made, { recursive: true, force: true }));
  });

  test('writes the notice under its delivery id and leaves nothing else', async () => {
    const outbound = fileNotices({ folder: join(folder, 'a', 'b'), words, proof: 'none' });
    const rendered = await outbound.render(notice);
    expect(await outbound.deliver('d-1', rendered, never)).toEqual({
      proof: 'none',
      detail: 'file written',
    });
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['d-1.json']);
    expect(readFileSync(join(folder, 'a', 'b', 'd-1.json'), 'utf8')).toBe(rendered.parts[0]?.body);
  });

  test('says what proof the place’s profile gives it', async () => {
    const outbound = fileNotices({ folder, words, proof: 'receiver-answer' });
    expect(await outbound.deliver('d-1', one('x'), never)).toMatchObject({
      proof: 'receiver-answer',
    });
  });

  test('writes over itself on a repeat', async () => {
    const outbound = fileNotices({ folder, words, proof: 'none' });
    expect(outbound.idempotent).toBe(true);
    await outbound.deliver('d-1', one('first, and longer'), never);
    await outbound.deliver('d-1', one('second'), never);
    expect(readdirSync(folder)).toEqual(['d-1.json']);
    expect(readFileSync(join(folder, 'd-1.json'), 'utf8')).toBe('second');
  });

  test('never shows a part of a file to a reader', async () => {
    const outbound = fileNotices({ folder, words, proof: 'none' });
    const bodies = ['a', 'b'].map((letter) => letter.repeat(4_000_000));
    const progress = { writing: true };
    const writes = (async () => {
      for (let n = 0; n < 12; n += 1) {
        await outbound.deliver('d-1', one(bodies[n % 2] ?? ''), never);
      }
      progress.writing = false;
    })();
    const seen = new Set<string>();
    while (progress.writing) {
      for (const name of readdirSync(folder).filter((file) => !file.startsWith('.'))) {
        const body = readFileSync(join(folder, name), 'utf8');
        seen.add(`${body.length} ${new Set([body.slice(0, 1), body.slice(-1)]).size}`);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writes;
    expect([...seen]).toEqual(['4000000 1']);
  });

  test('writes over what an attempt cut off by a crash left behind', async () => {
    writeFileSync(join(folder, '.d-1.json.part'), 'half of a not');
    const outbound = fileNotices({ folder, words, proof: 'none' });
    await outbound.deliver('d-1', one('whole'), never);
    expect(readdirSync(folder)).toEqual(['d-1.json']);
    expect(readFileSync(join(folder, 'd-1.json'), 'utf8')).toBe('whole');
  });

  test('that cannot be written failed, and leaves nothing', async () => {
    writeFileSync(join(folder, 'not-a-folder'), '');
    const blocked = fileNotices({ folder: join(folder, 'not-a-folder'), words, proof: 'none' });
    await expect(blocked.deliver('d-1', one('x'), never)).rejects.toMatchObject({
      code: 'delivery-failed',
      message: expect.stringMatching(/EEXIST|ENOTDIR/),
      standardCode: undefined,
    });
    mkdirSync(join(folder, 'd-1.json'));
    const outbound = fileNotices({ folder, words, proof: 'none' });
    expect(await codeOf(outbound.deliver('d-1', one('x'), never))).toBe('delivery-failed');
    expect(readdirSync(folder).toSorted()).toEqual(['d-1.json', 'not-a-folder']);
  });

  test('on a full disk failed', async () => {
    // The device that is always full stands where the hidden file would be written.
    symlinkSync('/dev/full', join(folder, '.d-1.json.part'));
    const outbound = fileNotices({ folder, words, proof: 'none' });
    await expect(outbound.deliver('d-1', one('x'), never)).rejects.toMatchObject({
      code: 'delivery-failed',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of several files is unknown when some were renamed and the next could not be', async () => {
    mkdirSync(join(folder, 'b.csv', 'in-the-way'), { recursive: true });
    const outbound = billingFiles({ folder, places, pdf });
    const parts = [
      { name: 'a.json', body: 'a' },
      { name: 'b.csv', body: 'b' },
    ];
    expect(await codeOf(outbound.deliver('d-1', { contentType: 'x', parts }, never))).toBe(
      'delivery-unknown',
    );
  });

  test('stopped before the rename failed, and shows nothing', async () => {
    const outbound = fileNotices({ folder, words, proof: 'none' });
    expect(await codeOf(outbound.deliver('d-1', one('x'), AbortSignal.abort()))).toBe(
      'delivery-failed',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['../outside.json', '.hidden', '/etc/x', 'a/b/c/d', ''])(
    'never writes under the name %j',
    async (name) => {
      const outbound = fileNotices({ folder: join(folder, 'inner'), words, proof: 'none' });
      expect(await codeOf(outbound.deliver('d-1', one('x', name), never))).toBe('assertion-failed');
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('of a billing record puts JSON, CSV and PDF in the folder of the month', async () => {
    const data = {
      county: '14',
      municipality: '1480',
      month: '2022-03',
      key: 'k',
      revision: 1,
      lines: [],
      excluded: [],
      totalOre: 0,
      model: 'individual',
    };
    const event = { ...notice.event, type: 'billing.recorded' as const, data };
    const outbound = billingFiles({ folder, places, pdf });
    const message = { kind: 'billing', deliveryId: 'd-2', event, billing: data } as const;
    const rendered = await outbound.render(message);
    await outbound.deliver('d-2', rendered, never);
    expect(readdirSync(join(folder, '2022-03')).toSorted()).toEqual([
      '14-1480-2022-03-r1.csv',
      '14-1480-2022-03-r1.json',
      '14-1480-2022-03-r1.pdf',
    ]);
    const file = readFileSync(join(folder, '2022-03', '14-1480-2022-03-r1.pdf'));
    expect((await readPdf(file)).text).toContain('Göteborg (1480)');
  });
});

describe('a CSV cell', () => {
  test.each([
    [0, '0,00'],
    [5, '0,05'],
    [-5, '-0,05'],
    [99, '0,99'],
    [930000, '9300,00'],
    [2_625_250, '26252,50'],
    [9_007_199_254_740_991, '90071992547409,91'],
  ])('of %s öre is %s', (ore, text) => {
    expect(kronorOf(ore)).toBe(text);
  });

  test('refuses money that is not whole öre', () => {
    expect(() => kronorOf(0.5)).toThrow(/öre/);
    expect(() => kronorOf(2 ** 53)).toThrow(/öre/);
  });

  test.each(['=1+1', '+1', '-1', '@x', '\t=1', ' =1', '\r=1', '|x'])(
    'that a spreadsheet would run (%j) stays a text',
    (text) => {
      expect(toCsv([[text]]).replace('\uFEFF', '')).toMatch(/^"?'/);
    },
  );
});

describe('the words of the notices', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hemgang-words-'));
    const made = folder;
    mkdirSync(join(folder, 'municipal'));
    opened.push(() => rmSync(made, { recursive: true, force: true }));
  });
  const overlay = (name: string, text: string): (() => unknown) => {
    writeFileSync(join(folder, 'municipal', name), text);
    return () => loadMunicipalWords([folder]);
  };

  test('of the user lie over the shipped ones, key by key', () => {
    overlay('planning-call.yaml', 'issued:\n  title: Kallelse till SIP\n')();
    const laid = loadMunicipalWords([folder]);
    expect(laid.notices['planning-call'].issued.title).toBe('Kallelse till SIP');
    expect(laid.notices['planning-call'].issued.body).toEqual(
      words.notices['planning-call'].issued.body,
    );
    expect(laid.notices['admission-notice']).toEqual(words.notices['admission-notice']);
  });

  test('are frozen', () => {
    expect(Object.isFrozen(words.notices['planning-call'].issued.body)).toBe(true);
  });

  test.each([
    ['an unknown key', 'planning-call.yaml', 'isued: {}', 'isued'],
    ['an unknown obligation', 'discharge-party.yaml', 'issued: {}', 'no obligation'],
    ['an unknown field', 'planning-call.yaml', 'mandatory: [diagnosis]', 'mandatory.0'],
    ['a field listed twice', 'planning-call.yaml', 'optional: [name]', 'twice'],
    ['a missing phrase', 'planning-call.yaml', 'withdrawn: null', 'withdrawn'],
    ['a key twice', 'planning-call.yaml', 'issued: 1\nissued: 2', 'line 2'],
    ['no YAML', 'planning-call.yaml', 'issued: [', 'line'],
    [
      'a placeholder it does not carry',
      'planning-call.yaml',
      "corrected: {title: T, body: ['{name} {personNumber} {address}']}",
      'corrected.body.0',
    ],
    [
      'a person in a withdrawal',
      'planning-call.yaml',
      "withdrawn: {title: T, body: ['{name}']}",
      'withdrawn.body.0',
    ],
    [
      'a mandatory field that is not said',
      'admission-notice.yaml',
      "issued: {title: T, body: ['{name} {personNumber} {expectedDischarge}']}",
      '{address} is not said',
    ],
    [
      'a stray brace',
      'planning-call.yaml',
      "withdrawn: {title: T, body: ['{case']}",
      'withdrawn.body.0',
    ],
    ['an unknown role', 'vocabulary.yaml', 'roles: {neighbour: granne}', 'neighbour'],
  ])('with %s stop the start, by file and key', (_, name, text, told) => {
    const load = overlay(name, text);
    expect(load).toThrow(expect.objectContaining({ code: 'configuration-invalid' }));
    expect(load).toThrow(name);
    expect(load).toThrow(told);
  });

  test('without a phrase for an obligation stop the start', () => {
    const load = overlay('vocabulary.yaml', 'roles: {social-services: null}');
    expect(load).toThrow(/roles\.social-services/);
  });
});

describe('the simulated municipality', () => {
  test('plays its list of behaviours one a call, and then accepts', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret] });
    municipality.setBehaviour(['busy', 'refuse', 'vanish']);
    const outbound = webhookTo(municipality.url, [secret]);
    const codes = [];
    for (let call = 0; call < 4; call += 1) codes.push(await codeOf(deliver(outbound)));
    expect(codes).toEqual(['delivery-failed', 'delivery-refused', 'delivery-unknown', 'delivered']);
  });

  test('is at rest only when a call it hangs on has gone', async () => {
    const secret = newSecret();
    const municipality = await receiver({ secrets: [secret], behaviour: 'hang' });
    const stop = new AbortController();
    const attempt = codeOf(deliver(webhookTo(municipality.url, [secret]), stop.signal));
    await expect.poll(() => municipality.received.length).toBe(1);
    expect(municipality.inFlight()).toBe(1);
    stop.abort();
    await attempt;
    await expect.poll(() => municipality.inFlight()).toBe(0);
  });

  test('tells of each notice once, however often it is sent', async () => {
    const secret = newSecret();
    const told: string[] = [];
    const municipality = await receiver({
      secrets: [secret],
      onNotice: ({ deliveryId }) => void told.push(deliveryId),
    });
    const outbound = webhookTo(municipality.url, [secret]);
    await deliver(outbound);
    await deliver(outbound);
    await expect.poll(() => municipality.inFlight()).toBe(0);
    expect(told).toEqual(['d-1']);
  });
});
