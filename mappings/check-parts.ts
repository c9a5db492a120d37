/** What the checks of every standard's mappings share. Each error's text begins with the key; `within` puts the file before it. */
import { GatewayError } from '../gateway/errors.ts';
import { eventData, isEventType, isFact } from '../gateway/process/events.ts';
import type { EventType } from '../gateway/process/events.ts';
import type { Table } from './schema.ts';
import { suggestion } from './spelling.ts';

export type Tables = ReadonlyMap<string, Table>;
/** The table that a value goes through, in the standard's way of writing; undefined for none. */
type TableOf = (text: string) => string | undefined;

export function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** The events that a value names, itself or by its table. @throws GatewayError configuration-invalid */
export function eventsNamed(
  event: string,
  tables: Tables,
  tableOf: TableOf,
  key = 'event',
): EventType[] {
  const table = tableOf(event);
  if (table === undefined) return [eventNamed(event, key)];
  const entries = Object.values(tableNamed(table, tables, key).entries);
  return entries
    .filter((target) => target !== null)
    .map((target) => eventNamed(String(target), `${key}: table ${table}`));
}

export function eventNamed(name: string, key: string): EventType {
  if (!isEventType(name)) {
    throw invalid(`${key}: unknown event '${name}'${suggestion(name, Object.keys(eventData))}`);
  }
  if (!isFact(name)) throw invalid(`${key}: '${name}' is decided here, no sender can say it`);
  return name;
}

/** Said of a table's own file: one entry of it is wrong, not every place that reads it. */
export function checkEventTable(table: Table | undefined): void {
  for (const [code, target] of Object.entries(table?.entries ?? {})) {
    if (target !== null) eventNamed(String(target), `entries.${code}`);
  }
}

/** Keys of an event's data that the adapter fills itself: from the overlay, the patient's codes, the caller's role. */
export const completed: ReadonlySet<string> = new Set([
  'county',
  'hospital',
  'patient',
  'calledBy',
]);

interface DataEntry {
  readonly function?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly describing?: readonly string[] | undefined;
}

/** That an entry's data are keys of its events, complete, and through tables that there are. */
export function checkData(
  types: readonly EventType[],
  entry: DataEntry,
  tables: Tables,
  tableOf: TableOf,
): void {
  const keys = new Set(types.flatMap((type) => Object.keys(eventData[type].shape)));
  // A function may give what its event needs.
  if (entry.function === undefined) for (const type of types) checkComplete(type, entry);
  for (const [key, value] of Object.entries(entry.data ?? {})) {
    if (!keys.has(key)) {
      throw invalid(`data.${key}: the event has no such key${suggestion(key, keys)}`);
    }
    checkValue(value, tables, tableOf, `data.${key}`);
  }
  for (const key of entry.describing ?? []) {
    if (!Object.hasOwn(entry.data ?? {}, key)) throw invalid(`describing: no data.${key}`);
  }
}

function checkComplete(type: EventType, { data = {} }: DataEntry): void {
  for (const [key, schema] of Object.entries(eventData[type].shape)) {
    const given = Object.hasOwn(data, key) || completed.has(key);
    if (!given && !schema.isOptional()) throw invalid(`data: ${type} needs ${key}`);
  }
}

/** That every table a value names is there. */
export function checkValue(value: unknown, tables: Tables, tableOf: TableOf, key: string): void {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of list) {
    const table = typeof one === 'string' ? tableOf(one) : undefined;
    if (table !== undefined) tableNamed(table, tables, key);
  }
}

export function checkMunicipalityTable(name: string, tables: Tables): void {
  for (const [code, target] of Object.entries(tableNamed(name, tables, 'municipality').entries)) {
    if (target === null || /^\d{4}$/.test(String(target))) continue;
    throw invalid(`municipality: table ${name}: entries.${code}: not a code of four digits`);
  }
}

function tableNamed(name: string, tables: Tables, key: string): Table {
  const found = tables.get(name);
  if (found !== undefined) return found;
  throw invalid(`${key}: unknown table '${name}'${suggestion(name, tables.keys())}`);
}

/** Puts the place before the text of what is thrown. */
export function within(place: string, run: () => void, separator = ': '): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    throw invalid(place + separator + thrown.message);
  }
}

export function invalid(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
