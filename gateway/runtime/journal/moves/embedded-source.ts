/** An embedded journal to read from: as it was at one moment, whether a gateway runs or not. */
import { existsSync } from 'node:fs';
import { assert, GatewayError } from '../../../errors.ts';
import { databaseFile, openForReading, type Database } from '../embedded/connection.ts';
import { storeError } from '../embedded/failure.ts';
import { checkSchema, schemaVersion } from '../embedded/migrations.ts';
import type { JournalSource } from './ends.ts';
import { inParts } from './parts.ts';
import type { Column, Kind, Row, Shape } from './rows.ts';
import { moving, orderOf } from './tables.ts';

/**
 * @throws GatewayError `configuration-invalid` when there is none in the folder, or its schema is not this program's
 */
export function openEmbeddedSource(folder: string): JournalSource {
  if (!existsSync(databaseFile(folder))) {
    throw new GatewayError(
      'configuration-invalid',
      `no journal in ${folder}\n  next: name its data folder with --data, or correct data: in the configuration`,
    );
  }
  const db = openForReading(folder);
  try {
    const version = checkSchema(db);
    if (version !== schemaVersion) {
      throw new GatewayError(
        'configuration-invalid',
        `the journal in ${folder} has schema ${version} and this program needs ${schemaVersion}\n  next: start the gateway there once to bring it up to date`,
      );
    }
    // The moment is that of the first read in the transaction.
    db.exec('BEGIN');
    const shapes = shapesOf(db);
    db.prepare('SELECT count(*) FROM migrations').get();
    return sourceOn(db, folder, shapes);
  } catch (error) {
    db.close();
    throw storeError(error);
  }
}

function sourceOn(db: Database, folder: string, shapes: readonly Shape[]): JournalSource {
  return {
    place: `the embedded journal in ${folder}`,
    form: 'embedded',
    schema: schemaVersion,
    shapes: async () => shapes,
    rows: (shape) => rowsOf(db, shape),
    async ask<R>(text: string) {
      try {
        const rows: readonly R[] = db.prepare(text).all();
        return rows;
      } catch (error) {
        throw storeError(error);
      }
    },
    async close() {
      // A statement that is not yet collected keeps a closed connection, and with it the transaction's lock.
      db.exec('COMMIT');
      db.close();
    },
  };
}

/** The tables of an embedded journal that move. */
export function shapesOf(db: Database): readonly Shape[] {
  const tables: { name: string }[] = db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all();
  return moving(tables.map(({ name }) => name)).map((table) => {
    const columns: { name: string; type: string }[] = db
      .prepare('SELECT name, type FROM pragma_table_info(?) ORDER BY name')
      .all(table);
    return {
      table,
      columns: columns.map(({ name, type }): Column => ({ name, kind: kindOf(type) })),
    };
  });
}

export async function* rowsOf(
  db: Database,
  { table, columns }: Shape,
): AsyncIterable<readonly Row[]> {
  const names = columns.map(({ name }) => name).join(', ');
  const statement = db.prepare(`SELECT ${names} FROM ${table} ${orderOf(table)}`);
  underWay.add(statement);
  try {
    const rows: Iterable<Row> = statement.iterate();
    yield* inParts(rows);
  } catch (error) {
    throw storeError(error);
  } finally {
    underWay.delete(statement);
  }
}
/** An iterator does not keep its statement: one that was collected meanwhile would take the rows with it. */
const underWay = new Set<object>();

function kindOf(type: string): Kind {
  const kind = kinds[type];
  assert(kind, `columns of type ${type} do not move yet`);
  return kind;
}
const kinds: Readonly<Record<string, Kind>> = { TEXT: 'text', INTEGER: 'integer', BLOB: 'bytes' };
