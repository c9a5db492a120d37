/** What a write or a read depends on: versions by ETag, and identifiers that name one resource or none. */
import type { ResourceIdentifier } from '../../../adapter.ts';
import { refuse } from '../answers/refusal.ts';
import { tokenOf } from '../content.ts';
import type { StoredResource } from '../store.ts';
import type { Conditions, FhirRequest } from './request.ts';

/** The versions in `W/"3", W/"4"`, or `*`. @throws FhirRefusal 400 for what is no list of ETags */
function versionsIn(header: string, name: string): readonly string[] {
  const tags = header.split(',').map((tag) => tag.trim());
  return tags.map((tag) => {
    const version = tag === '*' ? tag : /^(?:W\/)?"([^"]{1,64})"$/.exec(tag)?.[1];
    if (version !== undefined) return version;
    throw refuse(400, 'invalid', `${name}: expected W/"n", as the ETag of an answer has it`);
  });
}

const names = (versions: readonly string[], version: number): boolean =>
  versions.includes('*') || versions.includes(String(version));

/** Whether `If-None-Match` names what stands: the sender has it already. */
export const isKnown = ({ ifNoneMatch }: Conditions, version: number): boolean =>
  ifNoneMatch !== undefined && names(versionsIn(ifNoneMatch, 'If-None-Match'), version);

/**
 * What must hold of what stands for a write to take place.
 * @returns throws FhirRefusal 412 where it does not hold
 */
export function checkOf({
  ifMatch,
  ifNoneMatch,
}: Conditions): (current: StoredResource | undefined) => void {
  const wanted = ifMatch === undefined ? undefined : versionsIn(ifMatch, 'If-Match');
  const unwanted = ifNoneMatch === undefined ? [] : versionsIn(ifNoneMatch, 'If-None-Match');
  return (current) => {
    if (wanted !== undefined && (current === undefined || !names(wanted, current.version))) {
      const stands = current === undefined ? 'there is none' : `version ${current.version} stands`;
      throw refuse(
        412,
        'conflict',
        `If-Match: not the version that stands (${stands}): read it, and write again`,
      );
    }
    if (current !== undefined && names(unwanted, current.version)) {
      throw refuse(412, 'conflict', 'If-None-Match: there is one already: write it with If-Match');
    }
  };
}

/**
 * The one identifier by which a conditional request finds its resource.
 * @param query `identifier=system|value`
 * @throws FhirRefusal 400 for any other search: several matches could not be told from one
 */
export function conditionOf(query: URLSearchParams, where: string): ResourceIdentifier {
  const [entry, ...others] = [...query].filter(([name]) => name !== '_format');
  const token = entry?.[0] === 'identifier' ? tokenOf(entry[1]) : undefined;
  if (token === undefined || others.length > 0 || token.value.includes(',')) {
    throw refuse(
      400,
      'not-supported',
      `${where}: expected identifier=system|value and nothing else`,
    );
  }
  return token;
}

/** `system|value` of it. */
export const tokenText = ({ system, value }: ResourceIdentifier): string =>
  system === undefined ? value : `${system}|${value}`;

/**
 * The sender's one resource of the type with an identifier.
 * @throws FhirRefusal 412 where there are several
 */
export async function oneWith(
  { taking: { store, sender }, type }: Pick<FhirRequest, 'taking' | 'type'>,
  identifier: ResourceIdentifier,
): Promise<StoredResource | undefined> {
  const [first, second] = await store.byIdentifier(sender, type, identifier, 2);
  if (second !== undefined) {
    const text = `several ${type} have this identifier: name one by its id`;
    throw refuse(412, 'multiple-matches', text);
  }
  return first;
}
