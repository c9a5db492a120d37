/** Search (FHIR R4, 3.1.1): a sender looks for what it has told. In order of id, page by page. */
import type { Bundle, BundleEntry, FhirResource } from 'fhir/r4.js';
import { issueOf, outcomeOf } from '../answers/outcome.ts';
import { refuse } from '../answers/refusal.ts';
import { tokenOf } from '../content.ts';
import type { StoredResource } from '../store.ts';
import { idForm, storedAsServed, type FhirRequest, type FhirResponse } from './request.ts';
import { timeTest } from './search-time.ts';
import { served } from './served.ts';

const pageSize = { usual: 50, most: 500 };
/** As many resources are looked at for one page; where few of them match, a short page says where to go on. */
const mostLookedAt = 5000;
const readAtOnce = 500;
/** As many values of one parameter. */
const mostValues = 100;

interface Asked {
  readonly ids: ReadonlySet<string> | undefined;
  readonly identifiers: readonly string[] | undefined;
  readonly times: readonly ((at: string) => boolean)[];
  readonly count: number;
  /** The id that the page before ended with. */
  readonly after: string;
  readonly unknown: readonly string[];
}

/** @throws FhirRefusal 400 */
export async function search(request: FhirRequest): Promise<FhirResponse> {
  const asked = askedIn(request);
  const { found, next } = await find(request, asked);
  const self = linkOf(request, asked, asked.after === '' ? undefined : asked.after);
  const { baseUrl, type } = request;
  const entry = found.map((stored): BundleEntry<FhirResource> => ({
    fullUrl: `${baseUrl}/${type}/${stored.id}`,
    resource: storedAsServed(stored),
    search: { mode: 'match' },
  }));
  const isWhole = asked.after === '' && next === undefined;
  const bundle: Bundle<FhirResource> = {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(isWhole && { total: found.length }),
    link: [
      { relation: 'self', url: self },
      ...(next === undefined ? [] : [{ relation: 'next', url: linkOf(request, asked, next) }]),
    ],
    entry: [...entry, ...remarkOn(asked.unknown)],
  };
  return { status: 200, resource: bundle };
}

interface Found {
  readonly found: readonly StoredResource[];
  /** The id that the next page comes after. */
  readonly next?: string;
}

async function find(request: FhirRequest, asked: Asked): Promise<Found> {
  const named = await namedIn(request, asked);
  if (named !== undefined) return firstOf(named, asked);
  const { store, sender } = request.taking;
  const found: StoredResource[] = [];
  let { after } = asked;
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += readAtOnce) {
    const page = await store.page(sender, request.type, after, readAtOnce);
    for (const stored of page) {
      if (!isInTime(stored, asked)) continue;
      if (found.length === asked.count) return { found, next: found.at(-1)?.id ?? after };
      found.push(stored);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < readAtOnce) return { found };
    after = last.id;
  }
  return { found, next: after };
}

/** Those that are asked for by id or identifier; undefined where neither is. */
async function namedIn(
  { taking: { store, sender }, type }: FhirRequest,
  { ids, identifiers }: Asked,
): Promise<readonly StoredResource[] | undefined> {
  if (ids === undefined && identifiers === undefined) return undefined;
  const found = new Map<string, StoredResource>();
  if (identifiers === undefined) {
    for (const id of ids ?? []) {
      const stored = idForm.test(id) ? await store.read({ sender, type, id }) : undefined;
      if (stored !== undefined) found.set(id, stored);
    }
  }
  for (const token of identifiers ?? []) {
    const identifier = tokenOf(token);
    if (identifier === undefined) {
      throw refuse(400, 'value', 'identifier: expected system|value, |value or value');
    }
    for (const stored of await store.byIdentifier(sender, type, identifier, mostLookedAt)) {
      if (ids?.has(stored.id) !== false) found.set(stored.id, stored);
    }
  }
  return [...found.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}

function firstOf(named: readonly StoredResource[], asked: Asked): Found {
  const all = named.filter((stored) => stored.id > asked.after && isInTime(stored, asked));
  const found = all.slice(0, asked.count);
  const last = found.at(-1);
  return all.length > found.length ? { found, next: last?.id ?? asked.after } : { found };
}

const isInTime = ({ lastUpdated }: StoredResource, { times }: Asked): boolean =>
  times.every((holds) => holds(lastUpdated));

// ---------------------------------------------------------------- what is asked

function askedIn({ query, type, isStrict }: FhirRequest): Asked {
  const known = new Set(served.get(type)?.search.map(({ name }) => name));
  const others = new Set(['_count', '_cursor', '_format', '_pretty']);
  const unknown = [...new Set(query.keys())].filter(
    (name) => !known.has(name) && !others.has(name),
  );
  if (isStrict && unknown.length > 0) {
    throw refuse(400, 'not-supported', `only ${[...known].join(', ')} and _count are searched by`);
  }
  const ids = valuesOf(query, '_id');
  const identifiers = valuesOf(query, 'identifier');
  return {
    ids: ids && new Set(ids),
    identifiers,
    times: query.getAll('_lastUpdated').map((value) => timeTest(value)),
    count: countOf(query.get('_count')),
    after: readCursor(query.get('_cursor')),
    unknown,
  };
}

function valuesOf(query: URLSearchParams, name: string): readonly string[] | undefined {
  const [given, another] = query.getAll(name);
  if (given === undefined) return undefined;
  const values = given.split(',');
  if (another === undefined && values.length <= mostValues) return values;
  throw refuse(400, 'too-costly', `${name}: once, with ${mostValues} values at most`);
}

function countOf(value: string | null): number {
  if (value === null) return pageSize.usual;
  if (!/^\d{1,9}$/.test(value)) throw refuse(400, 'value', '_count: expected a number');
  return Math.min(Math.max(Number(value), 1), pageSize.most);
}

// ---------------------------------------------------------------- links

/** Where the next page begins: to the client it means nothing. */
const cursorOf = (after: string): string => Buffer.from(after).toString('base64url');

function readCursor(cursor: string | null): string {
  if (cursor === null) return '';
  const after = Buffer.from(cursor, 'base64url').toString('latin1');
  if (idForm.test(after) && cursorOf(after) === cursor) return after;
  throw refuse(400, 'value', '_cursor: not one of ours; follow the link "next" as it is');
}

function linkOf(
  { baseUrl, type, query }: FhirRequest,
  { unknown }: Asked,
  after: string | undefined,
): string {
  const own = new URLSearchParams(
    [...query].filter(([name]) => name !== '_cursor' && !unknown.includes(name)),
  );
  if (after !== undefined) own.set('_cursor', cursorOf(after));
  const text = own.toString();
  return `${baseUrl}/${type}${text === '' ? '' : `?${text}`}`;
}

/** What was asked by a parameter that is not known was not asked: the client is told. */
function remarkOn(unknown: readonly string[]): BundleEntry<FhirResource>[] {
  if (unknown.length === 0) return [];
  const text = 'parameters that are not searched by were left out: see the link "self"';
  const issue = issueOf({ severity: 'warning', code: 'not-supported', text });
  return [{ resource: outcomeOf([issue]), search: { mode: 'outcome' } }];
}
