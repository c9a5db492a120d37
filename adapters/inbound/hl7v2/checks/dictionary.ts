/**
 * A message held against the HL7 dictionary of its own version (2.1-2.8): message structure, fields, data types and the
 * tables that HL7 defines. What the standard says of any message, whereas validate.ts says what this process needs.
 *
 * The library is no validator; its definitions are used with our own reader. User-defined tables are not looked at.
 */
import type { HL7Dictionary } from 'hl7v2-dictionary';
import { pathOf } from '../../../../mappings/index.ts';
import { loadHl7Tables } from '../../../../profiles/index.ts';
import { checkFields } from './dictionary-fields.ts';
import type { Field, SegmentFields, Type } from './dictionary-fields.ts';
import type { Hl7Message } from '../message/message.ts';
import type { Remark } from './remark.ts';
import { Remarks, shownCode } from './remarks.ts';
import { segmentPlace, segmentsOf } from '../message/segments.ts';
import type { Segment } from '../message/segments.ts';
import { checkStructure, compileStructure } from './structure.ts';
import type { Structure } from './structure.ts';

type FieldDefinition = HL7Dictionary['segments'][string]['fields'][string];

/** @returns what the dictionary has to say, in the order of the message; at most a hundred remarks; never throws */
export type DictionaryCheck = (message: Hl7Message) => readonly Remark[];

/**
 * Loads the dictionary, which costs a second and 75 MB; so it is asked for only where somebody wants the check.
 * @returns a pure function
 */
export async function loadDictionary(): Promise<DictionaryCheck> {
  const { dictionaries } = await import('hl7v2-dictionary');
  const versions = new Map(
    Object.entries(dictionaries).map(([name, definitions]) => [
      name,
      new Version(name, definitions),
    ]),
  );
  return (message) => {
    const remarks = new Remarks('dictionary');
    const version = versionOf(message, versions, remarks);
    if (version !== undefined) check(message, version, remarks);
    return remarks.list();
  };
}

const versionId = pathOf('MSH-12');
const messageCode = pathOf('MSH-9.1');
const triggerEvent = pathOf('MSH-9.2');
const messageStructure = pathOf('MSH-9.3');
const eventTypeCode = pathOf('EVN-1');

/** The version to check by: that of MSH-12, or the nearest one before it that the dictionary has. */
function versionOf(
  message: Hl7Message,
  versions: ReadonlyMap<string, Version>,
  remarks: Remarks,
): Version | undefined {
  const given = message.readableValueOf(versionId) ?? '';
  const exact = versions.get(given);
  if (exact !== undefined) return exact;
  const location = 'MSH-12';
  const nearest = loadHl7Tables().get('0104')?.has(given)
    ? [...versions.keys()].findLast((one) => one < given)
    : undefined;
  const shown = shownCode(given) ?? 'the version';
  if (nearest === undefined) {
    const text = `${given === '' ? 'the version is missing' : `${shown} is no version of the dictionary`}: the message is not checked against it`;
    remarks.add({ severity: 'warning', code: 'VERSION_UNKNOWN', location, text });
    return undefined;
  }
  const text = `${shown} is not in the dictionary: checked as ${nearest}`;
  remarks.add({ severity: 'information', code: 'VERSION_NEAREST', location, text });
  return versions.get(nearest);
}

function check(message: Hl7Message, version: Version, remarks: Remarks): void {
  const segments = segmentsOf(message);
  const structure = structureOf(message, version, remarks);
  const known = segments.filter((segment, index) =>
    isKnown(segment, index + 1, structure, version, remarks),
  );
  if (structure !== undefined) checkStructure(structure, known, remarks);
  for (const segment of segments) {
    if (remarks.full) return;
    const fields = version.fieldsOf(segment.name);
    if (fields !== undefined) {
      checkFields(message, segment, fields, remarks, (name) => version.typeNamed(name));
    }
  }
}

function structureOf(
  message: Hl7Message,
  version: Version,
  remarks: Remarks,
): Structure | undefined {
  const type = message.readableValueOf(messageCode) ?? '';
  const trigger = message.readableValueOf(triggerEvent) ?? message.readableValueOf(eventTypeCode);
  const structure =
    version.structureOf(trigger === undefined ? type : `${type}_${trigger}`) ??
    version.structureOf(message.readableValueOf(messageStructure) ?? '');
  if (structure === undefined) {
    const text =
      'the dictionary of this version has no structure for it: the order of segments is not checked';
    remarks.add({ severity: 'warning', code: 'STRUCTURE_UNKNOWN', location: 'MSH-9', text });
  }
  return structure;
}

/** Whether the structure has such a segment; told once for each name where it does not. */
function isKnown(
  segment: Segment,
  line: number,
  structure: Structure | undefined,
  version: Version,
  remarks: Remarks,
): boolean {
  const { name, occurrence } = segment;
  if (structure?.names.has(name) === true) return true;
  if (occurrence > 1) return false;
  const location = segmentPlace(segment);
  const unknown = version.fieldsOf(name) === undefined;
  // A line of mere text is somebody's text, so not even its first letters are shown.
  if (!/^[A-Z][A-Z0-9]{2}$/.test(name) || (unknown && segment.fields.length === 0)) {
    const text = 'does not begin with the name of a segment';
    const place = `line ${line}`;
    remarks.add({ severity: 'warning', code: 'SEGMENT_UNREADABLE', location: place, text });
  } else if (name.startsWith('Z')) {
    const text = 'is a segment of the sender: the dictionary does not know it';
    remarks.add({ severity: 'information', code: 'SEGMENT_OF_SENDER', location, text });
  } else if (unknown) {
    const text = 'is no segment of this version';
    remarks.add({ severity: 'information', code: 'SEGMENT_UNKNOWN', location, text });
  } else if (structure !== undefined) {
    const text = 'is no part of the structure of this message';
    remarks.add({ severity: 'warning', code: 'SEGMENT_UNEXPECTED', location, text });
  }
  return false;
}

/** The definitions of one version, each made ready when first asked for. */
class Version {
  readonly #definitions: HL7Dictionary;
  readonly #segments = new Map<string, SegmentFields | undefined>();
  readonly #types = new Map<string, Type>();
  readonly #structures = new Map<string, Structure>();

  /** From 2.7 on a composite type has no length of its own; the dictionary has those of earlier versions there. */
  readonly #simpleLengths: boolean;

  constructor(name: string, definitions: HL7Dictionary) {
    this.#definitions = definitions;
    this.#simpleLengths = name >= '2.7';
  }

  structureOf(name: string): Structure | undefined {
    const { messages } = this.#definitions;
    const definition = Object.hasOwn(messages, name) ? messages[name] : undefined;
    if (definition === undefined) return undefined;
    let structure = this.#structures.get(name);
    if (structure === undefined) {
      this.#structures.set(name, (structure = compileStructure(definition)));
    }
    return structure;
  }

  fieldsOf(segment: string): SegmentFields | undefined {
    const { segments } = this.#definitions;
    if (!Object.hasOwn(segments, segment)) return undefined;
    if (!this.#segments.has(segment)) {
      this.#segments.set(segment, this.#fields(segments[segment]?.fields ?? {}));
    }
    return this.#segments.get(segment);
  }

  /** A data type; undefined for what the version does not have. */
  typeNamed(name: string): Type | undefined {
    return Object.hasOwn(this.#definitions.types, name) ? this.#type(name) : undefined;
  }

  #type(name: string): Type {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const { types } = this.#definitions;
    const definition = Object.hasOwn(types, name) ? types[name] : undefined;
    const components: (Field | undefined)[] = [];
    const type = { name, components };
    this.#types.set(name, type); // first, because a type may hold itself
    components.push(...this.#fields(definition?.fields ?? {}));
    return type;
  }

  #fields(definitions: Readonly<Record<string, FieldDefinition>>): SegmentFields {
    const fields: (Field | undefined)[] = [];
    for (const [number, definition] of Object.entries(definitions)) {
      while (fields.length <= Number(number)) fields.push(undefined);
      fields[Number(number)] = this.#field(definition);
    }
    return fields;
  }

  #field({ type, opt, rep, len, table }: FieldDefinition): Field {
    const name = table === undefined ? undefined : String(table).padStart(4, '0');
    const defined = this.#type(type);
    return {
      type: defined,
      required: opt === 'R',
      withdrawn: opt === 'B',
      most: rep === 'infinite' ? Infinity : (rep ?? 1),
      length: this.#simpleLengths && defined.components.length > 0 ? undefined : len,
      table: name,
      // An ID takes its codes from a table of HL7; whatever an IS or a coded element has is the site's own.
      codes: type === 'ID' && name !== undefined ? loadHl7Tables().get(name) : undefined,
    };
  }
}
