/** A transaction or a batch as it came: its entries as the interactions they ask for, and the Bundle that answers them. */
import { STATUS_CODES } from 'node:http';
import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js';
import type { GatewayError } from '../../../../gateway/errors.ts';
import { refusalIn, refuse } from '../answers/refusal.ts';
import type { JsonDocument } from '../json/strict-json.ts';
import { bodyOfWrite, resourceOf } from './http.ts';
import { checkAllowed } from './interact.ts';
import type { Preference } from './negotiation.ts';
import { etagOf, type FhirRequest, type FhirResponse } from './request.ts';
import { routeOf, segmentsOf } from './route.ts';

/** What all entries have in common. */
export type Shared = Pick<
  FhirRequest,
  'sender' | 'taking' | 'baseUrl' | 'isStrict' | 'findingsOf'
> & {
  readonly prefer: Preference;
  /** Keeps for the operator an entry of a batch that was not taken. */
  readonly keepRefused: (text: string, error: GatewayError) => void;
};

export interface BundleRead {
  readonly type: 'transaction' | 'batch';
  readonly entries: readonly unknown[];
  readonly texts: JsonDocument['entryTexts'];
  /** By which entries call each other: those of their fullUrls that are no addresses. */
  readonly urns: ReadonlySet<string>;
}

/** Where Bundles of the other types go. */
const elsewhere: Readonly<Record<string, string>> = {
  message: 'send it to [base]/$process-message',
  history: 'notifications go to the address that the subscription names',
  'subscription-notification': 'notifications go to the address that the subscription names',
};

/** @throws FhirRefusal for what is no transaction and no batch, or has too many entries */
export function readBundle({ value, entryTexts }: JsonDocument, maxEntries: number): BundleRead {
  const bundle = objectOf(value);
  if (bundle?.['resourceType'] !== 'Bundle') {
    const text = 'expected a Bundle here; a resource alone goes to [base]/[type]';
    throw refuse(400, 'structure', text, 'resourceType');
  }
  const { type, entry = [] } = bundle;
  if (type !== 'transaction' && type !== 'batch') {
    const what = typeof type === 'string' ? elsewhere[type] : undefined;
    const text = `a Bundle is taken here as transaction or batch: ${what ?? 'send it as one of them'}`;
    throw refuse(422, 'not-supported', text, 'Bundle.type');
  }
  if (!Array.isArray(entry)) throw refuse(400, 'structure', 'expected a list', 'Bundle.entry');
  if (entry.length > maxEntries) {
    const text = `more than ${maxEntries} entries: send them in several Bundles`;
    throw refuse(413, 'too-costly', text, 'Bundle.entry');
  }
  const entries: readonly unknown[] = entry;
  const urns = entries.flatMap((one) => {
    const fullUrl = textOf(objectOf(one)?.['fullUrl']);
    return fullUrl?.startsWith('urn:') === true ? [fullUrl] : [];
  });
  return { type, entries, texts: entryTexts, urns: new Set(urns) };
}

/** One entry as the interaction that it asks for. */
export interface BundleCall {
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly request: FhirRequest;
}

/** @throws FhirRefusal for an entry that asks for what is not served, or that its sender may not */
export function callOf({ entries, texts }: BundleRead, index: number, shared: Shared): BundleCall {
  const at = `Bundle.entry[${index}]`;
  const entry = objectOf(entries[index]);
  const asked = objectOf(entry?.['request']);
  const [method, url] = [asked?.['method'], asked?.['url']];
  if (entry === undefined || typeof method !== 'string' || typeof url !== 'string') {
    throw refuse(400, 'required', 'an entry has a request with method and url', `${at}.request`);
  }
  const { path, query } = partsOf(url, shared.baseUrl, `${at}.request.url`);
  const route = routeOf(method, segmentsOf(path), {});
  if (route.to !== 'resource') {
    throw refuse(422, 'not-supported', 'only resources are asked for here', `${at}.request.url`);
  }
  const { interaction, type, id } = route;
  const isWrite = interaction === 'create' || interaction === 'update';
  const text = texts[index];
  const fullUrl = entry['fullUrl'];
  const request: FhirRequest = {
    ...shared,
    interaction,
    type,
    id,
    query: new URLSearchParams(query),
    conditions: {
      ifMatch: textOf(asked?.['ifMatch']),
      ifNoneMatch: textOf(asked?.['ifNoneMatch']),
      ifNoneExist: textOf(asked?.['ifNoneExist']),
    },
    body: isWrite
      ? resourceOf(entry['resource'], text ?? '', type, `${at}.resource.resourceType`)
      : undefined,
  };
  checkAllowed(request);
  return { index, fullUrl: textOf(fullUrl), request };
}

/** `Encounter?identifier=…` below the base, or the whole address of it. */
function partsOf(url: string, baseUrl: string, at: string): { path: string; query: string } {
  const below = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length + 1) : url;
  if (/^[a-z][a-z0-9+.-]*:/i.test(below)) {
    throw refuse(400, 'value', 'expected a URL below the base: Encounter/1', at);
  }
  const mark = below.indexOf('?');
  return mark < 0
    ? { path: below, query: '' }
    : { path: below.slice(0, mark), query: below.slice(mark + 1) };
}

function objectOf(node: unknown): Record<string, unknown> | undefined {
  return typeof node === 'object' && node !== null && !Array.isArray(node)
    ? { ...node }
    : undefined;
}

const textOf = (node: unknown): string | undefined => (typeof node === 'string' ? node : undefined);

/** Does something of one entry; what is wrong with it is said of its place in the Bundle. */
export async function inEntry<T>(index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw refusalIn(thrown, index);
  }
}

// ---------------------------------------------------------------- the answer

/** @param responses one an entry, in the order of the entries */
export function answerOf(
  type: BundleRead['type'],
  calls: readonly (BundleCall | undefined)[],
  responses: readonly FhirResponse[],
  { baseUrl, prefer }: Shared,
): Bundle<FhirResource> {
  return {
    resourceType: 'Bundle',
    type: `${type}-response`,
    entry: responses.map((response, index): BundleEntry<FhirResource> => {
      const { status, version, lastModified } = response;
      const interaction = calls[index]?.request.interaction;
      const isWrite = interaction === 'create' || interaction === 'update';
      const body = isWrite
        ? bodyOfWrite(response, prefer)
        : (response.resource ?? response.outcome);
      const outcome = body?.resourceType === 'OperationOutcome' ? body : response.outcome;
      const resource = body === undefined || body === outcome ? undefined : body;
      const place = `${response.type}/${response.id}`;
      const isKept = status < 300 && response.id !== undefined;
      return {
        ...(resource !== undefined && isKept && { fullUrl: `${baseUrl}/${place}` }),
        ...(resource !== undefined && { resource }),
        response: {
          status: `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd(),
          ...(isWrite && isKept && { location: placeOf(place, version) }),
          ...(version !== undefined && { etag: etagOf(version) }),
          ...(lastModified !== undefined && { lastModified }),
          ...(outcome !== undefined && { outcome }),
        },
      };
    }),
  };
}

const placeOf = (place: string, version: number | undefined): string =>
  version === undefined ? place : `${place}/_history/${version}`;
