/** What a schema cannot see of the FHIR mappings: that events, tables, functions and keys of data exist and fit. */
import type { EventType } from '../gateway/process/events.ts';
import {
  checkData,
  checkEventTable,
  checkMunicipalityTable,
  checkValue,
  eventNamed,
  eventsNamed,
  invalid,
  listOf,
  within,
} from './check-parts.ts';
import type { Tables } from './check-parts.ts';
import { fhirFunctions } from './fhir-functions.ts';
import { fhirFiles, parseFhirSource, stands, takenBack } from './fhir-schema.ts';
import type { FhirEntry, FhirMapping, FhirOverlay, MappedType } from './fhir-schema.ts';
import { municipalityCodes } from './schema.ts';
import type { SenderMapping } from './schema.ts';
import { suggestion } from './spelling.ts';

interface Unchecked {
  readonly fhir: ReadonlyMap<MappedType, FhirMapping>;
  readonly tables: Tables;
  readonly senders: readonly SenderMapping[];
}

/** @throws GatewayError configuration-invalid naming file and key */
export function checkFhirReferences(
  mappings: Unchecked,
  fileOf: (name: string) => string,
  tableFile: (table: string) => string,
): void {
  const { fhir, tables, senders } = mappings;
  for (const name of eventTables(mappings)) {
    within(fileOf(tableFile(name)), () => checkEventTable(tables.get(name)));
  }
  for (const [type, { events, codes = {} }] of fhir) {
    within(fileOf(`fhir/${fhirFiles[type]}.yaml`), () => {
      checkSources(codes, tables, 'codes');
      for (const [index, entry] of events.entries()) {
        within(`events.${index}`, () => checkEntry(entry, type, tables), '.');
      }
    });
  }
  for (const { id, fhir: overlay } of senders) {
    if (overlay === undefined) continue;
    within(fileOf(`senders/${id}.yaml`), () => checkOverlay(overlay, tables));
  }
}

function checkOverlay(
  { resources = {}, codes = {}, municipality }: FhirOverlay,
  tables: Tables,
): void {
  checkSources(codes, tables, 'fhir.codes');
  for (const one of listOf(municipality ?? [])) {
    within('fhir', () => checkMunicipalityTable(tableOf(one) ?? municipalityCodes, tables), '.');
  }
  for (const type of typesOf(resources)) {
    for (const [index, entry] of (resources[type]?.events ?? []).entries()) {
      within(`fhir.resources.${type}.events.${index}`, () => checkEntry(entry, type, tables), '.');
    }
  }
}

/** Names of the types that have entries, as what they are. */
export function typesOf(resources: Partial<Record<MappedType, unknown>>): readonly MappedType[] {
  return Object.keys(resources).filter((type): type is MappedType =>
    Object.hasOwn(fhirFiles, type),
  );
}

/**
 * The events an entry may give.
 * @throws GatewayError configuration-invalid, its text beginning with the key
 */
export function possibleFhirEvents(entry: FhirEntry, tables: Tables): readonly EventType[] {
  if ((entry.event === undefined) === (entry.function === undefined)) {
    throw invalid('event: an entry has either an event or a function');
  }
  if (entry.function !== undefined) {
    const events = fhirFunctions[entry.function];
    if (events !== undefined) return events;
    const hint = suggestion(entry.function, Object.keys(fhirFunctions));
    throw invalid(`function: unknown function '${entry.function}'${hint}`);
  }
  return [
    ...new Set(listOf(entry.event ?? '').flatMap((event) => eventsNamed(event, tables, tableOf))),
  ];
}

const tableOf = (text: string): string | undefined => parseFhirSource(text)?.table;

/** Virtual roots that paths may begin in, beside the type itself: what it refers to. */
const fhirRoots: Readonly<Record<MappedType, readonly string[]>> = {
  Encounter: ['Encounter', 'Patient', 'Location', 'Organization'],
  Patient: ['Patient'],
  CarePlan: ['CarePlan', 'PractitionerRole'],
  Task: ['Task', 'PractitionerRole'],
  Communication: ['Communication', 'PractitionerRole'],
  Observation: ['Observation', 'PractitionerRole'],
};

function checkEntry(entry: FhirEntry, type: MappedType, tables: Tables): void {
  const types = possibleFhirEvents(entry, tables);
  checkData(types, entry, tables, tableOf);
  if (entry.ifGone !== undefined && entry.ifGone !== stands && entry.ifGone !== takenBack) {
    eventNamed(entry.ifGone, 'ifGone');
  }
  const written = [
    ...listOf(entry.occurredAt),
    ...listOf(entry.ifPresent ?? []),
    ...listOf(entry.event ?? []),
    ...Object.values(entry.data ?? {}).flatMap((value) =>
      typeof value === 'string' || Array.isArray(value) ? value : [],
    ),
  ];
  for (const one of written) {
    const root = /^([A-Z][A-Za-z]+)\./.exec(one)?.[1];
    if (root === undefined || fhirRoots[type].includes(root)) continue;
    throw invalid(`${one}: begins in ${root}; here it can be ${fhirRoots[type].join(', ')}`);
  }
}

function checkSources(
  sources: Readonly<Record<string, string | readonly string[]>>,
  tables: Tables,
  key: string,
): void {
  for (const [name, value] of Object.entries(sources)) {
    checkValue(value, tables, tableOf, `${key}.${name}`);
  }
}

/** Tables whose targets are events. */
function eventTables({ fhir, senders }: Unchecked): ReadonlySet<string> {
  const overlays = senders.flatMap(({ fhir: overlay }) => Object.values(overlay?.resources ?? {}));
  const entries = [...fhir.values(), ...overlays].flatMap(({ events }) => events);
  const tables = entries.flatMap(({ event }) => listOf(event ?? [])).map(tableOf);
  return new Set(tables.filter((table) => table !== undefined));
}
