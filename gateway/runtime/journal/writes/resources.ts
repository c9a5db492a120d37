/** Resources as their senders told them last. */
import { assert } from '../../../errors.ts';
import type { NewResource } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';

export interface ResourceWrites {
  /** Whether every one may take its place: the version that was read stands, and nobody else has what only it may have. */
  areAsRead(sender: string, resources: readonly NewResource[]): Step<boolean>;
  /** @param mappingRevision by which mappings it was read */
  put(
    sender: string,
    resource: NewResource,
    lastUpdated: string,
    mappingRevision: string,
  ): Step<void>;
}

export function resourceWrites(sql: Sql): ResourceWrites {
  const versionOf = sql.prepare(
    'SELECT version FROM resources WHERE sender = ? AND type = ? AND id = ?',
  );
  const otherHolder = sql.prepare(
    `SELECT 1 FROM resource_identifiers AS i JOIN resources AS r ON r.number = i.resource
     WHERE i.sender = ?1 AND i.type = ?2 AND i.value = ?3 AND (CAST(?4 AS TEXT) IS NULL OR i.system = ?4) AND r.id <> ?5
     LIMIT 1`,
  );
  const upsert = sql.prepare(
    `INSERT INTO resources (sender, type, id, version, last_updated, body, mapping_revision)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (sender, type, id) DO UPDATE SET version = excluded.version,
       last_updated = excluded.last_updated, body = excluded.body,
       mapping_revision = excluded.mapping_revision
     RETURNING number`,
  );
  const identifiersOf = sql.prepare(
    'SELECT value, system FROM resource_identifiers WHERE resource = ? ORDER BY number',
  );
  const forgetIdentifiers = sql.prepare('DELETE FROM resource_identifiers WHERE resource = ?');
  const addIdentifier = sql.prepare(
    'INSERT INTO resource_identifiers (resource, sender, type, value, system) VALUES (?, ?, ?, ?, ?)',
  );

  function* isAsRead(
    sender: string,
    { type, id, expected, unlessKnown }: NewResource,
  ): Step<boolean> {
    const row = yield* versionOf.get<{ version: number }>(sender, type, id);
    if ((row?.version ?? 0) !== expected) return false;
    if (unlessKnown === undefined) return true;
    const { value, system = null } = unlessKnown;
    return (yield* otherHolder.get(sender, type, value, system, id)) === undefined;
  }

  return {
    *areAsRead(sender, resources) {
      const each = yield* sql.together(resources.map((resource) => isAsRead(sender, resource)));
      return !each.includes(false);
    },
    *put(sender, { type, id, expected, identifiers, body }, lastUpdated, mappingRevision) {
      const row = yield* upsert.get<{ number: number }>(
        sender,
        type,
        id,
        expected + 1,
        lastUpdated,
        body,
        mappingRevision,
      );
      assert(row, 'a resource that was written has a number');
      const { number } = row;
      const wanted = identifiers.map(({ value, system = '' }) => ({ value, system }));
      if (expected > 0) {
        const known = yield* identifiersOf.all<Named>(number);
        if (sameIdentifiers(known, wanted)) return;
        yield* forgetIdentifiers.run(number);
      }
      yield* sql.together(
        wanted.map(({ value, system }) => addIdentifier.run(number, sender, type, value, system)),
      );
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
