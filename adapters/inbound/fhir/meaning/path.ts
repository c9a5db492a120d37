/** Finds in a resource what a FHIR path of the mappings names (`mappings/fhir-path.ts`). */
import type { FhirPath, FhirStep } from '../../../../mappings/index.ts';

/** What paths begin in, by type: the resource, and those it refers to. */
export type Roots = Readonly<Record<string, object | undefined>>;

export type Primitive = string | boolean;

/** The first primitive the path leads to; a number as text. Undefined where there is none. */
export function valueAt(roots: Roots, path: FhirPath): Primitive | undefined {
  const root = roots[path.root];
  const found = root === undefined ? undefined : first(root, path.steps, 0);
  return typeof found === 'object' ? undefined : found;
}

/** The first object the path leads to. */
export function objectAt(roots: Roots, path: FhirPath): object | undefined {
  const root = roots[path.root];
  const found = root === undefined ? undefined : first(root, path.steps, 0, true);
  return typeof found === 'object' ? found : undefined;
}

/** Depth first: of a list, the first that leads to a value. Its work is bounded by the resource, read at most once. */
function first(
  node: unknown,
  steps: readonly FhirStep[],
  at: number,
  isObject = false,
): Primitive | object | undefined {
  if (Array.isArray(node)) {
    for (const one of node) {
      const found = first(one, steps, at, isObject);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const step = steps[at];
  if (step === undefined) return isObject ? objectIn(node) : primitiveIn(node);
  if (typeof node !== 'object' || node === null) return undefined;
  const next = childOf(node, step.name);
  if (step.which === undefined) return first(next, steps, at + 1, isObject);
  for (const one of Array.isArray(next) ? next : [next]) {
    if (!isMeant(one, step)) continue;
    const found = first(one, steps, at + 1, isObject);
    if (found !== undefined) return found;
  }
  return undefined;
}

function objectIn(node: unknown): object | undefined {
  return typeof node === 'object' && node !== null ? node : undefined;
}

function primitiveIn(node: unknown): Primitive | undefined {
  if (typeof node === 'boolean') return node;
  if (typeof node === 'number') return String(node);
  return typeof node === 'string' && node.trim() !== '' ? node : undefined;
}

/** `value` is also `value[x]`, of whatever type it is. */
function childOf(node: object, name: string): unknown {
  const entries = new Fields(node);
  const own = entries.get(name);
  if (own !== undefined || name !== 'value') return own;
  const choice = Object.keys(node).find((key) => /^value[A-Z]/.test(key));
  return choice === undefined ? undefined : entries.get(choice);
}

/** Own fields alone: a name such as `constructor` finds nothing that JSON did not have. */
class Fields {
  readonly #node: object;

  constructor(node: object) {
    this.#node = node;
  }

  get(name: string): unknown {
    return Object.getOwnPropertyDescriptor(this.#node, name)?.value;
  }
}

const names = ['url', 'system', 'status', 'use'] as const;

function isMeant(node: unknown, { which, code }: FhirStep): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const fields = new Fields(node);
  if (code === undefined) return names.some((name) => fields.get(name) === which);
  if (fields.get('system') === which) {
    return fields.get('code') === code || fields.get('value') === code;
  }
  return codingsOf(fields.get('code') ?? fields.get('type')).some((coding) => {
    const inner = new Fields(coding);
    return inner.get('system') === which && inner.get('code') === code;
  });
}

function codingsOf(concept: unknown): readonly object[] {
  const coding = objectIn(concept) && new Fields(objectIn(concept) ?? {}).get('coding');
  return Array.isArray(coding) ? coding.flatMap((one) => objectIn(one) ?? []) : [];
}
