/**
 * The FHIR mappings of one sender, made ready once so that a resource costs no search through YAML: paths are parsed,
 * tables are maps, and the sender's own entries are laid over the shipped ones.
 */
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import { isEventType } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import { possibleFhirEvents } from '../../../../mappings/fhir-check.ts';
import {
  fhirPathOf,
  listOf,
  municipalityCodes,
  parseFhirSource,
  stands,
  takenBack,
  whenTold,
} from '../../../../mappings/index.ts';
import type {
  FhirEntry,
  FhirMapping,
  FhirMappingValue,
  FhirPath,
  MappedType,
  Mappings,
  MessageMapping,
  SenderMapping,
} from '../../../../mappings/index.ts';
import type { PersonNumber } from '../../../adapter.ts';
import { codeTablesOf, eventKeysOf } from '../../event-keys.ts';
import type { CodeTable, EventKey, Reading } from '../../event-keys.ts';
import { valueAt } from './path.ts';
import type { Primitive, Roots } from './path.ts';

export type { Reading } from '../../event-keys.ts';

/** What numbers of a system are. */
interface NumberSystem {
  readonly kind: PersonNumber['kind'];
  /** Who gives them, as the sender names it in HL7 v2, where that is another name. */
  readonly authority?: string | undefined;
}
/** Reads a mapping value; undefined where the resource has none. */
export type Reader = (roots: Roots) => Reading | undefined;

/** One key of an event's data. */
export type CompiledKey = EventKey<Reader>;

export type When = FhirPath | typeof whenTold;

export interface CompiledEntry {
  readonly ifPresent: FhirPath | undefined;
  readonly event: Reader | undefined;
  /** Name of a function, instead of `event`. */
  readonly function: string | undefined;
  readonly occurredAt: readonly When[];
  readonly keys: ReadonlyMap<EventType, readonly CompiledKey[]>;
  readonly describing: ReadonlySet<string>;
  readonly ifGone: EventType | typeof stands | typeof takenBack | undefined;
}

interface CompiledType {
  readonly entries: readonly CompiledEntry[];
  /** Codes that functions ask for, by name. */
  readonly codes: ReadonlyMap<string, Reader>;
}

export interface CompiledSender {
  readonly mapping: SenderMapping;
  readonly types: ReadonlyMap<string, CompiledType>;
  readonly visitSystems: ReadonlySet<string>;
  readonly municipality: Reader;
  /** By system, an OID without `urn:oid:`. */
  readonly numberKinds: ReadonlyMap<string, NumberSystem>;
  readonly tables: ReadonlyMap<string, CodeTable>;
  /** What the activity of a message means. */
  readonly message: MessageMapping;
}

/**
 * Makes one sender's mappings ready. They were checked at load, so what else fails here is our own bug.
 * @throws GatewayError unknown-sender where it has no overlay
 */
export function compileSender(mappings: Mappings, senderId: string): CompiledSender {
  const mapping = mappings.senders.find(({ id }) => id === senderId);
  if (mapping === undefined) {
    throw new GatewayError('unknown-sender', 'sender has no overlay in mappings/senders');
  }
  const { fhir = {} } = mapping;
  const tables = codeTablesOf(mappings);
  const types = new Map<string, CompiledType>(
    [...mappings.fhir].map(([type, shipped]) => [type, typeOf(type, shipped)]),
  );

  function typeOf(type: MappedType, shipped: FhirMapping): CompiledType {
    const own = fhir.resources?.[type];
    const entries = [...(own?.replace === true ? [] : shipped.events), ...(own?.events ?? [])];
    const codes = { ...shipped.codes, ...fhir.codes };
    return {
      entries: entries.map((entry) => compileEntry(entry, mappings, tables)),
      codes: new Map(Object.entries(codes).map(([name, value]) => [name, readerOf(value, tables)])),
    };
  }

  const shippedMunicipality = mappings.fhir.get('Patient')?.codes?.['municipality'] ?? [];
  return {
    mapping,
    types,
    visitSystems: new Set(fhir.visitSystems ?? [mapping.visitAuthority]),
    municipality: municipalityReader(
      [...listOf(fhir.municipality ?? []), ...listOf(shippedMunicipality)],
      tables,
    ),
    numberKinds: new Map(
      Object.entries({
        ...mappings.adt.numberAuthorities,
        ...mapping.numberAuthorities,
        ...fhir.numberSystems,
      }).map(([system, one]) => [
        withoutUrn(system),
        typeof one === 'string' ? { kind: one } : one,
      ]),
    ),
    tables,
    message: mappings.message,
  };
}

/** `urn:oid:1.2.752…` and `1.2.752…` are one. */
export function withoutUrn(system: string): string {
  return system.startsWith('urn:oid:') ? system.slice('urn:oid:'.length) : system;
}

/** A path without a table goes through the one that users grow for it. */
function municipalityReader(
  sources: readonly string[],
  tables: ReadonlyMap<string, CodeTable>,
): Reader {
  return firstOf(
    sources.map((one) =>
      parseFhirSource(one)?.table === undefined
        ? readerOf(`${one} via ${municipalityCodes}`, tables)
        : readerOf(one, tables),
    ),
  );
}

function compileEntry(
  entry: FhirEntry,
  mappings: Mappings,
  tables: ReadonlyMap<string, CodeTable>,
): CompiledEntry {
  const describing = new Set(entry.describing);
  const keys = eventKeysOf(
    entry,
    possibleFhirEvents(entry, mappings.tables),
    (value) => readerOf(value, tables),
    (text) => parseFhirSource(text)?.path,
  );
  return {
    ifPresent: entry.ifPresent === undefined ? undefined : fhirPathOf(entry.ifPresent),
    event: entry.event === undefined ? undefined : eventReader(entry.event, tables),
    function: entry.function,
    occurredAt: listOf(entry.occurredAt).map((one) => (one === whenTold ? one : fhirPathOf(one))),
    keys,
    describing,
    ifGone: goneOf(entry.ifGone),
  };
}

function goneOf(ifGone: string | undefined): CompiledEntry['ifGone'] {
  if (ifGone === undefined || ifGone === stands || ifGone === takenBack) return ifGone;
  assert(isEventType(ifGone), `event ${ifGone} was not checked`);
  return ifGone;
}

function eventReader(
  event: string | readonly string[],
  tables: ReadonlyMap<string, CodeTable>,
): Reader {
  return firstOf(
    listOf(event).map((one) =>
      readerOf(parseFhirSource(one) === undefined ? { constant: one } : one, tables),
    ),
  );
}

/** The four forms of a mapping value. */
function readerOf(value: FhirMappingValue, tables: ReadonlyMap<string, CodeTable>): Reader {
  if (Array.isArray(value)) return firstOf(value.map((one) => readerOf(one, tables)));
  if (typeof value === 'object') {
    const target = value.constant;
    const reading = { code: String(target), target, path: 'constant', table: undefined };
    return () => reading;
  }
  const source = parseFhirSource(value);
  assert(source !== undefined, `mapping value ${value} was not checked`);
  const path = fhirPathOf(source.path);
  const { table } = source;
  const entries = table === undefined ? undefined : tables.get(table);
  assert(table === undefined || entries !== undefined, `table ${String(table)} was not checked`);
  return (roots) => {
    const found: Primitive | undefined = valueAt(roots, path);
    if (found === undefined) return undefined;
    const code = String(found);
    return {
      code,
      target: entries === undefined ? found : entries.get(code),
      path: path.text,
      table,
    };
  };
}

function firstOf(readers: readonly Reader[]): Reader {
  return (roots) => {
    for (const read of readers) {
      const reading = read(roots);
      if (reading !== undefined) return reading;
    }
    return undefined;
  };
}
