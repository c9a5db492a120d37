/**
 * Takes one resource of a sender, however it came: reads what stands, makes the exchange, has it received; and once more
 * where another was faster.
 */
import type { FhirResource } from 'fhir/r4.js';
import { Temporal } from 'temporal-polyfill';
import { GatewayError } from '../../../gateway/errors.ts';
import type { ReceiveRead, Reply } from '../../adapter.ts';
import { jsonOf, saysTheSame } from './content.ts';
import { writeExchange, type Exchange } from './exchange.ts';
import { relatedOf, storedRelatedOf } from './related.ts';
import type { FhirSenderKind } from './security/identity.ts';
import { resourceIn, type FhirStore, type StoredResource } from './store.ts';

export interface Taking {
  readonly sender: string;
  /** A hospital where left out. */
  readonly kind?: FhirSenderKind;
  /** SCB code of a sender that is a municipality. */
  readonly municipality?: string;
  /** Receivers that the sender answers for. */
  readonly receivers?: readonly string[];
  readonly store: FhirStore;
  readonly receive: ReceiveRead<Exchange>;
  /** Of the mappings in force. */
  readonly mappingRevision?: () => string;
  /** Legal time, ISO 8601 UTC. */
  readonly now: () => string;
  readonly newId: () => string;
}

interface SourceVersion {
  readonly versionId?: string | undefined;
  readonly lastUpdated?: string | undefined;
}

export interface Incoming {
  readonly resource: FhirResource;
  /** As it was sent. */
  readonly text: string;
  /** Logical id within the sender; a new one where left out. */
  readonly id?: string;
  /** The source's own version and time of it: what it tells again under them is a repeat. */
  readonly source?: SourceVersion;
  /** Written only where no other resource of the type has it: `system|value`. */
  readonly unlessKnown?: string;
  /** What else it refers to and the store does not have, by reference. */
  readonly related?: Readonly<Record<string, FhirResource>>;
  /** Refuses what must not be taken in the place of what stands. @throws GatewayError version-conflict */
  readonly check?: (current: StoredResource | undefined) => void;
}

export interface Took {
  readonly reply: Reply;
  readonly type: string;
  readonly id: string;
  /** What stands equals it: nothing was stored. */
  readonly unchanged?: StoredResource;
}

/** Others that write the same resource win once each; more writers at once than this is a loop of somebody's. */
export const mostTries = 20;

/**
 * Reads what stands, and has the resource received in its place.
 * @throws GatewayError what `check` throws, and what the store does when it cannot be read
 */
export async function take(taking: Taking, incoming: Incoming): Promise<Took> {
  const { sender, store, receive } = taking;
  const type = incoming.resource.resourceType;
  const id = incoming.id ?? taking.newId();
  for (let tries = 1; ; tries += 1) {
    const current = incoming.id === undefined ? undefined : await store.read({ sender, type, id });
    incoming.check?.(current);
    const exchange = await exchangeOf(taking, incoming, id, current);
    const unchanged = await standsAlready(taking, incoming, exchange, current);
    if (unchanged !== undefined) {
      return { reply: { outcome: 'accepted', answers: [] }, type, id, unchanged };
    }
    const reply = await receive(writeExchange(exchange, incoming.text), exchange);
    // Whoever has what must be unknown is not found by reading the same id again: who asked looks for it anew.
    const isFinal = !isStale(reply) || incoming.unlessKnown !== undefined || tries >= mostTries;
    if (isFinal) return { reply, type, id };
  }
}

/**
 * Takes what a source gave, under the source's own version and time: however often it gives that, it is told once.
 * @param text as it was sent
 * @param related what it refers to and the store need not have, by reference
 * @returns what became of it: accepted, or refused and kept
 * @throws GatewayError where it could not be stored because of us
 */
export async function takeFromSource(
  taking: Taking,
  resource: FhirResource,
  text: string,
  related: Readonly<Record<string, FhirResource>>,
): Promise<Reply> {
  // Nobody has checked yet what it holds.
  const { versionId, lastUpdated }: { versionId?: unknown; lastUpdated?: unknown } =
    resource.meta ?? {};
  const { reply } = await take(taking, {
    resource,
    text,
    ...(resource.id !== undefined && { id: resource.id }),
    source: {
      ...(typeof versionId === 'string' && { versionId }),
      ...(typeof lastUpdated === 'string' && { lastUpdated }),
    },
    related,
  });
  if (reply.outcome !== 'untaken') return reply;
  throw reply.error ?? new GatewayError('journal-unavailable', 'not stored');
}

/** Another writer was faster: nothing was stored, and what stands is to be read again. */
export const isStale = ({ outcome, error }: Reply): boolean =>
  outcome === 'untaken' && error?.code === 'stale-version';

/**
 * By REST, which has no name for what it tells, the same of what stands is nothing new; unless something that it refers to
 * was told since, for then it means what it could not mean before.
 * @returns what stands, where that is all there is to say
 */
export async function standsAlready(
  { sender, store }: Taking,
  { source }: Incoming,
  { resource, previous }: Exchange,
  current: StoredResource | undefined,
): Promise<StoredResource | undefined> {
  if (current === undefined || previous === undefined) return undefined;
  if (source?.versionId !== undefined) return undefined;
  const isSame = current.body === jsonOf(resource) || saysTheSame(previous, resource);
  if (!isSame) return undefined;
  const related = await storedRelatedOf(resource, store, sender);
  const isOld = related.every(([, { lastUpdated }]) => lastUpdated <= current.lastUpdated);
  return isOld ? current : undefined;
}

/** The exchange that a resource is, over what stands. */
export async function exchangeOf(
  { sender, kind, municipality, receivers, store, mappingRevision, now, newId }: Taking,
  { resource, source, unlessKnown, related }: Incoming,
  id: string,
  current: StoredResource | undefined,
): Promise<Exchange> {
  const type = resource.resourceType;
  const previous = current === undefined ? undefined : resourceIn(current);
  const told = source?.lastUpdated;
  const version = source?.versionId ?? newId();
  return {
    request: {
      sender,
      ...(kind !== undefined && { kind }),
      ...(municipality !== undefined && { municipality }),
      ...(receivers !== undefined && { receivers }),
      id,
      base: current?.version ?? 0,
      ...readAnew(current, mappingRevision),
      controlId: `${type}/${id}/_history/${version}`,
      sentAt: instantOf(told) ?? now(),
      ...(isOlder(source, previous?.meta) && { isOlder: true as const }),
      ...(unlessKnown !== undefined && { unlessKnown }),
    },
    resource,
    ...(previous !== undefined && { previous }),
    related: { ...(await relatedOf(resource, store, sender, previous)), ...related },
  };
}

/** Whether what stands was read by other mappings than those in force; not where that was not noted. */
export function readAnew(
  current: StoredResource | undefined,
  mappingRevision: Taking['mappingRevision'],
): { readonly isReadAnew?: true } {
  const was = current?.mappingRevision ?? '';
  const now = mappingRevision?.() ?? '';
  return was === '' || now === '' || was === now ? {} : { isReadAnew: true };
}

/** By the source's time; within one moment, which may be a second long, by its version where that is a number. */
function isOlder(told: SourceVersion | undefined, known: SourceVersion | undefined): boolean {
  if (told === undefined || known === undefined) return false;
  if (isBefore(told.lastUpdated, known.lastUpdated)) return true;
  if (instantOf(told.lastUpdated) !== instantOf(known.lastUpdated)) return false;
  const [left, right] = [told.versionId, known.versionId];
  const areNumbers = [left, right].every((version) => /^\d{1,15}$/.test(version ?? ''));
  return areNumbers && Number(left) < Number(right);
}

export function isBefore(told: string | undefined, known: string | undefined): boolean {
  const [left, right] = [instantOf(told), instantOf(known)];
  return left !== undefined && right !== undefined && left < right;
}

export function instantOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return Temporal.Instant.from(text).toString({ smallestUnit: 'millisecond' });
  } catch {
    return undefined;
  }
}
