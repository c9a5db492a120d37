/** The compiled form that the mappings of every standard have in common: tables as maps, and the keys of an event's data. */
import { eventData } from '../../gateway/process/events.ts';
import type { EventType } from '../../gateway/process/events.ts';
import type { Mappings } from '../../mappings/index.ts';

export type Target = string | boolean | null;
export type CodeTable = ReadonlyMap<string, Target>;

/** What a mapping value gave. */
export interface Reading {
  /** As the message has it. */
  readonly code: string;
  /** Undefined where the table does not have the code, null where it has it for none. */
  readonly target: Target | undefined;
  /** As the mapping has it. */
  readonly path: string;
  readonly table: string | undefined;
}

/** One key of an event's data. */
export interface EventKey<Reader> {
  readonly key: string;
  readonly read: Reader;
  /** For the answer where a required one is missing. */
  readonly path: string;
  readonly required: boolean;
  readonly describing: boolean;
}

/** The tables of the mappings, by name. */
export function codeTablesOf({ tables }: Pick<Mappings, 'tables'>): ReadonlyMap<string, CodeTable> {
  return new Map(
    [...tables].map(([name, { entries }]) => [name, new Map(Object.entries(entries))]),
  );
}

/**
 * What an entry of a mapping says of the data of its events.
 * @param types the events that the entry may give
 * @param readerOf how the standard reads a value
 * @param pathIn the path of a value's source, without its table; undefined for what is no source
 */
export function eventKeysOf<Value, Reader>(
  entry: {
    readonly data?: Readonly<Record<string, Value>> | undefined;
    readonly describing?: readonly string[] | undefined;
  },
  types: readonly EventType[],
  readerOf: (value: Value) => Reader,
  pathIn: (text: string) => string | undefined,
): ReadonlyMap<EventType, readonly EventKey<Reader>[]> {
  const describing = new Set(entry.describing);
  const keysOf = (type: EventType): readonly EventKey<Reader>[] => {
    const shape: Readonly<Record<string, { isOptional(): boolean }>> = eventData[type].shape;
    return Object.entries(entry.data ?? {}).flatMap(([key, value]) => {
      const schema = shape[key];
      if (schema === undefined) return []; // a key of another event that the same entry may give
      return [
        {
          key,
          read: readerOf(value),
          path: firstPath(value, pathIn),
          required: !schema.isOptional(),
          describing: describing.has(key),
        },
      ];
    });
  };
  return new Map(types.map((type) => [type, keysOf(type)]));
}

function firstPath(value: unknown, pathIn: (text: string) => string | undefined): string {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? (pathIn(first) ?? first) : 'constant';
}
