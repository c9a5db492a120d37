/** The flat snapshot of a StructureDefinition as the tree that it means: children under elements, slices beside them. */
import type { ElementDefinition, StructureDefinition } from '../../../../profiles/index.ts';

export interface ElementNode {
  readonly element: ElementDefinition;
  readonly children: ReadonlyMap<string, ElementNode>;
  /** By their names; a choice of types (`value[x]`) is sliced by type. */
  readonly slices: ReadonlyMap<string, ElementNode>;
  /** What to do where it is missing, as the profile says itself. */
  readonly hint?: string;
}

interface Growing extends ElementNode {
  readonly children: Map<string, Growing>;
  readonly slices: Map<string, Growing>;
}

/** @throws TypeError for a snapshot without a root */
export function elementTree(definition: StructureDefinition): ElementNode {
  // R4's own requirements are reasons why the element is there; only ours say what to do.
  const hints = new Map(
    definition.differential?.element.map(({ id, requirements }) => [id, requirements]),
  );
  let root: Growing | undefined;
  for (const element of definition.snapshot.element) {
    const hint = hints.get(element.id);
    const node: Growing = {
      element,
      children: new Map(),
      slices: new Map(),
      ...(hint !== undefined && { hint }),
    };
    const [, ...steps] = element.id.split('.');
    const last = steps.pop();
    if (last === undefined) root = node;
    else if (root !== undefined) hang(root, steps, last, node);
  }
  if (root === undefined) throw new TypeError(`${definition.name} has no snapshot`);
  return root;
}

function hang(root: Growing, steps: readonly string[], last: string, node: Growing): void {
  let parent: Growing | undefined = root;
  for (const step of steps) parent = parent && stepInto(parent, step);
  if (parent === undefined) return;
  const [name = '', slice] = last.split(':');
  if (slice === undefined) parent.children.set(name, node);
  else parent.children.get(name)?.slices.set(slice, node);
}

function stepInto(parent: Growing, step: string): Growing | undefined {
  const [name = '', slice] = step.split(':');
  const child = parent.children.get(name);
  return slice === undefined ? child : child?.slices.get(slice);
}

/** The element that a contentReference (`#Bundle.link`) names. */
export function elementAt(root: ElementNode, reference: string): ElementNode | undefined {
  const [, ...steps] = reference.slice(reference.indexOf('#') + 1).split('.');
  let node: ElementNode | undefined = root;
  for (const step of steps) node = node?.children.get(step);
  return node;
}

/** The value of `fixed[x]` or `pattern[x]`. */
export function demanded(
  element: ElementDefinition,
): { readonly kind: 'fixed' | 'pattern'; readonly value: unknown } | undefined {
  for (const [key, value] of Object.entries(element)) {
    if (/^fixed[A-Z]/.test(key)) return { kind: 'fixed', value };
    if (/^pattern[A-Z]/.test(key)) return { kind: 'pattern', value };
  }
  return undefined;
}

/** Whether a value has all that a pattern has; of a list each one of the pattern's somewhere. */
export function matchesPattern(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value)) return false;
    return pattern.every((wanted) => value.some((one) => matchesPattern(one, wanted)));
  }
  if (typeof pattern !== 'object' || pattern === null) return value === pattern;
  if (typeof value !== 'object' || value === null) return false;
  const held = new Map<string, unknown>(Object.entries(value));
  return Object.entries(pattern).every(([key, wanted]) => matchesPattern(held.get(key), wanted));
}
