/**
 * The FHIR server: who is it, what is asked, do it, answer. Every answer is FHIR, and leaves after the commit.
 */
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { FhirResource } from 'fhir/r4.js';
import { assert, type GatewayError } from '../../../../gateway/errors.ts';
import { fhirJson } from '../answers/answer.ts';
import { refusedFor, FhirRefusal } from '../answers/refusal.ts';
import type { Finding } from '../checks/finding.ts';
import type { FhirSender, Identify } from '../security/identity.ts';
import { unknownSender } from '../security/refusals.ts';
import { batch } from './batch.ts';
import { bodyRoom } from './body-room.ts';
import { readBundle } from './bundle.ts';
import { capabilityStatement } from './capability.ts';
import { interact } from './interact.ts';
import { bodyOfWrite, conditionsIn, documentIn, errorOf, headersOf, resourceOf } from './http.ts';
import { checkAccepted, checkContent, preferenceOf } from './negotiation.ts';
import type { Operations } from './operation.ts';
import type { FhirRequest, FhirResponse, TakingTogether } from './request.ts';
import { transact } from './transaction.ts';
import { routeOf, segmentsOf, type Route } from './route.ts';

export interface FhirSettings {
  /** Of whoever the guard has let in (`security/guard.ts`). */
  readonly identify: Identify;
  /** What a sender tells goes there. `traceparent` is the header as it came. */
  readonly takingOf: (sender: FhirSender, traceparent: string | undefined) => TakingTogether;
  /** What the checks say of a sender's resources: an error refuses it, and a warning is told. */
  readonly checkOf: (
    sender: FhirSender,
  ) => (resource: FhirResource) => readonly Finding[] | Promise<readonly Finding[]>;
  readonly operations: Operations;
  readonly maxBodyBytes: number;
  /** Entries of a transaction or batch; 1000 where left out. */
  readonly maxEntries?: number;
  /** Where it is served, without a slash at its end: what Location and links begin with. */
  readonly baseUrl: string;
  /** Keeps for the operator what was not taken and came to no message. It must not throw. */
  readonly keepRefused?: (sender: FhirSender, raw: Uint8Array, error: GatewayError) => void;
  /** For metrics and log: what each request ended with. */
  readonly onAnswered?: (answered: Answered) => void;
  /** Legal time, ISO 8601 UTC. */
  readonly now: () => string;
  readonly newId: () => string;
}

/** Without a word of what was sent. */
export interface Answered {
  readonly sender: string | undefined;
  readonly method: string;
  /** `create Encounter`, `transaction`, `metadata`; undefined where it came to none. */
  readonly asked: string | undefined;
  readonly status: number;
  /** Of what was refused, the first: `required at Encounter.class`. */
  readonly issue?: string;
  /** Of an error that is our own. */
  readonly error?: GatewayError;
}

const mostEntries = 1000;
const nothing = { value: undefined, text: '' };

/** What is known of a request on its way. */
interface Known {
  readonly query: URLSearchParams;
  sender?: FhirSender;
  route?: Route;
  /** For the log. */
  asked?: string;
  isWrite?: boolean;
}

/** The FHIR server as an express router: mounted at the path of `baseUrl`, behind the guard. */
export function fhirRouter(settings: FhirSettings): Router {
  const router = express.Router();
  const knowledge = new WeakMap<Response, Known>();
  const knownOf = (response: Response): Known => {
    const known = knowledge.get(response);
    assert(known, 'a request is identified first');
    return known;
  };
  const admitBody = bodyRoom(settings.maxBodyBytes);
  const statement = capabilityStatement(settings.now(), settings.baseUrl, settings.operations);

  const send = (
    request: Request,
    response: Response,
    answer: FhirResponse,
    error?: GatewayError,
  ) => {
    const { sender, asked, isWrite = false } = knowledge.get(response) ?? {};
    const { status } = answer;
    response.set(headersOf(answer, settings.baseUrl, isWrite));
    response.status(status).set('Cache-Control', 'no-store');
    const prefer = preferenceOf(request.headers['prefer']);
    const body = isWrite ? bodyOfWrite(answer, prefer) : (answer.resource ?? answer.outcome);
    if (body === undefined || status === 304) response.end();
    // Not by `send`, which would make an ETag of its own.
    else response.setHeader('Content-Type', fhirJson).end(JSON.stringify(body));
    const told = error !== undefined && status >= 500 ? { error } : {};
    settings.onAnswered?.({
      sender: sender?.id,
      method: request.method,
      asked,
      status,
      ...issueIn(answer),
      ...told,
    });
  };

  const begin = async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const query = new URLSearchParams(request.url.replace(/^[^?]*\??/, ''));
    const known: Known = { query };
    knowledge.set(response, known);
    const sender = await settings.identify(request);
    if (sender !== undefined) known.sender = sender;
    next();
  };

  const admit = (request: Request, response: Response, next: NextFunction): void => {
    const known = knownOf(response);
    const segments = segmentsOf(request.path);
    const isOpen = segments[0] === 'metadata';
    if (known.sender === undefined && !isOpen) {
      const { status, headers, outcome } = unknownSender(
        request.headers.authorization !== undefined,
      );
      throw new FhirRefusal(status, outcome.issue, { headers });
    }
    const route = routeOf(request.method, segments, settings.operations);
    known.route = route;
    known.asked = route.to === 'resource' ? `${route.interaction} ${route.type}` : route.to;
    known.isWrite = route.to === 'resource' && ['create', 'update'].includes(route.interaction);
    checkAccepted(request.headers.accept, known.query);
    if (request.method === 'POST' || request.method === 'PUT') checkContent(request.headers);
    admitBody(request, response);
    next();
  };
  const body = express.raw({ type: () => true, limit: settings.maxBodyBytes, inflate: false });

  const answer = async (request: Request, response: Response): Promise<void> => {
    const known = knownOf(response);
    const { sender, route, query, isWrite } = known;
    assert(route, 'a request is routed before it is answered');
    if (route.to === 'metadata')
      return send(request, response, { status: 200, resource: statement });
    assert(sender, 'whatever is not open has a sender');
    const taking = settings.takingOf(sender, request.get('traceparent'));
    const prefer = preferenceOf(request.headers['prefer']);
    const { baseUrl } = settings;
    const findingsOf = settings.checkOf(sender);
    const shared = { sender, taking, baseUrl, isStrict: prefer.isStrict, findingsOf };
    switch (route.to) {
      case 'operation': {
        const { operation, type, id } = route;
        const call = { sender, taking, query, prefer, body: documentIn(request), request };
        const { status, resource } = await operation.run({
          ...call,
          ...(type !== undefined && { type }),
          ...(id !== undefined && { id }),
        });
        const told = resource === undefined ? {} : { resource };
        return send(request, response, { status, ...told });
      }
      case 'bundle': {
        const bundle = readBundle(documentIn(request), settings.maxEntries ?? mostEntries);
        const keepRefused = (text: string, error: GatewayError): void =>
          settings.keepRefused?.(sender, Buffer.from(text), error);
        const take = bundle.type === 'batch' ? batch : transact;
        known.asked = bundle.type;
        return send(request, response, await take(bundle, { ...shared, prefer, keepRefused }));
      }
      case 'resource': {
        const { interaction, type, id } = route;
        const { value, text } = isWrite === true ? documentIn(request) : nothing;
        const asked: FhirRequest = {
          ...shared,
          interaction,
          type,
          id,
          query,
          conditions: conditionsIn(request.headers),
          body: isWrite === true ? resourceOf(value, text, type) : undefined,
        };
        return send(request, response, await interact(asked));
      }
    }
  };

  const fail = (
    thrown: unknown,
    request: Request,
    response: Response,
    next: NextFunction,
  ): void => {
    if (response.headersSent) return next(thrown);
    const error = errorOf(thrown);
    const { status, outcome } = refusedFor(error);
    if (error instanceof FhirRefusal) response.set(error.headers);
    const sender = knowledge.get(response)?.sender;
    const raw: unknown = request.body;
    const isNew = status < 500 && !(error instanceof FhirRefusal && error.isKept);
    if (isNew && sender !== undefined && Buffer.isBuffer(raw) && raw.length > 0) {
      settings.keepRefused?.(sender, raw, error);
    }
    send(request, response, { status, outcome }, error);
  };

  router.use(begin, admit, body, answer, fail);
  return router;
}

/** Names of elements as FHIR writes them: a key that its sender made up may be anything. */
const elementForm = /^[A-Z][A-Za-z]*(?:\.[a-z][A-Za-z]*(?:\[\d{1,4}\])?)*$/;

function issueIn({ status, outcome }: FhirResponse): Pick<Answered, 'issue'> {
  const [first] = status < 400 ? [] : (outcome?.issue ?? []);
  if (first === undefined) return {};
  const [at = ''] = first.expression ?? [];
  return { issue: elementForm.test(at) ? `${first.code} at ${at}` : first.code };
}
