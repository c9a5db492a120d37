/**
 * The shape of what the functions read of a resource, element by element. The checks before the answer refuse more and say
 * it better; this is what holds wherever a resource comes from, also out of what was stored or is contained.
 */
import type { Encounter, FhirResource, Patient } from 'fhir/r4.js';
import { z } from 'zod';
import { assert } from '../../../../gateway/errors.ts';
import { malformed } from './work.ts';

const text = z.string().optional();
const identifier = z.looseObject({ use: text, system: text, value: text });
const coding = z.looseObject({ system: text, code: text });
const period = z.looseObject({ start: text, end: text }).optional();
const reference = z
  .looseObject({ reference: text, display: text, identifier: identifier.optional() })
  .optional();
/** A list of texts may have null where an element says more beside (FHIR R4 2.6.2.3). */
const texts = z.array(z.string().nullable()).optional();
const listOf = <T extends z.ZodType>(one: T): z.ZodOptional<z.ZodArray<T>> =>
  z.array(one).optional();
const contained = listOf(z.looseObject({ resourceType: z.string(), id: text }));

const encounterShape = z.looseObject({
  resourceType: z.literal('Encounter'),
  contained,
  identifier: listOf(identifier),
  status: text,
  statusHistory: listOf(z.looseObject({ status: text, period })),
  class: coding.optional(),
  classHistory: listOf(z.looseObject({ class: coding.optional(), period })),
  subject: reference,
  period,
  location: listOf(z.looseObject({ status: text, location: reference, period })),
  serviceProvider: reference,
});

const patientShape = z.looseObject({
  resourceType: z.literal('Patient'),
  meta: z.looseObject({ security: listOf(coding) }).optional(),
  identifier: listOf(identifier),
  name: listOf(z.looseObject({ use: text, family: text, given: texts })),
  address: listOf(
    z.looseObject({
      use: text,
      type: text,
      line: texts,
      postalCode: text,
      city: text,
      district: text,
    }),
  ),
  deceasedBoolean: z.boolean().optional(),
  deceasedDateTime: text,
});

/** @throws GatewayError malformed-message naming the first element that is not what it must be */
export function asEncounter(resource: FhirResource): Encounter {
  checkShape(encounterShape, resource, 'Encounter');
  assert(resource.resourceType === 'Encounter', 'its shape says so');
  return resource;
}

/** @throws GatewayError malformed-message naming the first element that is not what it must be */
export function asPatient(resource: FhirResource): Patient {
  checkShape(patientShape, resource, 'Patient');
  assert(resource.resourceType === 'Patient', 'its shape says so');
  return resource;
}

/** A Patient that came some time before, or within another resource; undefined where it is none or cannot be read. */
export function patientIfReadable(resource: FhirResource | undefined): Patient | undefined {
  return resource?.resourceType === 'Patient' && patientShape.safeParse(resource).success
    ? resource
    : undefined;
}

function checkShape(shape: z.ZodType, resource: FhirResource, type: string): void {
  const result = shape.safeParse(resource);
  const [issue] = result.error?.issues ?? [];
  if (issue === undefined) return;
  const at = issue.path.map((step) =>
    typeof step === 'number' ? `[${step}]` : `.${String(step)}`,
  );
  const expected = issue.code === 'invalid_type' ? issue.expected : 'what it must be';
  const article = /^[aeiou]/.test(expected) ? 'an' : 'a';
  throw malformed('structure', `not ${article} ${expected}`, `${type}${at.join('')}`);
}
