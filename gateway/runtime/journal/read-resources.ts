/** Reads of resources and cursors. */
import type { Database } from './connection.ts';
import type { ResourceIdentifier, ResourceKey, StoredResource } from './journal.ts';

const columns = 'r.type, r.id, r.version, r.last_updated AS lastUpdated, r.body';

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

export function prepareCursorReads(db: Database) {
  const one = db.prepare('SELECT value FROM cursors WHERE name = ?');
  return {
    get(name: string): string | undefined {
      const row: { value: string } | undefined = one.get(name);
      return row?.value;
    },
  };
}
