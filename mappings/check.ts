/**
 * What a schema cannot see of the HL7 v2 mappings: that every event, table and key of data that is named exists, and that
 * a table gives what is asked of it.
 */
import type { EventType } from '../gateway/process/events.ts';
import {
  checkData,
  checkEventTable,
  checkMunicipalityTable,
  checkValue,
  eventsNamed,
  invalid,
  listOf,
  within,
} from './check-parts.ts';
import type { Tables } from './check-parts.ts';
import { municipalityCodes, parseSource } from './schema.ts';
import type { AdtMapping, EventEntry, SenderMapping } from './schema.ts';
import { suggestion } from './spelling.ts';

interface Unchecked {
  readonly adt: AdtMapping;
  readonly tables: Tables;
  readonly senders: readonly SenderMapping[];
}

/** Named functions an entry may use instead of `event`, with the events they may give. */
export const eventFunctions: Readonly<Record<string, readonly EventType[]>> = {
  death: ['patient.deceased'],
  deathInUpdate: ['patient.deceased'],
  discharge: ['patient.discharged'],
};

/**
 * The events an entry may give.
 * @throws GatewayError configuration-invalid, its text beginning with the key
 */
export function possibleEvents(entry: EventEntry, tables: Tables): readonly EventType[] {
  if ((entry.event === undefined) === (entry.function === undefined)) {
    throw invalid('event: an entry has either an event or a function');
  }
  if (entry.function !== undefined) {
    const events = eventFunctions[entry.function];
    if (events !== undefined) return events;
    const hint = suggestion(entry.function, Object.keys(eventFunctions));
    throw invalid(`function: unknown function '${entry.function}'${hint}`);
  }
  const events = listOf(entry.event ?? '').flatMap((event) => eventsNamed(event, tables, tableOf));
  return [...new Set(events)];
}

const tableOf = (text: string): string | undefined => parseSource(text)?.table;

/** @throws GatewayError configuration-invalid naming file and key */
export function checkReferences(mappings: Unchecked, fileOf: (name: string) => string): void {
  const { adt, tables, senders } = mappings;
  for (const name of eventTables(mappings)) {
    within(fileOf(`hl7v2/tables/${name}.yaml`), () => checkEventTable(tables.get(name)));
  }
  within(fileOf('hl7v2/adt.yaml'), () => checkPart(adt, tables));
  for (const sender of senders) {
    within(fileOf(`senders/${sender.id}.yaml`), () => checkPart(sender, tables, adt));
  }
}

/** Tables whose targets are events. */
function eventTables({ adt, senders }: Unchecked): ReadonlySet<string> {
  const entries = [adt, ...senders]
    .flatMap(({ triggers = {} }) => Object.values(triggers))
    .flatMap(({ events }) => events);
  const tables = entries.flatMap(({ event }) => listOf(event ?? [])).map(tableOf);
  return new Set(tables.filter((table) => table !== undefined));
}

type Part = Pick<SenderMapping, 'triggers' | 'protection' | 'municipality'>;

/** @param below what the part lies over */
function checkPart(part: Part, tables: Tables, below?: AdtMapping): void {
  checkValue(part.protection ?? [], tables, tableOf, 'protection');
  for (const one of listOf(part.municipality ?? [])) {
    checkMunicipalityTable(tableOf(one) ?? municipalityCodes, tables);
  }
  for (const [trigger, { events, replace }] of Object.entries(part.triggers ?? {})) {
    const earlier = replace === true ? [] : (below?.triggers[trigger]?.events ?? []);
    const given = new Set<string>(earlier.flatMap((entry) => possibleEvents(entry, tables)));
    for (const [index, entry] of events.entries()) {
      const place = `triggers.${trigger}.events.${index}`;
      within(place, () => checkEntry(entry, tables, given), '.');
      for (const type of possibleEvents(entry, tables)) given.add(type);
    }
  }
}

function checkEntry(entry: EventEntry, tables: Tables, given: ReadonlySet<string>): void {
  const types = possibleEvents(entry, tables);
  if (entry.ifEvent !== undefined && !given.has(entry.ifEvent)) {
    const hint = suggestion(entry.ifEvent, given);
    throw invalid(`ifEvent: no entry before this one gives '${entry.ifEvent}'${hint}`);
  }
  const wrong = listOf(entry.occurredAt).find((path) => path.startsWith('MSH-'));
  if (wrong !== undefined) {
    throw invalid(`occurredAt: ${wrong}: the time of a message is never the time of what it says`);
  }
  checkData(types, entry, tables, tableOf);
}
