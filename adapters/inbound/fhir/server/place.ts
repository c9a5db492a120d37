/** Where each entry of a transaction goes, and what its references become by that. */
import type { FhirResource } from 'fhir/r4.js';
import { assert } from '../../../../gateway/errors.ts';
import { refuse } from '../answers/refusal.ts';
import { identifiersOf, jsonOf } from '../content.ts';
import { localTarget, referencesOf } from '../related.ts';
import { inEntry, type BundleCall } from './bundle.ts';
import { conditionOf, oneWith, tokenText } from './conditions.ts';
import { conditionIn, namesOf, referencesIn, withReferences } from './references.ts';
import { storedAsServed } from './request.ts';
import { targetOf, type Target } from './write.ts';

export interface Placed {
  readonly call: BundleCall;
  readonly target: Target;
  /** Its own, or the new one that it gets. */
  readonly id: string;
  /** With its references as they are from now on. */
  readonly resource: FhirResource;
  /** As it was sent, unless a reference in it became another. */
  readonly text: string;
  /** What it refers to in the Bundle, by reference. */
  readonly related: Readonly<Record<string, FhirResource>>;
}

interface Located {
  readonly call: BundleCall;
  readonly target: Target;
  readonly id: string;
  readonly resource: FhirResource;
  readonly text: string;
}

/**
 * @param writes creates and updates
 * @throws FhirRefusal where two entries are the same resource, or a reference leads nowhere
 */
export async function place(writes: readonly BundleCall[]): Promise<readonly Placed[]> {
  const located: Located[] = [];
  for (const call of writes) {
    const { body, taking } = call.request;
    assert(body, 'a write has a body');
    const target = await inEntry(call.index, () => targetOf(call.request, body.resource));
    const id = target.id ?? target.kept?.id ?? taking.newId();
    located.push({ call, target, id, ...body });
  }
  checkApart(located);
  const all: All = { list: located, byUrl: byUrl(located) };
  const renamed: Located[] = [];
  for (const one of located) {
    const isKept = one.target.kept !== undefined;
    renamed.push(isKept ? one : await inEntry(one.call.index, () => renamedIn(one, all)));
  }
  const within = new Map(
    renamed.map(({ resource, id, target }) => [
      `${resource.resourceType}/${id}`,
      // What stays as it is means what stands, not what was sent.
      target.kept === undefined ? resource : storedAsServed(target.kept),
    ]),
  );
  return renamed.map((one) => ({ ...one, related: relatedIn(one.resource, within) }));
}

interface All {
  readonly list: readonly Located[];
  readonly byUrl: ReadonlyMap<string, Located>;
}

const byUrl = (located: readonly Located[]): All['byUrl'] =>
  new Map(
    located.flatMap((one) => (one.call.fullUrl === undefined ? [] : [[one.call.fullUrl, one]])),
  );

/** One resource is written once, and one name is one entry's. */
function checkApart(located: readonly Located[]): void {
  const seen = new Map<string, number>();
  for (const { call, target, id, resource } of located) {
    const { resourceType: type } = resource;
    const { index, fullUrl } = call;
    const { unlessKnown } = target;
    const names = [
      `${type}/${id}`,
      ...(unlessKnown ? [`${type}?${tokenText(unlessKnown)}`] : []),
      ...(fullUrl === undefined ? [] : [`fullUrl ${fullUrl}`]),
    ];
    for (const name of names) {
      const other = seen.get(name);
      if (other !== undefined) {
        const text = `the same resource as Bundle.entry[${other}], by id, identifier or fullUrl: send it once`;
        throw refuse(400, 'duplicate', text, `Bundle.entry[${index}]`);
      }
      seen.set(name, index);
    }
  }
}

/** The resource with every reference to another entry, and every search, as what it leads to. */
async function renamedIn(one: Located, located: All): Promise<Located> {
  const becomes = new Map<string, string>();
  for (const { reference, expression } of referencesIn(one.resource)) {
    if (becomes.has(reference)) continue;
    const names = namesOf(reference, one.call.fullUrl);
    const entry = names.map((name) => located.byUrl.get(name)).find((known) => known !== undefined);
    if (entry !== undefined) becomes.set(reference, nameOf(entry));
    else if (reference.startsWith('urn:')) {
      throw refuse(422, 'not-found', 'no entry of the Bundle has this fullUrl', expression);
    }
    const searched = await searchedFor(one, located, reference, expression);
    if (searched !== undefined) becomes.set(reference, searched);
  }
  const resource = withReferences(one.resource, becomes);
  return resource === one.resource ? one : { ...one, resource, text: jsonOf(resource) };
}

/** What a conditional reference finds: in the Bundle first, then among what was sent before. */
async function searchedFor(
  { call }: Located,
  { list }: All,
  reference: string,
  expression: string,
): Promise<string | undefined> {
  const condition = conditionIn(reference);
  if (condition === undefined) return undefined;
  const { type, query } = condition;
  const identifier = conditionOf(query, expression);
  const here = list.filter(({ resource }) => {
    const isIt = ({ system = '', value }: { system?: string; value: string }): boolean =>
      value === identifier.value && (identifier.system ?? system) === system;
    return resource.resourceType === type && identifiersOf(resource).some(isIt);
  });
  if (here.length > 1) {
    const text = `several ${type} of the Bundle have this identifier: refer to one by its fullUrl`;
    throw refuse(412, 'multiple-matches', text, expression);
  }
  const [entry] = here;
  if (entry !== undefined) return nameOf(entry);
  const stored = await oneWith({ taking: call.request.taking, type }, identifier);
  if (stored !== undefined) return `${type}/${stored.id}`;
  throw refuse(
    412,
    'not-found',
    `no ${type} with this identifier: send it first, or along`,
    expression,
  );
}

const nameOf = ({ resource, id }: Located): string => `${resource.resourceType}/${id}`;

function relatedIn(
  resource: FhirResource,
  within: ReadonlyMap<string, FhirResource>,
): Placed['related'] {
  const related = referencesOf(resource).flatMap((reference): [string, FhirResource][] => {
    const target = localTarget(reference);
    const found = target && within.get(`${target.type}/${target.id}`);
    return found === undefined ? [] : [[reference, found]];
  });
  return Object.fromEntries(related);
}
