/** A notice by SDK from the hand-over to its end: the access point's faults, and the receipts that come, or do not. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { readSdkReceipt } from '../adapters/inbound/sdk-receipts/application-response.ts';
import { watchSdkReceipts } from '../adapters/inbound/sdk-receipts/folder.ts';
import { sdkReceiptsRouter } from '../adapters/inbound/sdk-receipts/server.ts';
import { sdkNotices } from '../adapters/outbound/notices/sdk.ts';
import type { HandOver } from '../adapters/outbound/ways/access-point.ts';
import { takeReceipts } from '../gateway/carried.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { temporaryFolder } from './support/folder.ts';
import { pdf } from './support/pdf.ts';
import { shippedProfiles } from './support/law.ts';
import { addresses, receiptXml, sdkCase } from './support/sdk.ts';
import { SmallJournal } from './support/small-journal.ts';
import { startTrial } from './support/whole-municipality.ts';

const words = loadMunicipalWords();
const never = new AbortController().signal;
const other = 'd3b07384-d113-5ec4-8f3a-9a1c5a5a5a5a';
const id = sdkCase('admission-notice-issued').deliveryId;
const read = (xml: string): ReturnType<typeof readSdkReceipt> => readSdkReceipt(Buffer.from(xml));

function channelBy(handOver: HandOver): ReturnType<typeof sdkNotices> {
  const channel = sdkNotices({ addresses, words, pdf, handOver, receiptWithinMs: 3_600_000 });
  onTestFinished(() => channel.close());
  return channel;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the receipt of a message service', () => {
  test('says that a message was taken, and when', () => {
    expect(read(receiptXml({ id }))).toMatchObject({
      kind: 'receipt',
      receipt: { deliveryId: id, accepted: true, at: '2022-03-07T12:00:05.000Z' },
    });
  });

  test('says why one was refused, by codes alone: free text stays in the receipt', () => {
    const lines = [
      ['BV', 'not-found'],
      ['SIG', '19500907-2553'],
    ] as const;
    const xml = receiptXml({ id, code: 'REJECTED', lines, text: 'Testa Påhittad' });
    expect(read(xml)).toMatchObject({
      receipt: { accepted: false, detail: 'REJECTED BV not-found, SIG', text: xml },
    });
  });

  test('of a message that came twice says nothing of the first', () => {
    const xml = receiptXml({ id, code: 'REJECTED', lines: [['BV', 'duplicate']] });
    expect(read(xml)).toEqual({ kind: 'duplicate' });
  });

  test.each([
    ['that is not XML', '<a'],
    ['with a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${receiptXml({ id })}`],
    ['of another profile', receiptXml({ id }).replace('response:1', 'response:2')],
    ['in another namespace', receiptXml({ id }).replaceAll('ApplicationResponse-2', 'Other-2')],
    ['that says neither', receiptXml({ id, code: 'AP' })],
    ['that says yes and why not', receiptXml({ id, lines: [['BV', 'x']] })],
    ['that says no and not why', receiptXml({ id, code: 'REJECTED' })],
    ['with a reason there is not', receiptXml({ id, code: 'REJECTED', lines: [['XX', 'x']] })],
    ['of no message id', receiptXml({ id: 'ID-1' })],
    ['without an offset', receiptXml({ id, time: '12:00:05' })],
    ['that is too large', receiptXml({ id, text: 'x' }) + ' '.repeat(300_000)],
  ])('%s is refused, and quoted nowhere', (_, xml) => {
    expect(() => read(xml)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(malformed|unsupported)-message$/),
        message: expect.not.stringMatching(/[0-9a-f]{8}-/),
      }),
    );
  });
});

describe('an access point', () => {
  const message = sdkCase('admission-notice-issued');

  test.each([
    [204, 'awaited'],
    [400, 'delivery-refused'],
    [503, 'delivery-failed'],
    [500, 'delivery-unknown'],
  ])('that answers %d', async (status, what) => {
    const heard: { id: unknown; authorization: unknown }[] = [];
    const url = await listening(
      createServer((request, response) => {
        const { authorization } = request.headers;
        heard.push({ id: request.headers['idempotency-key'], authorization });
        request.resume().on('end', () => response.writeHead(status).end());
      }),
    );
    const channel = byHttp(url);
    const outcome = await attempt(channel);
    expect(outcome).toBe(what);
    expect(heard).toEqual([{ id: message.deliveryId, authorization: 'Bearer token' }]);
  });

  test('that hangs leaves it unknown; one that is not there provably took nothing', async () => {
    const url = await listening(createServer(() => {}));
    expect(await attempt(byHttp(url, 200))).toBe('delivery-unknown');
    expect(await attempt(byHttp('http://127.0.0.1:9'))).toBe('delivery-failed');
  });

  test('by folder gets a whole file; where none can be written, nothing was handed over', async () => {
    const { path, remove } = temporaryFolder('sdk');
    onTestFinished(remove);
    const channel = channelBy({ by: 'folder', folder: join(path, 'out') });
    expect([await attempt(channel), await attempt(channel)]).toEqual(['awaited', 'awaited']);
    expect(readdirSync(join(path, 'out'))).toEqual([`${message.deliveryId}.xml`]);
    writeFileSync(join(path, 'file'), '');
    const nowhere = channelBy({ by: 'folder', folder: join(path, 'file', 'out') });
    expect(await attempt(nowhere)).toBe('delivery-failed');
  });

  function byHttp(url: string, timeoutMs = 5000): ReturnType<typeof sdkNotices> {
    const nowSeconds = (): number => 0;
    const rest = { token: 'token', timeoutMs, allowPrivate: true, idempotent: false, nowSeconds };
    return channelBy({ by: 'http', url, ...rest });
  }

  async function attempt(channel: ReturnType<typeof sdkNotices>): Promise<string> {
    const given = channel.deliver(message.deliveryId, await channel.render(message), never);
    return await given.then(
      ({ proof }) => proof,
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : ''),
    );
  }
});

describe('a notice handed over', () => {
  let world: SmallJournal | undefined;
  afterEach(async () => {
    await world?.close();
    world = undefined;
  });

  /** A notice is given to the access point; its receipts come into a watched folder. */
  async function handedOver(): Promise<{ name: string; put(xml: string): Promise<string> }> {
    const { path, remove } = temporaryFolder('sdk');
    onTestFinished(remove);
    const out = join(path, 'out');
    const channel = channelBy({ by: 'folder', folder: out });
    world = await SmallJournal.open('2022-03-07 09:00', shippedProfiles, channel);
    const patient = { municipality: '1480', numberKind: 'personnummer', protection: 'none' };
    const services = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
    await world.tell('V1', '2022-03-07 09:00', [
      ['patient.admitted', { county: '14', hospital: 'Sjukhuset', patient }],
      ['discharge-estimate.set', { expectedDischarge: '2022-03-11' }],
      ['need.assessed', services],
    ]);
    const name = readdirSync(out)[0]?.replace('.xml', '') ?? '';
    const into = join(path, 'receipts');
    const folders = { path: into, done: join(into, 'done'), failed: join(into, 'failed') };
    mkdirSync(into);
    const takeReceipt = takeReceipts(world);
    const watched = await watchSdkReceipts({ ...folders, everyMs: 10, takeReceipt });
    onTestFinished(() => watched.close());
    let number = 0;
    return {
      name,
      async put(xml) {
        number += 1;
        const file = `receipt-${number}.xml`;
        writeFileSync(join(into, file), xml);
        return await expect
          .poll(() => ['done', 'failed'].find((one) => readdirSync(join(into, one)).includes(file)))
          .toBeDefined()
          .then(() => (readdirSync(join(into, 'done')).includes(file) ? 'done' : problem(file)));
      },
    };
    function problem(file: string): string {
      return readFileSync(join(folders.failed, `${file}.problems`), 'utf8');
    }
  }

  async function states(): Promise<Record<string, number>> {
    const { deliveries } = world?.journal ?? fail();
    const found: Record<string, number> = {};
    for (const state of ['awaited', 'delivered', 'refused', 'unresolved'] as const) {
      const { length } = await deliveries.byState(state, 10);
      if (length > 0) found[state] = length;
    }
    return found;
  }

  test('is delivered when its receipt came, and once, however often that comes', async () => {
    const { name, put } = await handedOver();
    expect(await states()).toEqual({ awaited: 1 });
    expect(await put(receiptXml({ id: name }))).toBe('done');
    expect(await put(receiptXml({ id: name }))).toBe('done');
    expect(await states()).toEqual({ delivered: 1 });
  });

  test('is refused when the receiver refuses it, and goes on waiting after one of a repeat', async () => {
    const { name, put } = await handedOver();
    const lines = [['BV', 'duplicate']] as const;
    expect(await put(receiptXml({ id: name, code: 'REJECTED', lines }))).toBe('done');
    expect(await states()).toEqual({ awaited: 1 });
    const because = [['SV', 'structure']] as const;
    expect(await put(receiptXml({ id: name, code: 'REJECTED', lines: because }))).toBe('done');
    expect(await states()).toEqual({ refused: 1 });
  });

  test('waits on where a receipt is of another message or cannot be read, and a person is told', async () => {
    const { put } = await handedOver();
    expect(await put(receiptXml({ id: other }))).toMatch(/^no delivery of ours/);
    expect(await put('<receipt')).toMatch(/^malformed-message/);
    expect(await states()).toEqual({ awaited: 1 });
  });

  test('is unresolved when no receipt comes in time', async () => {
    await handedOver();
    await world?.passUntil('2022-03-07 10:01');
    expect(await states()).toEqual({ unresolved: 1 });
  });

  test('is concluded by HTTP too, by the access point alone', async () => {
    const { name } = await handedOver();
    const tokenSha256 = createHash('sha256').update('secret-of-the-access-point').digest();
    const takeReceipt = takeReceipts(world ?? fail());
    const settings = { tokenSha256, takeReceipt, requestsPerMinute: 100 };
    const url = await listening(createServer(express().use(sdkReceiptsRouter(settings))));
    const post = async (body: string, token = 'secret-of-the-access-point'): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, connection: 'close' };
      const { status } = await fetch(`${url}/sdk-receipts`, { method: 'POST', headers, body });
      return status;
    };
    expect(await post(receiptXml({ id: name }), 'other')).toBe(401);
    expect(await post(receiptXml({ id: other }))).toBe(404);
    expect(await post('<a')).toBe(400);
    expect(await post(' '.repeat(300_000))).toBe(413);
    expect(await states()).toEqual({ awaited: 1 });
    expect(await post(receiptXml({ id: name }))).toBe(204);
    expect(await states()).toEqual({ delivered: 1 });
  });
});

function fail(): never {
  throw new Error('no journal is open');
}

describe('a notice whose hand-over is due again, as nobody knows what became of it', () => {
  test('is delivered by its receipt alone, and not sent again; a refusal is heard when it is handed over', async () => {
    const trial = await startTrial(['sdk'], {}, (config) => ({
      ...config,
      dispatch: { ...config.dispatch, retries: [3_600_000] },
    }));
    onTestFinished(() => trial.close());
    const { world, municipality, environment } = trial;
    const { host, port } = world.gateway.http;
    const bring = async (xml: string): Promise<number> => {
      const headers = { authorization: `Bearer ${environment['SDK_RECEIPTS_TOKEN']}` };
      const url = `http://${host}:${port}/sdk-receipts`;
      return (await fetch(url, { method: 'POST', headers, body: xml })).status;
    };
    await municipality.behave('sdk', '502');
    const name = await trial.admit('sdk');
    await world.rest();
    const state = async () => (await world.gateway.journal.deliveries.named(name))?.state;
    expect(await state()).toBe('pending');
    const no = receiptXml({ id: name, code: 'REJECTED', lines: [['SV', 'structure']] });
    expect(await bring(no)).toBe(503);
    expect(await state()).toBe('pending');
    expect(await bring(receiptXml({ id: name }))).toBe(204);
    await world.rest();
    expect(await state()).toBe('delivered');
    await municipality.behave('sdk', 'accept');
    await world.passTimeUntil('2022-03-07T11:00:00.000Z');
    const of = municipality.received.all().filter(({ messageId }) => messageId === name);
    expect(of).toHaveLength(1);
  });
});
