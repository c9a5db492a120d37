/**
 * The checks on the answer path: what FHIR itself requires, which refuses whatever a sender's level is, and what our
 * profiles require, by level. Pure, and made of the committed StructureDefinitions; a type is compiled when it comes first.
 */
import type { FhirResource } from 'fhir/r4.js';
import { isResource } from '../content.ts';
import type { z } from 'zod';
import {
  fhirDefinitions,
  type FhirDefinitions,
  type StructureDefinition,
} from '../../../../profiles/index.ts';
import { Compiler } from './compile.ts';
import { elementTree } from './element-tree.ts';
import type { Finding, Level } from './finding.ts';
import { findingsOf } from './findings.ts';

export interface ProfileChecks {
  /**
   * What FHIR requires: an error here refuses the resource whatever the level is. Entries of a Bundle are not looked at.
   * @param at expression of the resource where it stands in a Bundle: `Bundle.entry[6].resource`
   */
  readonly basic: (resource: FhirResource, at?: string) => readonly Finding[];
  /** What our profile requires beyond it: errors at `refuse`, warnings at `warn`, nothing at `accept`. */
  readonly profile: (resource: FhirResource, level: Level, at?: string) => readonly Finding[];
  /** Both, of a resource or of a Bundle with all that is in it. */
  readonly all: (resource: FhirResource, level: Level) => readonly Finding[];
}

/** One for the process: compiling is done once. */
export function profileChecks(definitions: FhirDefinitions = fhirDefinitions()): ProfileChecks {
  const compiler = new Compiler(definitions);
  const profiles = new Map<string, CompiledProfile | undefined>();
  const profileOf = (type: string): CompiledProfile | undefined => {
    if (!profiles.has(type)) {
      const definition = definitions.profileFor(type);
      profiles.set(type, definition && compiledProfile(definition, compiler));
    }
    return profiles.get(type);
  };

  const basic: ProfileChecks['basic'] = (resource, at) => {
    const { resourceType: type } = resource;
    const schema = compiler.type(type);
    if (schema === undefined) return [unknownType(type, at)];
    const issues = issuesOf(schema, resource);
    if (issues.length === 0) return [];
    const { read, hints = noHints } = profileOf(type) ?? {};
    return findingsOf(issues, at ?? type, resource, hints).map((finding) =>
      read === undefined || isRead(finding.expression.slice((at ?? type).length + 1), read)
        ? finding
        : { ...finding, severity: 'warning' as const },
    );
  };

  const profile: ProfileChecks['profile'] = (resource, level, at) => {
    const { resourceType: type } = resource;
    const compiled = level === 'accept' || !isHeld(resource) ? undefined : profileOf(type);
    if (compiled === undefined) return [];
    const issues = issuesOf(compiled.schema, resource);
    if (issues.length === 0) return [];
    const known = new Set(basic(resource, at).map(keyOf));
    const { url, hints } = compiled;
    return findingsOf(issues, at ?? type, resource, hints)
      .filter((finding) => !known.has(keyOf(finding)))
      .map((finding) => ({
        ...finding,
        severity: level === 'refuse' ? finding.severity : ('warning' as const),
        profile: url,
      }));
  };

  const both = (resource: FhirResource, level: Level, at?: string): readonly Finding[] => [
    ...basic(resource, at),
    ...profile(resource, level, at),
  ];

  return {
    basic,
    profile,
    all: (resource, level) => {
      const found = [...both(resource, level)];
      if (resource.resourceType !== 'Bundle' || !Array.isArray(resource.entry)) return found;
      for (const [index, entry] of resource.entry.entries()) {
        const inner: unknown = entry?.resource;
        if (!isResource(inner)) continue;
        const at = `Bundle.entry[${index}].resource`;
        // A message may bring more than is read; of a transaction everything is asked to be taken.
        const isBeside =
          resource.type === 'message' && definitions.typeOf(inner.resourceType) === undefined;
        found.push(...(isBeside ? [notRead(inner.resourceType, at)] : both(inner, level, at)));
      }
      return found;
    },
  };
}

interface CompiledProfile {
  readonly url: string;
  readonly schema: z.ZodType;
  /** What to do where an element is missing, by its path below the resource. */
  readonly hints: ReadonlyMap<string, string>;
  /** Elements of the resource that this process reads. */
  readonly read: ReadonlySet<string>;
}

function compiledProfile(definition: StructureDefinition, compiler: Compiler): CompiledProfile {
  const hints = new Map<string, string>();
  for (const { id, requirements } of definition.differential?.element ?? []) {
    if (id === undefined || requirements === undefined || id.includes(':')) continue;
    hints.set(id.slice(id.indexOf('.') + 1), requirements);
  }
  const always = ['id', 'meta', 'implicitRules', 'contained', 'extension', 'modifierExtension'];
  const read = new Set(always);
  for (const [name, { element }] of elementTree(definition).children) {
    if (element.mustSupport === true || element.min > 0) read.add(name.replace('[x]', ''));
  }
  return { url: definition.url, schema: compiler.compile(definition), hints, read };
}

/** What is wrong where nothing is read is told and refuses nothing. */
function isRead(below: string, read: ReadonlySet<string>): boolean {
  const [name = ''] = below.split(/[.[]/);
  return name === '' || read.has(name) || name === 'resourceType';
}

const noHints: ReadonlyMap<string, string> = new Map();

/** Deeper than a reader of it goes: what nests so deep is no resource of anybody's. */
function issuesOf(schema: z.ZodType, resource: unknown): readonly z.core.$ZodIssue[] {
  try {
    return schema.safeParse(resource).error?.issues ?? [];
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    const message = 'is nested too deeply';
    return [{ code: 'custom', path: [], message, params: { code: 'structure' } }];
  }
}

function unknownType(type: string, at: string | undefined): Finding {
  const shown = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : 'the resource';
  return {
    severity: 'error',
    code: 'not-supported',
    expression: at ?? (shown === type ? type : 'Resource'),
    text: `${shown} is not taken here: leave it out; GET /metadata tells what is taken`,
  };
}

function notRead(type: string, at: string): Finding {
  const finding = unknownType(type, at);
  const text = finding.text.replace(/ is not .*/, ' is not read here');
  return { ...finding, severity: 'warning', text };
}

/** Of Bundles those that are messages are held against the message profile. */
function isHeld(resource: FhirResource): boolean {
  return resource.resourceType !== 'Bundle' || resource.type === 'message';
}

function keyOf({ expression, code }: Finding): string {
  return `${expression} ${code}`;
}
