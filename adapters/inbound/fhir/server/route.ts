/** From method and path to what is asked for: over HTTP and in a Bundle by the same table. */
import { refuse, type FhirRefusal } from '../answers/refusal.ts';
import type { Interaction } from '../security/identity.ts';
import type { Operation, Operations } from './operation.ts';
import { methods, served } from './served.ts';

export type Route =
  | { readonly to: 'metadata' }
  | { readonly to: 'bundle' }
  | {
      readonly to: 'operation';
      readonly operation: Operation;
      readonly type?: string;
      readonly id?: string;
    }
  | {
      readonly to: 'resource';
      readonly interaction: Interaction;
      readonly type: string;
      readonly id?: string;
    };

/**
 * @param segments of the path below the base, decoded
 * @throws FhirRefusal 404 for what does not exist, 405 with `Allow` for another method
 */
export function routeOf(
  method: string,
  segments: readonly string[],
  operations: Operations,
): Route {
  const [first, second, ...more] = segments;
  if (first === undefined) return only('POST', method, { to: 'bundle' });
  if (first === 'metadata' && second === undefined) return only('GET', method, { to: 'metadata' });
  if (first.startsWith('$') && second === undefined) {
    return operationOf(method, first, operations);
  }
  const last = segments.at(-1) ?? '';
  if (last.startsWith('$') && segments.length <= 3) {
    const id = segments.length === 3 && second !== undefined ? { id: second } : {};
    return operationOf(method, last, operations, { type: first, ...id });
  }
  const type = served.get(first);
  if (type === undefined) {
    const known = [...served.keys()].join(', ');
    throw refuse(404, 'not-supported', `no resource type that we take; we take ${known}`);
  }
  if (more.length > 0 || second?.startsWith('_') === true) {
    const text = 'history, versions and _search are not served: GET the resource, or search by GET';
    throw refuse(404, 'not-supported', text);
  }
  const table: Readonly<Record<string, Interaction>> =
    second === undefined ? methods.ofType : methods.ofOne;
  const allowed = Object.entries(table).filter(([, name]) => type.interactions.includes(name));
  const interaction = new Map(allowed).get(method === 'HEAD' ? 'GET' : method);
  if (interaction === undefined) throw notAllowed(allowed.map(([name]) => name));
  return { to: 'resource', interaction, type: first, ...(second !== undefined && { id: second }) };
}

function operationOf(
  method: string,
  name: string,
  operations: Operations,
  on: { readonly type?: string; readonly id?: string } = {},
): Route {
  const operation = new Map(Object.entries(operations)).get(name);
  const isThere =
    operation !== undefined &&
    (on.type === undefined ? operation.onSystem : operation.onTypes.includes(on.type));
  if (!isThere) throw refuse(404, 'not-supported', 'no such operation here: see /metadata');
  return only('POST', method, { to: 'operation', operation, ...on });
}

function only(wanted: string, method: string, route: Route): Route {
  const isIt = method === wanted || (method === 'HEAD' && wanted === 'GET');
  if (!isIt) throw notAllowed([wanted]);
  return route;
}

function notAllowed(allowed: readonly string[]): FhirRefusal {
  const names = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed;
  const text = `not this method here, but ${allowed.join(', ')}: nothing is deleted or patched by REST; send the whole resource with another status`;
  return refuse(405, 'not-supported', text, undefined, { Allow: names.join(', ') });
}

/** The segments of a path, each decoded. @throws FhirRefusal 400 for an escape that is none */
export function segmentsOf(path: string): readonly string[] {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map((part) => decodeURIComponent(part));
  } catch {
    throw refuse(400, 'invalid', 'the URL holds an escape that is none');
  }
}
