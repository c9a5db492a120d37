/** What a resource refers to, as far as its meaning depends on it. */
import type { FhirResource } from 'fhir/r4.js';
import { resourceIn, type FhirStore, type StoredResource } from './store.ts';

/** Elements that hold the references we follow; of a list every one. */
const followed: Readonly<Record<string, readonly string[]>> = {
  Encounter: ['subject', 'serviceProvider', 'location.location'],
  CarePlan: ['subject', 'encounter', 'supportingInfo', 'activity.detail.performer'],
  Task: ['for', 'encounter', 'focus', 'owner', 'requester', 'basedOn', 'partOf'],
  Communication: [
    'subject',
    'encounter',
    'sender',
    'recipient',
    'about',
    'basedOn',
    'inResponseTo',
  ],
  Observation: ['subject', 'encounter', 'focus'],
};
/** As many references are followed; a resource with more says no more by them. */
const mostFollowed = 50;

/**
 * The references of a resource that are worth looking up, each once: not those within it (`#…`).
 * @param before the version before; what it referred to says which stay it was of
 */
export function referencesOf(resource: FhirResource, before?: FhirResource): readonly string[] {
  const found = new Set<string>();
  for (const one of [resource, ...(before === undefined ? [] : [before])]) {
    for (const path of followed[one.resourceType] ?? []) {
      for (const { reference } of at(one, path.split('.'))) {
        if (reference !== undefined && !reference.startsWith('#')) found.add(reference);
      }
    }
  }
  return [...found].slice(0, mostFollowed);
}

/** Looks references up among what the sender has told; one that is not there is left out. */
export async function relatedOf(
  resource: FhirResource,
  store: FhirStore,
  sender: string,
  before?: FhirResource,
): Promise<Readonly<Record<string, FhirResource>>> {
  const found = await storedRelatedOf(resource, store, sender, before);
  return Object.fromEntries(found.map(([reference, stored]) => [reference, resourceIn(stored)]));
}

/** As `relatedOf`, as it is stored. */
export async function storedRelatedOf(
  resource: FhirResource,
  store: FhirStore,
  sender: string,
  before?: FhirResource,
): Promise<readonly (readonly [reference: string, stored: StoredResource])[]> {
  const found: (readonly [string, StoredResource])[] = [];
  for (const reference of referencesOf(resource, before)) {
    const target = localTarget(reference);
    const stored = target && (await store.read({ sender, ...target }));
    if (stored !== undefined) found.push([reference, stored]);
  }
  return found;
}

/** Type and id of `Patient/7`, `Patient/7/_history/2` or an absolute address that ends so. */
export function localTarget(reference: string): { type: string; id: string } | undefined {
  const match = /(?:^|\/)([A-Z][A-Za-z]{1,40})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(
    reference,
  );
  const [, type, id] = match ?? [];
  return type === undefined || id === undefined ? undefined : { type, id };
}

/**
 * Whether a reference stays within a server: relative, or an address below its base. Another server's `Patient/7` is
 * another patient.
 * @param base address of the server, with or without a slash at its end
 */
export function isWithin(reference: string, base: string): boolean {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(reference);
  return !isAbsolute || reference.startsWith(`${base.replace(/\/+$/, '')}/`);
}

function at(node: unknown, path: readonly string[]): { reference?: string }[] {
  if (Array.isArray(node)) return node.flatMap((one) => at(one, path));
  if (typeof node !== 'object' || node === null) return [];
  const [head, ...rest] = path;
  if (head === undefined) {
    const { reference }: { reference?: unknown } = node;
    return typeof reference === 'string' ? [{ reference }] : [];
  }
  return at(Object.entries(node).find(([key]) => key === head)?.[1], rest);
}
