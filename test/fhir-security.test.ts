/** Who may speak FHIR: own tokens, access tokens, client certificates, and what strangers are told. */
import { createHash, createHmac, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import express from 'express';
import { Agent, fetch } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asClient } from '../adapters/inbound/fhir/security/certificate.ts';
import { keySource } from '../adapters/inbound/fhir/security/keys.ts';
import { guard } from '../adapters/inbound/fhir/security/guard.ts';
import { identifyBy, type KnownSender } from '../adapters/inbound/fhir/security/identify.ts';
import { mayByScopes } from '../adapters/inbound/fhir/security/scopes.ts';
import { assert } from '../gateway/errors.ts';
import { loadConfig, type Config } from '../gateway/runtime/config.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { fhirSendersOf } from '../gateway/wiring/fhir-senders.ts';
import { mappingsOf } from '../gateway/wiring/intake.ts';
import {
  authorisationServer,
  signed,
  signingKey,
  type AuthorisationServer,
  type SigningKey,
} from './support/authorisation-server.ts';
import { journalName, journalSerialNumber, makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';

const folder = temporaryFolder('fhir-security');
const certificates = makeCertificates(folder.path);
afterAll(() => folder.remove());

const minute = 60_000;
const start = Date.parse('2026-03-02T08:00:00Z');
const audience = 'https://hemgang.example/fhir';
const ownToken = 'o'.repeat(40);

describe('scopes', () => {
  test.each([
    ['system/Encounter.cu', 'Encounter', 'create', true],
    ['system/Encounter.cu', 'Encounter', 'read', false],
    ['system/Encounter.cu', 'CarePlan', 'create', false],
    ['system/*.cruds', 'CarePlan', 'search', true],
    ['system/Encounter.write', 'Encounter', 'update', true],
    ['system/Encounter.write', 'Encounter', 'search', false],
    ['system/*.read', 'Task', 'search', true],
    ['system/Task.*', 'Task', 'create', true],
    ['openid system/Encounter.c system/Encounter.r', 'Encounter', 'read', true],
    ['user/Encounter.cruds patient/*.cruds', 'Encounter', 'read', false],
    ['system/Encounter.uc', 'Encounter', 'create', false],
    ['system/Encounter.rs?status=finished', 'Encounter', 'read', false],
    ['system/encounter.cruds', 'Encounter', 'create', false],
    ['system/Encounter.', 'Encounter', 'create', false],
    [['system/Encounter.c', 'system/Task.r'], 'Task', 'read', true],
    [undefined, 'Encounter', 'read', false],
    [{ system: '*' }, 'Encounter', 'read', false],
  ] as const)('%j: %s %s is %j', (claim, type, interaction, may) => {
    expect(mayByScopes(claim)(type, interaction)).toBe(may);
  });
});

describe('an access token', () => {
  let server: AuthorisationServer;
  let key: SigningKey;
  let other: SigningKey;
  let nowMs: number;
  let identify: ReturnType<typeof identifyBy>;

  beforeAll(async () => {
    key = await signingKey('one');
    other = await signingKey('two', 'RS384');
  });
  beforeEach(async () => {
    nowMs = start;
    server = await authorisationServer([key]);
    identify = identifyBy([senderOf('ekliden', server)], () => nowMs);
  });
  afterEach(() => server.close());

  const senderOf = (
    id: string,
    of: AuthorisationServer,
    client = 'ekliden-journal',
  ): KnownSender => ({
    id,
    kind: 'hospital',
    oauth: {
      issuer: of.issuer,
      audience: [audience],
      clients: [client],
      keys: keySource({ location: of.jwks, nowMs: () => nowMs, timeoutMs: 300 }),
    },
  });
  const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    iss: server.issuer,
    aud: audience,
    exp: nowMs / 1000 + 300,
    client_id: 'ekliden-journal',
    scope: 'system/Encounter.cu',
    ...more,
  });
  const who = async (token: string): Promise<string | undefined> =>
    (await identify(requestWith(token)))?.id;

  test('of a known client lets its sender do what its scopes say, and no more', async () => {
    const sender = await identify(requestWith(await signed(key, claims())));
    expect(sender).toMatchObject({ id: 'ekliden', kind: 'hospital' });
    expect(sender?.may('Encounter', 'create')).toBe(true);
    expect(sender?.may('CarePlan', 'create')).toBe(false);
  });

  test('may name its client in azp, and several audiences', async () => {
    const token = claims({ client_id: undefined, azp: 'ekliden-journal', aud: ['a', audience] });
    expect(await who(await signed(key, token))).toBe('ekliden');
  });

  test.each([
    ['has expired', { exp: start / 1000 - 31 }],
    ['holds only later', { nbf: start / 1000 + 31 }],
    ['never expires', { exp: undefined }],
    ['is for somebody else', { aud: 'https://other.example' }],
    ['is for nobody', { aud: undefined }],
    ['is of another issuer', { iss: 'https://other.example' }],
    ['is of an unknown client', { client_id: 'somebody' }],
    ['names no client', { client_id: undefined }],
    ['is bound to a key that we cannot ask for', { cnf: { jkt: 'x' } }],
    ['is bound to a certificate that did not come', { cnf: { 'x5t#S256': 'x' } }],
  ])('that %s is of nobody', async (_why, wrong) => {
    expect(await who(await signed(key, claims(wrong)))).toBeUndefined();
    expect(await who(await signed(key, claims()))).toBe('ekliden');
  });

  test('with clocks half a minute apart still holds', async () => {
    expect(await who(await signed(key, claims({ exp: start / 1000 - 29 })))).toBe('ekliden');
    expect(await who(await signed(key, claims({ nbf: start / 1000 + 29 })))).toBe('ekliden');
  });

  test('ends when it says, although it was good a moment ago', async () => {
    const token = await signed(key, claims({ exp: nowMs / 1000 + 10 }));
    expect(await who(token)).toBe('ekliden');
    nowMs += 41_000;
    expect(await who(token)).toBeUndefined();
  });

  test('without a signature, or signed with what everybody knows, is of nobody', async () => {
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none', kid: 'one' })}.${part(claims())}.`;
    expect(await who(unsigned)).toBeUndefined();
    const input = `${part({ alg: 'HS256', kid: 'one' })}.${part(claims())}`;
    const mac = createHmac('sha256', JSON.stringify(key.jwk)).update(input).digest('base64url');
    expect(await who(`${input}.${mac}`)).toBeUndefined();
    const [head = '', body = '', signature = ''] = (await signed(key, claims())).split('.');
    const more = Buffer.from(body, 'base64url').toString().replace('.cu', '.cruds');
    expect(await who(`${head}.${part(JSON.parse(more))}.${signature}`)).toBeUndefined();
    expect(await who(`${head}.${body}.${signature}`)).toBe('ekliden');
  });

  test('of another kind, signed by the same key, is no access token', async () => {
    expect(
      await who(await signed(key, claims(), { kid: 'one', typ: 'logout+jwt' })),
    ).toBeUndefined();
    expect(await who(await signed(key, claims(), { kid: 'one', typ: 'at+jwt' }))).toBe('ekliden');
  });

  test('of an unknown key makes its server be asked once, however many come', async () => {
    expect(await who(await signed(key, claims()))).toBe('ekliden');
    nowMs += minute;
    const forged = await signed(other, claims());
    expect(await Promise.all(Array.from({ length: 20 }, () => who(forged)))).toEqual(
      Array.from({ length: 20 }),
    );
    expect(await who(forged)).toBeUndefined();
    expect(server.asked()).toBe(2);
  });

  test('of a new key is good as soon as the server publishes it, and of an old one no longer', async () => {
    const old = await signed(key, claims());
    expect(await who(old)).toBe('ekliden');
    server.keys = [other];
    nowMs += 31_000;
    expect(await who(await signed(other, claims()))).toBe('ekliden');
    expect(await who(old)).toBeUndefined();
  });

  test('is good by any of the keys where neither says its name', async () => {
    const nameless = (one: SigningKey): SigningKey => {
      const { kid: _kid, ...jwk } = one.jwk;
      return { ...one, jwk };
    };
    server.keys = [nameless(key), nameless(await signingKey('three'))];
    expect(await who(await signed(key, claims(), {}))).toBe('ekliden');
    const stranger = await signed(await signingKey('four'), claims(), {});
    expect(await who(stranger)).toBeUndefined();
  });

  test('is checked by the old keys while their server is down, but not for ever', async () => {
    expect(await who(await signed(key, claims()))).toBe('ekliden');
    server.behaviour = 'down';
    nowMs += 11 * 60 * minute;
    expect(await who(await signed(key, claims()))).toBe('ekliden');
    nowMs += 2 * 60 * minute;
    expect(await who(await signed(key, claims()))).toBeUndefined();
    server.behaviour = 'up';
    nowMs += 6000;
    expect(await who(await signed(key, claims()))).toBe('ekliden');
  });

  test.each([
    ['a redirect', 'redirect'],
    ['HTML', { body: '<html>' }],
    ['no list of keys', { body: '{"keys":{}}' }],
    ['more than a key set can be', 'huge'],
  ] as const)('is not believed where its server answers with %s', async (_what, behaviour) => {
    const body = JSON.stringify({ keys: [key.jwk], x: 'x'.repeat(600_000) });
    server.behaviour = behaviour === 'huge' ? { body } : behaviour;
    expect(await who(await signed(key, claims()))).toBeUndefined();
  });

  test('of one server does not wait for another that never answers', async () => {
    const silent = await authorisationServer([other]);
    silent.behaviour = 'silent';
    identify = identifyBy(
      [senderOf('norrtuna', silent, 'norrtuna-journal'), senderOf('ekliden', server)],
      () => nowMs,
    );
    let isAnswered = false;
    const waiting = who(await signed(other, claims({ iss: silent.issuer }))).then((sender) => {
      isAnswered = true;
      return sender;
    });
    expect(await who(await signed(key, claims()))).toBe('ekliden');
    expect(isAnswered).toBe(false);
    expect(await waiting).toBeUndefined();
    await silent.close();
  });

  test('of keys in a file follows the file', async () => {
    const file = join(folder.path, 'jwks.json');
    writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
    const { oauth, ...sender } = senderOf('ekliden', server);
    assert(oauth, 'it has one');
    const keys = keySource({ location: file, nowMs: () => nowMs });
    identify = identifyBy([{ ...sender, oauth: { ...oauth, keys } }], () => nowMs);
    expect(await who(await signed(key, claims()))).toBe('ekliden');
    writeFileSync(file, JSON.stringify({ keys: [other.jwk] }));
    nowMs += 31_000;
    expect(await who(await signed(other, claims()))).toBe('ekliden');
    expect(server.asked()).toBe(0);
  });
});

describe.skipIf(!certificates.made)('the door, over HTTPS', () => {
  let url: string;
  let server: ReturnType<typeof createServer>;
  let authorisation: AuthorisationServer;
  let key: SigningKey;
  const refusals: (readonly [string | undefined, number])[] = [];
  const agents: Agent[] = [];

  beforeAll(async () => {
    key = await signingKey('one');
    authorisation = await authorisationServer([key]);
    const ofClient = new X509Certificate(certificates.pem('client.pem')).fingerprint256;
    const door = guard({
      identify: identifyBy(
        [
          {
            id: 'ekliden',
            kind: 'hospital',
            tokenSha256: createHash('sha256').update(ownToken).digest(),
            certificates: [
              { subject: { CN: 'journal', O: 'Ekliden', serialNumber: journalSerialNumber } },
              { dns: journalName },
            ],
            oauth: {
              issuer: authorisation.issuer,
              audience: [audience],
              clients: ['ekliden-journal'],
              keys: keySource({ location: authorisation.jwks, nowMs: () => start }),
            },
          },
          {
            id: 'goteborg',
            kind: 'municipality',
            municipality: '1480',
            certificates: [{ fingerprint: ofClient.replaceAll(':', '').toLowerCase() }],
          },
        ],
        () => start,
      ),
      requestsPerMinute: 1000,
      open: ['/metadata'],
      onRefused: (...one) => void refusals.push(one),
    });
    const app = express();
    app.use('/fhir', door.router, async (request, response) => {
      const sender = await door.identify(request);
      response.json({ ...sender, inHand: door.inHand() });
    });
    server = createServer(
      {
        cert: certificates.pem('server.pem'),
        key: certificates.pem('server.key'),
        ca: certificates.pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      app,
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
    url = `https://localhost:${address.port}/fhir`;
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await new Promise((resolve) => server.close(resolve));
    await authorisation.close();
  });

  /** A client with a certificate, or with none. */
  function agentOf(name?: string): Agent {
    const shown = name && {
      cert: certificates.pem(`${name}.pem`),
      key: certificates.pem(`${name}.key`),
    };
    const agent = new Agent({ connect: { ca: certificates.pem('ca.pem'), ...shown } });
    agents.push(agent);
    return agent;
  }
  const get = async (path: string, agent: Agent, authorization?: string) =>
    await fetch(`${url}${path}`, {
      dispatcher: agent,
      headers: authorization === undefined ? {} : { authorization },
    });

  test.each([
    ['the very certificate', 'client', 'goteborg'],
    ['its subject and its name', 'journal', 'ekliden'],
  ])('a client is known by %s', async (_how, name, id) => {
    const agent = agentOf(name);
    // Again on the same connection, and on another that resumes its session.
    for (let times = 0; times < 2; times += 1) {
      expect(await (await get('/Encounter', agent)).json()).toMatchObject({ id, inHand: 1 });
    }
  });

  test.each([
    [{ subject: { CN: 'journal' } }, true],
    [{ subject: { CN: 'journal', O: 'Norrtuna' } }, false],
    [{ subject: { CN: 'Journal' } }, false],
    [{ dns: journalName.toUpperCase() }, true],
    [{ dns: '*.ekliden.example' }, false],
    [{ dns: 'journal' }, false],
    [{ fingerprint: '0'.repeat(64) }, false],
  ])('by the rule %j a certificate is met: %j', (rule, isMet) => {
    const certificate = new X509Certificate(certificates.pem('journal.pem'));
    expect(asClient(certificate).meets(rule)).toBe(isMet);
  });

  test('a certificate that no authority of ours gave is nobody’s, whatever name is in it', async () => {
    expect((await get('/Encounter', agentOf('stranger'))).status).toBe(401);
    expect((await get('/Encounter', agentOf())).status).toBe(401);
  });

  test('a token decides where there is one: a wrong one is not made good by a certificate', async () => {
    const own = await get('/Encounter', agentOf('client'), `Bearer ${ownToken}`);
    expect(await own.json()).toMatchObject({ id: 'ekliden' });
    expect((await get('/Encounter', agentOf('client'), 'Bearer wrong')).status).toBe(401);
    expect((await get('/Encounter', agentOf('client'), `Basic ${ownToken}`)).status).toBe(401);
  });

  test('a token that is bound to a certificate is good with it alone', async () => {
    const { fingerprint256 } = new X509Certificate(certificates.pem('client.pem'));
    const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    const token = await signed(key, {
      iss: authorisation.issuer,
      aud: audience,
      exp: start / 1000 + 300,
      client_id: 'ekliden-journal',
      cnf: { 'x5t#S256': thumbprint },
    });
    expect((await get('/Encounter', agentOf('client'), `Bearer ${token}`)).status).toBe(200);
    expect((await get('/Encounter', agentOf('journal'), `Bearer ${token}`)).status).toBe(401);
    expect((await get('/Encounter', agentOf(), `Bearer ${token}`)).status).toBe(401);
  });

  test('every stranger hears the same, whatever was wrong', async () => {
    const agent = agentOf();
    const token = async (claims: Record<string, unknown>): Promise<string> =>
      `Bearer ${await signed(key, { iss: authorisation.issuer, aud: audience, ...claims })}`;
    const exp = start / 1000 + 300;
    const wrong = [
      'Bearer x',
      `Bearer ${'y'.repeat(40)}`,
      'Bearer a.b.c',
      'Basic dXNlcjpwYXNz',
      await token({ exp: 1, client_id: 'ekliden-journal' }),
      await token({ exp, client_id: 'nobody' }),
      await token({ exp, client_id: 'ekliden-journal', aud: 'other' }),
      await token({ exp, client_id: 'ekliden-journal', iss: 'https://other.example' }),
    ];
    const heard = new Set<string>();
    for (const authorization of wrong) {
      const response = await get('/Encounter/7', agent, authorization);
      const headers = ['www-authenticate', 'content-type', 'cache-control'].map((name) =>
        response.headers.get(name),
      );
      heard.add(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect([...heard]).toHaveLength(1);
    const [only = ''] = heard;
    expect(only).toMatch(/^\[401,.*Bearer realm=.*invalid_token.*application\/fhir\+json/);
    expect(only).toContain('OperationOutcome');
    const without = await get('/Encounter/7', agent);
    // An ETag is a version with us.
    expect(without.headers.get('etag')).toBeNull();
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="hemgang"',
    ]);
  });

  test('strangers may read what we are, and nothing else there', async () => {
    const agent = agentOf();
    expect((await get('/metadata', agent)).status).toBe(200);
    for (const path of [
      '/metadata/',
      '/metadata/x',
      '/METADATA',
      '/',
      '/Encounter/../metadata/y',
    ]) {
      expect([path, (await get(path, agent)).status]).toEqual([path, 401]);
    }
    const write = await fetch(`${url}/metadata`, { method: 'POST', dispatcher: agent });
    expect(write.status).toBe(401);
  });

  test('strangers who come too often wait, and nobody who is known waits for them', async () => {
    const agent = agentOf();
    for (let times = 0; times < 110; times += 1) {
      expect((await get('/Encounter', agent, `Bearer ${ownToken}`)).status).toBe(200);
    }
    expect((await get('/Encounter', agent)).status).toBe(401);
    let last = 401;
    for (let times = 0; times < 110 && last !== 429; times += 1) {
      last = (await get('/Encounter', agent)).status;
    }
    const refused = await get('/Encounter', agent);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ issue: [{ code: 'throttled' }] });
    expect((await get('/Encounter', agent, `Bearer ${ownToken}`)).status).toBe(200);
  });

  test('who was not let in is told to the operator, without an address', () => {
    expect(new Set(refusals.map(([, status]) => status))).toEqual(new Set([401, 429]));
    expect(new Set(refusals.map(([sender]) => sender))).toEqual(new Set([undefined]));
  });
});

describe('the configuration of who may speak', () => {
  const data = join(folder.path, 'data');
  const log = createLog({ level: 'silent' });
  const configOf = (text: string): { config: Config; file: string } => {
    const file = join(folder.path, 'hemgang.yaml');
    writeFileSync(file, `data: ${data}\n${text}`);
    return { config: loadConfig({ file, env: {} }).config, file };
  };
  const sendersOf = (text: string, env: NodeJS.ProcessEnv = {}) => {
    const { config } = configOf(text);
    return fhirSendersOf(config, mappingsOf(config), env, log);
  };

  test('a sender without a credential gets a token at the first start, for its own eyes', () => {
    const text = 'senders:\n  - {id: ekliden, fhir: {}}\n';
    const first = sendersOf(text).tokens.get('ekliden');
    assert(first, 'made');
    expect(first).toMatchObject({ isNew: true, file: join(data, 'tokens', 'fhir-ekliden') });
    expect(statSync(first.file).mode & 0o777).toBe(0o600);
    expect(readFileSync(first.file, 'utf8')).toBe(first.token);
    expect(sendersOf(text).tokens.get('ekliden')).toEqual({ ...first, isNew: false });
    writeFileSync(first.file, '');
    expect(() => sendersOf(text)).toThrow(/fhir-ekliden: holds no token\n {2}next: delete it/);
  });

  test('a sender with a credential of its own, or one that we ask, gets none', () => {
    const env = { OWN_TOKEN: ownToken };
    const own = sendersOf('senders:\n  - {id: ekliden, fhir: {tokenEnv: OWN_TOKEN}}\n', env);
    expect([own.list.length, own.tokens.size]).toEqual([1, 0]);
    expect(() =>
      sendersOf('senders:\n  - {id: ekliden, fhir: {tokenEnv: OWN_TOKEN}}\n', {
        OWN_TOKEN: 'short',
      }),
    ).toThrow(/OWN_TOKEN is no bearer token of 22 characters/);
  });

  test.each([
    [
      'FHIR beyond this machine on a readable line',
      'http: {host: 0.0.0.0}\nsenders:\n  - {id: ekliden, fhir: {tokenEnv: OWN_TOKEN}}\n',
      /FHIR on 0\.0\.0\.0 needs TLS: set http\.tls, or name the proxy/,
    ],
    [
      'FHIR beyond this machine with a token that nobody has set',
      'http: {host: "::", behindProxy: [127.0.0.1]}\nsenders:\n  - {id: ekliden, fhir: {}}\n',
      /give it tokenEnv, oauth or certificates/,
    ],
    [
      'a token that two have',
      'senders:\n  - {id: ekliden, fhir: {tokenEnv: OWN_TOKEN}}\n  - {id: norrtuna, fhir: {tokenEnv: OWN_TOKEN}}\n',
      /norrtuna and ekliden have the same token/,
    ],
    [
      'client certificates without an authority for them',
      'senders:\n  - id: ekliden\n    fhir:\n      certificates: [{dns: a}]\n',
      /hemgang\.yaml:5: senders\.0\.fhir\.certificates: .*http\.tls with ca/,
    ],
    [
      'a certificate named in no way there is',
      'senders:\n  - id: ekliden\n    fhir:\n      certificates:\n        - {fingerprint: ab}\n',
      /hemgang\.yaml:6: senders\.0\.fhir\.certificates\.0\.fingerprint: SHA-256: 32 bytes/,
    ],
    [
      'keys over a readable line',
      'senders:\n  - id: ekliden\n    fhir:\n      oauth: {issuer: https://a.example, audience: [b], jwks: http://a.example/k, clients: [c]}\n',
      /hemgang\.yaml:5: senders\.0\.fhir\.oauth\.jwks: an https address or a file/,
    ],
    [
      'a file of keys that is not there',
      'senders:\n  - id: ekliden\n    fhir:\n      oauth: {issuer: https://a.example, audience: [b], jwks: ./nowhere, clients: [c]}\n',
      /\.\/nowhere cannot be read/,
    ],
    [
      'one client for two senders',
      'senders:\n  - {id: ekliden, fhir: {oauth: &o {issuer: https://a.example, audience: [b], jwks: k, clients: [c]}}}\n  - {id: norrtuna, fhir: {oauth: *o}}\n',
      /senders\.1\.fhir\.oauth\.clients\.0: c is a client of ekliden already/,
    ],
    [
      'a partner whose token would be a sender’s',
      'senders:\n  - {id: ekliden, fhir: {}}\npartners:\n  - {id: fhir-ekliden, kind: municipality, receivers: [file-drop]}\n',
      /partners\.0\.id: .*token of a sender/,
    ],
  ])('%s is refused at the start', (_what, text, message) => {
    mkdirSync(data, { recursive: true });
    const attempt = (): unknown =>
      identifyBy(sendersOf(text, { OWN_TOKEN: ownToken }).list, () => start);
    expect(attempt).toThrow(message);
  });

  test('behind a proxy that ends TLS, a sender with its own token may come from anywhere', () => {
    const text =
      'http: {host: 0.0.0.0, behindProxy: [10.0.0.0/8]}\nsenders:\n  - {id: ekliden, fhir: {tokenEnv: OWN_TOKEN}}\n';
    expect(sendersOf(text, { OWN_TOKEN: ownToken }).list).toHaveLength(1);
  });
});

/** As much of a request as a token needs. */
function requestWith(token: string): Parameters<ReturnType<typeof identifyBy>>[0] {
  const request = { headers: { authorization: `Bearer ${token}` }, socket: {} };
  return request as Parameters<ReturnType<typeof identifyBy>>[0];
}
