/** The specification of an invoice by the channel that a municipality's care administration has, and what becomes of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { readSdkReceipt } from '../adapters/inbound/sdk-receipts/application-response.ts';
import { checkSdk } from '../adapters/outbound/sdk/rules.ts';
import {
  simulatedSftp,
  type SftpBehaviour,
  type SimulatedSftp,
} from '../adapters/simulated/municipality/index.ts';
import { verifierOf } from '../adapters/wire/signature.ts';
import { takeReceipts } from '../gateway/carried.ts';
import type { BillingSettings } from '../gateway/runtime/config-billing.ts';
import { sdkSettings } from '../gateway/runtime/config-sdk.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import { BilledMonths, halland, line, streamOf, userTokens } from './support/billed-months.ts';
import { temporaryFolder } from './support/folder.ts';
import { receiptXml } from './support/sdk.ts';

type Receiver = BillingSettings['receivers'][number];

function newFolder(): string {
  const { path, remove } = temporaryFolder('specification');
  onTestFinished(remove);
  return path;
}

/** A month with an invoice that was approved, its specification for one receiver. */
async function specified(receiver: Receiver): Promise<BilledMonths> {
  const folder = newFolder();
  const overlay = join(folder, 'own', 'regions', 'halland');
  mkdirSync(overlay, { recursive: true });
  writeFileSync(
    join(overlay, 'agreement.yaml'),
    `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]
parameters:
  settlement.dueDays:
    values:
      2027-01-01: { value: 30, reference: Brev 1 }
`,
  );
  const journal = await openEmbeddedJournal({ folder });
  onTestFinished(() => journal.close());
  const invoices = { id: 'ap', takes: 'invoice', channel: 'file', mode: 'live' } as const;
  const months = new BilledMonths({
    folder,
    journal,
    overlays: [join(folder, 'own')],
    now: '2027-03-25T11:00:00.000Z',
    billing: { receivers: [receiver, { ...invoices, folder: join(folder, 'ap') }] },
  });
  months.config = { ...months.config, sdk };
  await months.record(halland, [line('case-1', 2), line('case-2', 3)]);
  await months.approve(halland);
  return months;
}

/** How the specification's delivery stands: its state, and what is told of it. */
async function delivery(months: BilledMonths) {
  const rows = await months.journal.deliveries.ofLane(streamOf(halland));
  const row = rows.find(({ receiver }) => receiver === 'care');
  if (row === undefined) throw new Error('there is one');
  return row;
}

const parts: Extract<Receiver, { channel: 'sftp' }>['parts'] = ['pdf', 'csv', 'json'];
const names = parts.map((part) => `13-1380-2027-02-r1-13000001.${part}`);

// ---------------------------------------------------------------- SFTP

describe('a specification over SFTP', () => {
  let at: SimulatedSftp | undefined;
  afterEach(async () => {
    await at?.close();
    at = undefined;
  });

  async function care(more: object = {}): Promise<{ server: SimulatedSftp; receiver: Receiver }> {
    const server = await simulatedSftp({ user: 'region', letsIn: { password: userTokens.SFTP } });
    at = server;
    const receiver: Receiver = {
      id: 'care',
      takes: 'specification',
      channel: 'sftp',
      mode: 'live',
      host: server.host,
      port: server.port,
      user: 'region',
      passwordEnv: 'SFTP',
      hostKey: [server.hostKey()],
      folder: 'in',
      timeout: 5000,
      ownNetwork: true,
      recognisesRepeats: true,
      parts,
      ...more,
    };
    return { server, receiver };
  }

  test('is three files named by the invoice, the JSON last, and once', async () => {
    const { server, receiver } = await care();
    const months = await specified(receiver);
    await months.rest();
    await months.rest();
    expect(server.received.map(({ name }) => name)).toEqual(names);
    expect(
      server.files
        .get(names[0] ?? '')
        ?.subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    const { deliveryId } = await delivery(months);
    expect(JSON.parse(server.received[2]?.body ?? '')).toMatchObject({
      data: { deliveryId, invoice: { number: '13000001' }, lines: [{ days: 2 }, { days: 3 }] },
    });
    expect((await months.standing()).invoices[0]?.state).toBe('delivered');
  });

  test('is the files that were agreed on', async () => {
    const { server, receiver } = await care({ parts: ['pdf'] });
    const months = await specified(receiver);
    await months.rest();
    expect([...server.files.keys()]).toEqual([names[0]]);
  });

  test.each<[SftpBehaviour, string]>([
    ['no-login', 'does not let us in'],
    ['read-only', 'permission denied'],
    ['no-folder', 'no such folder'],
  ])('that the server refuses (%s) is refused, and a person is told', async (fault, why) => {
    const { server, receiver } = await care();
    server.setBehaviour(fault);
    const months = await specified(receiver);
    await months.rest();
    expect(await delivery(months)).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining(why),
    });
    expect((await months.standing()).invoices[0]?.state).toBe('not-delivered');
    expect(server.files.size).toBe(0);
  });

  test.each<[SftpBehaviour, string]>([
    ['full', ''],
    ['locked', '.json'],
    ['cut-renamed', '.json'],
  ])('comes whole when the server can again (%s), the same files once each', async (fault, of) => {
    const { server, receiver } = await care();
    server.setBehaviour(fault, of);
    const months = await specified(receiver);
    await months.rest();
    expect((await delivery(months)).state).toBe('pending');
    expect((await months.standing()).invoices[0]?.state).toBe('issued');
    server.setBehaviour('accept');
    await months.passUntil('2027-03-25T11:02:00.000Z');
    expect((await delivery(months)).state).toBe('delivered');
    expect([...server.files.keys()].toSorted()).toEqual(names.toSorted());
    // The receiver knows a file by its name, and none came with other content.
    const contents = new Map(server.received.map(({ name, body }) => [name, body]));
    for (const { name, body } of server.received) expect(body).toBe(contents.get(name));
  });

  test('is not sent to another host key, and goes when the key is agreed on', async () => {
    const { server, receiver } = await care();
    const shown = server.changeHostKey();
    const months = await specified(receiver);
    await months.rest();
    expect(await delivery(months)).toMatchObject({
      state: 'pending',
      detail: expect.stringContaining(shown),
    });
    expect(server.files.size).toBe(0);
    const receivers = months.config.billing.receivers.map((one) =>
      one.channel === 'sftp' ? { ...one, hostKey: [shown] } : one,
    );
    months.config = { ...months.config, billing: { ...months.config.billing, receivers } };
    await months.passUntil('2027-03-25T11:02:00.000Z');
    expect((await delivery(months)).state).toBe('delivered');
  });

  test('an invoice goes there as it is', async () => {
    const { server, receiver } = await care({ takes: 'invoice' });
    const months = await specified(receiver);
    await months.rest();
    expect(server.received).toEqual([
      { name: '13000001.xml', body: expect.stringContaining('<cbc:ID>13000001</cbc:ID>') },
    ]);
  });
});

// ---------------------------------------------------------------- SDK

const sdkParty = { organisation: '0203:region.example.se', functionAddress: 'sdk.region' };
const out = temporaryFolder('access-point');
afterAll(out.remove);
const sdk = sdkSettings.parse({
  from: sdkParty,
  accessPoint: { folder: out.path },
  receipts: { tokenEnv: 'RECEIPTS' },
});

describe('a specification by SDK', () => {
  const receiver: Receiver = {
    id: 'care',
    takes: 'specification',
    channel: 'sdk',
    mode: 'live',
    to: { organisation: '0203:kommun.example.se', functionAddress: 'sdk.omsorg' },
    confidential: true,
    parts,
  };

  /** Handed to the access point. */
  async function handedOver(): Promise<{ months: BilledMonths; id: string; envelope: string }> {
    const months = await specified(receiver);
    await months.rest();
    const { deliveryId, state } = await delivery(months);
    expect(state).toBe('awaited');
    const envelope = readFileSync(join(out.path, `${deliveryId}.xml`), 'utf8');
    return { months, id: deliveryId, envelope };
  }

  async function take(months: BilledMonths, words: Parameters<typeof receiptXml>[0]) {
    const read = readSdkReceipt(Buffer.from(receiptXml(words)));
    if (read.kind !== 'receipt') throw new Error('it says something');
    const taken = await takeReceipts(months)(read.receipt);
    await months.rest();
    return taken;
  }

  test('is one message by every rule, named by its delivery, and delivered when its receipt came', async () => {
    const { months, id, envelope } = await handedOver();
    expect(checkSdk(envelope)).toEqual([]);
    expect(envelope).toContain(`<sdk:messageId>${id}</sdk:messageId>`);
    expect(envelope.match(/<sdk:fileName>[^<]+/g)).toEqual(
      names.map((name) => `<sdk:fileName>${name}`),
    );
    expect((await months.standing()).invoices[0]?.state).toBe('issued');
    expect(await take(months, { id })).toBe('taken');
    expect(await take(months, { id })).toBe('known');
    expect(await delivery(months)).toMatchObject({ state: 'delivered', attempts: 1 });
    expect((await months.standing()).invoices[0]?.state).toBe('delivered');
  });

  test('that the receiver refuses is not delivered, and says why', async () => {
    const { months, id } = await handedOver();
    const lines = [['BV', 'not-supported']] as const;
    expect(await take(months, { id, code: 'REJECTED', lines })).toBe('taken');
    expect(await delivery(months)).toMatchObject({
      state: 'refused',
      detail: 'REJECTED BV not-supported',
    });
    expect((await months.standing()).invoices[0]?.state).toBe('not-delivered');
  });

  test('whose receipt does not come in time is for a person to find out, and a late one still ends it', async () => {
    const { months, id } = await handedOver();
    await months.passUntil('2027-03-26T12:00:00.000Z');
    expect((await delivery(months)).state).toBe('unresolved');
    expect(await take(months, { id })).toBe('taken');
    expect((await delivery(months)).state).toBe('delivered');
  });
});

// ---------------------------------------------------------------- POST

describe('a posted specification', () => {
  interface Received {
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  }

  async function posted(more: object): Promise<{ months: BilledMonths; received: Received[] }> {
    const received: Received[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(received.length === 1 ? 503 : 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const months = await specified({
      id: 'care',
      takes: 'specification',
      channel: 'http',
      mode: 'live',
      url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/care`,
      timeout: 5000,
      ownNetwork: true,
      recognisesRepeats: true,
      ...more,
    });
    await months.rest();
    await months.passUntil('2027-03-25T11:02:00.000Z');
    return { months, received };
  }

  test('is signed as a webhook is, under an id that a repeat has too', async () => {
    const { months, received } = await posted({ secretEnv: ['SIGNING'] });
    const isOurs = verifierOf([userTokens.SIGNING]);
    const { deliveryId, state } = await delivery(months);
    expect(state).toBe('delivered');
    expect(received).toHaveLength(2);
    for (const { headers, body } of received) {
      const signed = {
        'webhook-id': String(headers['webhook-id']),
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      };
      expect(isOurs(signed, body)).toBe(true);
      expect(isOurs(signed, Buffer.concat([body, Buffer.from(' ')]))).toBe(false);
      expect([signed['webhook-id'], headers['idempotency-key']]).toEqual([deliveryId, deliveryId]);
      expect(JSON.parse(body.toString('utf8'))).toMatchObject({ data: { deliveryId } });
    }
  });

  test('without a secret has none of it', async () => {
    const { received } = await posted({ tokenEnv: 'RECORDS' });
    expect(Object.keys(received[0]?.headers ?? {})).not.toContain('webhook-signature');
    expect(received[0]?.headers.authorization).toBe(`Bearer ${userTokens.RECORDS}`);
  });
});
