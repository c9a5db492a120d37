/** What a table's entry may mean: what the places that read the table can take. */
import { z } from 'zod';
import {
  eventData,
  isEventType,
  isFact,
  obligations,
  recipientRoles,
} from '../gateway/process/events.ts';
import type { EventType } from '../gateway/process/events.ts';
import { possibleEvents } from './check.ts';
import { possibleFhirEvents, typesOf } from './fhir-check.ts';
import { fhirFunctions } from './fhir-functions.ts';
import { parseFhirSource } from './fhir-schema.ts';
import type { FhirEntry, FhirOverlay } from './fhir-schema.ts';
import type { Mappings } from './index.ts';
import { municipalityCodes, parseSource } from './schema.ts';
import type { EventEntry } from './schema.ts';

export type Target = string | boolean | null;

export interface PossibleTargets {
  /** What it may be; other texts are refused unless `isMunicipality`. */
  readonly targets: readonly Target[];
  /** The SCB code of a municipality as well. */
  readonly isMunicipality: boolean;
  /** Where the table is read: `A01 event`, `A03 data.disposition`. */
  readonly uses: readonly string[];
}

/**
 * Tables that named functions of the adapter read (`check.ts`: eventFunctions).
 * `own`: what the table's other entries have.
 */
const readByFunctions: Readonly<Record<string, readonly Target[] | 'own'>> = {
  '0136-yes-no': [true, false],
  '0112-discharge-disposition': 'own',
};

const protections: readonly Target[] = [
  'none',
  'sekretessmarkering',
  'unspecified',
  'skyddadFolkbokforing',
];

/** What one place takes; undefined: any text, so what the table has already. */
interface Use {
  readonly place: string;
  readonly takes: readonly Target[] | 'municipality' | undefined;
}

/** What the entries of a table may mean: what every place that reads it can take. */
export function possibleTargets(mappings: Mappings, name: string): PossibleTargets {
  const uses = usesOf(mappings, name);
  const own = [...new Set(Object.values(mappings.tables.get(name)?.entries ?? {}))];
  const isMunicipality = uses.some(({ takes }) => takes === 'municipality');
  const closed = uses.flatMap(({ takes }) => (Array.isArray(takes) ? [takes] : []));
  const [first, ...rest] = closed;
  const common = first?.filter((target) => rest.every((other) => other.includes(target)));
  return {
    targets: isMunicipality ? [null] : inOrder(common ?? own, own),
    isMunicipality,
    uses: uses.map(({ place }) => place),
  };
}

/** What the table has comes first, then the rest as it stands. */
function inOrder(targets: readonly Target[], own: readonly Target[]): readonly Target[] {
  return [
    ...own.filter((one) => targets.includes(one)),
    ...targets.filter((one) => !own.includes(one)),
  ];
}

/** What the FHIR mappings, and the senders' ways over them, ask of the table. */
function fhirUsesOf({ fhir, senders, tables }: Mappings, name: string): Use[] {
  const uses: Use[] = [];
  const ofCodes = (codes: FhirOverlay['codes'], by: string): void => {
    for (const [key, value] of Object.entries(codes ?? {})) {
      if (readsFhir(value, name)) uses.push({ place: `${by}${key}`, takes: takenAs[key] });
    }
  };
  const ofEntries = (entries: readonly FhirEntry[], place: string): void => {
    for (const entry of entries) {
      if (readsFhir(entry.event ?? [], name)) {
        uses.push({ place: `${place} event`, takes: [...eventsFor(entry), null] });
      }
      for (const [key, value] of Object.entries(entry.data ?? {})) {
        if (typeof value !== 'string' && !Array.isArray(value)) continue;
        if (!readsFhir(value, name)) continue;
        const takes = valuesOf(possibleFhirEvents(entry, tables), key);
        uses.push({ place: `${place} data.${key}`, takes });
      }
    }
  };
  for (const [type, { codes, events }] of fhir) {
    ofCodes(codes, `${type} `);
    ofEntries(events, type);
  }
  for (const { id, fhir: overlay } of senders) {
    if (overlay === undefined) continue;
    ofCodes(overlay.codes, `${id} `);
    if (overlay.municipality !== undefined && readsFhir(overlay.municipality, name)) {
      uses.push({ place: `${id} municipality`, takes: 'municipality' });
    }
    for (const type of typesOf(overlay.resources ?? {})) {
      ofEntries(overlay.resources?.[type]?.events ?? [], `${id} ${type}`);
    }
  }
  return uses;
}

const yesOrNo = [true, false] as const;
const notices = [...obligations, null] as const;
const answers = [
  'notice.received',
  'notice.acknowledged',
  'notice.misdirected',
  null,
] as const satisfies readonly (EventType | null)[];

/** What codes that functions read may mean, where that is not any text: `mappings/fhir/*.yaml`, `codes`. */
const takenAs: Readonly<Record<string, Use['takes']>> = {
  inpatient: yesOrNo,
  municipality: 'municipality',
  progress: ['planned', 'begun', 'ended', 'cancelled', 'silent'],
  planKind: [true, null],
  activityCall: ['planning.called', null],
  activityContact: ['care-contact.appointed', null],
  activityRefusal: ['planning.declined', null],
  planningRefusal: ['planning.declined', null],
  planningRefused: yesOrNo,
  caller: ['fixed-care-contact', 'other'],
  taskNotice: notices,
  communicationNotice: notices,
  taskSent: yesOrNo,
  communicationSent: yesOrNo,
  taskAnswer: answers,
  communicationAnswer: answers,
  taskRefusal: ['notice.misdirected', null],
  taskRole: recipientRoles,
  assessed: yesOrNo,
  assessedReadiness: [...(fhirFunctions['readinessAssessed'] ?? []), null],
  statement: [...(fhirFunctions['stated'] ?? []), null],
};

function readsFhir(value: string | readonly string[], table: string): boolean {
  const list = typeof value === 'string' ? [value] : value;
  return list.some((one) => parseFhirSource(one)?.table === table);
}

function usesOf(mappings: Mappings, name: string): readonly Use[] {
  const { adt, senders } = mappings;
  const parts = [
    { by: '', ...adt },
    ...senders.map((sender) => ({ by: `${sender.id} `, ...sender })),
  ];
  const uses: Use[] = [];
  for (const { by, triggers = {}, protection = [], municipality = [] } of parts) {
    for (const [trigger, { events }] of Object.entries(triggers)) {
      for (const entry of events) uses.push(...usesIn(entry, `${by}${trigger}`, name, mappings));
    }
    if (reads(protection, name)) uses.push({ place: `${by}protection`, takes: protections });
    if (reads(municipality, name)) {
      uses.push({ place: `${by}municipality`, takes: 'municipality' });
    }
  }
  uses.push(...fhirUsesOf(mappings, name));
  if (name === municipalityCodes && uses.length === 0) {
    uses.push({ place: 'municipality', takes: 'municipality' });
  }
  const functions = readByFunctions[name];
  if (functions !== undefined) {
    uses.push({
      place: 'A03 dischargeOutcome',
      takes: functions === 'own' ? undefined : functions,
    });
  }
  return uses;
}

function usesIn(entry: EventEntry, place: string, name: string, mappings: Mappings): Use[] {
  const uses: Use[] = [];
  if (reads(entry.event ?? [], name)) {
    uses.push({ place: `${place} event`, takes: [...eventsFor(entry), null] });
  }
  for (const [key, value] of Object.entries(entry.data ?? {})) {
    if (typeof value !== 'string' && !Array.isArray(value)) continue;
    if (!reads(value, name)) continue;
    const types = possibleEvents(entry, mappings.tables);
    uses.push({ place: `${place} data.${key}`, takes: valuesOf(types, key) });
  }
  return uses;
}

function reads(value: string | readonly string[], table: string): boolean {
  const list = typeof value === 'string' ? [value] : value;
  return list.some((one) => parseSource(one)?.table === table);
}

/** Facts whose data the entry can fill. */
function eventsFor(entry: Pick<EventEntry, 'data'>): EventType[] {
  const filled = new Set([...Object.keys(entry.data ?? {}), 'county', 'hospital', 'patient']);
  return Object.keys(eventData).filter(
    (type): type is EventType =>
      isEventType(type) &&
      isFact(type) &&
      // An answer to a notice is not the hospital's to give.
      !type.startsWith('notice.') &&
      Object.entries(eventData[type].shape).every(
        ([key, schema]) => filled.has(key) || schema.isOptional(),
      ),
  );
}

/** What a key of an event's data takes: booleans, a list of words, or (undefined) any text. */
function valuesOf(types: readonly EventType[], key: string): readonly Target[] | undefined {
  for (const type of types) {
    const shape: Readonly<Record<string, z.ZodType>> = eventData[type].shape;
    const schema = shape[key];
    if (schema === undefined) continue;
    const none: readonly Target[] = schema.safeParse(undefined).success ? [null] : [];
    const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    if (inner instanceof z.ZodBoolean) return [true, false, ...none];
    if (inner instanceof z.ZodEnum) return [...inner.options.map(String), ...none];
  }
  return undefined;
}
