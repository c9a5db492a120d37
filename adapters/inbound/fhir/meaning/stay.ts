/** Which stay and whose: what a resource says by identifiers and references. */
import type { Encounter, FhirResource, Identifier, Reference } from 'fhir/r4.js';
import type { StayReference } from '../../../adapter.ts';
import { withoutPersonNumbers } from '../../../person-numbers.ts';
import { withoutUrn } from './compile.ts';
import { personOf } from './patient.ts';
import type { Person } from './patient.ts';
import { follow, listOf } from './references.ts';
import { patientIfReadable } from './shape.ts';
import { required } from './work.ts';
import type { Work } from './work.ts';

/** System of the case reference that our notices carry: a planning system names a case by it. */
const caseReferenceSystem = 'http://hemgang.se/fhir/sid/case-reference';

/** The stay that one of the identifiers names: by visit number first, else by our case reference. */
export function stayNamedBy(
  identifiers: readonly (Identifier | undefined)[],
  { sender }: Pick<Work, 'sender'>,
): StayReference | undefined {
  const known = identifiers.flatMap((one) => {
    const number = typeof one?.value === 'string' ? one.value.trim() : '';
    const system = typeof one?.system === 'string' ? one.system : '';
    return number === '' ? [] : [{ system, number }];
  });
  const visit = known.find(
    ({ system }) => sender.visitSystems.has(system) || sender.visitSystems.has(withoutUrn(system)),
  );
  if (visit !== undefined) {
    const { visitAuthority } = sender.mapping;
    return { by: 'visit', authority: visitAuthority, number: visit.number };
  }
  const own = known.find(({ system }) => system === caseReferenceSystem);
  return own && { by: 'case', caseReference: own.number };
}

/** The stay of an Encounter. @throws GatewayError malformed-message where no identifier names it */
export function stayOf(encounter: Encounter, work: Work): StayReference {
  const stay = stayNamedBy(encounter.identifier ?? [], work);
  if (stay !== undefined) return stay;
  throw required('Encounter.identifier', notNamed(work, encounter.identifier));
}

/**
 * The stay that a resource refers to: by the Encounter, as far as we know it, or by the identifier in the reference.
 * @param expression FHIRPath of the reference, for the error
 * @throws GatewayError malformed-message where it leads to none
 */
export function stayReferredTo(
  reference: Reference | undefined,
  owner: FhirResource,
  work: Work,
  expression: string,
): StayReference {
  if (reference === undefined) throw required(expression, 'a reference to the stay is missing');
  const { resource, identifier } = follow(reference, owner, work.exchange.related);
  const own = resource?.resourceType === 'Encounter' ? listOf(resource.identifier) : [];
  const stay = stayNamedBy([...own, identifier], work);
  if (stay !== undefined) return stay;
  const why =
    resource === undefined
      ? 'the Encounter is not known here: send it before, or together in one Bundle; or name it by identifier. '
      : '';
  throw required(expression, why + notNamed(work, [...own, identifier]));
}

/** @param found the identifiers that name no stay: their systems are told, and never a value */
function notNamed(
  { sender }: Work,
  found: readonly (Identifier | undefined)[] | undefined,
): string {
  const systems = [...sender.visitSystems].join(', ');
  const given = new Set(listOf(found).map((one) => shownSystem(one?.system)));
  const has =
    given.size === 0
      ? 'it has no identifier'
      : `it has ${[...given].slice(0, mostShown).join(', ')}`;
  return `no identifier of a system that names the stay (${systems}, or ${caseReferenceSystem}): ${has}; give the visit number, or have the system agreed`;
}

const mostShown = 5;

/** A system is a name of the sender's, and may be anything. */
function shownSystem(system: unknown): string {
  if (typeof system !== 'string' || system === '') return 'one without system';
  return withoutPersonNumbers(system.slice(0, 100).replace(/\p{Cc}/gu, ' '));
}

/**
 * Who a resource is about: the Patient as far as we know it, or the identifier in the reference.
 * @throws GatewayError malformed-message where neither gives a number
 */
export function subjectOf(
  reference: Reference | undefined,
  owner: FhirResource,
  work: Work,
  expression: string,
): Person {
  const person = subjectIfAny(reference, owner, work);
  if (person !== undefined) return person;
  throw required(
    expression,
    reference === undefined
      ? 'a reference to the patient is missing'
      : 'leads to no patient with an identifier: send the Patient before, or together in one Bundle, or give the identifier in the reference',
  );
}

/** As `subjectOf`; undefined where neither gives a number. */
function subjectIfAny(
  reference: Reference | undefined,
  owner: FhirResource,
  work: Work,
): Person | undefined {
  const { resource, identifier } = follow(reference, owner, work.exchange.related);
  const person = personOf(work, patientIfReadable(resource), identifier);
  return person.identity.numbers.length === 0 ? undefined : person;
}
