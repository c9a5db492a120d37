/**
 * How a place in an HL7 v2 message is written, 1-based: `PV1-44`, `PID-3.1`, `PID-3(2).1`, `PID-3.4.2`.
 *
 * It stands with the mappings because they are checked against it at load; the reader finds what it names.
 */
import { assert } from '../gateway/errors.ts';

export interface Hl7Path {
  /** As it was written; used in answers, warnings and unmapped codes. */
  readonly text: string;
  readonly segment: string;
  readonly field: number;
  readonly repetition: number;
  readonly component: number;
  readonly subcomponent: number;
}

const grammar = /^([A-Z][A-Z0-9]{2})-(\d{1,3})(?:\((\d{1,3})\))?(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?$/;

/**
 * @returns the path, or undefined where the text is not one. What is left out is 1, as HL7 reads a value whose
 *   type has grown components since: `PV1-36` is the first component of the first repetition.
 */
export function parsePath(text: string): Hl7Path | undefined {
  const match = grammar.exec(text);
  if (match === null) return undefined;
  const [, segment = '', field = '', repetition = '1', component = '1', subcomponent = '1'] = match;
  const numbers = [field, repetition, component, subcomponent].map(Number);
  if (numbers.some((number) => number < 1)) return undefined;
  const [f = 1, r = 1, c = 1, s = 1] = numbers;
  return { text, segment, field: f, repetition: r, component: c, subcomponent: s };
}

/** A path that our own code wrote, or that was checked at load. @throws GatewayError assertion-failed where it is none */
export function pathOf(text: string): Hl7Path {
  const path = parsePath(text);
  assert(path !== undefined, `${text} is a path`);
  return path;
}
