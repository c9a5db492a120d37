/**
 * A FHIR R4 server as a hospital has it, for whoever builds or tries a client: versioned resources in memory, search by
 * `_lastUpdated` with paging, read, SMART backend services, and every way to answer badly. Only the gateway's own server
 * checks what it is told.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import express, { type Express, type Request, type Response } from 'express';
import type { FhirResource } from 'fhir/r4.js';
import { assert } from '../../../gateway/errors.ts';
import {
  faultScript,
  misbehave,
  sendFhir,
  sendOutcome,
  spoil,
  type SourceFault,
} from './faults.ts';
import { Searches } from './search.ts';
import { Shelf, type Shelved } from './shelf.ts';
import { SubscriptionDesk, type SubscriptionBehaviour } from './subscriptions.ts';
import { TokenDesk, type SmartAccess } from './tokens.ts';

export type { SourceFault } from './faults.ts';
export type { Shelved } from './shelf.ts';
export type { EventFault, SubscriptionBehaviour, SubscriptionDesk } from './subscriptions.ts';

export interface FhirSourceSettings {
  /** The server's own clock, ISO 8601 with zone; the machine's where left out. */
  readonly now?: () => string;
  /** A fixed token, or SMART backend services; anybody where left out. */
  readonly access?: { readonly token: string } | SmartAccess;
  /** How its subscriptions are. */
  readonly subscriptions?: SubscriptionBehaviour;
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
  readonly host?: string;
}

/** A call as it came. */
export interface SourceCall {
  readonly method: string;
  /** Within the base: `/Encounter`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface SimulatedFhirSource {
  /** Base of the server. */
  readonly url: string;
  readonly shelf: Shelf;
  readonly subscriptions: SubscriptionDesk;
  /** Every call of FHIR in order, whatever it was answered. */
  readonly calls: readonly SourceCall[];
  /** Tokens given out. */
  readonly tokensGiven: () => number;
  /** Puts a new version. @param at its meta.lastUpdated; the server's time where left out */
  put(resource: FhirResource & { readonly id: string }, at?: string): Shelved;
  /** What becomes of the next calls of FHIR, or of all of them; tokens and discovery are not among them. */
  setFault(fault: SourceFault | readonly SourceFault[]): void;
  /** What becomes of the next calls of the token endpoint. */
  setTokenFault(fault: SourceFault | readonly SourceFault[]): void;
  /** Calls being answered. */
  inFlight(): number;
  expireTokens(): void;
  close(): Promise<void>;
}

/** Starts one; resolves when it listens. */
export async function simulatedFhirSource(
  settings: FhirSourceSettings = {},
): Promise<SimulatedFhirSource> {
  const source = new Source(settings);
  await source.listen(settings.port ?? 0, settings.host ?? '127.0.0.1');
  return source;
}

class Source implements SimulatedFhirSource {
  readonly shelf: Shelf;
  readonly subscriptions: SubscriptionDesk;
  readonly calls: SourceCall[] = [];
  readonly #now: () => string;
  readonly #access: FhirSourceSettings['access'];
  readonly #desk: TokenDesk | undefined;
  readonly #server;
  #searches: Searches | undefined;
  #faults = faultScript([]);
  #tokenFaults = faultScript([]);
  #pages = 0;
  #inFlight = 0;
  url = '';

  constructor(settings: FhirSourceSettings) {
    const { now = () => new Date().toISOString(), access } = settings;
    this.#now = now;
    this.#access = access;
    this.#desk = access !== undefined && 'jwks' in access ? new TokenDesk(access) : undefined;
    this.shelf = new Shelf(now);
    this.subscriptions = new SubscriptionDesk(
      this.shelf,
      now,
      () => this.url,
      settings.subscriptions,
    );
    this.#server = createServer(this.#app());
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
    this.url = `http://${host}:${address.port}/fhir`;
    this.#searches = new Searches(this.shelf, this.url);
  }

  tokensGiven = (): number => this.#desk?.given ?? 0;
  inFlight = (): number => this.#inFlight;

  put(resource: FhirResource & { readonly id: string }, at?: string): Shelved {
    return this.shelf.put(resource, at);
  }

  setFault(fault: SourceFault | readonly SourceFault[]): void {
    this.#faults = faultScript(fault);
  }

  setTokenFault(fault: SourceFault | readonly SourceFault[]): void {
    this.#tokenFaults = faultScript(fault);
  }

  expireTokens(): void {
    this.#desk?.expireAll();
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
    app.use((_request, response, next) => {
      // Its own clock, not the machine's.
      response.sendDate = false;
      response.setHeader('date', new Date(Date.parse(this.#now())).toUTCString());
      this.#inFlight += 1;
      response.once('close', () => {
        this.#inFlight -= 1;
      });
      next();
    });
    app.get('/fhir/.well-known/smart-configuration', (_request, response) => {
      response.json(this.#smartConfiguration());
    });
    app.post('/fhir/token', express.text({ type: '*/*' }), (request, response) =>
      this.#token(request, response),
    );
    app.use('/fhir', express.json({ type: ['application/fhir+json', 'application/json'] }));
    this.subscriptions.addRoutes(app, (request, response, answer) =>
      this.#serve(request, response, answer),
    );
    app.get('/fhir/:type/:id', (request, response) =>
      this.#serve(request, response, () => this.#read(request, response)),
    );
    app.get('/fhir/:type', (request, response) =>
      this.#serve(request, response, (fault) => this.#search(request, response, fault)),
    );
    app.use((_request, response) => sendOutcome(response, 404, 'not-found'));
    return app;
  }

  /** One call of FHIR: written down, access checked, and answered as it was told to. */
  #serve(request: Request, response: Response, answer: (fault: SourceFault) => void): void {
    const { pathname, searchParams } = new URL(request.originalUrl, this.url);
    const { authorization } = request.headers;
    const path = pathname.slice('/fhir'.length);
    this.calls.push({ method: request.method, path, query: searchParams, authorization });
    const fault = this.#faults.shift() ?? 'none';
    if (misbehave(fault, response)) return;
    if (this.#mayCall(authorization)) answer(fault);
    else sendOutcome(response, 401, 'login');
  }

  #mayCall(authorization: string | undefined): boolean {
    if (this.#desk !== undefined) return this.#desk.isValid(authorization);
    if (this.#access === undefined || !('token' in this.#access)) return true;
    return authorization === `Bearer ${this.#access.token}`;
  }

  #read(request: Request, response: Response): void {
    const { type, id } = request.params;
    const found = this.shelf.read(String(type), String(id));
    if (found === undefined) return sendOutcome(response, 404, 'not-found');
    response.setHeader('etag', `W/"${found.meta.versionId}"`);
    return sendFhir(response, 200, found);
  }

  #search(request: Request, response: Response, fault: SourceFault): void {
    const { type } = request.params;
    const url = `${new URL(this.url).origin}${request.originalUrl}`;
    const { searchParams } = new URL(url);
    const token = searchParams.get('_page');
    const found =
      token === null
        ? this.#searches?.begin(String(type), searchParams, fault !== 'unsorted')
        : this.#searches?.page(String(type), token);
    if (found === undefined) return sendOutcome(response, 410, 'expired');
    this.#pages += 1;
    const { page, first } = found;
    return sendFhir(response, 200, spoil(page, fault, { url, first, number: this.#pages }));
  }

  async #token(request: Request, response: Response): Promise<void> {
    const fault = this.#tokenFaults.shift() ?? 'none';
    if (misbehave(fault, response)) return;
    if (this.#desk === undefined) return void response.status(404).end();
    const form = new URLSearchParams(String(request.body));
    const { status, body } = await this.#desk.answer(form, `${this.url}/token`);
    response.status(status).setHeader('cache-control', 'no-store');
    response.json(body);
  }

  #smartConfiguration(): object {
    return {
      token_endpoint: `${this.url}/token`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
      scopes_supported: ['system/*.rs'],
      capabilities: ['client-confidential-asymmetric', 'permission-v2'],
    };
  }
}
