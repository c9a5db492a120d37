/** A stay as a hospital's FHIR system tells it: an Encounter with its Patient, and the message about it. */
import type { Bundle, Encounter, FhirResource, Patient } from 'fhir/r4.js';

const ours = 'http://hemgang.se/fhir/StructureDefinition';
const personnummer = 'http://electronichealth.se/identifier/personnummer';
/** The system of Eklidens visit numbers: the authority of PV1-19 in its HL7 v2. */
export const visitSystem = 'https://ekliden.example/vardkontakt';

export interface FhirPerson {
  readonly personnummer: string;
  readonly family: string;
  readonly given: string;
  readonly municipality: string;
  readonly address?: {
    readonly street: string;
    readonly postalCode: string;
    readonly city: string;
  };
}

/** What the record system says of the stay besides that it goes on. */
export interface Said {
  readonly visit: string;
  /** With its zone. */
  readonly begun: string;
  readonly needAssessedAt?: string;
  readonly needs?: Readonly<
    Record<'socialServices' | 'municipalHealthCare' | 'regionOutpatient', boolean>
  >;
  readonly readyAt?: string;
  readonly plannedEnd?: string;
  readonly status?: Encounter['status'];
  /** Code of dischargeDisposition, where the patient went. */
  readonly disposition?: string;
  readonly ended?: string;
}

export function patientOf(person: FhirPerson): Patient {
  const { address } = person;
  return {
    resourceType: 'Patient',
    extension: [{ url: `${ours}/municipality`, valueCode: person.municipality }],
    identifier: [{ system: personnummer, value: person.personnummer }],
    name: [{ family: person.family, given: [person.given] }],
    ...(address && {
      address: [{ line: [address.street], postalCode: address.postalCode, city: address.city }],
    }),
  };
}

/** @param subject reference to the Patient */
export function encounterOf(said: Said, subject: string): Encounter {
  const { needs, needAssessedAt, readyAt, plannedEnd } = said;
  const extension = [
    ...(needs && needAssessedAt !== undefined
      ? [
          {
            url: `${ours}/need-assessment`,
            extension: [
              ...Object.entries(needs).map(([url, valueBoolean]) => ({ url, valueBoolean })),
              { url: 'assessedAt', valueDateTime: needAssessedAt },
            ],
          },
        ]
      : []),
    ...(readyAt === undefined
      ? []
      : [
          {
            url: `${ours}/discharge-readiness`,
            extension: [
              { url: 'status', valueCode: 'ready' },
              { url: 'assessedAt', valueDateTime: readyAt },
            ],
          },
        ]),
    ...(plannedEnd === undefined
      ? []
      : [
          {
            url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate',
            valueDateTime: plannedEnd,
          },
        ]),
  ];
  return {
    resourceType: 'Encounter',
    identifier: [{ system: visitSystem, value: said.visit }],
    status: said.status ?? 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: subject },
    ...(said.disposition !== undefined && {
      hospitalization: {
        dischargeDisposition: {
          coding: [{ system: 'https://ekliden.example/utskriven-till', code: said.disposition }],
        },
      },
    }),
    period: { start: said.begun, ...(said.ended !== undefined && { end: said.ended }) },
    serviceProvider: {
      identifier: { system: 'urn:oid:1.2.752.129.2.1.4.1', value: 'SE2321000131-E000000000001' },
      display: 'MED1',
    },
    ...(extension.length > 0 && { extension }),
  };
}

/** A message of the discharge process: what happened to a stay, when, and the stay as it is. */
export function messageOf(
  id: string,
  activity: string,
  occurred: string,
  person: FhirPerson,
  said: Said,
): Bundle<FhirResource> {
  const at = (type: string): string => `https://ekliden.example/fhir/${type}/${said.visit}`;
  return {
    resourceType: 'Bundle',
    type: 'message',
    timestamp: occurred,
    entry: [
      {
        fullUrl: `https://ekliden.example/fhir/MessageHeader/${id}`,
        resource: {
          resourceType: 'MessageHeader',
          id,
          eventCoding: {
            system: 'http://hemgang.se/fhir/CodeSystem/discharge-process-event',
            code: 'discharge-process-notification',
          },
          source: { name: 'Eklidens journal', endpoint: 'https://ekliden.example/fhir' },
          focus: [{ reference: at('Encounter') }],
        },
      },
      {
        fullUrl: at('Provenance'),
        resource: {
          resourceType: 'Provenance',
          target: [{ reference: `https://ekliden.example/fhir/MessageHeader/${id}` }],
          recorded: occurred,
          occurredDateTime: occurred,
          activity: {
            coding: [
              {
                system: 'http://hemgang.se/fhir/CodeSystem/discharge-process-activity',
                code: activity,
              },
            ],
          },
          agent: [{ who: { display: 'Eklidens journal' } }],
        },
      },
      { fullUrl: at('Encounter'), resource: encounterOf(said, at('Patient')) },
      { fullUrl: at('Patient'), resource: patientOf(person) },
    ],
  };
}
