/** FHIR resources of the invented hospitals as exchanges, and the facts they give; told one after the other, as stored. */
import type { Encounter, FhirResource, Patient } from 'fhir/r4.js';
import type { Translation } from '../../adapters/adapter.ts';
import type { Exchange, ExchangeRequest } from '../../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import type { StoredLike } from '../../gateway/process/state.ts';
import { bodiesOf } from '../../gateway/receive.ts';
import { loadMappings } from '../../mappings/index.ts';
import type { Mappings } from '../../mappings/index.ts';

export const mappings = loadMappings();
export const base = 'http://hemgang.se/fhir';
export const personnummer = 'http://electronichealth.se/identifier/personnummer';

export const patient: Patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: personnummer, value: '195009072553' }],
  name: [{ use: 'official', family: 'Påhittad', given: ['Åsa'] }],
  address: [
    {
      use: 'home',
      line: ['Exempelvägen 1'],
      postalCode: '99999',
      city: 'Påhittsby',
      district: '1480',
    },
  ],
};

/** An inpatient stay in progress since 7 March 2022 10.00, of the patient above. */
export function encounter(over: Partial<Encounter> = {}): Encounter {
  return {
    resourceType: 'Encounter',
    id: 'e1',
    identifier: [{ system: 'https://ekliden.example/vardkontakt', value: 'V1001' }],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: 'Patient/p1' },
    period: { start: '2022-03-07T10:00:00+01:00' },
    ...over,
  };
}

/** The extension that says readiness: `ready`, `withdrawn`, `not-assessed`. */
export function readiness(
  status: string,
  assessedAt?: string,
): NonNullable<Encounter['extension']> {
  return [
    {
      url: `${base}/StructureDefinition/discharge-readiness`,
      extension: [
        { url: 'status', valueCode: status },
        ...(assessedAt === undefined ? [] : [{ url: 'assessedAt', valueDateTime: assessedAt }]),
      ],
    },
  ];
}

export function need(
  [socialServices, municipalHealthCare, regionOutpatient]: readonly [boolean, boolean, boolean],
  assessedAt: string,
): NonNullable<Encounter['extension']> {
  return [
    {
      url: `${base}/StructureDefinition/need-assessment`,
      extension: [
        { url: 'socialServices', valueBoolean: socialServices },
        { url: 'municipalHealthCare', valueBoolean: municipalHealthCare },
        { url: 'regionOutpatient', valueBoolean: regionOutpatient },
        { url: 'assessedAt', valueDateTime: assessedAt },
      ],
    },
  ];
}

export function planned(value: string): NonNullable<Encounter['extension']> {
  return [
    {
      url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate',
      valueDateTime: value,
    },
  ];
}

interface Around {
  readonly previous?: FhirResource;
  readonly related?: Readonly<Record<string, FhirResource>>;
  readonly request?: Partial<ExchangeRequest>;
}

export function exchangeOf(
  resource: FhirResource,
  { previous, related = { 'Patient/p1': patient }, request = {} }: Around = {},
): Exchange {
  return {
    request: {
      sender: 'ekliden',
      id: resource.id ?? 'r1',
      base: previous === undefined ? 0 : 1,
      controlId: `${resource.resourceType}/${resource.id ?? 'r1'}/_history/1`,
      sentAt: '2022-03-07T11:00:00.000Z',
      ...request,
    },
    resource,
    ...(previous !== undefined && { previous }),
    related,
  };
}

/** What one resource means, by the shipped mappings unless others are given. */
export function translated(
  resource: FhirResource,
  around: Around & { readonly sender?: string; readonly by?: Mappings } = {},
): Translation {
  const { sender = 'ekliden', by = mappings } = around;
  return inboundOf(by, sender).translate(exchangeOf(resource, around));
}

const made = new WeakMap<Mappings, Map<string, ReturnType<typeof fhirInbound>>>();

/** Made once, as in the gateway: a sender's mappings are compiled with its first message. */
function inboundOf(by: Mappings, sender: string): ReturnType<typeof fhirInbound> {
  const known = made.get(by) ?? new Map<string, ReturnType<typeof fhirInbound>>();
  made.set(by, known);
  const inbound = known.get(sender) ?? fhirInbound(by, sender);
  known.set(sender, inbound);
  return inbound;
}

/** One version of a resource: what it is, and when it was told (ISO 8601 UTC). */
export type Version = readonly [told: string, resource: FhirResource];

/**
 * Events of versions in the order in which they arrive. One told before what stands is kept and says nothing, as the
 * store has it.
 */
export function toldInOrder(versions: readonly Version[], sender = 'ekliden'): StoredLike[][] {
  const inbound = inboundOf(mappings, sender);
  let standing: Version | undefined;
  return versions.map(([told, resource], index) => {
    const isOlder = standing !== undefined && told < standing[0];
    const exchange = exchangeOf(resource, {
      ...(standing !== undefined && { previous: standing[1] }),
      request: {
        sentAt: told,
        controlId: `${resource.resourceType}/e1/_history/${told}`,
        ...(isOlder && { isOlder: true }),
      },
    });
    if (!isOlder) standing = [told, resource];
    const head = inbound.head(exchange);
    const { events } = bodiesOf(
      inbound.translate(exchange),
      head,
      Buffer.from(told),
      `m-${told}`,
      told,
      inbound.mappingRevision,
    );
    return events.map((event) => ({ position: index, event: { ...event, stayId: 'stay-1' } }));
  });
}
