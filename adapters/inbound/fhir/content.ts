/** What a resource says, whatever order its keys were written in. */
import { isDeepStrictEqual } from 'node:util';
import type { FhirResource } from 'fhir/r4.js';
import type { ResourceIdentifier } from '../../adapter.ts';

/** What has a resourceType; nothing else is known of it. */
export function isResource(value: unknown): value is FhirResource {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resourceType' in value &&
    typeof value.resourceType === 'string'
  );
}

const written = new WeakMap<FhirResource, string>();

/** Its JSON, made once: a resource that was read is never changed. */
export function jsonOf(resource: FhirResource): string {
  const known = written.get(resource);
  if (known !== undefined) return known;
  const json = JSON.stringify(resource);
  written.set(resource, json);
  return json;
}

/**
 * Whether two resources say the same. Their id, version and time of update do not count: by REST those are ours, and who
 * reads a resource here and writes it back sends them along.
 */
export function saysTheSame(left: FhirResource, right: FhirResource): boolean {
  return isDeepStrictEqual(said(left), said(right));
}

function said({ id: _id, meta, ...rest }: FhirResource): object {
  if (meta === undefined) return rest;
  // Nobody has checked yet that it is an object.
  if (typeof meta !== 'object' || meta === null) return { ...rest, meta };
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta;
  return Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept };
}

/** JSON with its keys in order: the same for the same content, for digests. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)))
      : node,
  );
}

/** `system|value` as a search writes it: `|value` is of no system, `value` of any. */
export function tokenOf(token: string): ResourceIdentifier | undefined {
  const bar = token.indexOf('|');
  const value = token.slice(bar + 1);
  if (value === '') return undefined;
  return bar < 0 ? { value } : { system: token.slice(0, bar), value };
}

/** Its business identifiers: those with a value. */
export function identifiersOf(resource: FhirResource): readonly ResourceIdentifier[] {
  const identifier: unknown = 'identifier' in resource ? resource.identifier : undefined;
  const list: readonly unknown[] = Array.isArray(identifier)
    ? identifier
    : identifier === undefined
      ? []
      : [identifier];
  return list.flatMap((one): ResourceIdentifier[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { system, value }: { system?: unknown; value?: unknown } = one;
    if (typeof value !== 'string') return [];
    return [{ ...(typeof system === 'string' && { system }), value }];
  });
}
