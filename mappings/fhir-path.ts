/**
 * How a place in a FHIR resource is written: `Encounter.period.start`, with the type it begins in. A step into a list
 * means the first of it that leads to a value. A step may say which one it means, in parentheses:
 *
 *   Patient.identifier(http://…/personnummer).value        the one whose url, system, status or use it is
 *   Encounter.location(active).location.display
 *   Task.code.coding(https://…/uppgift|klar).code          system and code together, as FHIR searches for a token; so
 *   Observation.component(https://…/behov|social).value    too for an identifier, and for what has such a code or type
 *   Encounter.extension(http://…/ready).extension(status).value
 *
 * `value` also means `value[x]`, of whatever type it is. There is no more to it: what is more is a named function.
 * It stands with the mappings because they are checked against it at load; the reader finds what it names.
 */
import { assert } from '../gateway/errors.ts';

export interface FhirPath {
  /** As it was written; used in answers, warnings and unmapped codes. */
  readonly text: string;
  /** Type of the resource it begins in. */
  readonly root: string;
  readonly steps: readonly FhirStep[];
}
export interface FhirStep {
  readonly name: string;
  /** The one whose url, system, status or use it is; of a token its system. */
  readonly which?: string;
  /** Of a token its code or value. */
  readonly code?: string;
}

const longest = 500;
const mostSteps = 12;
const root = /^[A-Z][A-Za-z]{1,40}/;
const step = /\.([a-z][A-Za-z0-9]{0,60})(?:\(([^()|\s]{1,200})(?:\|([^()|\s]{1,100}))?\))?/y;

/** @returns the path, or undefined where the text is not one */
export function parseFhirPath(text: string): FhirPath | undefined {
  const type = root.exec(text)?.[0];
  if (type === undefined || text.length > longest) return undefined;
  const steps: FhirStep[] = [];
  step.lastIndex = type.length;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null || steps.length === mostSteps) return undefined;
    const [, name = '', which, code] = match;
    steps.push({
      name,
      ...(which !== undefined && { which }),
      ...(code !== undefined && { code }),
    });
  }
  return steps.length === 0 ? undefined : { text, root: type, steps };
}

/** A path that our own code wrote, or that was checked at load. @throws GatewayError assertion-failed where it is none */
export function fhirPathOf(text: string): FhirPath {
  const path = parseFhirPath(text);
  assert(path !== undefined, `${text} is a path`);
  return path;
}
