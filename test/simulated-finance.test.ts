/** A simulated finance system: what invoices, specifications and records are left as by what it does, and its dispute. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { describe, expect, onTestFinished, test } from 'vitest';
import { receiptsRouter } from '../adapters/inbound/receipts/server.ts';
import { wordsOf } from '../adapters/simulated/municipality/behaviour.ts';
import { obey } from '../adapters/simulated/municipality/commands.ts';
import { WholeMunicipality, type WholeSettings } from '../adapters/simulated/municipality/index.ts';
import { assert } from '../gateway/errors.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { DeliveryState } from '../gateway/runtime/journal/journal.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { takeDisputes } from '../gateway/wiring/told-disputes.ts';
import { BilledMonths, halland, line, streamOf } from './support/billed-months.ts';
import { temporaryFolder } from './support/folder.ts';

const afterInvoiceDay = '2027-03-25T11:00:00.000Z';

/** An invoice is due in 30 days. */
function agreed(folder: string): string {
  const path = join(folder, 'profiles', 'regions', 'halland');
  mkdirSync(path, { recursive: true });
  writeFileSync(
    join(path, 'agreement.yaml'),
    `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]
parameters:
  settlement.dueDays: { values: { 2027-01-01: { value: 30, reference: Brev 1 } } }
`,
  );
  return join(folder, 'profiles');
}

interface Scene {
  readonly municipality: WholeMunicipality;
  readonly months: BilledMonths;
  /** The month is recorded, approved and sent. */
  issue(): Promise<void>;
  /** Of each document that goes to it, by what it is. */
  states(): Promise<Readonly<Record<string, DeliveryState>>>;
}

/** The gateway's billing, told of the finance system by what that prints. */
async function sceneOf(
  recognisesRepeats = true,
  more: Partial<WholeSettings> = {},
): Promise<Scene> {
  const folder = temporaryFolder('simulated-finance');
  onTestFinished(() => folder.remove());
  const municipality = await WholeMunicipality.start({
    channels: ['billing'],
    host: '127.0.0.1',
    ports: {},
    folder: folder.path,
    isTls: false,
    given: () => undefined,
    gatewayUrl: 'http://127.0.0.1:9',
    answers: 'none',
    answerAfterMs: 0,
    disputes: false,
    now: () => afterInvoiceDay,
    onReceived: () => undefined,
    onRemark: () => undefined,
    ...more,
  });
  onTestFinished(() => municipality.close());
  const file = join(folder.path, 'hemgang.yaml');
  writeFileSync(file, municipality.settings.yaml);
  const { billing } = loadConfig({ env: {}, file }).config;
  const [, token = ''] = /BILLING_TOKEN='([^']+)'/.exec(municipality.settings.environment) ?? [];
  const journal = await openEmbeddedJournal({ folder: folder.path });
  onTestFinished(() => journal.close());
  const months = new BilledMonths({
    journal,
    folder: folder.path,
    now: afterInvoiceDay,
    overlays: [agreed(folder.path)],
    env: { BILLING_TOKEN: token },
    billing: {
      receivers: billing.receivers.map((one) =>
        one.channel === 'http' ? { ...one, timeout: 1000, recognisesRepeats } : one,
      ),
    },
  });
  return {
    municipality,
    months,
    async issue() {
      await months.record(halland, [line('c1', 2), line('c2', 3)]);
      await months.approve(halland);
      await months.rest();
    },
    async states() {
      const rows = await journal.deliveries.ofLane(streamOf(halland));
      return Object.fromEntries(
        rows
          .filter(({ receiver }) => receiver?.startsWith('simulated-'))
          .map(({ receiver, state }) => [receiver?.replace('simulated-', ''), state]),
      );
    },
  };
}

test('gets an invoice, its specification and the record by what it printed, each once', async () => {
  const { municipality, months, issue, states } = await sceneOf();
  await issue();
  await months.rest();
  const all = { records: 'delivered', specifications: 'delivered', invoices: 'delivered' };
  expect(await states()).toEqual(all);
  expect(municipality.received.all()).toMatchObject([
    { action: 'record APPROVED', reference: '13-1380-2027-02-r1', signature: 'right' },
    { action: 'billing.issued', reference: '13-1380-2027-02-r1' },
    { action: 'invoice', reference: '13000001', isTaken: true, isDuplicate: false },
  ]);
});

const rows: readonly (readonly [word: string, state: DeliveryState, otherwise?: DeliveryState])[] =
  [
    ['accept', 'delivered'],
    ['refuse', 'refused'],
    ['busy', 'pending'],
    ['gone', 'refused'],
    ['redirect', 'refused'],
    ['wrong-signature', 'refused'],
    ['hang', 'pending', 'unresolved'],
    ['vanish', 'pending', 'unresolved'],
    ['half', 'pending', 'unresolved'],
    ['html', 'pending', 'unresolved'],
    ['late:20ms', 'delivered'],
    ['late:5s', 'pending', 'unresolved'],
    ['502', 'pending', 'unresolved'],
  ];

test('every word that it follows is tried here', () => {
  const tried = new Set<string>(rows.map(([word]) => word));
  expect(wordsOf.billing.filter((word) => !tried.has(word))).toEqual([]);
});

describe.each([
  ['recognises repeats', true],
  ['recognises no repeats', false],
] as const)('a finance system that %s', (_name, recognises) => {
  // Where repeats are not recognised only what may have arrived ends otherwise.
  const cases = rows
    .filter(([, , otherwise]) => recognises || otherwise !== undefined)
    .map(([word, state, otherwise = state]) => [word, recognises ? state : otherwise] as const);
  test.each(cases)('and does %s leaves each document %s', async (word, left) => {
    const { municipality, issue, states } = await sceneOf(recognises);
    await municipality.behave('billing', word);
    await issue();
    expect(await states()).toEqual({ records: left, specifications: left, invoices: left });
  });
});

describe('a dispute', () => {
  /** The gateway's endpoint for answers, on the months of the scene. */
  async function disputed(line_: string, more: Partial<WholeSettings> = {}) {
    const app = express();
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
    const gatewayUrl = `http://127.0.0.1:${address.port}`;
    const { municipality, months, issue } = await sceneOf(true, { gatewayUrl, ...more });
    const [, token = ''] = /PARTNER_TOKEN='([^']+)'/.exec(municipality.settings.environment) ?? [];
    const log = createLog({ level: 'error', json: true, destination: { write: () => undefined } });
    const parts = { journal: months.journal, clock: months.clock, log, newId: () => randomUUID() };
    app.use(
      receiptsRouter({
        partners: () => [
          {
            id: 'simulated-municipality',
            kind: 'municipality',
            municipality: '1380',
            receivers: ['file-drop'],
            tokenSha256: createHash('sha256').update(token).digest(),
          },
        ],
        receive: () => Promise.reject(new Error('no receipt of a case comes here')),
        dispute: takeDisputes(parts, () => months.profiles),
        mayAnswer: async () => false,
        maxBodyBytes: 100_000,
        requestsPerMinute: 1000,
      }),
    );
    await issue();
    const number = municipality.received.all().find(({ action }) => action === 'invoice')?.number;
    const answer = line_ === '' ? [] : await obey(municipality, line_.replace('N', String(number)));
    const told = async () =>
      (await months.journal.eventsAfter(0, 1000))
        .map(({ event }) => event)
        .filter((event) => event.type === 'billing.disputed')
        .map(({ data }) => data);
    return { answer, told };
  }

  test.each([
    ['dispute N', { cause: 'amount' }],
    ['dispute N days 2', { cause: 'days', lines: [2] }],
    ['dispute N other', { cause: 'other' }],
  ])('by the line %s is taken, and is of the invoice that came', async (line_, data) => {
    const { answer, told } = await disputed(line_);
    expect(answer).toEqual(['HTTP 202']);
    expect(await told()).toMatchObject([{ number: '13000001', ...data }]);
  });

  test('by itself is of every invoice, where it is started so', async () => {
    const { told } = await disputed('', { disputes: true });
    await expect.poll(told, { timeout: 10_000 }).toHaveLength(1);
  });

  test('of a cause there is not is answered with those there are', async () => {
    const { answer, told } = await disputed('dispute N weather');
    expect(answer).toEqual([expect.stringContaining('there are not-our-resident, days, amount')]);
    expect(await told()).toEqual([]);
  });
});
