/**
 * What the server serves, as one table: requests are routed by it and the CapabilityStatement is made from it, so that
 * whatever is stated is served, and nothing else is.
 */
import type { Interaction } from '../security/identity.ts';
import { takenTypes, type TakenType } from '../taken-types.ts';

export interface SearchParameter {
  readonly name: string;
  readonly type: 'token' | 'date';
  readonly documentation: string;
}

export interface Served {
  readonly type: TakenType;
  readonly interactions: readonly Interaction[];
  /** What is asked for by; without one every resource of the type comes, page by page. */
  readonly search: readonly SearchParameter[];
}

const all: readonly Interaction[] = ['create', 'read', 'update', 'search'];

const search: readonly SearchParameter[] = [
  { name: '_id', type: 'token', documentation: 'logical ids, separated by commas' },
  {
    name: 'identifier',
    type: 'token',
    documentation: 'system|value, |value, or value; several separated by commas',
  },
  {
    name: '_lastUpdated',
    type: 'date',
    documentation: 'when we took it: ge, gt, le, lt, eq; twice for both ends',
  },
];

export const served: ReadonlyMap<string, Served> = new Map(
  takenTypes.map((type) => [type, { type, interactions: all, search }]),
);

/** The method of each interaction, on the type or on one resource. */
export const methods = {
  ofType: { POST: 'create', PUT: 'update', GET: 'search' },
  ofOne: { GET: 'read', PUT: 'update' },
} as const satisfies Record<string, Readonly<Record<string, Interaction>>>;
