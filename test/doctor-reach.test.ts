/** What is told of receivers before anything is sent to them: their lines, certificates, tokens and folders, and ours. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { routesCheck } from '../gateway/cli/routes.ts';
import { systemClock } from '../gateway/runtime/clock.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { certificateChecks } from '../gateway/wiring/doctor/certificates.ts';
import type { Check } from '../gateway/wiring/doctor/check.ts';
import { folderChecks } from '../gateway/wiring/doctor/folders.ts';
import { receiverChecks } from '../gateway/wiring/doctor/reach.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { printed } from './support/verbs.ts';

const folder = temporaryFolder('doctor-reach');
const certificates = makeCertificates(folder.path);
const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});
afterAll(() => folder.remove());

let files = 0;
/** @param lines of the configuration, beside its data folder */
function configured(...lines: readonly string[]): string {
  const file = join(folder.path, `hemgang-${(files += 1)}.yaml`);
  writeFileSync(file, [`data: ${join(folder.path, `data-${files}`)}`, ...lines].join('\n'));
  return file;
}
const configOf = (...lines: readonly string[]) =>
  loadConfig({ file: configured(...lines), env: {}, flags: {} }).config;
const receivers = (...all: readonly string[]): string[] => [
  'receivers:',
  ...all.map((one) => `  - ${one}`),
];

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

/** A server of TLS that keeps what it hears. @param of whose certificate it shows */
async function tlsServer(
  of: string,
  more: TlsOptions = {},
): Promise<{ port: number; heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const [cert, key] = [certificates.pem(`${of}.pem`), certificates.pem(`${of}.key`)];
  const server = createTls({ cert, key, ...more }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => heard.push(part));
  });
  return { port: await listening(server), heard };
}

const mllp = (port: number, tls: string): string =>
  `{ id: a, channel: mllp, host: localhost, port: ${port}, ownNetwork: true, tls: { ${tls} } }`;
const ca = `ca: ${certificates.path('ca.pem')}`;
const reached = async (...lines: readonly string[]): Promise<readonly Check[]> =>
  await receiverChecks(configOf(...lines), {});

describe.runIf(certificates.made)('the line to a receiver', () => {
  test('is well where name and authority are right, and nothing is said on it', async () => {
    const { port, heard } = await tlsServer('server');
    const [check] = await reached(...receivers(mllp(port, ca)));
    // Two days are what it has left: that is well for a test, and soon for anybody else.
    expect(check).toMatchObject({
      name: 'receiver a',
      state: 'warn',
      what: `localhost:${port} answers, its certificate holds for 1 days`,
    });
    expect(heard).toEqual([]);
  });

  test.each([
    ['expired', ca, /its certificate ended \d days? ago \(/, /ask who runs it to renew it/],
    ['other', ca, /is not for localhost, but for .*elsewhere\.example/, /correct the address, or/],
    ['stranger', `${ca}, servername: journal.ekliden.example`, /signed by itself/, /tls\.ca name/],
    ['server', '', /signed by somebody we do not know/, /let receivers\.0\.tls\.ca name it/],
  ])('tells of a certificate that is %s in plain words', async (of, tls, what, next) => {
    const { port, heard } = await tlsServer(of);
    const [check] = await reached(...receivers(mllp(port, tls)));
    expect(check).toMatchObject({
      state: 'fail',
      what: expect.stringMatching(what),
      next: expect.stringMatching(next),
    });
    expect(heard).toEqual([]);
  });

  test('tells where the other side wants a certificate of ours, or does not take it', async () => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: certificates.pem('ca.pem') };
    const { port } = await tlsServer('server', asks);
    const our = (name: string): string =>
      `${ca}, cert: ${certificates.path(`${name}.pem`)}, key: ${certificates.path(`${name}.key`)}`;
    expect(await reached(...receivers(mllp(port, our('client'))))).toMatchObject([
      { what: expect.stringContaining('answers') },
    ]);
    expect(await reached(...receivers(mllp(port, ca)))).toMatchObject([
      { state: 'fail', next: expect.stringContaining('set tls.cert and tls.key') },
    ]);
    expect(await reached(...receivers(mllp(port, our('stranger'))))).toMatchObject([
      { state: 'fail', next: expect.stringContaining('ask whether they know our certificate') },
    ]);
  });

  test('is not tried where a delivery would not go: an address of our own network', async () => {
    const heard: unknown[] = [];
    const port = await listening(createTcp((socket) => void heard.push(socket.destroy())));
    const hook = `{ id: a, channel: webhook, url: 'https://localhost:${port}/', secretEnv: [S] }`;
    const [check] = await reached(...receivers(hook));
    expect(check).toMatchObject({ state: 'fail', what: expect.stringContaining('ownNetwork') });
    expect(heard).toEqual([]);
  });

  test('the access point of SDK is looked at once, however many are reached by it', async () => {
    const { port, heard } = await tlsServer('expired');
    const asking = await tlsServer('server', {
      requestCert: true,
      rejectUnauthorized: true,
      ca: certificates.pem('ca.pem'),
    });
    const party = (who: string): string =>
      `{ organisation: '0203:${who}.example', functionAddress: 'f.0203:${who}.example' }`;
    const sdk = (at: number, tls = ''): string[] => [
      'sdk:',
      `  from: ${party('region')}`,
      `  accessPoint: { url: 'https://localhost:${at}/', ownNetwork: true, tls: { ${ca}${tls} } }`,
      `  receipts: { folder: { path: ${join(folder.path, 'receipts')} } }`,
    ];
    const two = ['a', 'b'].map((id) => `{ id: ${id}, channel: sdk, to: ${party(id)} }`);
    const checks = await reached(...sdk(port), ...receivers(...two));
    expect(checks).toMatchObject([
      { name: 'sdk access point', state: 'fail', what: expect.stringMatching(/ended \d day/) },
    ]);
    expect(checks[0]?.next).toContain('renew');
    expect(heard).toEqual([]);
    const ours = `, cert: ${certificates.path('client.pem')}, key: ${certificates.path('client.key')}`;
    expect(await reached(...sdk(asking.port, ours), ...receivers(...two))).toMatchObject([
      { what: expect.stringContaining('answers') },
    ]);
    expect(await reached(...sdk(asking.port), ...receivers(...two))).toMatchObject([
      { state: 'fail', next: expect.stringContaining('set tls.cert and tls.key') },
    ]);
  });
});

describe('the token of a FHIR server', () => {
  const keyFile = join(folder.path, 'client.p384');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));

  async function fhir(answer: { status: number; body: object }): Promise<readonly Check[]> {
    const asked: string[] = [];
    const server = createHttp((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const isToken = request.url === '/token';
      response.writeHead(isToken ? answer.status : 200, { 'content-type': 'application/json' });
      const statement = {
        resourceType: 'CapabilityStatement',
        fhirVersion: '4.0.1',
        messaging: [{}],
      };
      response.end(JSON.stringify(isToken ? answer.body : statement));
    });
    const port = await listening(server);
    const at = `http://127.0.0.1:${port}`;
    const smart = `smart: { clientId: hemgang, keyFile: ${keyFile}, scope: system/Bundle.c, tokenUrl: '${at}/token' }`;
    const receiver = `{ id: a, channel: fhir, base: '${at}/r4', ownNetwork: true, source: 'https://us.example', ${smart} }`;
    const checks = await reached(...receivers(receiver));
    server.closeAllConnections();
    expect(asked.every((call) => /^(POST \/token|GET \/r4\/metadata)$/.test(call))).toBe(true);
    return checks;
  }

  test('is asked for, and then what the server can do', async () => {
    const checks = await fhir({ status: 200, body: { access_token: 't', token_type: 'bearer' } });
    expect(checks).toMatchObject([
      { name: 'receiver a', state: 'ok', what: expect.stringContaining('FHIR 4.0.1') },
      { name: 'token of receiver a', state: 'ok' },
    ]);
  });

  test('that is refused says whose key is to be registered', async () => {
    const checks = await fhir({ status: 401, body: { error: 'invalid_client' } });
    expect(checks).toMatchObject([
      { name: 'receiver a', state: 'ok' },
      {
        name: 'token of receiver a',
        state: 'fail',
        what: expect.stringMatching(/invalid_client.*public key with kid .* client hemgang/),
      },
    ]);
  });
});

describe.runIf(certificates.made)('our own certificates', () => {
  const named = (of: string, key = of): string =>
    mllp(
      2575,
      `${ca}, cert: ${certificates.path(`${of}.pem`)}, key: ${certificates.path(`${key}.key`)}`,
    );
  const checksOf = (receiver: string, nowMs = systemClock.nowMs()): readonly Check[] =>
    certificateChecks(configOf(...receivers(receiver)), nowMs);

  test('of every receiver are looked at, each with its authority', () => {
    expect(checksOf(named('client'))).toMatchObject([
      {
        name: 'certificate receivers.0.tls.cert',
        state: 'warn',
        what: expect.stringContaining('ends in 1 days'),
      },
      { name: 'certificate receivers.0.tls.ca', state: 'warn' },
    ]);
    const later = systemClock.nowMs() + 10 * 86_400_000;
    expect(checksOf(named('client'), later)).toMatchObject([
      { state: 'fail', next: expect.stringContaining('have it renewed') },
      { state: 'fail', next: expect.stringContaining('get the certificate of who signs theirs') },
    ]);
  });

  test('are not for another key, and not for servers alone', () => {
    expect(checksOf(named('client', 'server'))).toContainEqual(
      expect.objectContaining({
        state: 'fail',
        what: expect.stringMatching(/is not the certificate of the key/),
      }),
    );
    expect(checksOf(named('server-use'))).toContainEqual(
      expect.objectContaining({ state: 'fail', what: expect.stringMatching(/clientAuth/) }),
    );
    expect(checksOf(named('client')).every(({ state }) => state !== 'fail')).toBe(true);
  });

  test('an authority that has ended beside the one that follows it is no failure', () => {
    const both = join(folder.path, 'both.pem');
    writeFileSync(
      both,
      Buffer.concat([certificates.pem('expired.pem'), certificates.pem('ca.pem')]),
    );
    expect(checksOf(mllp(2575, `ca: ${both}`))).toContainEqual(
      expect.objectContaining({
        state: 'warn',
        what: expect.stringContaining('1 of 2 certificates have ended'),
      }),
    );
  });
});

describe('folders', () => {
  test('are there or can be made, and nothing is written to find out', () => {
    const there = join(folder.path, 'there');
    mkdirSync(there);
    const config = configOf(
      ...receivers(
        `{ id: a, channel: file, folder: ${there} }`,
        `{ id: b, channel: file, folder: ${join(there, 'x', 'y')} }`,
      ),
    );
    expect(folderChecks(config)).toMatchObject([
      { name: 'folder of receiver a', state: 'ok', what: `${there} can be written` },
      {
        name: 'folder of receiver b',
        state: 'ok',
        what: expect.stringContaining('is made at the first file'),
      },
    ]);
  });

  test('below a file fail, in routes check, too, also as JSON', async () => {
    const file = join(folder.path, 'a-file');
    writeFileSync(file, '');
    const config = configured(
      ...receivers(`{ id: a, channel: file, folder: ${join(file, 'in')} }`),
    );
    const { code, text } = await printed(() =>
      routesCheck({ config, flags: {}, json: true, reach: false, municipality: '1480' }),
    );
    expect(code).toBe(1);
    expect(JSON.parse(text).checks).toMatchObject([
      { name: 'folder of receiver a', state: 'fail', next: expect.stringContaining('mounted') },
    ]);
  });
});
