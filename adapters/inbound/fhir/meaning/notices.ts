/**
 * Notices of the statute that another system has sent, and what their receivers answered: as Tasks and as
 * Communications.
 */
import type { CodeableConcept, FhirResource, Identifier, Reference } from 'fhir/r4.js';
import { obligations, recipientRoles } from '../../../../gateway/process/events.ts';
import type { Obligation, RecipientRole } from '../../../../gateway/process/events.ts';
import type { MappedType } from '../../../../mappings/index.ts';
import { withoutUrn } from './compile.ts';
import { decided } from './facts.ts';
import type { Scene, Telling } from './facts.ts';
import { follow } from './references.ts';
import { codeOf } from './statements.ts';
import { invalidValue, park, required, warnOnce } from './work.ts';
import type { Work } from './work.ts';

/** System of the delivery id that our notices carry: an answer names the notice by it. */
const deliverySystem = 'http://hemgang.se/fhir/sid/delivery';
/** Our code system of the units concerned. */
const roleSystem = 'http://hemgang.se/fhir/CodeSystem/recipient-role';
/** SCB's codes of municipalities (standards: RIV-TA). */
const municipalitySystem = '1.2.752.129.2.2.1.17';

/** Whom a notice went to, as the resource has it. */
interface Addressed {
  readonly reference: Reference;
  /** FHIRPath of it. */
  readonly expression: string;
  /** What the resource itself says of the receiver's role. */
  readonly roles: readonly CodeableConcept[];
}

/**
 * Which notice of the statute a resource is, by the code of that name; undefined where it is none. A code of ours that no
 * table has is parked.
 */
export function obligationOf(
  work: Work,
  type: MappedType,
  code: string,
  scene: Scene,
): Obligation | undefined {
  const reading = codeOf(work, type, code, scene);
  const target = reading === undefined ? null : decided(work, reading);
  return obligations.find((one) => one === target);
}

/**
 * That a notice has been sent, once for each unit and municipality it went to. What is needed for continued care (3 kap.
 * 2 §) is transferred, whoever got it.
 */
export function sentTo(
  work: Work,
  owner: FhirResource,
  obligation: Obligation,
  addressed: readonly Addressed[],
): readonly Telling[] {
  if (obligation === 'information-transfer') return [{ type: 'information.transferred' }];
  const seen = new Set<string>();
  return addressed.flatMap((one) =>
    unitsOf(work, owner, one).flatMap(({ role, municipality }): Telling[] => {
      const key = `${role} ${municipality ?? ''}`;
      if (seen.has(key)) return [];
      seen.add(key);
      const data = { obligation, role, ...(municipality !== undefined && { municipality }) };
      return [{ type: 'notice.observed', data }];
    }),
  );
}

/** The delivery id of the notice of ours that is answered. */
export function deliveryIn(identifiers: readonly (Identifier | undefined)[]): string | undefined {
  return identifiers.find((one) => one?.system === deliverySystem)?.value;
}

interface Unit {
  readonly role: RecipientRole;
  readonly municipality?: string;
}

/** The units that a receiver is: by the sender's overlay, else by the role and the municipality that are said of it. */
function unitsOf(
  work: Work,
  owner: FhirResource,
  { reference, expression, roles }: Addressed,
): readonly Unit[] {
  const { resource, identifier } = follow(reference, owner, work.exchange.related);
  const identifiers = [...identifiersOf(resource), ...(identifier ? [identifier] : [])];
  const agreed = agreedUnits(work, identifiers);
  if (agreed !== undefined) return agreed;
  const municipality = municipalityIn(identifiers, expression);
  const types = resource && 'type' in resource && Array.isArray(resource.type) ? resource.type : [];
  const found = rolesIn(work, [...roles, ...types.filter(isConcept)], expression);
  if (found === undefined) return [];
  if (found.length === 0) {
    throw required(
      expression,
      `which unit it is cannot be seen: give a code of ${roleSystem}, or agree on the receiver in the sender's overlay (fhir.recipients)`,
    );
  }
  return found.map((role) => {
    if (role === 'region-outpatient') return { role };
    if (municipality !== undefined) return { role, municipality };
    throw required(
      expression,
      `a unit of which municipality cannot be seen: give its code as identifier of urn:oid:${municipalitySystem}, or agree on the receiver in the sender's overlay (fhir.recipients)`,
    );
  });
}

function agreedUnits(
  { sender }: Work,
  identifiers: readonly Identifier[],
): readonly Unit[] | undefined {
  const agreed = sender.mapping.fhir?.recipients ?? {};
  for (const { value = '' } of identifiers) {
    if (!Object.hasOwn(agreed, value)) continue;
    const one = agreed[value];
    if (one === undefined) continue;
    const { roles, municipality } = one;
    return roles.map((role) =>
      role === 'region-outpatient' || municipality === undefined
        ? { role }
        : { role, municipality },
    );
  }
  return undefined;
}

/** Undefined where a code of ours is in no table, which is parked. */
function rolesIn(
  work: Work,
  concepts: readonly CodeableConcept[],
  path: string,
): readonly RecipientRole[] | undefined {
  const table = 'recipient-role';
  const entries = work.sender.tables.get(table);
  const roles: RecipientRole[] = [];
  for (const { system, code } of concepts.flatMap(({ coding }) => coding ?? [])) {
    if (system !== roleSystem || code === undefined) continue;
    const target = entries?.get(code);
    if (target === undefined) return park(work, { code, target, path, table });
    const role = recipientRoles.find((one) => one === target);
    if (role !== undefined && !roles.includes(role)) roles.push(role);
  }
  return roles;
}

function municipalityIn(identifiers: readonly Identifier[], path: string): string | undefined {
  const value = identifiers.find(
    ({ system }) => withoutUrn(system ?? '') === municipalitySystem,
  )?.value;
  if (value === undefined || /^\d{4}$/.test(value)) return value;
  throw invalidValue(path, 'the code of a municipality has four digits (SCB)');
}

function identifiersOf(resource: FhirResource | undefined): readonly Identifier[] {
  const list: unknown = resource && 'identifier' in resource ? resource.identifier : undefined;
  const all: readonly unknown[] = Array.isArray(list) ? list : [];
  return all.filter((one): one is Identifier => typeof one === 'object' && one !== null);
}

function isConcept(one: unknown): one is CodeableConcept {
  return typeof one === 'object' && one !== null;
}

/**
 * What a receiver answered. That a person is not their resident opens the routing of one delivery, so it must name it.
 * @param answer target of the code that says which answer
 */
export function answered(
  work: Work,
  answer: unknown,
  obligation: Obligation,
  deliveryId: string | undefined,
): readonly Telling[] {
  const type = answers.find((one) => one === answer);
  if (type === undefined) return [];
  if (type === 'notice.misdirected' && deliveryId === undefined) {
    warnOnce(
      work,
      `not their resident: which delivery is answered is not said (identifier of ${deliverySystem}), so no notice is taken to have gone astray`,
    );
    return [];
  }
  return [{ type, data: { obligation, ...(deliveryId !== undefined && { deliveryId }) } }];
}

const answers = ['notice.received', 'notice.acknowledged', 'notice.misdirected'] as const;
