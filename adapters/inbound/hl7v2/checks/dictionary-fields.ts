/** The fields of a segment held against the dictionary of an HL7 version: presence, repetition, length, type, table. */
import { isClockText, isDateText, isNumber, isSequence, precisionOf } from './formats.ts';
import type { Hl7Message } from '../message/message.ts';
import type { Remarks } from './remarks.ts';
import { shownCode } from './remarks.ts';
import { fieldPlace, parts, unescaped } from '../message/segments.ts';
import type { Segment } from '../message/segments.ts';

const hl7Null = '""';
const checkedRepetitions = 50;

export interface Field {
  readonly type: Type;
  readonly required: boolean;
  /** Kept for backward compatibility, or withdrawn; the dictionary then no longer has its type. */
  readonly withdrawn: boolean;
  readonly most: number;
  /** Characters; undefined where the version has no limit. */
  readonly length: number | undefined;
  /** Number of its table, `0136`, and the codes where HL7 defines them. */
  readonly table: string | undefined;
  readonly codes: ReadonlySet<string> | undefined;
}
export interface Type {
  readonly name: string;
  /** Components, from 1; empty for a simple type. */
  readonly components: readonly (Field | undefined)[];
}
/** Fields by their number, from 1. */
export type SegmentFields = readonly (Field | undefined)[];

/** What a simple type asks of a value, and how that is said. */
const forms: Readonly<
  Record<string, { readonly holds: (text: string) => boolean; readonly words: string }>
> = {
  DT: { holds: isDateText, words: 'a date (YYYY[MM[DD]])' },
  TM: { holds: isClockText, words: 'a time of day (HH[MM[SS]])' },
  DTM: { holds: isTime, words: 'a date and time (YYYY[MM[DD[HH[MM[SS]]]]])' },
  TS: { holds: isTime, words: 'a date and time (YYYY[MM[DD[HH[MM[SS]]]]])' },
  NM: { holds: isNumber, words: 'a number' },
  SI: { holds: isSequence, words: 'a whole number of at most four digits' },
};

function isTime(text: string): boolean {
  return precisionOf(text) !== undefined;
}

/** @param typeNamed the type that OBX-2 names for OBX-5 */
export function checkFields(
  message: Hl7Message,
  segment: Segment,
  fields: SegmentFields,
  remarks: Remarks,
  typeNamed: (name: string) => Type | undefined,
): void {
  const check = new FieldCheck(message, segment, remarks);
  const last = Math.max(fields.length, segment.fields.length) - 1;
  for (let number = segment.name === 'MSH' ? 3 : 1; number <= last; number += 1) {
    const raw = segment.fields[number] ?? '';
    const field = fields[number];
    if (field === undefined) {
      if (raw !== '' && number >= fields.length) {
        check.unknownField(number);
        return;
      }
      continue;
    }
    const varies = field.type.name === 'VARIES' && segment.name === 'OBX';
    const type = varies ? typeNamed(segment.fields[2] ?? '') : undefined;
    check.field(number, raw, type === undefined ? field : { ...field, type });
  }
}

type Place = readonly [
  field: number,
  repetition: number,
  component?: number,
  subcomponent?: number,
];

class FieldCheck {
  readonly message: Hl7Message;
  readonly segment: Segment;
  readonly remarks: Remarks;

  constructor(message: Hl7Message, segment: Segment, remarks: Remarks) {
    this.message = message;
    this.segment = segment;
    this.remarks = remarks;
  }

  unknownField(number: number): void {
    this.#add('information', 'FIELD_UNKNOWN', [number, 1], 'is no field of this version');
  }

  field(number: number, raw: string, field: Field): void {
    if (raw === '') {
      if (field.required) this.#add('error', 'FIELD_MISSING', [number, 1], 'is required and empty');
      return;
    }
    if (field.withdrawn) {
      this.#add(
        'information',
        'FIELD_WITHDRAWN',
        [number, 1],
        'is withdrawn in this version, or kept for older receivers alone',
      );
      return;
    }
    const repetitions = parts(raw, this.message.delimiters.repetition);
    if (repetitions.length > field.most) {
      const text = `has ${repetitions.length} repetitions; ${field.most} may stand here`;
      this.#add('error', 'FIELD_REPEATED', [number, 1], text);
    }
    for (const [index, one] of repetitions.slice(0, checkedRepetitions).entries()) {
      if (one === '' || one === hl7Null) continue;
      const place: Place = [number, index + 1];
      if (this.#value(place, one, field)) this.#length(place, one, field);
    }
  }

  /** @returns false where it has parts that its type does not have, which are then not told as too long as well */
  #value(place: Place, raw: string, field: Field): boolean {
    const { components } = field.type;
    const { delimiters } = this.message;
    const deep = place[2] !== undefined;
    const inner = parts(raw, deep ? delimiters.subcomponent : delimiters.component);
    // A time stamp is one value; its second component only says how exact it is.
    if (components.length === 0 || field.type.name === 'TS') {
      this.#simple(place, inner[0] ?? '', field);
      return components.length > 0 || inner.length === 1 || this.#tooMany(place, 2);
    }
    for (let number = 1; number < Math.max(components.length, inner.length + 1); number += 1) {
      const component = components[number];
      const one = inner[number - 1] ?? '';
      if (component === undefined) {
        if (one === '') continue;
        return this.#tooMany(place, number);
      }
      this.#component(within(place, number), one, component, deep);
    }
    return true;
  }

  #component(place: Place, raw: string, component: Field, deep: boolean): void {
    if (raw === hl7Null) return;
    if (raw === '') {
      if (component.required)
        this.#add('error', 'COMPONENT_MISSING', place, 'is required and empty');
    } else if (deep) this.#simple(place, raw, component);
    else this.#value(place, raw, component);
  }

  #tooMany(place: Place, number: number): false {
    const text = 'is no part of its data type in this version';
    this.#add('warning', 'COMPONENT_UNKNOWN', within(place, number), text);
    return false;
  }

  #simple(place: Place, raw: string, { type, table, codes }: Field): void {
    if (raw === '' || raw === hl7Null) return;
    const form = Object.hasOwn(forms, type.name) ? forms[type.name] : undefined;
    if (form !== undefined && !form.holds(raw)) {
      this.#add('error', 'TYPE_WRONG', place, `is not ${form.words}, as ${type.name} asks`);
    }
    if (codes === undefined || codes.has(unescaped(raw, this.message))) return;
    const shown = /^(?:MSH|EVN|PV1|PV2)$/.test(this.segment.name) ? shownCode(raw) : undefined;
    const code = shown === undefined ? 'the code' : `'${shown}'`;
    this.#add('error', 'NOT_IN_TABLE', place, `${code} is not in HL7 table ${table ?? ''}`);
  }

  #length(place: Place, raw: string, { length }: Field): void {
    if (
      length === undefined ||
      raw.length <= length ||
      unescaped(raw, this.message).length <= length
    )
      return;
    this.#add('warning', 'TOO_LONG', place, `is longer than ${length} characters`);
  }

  #add(
    severity: 'error' | 'warning' | 'information',
    code: string,
    [field, repetition, component, subcomponent]: Place,
    text: string,
  ): void {
    const location = fieldPlace(this.segment, field, repetition, component, subcomponent);
    this.remarks.add({ severity, code, location, text });
  }
}

/** The place of a part of what stands there. */
function within([field, repetition, component]: Place, number: number): Place {
  return component === undefined
    ? [field, repetition, number]
    : [field, repetition, component, number];
}
