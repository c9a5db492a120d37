/**
 * A StructureDefinition as a zod schema: cardinalities, types, forms, required bindings, fixed values and patterns,
 * slices by URL, system and pattern, and the invariants of invariants.ts. Types are compiled when a resource has them
 * first, so a profile is ready at once.
 */
import { z } from 'zod';
import type {
  Codes,
  ElementDefinition,
  FhirDefinitions,
  StructureDefinition,
} from '../../../../profiles/index.ts';
import {
  demanded,
  elementAt,
  elementTree,
  matchesPattern,
  type ElementNode,
} from './element-tree.ts';
import type { IssueCode } from './finding.ts';
import { invariants } from './invariants.ts';
import { isPrimitive, primitiveSchema } from './primitives.ts';

type Payload = Pick<z.core.ParsePayload, 'issues'>;
type Check = (value: unknown, payload: Payload) => void;

/** Compiles types and profiles; what it has compiled it keeps. */
export class Compiler {
  readonly #definitions: FhirDefinitions;
  readonly #types = new Map<string, z.ZodType>();

  constructor(definitions: FhirDefinitions) {
    this.#definitions = definitions;
  }

  /** The schema of a resource type, data type or profile. */
  compile(definition: StructureDefinition): z.ZodType {
    const root = elementTree(definition);
    return this.#complex(root, root, definition.kind === 'resource' ? definition.type : undefined);
  }

  /** A data type or resource of R4, compiled once. @returns undefined for a type that is not taken */
  type(name: string): z.ZodType | undefined {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const definition = this.#definitions.typeOf(name);
    if (definition === undefined) return undefined;
    const made = this.compile(definition);
    this.#types.set(name, made);
    return made;
  }

  /** An element with children: an object with them and nothing else. */
  #complex(node: ElementNode, root: ElementNode, resourceType?: string): z.ZodType {
    const shape: Record<string, z.ZodType> = {};
    const checks: Check[] = [];
    for (const [name, child] of node.children) {
      if (name.endsWith('[x]')) this.#choice(name.slice(0, -3), child, root, shape, checks);
      else this.#member(name, child, root, shape);
    }
    if (resourceType !== undefined) {
      shape['resourceType'] = z.literal(resourceType);
      const isNamed = (node.children.get('id')?.element.min ?? 0) > 0;
      shape['id'] = isNamed ? primitiveSchema('id') : primitiveSchema('id').optional();
    }
    const schema = z.strictObject(shape, { error: notAn('an object') });
    return withChecks(schema, [...checks, ...rulesOf(node.element)]);
  }

  #member(
    name: string,
    node: ElementNode,
    root: ElementNode,
    shape: Record<string, z.ZodType>,
  ): void {
    const { element } = node;
    if (element.max === '0') {
      shape[name] = z.undefined({ error: 'must not stand here' }).optional();
      return;
    }
    const code = typeCode(element);
    const one = this.#value(node, root, code);
    const schema = isList(element)
      ? this.#list(node, root, isPrimitive(code) ? one.nullable() : one)
      : one;
    shape[name] = element.min > 0 ? schema : schema.optional();
    // Beside a primitive stands what JSON has no place for: its id and its extensions.
    if (isPrimitive(code)) shape[`_${name}`] = z.unknown().optional();
  }

  /** `value[x]`: one of several keys, each of a type. */
  #choice(
    name: string,
    node: ElementNode,
    root: ElementNode,
    shape: Record<string, z.ZodType>,
    checks: Check[],
  ): void {
    const { element } = node;
    const keys: string[] = [];
    for (const { code } of element.max === '0' ? [] : (element.type ?? [])) {
      const key = `${name}${code.charAt(0).toUpperCase()}${code.slice(1)}`;
      const slice = node.slices.get(key);
      keys.push(key);
      shape[key] = this.#value(slice ?? node, root, code).optional();
      if (isPrimitive(code)) shape[`_${key}`] = z.unknown().optional();
    }
    checks.push((value, payload) => {
      const held = keys.filter((key) => isObject(value) && value[key] !== undefined);
      if (held.length > 1) {
        say(payload, 'structure', [name], `stands as ${held.join(' and as ')}: give one of them`);
      } else if (held.length === 0 && element.min > 0) {
        const forms = keys.length > 4 ? '' : `: give ${keys.join(' or ')}`;
        say(payload, 'required', [name], `is missing${forms}`);
      }
    });
  }

  /** One value of an element. */
  #value(node: ElementNode, root: ElementNode, code: string): z.ZodType {
    const { element } = node;
    return withChecks(this.#typed(node, root, code), [
      ...this.#bound(element),
      ...demands(element),
      ...rulesOf(element),
    ]);
  }

  #typed(node: ElementNode, root: ElementNode, code: string): z.ZodType {
    const { element } = node;
    if (element.contentReference !== undefined) {
      const target = elementAt(root, element.contentReference) ?? node;
      return z.lazy(() => this.#complex(target, root));
    }
    if (isPrimitive(code)) return primitiveSchema(code);
    if (code === 'Resource') return this.#resource(element.path.endsWith('.contained'));
    if (node.children.size > 0) return this.#complex(node, root);
    return z.lazy(() => this.type(code) ?? z.unknown());
  }

  /** A resource within another: what is contained is held against its type, an entry is looked at by itself. */
  #resource(isContained: boolean): z.ZodType {
    return withChecks(z.looseObject({}, { error: notAn('a resource') }), [
      (value, payload) => {
        if (!isObject(value)) return;
        const type = value['resourceType'];
        if (typeof type !== 'string') {
          say(payload, 'required', ['resourceType'], 'is missing: name the type of the resource');
        } else if (isContained) {
          const issues = this.type(type)?.safeParse(value).error?.issues ?? [];
          for (const issue of issues) payload.issues.push({ ...issue, input: undefined });
        }
      },
    ]);
  }

  #list(node: ElementNode, root: ElementNode, item: z.ZodType): z.ZodType {
    const { element, slices } = node;
    const most = element.max === '*' ? Infinity : Number(element.max);
    const error = notAn('a list: write it in [ ]');
    const checks: Check[] = [
      (value, payload) => {
        if (!Array.isArray(value)) return;
        if (value.length === 0) {
          say(payload, 'structure', [], 'is an empty list: leave it out');
        } else if (value.length < element.min) {
          const text = `stands ${value.length} times, and ${element.min} times are needed`;
          say(payload, 'required', [], text);
        } else if (value.length > most) {
          say(payload, 'structure', [], `stands ${value.length} times, not ${most} at most`);
        }
      },
    ];
    for (const [name, slice] of slices) {
      const check = this.#slice(name, slice, element, root);
      if (check !== undefined) checks.push(check);
    }
    return withChecks(z.array(item, { error }), checks);
  }

  #slice(
    name: string,
    node: ElementNode,
    sliced: ElementDefinition,
    root: ElementNode,
  ): Check | undefined {
    const { element } = node;
    const url = element.type?.[0]?.profile?.[0];
    const profile = url === undefined ? undefined : this.#definitions.profileOf(url);
    const matches = matcherOf(node, sliced, url);
    if (matches === undefined) return undefined;
    // Most resources have none: the schema is made when one has.
    let schema: z.ZodType | undefined;
    const most = element.max === '*' ? Infinity : Number(element.max);
    return (value, payload) => {
      if (!Array.isArray(value)) return;
      let count = 0;
      for (const [index, one] of value.entries()) {
        if (!matches(one)) continue;
        count += 1;
        schema ??= withChecks(
          profile === undefined
            ? node.children.size > 0
              ? this.#complex(node, root)
              : z.unknown()
            : this.compile(profile),
          [...this.#bound(element), ...rulesOf(element)],
        );
        for (const issue of schema.safeParse(one).error?.issues ?? []) {
          payload.issues.push({ ...issue, path: [index, ...issue.path], input: undefined });
        }
      }
      if (count < element.min) {
        const hint = node.hint === undefined ? '' : `: ${node.hint}`;
        say(payload, 'required', [], `has no ${name}${hint}`);
      } else if (count > most) {
        say(payload, 'structure', [], `has ${count} of ${url ?? name}, not ${most} at most`);
      }
    };
  }

  #bound({ binding }: ElementDefinition): readonly Check[] {
    if (binding?.strength !== 'required') return [];
    const codes = this.#definitions.codesOf(binding.valueSet);
    if (codes === undefined) return [];
    return [
      (value, payload) => {
        if (isCoded(value, codes)) return;
        say(payload, 'code-invalid', [], wrongCode(value, codes, binding.valueSet));
      },
    ];
  }
}

// ---------------------------------------------------------------- what an element demands

function demands(element: ElementDefinition): readonly Check[] {
  const wanted = demanded(element);
  if (wanted === undefined) return [];
  return [
    (value, payload) => {
      if (value === undefined || matchesPattern(value, wanted.value)) return;
      say(payload, 'value', [], `is not ${JSON.stringify(wanted.value)}`);
    },
  ];
}

function rulesOf({ constraint }: ElementDefinition): readonly Check[] {
  return (constraint ?? []).flatMap(({ key, human }): Check[] => {
    const invariant = invariants[key];
    if (invariant === undefined) return [];
    const { holds, at = [] } = invariant;
    const path = at.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const isMissing = human.startsWith('is missing');
    const text = key === 'per-1' ? 'has an end before its start' : human;
    return [
      (value, payload) => {
        if (value === undefined || value === null || holds(value)) return;
        const code = key === 'hg-time' ? 'value' : isMissing ? 'required' : 'invariant';
        say(payload, code, path, text);
      },
    ];
  });
}

/** @returns undefined for a slice that cannot be told apart here */
function matcherOf(
  node: ElementNode,
  sliced: ElementDefinition,
  profileUrl: string | undefined,
): ((value: unknown) => boolean) | undefined {
  const [discriminator] = sliced.slicing?.discriminator ?? [];
  if (discriminator?.path === '$this') {
    const wanted = demanded(node.element);
    return wanted && ((value) => matchesPattern(value, wanted.value));
  }
  const key = discriminator?.path;
  if (key === undefined) return undefined;
  const child = node.children.get(key);
  const wanted = child === undefined ? undefined : demanded(child.element)?.value;
  const named = wanted ?? (key === 'url' ? profileUrl : undefined);
  return named === undefined ? undefined : (value) => isObject(value) && value[key] === named;
}

/** A code, a Coding or a CodeableConcept that has one of the codes. */
function isCoded(value: unknown, codes: Codes): boolean {
  if (typeof value === 'string') return [...codes.values()].some((known) => known.has(value));
  if (!isObject(value)) return true;
  const codings: readonly unknown[] = Array.isArray(value['coding']) ? value['coding'] : [value];
  return codings.some(
    (coding) =>
      isObject(coding) &&
      typeof coding['code'] === 'string' &&
      codes.get(String(coding['system']))?.has(coding['code']) === true,
  );
}

const mostCodesTold = 14;

function wrongCode(value: unknown, codes: Codes, valueSet: string): string {
  const known = [...codes.values()].flatMap((some) => [...some]);
  const given = typeof value === 'string' ? value : '';
  // A code is letters: nothing else of a value is told.
  const shown = /^[A-Za-z][A-Za-z-]{0,30}$/.test(given) ? `is '${given}', and no` : 'has no';
  const systems = [...codes.keys()].filter((system) => system !== '');
  const of = systems.length > 0 ? systems.join(' or ') : valueSet.split('|')[0];
  const choice = known.length > mostCodesTold ? '' : `: give ${orList(known)}`;
  return `${shown} code of ${of}${choice}`;
}

function orList(words: readonly string[]): string {
  const [last = '', ...others] = words.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`;
}

// ---------------------------------------------------------------- saying

function say(
  { issues }: Payload,
  code: IssueCode,
  path: readonly (string | number)[],
  message: string,
): void {
  issues.push({ code: 'custom', input: undefined, path: [...path], message, params: { code } });
}

/** Checks that are made whatever else is wrong with the value. */
function withChecks(schema: z.ZodType, checks: readonly Check[]): z.ZodType {
  if (checks.length === 0) return schema;
  return schema.superRefine(
    (value, payload) => {
      for (const check of checks) check(value, payload);
    },
    { when: () => true },
  );
}

function notAn(words: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is missing' : `is not ${words}`);
}

// ---------------------------------------------------------------- elements

const fhirType = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';

/** Type of an element that has one. */
function typeCode({ type }: ElementDefinition): string {
  const [first] = type ?? [];
  if (first === undefined) return '';
  if (!first.code.startsWith('http://hl7.org/fhirpath/')) return first.code;
  return first.extension?.find(({ url }) => url === fhirType)?.valueUrl ?? 'string';
}

function isList({ base, max }: ElementDefinition): boolean {
  const most = base?.max ?? max;
  return most !== '0' && most !== '1';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
