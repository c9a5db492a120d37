/**
 * A notice as a message of FHIR R4, by our StructureDefinitions `notice-…` (profiles/fhir): MessageHeader, Provenance,
 * Encounter, Patient and the organizations that they name. Pure: every id is made of the delivery id, every time is the
 * event's. A field that the words of the obligation do not list does not stand in it.
 */
import type {
  Address,
  Bundle,
  BundleEntry,
  Coding,
  Encounter,
  Extension,
  FhirResource,
  HumanName,
  Identifier,
  MessageHeader,
  Organization,
  Patient,
  Provenance,
  Reference,
} from 'fhir/r4.js';
import { Temporal } from 'temporal-polyfill';
import { assert } from '../../../../gateway/errors.ts';
import type { NoticedObligation, NoticeField } from '../../../../gateway/process/events.ts';
import { deliveryIdOf, idOf } from '../../../../gateway/process/ids.ts';

import type { OutboundNotice } from '../../../adapter.ts';
import { numberOf, type NoticeText } from '../notice-text.ts';
import { fhirString, narrativeOf } from './narrative.ts';

/** What a message says of its two ends. */
export interface Ends {
  /** Id of the receiver in the configuration: a part of every delivery id. */
  readonly receiverId: string;
  /** Base of the receiver's server: MessageHeader.destination.endpoint. */
  readonly destination: string;
  /** Who we are: MessageHeader.source.endpoint. */
  readonly source: string;
}

const ours = 'http://hemgang.se/fhir';
/** Identifier of the delivery; a receiver that answers names the notice by it. */
export const deliverySystem = `${ours}/sid/delivery`;
const caseSystem = `${ours}/sid/case-reference`;
const eventSystem = `${ours}/CodeSystem/discharge-process-event`;
const noticeSystem = `${ours}/CodeSystem/discharge-process-task`;
const roleSystem = `${ours}/CodeSystem/recipient-role`;
const needSystem = `${ours}/CodeSystem/need-assessment`;
/** Where FHIR in Sweden has another name for a number than the OID (HL7 Sweden, base profiles). */
const numberSystems: Readonly<Record<string, string>> = {
  '1.2.752.129.2.1.3.1': 'http://electronichealth.se/identifier/personnummer',
  '1.2.752.129.2.1.3.3': 'http://electronichealth.se/identifier/samordningsnummer',
  '1.2.752.74.9.1': 'http://electronichealth.se/identifier/nationelltReservnummer',
};
const municipalitySystem = 'urn:oid:1.2.752.129.2.2.1.17';
const countySystem = 'urn:oid:1.2.752.129.2.2.1.18';
const hsaSystem = 'urn:oid:1.2.752.29.4.19';
const labelSystem = 'http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel';
const confidentialitySystem = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

/** Notices of a stay that has ended. */
const ended: ReadonlySet<NoticedObligation> = new Set(['discharge-notice', 'death-notice']);

/** One entry of the message: its name, and what it is. */
type Part =
  'header' | 'provenance' | 'encounter' | 'patient' | 'receiver' | 'region' | 'hospital' | 'unit';

/** A notice, or a reminder of one: it has the case alone, as a withdrawal has. */
export type Told = Omit<OutboundNotice, 'kind' | 'action'> &
  (
    | Pick<OutboundNotice, 'action'>
    | {
        readonly action: 'reminded';
        /** Id of the delivery that was not acknowledged. */
        readonly remindsOf: string;
      }
  );

/** @param text what the notice says, with the fields that it carries */
export function noticeBundle(message: Told, text: NoticeText, ends: Ends): Bundle {
  const { deliveryId, event } = message;
  const nameOf = (part: Part): string => idOf(`fhir|${deliveryId}|${part}`);
  const to = (part: Part): Reference => ({ reference: `urn:uuid:${nameOf(part)}` });
  const has = (field: NoticeField): boolean => text.content[field] !== undefined;
  const scene: Scene = { message, text, ends, to, has };
  const parts: readonly (readonly [Part, FhirResource | undefined])[] = [
    ['header', headerOf(scene)],
    ['provenance', provenanceOf(scene)],
    ['encounter', encounterOf(scene)],
    ['patient', patientOf(scene)],
    ['receiver', receiverOf(scene)],
    ['region', regionOf(scene)],
    ['hospital', placeOf(scene, 'hospital')],
    ['unit', placeOf(scene, 'unit')],
  ];
  const entry = parts.flatMap(([part, resource]): BundleEntry[] => {
    if (resource === undefined) return [];
    const { resourceType, ...rest } = resource;
    // What is written first is read first; an id of the resource's own is kept.
    const named = { resourceType, id: nameOf(part), ...rest };
    return [{ fullUrl: `urn:uuid:${nameOf(part)}`, resource: named }];
  });
  return {
    resourceType: 'Bundle',
    id: deliveryId,
    identifier: { system: deliverySystem, value: deliveryId },
    type: 'message',
    timestamp: timeOf(event.occurredAt),
    entry,
  };
}

/** What every part is made of. */
interface Scene {
  readonly message: Told;
  readonly text: NoticeText;
  readonly ends: Ends;
  readonly to: (part: Part) => Reference;
  readonly has: (field: NoticeField) => boolean;
}

// ---------------------------------------------------------------- the message

/** Those who pass a message on may keep its head: it holds nothing of the person. */
function headerOf({ message, ends, to }: Scene): MessageHeader {
  const { action, deliveryId, notice } = message;
  return {
    resourceType: 'MessageHeader',
    id: deliveryId,
    eventCoding: { system: eventSystem, code: `notice-${action}` },
    destination: [{ endpoint: ends.destination, receiver: to('receiver') }],
    ...(notice.county !== undefined && { sender: to('region') }),
    source: { name: 'Hemgång', endpoint: ends.source },
    focus: [to('encounter')],
  };
}

/** Which notice of the act, when it was decided, and which earlier one it corrects, withdraws or changes. */
function provenanceOf({ message, text, ends, to }: Scene): Provenance {
  const { event, notice } = message;
  return {
    resourceType: 'Provenance',
    target: [to('header'), to('encounter')],
    occurredDateTime: timeOf(event.occurredAt),
    recorded: timeOf(event.recordedAt),
    activity: {
      coding: [{ system: noticeSystem, code: notice.obligation }],
      text: fhirString(text.title),
    },
    agent: [
      {
        who: {
          identifier: { system: 'urn:ietf:rfc:3986', value: ends.source },
          display: 'Hemgång',
        },
        ...(notice.county !== undefined && { onBehalfOf: to('region') }),
      },
    ],
    ...earlierOf(message, ends),
  };
}

/** The notice that goes no more, or that this one changes and lets stand (`derivation`). */
const entityRoles = {
  issued: 'derivation',
  corrected: 'revision',
  withdrawn: 'removal',
  reminded: 'source',
} as const;

/** The earlier notice by its MessageHeader.id, as this receiver got it. */
function earlierOf(message: Told, ends: Ends): Pick<Provenance, 'entity'> {
  const value = earlierDelivery(message, ends);
  if (value === undefined) return {};
  const what = { identifier: { system: deliverySystem, value } };
  return { entity: [{ role: entityRoles[message.action], what }] };
}

function earlierDelivery(message: Told, { receiverId }: Ends): string | undefined {
  if (message.action === 'reminded') return message.remindsOf;
  const { corrects, changes } = message.notice;
  const earlier = message.action === 'issued' ? changes : corrects;
  assert(
    earlier !== undefined || message.action === 'issued',
    'a correction names what it corrects',
  );
  return earlier === undefined ? undefined : deliveryIdOf(earlier, receiverId);
}

// ---------------------------------------------------------------- the stay

function encounterOf(scene: Scene): Encounter {
  const { message, text, to, has } = scene;
  const { content, obligation } = message.notice;
  const start = has('admittedAt') ? content.admittedAt : undefined;
  const end = has('dischargedAt') ? content.dischargedAt : undefined;
  const period = {
    ...(start !== undefined && { start: timeOf(start) }),
    ...(end !== undefined && { end: timeOf(end) }),
  };
  const extension = extensionsOf(scene);
  const provider = (['unit', 'hospital'] as const).find((part) => placeName(scene, part) !== '');
  return {
    resourceType: 'Encounter',
    text: { status: 'generated', div: narrativeOf(text) },
    ...(extension.length > 0 && { extension }),
    identifier: [{ system: caseSystem, value: message.caseReference }],
    // A withdrawal takes back what was told, and says nothing of the stay in its place; no more does a reminder.
    status: hasCaseAlone(message) ? 'unknown' : ended.has(obligation) ? 'finished' : 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: to('patient'),
    ...(Object.keys(period).length > 0 && { period }),
    ...(provider !== undefined && { serviceProvider: to(provider) }),
  };
}

function extensionsOf({ message, has }: Scene): Extension[] {
  const { expectedDischarge, dischargeReadyAt, calledAt, services } = message.notice.content;
  const extensions: Extension[] = [];
  if (has('expectedDischarge') && expectedDischarge !== undefined) {
    extensions.push({
      url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate',
      valueDateTime: timeOf(expectedDischarge),
    });
  }
  if (has('dischargeReadyAt') && dischargeReadyAt !== undefined) {
    extensions.push({
      url: `${ours}/StructureDefinition/discharge-readiness`,
      extension: [
        { url: 'status', valueCode: 'ready' },
        { url: 'assessedAt', valueDateTime: timeOf(dischargeReadyAt) },
      ],
    });
  }
  if (has('calledAt') && calledAt !== undefined) {
    const url = `${ours}/StructureDefinition/planning-called`;
    extensions.push({ url, valueDateTime: timeOf(calledAt) });
  }
  if (has('services') && services !== undefined) {
    for (const [code, isNeeded] of Object.entries(services)) {
      if (!isNeeded) continue;
      const url = `${ours}/StructureDefinition/needed-service`;
      extensions.push({ url, valueCoding: { system: needSystem, code } });
    }
  }
  return extensions;
}

// ---------------------------------------------------------------- the person

function patientOf({ message, has }: Scene): Patient {
  const { patient, caseReference, protection, notice } = message;
  const { deceasedOn } = notice.content;
  const identifier: Identifier[] = [{ system: caseSystem, value: caseReference }];
  const number = has('personNumber') ? numberOf(patient) : undefined;
  if (number !== undefined) {
    identifier.push({ system: systemOf(number.authority), value: fhirString(number.value) });
  }
  const name = has('name') ? humanNameOf(patient) : undefined;
  const address = has('address') ? addressOf(patient) : undefined;
  const security = hasCaseAlone(message) ? undefined : labelOf(protection);
  return {
    resourceType: 'Patient',
    ...(security && { meta: { security: [security] } }),
    identifier,
    ...(name && { name: [name] }),
    ...(has('deceasedOn') && deceasedOn !== undefined && { deceasedDateTime: deceasedOn }),
    ...(address && { address: [address] }),
  };
}

const hasCaseAlone = ({ action }: Told): boolean => action === 'withdrawn' || action === 'reminded';

/** An OID as FHIR writes it; a name that a hospital alone knows gets one of ours before it. */
function systemOf(authority: string): string {
  const known = numberSystems[authority];
  if (known !== undefined) return known;
  if (/^[0-2](\.\d+)+$/.test(authority)) return `urn:oid:${authority}`;
  return URL.canParse(authority) && /^(https?|urn):/.test(authority)
    ? authority
    : `${ours}/sid/number/${encodeURIComponent(authority)}`;
}

function humanNameOf({ family, given }: OutboundNotice['patient']): HumanName | undefined {
  const [last, first] = [fhirString(family), fhirString(given)];
  if (last === '' && first === '') return undefined;
  return { ...(last !== '' && { family: last }), ...(first !== '' && { given: [first] }) };
}

function addressOf({ address }: OutboundNotice['patient']): Address | undefined {
  const [line, postalCode, city] = [address?.street, address?.postalCode, address?.city].map(
    fhirString,
  );
  const found = {
    ...(line && { line: [line] }),
    ...(city && { city }),
    ...(postalCode && { postalCode }),
  };
  return Object.keys(found).length > 0 ? { use: 'home', ...found } : undefined;
}

/** The marking of HL7 Sweden; one that we could not tell is said in HL7's own words: restricted. */
function labelOf(protection: OutboundNotice['protection']): Coding | undefined {
  if (protection === undefined || protection === 'none') return undefined;
  if (protection === 'unspecified') return { system: confidentialitySystem, code: 'R' };
  return { system: labelSystem, code: protection };
}

// ---------------------------------------------------------------- who

/** The unit concerned: the municipality by its code or the region's unit by its HSA-id, and what it is told as. */
function receiverOf({ message }: Scene): Organization {
  const { role, municipality, outpatientUnit, county } = message.notice;
  const identifier: Identifier[] = [];
  if (municipality !== undefined) {
    identifier.push({ system: municipalitySystem, value: municipality });
  } else if (outpatientUnit !== undefined) {
    identifier.push({ system: hsaSystem, value: outpatientUnit });
  } else if (county !== undefined) identifier.push({ system: countySystem, value: county });
  return {
    resourceType: 'Organization',
    ...(identifier.length > 0 ? { identifier } : { name: 'Mottagare' }),
    type: [{ coding: [{ system: roleSystem, code: role }] }],
  };
}

/** The treating region. */
function regionOf({ message }: Scene): Organization | undefined {
  const { county } = message.notice;
  if (county === undefined) return undefined;
  return { resourceType: 'Organization', identifier: [{ system: countySystem, value: county }] };
}

/** The hospital, or the unit within it, where the notice carries it. */
function placeOf(scene: Scene, field: Place): Organization | undefined {
  const name = placeName(scene, field);
  if (name === '') return undefined;
  const above = field === 'unit' && placeName(scene, 'hospital') !== '';
  return { resourceType: 'Organization', name, ...(above && { partOf: scene.to('hospital') }) };
}

type Place = 'hospital' | 'unit';

function placeName({ message, has }: Scene, field: Place): string {
  return has(field) ? fhirString(message.notice.content[field]) : '';
}

/** As Sweden's clocks show it, with seconds and offset; a bare date stays one. */
function timeOf(text: string): string {
  if (text.length === 10) return text;
  const local = Temporal.Instant.from(text).toZonedDateTimeISO('Europe/Stockholm');
  return local.toString({ timeZoneName: 'never', smallestUnit: 'second' });
}
