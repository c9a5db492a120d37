/**
 * Who the patient is, and what the law needs to know of a person as codes.
 */
import { hsaId } from '../../../../gateway/process/events.ts';
import type { PatientCodes } from '../../../../gateway/process/events.ts';
import type { Hl7Path } from '../../../../mappings/index.ts';
import type { PatientIdentity, PersonNumber } from '../../../adapter.ts';
import {
  bestKind,
  nationalNumber,
  protectionStrengths,
  scopedAuthority,
} from '../../../person-numbers.ts';
import { hl7Null, inside } from './compile.ts';
import type { CompiledSender, Readable } from './compile.ts';
import type { Hl7Message } from '../message/message.ts';
import { park } from './work.ts';
import type { Work } from './work.ts';

const keptNumbers = 20;

/** The patient's numbers, name and address as the message has them. */
export function patientOf(
  message: Hl7Message,
  sender: CompiledSender,
  warnings: string[],
): PatientIdentity {
  const { patient } = sender;
  const name = repetitionOf(message, patient.family, 7, nameTypes);
  const place = placeOf(message, sender);
  const at = (path: Hl7Path, repetition: number): string | undefined =>
    message.valueOf(repetition === 1 ? path : inRepetition(path, repetition));
  const street = at(patient.street, place);
  const postalCode = at(patient.postalCode, place);
  const city = at(patient.city, place);
  const family = at(patient.family, name);
  const given = at(patient.given, name);
  const address = {
    ...(street !== undefined && { street }),
    ...(postalCode !== undefined && { postalCode }),
    ...(city !== undefined && { city }),
  };
  return {
    numbers: numbersOf(message, sender, warnings),
    ...(family !== undefined && { family }),
    ...(given !== undefined && { given }),
    ...(Object.keys(address).length > 0 && { address }),
  };
}

/** Name types (XPN.7, table 0200) and address types (XAD.7, table 0190), the best first; '' for one that does not say. */
const nameTypes = ['L', ''];
const addressTypes = ['L', 'H', 'P', ''];

/** Which repetition has the address. */
function placeOf(message: Hl7Message, { patient }: CompiledSender): number {
  return repetitionOf(message, patient.street, 7, addressTypes);
}

/** Which repetition of a field is meant: the first of the best type, else the first one. */
function repetitionOf(
  message: Hl7Message,
  path: Hl7Path,
  typeComponent: number,
  types: readonly string[],
): number {
  const count = Math.min(message.repetitions(path.segment, path.field), keptNumbers);
  if (count <= 1) return 1;
  const repetitions = Array.from({ length: count }, (_, index) => index + 1);
  const typeOf = (repetition: number): string =>
    message.valueOf(inside(path, typeComponent, 1, repetition)) ?? '';
  for (const type of types) {
    const found = repetitions.find((repetition) => typeOf(repetition) === type);
    if (found !== undefined) return found;
  }
  return 1;
}

function inRepetition(path: Hl7Path, repetition: number): Hl7Path {
  return inside(path, path.component, path.subcomponent, repetition);
}

/** Municipality, kind of number and protection; what the message does not say is left out. */
export function codesOf(work: Work): PatientCodes {
  const municipality = municipalityOf(work);
  const protection = protectionOf(work);
  const outpatientUnit = outpatientUnitOf(work);
  return {
    ...(municipality !== undefined && { municipality }),
    numberKind: bestKind(work.patient.numbers),
    ...(protection !== undefined && { protection }),
    ...(outpatientUnit !== undefined && { outpatientUnit }),
  };
}

/** The first that is an HSA-id: what else a hospital calls its units says nothing to who routes by them. */
function outpatientUnitOf({ message, sender }: Work): string | undefined {
  const named = sender.outpatientUnit.map((path) => message.valueOf(path));
  return named.find((id) => hsaId.safeParse(id).success);
}

// ---------------------------------------------------------------- numbers

interface NumberPaths {
  readonly value: Hl7Path;
  readonly type: Hl7Path;
  readonly namespace: Hl7Path;
  readonly universal: Hl7Path;
}
/** Paths into each repetition, made when first needed; by the field and the repetition. */
const pathsByRepetition = new Map<string, NumberPaths[]>();

function pathsOf(field: Hl7Path, repetition: number): NumberPaths {
  let list = pathsByRepetition.get(field.text);
  if (list === undefined) pathsByRepetition.set(field.text, (list = []));
  return (list[repetition] ??= {
    value: inside(field, 1, 1, repetition),
    type: inside(field, 5, 1, repetition),
    namespace: inside(field, 4, 1, repetition),
    universal: inside(field, 4, 2, repetition),
  });
}

/** Each number once, however often and in whatever spelling it stands. */
function numbersOf(
  message: Hl7Message,
  sender: CompiledSender,
  warnings: string[],
): PersonNumber[] {
  const numbers: PersonNumber[] = [];
  for (const field of sender.patient.numbers) {
    for (const number of numbersAt(message, field, sender, warnings)) {
      const isKnown = numbers.some(
        ({ authority, value }) => authority === number.authority && value === number.value,
      );
      if (!isKnown) numbers.push(number);
    }
  }
  return numbers;
}

/** The numbers in one field, every repetition: CX.1 by its authority (CX.4). What the number looks like decides nothing. */
export function numbersAt(
  message: Hl7Message,
  field: Hl7Path,
  sender: CompiledSender,
  warnings: string[],
): PersonNumber[] {
  const count = message.repetitions(field.segment, field.field);
  if (count > keptNumbers) warnings.push(`${field.text}: more than ${keptNumbers} repetitions`);
  const numbers: PersonNumber[] = [];
  for (let repetition = 1; repetition <= Math.min(count, keptNumbers); repetition += 1) {
    const paths = pathsOf(field, repetition);
    const value = message.valueOf(paths.value)?.trim();
    if (value === undefined || value === '') continue;
    const given = message.valueOf(paths.universal) ?? message.valueOf(paths.namespace);
    const kind =
      kindOf(sender, message.valueOf(paths.universal)) ??
      kindOf(sender, message.valueOf(paths.namespace)) ??
      (given === undefined ? kindOfUnnamed(sender, message.valueOf(paths.type)) : undefined) ??
      'local';
    const number = nationalNumber(kind, value, given);
    if (number !== undefined) {
      numbers.push(number);
      continue;
    }
    if (kind !== 'local') warnings.push(`${field.text}(${repetition}): not a valid ${kind}`);
    numbers.push({ authority: scoped(given, sender), value, kind: 'local' });
  }
  return numbers;
}

function kindOfUnnamed(
  sender: CompiledSender,
  type: string | undefined,
): PersonNumber['kind'] | undefined {
  return kindOf(sender, 'unnamed') ?? (type === undefined ? type : sender.numberTypes.get(type));
}

function kindOf(
  sender: CompiledSender,
  authority: string | undefined,
): PersonNumber['kind'] | undefined {
  return authority === undefined ? undefined : sender.numberKinds.get(authority);
}

/** @param given CX.4 as the message has it; undefined for none */
export function scoped(given: string | undefined, sender: CompiledSender): string {
  return scopedAuthority(given, sender.mapping.id);
}

// ---------------------------------------------------------------- municipality and protection

/** It decides who is told and who pays, so what cannot be read is never passed over. */
function municipalityOf(work: Work): string | undefined {
  const reading = work.sender.municipality(withOneAddress(work));
  if (reading === undefined || reading.target === null) return undefined;
  if (reading.target !== undefined) return String(reading.target);
  return /^\d{4}$/.test(reading.code) ? reading.code : park(work, reading);
}

/** The message as if the address that counts were its only one: a temporary one says nothing of registration. */
function withOneAddress({ message, sender }: Work): Readable {
  const { segment, field } = sender.patient.street;
  const place = placeOf(message, sender);
  if (place === 1) return message;
  const isUnnumbered = (path: Hl7Path): boolean =>
    path.segment === segment && path.field === field && !path.text.includes('(');
  return {
    value: (path) => message.value(isUnnumbered(path) ? inRepetition(path, place) : path),
  };
}

/** Undefined where no path has a value: silence does not lift a marking, `""` and a code for none do. */
function protectionOf({ message, sender, warnings }: Work): PatientCodes['protection'] {
  let strongest = -1;
  for (const read of sender.protection) {
    const reading = read(message);
    if (reading === undefined) continue;
    const target = reading.target ?? (reading.code === hl7Null ? 'none' : undefined);
    const known = protectionStrengths.findIndex((strength) => strength === target);
    if (known < 0) warnings.push(`${reading.path}: code not in table ${reading.table ?? ''}`);
    strongest = Math.max(strongest, known < 0 ? protectionStrengths.indexOf('unspecified') : known);
  }
  return protectionStrengths[strongest];
}
