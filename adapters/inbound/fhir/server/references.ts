/** References within a transaction: to what other entries become, and to what is looked for (FHIR R4, 3.1.0.11.2). */
import type { FhirResource } from 'fhir/r4.js';

export interface Reference {
  readonly reference: string;
  /** FHIRPath of it: `Encounter.subject.reference`. */
  readonly expression: string;
}

/** Every `reference` of a resource, wherever it stands; those within it (`#…`) excluded. */
export function referencesIn(resource: FhirResource): readonly Reference[] {
  const found: Reference[] = [];
  visit(resource, resource.resourceType, ({ reference }, expression) => {
    if (!reference.startsWith('#')) found.push({ reference, expression });
  });
  return found;
}

/** @returns a resource with those references as others; the same object where there is none of them */
export function withReferences(
  resource: FhirResource,
  becomes: ReadonlyMap<string, string>,
): FhirResource {
  if (becomes.size === 0) return resource;
  const changed = structuredClone(resource);
  visit(changed, '', (holder) => {
    holder.reference = becomes.get(holder.reference) ?? holder.reference;
  });
  return changed;
}

interface Holder {
  reference: string;
}

/** As deep as the JSON may be, which is bounded. */
function visit(
  node: unknown,
  path: string,
  see: (holder: Holder, expression: string) => void,
): void {
  if (Array.isArray(node)) {
    for (const [index, one] of node.entries()) visit(one, `${path}[${index}]`, see);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  if (isHolder(node)) see(node, `${path}.reference`);
  for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`, see);
}

const isHolder = (node: object): node is Holder =>
  'reference' in node && typeof node.reference === 'string';

/** What a reference may be called by among the fullUrls: as it is, and below the base of the entry it stands in. */
export function namesOf(reference: string, fullUrl: string | undefined): readonly string[] {
  const plain = reference.replace(/\/_history\/[^/]+$/, '');
  const base = /^(https?:\/\/.+\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.exec(fullUrl ?? '')?.[1];
  const isRelative = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.test(plain);
  return base !== undefined && isRelative ? [plain, base + plain] : [plain];
}

/** `Patient?identifier=system|value` taken apart; undefined for every other reference. */
export function conditionIn(
  reference: string,
): { readonly type: string; readonly query: URLSearchParams } | undefined {
  const [, type, query] = /^([A-Z][A-Za-z]+)\?(.+)$/.exec(reference) ?? [];
  return type === undefined || query === undefined
    ? undefined
    : { type, query: new URLSearchParams(query) };
}
