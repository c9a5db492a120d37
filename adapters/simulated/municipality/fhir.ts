/**
 * A municipality's FHIR server: it takes messages at `$process-message` and Bundles that are created, recognises repeats,
 * can behave badly on demand, and keeps what it received.
 */
import { once } from 'node:events';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import express, { type Express, type Request, type Response } from 'express';
import type { Bundle, CapabilityStatement, FhirResource, MessageHeader } from 'fhir/r4.js';
import { assert } from '../../../gateway/errors.ts';
import {
  faultScript,
  misbehave,
  sendFhir,
  sendOutcome,
  type SourceFault,
} from '../fhir-source/faults.ts';
import { TokenDesk, type SmartAccess } from '../fhir-source/tokens.ts';

/** What it does with one message. */
export type FhirReceiverFault =
  /** Takes it and answers 202, without a word. */
  | 'accepted'
  /** Takes it and closes the connection without an answer. */
  | 'taken-vanish'
  /** Takes it and closes the connection half way through the answer. */
  | 'taken-cut'
  /** Takes it and answers after so many milliseconds. */
  | { readonly takenLate: number }
  /** Answers as if another message had been sent. */
  | 'other-message'
  /** MessageHeader.response.code; the message is not taken. */
  | 'fatal-error'
  | 'transient-error'
  /** An OperationOutcome with an error of this code, and this status (200 where left out). */
  | { readonly issue: string; readonly status?: number }
  /** As a FHIR server in general: none of these takes the message. */
  | { readonly server: SourceFault };

/** A message as it came. */
export interface ReceivedMessage {
  /** MessageHeader.id. */
  readonly id: string;
  /** It had been taken before. */
  readonly repeat: boolean;
  readonly bundle: Bundle<FhirResource>;
  /** Within the base: `/$process-message`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SimulatedFhirReceiver {
  /** Base of the server. */
  readonly url: string;
  /** Every message in order, whatever it was answered; not those of strangers. */
  readonly received: readonly ReceivedMessage[];
  /** Calls with a wrong token or none. */
  strangers(): number;
  tokensGiven(): number;
  expireTokens(): void;
  /** What becomes of the next messages, one each, or of all of them. */
  setFault(fault: FhirReceiverFault | undefined | readonly FhirReceiverFault[]): void;
  /** What becomes of the next calls of the token endpoint. */
  setTokenFault(fault: SourceFault | readonly SourceFault[]): void;
  close(): Promise<void>;
}

export interface FhirReceiverSettings {
  /** A fixed token, or SMART backend services; anybody where left out. */
  readonly access?: { readonly token: string } | SmartAccess;
  /** With `ca` it asks for a certificate of a client. */
  readonly tls?: Pick<ServerOptions, 'cert' | 'key' | 'ca'>;
  /** What it says that it can do, where that is not everything. */
  readonly capabilities?: Partial<CapabilityStatement>;
  readonly host?: string;
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
}

/** Starts one; resolves when it listens. */
export async function simulatedFhirReceiver(
  settings: FhirReceiverSettings = {},
): Promise<SimulatedFhirReceiver> {
  const receiver = new Receiver(settings);
  await receiver.listen(settings.port ?? 0, settings.host ?? '127.0.0.1');
  return receiver;
}

class Receiver implements SimulatedFhirReceiver {
  readonly received: ReceivedMessage[] = [];
  readonly #settings: FhirReceiverSettings;
  readonly #taken = new Set<string>();
  readonly #desk: TokenDesk | undefined;
  readonly #server: Server;
  #faults: { shift(): FhirReceiverFault | undefined } = { shift: () => undefined };
  #tokenFaults = faultScript([]);
  #strangers = 0;
  url = '';

  constructor(settings: FhirReceiverSettings) {
    this.#settings = settings;
    const { access, tls } = settings;
    this.#desk = access !== undefined && 'jwks' in access ? new TokenDesk(access) : undefined;
    const app = this.#app();
    const asks = tls?.ca !== undefined;
    this.#server =
      tls === undefined
        ? createPlainServer(app)
        : createTlsServer({ ...tls, requestCert: asks, rejectUnauthorized: asks }, app);
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
    const isTls = this.#settings.tls !== undefined;
    this.url = `${isTls ? 'https://localhost' : `http://${host}`}:${address.port}/fhir`;
  }

  strangers = (): number => this.#strangers;
  tokensGiven = (): number => this.#desk?.given ?? 0;
  expireTokens = (): void => this.#desk?.expireAll();

  setFault(fault: FhirReceiverFault | undefined | readonly FhirReceiverFault[]): void {
    this.#faults = isList(fault) ? [...fault] : { shift: () => fault };
  }

  setTokenFault(fault: SourceFault | readonly SourceFault[]): void {
    this.#tokenFaults = faultScript(fault);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #app(): Express {
    const app = express();
    app.disable('x-powered-by');
    app.get('/fhir/metadata', (_request, response) => {
      sendFhir(response, 200, this.#capabilities());
    });
    app.get('/fhir/.well-known/smart-configuration', (_request, response) => {
      response.json({
        token_endpoint: `${this.url}/token`,
        token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      });
    });
    app.post('/fhir/token', express.text({ type: '*/*' }), (request, response) =>
      this.#token(request, response),
    );
    const json = express.json({ type: 'application/fhir+json', limit: '1mb' });
    app.post(/^\/fhir\/(\$process-message|Bundle)$/, json, (request, response) =>
      this.#take(request, response),
    );
    app.use((_request, response) => sendOutcome(response, 404, 'not-found'));
    return app;
  }

  async #take(request: Request, response: Response): Promise<void> {
    if (!this.#mayCall(request.headers.authorization)) {
      this.#strangers += 1;
      sendOutcome(response, 401, 'login');
      return;
    }
    const bundle: Bundle<FhirResource> = request.body;
    const header = headerOf(bundle);
    if (header?.id === undefined) {
      sendOutcome(response, 400, 'structure');
      return;
    }
    const { id } = header;
    const path = request.path.slice('/fhir'.length);
    const repeat = this.#taken.has(id);
    this.received.push({ id, repeat, bundle, path, headers: flat(request) });
    const fault = this.#faults.shift();
    if (takes(fault)) this.#taken.add(id);
    await this.#answer(response, { header: { ...header, id }, path, repeat }, fault);
  }

  async #answer(
    response: Response,
    { header, path, repeat }: Call,
    fault: FhirReceiverFault | undefined,
  ): Promise<void> {
    if (typeof fault === 'object') {
      if ('server' in fault) return void misbehave(fault.server, response);
      if ('issue' in fault) return sendOutcome(response, fault.status ?? 200, fault.issue);
      await new Promise((resolve) => setTimeout(resolve, fault.takenLate));
    }
    switch (fault) {
      case 'accepted':
        response.status(202).end();
        return undefined;
      case 'taken-vanish':
        response.destroy();
        return undefined;
      case 'taken-cut':
        return void misbehave('cut', response);
      case 'other-message':
        return sendFhir(response, 200, this.#responseTo({ ...header, id: 'another' }, 'ok'));
      case 'fatal-error':
      case 'transient-error': {
        const status = fault === 'fatal-error' ? 400 : 500;
        return sendFhir(response, status, this.#responseTo(header, fault));
      }
      default:
        if (path === '/Bundle') {
          response.setHeader('location', `${this.url}/Bundle/1/_history/1`);
          response.status(repeat ? 200 : 201).end();
          return undefined;
        }
        return sendFhir(response, 200, this.#responseTo(header, 'ok'));
    }
  }

  #responseTo(
    { id, eventCoding, source }: Call['header'],
    code: 'ok' | 'transient-error' | 'fatal-error',
  ): Bundle<FhirResource> {
    return {
      resourceType: 'Bundle',
      type: 'message',
      entry: [
        {
          resource: {
            resourceType: 'MessageHeader',
            ...(eventCoding && { eventCoding }),
            destination: [{ endpoint: source.endpoint }],
            source: { endpoint: this.url },
            response: { identifier: id, code },
          },
        },
      ],
    };
  }

  #mayCall(authorization: string | undefined): boolean {
    const { access } = this.#settings;
    if (this.#desk !== undefined) return this.#desk.isValid(authorization);
    if (access === undefined || !('token' in access)) return true;
    return authorization === `Bearer ${access.token}`;
  }

  async #token(request: Request, response: Response): Promise<void> {
    const fault = this.#tokenFaults.shift() ?? 'none';
    if (misbehave(fault, response)) return;
    if (this.#desk === undefined) return void response.status(404).end();
    const form = new URLSearchParams(String(request.body));
    const { status, body } = await this.#desk.answer(form, `${this.url}/token`);
    response.status(status).json(body);
  }

  #capabilities(): CapabilityStatement {
    return {
      resourceType: 'CapabilityStatement',
      status: 'active',
      date: '2026-01-01',
      kind: 'instance',
      fhirVersion: '4.0.1',
      format: ['json'],
      rest: [
        {
          mode: 'server',
          operation: [
            {
              name: 'process-message',
              definition: 'http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message',
            },
          ],
          resource: [{ type: 'Bundle', interaction: [{ code: 'create' }] }],
        },
      ],
      ...this.#settings.capabilities,
    };
  }
}

interface Call {
  readonly header: MessageHeader & { readonly id: string };
  readonly path: string;
  readonly repeat: boolean;
}

/** Whether the message counts as taken, whatever its sender gets to hear. */
function takes(fault: FhirReceiverFault | undefined): boolean {
  if (fault === undefined) return true;
  return typeof fault === 'string' ? /^(accepted|taken-)/.test(fault) : 'takenLate' in fault;
}

function headerOf(bundle: Bundle<FhirResource>): MessageHeader | undefined {
  const first = bundle.entry?.[0]?.resource;
  return first?.resourceType === 'MessageHeader' ? first : undefined;
}

function flat({ headers }: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(
  fault: FhirReceiverFault | undefined | readonly FhirReceiverFault[],
): fault is readonly FhirReceiverFault[] {
  return Array.isArray(fault);
}
