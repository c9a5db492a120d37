/**
 * Starts, joins and stops all parts. It knows all of them and is known by none.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { createHl7v2Server } from '../adapters/inbound/hl7v2/server.ts';
import { receiptsInbound } from '../adapters/inbound/receipts/index.ts';
import { receiptsRouter } from '../adapters/inbound/receipts/server.ts';
import { billingFiles } from '../adapters/outbound/billing/specification.ts';
import { fileNotices } from '../adapters/outbound/notices/file.ts';
import { webhookNotices } from '../adapters/outbound/notices/webhook.ts';
import { loadMappings, type Mappings } from '../mappings/index.ts';
import { loadMunicipalWords, type MunicipalWords } from '../mappings/municipal.ts';
import { loadProfiles } from '../profiles/index.ts';
import { createAdvance } from './advance.ts';
import { createDispatch, type Receiver, type Routes } from './dispatch.ts';
import { assert, GatewayError } from './errors.ts';
import { createReceive, retranslateParked, type ReceiveParts } from './receive.ts';
import type { Bus, OnTrouble } from './runtime/bus/bus.ts';
import { embeddedBus } from './runtime/bus/embedded.ts';
import { rabbitMqBus } from './runtime/bus/rabbitmq.ts';
import { systemClock, type Clock } from './runtime/clock.ts';
import { dataFolder, secretOf, type Config, type ReceiverConfig } from './runtime/config.ts';
import { newId } from './runtime/ids.ts';
import { openEmbeddedJournal } from './runtime/journal/embedded.ts';
import type { Journal, JournalStatus } from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';
import { startRelay } from './runtime/relay.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  /** The machine's clock unless it is set by hand. */
  readonly clock?: Clock;
  readonly env?: NodeJS.ProcessEnv;
  /** Opens the journal in a folder; the embedded form unless given. */
  readonly openJournal?: (folder: string) => Promise<Journal>;
}

export interface Gateway {
  readonly mllp: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  readonly journal: Journal;
  readonly bus: Bus;
  /** Where the token of a partner without `tokenEnv` lies. */
  readonly tokenFiles: ReadonlyMap<string, string>;
  /** Parked messages that the tables could translate at this start. */
  readonly freed: number;
  status(): Promise<JournalStatus>;
  /** Nothing is in flight and nothing is due: under a hand-set clock, time may move. */
  isQuiet(): Promise<boolean>;
  /** Looks at once for what is due: legal time was set by hand. */
  wake(): void;
  /** Drains: stops accepting, finishes what is in hand, closes. */
  stop(): Promise<void>;
}

/** Attempts of one event before it is a dead letter, and the waits between them. */
const attemptLimit = 6;
const advanceRetryDelaysMs = [200, 1000, 5000, 15_000, 60_000];
/** A handled lane costs little memory; this many at once keep the journal's writer busy. */
const advanceLanes = 32;

/**
 * Starts a gateway; resolves when it listens.
 * @throws GatewayError configuration-invalid with the next step, before anything has started
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const clock = options.clock ?? systemClock;
  const env = options.env ?? process.env;
  const folder = dataFolder(config);
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const mappings = loadMappings({ overlays: config.mappings });
  const profiles = loadProfiles({ overlays: config.profiles });
  const words = loadMunicipalWords(config.mappings);
  const receivers = config.receivers.map((receiver) => receiverOf(receiver, config, words, env));
  const partners = partnersOf(config, env);

  const onTrouble: OnTrouble = (error, about) => {
    log.error({ err: error, ...about }, about.deadLetter ? 'dead letter' : 'an event waits');
  };
  const journal = await (options.openJournal?.(folder) ?? openEmbeddedJournal({ folder }));
  const bus =
    config.bus.form === 'rabbitmq'
      ? rabbitMqBus(journal, clock, { url: config.bus.url, prefix: config.bus.prefix, onTrouble })
      : embeddedBus(journal, clock, { onTrouble });
  const stopping = new AbortController();
  const routes = routesOf(config, receivers, billingReceiver(config));
  await bus.consume('advance', createAdvance({ journal, profiles, clock }), {
    lanes: advanceLanes,
    attemptLimit,
    retryDelaysMs: advanceRetryDelaysMs,
  });
  await bus.consume(
    'dispatch',
    createDispatch({
      journal,
      routes,
      clock,
      log,
      retryDelaysMs: config.dispatch.retries,
      signal: stopping.signal,
    }),
    { lanes: config.dispatch.lanes, attemptLimit, retryDelaysMs: advanceRetryDelaysMs },
  );
  const relay = startRelay({
    journal,
    bus,
    clock,
    deadlineGraceMs: config.deadlines.grace,
    onTrouble,
  });

  const parts: ReceiveParts = { journal, clock, log, newId };
  const hl7v2 = hl7v2Inbound(sendersOf(config, mappings));
  const freed = await retranslateParked(hl7v2, parts);
  const mllpServer = createHl7v2Server({
    receive: createReceive(hl7v2, parts),
    host: config.mllp.host,
    port: config.mllp.port,
    maxFrameBytes: config.mllp.maxFrameBytes,
    idleMs: config.mllp.idle,
    maxConnections: config.mllp.maxConnections,
    ...(config.mllp.tls && { tls: tlsOf(config.mllp.tls) }),
    refuseOversize: (head) =>
      hl7v2.acknowledge(
        undefined,
        head,
        { accepted: false, error: tooLarge(config) },
        {
          answerId: newId(),
          now: clock.now(),
        },
      ),
    onEvent: (name, detail) => log.debug({ ...detail }, `mllp ${name}`),
  });
  const httpServer = createServer(httpApp(config, journal, partners, parts));
  const http = await listen(httpServer, config.http);
  const mllp = await mllpServer.listen();

  return {
    mllp,
    http,
    journal,
    bus,
    freed,
    tokenFiles: partners.tokenFiles,
    status: () => journal.status(),
    async isQuiet() {
      if (journal.pending() + bus.inHand() + mllpServer.inHand() > 0) return false;
      const due = await journal.nextDue();
      if (due !== undefined && due <= clock.now()) return false;
      const nowMs = clock.nowMs();
      const work = await Promise.all([
        journal.outbox.hasWork('advance', nowMs),
        journal.outbox.hasWork('dispatch', nowMs),
      ]);
      return !work.includes(true) && journal.pending() + bus.inHand() === 0;
    },
    wake() {
      void relay.tick();
      bus.wake();
    },
    async stop() {
      await mllpServer.close();
      await closeHttp(httpServer);
      await relay.close();
      await bus.stop();
      stopping.abort();
      await bus.close();
      for (const receiver of receivers) await receiver.close?.();
      await journal.close();
    },
  };
}

// ---------------------------------------------------------------- HTTP

function httpApp(
  config: Config,
  journal: Journal,
  partners: Partners,
  parts: ReceiveParts,
): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health', async (_request, response) => {
    try {
      const status = await journal.status();
      response.json({ status: 'ok', journal: journal.durability, outbox: status.outbox });
    } catch {
      response.status(503).json({ status: 'unavailable', journal: journal.form });
    }
  });
  const receives = new Map(
    partners.list.map((partner) => [partner.id, createReceive(receiptsInbound(partner), parts)]),
  );
  app.use(
    receiptsRouter({
      partners: partners.list,
      receive: async (raw, partner) => await receives.get(partner.id)?.(raw),
      mayAnswer: async (receivers, caseReference) => {
        for (const receiver of receivers) {
          if (await journal.deliveries.hasBeenSent(receiver, caseReference)) return true;
        }
        return false;
      },
      maxBodyBytes: config.http.maxBodyBytes,
      requestsPerMinute: config.http.requestsPerMinute,
    }),
  );
  return app;
}

async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  return { host, port: address.port };
}

/** How long a request in hand may take before its connection is cut. */
const httpDrainMs = 5000;

/** Answers what is in hand; a kept connection ends with its answer, or it would carry the next request. */
async function closeHttp(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('Connection', 'close');
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), httpDrainMs);
  await closed;
  clearTimeout(timer);
}

// ---------------------------------------------------------------- from configuration to parts

/** The mappings of the senders that are configured; another one is an unknown sender. */
function sendersOf(config: Config, mappings: Mappings): Mappings {
  const known = new Map(mappings.senders.map((sender) => [sender.id, sender]));
  const senders = config.senders.map(({ id }) => {
    const sender = known.get(id);
    if (sender) return sender;
    throw new GatewayError(
      'configuration-invalid',
      `senders: ${id} has no overlay in mappings/senders; there are ${[...known.keys()].join(', ')}`,
    );
  });
  return { ...mappings, senders };
}

type OpenReceiver = Receiver & { readonly config: ReceiverConfig; close?(): Promise<void> };

function receiverOf(
  receiver: ReceiverConfig,
  config: Config,
  words: MunicipalWords,
  env: NodeJS.ProcessEnv,
): OpenReceiver {
  const isLive = liveFrom(receiver);
  if (receiver.channel === 'file') {
    const folder = receiver.folder ?? join(dataFolder(config), 'notices', receiver.id);
    const proof = receiver.proofReference === undefined ? 'none' : 'receiver-answer';
    const outbound = fileNotices({ folder, words, proof });
    return { id: receiver.id, config: receiver, outbound, isLive };
  }
  const outbound = webhookNotices({
    url: receiver.url,
    secrets: receiver.secretEnv.map((name) => secretOf(name, env)),
    timeoutMs: receiver.timeout,
    idempotent: receiver.recognisesRepeats,
    words,
    allowPrivate: receiver.ownNetwork,
    nowSeconds: () => Math.floor(systemClock.nowMs() / 1000),
  });
  return { id: receiver.id, config: receiver, outbound, isLive, close: () => outbound.close() };
}

function billingReceiver(config: Config): Receiver {
  const folder = config.billing.folder ?? join(dataFolder(config), 'billing');
  return { id: 'billing', outbound: billingFiles({ folder }), isLive: liveFrom(config.billing) };
}

function liveFrom(setting: {
  readonly mode: 'live' | 'shadow';
  readonly liveFrom?: string | undefined;
}): (now: string) => boolean {
  return (now) => setting.mode === 'live' && (setting.liveFrom ?? '') <= now;
}

/** The first receiver whose place fits: the order of the file decides. */
function routesOf(config: Config, receivers: readonly OpenReceiver[], billing: Receiver): Routes {
  const byId = new Map<string, Receiver>([[billing.id, billing]]);
  for (const receiver of receivers) byId.set(receiver.id, receiver);
  const senders = new Map(config.senders.map((sender) => [sender.id, liveFrom(sender)]));
  return {
    byId: (id) => byId.get(id),
    ofBilling: () => billing,
    isSenderLive: (sender, now) => senders.get(sender)?.(now) ?? true,
    ofNotice: ({ role, municipality, county }) =>
      role !== 'region-outpatient' && municipality === undefined
        ? undefined
        : receivers.find(
            ({ config: { roles, municipalities, counties } }) =>
              (roles?.includes(role) ?? true) &&
              (municipalities === undefined ||
                (municipality !== undefined && municipalities.includes(municipality))) &&
              (counties === undefined || (county !== undefined && counties.includes(county))),
          ),
  };
}

interface Partner {
  readonly id: string;
  readonly kind: 'municipality' | 'primary-care';
  readonly tokenSha256: Buffer;
  readonly receivers: readonly string[];
  readonly municipality?: string;
}
interface Partners {
  readonly list: readonly Partner[];
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/** Without configured partners there are two, one of each kind, with tokens made at the first start. */
function partnersOf(config: Config, env: NodeJS.ProcessEnv): Partners {
  const receivers = config.receivers.map((receiver) => receiver.id);
  const configured: Config['partners'] =
    config.partners.length > 0
      ? config.partners
      : [
          { id: 'municipality', kind: 'municipality', receivers },
          { id: 'primary-care', kind: 'primary-care', receivers },
        ];
  const tokenFiles = new Map<string, string>();
  const list = configured.map((partner): Partner => {
    const token =
      partner.tokenEnv === undefined
        ? tokenFromFile(config, partner.id, tokenFiles)
        : secretOf(partner.tokenEnv, env);
    return {
      id: partner.id,
      kind: partner.kind,
      receivers: partner.receivers,
      ...(partner.municipality !== undefined && { municipality: partner.municipality }),
      tokenSha256: createHash('sha256').update(token).digest(),
    };
  });
  return { list, tokenFiles };
}

function tokenFromFile(config: Config, partner: string, files: Map<string, string>): string {
  const folder = join(dataFolder(config), 'tokens');
  const file = join(folder, partner);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  }
  files.set(partner, file);
  return readFileSync(file, 'utf8').trim();
}

function tooLarge(config: Config): GatewayError {
  const text = `message larger than ${config.mllp.maxFrameBytes} bytes`;
  return new GatewayError('malformed-message', text, { standardCode: '207' });
}

function tlsOf(tls: NonNullable<Config['mllp']['tls']>): {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
  requestCert: boolean;
} {
  return {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    requestCert: tls.requestClientCertificate,
  };
}
