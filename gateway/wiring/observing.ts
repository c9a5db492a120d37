/**
 * What is seen of the gateway from outside: whether it lives, whether it is ready and why not, its metrics. It is there
 * before anything else and goes last, so that a start that waits and a stop that drains can be seen.
 */
import { createServer } from 'node:http';
import express, { type RequestHandler, type Router } from 'express';
import { observeBus } from '../observing/bus.ts';
import { healthOf, type Health } from '../observing/health.ts';
import { observeJournal } from '../observing/journal.ts';
import { readinessFigures } from '../observing/instance-figures.ts';
import { metricsOf, type Metrics } from '../observing/metrics.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import { observe, type Observed } from '../runtime/observed.ts';
import { figuresOf, type FigureParts } from './figures.ts';
import {
  busCondition,
  journalCondition,
  leaseCondition,
  type Phase,
  phaseCondition,
} from './conditions.ts';
import type { Digests } from './digests.ts';
import { addressTaken } from './http.ts';

export interface Observing {
  readonly observed: Observed;
  readonly health: Health;
  /** For the HTTP listener: the health paths, and `/metrics` for this machine where it has no listener of its own. */
  readonly router: Router;
  /** Where metrics and health are served on their own. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** The journal as the parts use it. */
  journal(journal: Journal): Journal;
  /** The bus as the parts use it. */
  bus<B extends Bus>(bus: B): B;
  /** Adds what this instance and its journal have to tell. */
  watch(parts: Omit<FigureParts, 'clock'>): void;
  /** Everything listens. */
  started(): void;
  /** Ready is said no longer; resolves when whoever asks has had time to hear it. */
  announceStop(): Promise<void>;
  close(): Promise<void>;
}

/** @throws GatewayError configuration-invalid when the address cannot be had */
export async function openObserving(config: Config, clock: Clock): Promise<Observing> {
  const observed = observe({
    sender: new Set([...config.senders, ...config.partners].map(({ id }) => id)),
    receiver: new Set([
      ...[...config.receivers, ...config.billing.receivers].map(({ id }) => id),
      'billing',
    ]),
  });
  const health = healthOf(clock);
  const sources = [async () => readinessFigures(await health.ready())];
  const metrics = metricsOf(observed, async () =>
    (await Promise.allSettled(sources.map((source) => source()))).flatMap((read) =>
      read.status === 'fulfilled' ? read.value : [],
    ),
  );
  let phase: Phase = 'starting';
  health.watch(phaseCondition(() => phase));
  let inForce: (() => Digests) | undefined;

  const { serve, host, port } = config.metrics;
  const router = healthRouter(health, () => inForce?.());
  const page = metricsPage(metrics);
  if (serve && port === undefined) router.get('/metrics', ofThisMachine, page);
  const separate = healthRouter(health, () => inForce?.());
  if (serve) separate.get('/metrics', page);
  const own = port === undefined ? undefined : await listen(separate, host, port);
  return {
    observed,
    health,
    router,
    address: own?.address,
    journal(journal) {
      const told = observeJournal(journal, observed, clock);
      health.watch(journalCondition(told.journal, told.writes));
      return told.journal;
    },
    bus(bus) {
      const told = observeBus(bus, observed, clock);
      health.watch(busCondition(bus, told.publishing));
      return told.bus;
    },
    watch(parts) {
      inForce = parts.inForce;
      health.watch(leaseCondition(parts));
      sources.push(figuresOf({ ...parts, clock }));
    },
    started() {
      phase = 'ready';
    },
    async announceStop() {
      phase = 'stopping';
      const { notice } = config.stop;
      if (notice > 0) await new Promise((resolve) => setTimeout(resolve, notice));
    },
    close: async () => own?.close(),
  };
}

/** @param inForce what it goes by, where it has come so far that it goes by something */
function healthRouter(health: Health, inForce: () => Digests | undefined): Router {
  const router = express.Router();
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'live' });
  });
  router.get('/health/ready', async (_request, response) => {
    const { ready, reasons } = await health.ready();
    response.status(ready ? 200 : 503).set('Cache-Control', 'no-store');
    response.json({ status: ready ? 'ready' : 'unready', reasons, inForce: inForce() });
  });
  return router;
}

function metricsPage(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    const text = await metrics.text();
    response.set('Cache-Control', 'no-store').type(metrics.contentType).send(text);
  };
}

/** A proxy on this machine speaks for others: what it forwards is not of this machine. */
const ofThisMachine: RequestHandler = ({ socket, headers }, _response, next) => {
  const isForwarded = headers.forwarded ?? headers['x-forwarded-for'];
  const isOurs = /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
  next(isForwarded === undefined && isOurs ? undefined : 'router');
};

interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

async function listen(router: Router, host: string, port: number): Promise<Listener> {
  const app = express();
  app.disable('x-powered-by');
  app.use(router);
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((thrown: unknown) => {
    throw addressTaken('metrics', host, port, thrown);
  });
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return {
    address: { host, port: actual },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
