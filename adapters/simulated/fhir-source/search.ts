/** Search as the simulated FHIR server understands it: `_lastUpdated`, `_id`, `identifier`, `_sort`, `_count`, `_include`. */
import type { Bundle, BundleEntry } from 'fhir/r4.js';
import type { Shelf, Shelved } from './shelf.ts';

export interface Found {
  readonly page: Bundle;
  /** Address of the search's first page. */
  readonly first: string;
}

/** The answers to searches that are being paged through: a page is of what was found at first. */
export class Searches {
  readonly #found = new Map<string, { readonly query: Query; readonly all: readonly Shelved[] }>();

  readonly shelf: Shelf;
  readonly base: string;

  constructor(shelf: Shelf, base: string) {
    this.shelf = shelf;
    this.base = base;
  }

  /** The first page of a new search. */
  begin(type: string, parameters: URLSearchParams, isSorted: boolean): Found {
    const query = readQuery(type, parameters);
    const all = find(this.shelf, isSorted ? query : { ...query, sort: undefined });
    const name = String(this.#found.size + 1);
    this.#found.set(name, { query, all });
    return this.#page(name, 0, `${this.base}/${type}?${parameters.toString()}`);
  }

  /** A later page: `2.100` is what was found by the second search, from place 100 on. */
  page(type: string, token: string): Found | undefined {
    const [name = '', from = '0'] = token.split('.');
    if (!this.#found.has(name)) return undefined;
    return this.#page(name, Number(from), `${this.base}/${type}?_page=${token}`);
  }

  #page(name: string, from: number, self: string): Found {
    const found = this.#found.get(name);
    const { count, type, include } = found?.query ?? { count: 0, type: '', include: [] };
    const all = found?.all ?? [];
    const some = all.slice(from, from + count);
    const end = from + some.length;
    const next = `${this.base}/${type}?_page=${name}.${end}`;
    const page: Bundle = {
      resourceType: 'Bundle',
      type: 'searchset',
      total: all.length,
      link: [
        { relation: 'self', url: self },
        ...(end < all.length ? [{ relation: 'next' as const, url: next }] : []),
      ],
      entry: [
        ...some.map((resource) => this.#entry(resource, 'match')),
        ...this.#included(some, include).map((resource) => this.#entry(resource, 'include')),
      ],
    };
    return { page, first: `${this.base}/${type}?_page=${name}.0` };
  }

  #entry(resource: Shelved, mode: 'match' | 'include'): BundleEntry {
    const fullUrl = `${this.base}/${resource.resourceType}/${resource.id}`;
    return { fullUrl, resource, search: { mode } };
  }

  #included(matches: readonly Shelved[], include: readonly string[]): readonly Shelved[] {
    const found = new Set<Shelved>();
    for (const match of matches) {
      for (const parameter of include) {
        const target = this.#target(match, parameter);
        if (target !== undefined) found.add(target);
      }
    }
    return [...found];
  }

  /** `Encounter:patient` and `Encounter:subject` both follow the subject. */
  #target(resource: Shelved, parameter: string): Shelved | undefined {
    const [type, name = ''] = parameter.split(':');
    if (type !== resource.resourceType) return undefined;
    const element = name === 'patient' ? 'subject' : name;
    const value: unknown = Object.entries(resource).find(([key]) => key === element)?.[1];
    if (typeof value !== 'object' || value === null || !('reference' in value)) return undefined;
    const [target = '', id = ''] = String(value.reference).split('/');
    return this.shelf.read(target, id);
  }
}

interface Query {
  readonly type: string;
  readonly bounds: readonly { readonly prefix: string; readonly at: number }[];
  readonly ids: readonly string[];
  readonly identifier: string | undefined;
  readonly sort: 'up' | 'down' | undefined;
  readonly count: number;
  readonly include: readonly string[];
}

function readQuery(type: string, parameters: URLSearchParams): Query {
  const sort = parameters.get('_sort');
  return {
    type,
    bounds: parameters.getAll('_lastUpdated').map((text) => {
      const [, prefix = '', instant = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? [];
      return { prefix, at: Date.parse(instant) };
    }),
    ids: parameters.getAll('_id').flatMap((text) => text.split(',')),
    identifier: parameters.get('identifier') ?? undefined,
    sort: sort === '_lastUpdated' ? 'up' : sort === '-_lastUpdated' ? 'down' : undefined,
    count: Math.max(1, Math.min(Number(parameters.get('_count') ?? 50), 1000)),
    include: parameters.getAll('_include'),
  };
}

function find(shelf: Shelf, query: Query): readonly Shelved[] {
  const { type, bounds, ids, identifier, sort } = query;
  const found = shelf
    .ofType(type)
    .filter((one) => bounds.every((bound) => isWithin(Date.parse(one.meta.lastUpdated), bound)))
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .filter((one) => identifier === undefined || hasIdentifier(one, identifier));
  if (sort === undefined) return found;
  const order = sort === 'up' ? 1 : -1;
  return found.toSorted(
    (a, b) => order * (Date.parse(a.meta.lastUpdated) - Date.parse(b.meta.lastUpdated)),
  );
}

function isWithin(at: number, bound: Query['bounds'][number]): boolean {
  switch (bound.prefix) {
    case 'ge':
      return at >= bound.at;
    case 'gt':
      return at > bound.at;
    case 'le':
      return at <= bound.at;
    case 'lt':
      return at < bound.at;
    default:
      return at === bound.at;
  }
}

function hasIdentifier(resource: Shelved, wanted: string): boolean {
  const identifiers: unknown = 'identifier' in resource ? resource.identifier : [];
  const list: readonly unknown[] = Array.isArray(identifiers) ? identifiers : [identifiers];
  return list.some((one) => {
    if (typeof one !== 'object' || one === null) return false;
    const { system = '', value = '' }: { system?: unknown; value?: unknown } = one;
    return wanted === `${String(system)}|${String(value)}` || wanted === String(value);
  });
}
