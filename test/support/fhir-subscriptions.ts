/**
 * Subscriptions over real HTTP and a real journal, at the simulated source. Only what a resource means is a stand-in: it
 * is kept and gives no facts.
 */
import { createServer, type Server } from 'node:http';
import express from 'express';
import type { Encounter } from 'fhir/r4.js';
import { v7 } from 'uuid';
import type { Inbound } from '../../adapters/adapter.ts';
import type { Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import type { Identify } from '../../adapters/inbound/fhir/security/identity.ts';
import { writesOf } from '../../adapters/inbound/fhir/meaning/translate.ts';
import {
  sourceBy,
  openSubscriptions,
  subscriptionRouter,
  type SubscriptionPace,
  type SubscriptionReport,
  type Subscriptions,
  type SubscriptionWish,
} from '../../adapters/inbound/fhir/subscriptions/index.ts';
import {
  simulatedFhirSource,
  type SimulatedFhirSource,
  type SubscriptionBehaviour,
} from '../../adapters/simulated/fhir-source/source.ts';
import { openFhirClient } from '../../adapters/wire/fhir-client.ts';
import { createReceive } from '../../gateway/receive.ts';
import { systemClock } from '../../gateway/runtime/clock.ts';
import {
  openEmbeddedJournal,
  type CountedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import { createLog } from '../../gateway/runtime/log.ts';
import { loadMappings } from '../../mappings/index.ts';
import { temporaryFolder } from './folder.ts';

export const secret = 'the-secret-of-this-subscription';
export const topic = 'http://ekliden.example/SubscriptionTopic/stays';

/** Quick, so that nothing has to be waited for. */
const pace: SubscriptionPace = {
  gapWaitMs: 20,
  overlapMs: 1000,
  firstCheckMs: 10,
  checkEveryMs: 60_000,
  retryMs: 10,
  longestRetryMs: 50,
};

export interface Happened {
  readonly event: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly source: SimulatedFhirSource;
  readonly folder: string;
  /** Where the source reaches us. */
  readonly endpoint: string;
  readonly happened: readonly Happened[];
  journal(): CountedJournal;
  subscriptions(): Subscriptions;
  report(): SubscriptionReport;
  /** Ids and versions of the Encounters that are stored, in order of id. */
  encounters(): Promise<string[]>;
  accepted(): Promise<number>;
  /** Until it is so; fails with `what` after some seconds. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>;
  /** Until the source calls it active and nothing is left to be done. */
  settled(): Promise<void>;
  /** Stops the subscriptions and the journal; the endpoint answers 503. */
  stop(): Promise<void>;
  /** What comes to the endpoint is for another process. @param to where it listens */
  forwardTo(to: string): void;
  /** Starts them again in the same folder. */
  start(change?: Partial<SubscriptionWish> | 'none'): Promise<void>;
  /** Sends what a source would. */
  notify(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export interface WorldSettings {
  readonly wish?: Partial<SubscriptionWish>;
  readonly behaviour?: SubscriptionBehaviour;
  readonly pace?: Partial<SubscriptionPace>;
  readonly folder?: string;
  /** How long the source may take for an answer. */
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
  readonly requestsPerMinute?: number;
  readonly identify?: Identify;
  /** The subscriptions are not started. */
  readonly isWaiting?: boolean;
}

export function wishFor(
  endpoint: string,
  change: Partial<SubscriptionWish> = {},
): SubscriptionWish {
  return {
    name: 'stays',
    form: 'backport',
    topic,
    criteria: ['Encounter?class=IMP'],
    catchUp: ['Encounter'],
    payload: 'full-resource',
    endpoint,
    secrets: [secret],
    heartbeatMs: 60_000,
    renewEveryMs: 3_600_000,
    ...change,
  };
}

export async function startWorld(settings: WorldSettings = {}): Promise<World> {
  const own = settings.folder === undefined ? temporaryFolder('subscriptions') : undefined;
  const folder = settings.folder ?? own?.path ?? '';
  const source = await simulatedFhirSource({
    ...(settings.behaviour && { subscriptions: settings.behaviour }),
  });
  const happened: Happened[] = [];
  let router: express.Handler | undefined;
  const app = express();
  app.use((request, response, next) => {
    if (router === undefined) response.status(503).end();
    else router(request, response, next);
  });
  const server = createServer(app);
  const origin = await listen(server);
  const endpoint = `${origin}/fhir-notifications/stays`;
  let journal: CountedJournal | undefined;
  let running: Running | undefined;

  async function start(change: Partial<SubscriptionWish> | 'none' = {}): Promise<void> {
    journal = await openEmbeddedJournal({ folder });
    const wish = change === 'none' ? undefined : wishFor(endpoint, { ...settings.wish, ...change });
    running = await run(source.url, journal, wish, settings, (event, detail) => {
      happened.push({ event, detail });
    });
    router = subscriptionRouter({
      subscriptions: running.subscriptions.list,
      maxBodyBytes: settings.maxBodyBytes ?? 1_000_000,
      requestsPerMinute: settings.requestsPerMinute ?? 100_000,
      ...(settings.identify && { identify: settings.identify }),
    });
    running.subscriptions.begin();
  }
  async function stop(): Promise<void> {
    router = undefined;
    await running?.close();
    running = undefined;
    await journal?.close();
    journal = undefined;
  }
  const theJournal = (): CountedJournal => {
    if (journal === undefined) throw new Error('stopped');
    return journal;
  };
  const theSubscriptions = (): Subscriptions => {
    if (running === undefined) throw new Error('stopped');
    return running.subscriptions;
  };
  const report = (): SubscriptionReport => {
    const [first] = theSubscriptions().reports();
    if (first === undefined) throw new Error('no subscription');
    return first;
  };
  if (settings.isWaiting !== true) await start();
  return {
    source,
    folder,
    endpoint,
    happened,
    journal: theJournal,
    subscriptions: theSubscriptions,
    report,
    async encounters() {
      const stored = await theJournal().resources.page('ekliden', 'Encounter', '', 1000);
      return stored.map(({ id, body }) => {
        const { meta }: Encounter = JSON.parse(body);
        return `${id}@${meta?.versionId ?? '-'}`;
      });
    },
    accepted: async () => (await theJournal().status()).messages.accepted,
    until,
    async settled() {
      await until('it is active and has nothing to do', async () => {
        await source.subscriptions.settled();
        const { status, gap, toRead, askSince } = report();
        const isIdle = gap === undefined && toRead === 0 && askSince === undefined;
        return status === 'active' && isIdle && theSubscriptions().isQuiet();
      });
    },
    stop,
    start,
    forwardTo(to) {
      router = forwarded(to);
    },
    notify: (body, headers = {}) =>
      fetch(endpoint, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/fhir+json',
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async close() {
      await stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await source.close();
      own?.remove();
    },
  };
}

export interface Running {
  readonly subscriptions: Subscriptions;
  close(): Promise<void>;
}

/** The subscriptions of a gateway, without one. @param wish none where what stands is to be taken away */
export async function run(
  base: string,
  journal: CountedJournal,
  wish: SubscriptionWish | undefined,
  settings: Pick<WorldSettings, 'pace' | 'timeoutMs'>,
  onEvent: (event: string, detail: Readonly<Record<string, unknown>>) => void,
): Promise<Running> {
  const stopping = new AbortController();
  const machine = {
    elapsedMs: () => performance.now(),
    nowSeconds: () => Date.now() / 1000,
  };
  const client = openFhirClient({
    line: { url: base, setting: 'base', allowPrivate: true, maxAnswerBytes: 10_000_000 },
    timeoutMs: settings.timeoutMs ?? 2000,
    machine,
    signal: stopping.signal,
    patience: { attempts: 1, pauseMs: 1, patienceMs: 5000 },
  });
  const parts = {
    journal,
    clock: systemClock,
    log: createLog({ level: 'silent' }),
    newId: () => v7(),
  };
  const inbound: Inbound<Exchange> = {
    ...fhirInbound(loadMappings(), 'ekliden'),
    translate: (exchange) => ({
      facts: [],
      unmapped: [],
      warnings: [],
      resources: writesOf(exchange),
    }),
  };
  const taking = {
    sender: 'ekliden',
    store: journal.resources,
    receive: createReceive(inbound, parts),
    now: () => systemClock.now(),
    newId: parts.newId,
  };
  const source = sourceBy(client);
  const subscriptions = await openSubscriptions({
    wanted:
      wish === undefined
        ? []
        : [
            {
              wish,
              source,
              taking,
              cursors: journal.cursors,
              pace: { ...pace, ...settings.pace },
              nowMs: () => systemClock.nowMs(),
              elapsedMs: () => systemClock.elapsedMs(),
              onEvent,
            },
          ],
    cursors: journal.cursors,
    sourceAt: (sender, at) => (sender === 'ekliden' && at === source.base ? source : undefined),
    onEvent,
  });
  return {
    subscriptions,
    async close() {
      stopping.abort();
      await subscriptions.close();
      await client.close();
    },
  };
}

function forwarded(origin: string): express.Handler {
  return async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await fetch(`${origin}${request.originalUrl}`, {
      method: request.method,
      headers: {
        authorization: request.headers.authorization ?? '',
        'content-type': request.headers['content-type'] ?? '',
      },
      body: Buffer.concat(chunks),
    });
    response.status(answer.status).end();
  };
}

/** A stay as the source has it; its patient and its organization are at the source only. */
export function encounter(
  id: string,
  more: Omit<Partial<Encounter>, 'id'> = {},
): Encounter & { id: string } {
  return {
    resourceType: 'Encounter',
    id,
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    period: { start: '2022-03-07T08:00:00+01:00' },
    ...more,
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await isSo())) {
    if (performance.now() - start > 8000) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
