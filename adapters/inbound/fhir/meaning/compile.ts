/**
 * The FHIR mappings of one sender, made ready once so that a resource costs no search through YAML: paths are parsed,
 * tables are maps, and the sender's own entries are laid over the shipped ones.
 */
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import { eventData, isEventType } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import { possibleFhirEvents } from '../../../../mappings/fhir-check.ts';
import {
  fhirPathOf,
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
import { valueAt } from './path.ts';
import type { Primitive, Roots } from './path.ts';

export type Target = string | boolean | null;
type CodeTable = ReadonlyMap<string, Target>;

/** What a mapping value gave. `target` is undefined where the table does not have the code, null for none. */
export interface Reading {
  readonly code: string;
  readonly target: Target | undefined;
  /** As the mapping has it. */
  readonly path: string;
  readonly table: string | undefined;
}
/** What numbers of a system are. */
interface NumberSystem {
  readonly kind: PersonNumber['kind'];
  /** Who gives them, as the sender names it in HL7 v2, where that is another name. */
  readonly authority?: string | undefined;
}
/** Reads a mapping value; undefined where the resource has none. */
export type Reader = (roots: Roots) => Reading | undefined;

/** One key of an event's data. */
export interface CompiledKey {
  readonly key: string;
  readonly read: Reader;
  /** For the answer where a required one is missing. */
  readonly path: string;
  readonly required: boolean;
  readonly describing: boolean;
}

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
  const tables = new Map<string, CodeTable>(
    [...mappings.tables].map(([name, { entries }]) => [name, new Map(Object.entries(entries))]),
  );
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
  const keys = new Map<EventType, readonly CompiledKey[]>();
  for (const type of possibleFhirEvents(entry, mappings.tables)) {
    const shape: Readonly<Record<string, { isOptional(): boolean }>> = eventData[type].shape;
    const compiled: CompiledKey[] = [];
    for (const [key, value] of Object.entries(entry.data ?? {})) {
      const schema = shape[key];
      if (schema === undefined) continue; // a key of another event that the same entry may give
      compiled.push({
        key,
        read: readerOf(value, tables),
        path: firstPath(value),
        required: !schema.isOptional(),
        describing: describing.has(key),
      });
    }
    keys.set(type, compiled);
  }
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

function firstPath(value: FhirMappingValue): string {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? (parseFhirSource(first)?.path ?? first) : 'constant';
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
