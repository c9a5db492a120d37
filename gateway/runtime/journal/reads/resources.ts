/** Reads of resources, of the messages that told them, and of cursors. */
import type {
  ResourceIdentifier,
  ResourceKey,
  ResourceMessages,
  StoredResource,
} from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

const columns =
  'r.type, r.id, r.version, r.last_updated AS "lastUpdated", r.mapping_revision AS "mappingRevision", r.body';

export function prepareResourceReads(sql: Sql) {
  const one = sql.prepare(
    `SELECT ${columns} FROM resources AS r WHERE r.sender = ? AND r.type = ? AND r.id = ?`,
  );
  const named = sql.prepare(
    `SELECT ${columns} FROM resources AS r WHERE r.number IN (
       SELECT i.resource FROM resource_identifiers AS i
       WHERE i.sender = ?1 AND i.type = ?2 AND i.value = ?3
         AND (CAST(?4 AS TEXT) IS NULL OR i.system = ?4))
     ORDER BY r.id LIMIT ?5`,
  );
  const later = sql.prepare(
    `SELECT ${columns} FROM resources AS r
     WHERE r.sender = ? AND r.type = ? AND r.id > ? ORDER BY r.id LIMIT ?`,
  );
  return {
    *read({ sender, type, id }: ResourceKey): Step<StoredResource | undefined> {
      return yield* one.get<StoredResource>(sender, type, id);
    },
    *byIdentifier(
      sender: string,
      type: string,
      { system, value }: ResourceIdentifier,
      limit: number,
    ): Step<readonly StoredResource[]> {
      return yield* named.all<StoredResource>(sender, type, value, system ?? null, limit);
    },
    *page(
      sender: string,
      type: string,
      after: string,
      limit: number,
    ): Step<readonly StoredResource[]> {
      return yield* later.all<StoredResource>(sender, type, after, limit);
    },
  };
}

/** So many messages are passed at once on the way to those that are asked for. */
const longestStep = 500;
/** A page ends before more than this, unless its first message alone is more. */
const pageBytes = 1024 * 1024;

/**
 * Messages that told resources, by their numbers alone, so that nobody who stores pays for an index: what is passed over
 * costs a row each, whose bytes are not read. The kind of such a message is a plain name, `Encounter`, and not `ADT^A01`.
 */
export function prepareResourceMessageReads(sql: Sql) {
  const last = sql.prepare('SELECT coalesce(max(sequence), 0) AS place FROM messages');
  const ofResources = (senders: string): string =>
    `state IN ('accepted', 'parked') AND ${sql.isPlainName('kind')} AND sender IN ${sql.list(senders)}`;
  const some = sql.prepare(
    `SELECT sequence AS place, length(raw) AS size FROM messages
     WHERE sequence > ?1 AND sequence <= ?2 AND ${ofResources('?3')} ORDER BY sequence LIMIT ?4`,
  );
  const rawOf = sql.prepare(
    `SELECT sequence AS place, raw FROM messages
     WHERE sequence IN ${sql.numbers('?1')} ORDER BY sequence`,
  );
  const counted = sql.prepare(
    `SELECT count(*) AS count, min(received_at) AS oldest FROM (
       SELECT received_at FROM messages WHERE sequence > ?1 AND ${ofResources('?2')} LIMIT ?3) AS told`,
  );

  return {
    *resourceMessages(
      after: number,
      senders: readonly string[],
      limit: number,
    ): Step<ResourceMessages> {
      const end = (yield* last.get<{ place: number }>())?.place ?? 0;
      if (senders.length === 0 || end <= after) return { messages: [], upTo: end, isLast: true };
      const stepEnd = Math.min(end, after + longestStep);
      const rows = yield* some.all<{ place: number; size: number }>(
        after,
        stepEnd,
        JSON.stringify(senders),
        limit,
      );
      const fitting = rows.slice(0, fittingOf(rows)).map(({ place }) => place);
      const isWhole = fitting.length === rows.length && rows.length < limit;
      const upTo = isWhole ? stepEnd : (fitting.at(-1) ?? stepEnd);
      const messages =
        fitting.length === 0
          ? []
          : yield* rawOf.all<ResourceMessages['messages'][number]>(JSON.stringify(fitting));
      return { messages, upTo, isLast: upTo === end };
    },

    *countResourceMessages(
      after: number,
      senders: readonly string[],
      atMost: number,
    ): Step<{ readonly count: number; readonly oldest: string | undefined }> {
      const row = yield* counted.get<{ count: number; oldest: string | null }>(
        after,
        JSON.stringify(senders),
        atMost,
      );
      return { count: row?.count ?? 0, oldest: row?.oldest ?? undefined };
    },
  };
}

/** How many of them fit a page: one in any case. */
function fittingOf(rows: readonly { readonly size: number }[]): number {
  let bytes = 0;
  const tooMuch = rows.findIndex(({ size }, index) => {
    bytes += size;
    return index > 0 && bytes > pageBytes;
  });
  return tooMuch === -1 ? rows.length : tooMuch;
}

export function prepareCursorReads(sql: Sql) {
  const one = sql.prepare('SELECT value FROM cursors WHERE name = ?');
  return {
    *get(name: string): Step<string | undefined> {
      return (yield* one.get<{ value: string }>(name))?.value;
    },
  };
}
