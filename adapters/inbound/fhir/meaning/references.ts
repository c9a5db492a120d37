/**
 * What a reference leads to. Literal (`Patient/7`, `urn:uuid:…`): among what came with the exchange. Contained (`#p`):
 * in the resource itself, one step and no further, so a circle is nothing. Logical (an identifier alone): nobody is
 * looked up, the identifier is what is known.
 */
import type { FhirResource, Identifier, Reference } from 'fhir/r4.js';
import { isResource } from '../content.ts';

export interface Followed {
  readonly resource?: FhirResource;
  readonly identifier?: Identifier;
}

/** @param owner the resource the reference stands in; @param related what it refers to, by the reference as it stands */
export function follow(
  reference: Reference | undefined,
  owner: FhirResource,
  related: Readonly<Record<string, FhirResource>>,
): Followed {
  const literal = reference?.reference;
  const resource =
    typeof literal !== 'string'
      ? undefined
      : literal.startsWith('#')
        ? containedIn(owner, literal.slice(1))
        : Object.hasOwn(related, literal)
          ? related[literal]
          : undefined;
  const { identifier } = reference ?? {};
  return { ...(resource && { resource }), ...(identifier && { identifier }) };
}

function containedIn(owner: FhirResource, id: string): FhirResource | undefined {
  const contained = 'contained' in owner ? owner.contained : undefined;
  if (!Array.isArray(contained)) return undefined;
  return contained.filter(isResource).find((one) => one.id === id);
}

/** What is in a list, and nothing where it is none. */
export function listOf<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}
