/** Receivers by SFTP and MLLP as the configuration names them: what is refused, opened, and found by the doctor. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { newKeyPair } from '../adapters/simulated/municipality/sftp.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { simulatedMllp, simulatedSftp } from '../adapters/simulated/municipality/index.ts';
import { configSchema, type Config } from '../gateway/runtime/config.ts';
import { checkConfig } from '../gateway/wiring/config-faults.ts';
import { examine } from '../gateway/wiring/doctor/index.ts';
import { documentReceivers, receiverOf } from '../gateway/wiring/receivers.ts';
import { covers, takes } from '../gateway/wiring/routing.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { loadProfiles } from '../profiles/index.ts';
import { makeCertificates } from './support/certificates.ts';
import { messageOf } from './support/municipal-case.ts';
import { noticeOf } from './support/notices.ts';
import { temporaryFolder } from './support/folder.ts';

const folder = temporaryFolder('line-receivers');
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  folder.remove();
});
const certificates = makeCertificates(folder.path);
const { path, pem } = certificates;
const words = loadMunicipalWords();
const pin = `SHA256:${'A'.repeat(43)}`;

let files = 0;
function fileWith(name: string, text: string): string {
  const file = join(folder.path, `${(files += 1)}-${name}`);
  writeFileSync(file, text);
  return file;
}

async function faultsOf(receiver: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const file = fileWith('hemgang.yaml', `receivers:\n  - { id: a, ${receiver} }\n`);
  const { remarks } = await checkConfig({ file, env });
  return remarks.filter(({ severity }) => severity === 'error').map(({ what }) => what);
}

const sftp = `channel: sftp, host: sftp.example, user: region, hostKey: ['${pin}']`;
const mllp = 'channel: mllp, host: hl7.example';

describe('config check of a receiver', () => {
  test.each([
    ['without a host key', `channel: sftp, host: h, user: u, passwordEnv: P`, /hostKey/],
    ['whose host key is no fingerprint', `${sftp.replace(pin, 'any')}, passwordEnv: P`, /SHA256:/],
    ['without a key or password', sftp, /one of keyFile, keyEnv and passwordEnv/],
    ['with both', `${sftp}, keyEnv: K, passwordEnv: P`, /one of keyFile, keyEnv and passwordEnv/],
    ['whose password is not set', `${sftp}, passwordEnv: MISSING`, /MISSING is not set/],
    ['whose key is none', `${sftp}, keyEnv: K`, /K holds no private key without a passphrase/],
    ['whose key cannot be read', `${sftp}, keyFile: /no/key`, /\/no\/key cannot be read/],
    [
      'in our own network',
      `${sftp.replace('sftp.example', '10.1.2.3')}, passwordEnv: P`,
      /not allowed/,
    ],
    ['by a plain line', mllp, /set tls, or ownNetwork: true/],
    [
      'by a plain line to a public address',
      `channel: mllp, host: 192.0.2.1, ownNetwork: true`,
      /not allowed/,
    ],
    ['whose certificate cannot be read', `${mllp}, tls: { ca: /no/ca }`, /\/no\/ca cannot be read/],
    ['with a certificate and no key', `${mllp}, tls: { cert: /c }`, /cert and key go together/],
    [
      'with separators in a name',
      `${mllp}, tls: {}, receivingApplication: 'A|B'`,
      /letters, digits/,
    ],
  ])('%s refuses it and says why', async (_why, receiver, what) => {
    const faults = await faultsOf(receiver, { P: 'synthetic-password', K: 'no key' });
    expect(faults.join('\n')).toMatch(what);
    expect(faults.join('\n')).not.toMatch(/synthetic-password|no key$/);
  });

  test('takes one of each', async () => {
    const { private: key } = newKeyPair();
    expect(await faultsOf(`${sftp}, keyFile: '${fileWith('key', key)}'`)).toEqual([]);
    expect(await faultsOf(`${mllp}, tls: {}`)).toEqual([]);
  });
});

function configOf(receiver: Record<string, unknown>): Config {
  return configSchema.parse({ receivers: [{ id: 'a', ownNetwork: true, ...receiver }] });
}

async function deliverBy(config: Config, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const [receiver] = config.receivers;
  if (receiver === undefined) throw new Error('there is one');
  const { outbound, close } = receiverOf(receiver, config, words, env, 0);
  try {
    const notice = noticeOf();
    const signal = new AbortController().signal;
    return (await outbound.deliver('d', await outbound.render(notice), signal)).detail;
  } finally {
    await close?.();
  }
}

describe('config check of a receiver of documents', () => {
  const spec = 'takes: specification';
  const env = { P: 'synthetic-password', S: 'no secret' };

  /** @param before other settings, a line each */
  async function told(receiver: string, before = ''): Promise<readonly string[]> {
    const text = `${before}billing:\n  receivers:\n    - { id: care, ${receiver} }\n`;
    const { remarks } = await checkConfig({ file: fileWith('hemgang.yaml', text), env });
    return remarks.map(({ severity, what }) => `${severity} ${what}`);
  }

  test.each([
    ['by SFTP without a host key', `${spec}, channel: sftp, host: h, user: u`, /hostKey/],
    [
      'by SFTP without a key or password',
      `${spec}, ${sftp}`,
      /one of keyFile, keyEnv and password/,
    ],
    ['by SFTP, with a file twice', `${spec}, ${sftp}, passwordEnv: P, parts: [pdf, pdf]`, /once/],
    ['by SFTP, with no file', `${spec}, ${sftp}, passwordEnv: P, parts: []`, /parts/],
    [
      'by SFTP, with a file there is not',
      `${spec}, ${sftp}, passwordEnv: P, parts: [txt]`,
      /parts/,
    ],
    [
      'by SDK, though nobody says who we are',
      `${spec}, channel: sdk, to: { organisation: '0203:a', functionAddress: b }`,
      /billing\.receivers\.0\.channel: sdk needs the setting sdk/,
    ],
    [
      'of invoices by SDK',
      `takes: invoice, channel: sdk, to: { organisation: '0203:a', functionAddress: b }`,
      /billing\.receivers\.0\.takes/,
    ],
    [
      'by POST with a secret that is none',
      `${spec}, channel: http, url: 'https://a.example', secretEnv: [S]`,
      /secret 1: expected whsec_/,
    ],
  ])('%s refuses it and says why', async (_why, receiver, what) => {
    const errors = (await told(receiver)).filter((one) => one.startsWith('error'));
    expect(errors.join('\n')).toMatch(what);
    expect(errors.join('\n')).not.toMatch(/synthetic-password|no secret$/);
  });

  test('says where nothing proves that a post is ours', async () => {
    const post = `${spec}, channel: http, url: 'https://a.example'`;
    expect(await told(post)).toEqual([
      'warning billing.receivers.0: nothing proves to care that a document is ours',
    ]);
    expect(await told(`${post}, tokenEnv: P`)).toEqual([]);
    const ours = `ca: ${path('ca.pem')}, cert: ${path('client.pem')}, key: ${path('client.key')}`;
    expect(await told(`${post}, tls: { ${ours} }`)).toEqual([]);
  });

  test('takes one of each', async () => {
    const sdk = `sdk:
  from: { organisation: '0203:us', functionAddress: us }
  accessPoint: { folder: ./out }
  receipts: { tokenEnv: P }
`;
    const to = "to: { organisation: '0203:a', functionAddress: b }";
    expect(await told(`${spec}, channel: sdk, ${to}, parts: [pdf]`, sdk)).toEqual([]);
    expect(await told(`${spec}, ${sftp}, passwordEnv: P, parts: [pdf, json]`)).toEqual([]);
    expect(await told(`takes: invoice, ${sftp}, passwordEnv: P`)).toEqual([]);
  });
});

describe('a configured receiver', () => {
  test('by SFTP gets its notice, and the doctor looks at its host key without logging in', async () => {
    const at = await simulatedSftp({ user: 'region', letsIn: { password: 'synthetic' } });
    closing.push(() => at.close());
    const { host, port } = at;
    const settings = {
      channel: 'sftp',
      host,
      port,
      user: 'region',
      passwordEnv: 'P',
      folder: 'in',
    };
    const env = { P: 'synthetic' };
    expect(await deliverBy(configOf({ ...settings, hostKey: [at.hostKey()] }), env)).toBe(
      'rename confirmed',
    );
    const of = async (hostKey: string) => {
      const line = `channel: sftp, host: ${host}, port: ${port}, user: region, hostKey: ['${hostKey}'], passwordEnv: P, ownNetwork: true`;
      const care = `billing: { receivers: [{ id: care, takes: specification, ${line} }] }`;
      const file = fileWith('hemgang.yaml', `receivers:\n  - { id: a, ${line} }\n${care}\n`);
      const checks = await examine({ file, env }, { reach: true });
      return checks.filter(({ name }) => /^receiver (a|care)$/.test(name));
    };
    expect(await of(at.hostKey())).toMatchObject([{ state: 'ok' }, { state: 'ok' }]);
    const wrong = await of(pin);
    expect(wrong).toMatchObject([{ state: 'fail' }, { state: 'fail' }]);
    for (const { what } of wrong) expect(what).toContain(at.hostKey());
    expect(at.received).toHaveLength(1);
  });

  test('by MLLP gets its notice with the names agreed on', async () => {
    const at = await simulatedMllp();
    closing.push(() => at.close());
    const { host, port } = at;
    const names = {
      receivingApplication: 'OMSORG',
      receivingFacility: 'KOMMUN',
      processingId: 'T',
    };
    const settings = { channel: 'mllp', host, port, acknowledgement: 'enhanced', ...names };
    expect(await deliverBy(configOf(settings))).toBe('AA');
    const head = at.received[0]?.text.split('\r')[0]?.split('|') ?? [];
    expect([head[2], head[4], head[5], head[10], head[14], head[15]]).toEqual([
      'HEMGANG',
      'OMSORG',
      'KOMMUN',
      'T',
      'AL',
      'AL',
    ]);
  });

  test('by MLLP is passed over by a call to planning, and covers no receiver by another channel', () => {
    const [byAdt] = configOf({ channel: 'mllp', host: '127.0.0.1' }).receivers;
    if (byAdt === undefined) throw new Error('there is one');
    const now = '2022-03-07T11:00:00.000Z';
    expect(takes(byAdt, noticeOf().notice, now)).toBe(true);
    expect(takes(byAdt, noticeOf('planning-call').notice, now)).toBe(false);
    expect(covers(byAdt, { channel: 'file' })).toBe(false);
    expect(covers({ channel: 'file' }, byAdt)).toBe(true);
  });
});

describe.skipIf(!certificates.made)('a server that asks who we are', () => {
  const ours = { ca: path('ca.pem'), cert: path('client.pem'), key: path('client.key') };
  const theirs = { ca: path('ca.pem') };
  const party = { organisation: '0203:a.example', functionAddress: 'f.0203:a.example' };
  const signal = new AbortController().signal;

  async function server(): Promise<{ readonly url: string; readonly heard: string[] }> {
    const heard: string[] = [];
    const [cert, key, ca] = [pem('server.pem'), pem('server.key'), pem('ca.pem')];
    const asks = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
    const at: Server = createServer(asks, (request, response) => {
      heard.push(String(request.headers['idempotency-key']));
      request.resume().once('end', () => response.writeHead(202).end());
    });
    await new Promise<void>((resolve) => at.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      at.closeAllConnections();
      await new Promise((resolve) => at.close(resolve));
    });
    return { url: `https://localhost:${(at.address() as AddressInfo).port}/in`, heard };
  }

  test('takes a message by SDK with our certificate, and nothing without', async () => {
    const { url, heard } = await server();
    const by = (tls: object): Config =>
      configSchema.parse({
        sdk: {
          from: party,
          accessPoint: { url, ownNetwork: true, tls },
          receipts: { tokenEnv: 'R' },
        },
        receivers: [{ id: 'a', channel: 'sdk', to: party }],
      });
    await expect(deliverBy(by(theirs))).rejects.toThrow();
    expect(heard).toEqual([]);
    expect(await deliverBy(by(ours))).toBe('given to the access point: HTTP 202');
    expect(heard).toHaveLength(1);
  });

  test('takes a document of billing with our certificate, and nothing without', async () => {
    const { url, heard } = await server();
    const deliver = async (tls: object): Promise<string> => {
      const receiver = { id: 'care', takes: 'specification', channel: 'http', url, tls };
      const config = configSchema.parse({
        billing: { receivers: [{ ...receiver, ownNetwork: true }] },
      });
      const [care] = documentReceivers(config, loadProfiles(), {});
      if (care === undefined) throw new Error('there is one');
      const rendered = await care.outbound.render(messageOf('billing-month'));
      try {
        return (await care.outbound.deliver('d', rendered, signal)).detail;
      } finally {
        await care.close?.();
      }
    };
    await expect(deliver(theirs)).rejects.toThrow();
    expect(heard).toEqual([]);
    expect(await deliver(ours)).toBe('HTTP 202');
    expect(heard).toEqual(['d']);
  });
});
