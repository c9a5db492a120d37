/**
 * The mappings of one sender, made ready once so that a message costs no search through YAML: paths are parsed, tables
 * are maps, and the sender's own entries are laid over the shipped ones.
 */
import type { EventType } from '../../../../gateway/process/events.ts';
import { assert } from '../../../../gateway/errors.ts';
import { listOf, municipalityCodes, parseSource, pathOf } from '../../../../mappings/index.ts';
import type {
  EventEntry,
  Hl7Path,
  MappingValue,
  Mappings,
  SenderMapping,
  Trigger,
} from '../../../../mappings/index.ts';
import { possibleEvents } from '../../../../mappings/check.ts';
import type { PersonNumber } from '../../../adapter.ts';
import { codeTablesOf, eventKeysOf } from '../../event-keys.ts';
import type { CodeTable, EventKey, Reading } from '../../event-keys.ts';
import type { Hl7Message } from '../message/message.ts';

export type { Reading } from '../../event-keys.ts';

/** How HL7 writes that there is explicitly no value; in a table it is a code as any other. */
export const hl7Null = '""';

/** What a reader asks of a message. */
export type Readable = Pick<Hl7Message, 'value'>;
/** Reads a mapping value; undefined where the message has none. */
export type Reader = (message: Readable) => Reading | undefined;

/** One key of an event's data. */
export type CompiledKey = EventKey<Reader>;

export interface CompiledEntry {
  readonly ifPresent: Hl7Path | undefined;
  /** What `""` at `ifPresent` asks for: nothing here (an `ifNull` answers it), a look into the table, or parking. */
  readonly onNull: 'skip' | 'read' | 'park';
  readonly ifNull: Hl7Path | undefined;
  readonly ifEvent: string | undefined;
  /** The event's name as a reading: a constant, or through a table. */
  readonly event: Reader | undefined;
  /** Name of the function of facts.ts that tells the event. */
  readonly function: string | undefined;
  readonly occurredAt: readonly Hl7Path[];
  readonly keys: ReadonlyMap<EventType, readonly CompiledKey[]>;
}

/** Whom a message speaks of. */
export type About = NonNullable<Trigger['about']>;
export interface CompiledTrigger {
  readonly about: About;
  readonly requires: readonly string[];
  readonly entries: readonly CompiledEntry[];
}

export interface CompiledSender {
  readonly mapping: SenderMapping;
  readonly triggers: ReadonlyMap<string, CompiledTrigger>;
  readonly ignored: ReadonlyMap<string, string>;
  readonly processingIds: ReadonlySet<string>;
  readonly stay: Hl7Path;
  readonly stayAuthority: { readonly namespace: Hl7Path; readonly universal: Hl7Path };
  readonly sentAt: readonly Hl7Path[];
  readonly patient: {
    readonly numbers: readonly Hl7Path[];
    readonly earlierNumbers: Hl7Path;
  } & Readonly<Record<'family' | 'given' | 'street' | 'postalCode' | 'city', Hl7Path>>;
  readonly municipality: Reader;
  readonly protection: readonly Reader[];
  readonly outpatientUnit: readonly Hl7Path[];
  /** By authority (CX.4), and by type (CX.5) where no authority is named. */
  readonly numberKinds: ReadonlyMap<string, PersonNumber['kind']>;
  readonly numberTypes: ReadonlyMap<string, PersonNumber['kind']>;
  readonly tables: ReadonlyMap<string, CodeTable>;
}

/** Makes one sender's mappings ready. They were checked at load, so what fails here is our own bug. */
export function compileSender(mappings: Mappings, mapping: SenderMapping): CompiledSender {
  const { adt } = mappings;
  const tables = codeTablesOf(mappings);
  const triggers = new Map<string, CompiledTrigger>();
  for (const [name, { about = 'stay', events }] of layered(adt.triggers, mapping.triggers ?? {})) {
    const nulls = new Set(events.map(({ ifNull }) => ifNull));
    const entries = events.map((entry) => compileEntry(entry, nulls, mappings, tables));
    triggers.set(name, { about, requires: adt.requires[about], entries });
  }
  const { patient } = adt;
  const stay = pathOf(mapping.stay ?? adt.stay);
  const own = mapping.patient ?? {};
  return {
    mapping,
    triggers,
    ignored: new Map(Object.entries(adt.ignored).filter(([name]) => !triggers.has(name))),
    processingIds: new Set<string>(mapping.acceptedProcessingIds ?? ['P']),
    stay,
    stayAuthority: {
      namespace: inside(stay, 4, 1),
      universal: inside(stay, 4, 2),
    },
    sentAt: pathsOf(adt.sentAt),
    patient: {
      numbers: pathsOf(own.numbers ?? patient.numbers),
      earlierNumbers: pathOf(own.earlierNumbers ?? patient.earlierNumbers),
      family: pathOf(own.family ?? patient.family),
      given: pathOf(own.given ?? patient.given),
      street: pathOf(own.street ?? patient.street),
      postalCode: pathOf(own.postalCode ?? patient.postalCode),
      city: pathOf(own.city ?? patient.city),
    },
    municipality: municipalityReader(mapping.municipality ?? adt.municipality, tables),
    protection: listOf(mapping.protection ?? adt.protection).map((one) => readerOf(one, tables)),
    outpatientUnit: pathsOf(mapping.outpatientUnit ?? adt.outpatientUnit),
    numberKinds: new Map(
      Object.entries({ ...adt.numberAuthorities, ...mapping.numberAuthorities }),
    ),
    numberTypes: new Map(Object.entries(adt.numberTypes)),
    tables,
  };
}

/** The sender's own entries after the shipped ones, or instead of them. */
function layered(...layers: readonly SenderMapping['triggers'][]): ReadonlyMap<string, Trigger> {
  const triggers = new Map<string, Trigger>();
  for (const layer of layers) {
    for (const [name, trigger] of Object.entries(layer ?? {})) {
      const below = trigger.replace === true ? undefined : triggers.get(name);
      const about = trigger.about ?? below?.about;
      triggers.set(name, {
        ...(about !== undefined && { about }),
        events: [...(below?.events ?? []), ...trigger.events],
      });
    }
  }
  return triggers;
}

/** A path without a table goes through the one that users grow for it. */
function municipalityReader(
  value: string | readonly string[],
  tables: ReadonlyMap<string, CodeTable>,
): Reader {
  const sources = listOf(value).map((one) =>
    parseSource(one)?.table === undefined ? `${one} via ${municipalityCodes}` : one,
  );
  return readerOf(sources, tables);
}

/** The same field, another component: `PID-3` → `PID-3(2).4.1`. */
export function inside(
  path: Hl7Path,
  component: number,
  subcomponent: number,
  repetition = path.repetition,
): Hl7Path {
  const text = `${path.segment}-${path.field}(${repetition}).${component}.${subcomponent}`;
  return pathOf(text);
}

/** @param nulls the `ifNull` paths of all entries of the trigger */
function compileEntry(
  entry: EventEntry,
  nulls: ReadonlySet<string | undefined>,
  mappings: Mappings,
  tables: ReadonlyMap<string, CodeTable>,
): CompiledEntry {
  const keys = eventKeysOf(
    entry,
    possibleEvents(entry, mappings.tables),
    (value) => readerOf(value, tables),
    (text) => parseSource(text)?.path,
  );
  return {
    ifPresent: entry.ifPresent === undefined ? undefined : pathOf(entry.ifPresent),
    onNull: nulls.has(entry.ifPresent) ? 'skip' : readsByTable(entry) ? 'read' : 'park',
    ifNull: entry.ifNull === undefined ? undefined : pathOf(entry.ifNull),
    event: entry.event === undefined ? undefined : eventReader(entry.event, tables),
    ifEvent: entry.ifEvent,
    function: entry.function,
    occurredAt: pathsOf(entry.occurredAt),
    keys,
  };
}

/** Whether a table sees what stands at `ifPresent`. */
function readsByTable({ ifPresent, event = [], data = {} }: EventEntry): boolean {
  return [event, ...Object.values(data)]
    .flatMap((value) => (typeof value === 'string' || Array.isArray(value) ? value : []))
    .map(parseSource)
    .some((source) => source?.table !== undefined && source.path === ifPresent);
}

function eventReader(
  event: string | readonly string[],
  tables: ReadonlyMap<string, CodeTable>,
): Reader {
  const readers = listOf(event).map((one) =>
    readerOf(parseSource(one) === undefined ? { constant: one } : one, tables),
  );
  return readers.length === 1 && readers[0] !== undefined ? readers[0] : firstOf(readers);
}

/** The four forms of a mapping value. */
function readerOf(value: MappingValue, tables: ReadonlyMap<string, CodeTable>): Reader {
  if (Array.isArray(value)) return firstOf(value.map((one) => readerOf(one, tables)));
  if (typeof value === 'object') {
    const target = value.constant;
    const reading = { code: String(target), target, path: 'constant', table: undefined };
    return () => reading;
  }
  const source = parseSource(value);
  assert(source !== undefined, `mapping value ${value} was not checked`);
  const path = pathOf(source.path);
  const { table } = source;
  if (table === undefined) {
    return (message) => {
      const target = message.value(path);
      if (target === undefined) return undefined;
      return { code: target ?? hl7Null, target, path: path.text, table };
    };
  }
  const entries = tables.get(table);
  assert(entries !== undefined, `table ${table} was not checked`);
  return (message) => {
    const found = message.value(path);
    if (found === undefined) return undefined;
    const code = found ?? hl7Null;
    return { code, target: entries.get(code), path: path.text, table };
  };
}

/** The first that has a value; where none has, the first that says there is none. */
function firstOf(readers: readonly Reader[]): Reader {
  return (message) => {
    let none: Reading | undefined;
    for (const read of readers) {
      const reading = read(message);
      if (reading === undefined) continue;
      if (reading.code !== hl7Null) return reading;
      none ??= reading;
    }
    return none;
  };
}

function pathsOf(value: string | readonly string[]): readonly Hl7Path[] {
  return listOf(value).map(pathOf);
}
