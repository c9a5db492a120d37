/** Reads of resources, of the messages that told them, and of cursors. */
import type { Database } from '../embedded/connection.ts';
import type {
  ResourceIdentifier,
  ResourceKey,
  ResourceMessages,
  StoredResource,
} from '../journal.ts';

const columns =
  'r.type, r.id, r.version, r.last_updated AS lastUpdated, r.mapping_revision AS mappingRevision, r.body';

export function prepareResourceReads(db: Database) {
  const one = db.prepare(
    `SELECT ${columns} FROM resources AS r WHERE sender = ? AND type = ? AND id = ?`,
  );
  const named = db.prepare(
    `SELECT DISTINCT ${columns} FROM resource_identifiers AS i JOIN resources AS r ON r.number = i.resource
     WHERE i.sender = ?1 AND i.type = ?2 AND i.value = ?3 AND (?4 IS NULL OR i.system = ?4)
     ORDER BY r.id LIMIT ?5`,
  );
  const later = db.prepare(
    `SELECT ${columns} FROM resources AS r WHERE sender = ? AND type = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  return {
    read: ({ sender, type, id }: ResourceKey): StoredResource | undefined =>
      one.get(sender, type, id),
    byIdentifier: (
      sender: string,
      type: string,
      { system, value }: ResourceIdentifier,
      limit: number,
    ): readonly StoredResource[] => named.all(sender, type, value, system ?? null, limit),
    page: (sender: string, type: string, after: string, limit: number): readonly StoredResource[] =>
      later.all(sender, type, after, limit),
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
export function prepareResourceMessageReads(db: Database) {
  const last = db.prepare('SELECT coalesce(max(sequence), 0) AS place FROM messages');
  const ofResources = `state IN ('accepted', 'parked') AND kind GLOB '[A-Z][a-z]*'
    AND kind NOT GLOB '*[^A-Za-z]*' AND sender IN (SELECT value FROM json_each(?))`;
  const some = db.prepare(
    `SELECT sequence AS place, length(raw) AS size FROM messages
     WHERE sequence > ? AND sequence <= ? AND ${ofResources} ORDER BY sequence LIMIT ?`,
  );
  const rawOf = db.prepare('SELECT raw FROM messages WHERE sequence = ?');
  const counted = db.prepare(
    `SELECT count(*) AS count, min(received_at) AS oldest FROM (
       SELECT received_at FROM messages WHERE sequence > ? AND ${ofResources} LIMIT ?)`,
  );

  return {
    resourceMessages(after: number, senders: readonly string[], limit: number): ResourceMessages {
      const { place: end }: { place: number } = last.get();
      if (senders.length === 0 || end <= after) return { messages: [], upTo: end, isLast: true };
      const stepEnd = Math.min(end, after + longestStep);
      const rows: { place: number; size: number }[] = some.all(
        after,
        stepEnd,
        JSON.stringify(senders),
        limit,
      );
      const fitting = rows.slice(0, fittingOf(rows));
      const isWhole = fitting.length === rows.length && rows.length < limit;
      const upTo = isWhole ? stepEnd : (fitting.at(-1)?.place ?? stepEnd);
      const messages = fitting.map(({ place }) => {
        const { raw }: { raw: Uint8Array } = rawOf.get(place);
        return { place, raw };
      });
      return { messages, upTo, isLast: upTo === end };
    },

    countResourceMessages(after: number, senders: readonly string[], atMost: number) {
      const row: { count: number; oldest: string | null } = counted.get(
        after,
        JSON.stringify(senders),
        atMost,
      );
      return { count: row.count, oldest: row.oldest ?? undefined };
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

export function prepareCursorReads(db: Database) {
  const one = db.prepare('SELECT value FROM cursors WHERE name = ?');
  return {
    get(name: string): string | undefined {
      const row: { value: string } | undefined = one.get(name);
      return row?.value;
    },
  };
}
