/**
 * Every FHIR call that we make: `fhir-kit-client` with what it lacks. A time-out for each attempt, repetition of what
 * did not get through, no redirects, answers bounded in size, ids and paging links that cannot lead elsewhere, and
 * errors that say what to do and hold no content.
 */
import { Client, type FhirResource as KitResource } from 'fhir-kit-client';
import type { FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../gateway/errors.ts';
import { isPassing, judge, type Asked } from './fhir-answer.ts';
import { sendOnce, type FhirPost, type PostAnswer } from './fhir-post.ts';
import { walkPages, type Page } from './fhir-pages.ts';
import { openLine, type LineSettings } from './http-line.ts';
import { persevere, usualPatience, withTimeout, type Machine, type Patience } from './retry.ts';

export type { Page } from './fhir-pages.ts';
export type { FhirPost, PostAnswer } from './fhir-post.ts';

/** Gives the token for a call. */
export interface Authorizer {
  token(signal: AbortSignal): Promise<string>;
  /** The server did not take this one. @returns undefined where no other can be had */
  renew?(refused: string, signal: AbortSignal): Promise<string>;
}

export interface FhirClientSettings {
  /** The server's base: `https://ehr.region.se/fhir/r4`; with its TLS, its bounds, and whether it is in our network. */
  readonly line: LineSettings;
  readonly authorizer?: Authorizer;
  /** For each attempt, from asking for a connection to the end of the answer. */
  readonly timeoutMs: number;
  readonly machine: Machine;
  /** Ends whatever is under way and refuses what comes after it. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Pages of one search at the most. */
  readonly maxPages?: number;
}

type ResourceType = FhirResource['resourceType'];
type ResourceOf<T extends ResourceType> = Extract<FhirResource, { resourceType: T }>;

/** As FHIR searches write them; a list repeats the parameter. */
export type SearchParameters = Readonly<Record<string, string | number | readonly string[]>>;

/** What a write left behind. */
export interface Written {
  readonly id: string;
  readonly versionId?: string;
  /** Where the server gave it back. */
  readonly resource?: FhirResource;
}

/**
 * Every method throws GatewayError: `source-unavailable` where asking later may help, `source-refused` where it will
 * not, `malformed-message` for an answer that is not what was asked for; a write `delivery-unknown` where it may have
 * happened.
 */
export interface FhirClient {
  readonly base: URL;
  /** @returns undefined where there is none, or none any more (404, 410) */
  read<T extends ResourceType>(type: T, id: string): Promise<ResourceOf<T> | undefined>;
  /** As `read`, of a type that only the data names. */
  readAny(type: string, id: string): Promise<FhirResource | undefined>;
  /**
   * A search, page by page; a `next` link is followed when the next page is asked for.
   * @throws GatewayError also for a `next` link that leads to another server, or back
   */
  search(type: string, parameters: SearchParameters): AsyncGenerator<Page>;
  /** @param ifNoneExist `identifier=system|value`: created only where no other has it, so it may be repeated */
  create(resource: FhirResource, ifNoneExist?: string): Promise<Written>;
  /** @param ifMatch version that must stand (`3`) */
  update(resource: FhirResource & { readonly id: string }, ifMatch?: string): Promise<Written>;
  remove(type: string, id: string): Promise<void>;
  /**
   * `$name`, of the system, a type or an instance.
   * @param input query of a GET
   */
  operation(of: {
    readonly name: string;
    readonly type?: string;
    readonly id?: string;
    readonly method: 'GET' | 'POST';
    readonly query?: SearchParameters;
    readonly input?: FhirResource;
    /** It changes nothing at the server, so it may be repeated; a GET always may. */
    readonly isRepeatable?: boolean;
  }): Promise<FhirResource>;
  /**
   * Sends what was rendered, once, and gives the answer as it came: its sender knows best what it means.
   * @throws GatewayError delivery-failed (nothing was sent), delivery-unknown (sent, and no whole answer)
   */
  post(post: FhirPost): Promise<PostAnswer>;
  /** What the server says it can do. */
  capabilities(): Promise<ResourceOf<'CapabilityStatement'>>;
  close(): Promise<void>;
}

/** @throws GatewayError configuration-invalid for an address that may not be connected to */
export function openFhirClient(settings: FhirClientSettings): FhirClient {
  const { patience = usualPatience, maxPages = 100_000, machine, signal, authorizer } = settings;
  const line = openLine(settings.line);
  const client = new Client({
    baseUrl: line.url.href.replace(/\/+$/, ''),
    customHeaders: { 'accept-encoding': 'identity', 'user-agent': 'hemgang' },
    requestOptions: { dispatcher: line.dispatcher, redirect: 'manual' },
  });

  /** One call, as often as it takes. */
  async function call(
    asked: Pick<Asked, 'what' | 'isRepeatable'>,
    attempt: (options: {
      headers: Record<string, string>;
      signal: AbortSignal;
    }) => Promise<KitResource>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { timeoutMs } = settings;
    const once = async (token: string | undefined): Promise<Answer> => {
      const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
      try {
        const send = (ending: AbortSignal): Promise<KitResource> =>
          attempt({ headers: { ...headers, ...bearer }, signal: ending });
        return answerOf(await withTimeout(send, timeoutMs, signal, () => late(asked, timeoutMs)));
      } catch (thrown) {
        const { maxAnswerBytes } = settings.line;
        throw judge(thrown, { ...asked, maxAnswerBytes, nowSeconds: machine.nowSeconds() });
      }
    };
    return await persevere(
      async () => {
        const token = await authorizer?.token(signal);
        try {
          return await once(token);
        } catch (thrown) {
          if (token === undefined || !isUnauthorized(thrown) || !authorizer?.renew) throw thrown;
          return await once(await authorizer.renew(token, signal));
        }
      },
      patience,
      machine,
      signal,
      isPassing,
    );
  }

  const read = async (url: string, what: string): Promise<Answer> =>
    await call({ what, isRepeatable: true }, (options) => client.request(url, { options }));

  async function readAny(type: string, id: string): Promise<FhirResource | undefined> {
    checkType(type);
    checkId(id);
    const what = `GET ${type}`;
    try {
      const found = await call({ what, isRepeatable: true }, (options) =>
        client.read({ resourceType: type, id, options }),
      );
      const resource = anyResource(found.resource, what);
      if (resource.resourceType === type && resource.id === id) return resource;
      throw new GatewayError('malformed-message', `${what}: another resource came`);
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      throw thrown;
    }
  }

  return {
    base: line.url,
    async read(type, id) {
      const found = await readAny(type, id);
      return found === undefined ? undefined : ofType(found, type, `GET ${type}`);
    },
    readAny,
    search(type, parameters) {
      checkType(type);
      return walkPages({
        first: `${client.baseUrl}/${type}?${queryOf(parameters)}`,
        base: line.url,
        maxPages,
        async load(url) {
          const what = `GET ${type}`;
          const { resource, headers } = await read(url, what);
          return { bundle: ofType(resource, 'Bundle', what), headers };
        },
      });
    },
    async create(resource, ifNoneExist) {
      const type = checkType(resource.resourceType);
      const answer = await call(
        { what: `POST ${type}`, isRepeatable: ifNoneExist !== undefined },
        (options) => client.create({ resourceType: type, body: plain(resource), options }),
        ifNoneExist === undefined ? {} : { 'if-none-exist': ifNoneExist },
      );
      return written(answer, `POST ${type}`);
    },
    async update(resource, ifMatch) {
      const type = checkType(resource.resourceType);
      const id = checkId(resource.id);
      const answer = await call(
        { what: `PUT ${type}`, isRepeatable: ifMatch === undefined },
        (options) => client.update({ resourceType: type, id, body: plain(resource), options }),
        ifMatch === undefined ? {} : { 'if-match': `W/"${ifMatch}"` },
      );
      return written(answer, `PUT ${type}`, id);
    },
    async remove(type, id) {
      checkType(type);
      checkId(id);
      try {
        await call({ what: `DELETE ${type}`, isRepeatable: true }, (options) =>
          client.delete({ resourceType: type, id, options }),
        );
      } catch (thrown) {
        if (!isGone(thrown)) throw thrown;
      }
    },
    async operation({ name, type, id, method, query, input, isRepeatable = method === 'GET' }) {
      const path = [
        ...(type === undefined ? [] : [checkType(type)]),
        ...(id === undefined ? [] : [checkId(id)]),
        `$${checkOperation(name)}`,
      ].join('/');
      const url = query === undefined ? path : `${path}?${queryOf(query)}`;
      const what = `${method} ${type ?? ''}$${name}`;
      const sent = method === 'POST' && input !== undefined ? { body: plain(input) } : {};
      const { resource } = await call(
        { what, isRepeatable },
        (options) => client.request(url, { method, options, ...sent }),
        method === 'POST' ? { 'content-type': 'application/fhir+json' } : {},
      );
      return anyResource(resource, what);
    },
    post: (one) => sendOnce(one, { ...settings, client, line }),
    async capabilities() {
      const what = 'GET metadata';
      const { resource } = await read('metadata', what);
      return ofType(resource, 'CapabilityStatement', what);
    },
    close: () => line.close(),
  };
}

interface Answer {
  readonly resource: object;
  readonly headers: Headers;
}

/** The resource without the request and the response that fhir-kit-client hangs on it: they hold our token. */
function answerOf(answered: KitResource): Answer {
  const headers = Client.httpFor(answered).response?.headers ?? new Headers();
  return { resource: Array.isArray(answered) ? answered : { ...answered }, headers };
}

/** Our types have no index signature, the library's do. */
function plain(resource: FhirResource): KitResource {
  return { ...resource };
}

function written({ resource, headers }: Answer, what: string, known?: string): Written {
  // `[base]/Encounter/7/_history/3`
  const location = headers.get('location') ?? headers.get('content-location') ?? '';
  const [, at, version] = /\/([^/]+)(?:\/_history\/([^/]+))?$/.exec(location) ?? [];
  const back = isResource(resource) && resource.resourceType !== 'OperationOutcome';
  const id = known ?? (back ? resource.id : undefined) ?? at;
  if (id === undefined || !isId(id)) {
    throw new GatewayError('malformed-message', `${what}: the answer does not say under which id`);
  }
  const versionId = version ?? (back ? resource.meta?.versionId : undefined);
  return { id, ...(versionId !== undefined && { versionId }), ...(back && { resource }) };
}

function late(
  { what, isRepeatable }: Pick<Asked, 'what' | 'isRepeatable'>,
  ms: number,
): GatewayError {
  const code = isRepeatable ? 'source-unavailable' : 'delivery-unknown';
  return new GatewayError(code, `${what}: no answer within ${ms} ms`, { standardCode: 'TIMEOUT' });
}

function isUnauthorized(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.standardCode === '401';
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof GatewayError && /^(404|410)$/.test(thrown.standardCode ?? '');
}

// ---------------------------------------------------------------- what may stand in an address

/** Ids of FHIR; of dots alone they would climb out of where they are put. */
export function isId(text: string): boolean {
  return /^[A-Za-z0-9.-]{1,64}$/.test(text) && !/^\.+$/.test(text);
}

function checkId(id: string): string {
  if (isId(id)) return id;
  throw new GatewayError('malformed-message', 'not an id of FHIR', { standardCode: 'invalid' });
}

function checkType<T extends string>(type: T): T {
  if (/^[A-Z][A-Za-z]{1,40}$/.test(type)) return type;
  throw new GatewayError('malformed-message', 'not a resource type', { standardCode: 'invalid' });
}

function checkOperation(name: string): string {
  const bare = name.replace(/^\$/, '');
  if (/^[a-z][A-Za-z0-9-]{0,62}$/.test(bare)) return bare;
  throw new GatewayError('malformed-message', 'not an operation', { standardCode: 'invalid' });
}

function queryOf(parameters: SearchParameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    const all = typeof value === 'object' ? value : [String(value)];
    for (const one of all) query.append(name, one);
  }
  return query.toString();
}

// ---------------------------------------------------------------- what came

function isResource(answer: object): answer is FhirResource {
  return 'resourceType' in answer && typeof answer.resourceType === 'string';
}

function isOfType<T extends ResourceType>(answer: object, type: T): answer is ResourceOf<T> {
  return isResource(answer) && answer.resourceType === type;
}

function ofType<T extends ResourceType>(answer: object, type: T, what: string): ResourceOf<T> {
  if (isOfType(answer, type)) return answer;
  const came = isResource(answer) && /^[A-Za-z]{1,40}$/.test(answer.resourceType);
  const named = came ? answer.resourceType : 'no resource';
  throw new GatewayError('malformed-message', `${what}: a ${type} was expected, ${named} came`);
}

function anyResource(answer: object, what: string): FhirResource {
  if (isResource(answer)) return answer;
  throw new GatewayError('malformed-message', `${what}: the answer is not a resource`);
}
