/** What an operation is called with: a Parameters resource, or the one resource that it is about by itself. */
import type { FhirResource } from 'fhir/r4.js';
import { refuse } from '../answers/refusal.ts';
import type { JsonDocument } from '../json/strict-json.ts';
import { isResource } from '../content.ts';

export interface Called {
  /** What it is about. */
  readonly resource?: FhirResource;
  /** The same as JSON: as it was sent where it came by itself. */
  readonly text?: string;
  /** Of Parameters or of the query, the plain values by name. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * @param about name of the parameter that holds the resource
 * @throws FhirRefusal 400 for what is neither
 */
export function calledWith(
  { value, text }: JsonDocument,
  query: URLSearchParams,
  about: string,
): Called {
  const values = new Map<string, string>(query);
  if (!isResource(value)) {
    throw refuse(400, 'structure', `expected a resource, or Parameters with '${about}'`);
  }
  if (value.resourceType !== 'Parameters') return { resource: value, text, values };
  const given: unknown = value.parameter ?? [];
  if (!Array.isArray(given)) {
    throw refuse(400, 'structure', 'must be a list', 'Parameters.parameter');
  }
  let resource: FhirResource | undefined;
  for (const one of given) {
    if (typeof one !== 'object' || one === null) continue;
    const fields = new Map<string, unknown>(Object.entries(one));
    const name = fields.get('name');
    if (typeof name !== 'string') continue;
    const inner = fields.get('resource');
    if (name === about && isResource(inner)) resource = inner;
    const plain = [...fields].find(([key]) => key.startsWith('value'))?.[1];
    if (typeof plain === 'string' || typeof plain === 'boolean') values.set(name, String(plain));
  }
  if (resource === undefined) return { values };
  return { resource, text: JSON.stringify(resource), values };
}
