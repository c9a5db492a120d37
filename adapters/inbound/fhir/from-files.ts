/**
 * Resources as they lie in files, taken as a server takes them: by the same code, in the order in which they were told, into
 * a store in memory. Nothing here asks a clock, a disk or another machine.
 */
import { createHash } from 'node:crypto';
import type { Bundle, FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../gateway/errors.ts';
import type { ReceiveRead, ResourceWrite } from '../../adapter.ts';
import { identifiersOf, isResource } from './content.ts';
import type { Exchange } from './exchange.ts';
import { readJson } from './json/strict-json.ts';
import { isMessage, takeMessage } from './message.ts';
import { localTarget, referencesOf } from './related.ts';
import type { FhirSenderKind } from './security/identity.ts';
import type { FhirStore, StoredResource } from './store.ts';
import { instantOf, take } from './take.ts';
import { isTakenType } from './taken-types.ts';

/** One resource of a file; of a message the whole Bundle. */
export interface FileResource {
  readonly resource: FhirResource;
  /** As it stands in the file. */
  readonly text: string;
  /** Where in the file: `Bundle.entry[3].resource`, `line 2`; empty where it is the whole file. */
  readonly place: string;
  /** What stands around it in its Bundle; itself alone where there is none. */
  readonly entry?: { readonly fullUrl?: string; readonly url?: string };
  /** The other resources of its Bundle by fullUrl. */
  readonly beside: ReadonlyMap<string, FhirResource>;
  /** The transaction that it is taken with, or not at all. */
  readonly transaction?: Bundle<FhirResource>;
  /** When its sender told it, ISO 8601 UTC; where it does not say, the latest of the times in it; empty where it has none. */
  readonly toldAt: string;
}

/** Something in a file that is no resource, and why. */
export interface Unread {
  readonly place: string;
  readonly error: GatewayError;
}

export interface FhirContent {
  readonly entries: readonly (FileResource | Unread)[];
  /** What is passed over: entries without a resource. */
  readonly problems: readonly string[];
}

export const isUnread = (entry: FileResource | Unread): entry is Unread => 'error' in entry;

/** Whether it is JSON and nothing of FHIR. */
export const isNoResource = (entry: FileResource | Unread): entry is Unread =>
  isUnread(entry) && entry.error.location === 'resourceType';

// ---------------------------------------------------------------- reading

/** Whether bytes are to be read as FHIR: a file that is called so, or begins with `{`. */
export function looksLikeFhir(name: string, bytes: Uint8Array): boolean {
  if (/\.(?:nd)?json$/i.test(name)) return true;
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('utf8');
  return start
    .replace(/^\uFEFF/, '')
    .trimStart()
    .startsWith('{');
}

/**
 * The resources of a file: one, those of a Bundle (of a `history` the oldest first), or those of each line (NDJSON).
 * It never throws: what cannot be read stands among the entries with the reason.
 */
export function readFhirFile(bytes: Uint8Array): FhirContent {
  const lines = linesOf(bytes);
  if (lines === undefined) return contentOf(bytes, '');
  const contents = lines.map(({ bytes: line, number }) => contentOf(line, `line ${number}`));
  return {
    entries: contents.flatMap(({ entries }) => entries),
    problems: contents.flatMap(({ problems }) => problems),
  };
}

/** The lines of NDJSON; undefined where the file is one JSON document. */
function linesOf(bytes: Uint8Array): { bytes: Uint8Array; number: number }[] | undefined {
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((text, index) => ({ bytes: Buffer.from(text), text: text.trim(), number: index + 1 }))
    .filter(({ text }) => text !== '');
  const [first] = lines;
  if (first === undefined || lines.length < 2) return undefined;
  return lines.every(({ text }) => text.startsWith('{') && text.endsWith('}')) ? lines : undefined;
}

function contentOf(bytes: Uint8Array, place: string): FhirContent {
  try {
    const { value, text, entryTexts } = readJson(bytes);
    if (!isResource(value)) {
      const found = 'no FHIR resource: resourceType is missing';
      throw new GatewayError('malformed-message', found, {
        location: 'resourceType',
        standardCode: 'structure',
      });
    }
    if (!isBundle(value) || isMessage(value)) {
      return { entries: [fileResource(value, text, place)], problems: [] };
    }
    return contentOfBundle(value, entryTexts, place);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return { entries: [{ place, error: thrown }], problems: [] };
  }
}

function contentOfBundle(
  bundle: Bundle<FhirResource>,
  texts: readonly (string | undefined)[],
  around: string,
): FhirContent {
  const at = around === '' ? '' : `${around} `;
  const isAnswer = bundle.type !== 'transaction' && bundle.type !== 'batch';
  const problems: string[] = [];
  const beside = new Map<string, FhirResource>();
  for (const { fullUrl, resource } of bundle.entry ?? []) {
    if (fullUrl !== undefined && resource !== undefined) beside.set(fullUrl, resource);
  }
  const entries = (bundle.entry ?? []).flatMap((entry, index): FileResource[] => {
    const place = `${at}Bundle.entry[${index}].resource`;
    const { resource, fullUrl, request, search } = entry;
    if (!isResource(resource)) {
      problems.push(`${place}: no resource (${request?.method ?? 'nothing'}): passed over`);
      return [];
    }
    // A server's remark on its own answer (R4 search, "mode": outcome).
    if (search?.mode === 'outcome') return [];
    // What a source answers with beside what was asked for: whoever asks reads what he understands.
    if (isAnswer && !isTakenType(resource.resourceType)) {
      problems.push(`${place}: ${resource.resourceType} is passed over: it is not taken here`);
      return [];
    }
    const text = texts[index] ?? JSON.stringify(resource);
    const told = {
      ...(fullUrl !== undefined && { fullUrl }),
      ...(request !== undefined && { url: request.url }),
    };
    return [fileResource(resource, text, place, told, beside)];
  });
  // The newest is the first in a history (R4 http, "history").
  if (bundle.type === 'history') entries.reverse();
  const latest = entries.reduce((last, { toldAt }) => (toldAt > last ? toldAt : last), '');
  return {
    entries: entries.map((one) => {
      // What is taken together is told together.
      if (bundle.type === 'transaction') return { ...one, toldAt: latest, transaction: bundle };
      return one.toldAt === '' ? { ...one, toldAt: latest } : one;
    }),
    problems,
  };
}

function fileResource(
  resource: FhirResource,
  text: string,
  place: string,
  entry?: FileResource['entry'],
  beside: FileResource['beside'] = new Map(),
): FileResource {
  const said = isMessage(resource) ? resource.timestamp : resource.meta?.lastUpdated;
  const toldAt = instantOf(said) ?? latestOf(resource);
  return { resource, text, place, beside, toldAt, ...(entry !== undefined && { entry }) };
}

/** Where times to come stand: what is planned was not told then. */
const ahead = /^(?:restriction|timing|scheduled\w*|occurrence\w*|start|requestedPeriod)$/;

/** The latest time with a zone in a resource, those of plans left out. */
function latestOf(node: unknown, within = ''): string {
  if (typeof node === 'string') {
    return /^\d{4}-\d\d-\d\dT/.test(node) ? (instantOf(node) ?? '') : '';
  }
  if (typeof node !== 'object' || node === null) return '';
  const entries = Object.entries(node);
  if (entries.some(([key, value]) => key === 'url' && /planned/i.test(String(value)))) return '';
  return entries
    .filter(([key]) => !ahead.test(key) || (key === 'start' && within === 'period'))
    .map(([key, value]) => latestOf(value, Array.isArray(node) ? within : key))
    .reduce((latest, one) => (one > latest ? one : latest), '');
}

function isBundle(resource: FhirResource): resource is Bundle<FhirResource> {
  return resource.resourceType === 'Bundle';
}

// ---------------------------------------------------------------- taking

/** Who took it, and how it is received: in a running gateway the journal's part. */
export interface FileTaking {
  readonly sender: string;
  readonly kind: FhirSenderKind;
  readonly receive: ReceiveRead<Exchange>;
  /** When what has no time is taken to have been told, ISO 8601 UTC. */
  readonly otherwise: string;
}

/** What stands of a story or a folder: each sender's resources by themselves. */
export class FileStore implements FhirStore {
  readonly #resources = new Map<string, StoredResource & { write: ResourceWrite }>();

  /** As it stands now: what is put in one of them is not in the other. */
  copy(): FileStore {
    const copy = new FileStore();
    for (const [key, stored] of this.#resources) copy.#resources.set(key, stored);
    return copy;
  }

  /** Puts what a translation writes, as the journal does it with the commit. */
  put(sender: string, writes: readonly ResourceWrite[], at: string): void {
    for (const write of writes) {
      const { type, id, expected, body } = write;
      const stored = { type, id, version: expected + 1, lastUpdated: at, body, write };
      this.#resources.set(keyOf(sender, type, id), stored);
    }
  }

  read({ sender, type, id }: Parameters<FhirStore['read']>[0]) {
    return Promise.resolve(this.#resources.get(keyOf(sender, type, id)));
  }

  byIdentifier(...[sender, type, { system, value }, limit]: Parameters<FhirStore['byIdentifier']>) {
    const found = this.#of(sender, type).filter(({ write }) =>
      write.identifiers.some(
        (one) => one.value === value && (system === undefined || (one.system ?? '') === system),
      ),
    );
    return Promise.resolve(found.slice(0, limit));
  }

  page(...[sender, type, after, limit]: Parameters<FhirStore['page']>) {
    return Promise.resolve(
      this.#of(sender, type)
        .filter(({ id }) => id > after)
        .slice(0, limit),
    );
  }

  #of(sender: string, type: string) {
    const prefix = keyOf(sender, type, '');
    return [...this.#resources]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, stored]) => stored)
      .toSorted((left, right) => (left.id < right.id ? -1 : 1));
  }
}

const keyOf = (sender: string, type: string, id: string): string => `${sender}\n${type}\n${id}`;

/** The order they were told in: by time; those of one time as they stand, and what has none before all. */
export function inToldOrder(all: readonly FileResource[]): FileResource[] {
  return all.toSorted((a, b) => (a.toldAt < b.toldAt ? -1 : a.toldAt > b.toldAt ? 1 : 0));
}

/**
 * Has one resource taken.
 * @param store what was told before; the caller's `receive` puts there what is written
 * @param others all resources of the story: what is referred to and was not told before may be told later
 * @returns whether it was received: what says the same as what stands is not
 * @throws GatewayError for a message that is none
 */
export async function takeFromFile(
  one: FileResource,
  { sender, kind, receive, otherwise }: FileTaking,
  store: FhirStore,
  others: readonly FileResource[],
): Promise<boolean> {
  const { resource, text, toldAt } = one;
  let ids = 0;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const taking = {
    sender,
    kind,
    store,
    receive,
    now: () => (toldAt === '' ? otherwise : toldAt),
    // The same file gives the same ids.
    newId: () => `${digest}${(ids += 1) > 1 ? `-${ids}` : ''}`,
  };
  if (isMessage(resource)) {
    await takeMessage(taking, resource, text);
    return true;
  }
  const { versionId } = resource.meta ?? {};
  const { unchanged } = await take(taking, {
    resource,
    text,
    id: (await idOf(one, sender, store)) ?? taking.newId(),
    source: {
      ...(versionId !== undefined && { versionId }),
      ...(toldAt !== '' && { lastUpdated: toldAt }),
    },
    related: await besideOf(one, sender, store, others),
  });
  return unchanged === undefined;
}

/** By the address it is put at, its own id, or the one in its fullUrl. */
async function idOf(
  { resource, entry = {} }: FileResource,
  sender: string,
  store: FhirStore,
): Promise<string | undefined> {
  const type = resource.resourceType;
  const { url = '', fullUrl = '' } = entry;
  const put = localTarget(url);
  if (put?.type === type) return put.id;
  const token = /^[A-Za-z]+\?identifier=(?:([^|&]*)\|)?([^|&]+)$/.exec(decoded(url));
  const [, system, value] = token ?? [];
  if (value !== undefined) {
    const identifier = { value, ...(system !== undefined && { system }) };
    const [known] = await store.byIdentifier(sender, type, identifier, 1);
    if (known !== undefined) return known.id;
  }
  if (resource.id !== undefined) return resource.id;
  const [own] = identifiersOf(resource).filter(({ system: of }) => of !== undefined);
  if (type === 'Encounter' && own !== undefined) {
    // The identifier is the stay: what is told of it again is its next version.
    const [known] = await store.byIdentifier(sender, type, own, 1);
    if (known !== undefined) return known.id;
  }
  return localTarget(fullUrl)?.id ?? /^urn:uuid:(\S{36})$/.exec(fullUrl)?.[1];
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** What it refers to and nobody has told before: in its own Bundle, or elsewhere in the story. */
async function besideOf(
  { resource, beside }: FileResource,
  sender: string,
  store: FhirStore,
  others: readonly FileResource[],
): Promise<Readonly<Record<string, FhirResource>>> {
  const found: Record<string, FhirResource> = {};
  for (const reference of referencesOf(resource)) {
    const inBundle = beside.get(reference) ?? byEnd(beside, reference);
    const target = localTarget(reference);
    if (inBundle !== undefined) found[reference] = inBundle;
    if (inBundle !== undefined || target === undefined) continue;
    if ((await store.read({ sender, ...target })) !== undefined) continue;
    const later = others.find(
      ({ resource: other }) => other.resourceType === target.type && other.id === target.id,
    );
    if (later !== undefined) found[reference] = later.resource;
  }
  return found;
}

/** A relative reference is resolved against the base of the fullUrls (R4 bundle, "Resolving references"). */
function byEnd(
  beside: ReadonlyMap<string, FhirResource>,
  reference: string,
): FhirResource | undefined {
  for (const [url, resource] of beside) if (url.endsWith(`/${reference}`)) return resource;
  return undefined;
}
