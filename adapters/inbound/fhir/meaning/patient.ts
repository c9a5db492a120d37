/**
 * Who the patient is, and what the law needs to know of a person as codes, from a Patient of HL7 Sweden's base profiles
 * (hl7se.fhir.base) or from an identifier alone. Numbers have the same spelling as those of HL7 v2, so that they meet.
 */
import type { Address, HumanName, Identifier, Patient } from 'fhir/r4.js';
import { hsaId } from '../../../../gateway/process/events.ts';
import type { PatientCodes } from '../../../../gateway/process/events.ts';
import type { PatientIdentity, PersonNumber, Translation } from '../../../adapter.ts';
import {
  bestKind,
  nationalNumber,
  protectionStrengths,
  scopedAuthority,
} from '../../../person-numbers.ts';
import { withoutUrn } from './compile.ts';
import { newFacts } from './facts.ts';
import { follow, listOf } from './references.ts';
import { asPatient } from './shape.ts';
import { park, required, warnOnce } from './work.ts';
import type { Work } from './work.ts';

export interface Person {
  readonly identity: PatientIdentity;
  readonly codes: PatientCodes;
  /** The resource as paths read it: `address` is the one that counts. */
  readonly patient?: Patient;
}

const keptNumbers = 20;

/**
 * @param patient as it was told, or undefined where all that is known is an identifier
 * @param logical identifier of a reference to the person
 */
export function personOf(work: Work, patient: Patient | undefined, logical?: Identifier): Person {
  const identifiers = [...listOf(patient?.identifier), ...(logical ? [logical] : [])];
  const numbers = numbersOf(work, identifiers);
  const seen = patient && withOneAddress(patient);
  const name = bestName(listOf(patient?.name));
  const place = seen?.address?.[0];
  const address = {
    ...(textOf(place?.line?.[0]) && { street: place?.line?.join(', ') ?? '' }),
    ...(textOf(place?.postalCode) && { postalCode: place?.postalCode ?? '' }),
    ...(textOf(place?.city) && { city: place?.city ?? '' }),
  };
  const given = textOf(name?.given?.join(' '));
  const family = textOf(name?.family);
  const municipality = seen && municipalityOf(work, seen);
  const protection = patient && protectionOf(work, patient);
  const outpatientUnit = patient && outpatientUnitOf(work, patient);
  return {
    identity: {
      numbers,
      ...(family !== undefined && { family }),
      ...(given !== undefined && { given }),
      ...(Object.keys(address).length > 0 && { address }),
    },
    codes: {
      ...(municipality !== undefined && { municipality }),
      numberKind: bestKind(numbers),
      ...(protection !== undefined && { protection }),
      ...(outpatientUnit !== undefined && { outpatientUnit }),
    },
    ...(seen && { patient: seen }),
  };
}

/** A Patient told by itself: every stay of the person is told. */
export function meaningOfPatient(work: Work): Translation {
  const { exchange, warnings, unmapped } = work;
  const { request } = exchange;
  const resource = asPatient(exchange.resource);
  const nothing = { facts: [], unmapped: [], warnings };
  if (request.kind !== undefined && request.kind !== 'hospital') {
    return { ...nothing, ignored: 'a hospital says who a person is; kept for what refers to it' };
  }
  const person = personOf(work, resource);
  if (person.identity.numbers.length === 0) {
    const text = 'no number of the person: give one with its system, the personnummer best';
    throw required('Patient.identifier', text);
  }
  const facts = newFacts(
    work,
    'Patient',
    { roots: { Patient: person.patient }, person },
    undefined,
  );
  // What it changes must not wait for a code: the person is who they are. The stay's own next message parks on it.
  for (const { path, table } of unmapped) warnings.push(`${path}: code not in table ${table}`);
  if (resource.deceasedBoolean === true || resource.deceasedDateTime !== undefined) {
    warnOnce(work, 'Patient.deceased: the Encounter tells the death, by its end or its update');
  }
  return { ...nothing, persons: [{ patient: person.identity, earlierNumbers: [], facts }] };
}

// ---------------------------------------------------------------- numbers

/** Each number once, by its system: what the number looks like decides nothing. */
function numbersOf(work: Work, identifiers: readonly Identifier[]): PersonNumber[] {
  if (identifiers.length > keptNumbers) {
    warnOnce(work, `Patient.identifier: more than ${keptNumbers} identifiers`);
  }
  const numbers: PersonNumber[] = [];
  for (const [index, one] of identifiers.slice(0, keptNumbers).entries()) {
    const value = textOf(one.value);
    // One that is no longer the person's may be another's.
    if (value === undefined || one.use === 'old') continue;
    const number = numberOf(work, one.system, value, index);
    const isKnown = numbers.some(
      (known) => known.authority === number.authority && known.value === number.value,
    );
    if (!isKnown) numbers.push(number);
  }
  return numbers;
}

function numberOf(
  work: Work,
  system: string | undefined,
  value: string,
  index: number,
): PersonNumber {
  const { sender } = work;
  const given = typeof system === 'string' ? withoutUrn(system) : undefined;
  const known = given === undefined ? undefined : sender.numberKinds.get(given);
  const kind = known?.kind ?? 'local';
  const authority = known?.authority ?? given;
  const number = nationalNumber(kind, value, authority);
  if (number !== undefined) return number;
  if (kind !== 'local') warnOnce(work, `Patient.identifier[${index}]: not a valid ${kind}`);
  return { authority: scopedAuthority(authority, sender.mapping.id), value, kind: 'local' };
}

// ---------------------------------------------------------------- name and address

const nameUses = ['official', 'usual', undefined];

/** The official one first; an old, a maiden or a nick name is none to write to. */
function bestName(names: readonly HumanName[]): HumanName | undefined {
  return bestOf(names, nameUses);
}

const addressUses = ['home', undefined, 'work', 'billing'];

/** The Patient as if the address that counts were its only one: a temporary or an old one says nothing of registration. */
function withOneAddress(patient: Patient): Patient {
  const { address, ...rest } = patient;
  const all = listOf(address);
  const physical = all.filter(({ type }) => type !== 'postal');
  const best: Address | undefined = bestOf(physical, addressUses) ?? bestOf(all, addressUses);
  return best === undefined ? rest : { ...rest, address: [best] };
}

function bestOf<T extends { readonly use?: string | undefined }>(
  list: readonly T[],
  uses: readonly (string | undefined)[],
): T | undefined {
  for (const use of uses) {
    const found = list.find((one) => one.use === use);
    if (found !== undefined) return found;
  }
  return undefined;
}

// ---------------------------------------------------------------- municipality, unit and protection

/** It decides who is told and who pays, so what cannot be read is never passed over. */
function municipalityOf(work: Work, patient: Patient): string | undefined {
  const reading = work.sender.municipality({ Patient: patient });
  if (reading === undefined || reading.target === null) return undefined;
  if (reading.target !== undefined) return String(reading.target);
  return /^\d{4}$/.test(reading.code) ? reading.code : park(work, reading);
}

/** HSA-ids by the OID of HL7 Sweden's base profiles, and by Inera's. */
const hsaSystems = new Set(['1.2.752.29.4.19', '1.2.752.129.2.1.4.1']);

/** The unit that the person is listed at: `generalPractitioner` by its HSA-id. */
function outpatientUnitOf(work: Work, patient: Patient): string | undefined {
  for (const reference of listOf(patient.generalPractitioner)) {
    const { resource, identifier } = follow(reference, patient, work.exchange.related);
    const isUnit = resource?.resourceType === 'Organization';
    for (const { system, value } of [
      ...(isUnit ? listOf(resource.identifier) : []),
      ...(identifier ? [identifier] : []),
    ]) {
      if (hsaSystems.has(withoutUrn(system ?? '')) && hsaId.safeParse(value).success) return value;
    }
  }
  return undefined;
}

const securityLabels = 'http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel';

/**
 * The strongest marking of `meta.security` (HL7 Sweden, SecurityLabel); a code of that system that we do not know counts
 * as one. Undefined where there is none: silence does not lift a marking.
 */
function protectionOf(work: Work, patient: Patient): PatientCodes['protection'] {
  let strongest = -1;
  for (const { system, code } of listOf(patient.meta?.security)) {
    if (system !== securityLabels) continue;
    const known = protectionStrengths.findIndex((strength) => strength === code);
    if (known < 0) warnOnce(work, 'Patient.meta.security: code not in SecurityLabel');
    strongest = Math.max(strongest, known < 0 ? protectionStrengths.indexOf('unspecified') : known);
  }
  return protectionStrengths[strongest];
}

function textOf(text: string | undefined): string | undefined {
  const trimmed = typeof text === 'string' ? text.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}
