/**
 * A municipality's FHIR server: it takes messages at `$process-message` and Bundles that are created, recognises repeats,
 * can behave badly on demand, and keeps what it received.
 */
import express, { type Express, type Request, type Response } from 'express';
import type { Bundle, CapabilityStatement, FhirResource, MessageHeader } from 'fhir/r4.js';
import { misbehave, sendFhir, sendOutcome, type SourceFault } from '../fhir-source/faults.ts';
import { TokenDesk, type SmartAccess } from '../fhir-source/tokens.ts';
import { passed, scriptOf, takes, wordOf, type Behaviour, type Script } from './behaviour.ts';
import { behave } from './http-behaviour.ts';
import { flatHeaders, openHttp, type Certificate, type HttpServer } from './http-server.ts';
import type { Arrival } from './received.ts';

/** What it does with one message. */
export type FhirBehaviour =
  | Behaviour
  | 'other-message'
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
  /** One for all messages, or a list for the next ones, one each, and `accept` after them. */
  setBehaviour(behaviour: FhirBehaviour | readonly FhirBehaviour[]): void;
  /** What becomes of the next calls of the token endpoint. */
  setTokenFault(fault: SourceFault | readonly SourceFault[]): void;
  /** Another certificate from now on, for every connection. */
  setCertificate(certificate: Certificate): void;
  close(): Promise<void>;
}

export interface FhirReceiverSettings {
  /** A fixed token, or SMART backend services; anybody where left out. */
  readonly access?: { readonly token: string } | SmartAccess;
  /** With `ca` it asks for a certificate of a client. */
  readonly tls?: Certificate & { readonly ca?: string | Buffer };
  /** What it says that it can do, where that is not everything. */
  readonly capabilities?: Partial<CapabilityStatement>;
  /** Called with every message, before it is answered; those of strangers too. */
  readonly onArrival?: (arrival: Arrival) => void;
  readonly host?: string;
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
}

/** Starts one; resolves when it listens. */
export async function simulatedFhirReceiver(
  settings: FhirReceiverSettings = {},
): Promise<SimulatedFhirReceiver> {
  const receiver = new Receiver(settings);
  await receiver.listen();
  return receiver;
}

class Receiver implements SimulatedFhirReceiver {
  readonly received: ReceivedMessage[] = [];
  readonly #settings: FhirReceiverSettings;
  readonly #taken = new Set<string>();
  readonly #desk: TokenDesk | undefined;
  #server: HttpServer | undefined;
  #script: Script<FhirBehaviour> = scriptOf<FhirBehaviour>('accept');
  #tokenFaults = scriptOf<SourceFault>('none');
  #strangers = 0;
  url = '';

  constructor(settings: FhirReceiverSettings) {
    this.#settings = settings;
    const { access } = settings;
    this.#desk = access !== undefined && 'jwks' in access ? new TokenDesk(access) : undefined;
  }

  async listen(): Promise<void> {
    this.#server = await openHttp(this.#settings, this.#app());
    this.url = `${this.#server.origin}/fhir`;
  }

  strangers = (): number => this.#strangers;
  tokensGiven = (): number => this.#desk?.given ?? 0;
  expireTokens = (): void => this.#desk?.expireAll();

  setBehaviour(behaviour: FhirBehaviour | readonly FhirBehaviour[]): void {
    this.#script = scriptOf(behaviour);
  }

  setTokenFault(fault: SourceFault | readonly SourceFault[]): void {
    this.#tokenFaults = scriptOf(fault);
  }

  setCertificate = (certificate: Certificate): void => this.#server?.setCertificate(certificate);

  async close(): Promise<void> {
    await this.#server?.close();
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
    const bundle: Bundle<FhirResource> = request.body;
    const header = headerOf(bundle);
    const id = header?.id ?? '';
    const path = request.path.slice('/fhir'.length);
    const repeat = this.#taken.has(id);
    const isKnown = this.#mayCall(request.headers.authorization);
    const behaviour = isKnown ? (this.#script.shift() ?? 'accept') : 'wrong-signature';
    const isTaken = header?.id !== undefined && takes(behaviour);
    this.#settings.onArrival?.({
      channel: 'fhir',
      messageId: id,
      isDuplicate: repeat,
      signature: this.#signature(behaviour),
      isTaken,
      behaviour: wordOf(behaviour),
      content: JSON.stringify(bundle),
    });
    if (!isKnown) {
      this.#strangers += 1;
      return sendOutcome(response, 401, 'login');
    }
    if (header?.id === undefined) return sendOutcome(response, 400, 'structure');
    this.received.push({ id, repeat, bundle, path, headers: flatHeaders(request.headers) });
    if (isTaken) this.#taken.add(id);
    const call = { header: { ...header, id }, path, repeat };
    await this.#answer(request, response, call, behaviour);
  }

  #signature(behaviour: FhirBehaviour): 'right' | 'wrong' | undefined {
    if (behaviour === 'wrong-signature') return 'wrong';
    return this.#settings.access === undefined ? undefined : 'right';
  }

  async #answer(
    request: Request,
    response: Response,
    { header, path, repeat }: Call,
    behaviour: FhirBehaviour,
  ): Promise<void> {
    if (typeof behaviour === 'object') {
      if ('server' in behaviour) return void misbehave(behaviour.server, response);
      if ('issue' in behaviour)
        return sendOutcome(response, behaviour.status ?? 200, behaviour.issue);
      if ('status' in behaviour && behaviour.status >= 300) {
        if (behaviour.retryAfter !== undefined) {
          response.setHeader('retry-after', behaviour.retryAfter);
        }
        return sendOutcome(response, behaviour.status, 'transient');
      }
      if ('status' in behaviour) return behave(behaviour, request, response);
      await passed(behaviour.late);
    }
    switch (behaviour) {
      case 'refuse':
        return sendFhir(response, 400, this.#responseTo(header, 'fatal-error'));
      case 'busy':
        return sendFhir(response, 500, this.#responseTo(header, 'transient-error'));
      case 'half':
        return void misbehave('cut', response);
      case 'other-message':
        return sendFhir(response, 200, this.#responseTo({ ...header, id: 'another' }, 'ok'));
      case 'gone':
        return sendOutcome(response, 410, 'deleted');
      case 'wrong-signature':
        return sendOutcome(response, 401, 'login');
      case 'redirect':
      case 'hang':
      case 'vanish':
      case 'html':
        return behave(behaviour, request, response);
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

function headerOf(bundle: Bundle<FhirResource>): MessageHeader | undefined {
  const first = bundle.entry?.[0]?.resource;
  return first?.resourceType === 'MessageHeader' ? first : undefined;
}
