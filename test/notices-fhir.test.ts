/** Notices by FHIR: what is known of a delivery, over real sockets, for every way in which a receiver can answer. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK } from 'jose';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { DeliveryReceipt, Outbound, OutboundNotice } from '../adapters/adapter.ts';
import {
  simulatedFhirReceiver,
  type FhirBehaviour,
  type FhirReceiverSettings,
  type SimulatedFhirReceiver,
} from '../adapters/simulated/municipality/index.ts';
import { GatewayError } from '../gateway/errors.ts';
import { configSchema } from '../gateway/runtime/config.ts';
import { certificateChecks } from '../gateway/wiring/doctor/certificates.ts';
import { reachChecks } from '../gateway/wiring/doctor/reach.ts';
import { receiverOf } from '../gateway/wiring/receivers.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { noticeOf, receiverId } from './support/notices.ts';

const words = loadMunicipalWords();
const folder = temporaryFolder('notices-fhir');
const certificates = makeCertificates(folder.path);
const never = new AbortController().signal;

let opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.toReversed()) await close();
  opened = [];
});
afterAll(() => folder.remove());

async function municipality(settings: FhirReceiverSettings = {}): Promise<SimulatedFhirReceiver> {
  const server = await simulatedFhirReceiver(settings);
  opened.push(() => server.close());
  return server;
}

type Settings = Readonly<Record<string, unknown>>;

function configOf(base: string, more: Settings) {
  const id = receiverId;
  const source = 'https://hemgang.region.example/fhir';
  return configSchema.parse({
    receivers: [{ id, channel: 'fhir', base, ownNetwork: true, source, timeout: '2s', ...more }],
  });
}

/** The channel as the gateway opens it, from its configuration. */
function channelTo(base: string, more: Settings = {}, env: NodeJS.ProcessEnv = {}): Outbound {
  const config = configOf(base, more);
  const [receiver] = config.receivers;
  if (receiver === undefined) throw new Error('one is configured');
  const open = receiverOf(receiver, config, words, env, 0);
  opened.push(() => open.close?.());
  return open.outbound;
}

const notice = noticeOf('discharge-ready-notice', 'issued');
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function send(
  channel: Outbound,
  message: OutboundNotice = notice,
  signal = never,
): Promise<DeliveryReceipt> {
  return await channel.deliver(
    message.deliveryId,
    await channel.render(message),
    signal,
    traceparent,
  );
}

async function failureOf(work: Promise<unknown>): Promise<GatewayError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof GatewayError)) throw new Error(`expected a failure: ${String(thrown)}`);
  return thrown;
}

const personal = /Testa|Påhittad|19500907|Exempelgatan/;

describe('a notice is delivered', () => {
  test('to $process-message, as it was rendered, and the answer to it is the proof', async () => {
    const server = await municipality();
    const channel = channelTo(server.url);
    expect(await send(channel)).toEqual({ proof: 'receiver-answer', detail: 'HTTP 200 ok' });
    const [got] = server.received;
    expect(got).toMatchObject({ id: notice.deliveryId, path: '/$process-message', repeat: false });
    expect(JSON.stringify(got?.bundle, null, 2)).toBe(
      (await channel.render(notice)).parts[0]?.body.trim(),
    );
    expect(got?.headers).toMatchObject({ 'content-type': 'application/fhir+json', traceparent });
  });

  test('or created as a Bundle, unless one with its identifier is there', async () => {
    const server = await municipality();
    const channel = channelTo(server.url, { operation: 'create' });
    expect(await send(channel)).toMatchObject({ detail: 'HTTP 201' });
    expect(await send(channel)).toMatchObject({ detail: 'HTTP 200' });
    expect(server.received.map(({ path, repeat }) => [path, repeat])).toEqual([
      ['/Bundle', false],
      ['/Bundle', true],
    ]);
    expect(server.received[0]?.headers['if-none-exist']).toBe(
      `identifier=http%3A%2F%2Fhemgang.se%2Ffhir%2Fsid%2Fdelivery|${notice.deliveryId}`,
    );
  });

  test('the same delivery has the same ids again, and another one has others', async () => {
    const server = await municipality();
    const channel = channelTo(server.url);
    await send(channel);
    await send(channel);
    await send(channel, noticeOf('discharge-ready-notice', 'withdrawn'));
    expect(server.received.map(({ repeat }) => repeat)).toEqual([false, true, false]);
  });

  test('nothing of the person stands in an address or a header', async () => {
    const server = await municipality();
    for (const operation of ['process-message', 'create']) {
      await send(channelTo(server.url, { operation }));
    }
    for (const { path, headers } of server.received) {
      expect(`${path} ${JSON.stringify(headers)}`).not.toMatch(personal);
    }
  });
});

type Case = readonly [what: string, behaviour: FhirBehaviour, outcome: string, detail: RegExp];

describe('what an answer means', () => {
  const cases: readonly Case[] = [
    ['202 without a word', { status: 202 }, 'delivered', /HTTP 202/],
    ['a fatal error', 'refuse', 'delivery-refused', /400 \(fatal-error\)/],
    ['a transient error', 'busy', 'delivery-failed', /500 \(transient-error\)/],
    ['an answer to another message', 'other-message', 'delivery-unknown', /another message/],
    ['200 with an error in an outcome', { issue: 'business-rule' }, 'delivery-refused', /business/],
    ['200 with a passing error', { issue: 'lock-error' }, 'delivery-failed', /lock-error/],
    ['201 with an error', { issue: 'business-rule', status: 201 }, 'delivered', /HTTP 201/],
    ['409', { issue: 'conflict', status: 409 }, 'delivery-refused', /HTTP 409 \(conflict\)/],
    ['409 of a duplicate', { issue: 'duplicate', status: 409 }, 'delivered', /409 duplicate/],
    ['412', { issue: 'multiple-matches', status: 412 }, 'delivery-unknown', /HTTP 412/],
    ['422', { issue: 'invariant', status: 422 }, 'delivery-refused', /422 \(invariant\)/],
    ['404', { issue: 'not-found', status: 404 }, 'delivery-refused', /HTTP 404/],
    ['410', { issue: 'deleted', status: 410 }, 'delivery-refused', /HTTP 410/],
    ['500', { issue: 'exception', status: 500 }, 'delivery-unknown', /500 \(exception\)/],
    ['409 of a lock', { issue: 'lock-error', status: 409 }, 'delivery-failed', /409 \(lock/],
    ['502', { status: 502 }, 'delivery-unknown', /502 \(transient\)/],
    ['a redirect', 'redirect', 'delivery-refused', /HTTP 307 \(a redirect/],
    ['a page in HTML', 'html', 'delivery-unknown', /is not FHIR/],
    ['half a resource', { server: 'not-json' }, 'delivery-unknown', /is not FHIR/],
    ['nothing', { server: 'empty' }, 'delivered', /HTTP 200$/],
    ['another resource', { server: 'wrong-resource' }, 'delivery-unknown', /something else/],
    ['half an answer', 'half', 'delivery-unknown', /sent, no whole answer/],
    ['a closed connection', 'vanish', 'delivery-unknown', /sent, no whole answer/],
    ['a compressed answer', { server: 'compressed' }, 'delivery-unknown', /ECOMPRESSED/],
  ];

  test.each<Case>(cases)('%s', async (_, behaviour, outcome, detail) => {
    const server = await municipality();
    const channel = channelTo(server.url);
    server.setBehaviour(behaviour);
    const told = await send(channel).then(
      (receipt) => ['delivered', receipt.detail] as const,
      (thrown: unknown) => {
        if (!(thrown instanceof GatewayError)) throw thrown;
        return [thrown.code, thrown.message] as const;
      },
    );
    expect(told[0]).toBe(outcome);
    expect(told[1]).toMatch(detail);
    expect(told[1]).not.toMatch(personal);
    // One attempt: when to try again is the journal's matter.
    expect(server.received).toHaveLength(1);
  });

  test.each<FhirBehaviour>([{ status: 202 }, 'half', 'vanish'])(
    '%j: the repeat is recognised, and delivered once',
    async (behaviour) => {
      const server = await municipality();
      const channel = channelTo(server.url);
      server.setBehaviour([behaviour]);
      await send(channel).catch(() => undefined);
      expect(await send(channel)).toMatchObject({ proof: 'receiver-answer' });
      expect(server.received.map(({ repeat }) => repeat)).toEqual([false, true]);
    },
  );

  test('429 and 503 say when to come again', async () => {
    const server = await municipality();
    const channel = channelTo(server.url);
    for (const status of [429, 503]) {
      server.setBehaviour([{ status, retryAfter: '7' }]);
      expect(await failureOf(send(channel))).toMatchObject({
        code: 'delivery-failed',
        standardCode: String(status),
        retryAfterMs: 7000,
      });
    }
  });

  test('one that comes too late is unknown, and was taken all the same', async () => {
    const server = await municipality();
    const channel = channelTo(server.url, { timeout: '100ms' });
    server.setBehaviour([{ late: 400 }]);
    const error = await failureOf(send(channel));
    expect(error).toMatchObject({ code: 'delivery-unknown', standardCode: 'TIMEOUT' });
    expect(await send(channel)).toMatchObject({ detail: 'HTTP 200 ok' });
    expect(server.received[1]?.repeat).toBe(true);
  });

  test('an attempt that we stop is ours, and unknown', async () => {
    const server = await municipality();
    const channel = channelTo(server.url);
    server.setBehaviour('hang');
    const stopping = new AbortController();
    const sent = failureOf(send(channel, notice, stopping.signal));
    await expect.poll(() => server.received.length).toBe(1);
    stopping.abort();
    expect(await sent).toMatchObject({ code: 'delivery-unknown', standardCode: 'ABORTED' });
    expect(await failureOf(send(channel, notice, stopping.signal))).toMatchObject({
      code: 'delivery-failed',
    });
  });
});

describe('nothing was sent', () => {
  test('where nobody listens', async () => {
    const server = await simulatedFhirReceiver();
    await server.close();
    expect(await failureOf(send(channelTo(server.url)))).toMatchObject({
      code: 'delivery-failed',
      standardCode: 'ECONNREFUSED',
      message: expect.stringMatching(/nothing was sent/),
    });
  });

  test('where a connection comes about and TLS does not', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const channel = channelTo(`https://127.0.0.1:${port}/fhir`, { timeout: '150ms' });
    expect(await failureOf(send(channel))).toMatchObject({ code: 'delivery-failed' });
  });

  test('to a server in a private network that is not said to be ours', () => {
    expect(() => channelTo('https://10.0.0.1/fhir', { ownNetwork: false })).toThrow(
      /receivers\.0|not allowed/,
    );
    expect(() => channelTo('http://fhir.example/r4', { ownNetwork: false })).toThrow(
      /ownNetwork: true/,
    );
  });
});

describe.skipIf(!certificates.made)('TLS', () => {
  const { path, pem } = certificates;
  const tls = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) });
  const ca = path('ca.pem');

  test('a certificate that we trust, and ours that they do', async () => {
    const server = await municipality({ tls: { ...tls('server'), ca: pem('ca.pem') } });
    const own = { ca, cert: path('client.pem'), key: path('client.key') };
    expect(await send(channelTo(server.url, { tls: own }))).toMatchObject({
      detail: 'HTTP 200 ok',
    });
  });

  test.each([
    ['expired', /its certificate has expired \(CERT_HAS_EXPIRED\)/],
    ['other', /its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ['stranger', /signed by/],
  ])('one that is %s: nothing was sent, and the error says why', async (name, why) => {
    const server = await municipality({ tls: tls(name) });
    const error = await failureOf(send(channelTo(server.url, { tls: { ca } })));
    expect(error.code).toBe('delivery-failed');
    expect(error.message).toMatch(why);
    expect(server.received).toEqual([]);
  });

  test.each([
    ['none', undefined],
    ['one of a stranger', 'stranger'],
    ['one that has expired', 'expired'],
  ])('they do not take ours, which is %s: nothing is taken', async (_, name) => {
    const server = await municipality({ tls: { ...tls('server'), ca: pem('ca.pem') } });
    const own = name === undefined ? {} : { cert: path(`${name}.pem`), key: path(`${name}.key`) };
    const error = await failureOf(send(channelTo(server.url, { tls: { ca, ...own } })));
    // TLS 1.3 lets a client send before the server has looked at its certificate: what is known is less.
    expect(error.code).toMatch(/^delivery-(failed|unknown)$/);
    expect(server.received).toEqual([]);
  });
});

describe('who we are', () => {
  test('their own token for us', async () => {
    const server = await municipality({ access: { token: 'their-token-for-us' } });
    const env = { THEIR_TOKEN: 'their-token-for-us', WRONG_TOKEN: 'another-token' };
    expect(await send(channelTo(server.url, { tokenEnv: 'THEIR_TOKEN' }, env))).toBeDefined();
    const error = await failureOf(send(channelTo(server.url, { tokenEnv: 'WRONG_TOKEN' }, env)));
    expect(error).toMatchObject({ code: 'delivery-refused', standardCode: '401' });
    expect(error.message).not.toContain('another-token');
  });

  async function smartly(): Promise<{ server: SimulatedFhirReceiver; channel: Outbound }> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const keyFile = join(folder.path, 'smart.pem');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const jwk = { ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES384' };
    const server = await municipality({ access: { clientId: 'hemgang', jwks: { keys: [jwk] } } });
    const smart = { clientId: 'hemgang', keyFile, keyId: 'ours', scope: 'system/Bundle.c' };
    return { server, channel: channelTo(server.url, { smart }) };
  }

  test('SMART backend services: one token for several notices', async () => {
    const { server, channel } = await smartly();
    await send(channel);
    await send(channel, noticeOf('admission-notice', 'issued'));
    expect(server.tokensGiven()).toBe(1);
    expect(server.received).toHaveLength(2);
  });

  test('a token that expired between two notices is renewed, and the notice goes once', async () => {
    const { server, channel } = await smartly();
    await send(channel);
    server.expireTokens();
    expect(await send(channel, noticeOf('admission-notice', 'issued'))).toMatchObject({
      detail: 'HTTP 200 ok',
    });
    expect(server.strangers()).toBe(1);
    expect(server.received.map(({ repeat }) => repeat)).toEqual([false, false]);
  });

  test('without a token nothing is sent, and it is tried again', async () => {
    const { server, channel } = await smartly();
    server.setTokenFault([{ status: 503, retryAfter: '3' }]);
    const error = await failureOf(send(channel));
    expect(error).toMatchObject({ code: 'delivery-failed', retryAfterMs: 3000 });
    expect(error.message).toMatch(/nothing was sent, no token: token endpoint: HTTP 503/);
    expect(server.received).toEqual([]);
    expect(await send(channel)).toBeDefined();
  });
});

describe('the configuration', () => {
  const base = 'https://fhir.molndal.example/r4';

  test('a message says who sends it: without that nothing starts', () => {
    expect(() => channelTo(base, { source: undefined })).toThrow(
      expect.objectContaining({ code: 'configuration-invalid', location: 'receivers.0.source' }),
    );
  });

  test('token and SMART are two ways, and one is enough', () => {
    const smart = { clientId: 'a', keyEnv: 'KEY', scope: 'system/Bundle.c' };
    expect(() => configOf(base, { tokenEnv: 'TOKEN', smart })).toThrow(/tokenEnv or smart/);
  });

  test('a key file that cannot be read is told by its setting', () => {
    const smart = { clientId: 'a', keyFile: '/nowhere.pem', scope: 'system/Bundle.c' };
    expect(() => channelTo(base, { smart })).toThrow(
      expect.objectContaining({ location: 'receivers.0.smart.keyFile' }),
    );
  });

  test('a receiver that recognises no repeats gets a connection for each notice', async () => {
    const server = await municipality();
    const channel = channelTo(server.url, { recognisesRepeats: false });
    expect(channel.idempotent).toBe(false);
    await send(channel);
    expect(server.received[0]?.headers['connection']).toBe('close');
  });
});

describe('the doctor', () => {
  test.skipIf(!certificates.made)('tells how long our certificate for them lasts', () => {
    const { path } = certificates;
    const tls = (name: string): Settings => ({
      tls: { ca: path('ca.pem'), cert: path(`${name}.pem`), key: path(`${name}.key`) },
    });
    const of = (name: string): string[] =>
      certificateChecks(configOf('https://a.example/r4', tls(name)), Date.now()).map(
        ({ name: what, state }) => `${state} ${what}`,
      );
    expect(of('client')).toContain('warn certificate receivers.0.tls.cert');
    expect(of('expired')).toContain('fail certificate receivers.0.tls.cert');
  });

  test('asks a receiver what it can do, with our token, and sends no notice', async () => {
    const server = await municipality();
    expect(await reachChecks(configOf(server.url, {}), {})).toMatchObject([
      { state: 'ok', name: `receiver ${receiverId}`, what: expect.stringMatching(/FHIR 4\.0\.1/) },
    ]);
    expect(server.received).toEqual([]);
  });

  test.each<[string, FhirReceiverSettings['capabilities'], string, RegExp]>([
    ['process-message', { rest: [] }, 'warn', /does not say that it takes \$process-message/],
    ['create', { rest: [] }, 'warn', /does not say that it takes create of Bundle/],
    ['create', {}, 'ok', /FHIR 4\.0\.1/],
    ['process-message', { fhirVersion: '3.0.1' }, 'fail', /FHIR 3\.0\.1/],
  ])('%s of a server that says %j: %s', async (operation, capabilities, state, what) => {
    const server = await municipality({ ...(capabilities && { capabilities }) });
    const [check] = await reachChecks(configOf(server.url, { operation }), {});
    expect(check?.state).toBe(state);
    expect(check?.what).toMatch(what);
  });

  test('says why one cannot be reached', async () => {
    const server = await simulatedFhirReceiver();
    await server.close();
    const [check] = await reachChecks(configOf(server.url, {}), {});
    expect(check).toMatchObject({ state: 'fail', what: expect.stringMatching(/ECONNREFUSED/) });
  });
});
