/** The FHIR client against a server that answers well, badly, late or not at all; over real sockets. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createPlainServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, exportJWK } from 'jose';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  simulatedFhirSource,
  type SimulatedFhirSource,
  type SourceFault,
} from '../adapters/simulated/fhir-source/source.ts';
import {
  openFhirClient,
  type FhirClient,
  type FhirClientSettings,
  type Page,
} from '../adapters/wire/fhir-client.ts';
import { readClientKey, smartAuthorizer, type SmartSettings } from '../adapters/wire/smart.ts';
import { GatewayError } from '../gateway/errors.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';

const machine = {
  elapsedMs: () => performance.now(),
  nowSeconds: () => Date.now() / 1000,
};
const never = new AbortController().signal;

let source: SimulatedFhirSource;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  source = await simulatedFhirSource();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await source.close();
});

function clientOf(
  change: Partial<Omit<FhirClientSettings, 'line'>> & {
    readonly line?: Partial<FhirClientSettings['line']>;
  } = {},
): FhirClient {
  const { line, ...rest } = change;
  const client = openFhirClient({
    line: {
      url: source.url,
      setting: 'poll.base',
      allowPrivate: true,
      maxAnswerBytes: 1_000_000,
      ...line,
    },
    timeoutMs: 2000,
    machine,
    signal: never,
    patience: { attempts: 3, pauseMs: 1, patienceMs: 5000 },
    ...rest,
  });
  opened.push(client);
  return client;
}

async function pagesOf(pages: AsyncGenerator<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** What a call failed with. */
async function failureOf(work: Promise<unknown>): Promise<GatewayError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(GatewayError);
  return thrown as GatewayError;
}

const encounter = { resourceType: 'Encounter', id: 'e1', status: 'planned', class: {} } as const;

describe('what is asked for', () => {
  test('a resource is read, without the request that holds our token', async () => {
    source.put(encounter);
    const read = await clientOf({ authorizer: { token: async () => 'secret' } }).read(
      'Encounter',
      'e1',
    );
    expect(read).toMatchObject({ status: 'planned', meta: { versionId: '1' } });
    expect(Reflect.ownKeys(read ?? {}).map(String)).not.toContain('__request');
    expect(source.calls[0]?.authorization).toBe('Bearer secret');
  });

  test('one that is not there is undefined, as one that is there no more', async () => {
    expect(await clientOf().read('Encounter', 'none')).toBeUndefined();
    source.setFault([{ status: 410 }]);
    expect(await clientOf().read('Encounter', 'gone')).toBeUndefined();
  });

  test('a search is walked page by page, with the server’s time', async () => {
    for (let number = 1; number <= 5; number += 1) source.put({ ...encounter, id: `e${number}` });
    const pages = await pagesOf(
      clientOf().search('Encounter', { _count: 2, _sort: '_lastUpdated' }),
    );
    const ids = pages.map(({ bundle }) => bundle.entry?.map(({ resource }) => resource?.id));
    expect(ids).toEqual([['e1', 'e2'], ['e3', 'e4'], ['e5']]);
    expect(pages.map(({ hasNext }) => hasNext)).toEqual([true, true, false]);
    expect(pages[0]?.serverTime).toMatch(/^\d{4}-.*Z$/);
  });

  test.each(['../metadata', '..', '.', 'a/b', '', 'x'.repeat(65), 'a?b'])(
    'no id leads out of its type: %s',
    async (id) => {
      expect((await failureOf(clientOf().read('Encounter', id))).code).toBe('malformed-message');
      expect(source.calls).toEqual([]);
    },
  );

  test('neither does a type or the name of an operation', async () => {
    const client = clientOf();
    for (const type of ['../Encounter', 'Encounter/1', 'http://elsewhere']) {
      const code = await failureOf(
        pagesOf(
          (async function* () {
            yield* client.search(type, {});
          })(),
        ),
      );
      expect(code.code).toBe('malformed-message');
    }
    const operation = client.operation({ name: '../Patient', method: 'GET' });
    expect((await failureOf(operation)).code).toBe('malformed-message');
    expect(source.calls).toEqual([]);
  });
});

describe('an answer that is not one', () => {
  test.each<[SourceFault, string, RegExp]>([
    ['html', 'malformed-message', /not JSON \(text\/html\)/],
    ['not-json', 'malformed-message', /not JSON/],
    ['empty', 'malformed-message', /a Bundle was expected, no resource came/],
    ['wrong-resource', 'malformed-message', /a Bundle was expected, Patient came/],
    ['huge', 'malformed-message', /larger than 1000000 bytes/],
    ['compressed', 'malformed-message', /compressed/],
    ['redirect', 'source-refused', /HTTP 302, a redirect/],
    [{ status: 400 }, 'source-refused', /HTTP 400 \(transient\)/],
    [{ status: 403 }, 'source-refused', /HTTP 403/],
    [{ status: 422 }, 'source-refused', /HTTP 422/],
    [{ status: 500 }, 'source-unavailable', /HTTP 500/],
    ['token-expired', 'source-refused', /HTTP 401/],
  ])('%j is %s, asked for once and without content', async (fault, code, text) => {
    source.setFault(fault);
    const error = await failureOf(pagesOf(clientOf().search('Encounter', { identifier: 's|1' })));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(error.message).toMatch(/^GET Encounter: /);
    expect(error.message).not.toMatch(/s\|1|as it was told/);
    expect(source.calls).toHaveLength(1);
  });

  test('JSON that is no object is told as such', async () => {
    for (const body of ['null', '"word"', '7', '[]']) {
      const server = await plainServer(body);
      const { port } = server.address() as AddressInfo;
      const client = clientOf({ line: { url: `http://127.0.0.1:${port}` } });
      const error = await failureOf(client.read('Patient', '1'));
      expect([body, error.code]).toEqual([body, 'malformed-message']);
      server.close();
    }
  });
});

describe('what did not get through', () => {
  test.each<[SourceFault]>([
    [{ status: 429, retryAfter: '0' }],
    [{ status: 502 }],
    [{ status: 503 }],
    [{ status: 504 }],
    ['vanish'],
    ['cut'],
  ])('%j is asked for again', async (fault) => {
    source.put(encounter);
    source.setFault([fault, fault]);
    expect(await clientOf().read('Encounter', 'e1')).toBeDefined();
    expect(source.calls).toHaveLength(3);
  });

  test('not for ever', async () => {
    source.setFault({ status: 503 });
    const error = await failureOf(clientOf().read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-unavailable', standardCode: '503' });
    expect(source.calls).toHaveLength(3);
  });

  test('a wait longer than our patience is told, not waited for', async () => {
    source.setFault({ status: 429, retryAfter: '3600' });
    const error = await failureOf(clientOf().read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-unavailable', retryAfterMs: 3_600_000 });
    expect(source.calls).toHaveLength(1);
  });

  test('a wait that is asked for is never cut short', async () => {
    source.put(encounter);
    source.setFault([{ status: 503, retryAfter: '1' }]);
    const patience = { attempts: 3, pauseMs: 1, patienceMs: 900 };
    const error = await failureOf(clientOf({ patience }).read('Encounter', 'e1'));
    expect(error).toMatchObject({ standardCode: '503', retryAfterMs: 1000 });
    expect(source.calls).toHaveLength(1);
  });

  test('a server that hangs is given up after the time-out, and not asked again', async () => {
    source.setFault('hang');
    const error = await failureOf(clientOf({ timeoutMs: 30 }).read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-unavailable', standardCode: 'TIMEOUT' });
    expect(source.calls).toHaveLength(1);
  });

  test('nobody there', async () => {
    const server = await plainServer('');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const client = clientOf({ line: { url: `http://127.0.0.1:${port}/fhir` } });
    const error = await failureOf(client.read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-unavailable', standardCode: 'ECONNREFUSED' });
  });

  test('a port that no HTTP client may use is told as such', async () => {
    const client = clientOf({ line: { url: 'http://127.0.0.1:6000/fhir' } });
    const error = await failureOf(client.read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-refused', standardCode: 'EBADPORT' });
  });

  test('being stopped ends the call under way, and every later one', async () => {
    const stopping = new AbortController();
    const client = clientOf({ signal: stopping.signal });
    source.setFault('hang');
    const call = failureOf(client.read('Encounter', 'e1'));
    while (source.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    stopping.abort();
    expect((await call).message).toBe('stopped');
    expect((await failureOf(client.read('Encounter', 'e1'))).message).toBe('stopped');
    expect(source.calls).toHaveLength(1);
  });
});

describe('paging', () => {
  test.each<[SourceFault, RegExp]>([
    ['next-elsewhere', /leads elsewhere/],
    ['next-repeats', /leads back/],
    ['next-loops', /leads to a page with what came already|leads back/],
    ['next-endless', /leads to a page with what came already|leads back/],
  ])('%s is refused, after what came before it', async (fault, text) => {
    source.put(encounter);
    source.setFault(fault);
    const came: Page[] = [];
    const error = await failureOf(
      (async () => {
        const pages = clientOf({ authorizer: { token: async () => 'secret' } });
        for await (const page of pages.search('Encounter', { _count: 1 })) came.push(page);
      })(),
    );
    expect(error.code).toBe('malformed-message');
    expect(error.message).toMatch(text);
    expect(came.length).toBeGreaterThanOrEqual(1);
    expect(source.calls.length).toBeLessThan(4);
  });

  test('a search without end ends', async () => {
    for (let number = 1; number <= 9; number += 1) source.put({ ...encounter, id: `e${number}` });
    const client = clientOf({ maxPages: 4 });
    const error = await failureOf(pagesOf(client.search('Encounter', { _count: 1 })));
    expect(error.message).toMatch(/after 4 pages/);
  });
});

describe('writing', () => {
  test('a create that was not taken is made again; one that may have been taken is not', async () => {
    const told: string[] = [];
    const script = ['503', 'created', 'vanish'];
    const server = createPlainServer((request, response) => {
      told.push(`${request.method} ${request.url}`);
      const next = script.shift();
      if (next === '503') response.writeHead(503).end();
      else if (next === 'vanish') response.destroy();
      else response.writeHead(201, { location: 'http://x/fhir/Subscription/s7/_history/2' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = clientOf({ line: { url: `http://127.0.0.1:${port}/fhir` } });
    const resource = { resourceType: 'Subscription' } as never;
    expect(await client.create(resource)).toEqual({ id: 's7', versionId: '2' });
    expect(told).toEqual(['POST /fhir/Subscription', 'POST /fhir/Subscription']);
    const error = await failureOf(client.create(resource));
    expect(error.code).toBe('delivery-unknown');
    expect(told).toHaveLength(3);
    server.close();
  });
});

describe('where we connect to', () => {
  test('neither into our own network nor by plain http, unless it is said so', () => {
    for (const url of ['https://127.0.0.1/fhir', 'http://ehr.example.se/fhir', 'ftp://a/b']) {
      expect(() => clientOf({ line: { url, allowPrivate: false } })).toThrow(/^poll.base: /);
    }
  });

  test('a name that leads into our own network is not followed', async () => {
    const client = clientOf({ line: { url: 'https://localhost/fhir', allowPrivate: false } });
    const error = await failureOf(client.read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-refused', standardCode: 'EADDRBLOCKED' });
  });

  const folder = temporaryFolder('fhir-tls');
  const certificates = makeCertificates(folder.path);
  afterAll(() => folder.remove());

  test.runIf(certificates.made)(
    'mutual TLS: with our certificate, and only to a server we know',
    async () => {
      const pem = (name: string): string => certificates.pem(name).toString('utf8');
      let subject = '';
      const server = createTlsServer(
        {
          cert: pem('server.pem'),
          key: pem('server.key'),
          ca: pem('ca.pem'),
          requestCert: true,
          rejectUnauthorized: true,
        },
        (request, response) => {
          const { socket } = request;
          if ('getPeerCertificate' in socket && typeof socket.getPeerCertificate === 'function') {
            subject = String(socket.getPeerCertificate().subject.CN);
          }
          response.setHeader('content-type', 'application/fhir+json');
          response.end('{"resourceType": "Patient", "id": "1"}');
        },
      );
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const { port } = server.address() as AddressInfo;
      const url = `https://localhost:${port}/fhir`;
      const tls = { ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key') };
      expect(await clientOf({ line: { url, tls } }).read('Patient', '1')).toBeDefined();
      expect(subject).toBe('client');
      const stranger = await failureOf(clientOf({ line: { url } }).read('Patient', '1'));
      expect(stranger.code).toBe('source-refused');
      expect(stranger.message).toMatch(/certificate/);
      server.close();
    },
  );
});

describe('SMART backend services', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pemOf = (pair: { privateKey: typeof rsa.privateKey }): string =>
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  async function startSmart(lifeSeconds?: number): Promise<void> {
    await source.close();
    const keys = await Promise.all(
      [rsa, ec].map(async ({ publicKey }, index) => ({
        ...(await exportJWK(publicKey)),
        kid: index === 0 ? 'rsa' : 'ec',
      })),
    );
    source = await simulatedFhirSource({
      access: { clientId: 'hemgang', jwks: { keys }, ...(lifeSeconds && { lifeSeconds }) },
    });
    source.put(encounter);
  }

  async function smartClient(
    key = pemOf(ec),
    kid = 'ec',
    change: Partial<SmartSettings> = {},
  ): Promise<FhirClient> {
    const line = {
      url: source.url,
      setting: 'poll.base',
      allowPrivate: true,
      maxAnswerBytes: 10_000,
    };
    const authorizer = smartAuthorizer({
      line,
      clientId: 'hemgang',
      key: readClientKey(key, kid),
      scope: 'system/Encounter.rs',
      timeoutMs: 2000,
      machine,
      ...change,
    });
    opened.push(authorizer);
    return clientOf({ authorizer });
  }

  test.each([
    ['RSA', () => pemOf(rsa), 'rsa'],
    ['P-384', () => pemOf(ec), 'ec'],
    [
      'P-384 as JWK',
      () => JSON.stringify({ ...ec.privateKey.export({ format: 'jwk' }), kid: 'ec' }),
      undefined,
    ],
  ])('a token is got with a key: %s', async (_name, key, kid) => {
    await startSmart();
    const settings = readClientKey(key(), kid);
    const client = await smartClient(key(), settings.kid);
    expect(await client.read('Encounter', 'e1')).toBeDefined();
    expect(source.tokensGiven()).toBe(1);
  });

  test('many calls at once share one token', async () => {
    await startSmart();
    const client = await smartClient();
    await Promise.all(Array.from({ length: 6 }, () => client.read('Encounter', 'e1')));
    await client.read('Encounter', 'e1');
    expect(source.tokensGiven()).toBe(1);
  });

  test('a token that is refused before its time is renewed once, with a new assertion', async () => {
    await startSmart();
    const client = await smartClient();
    await client.read('Encounter', 'e1');
    source.expireTokens();
    expect(await client.read('Encounter', 'e1')).toBeDefined();
    expect(source.tokensGiven()).toBe(2);
    source.setFault('token-expired');
    const error = await failureOf(client.read('Encounter', 'e1'));
    expect(error).toMatchObject({ code: 'source-refused', standardCode: '401' });
    expect(source.tokensGiven()).toBe(3);
  });

  test('a token is renewed shortly before its end', async () => {
    await startSmart(100);
    let elapsedMs = 0;
    const client = await smartClient(pemOf(ec), 'ec', {
      machine: { ...machine, elapsedMs: () => elapsedMs },
    });
    await client.read('Encounter', 'e1');
    elapsedMs = 79_000;
    await client.read('Encounter', 'e1');
    expect(source.tokensGiven()).toBe(1);
    elapsedMs = 81_000;
    await client.read('Encounter', 'e1');
    expect(source.tokensGiven()).toBe(2);
  });

  test('a key that the server does not know is told as such, without the key', async () => {
    await startSmart();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const error = await failureOf((await smartClient(pemOf(other))).read('Encounter', 'e1'));
    expect(error.code).toBe('source-refused');
    expect(error.message).toBe(
      'token endpoint: HTTP 401 (invalid_client); is the public key with kid ec registered there for client hemgang?',
    );
    expect(source.calls).toEqual([]);
  });

  test('a token endpoint that is away for a moment is asked again', async () => {
    await startSmart();
    source.setTokenFault([{ status: 503 }, 'vanish']);
    expect(await (await smartClient()).read('Encounter', 'e1')).toBeDefined();
  });

  test.each<SourceFault>(['html', 'empty', 'not-json', 'huge', 'wrong-resource'])(
    'a token endpoint that answers with %s is refused',
    async (fault) => {
      await startSmart();
      source.setTokenFault(fault);
      const error = await failureOf((await smartClient()).read('Encounter', 'e1'));
      expect(error.code).toBe('malformed-message');
      expect(error.message).toMatch(/^token endpoint: /);
    },
  );

  test('a token endpoint on another server is used only where it is configured', async () => {
    await startSmart();
    const other = await plainServer('{"token_endpoint": "http://127.0.0.1:1/token"}');
    const { port } = other.address() as AddressInfo;
    const line = {
      url: `http://127.0.0.1:${port}`,
      setting: 'poll.base',
      allowPrivate: true,
      maxAnswerBytes: 10_000,
    };
    const error = await failureOf(
      (await smartClient(pemOf(ec), 'ec', { line })).read('Encounter', 'e1'),
    );
    expect(error.message).toMatch(/on another server.*smart\.tokenUrl/);
    const configured = await smartClient(pemOf(ec), 'ec', {
      line,
      tokenUrl: `${source.url}/token`,
    });
    expect(await configured.read('Encounter', 'e1')).toBeDefined();
    other.close();
  });

  test.each([
    ['nothing of a key', 'word'],
    [
      'a curve that is not asked for',
      () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    ],
    [
      'an RSA key that is too short',
      () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
    ],
    ['JSON that breaks off', '{"kty"'],
    ['a public JWK', () => JSON.stringify(ec.publicKey.export({ format: 'jwk' }))],
  ])('a key that cannot be used stops the start: %s', async (_name, key) => {
    const error = await failureOf(
      (async () => readClientKey(typeof key === 'string' ? key : key()))(),
    );
    expect(error.code).toBe('configuration-invalid');
  });

  test('a key without a name goes by its thumbprint', async () => {
    const { kid, algorithm } = readClientKey(pemOf(rsa));
    expect(algorithm).toBe('RS384');
    expect(kid).toBe(await calculateJwkThumbprint(await exportJWK(rsa.publicKey)));
  });
});

async function plainServer(body: string): Promise<Server> {
  const server = createPlainServer((_request, response) => {
    response.setHeader('content-type', 'application/fhir+json');
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
