/**
 * The order of a message's segments held against the message structure of its HL7 version: what has to be there, what
 * may be repeated, in which groups.
 */
import type { Remarks } from './remarks.ts';
import { segmentPlace } from '../message/segments.ts';
import type { Segment } from '../message/segments.ts';

/** A structure as `hl7v2-dictionary` writes it. */
export interface StructureDefinition {
  readonly segments?: Readonly<Record<string, ElementDefinition>>;
}
interface ElementDefinition extends StructureDefinition {
  readonly idx: number;
  readonly min?: number;
  readonly max?: number;
}

/** A segment or a group at its place. */
interface Element {
  readonly name: string;
  readonly required: boolean;
  readonly most: number;
  readonly group: readonly Element[] | undefined;
  /** The segments it can begin with. */
  readonly starts: ReadonlySet<string>;
}
export interface Structure {
  readonly elements: readonly Element[];
  /** Every segment that stands somewhere in it. */
  readonly names: ReadonlySet<string>;
}

/** How often a message is read anew without a segment that fits nowhere. */
const mostRepairs = 20;

export function compileStructure(definition: StructureDefinition): Structure {
  const names = new Set<string>();
  const elements = compileLevel(definition.segments ?? {}, names);
  return { elements, names };
}

/**
 * The dictionary holds a level by name, so a name that stands twice in it (ROL after PD1 and after PV2) has the index of
 * its last place alone. Its first place is where the name was written, and there the indexes have a hole.
 */
function compileLevel(
  segments: Readonly<Record<string, ElementDefinition>>,
  names: Set<string>,
): readonly Element[] {
  const written = Object.entries(segments);
  const byIndex = new Map(written.map(([name, { idx }]) => [idx, name]));
  const moved = written.filter(([, { idx }], at) => idx !== at).map(([name]) => name);
  const last = Math.max(-1, ...byIndex.keys());
  const elements: Element[] = [];
  for (let index = 0; index <= last; index += 1) {
    const name = byIndex.get(index);
    if (name !== undefined) {
      elements.push(compileElement(name, segments[name], names));
      continue;
    }
    const here = written[index]?.[0];
    const earlier = here !== undefined && moved.includes(here) ? [here] : moved;
    for (const one of earlier) {
      elements.push({ ...compileElement(one, segments[one], names), required: false });
    }
  }
  return elements;
}

function compileElement(
  name: string,
  definition: ElementDefinition | undefined,
  names: Set<string>,
): Element {
  const group = definition?.segments && compileLevel(definition.segments, names);
  if (group === undefined) names.add(name);
  return {
    name,
    required: (definition?.min ?? 0) > 0,
    most: definition?.max ?? Infinity,
    group,
    starts: group === undefined ? new Set([name]) : startsOf(group),
  };
}

/** Whatever stands before and with the first one that is required. */
function startsOf(group: readonly Element[]): ReadonlySet<string> {
  const required = group.findIndex((element) => element.required);
  const first = required < 0 ? group : group.slice(0, required + 1);
  return new Set(first.flatMap(({ starts }) => [...starts]));
}

// ---------------------------------------------------------------- a message

interface Missing {
  readonly name: string;
  /** The segment before which, or at the end, it was looked for. */
  readonly after: Segment | undefined;
}

/**
 * Tells what is missing, what is repeated, what stands at the wrong place.
 * @param segments of the message, those the structure does not know left out
 */
export function checkStructure(
  structure: Structure,
  segments: readonly Segment[],
  remarks: Remarks,
): void {
  let left = segments;
  let missing: Missing[] = [];
  const misplaced = new Set<string>();
  for (let repair = 0; repair <= mostRepairs; repair += 1) {
    missing = [];
    const end = match(structure.elements, left, 0, missing);
    const odd = left[end];
    if (odd === undefined) break;
    // What stands in one row is one fault, told once.
    let next = end + 1;
    while (left[next]?.name === odd.name) next += 1;
    const repeated = left[end - 1]?.name === odd.name;
    misplaced.add(odd.name);
    remarks.add({
      severity: 'error',
      code: repeated ? 'SEGMENT_REPEATED' : 'SEGMENT_ORDER',
      location: segmentPlace(odd),
      text: repeated
        ? 'stands more often than the message structure allows'
        : 'does not stand where the message structure has it',
    });
    left = [...left.slice(0, end), ...left.slice(next)];
  }
  for (const { name, after } of missing) {
    if (misplaced.has(name)) continue;
    const where = after === undefined ? '' : ` after ${segmentPlace(after)}`;
    const text = `${name} is missing${where}; the message structure requires it`;
    remarks.add({ severity: 'error', code: 'SEGMENT_MISSING', location: name, text });
  }
}

/** @returns how far the segments fit */
function match(
  elements: readonly Element[],
  segments: readonly Segment[],
  from: number,
  missing: Missing[],
): number {
  let at = from;
  for (const element of elements) {
    const { group, most, required, starts } = element;
    let count = 0;
    for (; count < most; count += 1) {
      const segment = segments[at];
      if (segment === undefined || !starts.has(segment.name)) break;
      const before = at;
      at = group === undefined ? at + 1 : match(group, segments, at, missing);
      if (at === before) break;
    }
    if (count > 0 || !required) continue;
    const name = firstRequired(element);
    missing.push({ name, after: segments[at - 1] });
  }
  return at;
}

function firstRequired({ name, group }: Element): string {
  const inside = group?.find(({ required }) => required) ?? group?.[0];
  return inside === undefined ? name : firstRequired(inside);
}
