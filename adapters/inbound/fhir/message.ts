/**
 * A message: a Bundle whose first entry is a MessageHeader. It names what it tells (MessageHeader.id), says what happened
 * and when (Provenance), and brings all it speaks of with it; an Encounter in it is a snapshot as any other.
 */
import type { Bundle, Encounter, FhirResource, MessageHeader, Provenance } from 'fhir/r4.js';
import { GatewayError } from '../../../gateway/errors.ts';
import { identifiersOf } from './content.ts';
import { writeExchange, type Exchange, type Part } from './exchange.ts';
import { localTarget, relatedOf } from './related.ts';
import { instantOf, isBefore, isStale, mostTries, readAnew, type Taking } from './take.ts';
import type { Reply } from '../../adapter.ts';
import { resourceIn, type StoredResource } from './store.ts';

/** What a message may be about beside its Encounter; Encounter and Patient are kept in any case. */
const kept = ['CarePlan', 'Task', 'Communication', 'Observation'] as const;
/** What a message told is kept under MessageHeader.id, for the message that corrects it. */
export const told = 'Provenance';

/** A Bundle whose entries are resources as we know them. */
export type MessageBundle = Bundle<FhirResource>;

/** What a message is made of. */
export interface MessageParts {
  readonly header: MessageHeader;
  readonly provenance: Provenance;
  readonly encounter: Encounter;
  /** fullUrl of the Encounter. */
  readonly encounterUrl: string;
  /** fullUrls of all that it is about, the Encounter among them. */
  readonly focus: ReadonlySet<string>;
  /** Id of the message that this one corrects or removes. */
  readonly earlier?: { readonly id: string; readonly role: 'revision' | 'removal' };
}

/** Whether a Bundle is a message. */
export function isMessage(bundle: FhirResource): bundle is MessageBundle {
  return bundle.resourceType === 'Bundle' && bundle.type === 'message';
}

/**
 * Takes a message apart.
 * @throws GatewayError malformed-message, unsupported-message with the FHIRPath in `location` and the issue code in `standardCode`
 */
export function partsOf(bundle: MessageBundle): MessageParts {
  const [first, ...rest] = bundle.entry ?? [];
  const header = first?.resource;
  if (header?.resourceType !== 'MessageHeader') {
    throw invalid('the first entry of a message is its MessageHeader', 'Bundle.entry[0].resource');
  }
  if (!isId(header.id)) {
    throw missing('MessageHeader.id', 'the id that names this message, and each repeat of it');
  }
  const focused = header.focus ?? [];
  if (focused.length === 0) throw missing('MessageHeader.focus', 'a reference to the Encounter');
  const urls = new Map<string, FhirResource>();
  for (const [index, { fullUrl, resource }] of rest.entries()) {
    if (fullUrl === undefined || resource === undefined) continue;
    if (urls.has(fullUrl)) {
      throw invalid('two entries have one fullUrl', `Bundle.entry[${index + 1}].fullUrl`);
    }
    urls.set(fullUrl, resource);
  }
  const aimed = focused.map(({ reference }, index) => {
    const target = reference === undefined ? undefined : inBundle(reference, urls);
    if (target === undefined) {
      const text = 'what a message is about is in it: no entry has this fullUrl';
      throw invalid(text, `MessageHeader.focus[${index}]`);
    }
    return target;
  });
  const encounters = aimed.filter(isOf('Encounter'));
  const [only] = encounters;
  if (only === undefined || encounters.length > 1) {
    throw invalid(
      'a message is about one Encounter: refer to it, and to no other',
      'MessageHeader.focus',
    );
  }
  const provenances = rest.flatMap(({ resource }) =>
    resource?.resourceType === 'Provenance' ? [resource] : [],
  );
  const provenance = provenanceOf(provenances, header.id);
  const earlier = earlierOf(provenance);
  return {
    header,
    provenance,
    encounter: only.resource,
    encounterUrl: only.url,
    focus: new Set(aimed.map(({ url }) => url)),
    ...(earlier && { earlier }),
  };
}

/**
 * The exchange that a message is: where each resource in it is kept, what stood there, and what it refers to beside what
 * it brings.
 * @param text the Bundle as it was sent
 * @returns `raw` are the bytes that are stored
 * @throws GatewayError as `partsOf`; version-conflict where two Encounters that are known have its identifier
 */
export async function messageExchange(
  bundle: MessageBundle,
  text: string,
  taking: Taking,
): Promise<{ readonly raw: Uint8Array; readonly exchange: Exchange }> {
  const { sender, kind, municipality, receivers, store, now } = taking;
  const { header, encounterUrl, focus, earlier } = partsOf(bundle);
  const sentAt = instantOf(bundle.timestamp);
  if (bundle.timestamp !== undefined && sentAt === undefined) {
    throw invalid('not an instant with its zone', 'Bundle.timestamp');
  }
  // Maps: a fullUrl is the sender's own text, and may be any.
  const parts = new Map<string, Part>();
  const related = new Map<string, FhirResource>();
  for (const { fullUrl, resource } of bundle.entry ?? []) {
    if (fullUrl === undefined || resource === undefined) continue;
    for (const [reference, known] of Object.entries(await relatedOf(resource, store, sender))) {
      related.set(reference, known);
    }
    if (isKept(resource, focus.has(fullUrl)))
      parts.set(fullUrl, await partOf(fullUrl, resource, taking));
  }
  for (const { fullUrl, resource } of bundle.entry ?? []) {
    if (fullUrl === undefined || resource === undefined) continue;
    // A reference within may be relative to the base that the fullUrls have.
    const target = localTarget(fullUrl);
    if (target?.type === resource.resourceType) {
      related.set(`${target.type}/${target.id}`, resource);
    }
    related.set(fullUrl, resource);
  }
  if (earlier !== undefined) {
    const stored = await store.read({ sender, type: told, id: earlier.id });
    if (stored !== undefined) related.set(earlierReference(earlier.id), resourceIn(stored));
  }
  const main = parts.get(encounterUrl);
  const request = {
    sender,
    ...(kind !== undefined && { kind }),
    ...(municipality !== undefined && { municipality }),
    ...(receivers !== undefined && { receivers }),
    id: main?.id ?? taking.newId(),
    base: main?.base ?? 0,
    controlId: header.id ?? '',
    sentAt: sentAt ?? now(),
    ...(isBefore(bundle.timestamp, main?.previous?.meta?.lastUpdated) && {
      isOlder: true as const,
    }),
  };
  const exchange: Exchange = {
    request,
    resource: bundle,
    related: Object.fromEntries(related),
    parts: Object.fromEntries(parts),
  };
  return { raw: writeExchange(exchange, text), exchange };
}

/** Takes a message: makes the exchange, has it received; and once more where another was faster. */
export async function takeMessage(
  taking: Taking,
  bundle: MessageBundle,
  text: string,
): Promise<{ readonly reply: Reply; readonly exchange: Exchange }> {
  for (let tries = 1; ; tries += 1) {
    const { raw, exchange } = await messageExchange(bundle, text, taking);
    const reply = await taking.receive(raw, exchange);
    if (!isStale(reply) || tries >= mostTries) return { reply, exchange };
  }
}

/** Under which reference the exchange has what an earlier message told. */
export const earlierReference = (id: string): string => `${told}/${id}`;

/**
 * The content of a message as it is compared with that of another under its id: FHIR lets a message that is sent again
 * have another Bundle.id and timestamp.
 */
export function messageContent(bundle: MessageBundle): Uint8Array {
  const { id: _id, timestamp: _timestamp, meta: _meta, ...content } = bundle;
  return Buffer.from(JSON.stringify(content));
}

// ---------------------------------------------------------------- where it is kept

/** By its identifiers, else by the id in its fullUrl; a new one where neither is known. */
async function partOf(url: string, resource: FhirResource, taking: Taking): Promise<Part> {
  const { sender, store } = taking;
  const type = resource.resourceType;
  const found = new Map<string, StoredResource>();
  for (const identifier of identifiersOf(resource)) {
    for (const one of await store.byIdentifier(sender, type, identifier, 2)) found.set(one.id, one);
  }
  if (found.size > 1) {
    throw new GatewayError(
      'version-conflict',
      `several of type ${type} are known with its identifiers; merge them, or send one of the identifiers alone`,
      { location: `${type}.identifier`, standardCode: 'multiple-matches' },
    );
  }
  const [known] = found.values();
  const target = localTarget(url);
  const id = known?.id ?? (target?.type === type ? target.id : undefined);
  const current = known ?? (id === undefined ? undefined : await store.read({ sender, type, id }));
  return {
    id: id ?? taking.newId(),
    base: current?.version ?? 0,
    ...readAnew(current, taking.mappingRevision),
    ...(current !== undefined && { previous: resourceIn(current) }),
  };
}

function isKept({ resourceType }: FhirResource, isFocus: boolean): boolean {
  if (resourceType === 'Patient') return true;
  return isFocus && (resourceType === 'Encounter' || kept.some((type) => type === resourceType));
}

// ---------------------------------------------------------------- what it is made of

/** The Provenance of a message that tells one thing: the one that targets its MessageHeader, or the only one. */
function provenanceOf(all: readonly Provenance[], headerId: string): Provenance {
  const ofMessage = all.filter(({ target }) =>
    (target ?? []).some(({ reference }) => reference?.includes(headerId)),
  );
  const candidates = ofMessage.length > 0 ? ofMessage : all;
  const [only] = candidates;
  if (only === undefined) {
    throw missing('Bundle.entry', 'a Provenance: its activity says what happened, and when');
  }
  if (candidates.length > 1) {
    const text = 'one Provenance says what happened: let its target be the MessageHeader';
    throw invalid(text, 'Provenance.target');
  }
  return only;
}

/** The message that it takes the place of (`revision`), or takes back (`removal`). */
function earlierOf({ entity }: Provenance): MessageParts['earlier'] {
  const [first, ...more] = (entity ?? []).filter(
    ({ role }) => role === 'revision' || role === 'removal',
  );
  if (first === undefined) return undefined;
  if (more.length > 0) {
    throw invalid('a message corrects or removes one message', 'Provenance.entity');
  }
  const { reference, identifier } = first.what;
  const id = identifier?.value ?? lastSegment(reference);
  if (!isId(id)) {
    const text = 'MessageHeader/ and the id of the message, or that id as identifier';
    throw missing('Provenance.entity.what', text);
  }
  return { id, role: first.role === 'removal' ? 'removal' : 'revision' };
}

function lastSegment(reference: string | undefined): string | undefined {
  return reference
    ?.replace(/\/_history\/.*$/, '')
    .split(/[/:]/)
    .at(-1);
}

function inBundle(
  reference: string,
  urls: ReadonlyMap<string, FhirResource>,
): { url: string; resource: FhirResource } | undefined {
  const exact = urls.get(reference);
  if (exact !== undefined) return { url: reference, resource: exact };
  // A relative reference is resolved against the base of the fullUrls (R4 bundle, "Resolving references").
  for (const [url, resource] of urls) {
    if (url.endsWith(`/${reference}`)) return { url, resource };
  }
  return undefined;
}

function isOf<T extends FhirResource['resourceType']>(type: T) {
  return (entry: {
    url: string;
    resource: FhirResource;
  }): entry is { url: string; resource: Extract<FhirResource, { resourceType: T }> } =>
    entry.resource.resourceType === type;
}

const isId = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Za-z0-9.-]{1,64}$/.test(text);

function invalid(text: string, location: string): GatewayError {
  return new GatewayError('malformed-message', `${location}: ${text}`, {
    location,
    standardCode: 'invalid',
  });
}

function missing(location: string, what: string): GatewayError {
  return new GatewayError('malformed-message', `${location}: missing: ${what}`, {
    location,
    standardCode: 'required',
  });
}
