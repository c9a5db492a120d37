/** The HTTP side: health and metrics, the receipts of partners, and FHIR. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { hostname } from 'node:os';
import express, { type Router } from 'express';
import { receiptsInbound } from '../../adapters/inbound/receipts/index.ts';
import { receiptsRouter } from '../../adapters/inbound/receipts/server.ts';
import type { Profiles } from '../../profiles/index.ts';
import { assert, GatewayError } from '../errors.ts';
import { createReceive, type ReceiveParts } from '../receive.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import { traceparentIn } from '../runtime/trace.ts';
import type { Partners } from './partners.ts';
import { takeDisputes } from './told-disputes.ts';
import { httpTls } from './tls.ts';

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Of the server alone: `https://127.0.0.1:8080`. */
  readonly url: string;
  /** Answers what is in hand, then ends every connection. */
  close(): Promise<void>;
}

/** How long a request in hand may take before its connection is cut. */
const drainMs = 5000;
const idleLookMs = 50;

/** What an instance that receives serves beside /health. */
export interface Routes {
  /** Those in force. */
  readonly partners: () => Partners;
  /** Those in force: who takes up a dispute is the agreement's to say. */
  readonly profiles: () => Profiles;
  /** What is served at `/fhir`, which lies at this address. */
  readonly fhirAt: (url: string) => Router;
  /** What is served at `/fhir-notifications`. */
  readonly notifications: Router;
  /** What is served at `/sdk-receipts`; absent where no access point brings receipts. */
  readonly sdkReceipts: Router | undefined;
}

/**
 * Listens for partners and for whoever asks how it is.
 * @param seen health and metrics
 * @param routes absent where this instance does not receive
 * @throws GatewayError configuration-invalid when the address cannot be had
 */
export async function listenHttp(
  config: Config,
  journal: Journal,
  parts: ReceiveParts,
  seen: Router,
  routes?: Routes,
): Promise<HttpServer> {
  const app = httpApp(config, journal, seen);
  if (routes !== undefined) {
    app.use(receiptsOf(config, journal, routes, parts), routes.notifications);
    if (routes.sdkReceipts) app.use(routes.sdkReceipts);
  }
  const tls = httpTls(config);
  const server = tls ? createTlsServer(tls, app) : createServer(app);
  const { host, port } = config.http;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((thrown: unknown) => {
    throw addressTaken('http', host, port, thrown);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  const url = `${tls ? 'https' : 'http'}://${nameOf(host)}:${address.port}`;
  // No request has come yet: between the port and this line nothing was awaited that could bring one.
  if (routes !== undefined) app.use('/fhir', routes.fhirAt(`${url}/fhir`));
  return { host, port: address.port, url, close: () => close(server) };
}

/** How others write the address; the machine's own name where it listens on all of them. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

/** What stops a start most often, said so that the next step is clear. */
export function addressTaken(
  what: 'http' | 'mllp' | 'metrics',
  host: string,
  port: number,
  cause: unknown,
): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return new GatewayError(
    'configuration-invalid',
    `${what}: cannot listen on ${host}:${port} (${code})\n  next: end what listens there, or choose another port with ${what === 'metrics' ? 'metrics.port' : `--${what}-port`}`,
    { cause },
  );
}

/** A kept connection ends with its answer, or it would carry the next request. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('Connection', 'close');
  });
  server.closeIdleConnections();
  // A connection whose request was in hand already is kept by its client, and idle once it is answered.
  const idle = setInterval(() => server.closeIdleConnections(), idleLookMs);
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

function httpApp(config: Config, journal: Journal, seen: Router): express.Express {
  const app = express();
  app.disable('x-powered-by');
  if (config.http.behindProxy.length > 0) trustProxies(app, config.http.behindProxy);
  app.get('/health', async (_request, response) => {
    const failure = journal.failure();
    if (failure) {
      response.status(503).json({ status: 'unavailable', journal: failure.code });
      return;
    }
    const waiting = await journal.outbox.backlog();
    response.json({ status: 'ok', journal: journal.durability, waiting });
  });
  app.use(seen);
  return app;
}

function trustProxies(app: express.Express, proxies: readonly string[]): void {
  try {
    app.set('trust proxy', [...proxies]);
  } catch {
    throw new GatewayError('configuration-invalid', 'addresses, or networks such as 10.0.0.0/8', {
      location: 'http.behindProxy',
    });
  }
}

/** By the partners in force when a request comes. */
function receiptsOf(
  config: Config,
  journal: Journal,
  { partners, profiles }: Pick<Routes, 'partners' | 'profiles'>,
  parts: ReceiveParts,
): Router {
  return receiptsRouter({
    partners: () => partners().list,
    receive: async (raw, partner, header) => {
      const receive = createReceive(receiptsInbound(partner), parts);
      return (await receive(raw, undefined, traceparentIn(header))).answers?.[0];
    },
    dispute: takeDisputes(parts, profiles),
    mayAnswer: async (receivers, caseReference) => {
      for (const receiver of receivers) {
        if (await journal.deliveries.hasBeenSent(receiver, caseReference)) return true;
      }
      return false;
    },
    maxBodyBytes: config.http.maxBodyBytes,
    requestsPerMinute: config.http.requestsPerMinute,
    onAnswered: (partner, status) => {
      const level = status < 400 ? 'debug' : 'warn';
      parts.log[level]({ partner, status }, 'receipt answered');
      parts.observed?.answers.of('receipts', String(status)).add();
    },
  });
}
