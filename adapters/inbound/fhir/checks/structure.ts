/**
 * A resource held against its StructureDefinition by @medplum/core: what the zod schemas leave out, which is R4's own
 * invariants (FHIRPath) and the forms of all that nobody reads. Milliseconds a resource, so it runs in a worker.
 */
import {
  loadDataType,
  OperationOutcomeError,
  validateResource,
  validateTypedValue,
  type ValidatorOptions,
} from '@medplum/core';
import type { FhirResource } from 'fhir/r4.js';
import type { FhirDefinitions, StructureDefinition } from '../../../../profiles/index.ts';
import type { Finding } from './finding.ts';
import { mostFindings } from './findings.ts';
import { isResource } from '../content.ts';

/** @returns what the StructureDefinition finds; never throws for anything that a resource has in it */
export type StructureCheck = (resource: FhirResource) => readonly Finding[];

/** Reads all definitions, which takes some 100 ms. */
export function structureCheck(definitions: FhirDefinitions): StructureCheck {
  for (const definition of definitions.all()) loadDataType(asMedplum(definition));
  return (resource) => {
    const { resourceType: type } = resource;
    const found = checkedOne(resource, type, definitions);
    if (resource.resourceType !== 'Bundle' || resource.type !== 'message') return found;
    if (!Array.isArray(resource.entry)) return found;
    for (const [index, entry] of resource.entry.entries()) {
      const inner: unknown = entry?.resource;
      if (!isResource(inner)) continue;
      found.push(...checkedOne(inner, `Bundle.entry[${index}].resource`, definitions));
    }
    return found.slice(0, mostFindings);
  };
}

function checkedOne(resource: FhirResource, at: string, definitions: FhirDefinitions): Finding[] {
  const { resourceType: type } = resource;
  const profile = heldAgainst(resource, definitions);
  const definition = profile ?? definitions.typeOf(type);
  if (definition === undefined) return [];
  const issues = issuesOf(() =>
    // What medplum calls a resource is what R4 does.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    validateResource(resource as MedplumResource, { profile: asMedplum(definition) }),
  );
  const found = new Map<string, Finding>();
  for (const { severity, code, expression, details } of issues) {
    const place = placeOf(expression?.[0] ?? type, type, at);
    add(found, severity, code, place, details?.text ?? '', profile?.url);
  }
  // Its own validator does not follow a slice into the extension's profile.
  for (const { index, url, value } of extensionsOf(resource)) {
    const own = definitions.profileOf(url);
    if (own === undefined) continue;
    const inner = issuesOf(() =>
      validateTypedValue({ type: 'Extension', value }, { profile: asMedplum(own) }),
    );
    for (const { severity, code, expression, details } of inner) {
      const below = (expression?.[0] ?? '').replace(/^Extension/, '');
      const place = `${at}.extension[${index}]${below}`;
      add(found, severity, code, place, details?.text ?? '', own.url);
    }
  }
  return [...found.values()];
}

/** Its expressions begin with the type, but for some that name an element alone. */
function placeOf(expression: string, type: string, at: string): string {
  const below = expression.slice(type.length);
  return expression.startsWith(type) && /^(?:$|[.[])/.test(below)
    ? at + below
    : `${at}.${expression}`;
}

/** Our profile of the type; of Bundles it is that of messages alone. */
function heldAgainst(
  resource: FhirResource,
  definitions: FhirDefinitions,
): StructureDefinition | undefined {
  if (resource.resourceType === 'Bundle' && resource.type !== 'message') return undefined;
  return definitions.profileFor(resource.resourceType);
}

type MedplumResource = Parameters<typeof validateResource>[0];
type MedplumIssue = ReturnType<typeof validateResource>[number];

function issuesOf(check: () => readonly MedplumIssue[]): readonly MedplumIssue[] {
  try {
    return check();
  } catch (thrown) {
    if (thrown instanceof OperationOutcomeError) return thrown.outcome.issue ?? [];
    // It is written for resources that are objects all through; what is not has its findings from zod.
    const text = thrown instanceof RangeError ? 'nested too deeply' : 'cannot be read';
    return [{ severity: 'error', code: 'structure', details: { text } }];
  }
}

function add(
  found: Map<string, Finding>,
  severity: MedplumIssue['severity'],
  code: MedplumIssue['code'],
  place: string,
  said: string,
  profile: string | undefined,
): void {
  const text = inOurWords(said);
  if (text === undefined) return;
  // As far as its names are names of elements: a key of the sender's own may be anything.
  const [expression = ''] =
    /^[A-Za-z]+(\[\d+\])?(\.[A-Za-z]{1,40}(\[[xX\d]+\])?)*(?=\.|$)/.exec(place) ?? [];
  const key = `${expression} ${text}`;
  if (found.has(key)) return;
  found.set(key, {
    severity: severity === 'error' || severity === 'fatal' ? 'error' : 'warning',
    code: text.startsWith('is missing')
      ? 'required'
      : code === 'invariant'
        ? 'invariant'
        : 'structure',
    expression,
    text: `${expression.replaceAll(/\[\d+\]/g, '')} ${text}`,
    ...(profile !== undefined && { profile }),
  });
}

/**
 * The validator's text as a sentence that says nothing of a value.
 * @returns undefined for what is no fault: a reference by an absolute address has no type in it
 */
function inOurWords(said: string): string | undefined {
  if (said.startsWith('Invalid reference: got')) {
    const [, got = ''] = /got "([^"]*)"/.exec(said) ?? [];
    return /^[A-Z][A-Za-z]{1,40}$/.test(got)
      ? `refers to ${got}, which does not belong there`
      : undefined;
  }
  if (/^(Conflicting choice|Type of primitive extension)/.test(said))
    return 'stands in more than one type';
  if (said === 'Missing required property') return 'is missing';
  if (said.startsWith('Invalid additional property')) return 'is no element of FHIR R4 here';
  const [, key, human] = /^Constraint ([\w-]+) not met: ([\s\S]*)$/.exec(said) ?? [];
  if (key !== undefined) return `does not hold ${key}: ${human ?? ''}`;
  const known =
    /^(Invalid number of values|Incorrect number of values|Invalid JSON type|Invalid null|Invalid empty|Expected |String |Value did not|Invalid numeric|Invalid \w+ format|nested|cannot)/;
  return known.test(said) ? `is wrong: ${said}` : 'is wrong';
}

/** Extensions of the resource itself, with their places. */
function extensionsOf(
  resource: FhirResource,
): readonly { index: number; url: string; value: object }[] {
  const list: unknown = 'extension' in resource ? resource.extension : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) =>
    typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string'
      ? [{ index, url: value.url, value }]
      : [],
  );
}

function asMedplum(definition: StructureDefinition): NonNullable<ValidatorOptions['profile']> {
  // Trimmed to what a validator reads; its type asks for the whole of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return definition as NonNullable<ValidatorOptions['profile']>;
}
