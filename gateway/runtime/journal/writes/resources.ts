/** Resources as their senders told them last. */
import type { Database } from '../embedded/connection.ts';
import type { NewResource } from '../journal.ts';

export interface ResourceWrites {
  /** Whether every one may take its place: the version that was read stands, and nobody else has what only it may have. */
  areAsRead(sender: string, resources: readonly NewResource[]): boolean;
  /** @param mappingRevision by which mappings it was read */
  put(sender: string, resource: NewResource, lastUpdated: string, mappingRevision: string): void;
}

export function resourceWrites(db: Database): ResourceWrites {
  const versionOf = db.prepare(
    'SELECT version FROM resources WHERE sender = ? AND type = ? AND id = ?',
  );
  const otherHolder = db.prepare(
    `SELECT 1 FROM resource_identifiers AS i JOIN resources AS r ON r.number = i.resource
     WHERE i.sender = ?1 AND i.type = ?2 AND i.value = ?3 AND (?4 IS NULL OR i.system = ?4) AND r.id <> ?5
     LIMIT 1`,
  );
  const upsert = db.prepare(
    `INSERT INTO resources (sender, type, id, version, last_updated, body, mapping_revision)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (sender, type, id) DO UPDATE SET version = excluded.version,
       last_updated = excluded.last_updated, body = excluded.body,
       mapping_revision = excluded.mapping_revision
     RETURNING number`,
  );
  const identifiersOf = db.prepare(
    'SELECT value, system FROM resource_identifiers WHERE resource = ? ORDER BY rowid',
  );
  const forgetIdentifiers = db.prepare('DELETE FROM resource_identifiers WHERE resource = ?');
  const addIdentifier = db.prepare(
    'INSERT INTO resource_identifiers (resource, sender, type, value, system) VALUES (?, ?, ?, ?, ?)',
  );

  function isAsRead(sender: string, { type, id, expected, unlessKnown }: NewResource): boolean {
    const row: { version: number } | undefined = versionOf.get(sender, type, id);
    if ((row?.version ?? 0) !== expected) return false;
    if (unlessKnown === undefined) return true;
    const { value, system = null } = unlessKnown;
    return otherHolder.get(sender, type, value, system, id) === undefined;
  }

  return {
    areAsRead: (sender, resources) => resources.every((resource) => isAsRead(sender, resource)),
    put(sender, { type, id, expected, identifiers, body }, lastUpdated, mappingRevision) {
      const { number }: { number: number } = upsert.get(
        sender,
        type,
        id,
        expected + 1,
        lastUpdated,
        body,
        mappingRevision,
      );
      const wanted = identifiers.map(({ value, system = '' }) => ({ value, system }));
      if (expected > 0) {
        const known: { value: string; system: string }[] = identifiersOf.all(number);
        if (sameIdentifiers(known, wanted)) return;
        forgetIdentifiers.run(number);
      }
      for (const { value, system } of wanted)
        addIdentifier.run(number, sender, type, value, system);
    },
  };
}

interface Named {
  readonly value: string;
  readonly system: string;
}
function sameIdentifiers(left: readonly Named[], right: readonly Named[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ value, system }, index) => {
      const other = right[index];
      return value === other?.value && system === other.system;
    })
  );
}
