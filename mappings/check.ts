/**
 * What a schema cannot see of the mappings: that every event, table and key of data that is named exists, and that
 * a table gives what is asked of it.
 */
import { GatewayError } from '../gateway/errors.ts';
import { eventData, isEventType, isFact } from '../gateway/process/events.ts';
import type { EventType } from '../gateway/process/events.ts';
import { municipalityCodes, parseSource } from './schema.ts';
import type { AdtMapping, EventEntry, SenderMapping, Table } from './schema.ts';
import { suggestion } from './spelling.ts';

interface Unchecked {
  readonly adt: AdtMapping;
  readonly tables: ReadonlyMap<string, Table>;
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
export function possibleEvents(
  entry: EventEntry,
  tables: ReadonlyMap<string, Table>,
): readonly EventType[] {
  if ((entry.event === undefined) === (entry.function === undefined)) {
    throw invalid('event: an entry has either an event or a function');
  }
  if (entry.function !== undefined) {
    const events = eventFunctions[entry.function];
    if (events !== undefined) return events;
    const hint = suggestion(entry.function, Object.keys(eventFunctions));
    throw invalid(`function: unknown function '${entry.function}'${hint}`);
  }
  const events = listOf(entry.event ?? '').flatMap((event) => eventsOf(event, tables));
  return [...new Set(events)];
}

function eventsOf(event: string, tables: ReadonlyMap<string, Table>): EventType[] {
  const table = parseSource(event)?.table;
  if (table === undefined) return [eventNamed(event, 'event')];
  const entries = Object.values(tableNamed(table, tables, 'event').entries);
  return entries
    .filter((target) => target !== null)
    .map((target) => eventNamed(String(target), `event: table ${table}`));
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** @throws GatewayError configuration-invalid naming file and key */
export function checkReferences(mappings: Unchecked, fileOf: (name: string) => string): void {
  const { adt, tables, senders } = mappings;
  for (const name of eventTables(mappings)) {
    within(fileOf(`hl7v2/tables/${name}.yaml`), () => checkEvents(tables.get(name)));
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
  const tables = entries
    .flatMap(({ event }) => listOf(event ?? []))
    .map((event) => parseSource(event)?.table);
  return new Set(tables.filter((table) => table !== undefined));
}

/** Said of the table's own file: one entry of it is wrong, not every place that reads it. */
function checkEvents(table: Table | undefined): void {
  for (const [code, target] of Object.entries(table?.entries ?? {})) {
    if (target !== null) eventNamed(String(target), `entries.${code}`);
  }
}

type Part = Pick<SenderMapping, 'triggers' | 'protection' | 'municipality'>;

/** @param below what the part lies over */
function checkPart(part: Part, tables: ReadonlyMap<string, Table>, below?: AdtMapping): void {
  checkValue(part.protection ?? [], tables, 'protection');
  checkMunicipality(part.municipality ?? [], tables);
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

function checkMunicipality(
  value: string | readonly string[],
  tables: ReadonlyMap<string, Table>,
): void {
  for (const one of listOf(value)) {
    const name = parseSource(one)?.table ?? municipalityCodes;
    for (const [code, target] of Object.entries(tableNamed(name, tables, 'municipality').entries)) {
      if (target === null || /^\d{4}$/.test(String(target))) continue;
      throw invalid(`municipality: table ${name}: entries.${code}: not a code of four digits`);
    }
  }
}

/** Keys of an event's data that the adapter fills itself, from the overlay and the patient's codes. */
const completed = new Set(['county', 'hospital', 'patient']);

function checkEntry(
  entry: EventEntry,
  tables: ReadonlyMap<string, Table>,
  given: ReadonlySet<string>,
): void {
  const types = possibleEvents(entry, tables);
  if (entry.ifEvent !== undefined && !given.has(entry.ifEvent)) {
    const hint = suggestion(entry.ifEvent, given);
    throw invalid(`ifEvent: no entry before this one gives '${entry.ifEvent}'${hint}`);
  }
  const keys = new Set(types.flatMap((type) => Object.keys(eventData[type].shape)));
  for (const type of types) checkComplete(type, entry);
  const wrong = listOf(entry.occurredAt).find((path) => path.startsWith('MSH-'));
  if (wrong !== undefined) {
    throw invalid(`occurredAt: ${wrong}: the time of a message is never the time of what it says`);
  }
  for (const [key, value] of Object.entries(entry.data ?? {})) {
    if (!keys.has(key)) {
      throw invalid(`data.${key}: the event has no such key${suggestion(key, keys)}`);
    }
    if (typeof value === 'string' || Array.isArray(value)) checkValue(value, tables, `data.${key}`);
  }
  for (const key of entry.describing ?? []) {
    if (!Object.hasOwn(entry.data ?? {}, key)) throw invalid(`describing: no data.${key}`);
  }
}

function checkComplete(type: EventType, entry: EventEntry): void {
  for (const [key, schema] of Object.entries(eventData[type].shape)) {
    const given = Object.hasOwn(entry.data ?? {}, key) || completed.has(key);
    if (!given && !schema.isOptional()) throw invalid(`data: ${type} needs ${key}`);
  }
}

function checkValue(
  value: string | readonly string[],
  tables: ReadonlyMap<string, Table>,
  key: string,
): void {
  for (const one of listOf(value)) {
    const table = parseSource(one)?.table;
    if (table !== undefined) tableNamed(table, tables, key);
  }
}

function eventNamed(name: string, key: string): EventType {
  if (!isEventType(name)) {
    throw invalid(`${key}: unknown event '${name}'${suggestion(name, Object.keys(eventData))}`);
  }
  if (!isFact(name)) throw invalid(`${key}: '${name}' is decided here, no sender can say it`);
  return name;
}

function tableNamed(name: string, tables: ReadonlyMap<string, Table>, key: string): Table {
  const found = tables.get(name);
  if (found !== undefined) return found;
  throw invalid(`${key}: unknown table '${name}'${suggestion(name, tables.keys())}`);
}

/** Puts the place before the text of what is thrown. */
function within(place: string, run: () => void, separator = ': '): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    throw invalid(place + separator + thrown.message);
  }
}

function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
