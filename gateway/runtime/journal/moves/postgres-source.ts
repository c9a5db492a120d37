/** A journal in PostgreSQL to read from: as it was at one moment, whether instances run or not. */
import type { Client } from 'pg';
import { assert, GatewayError } from '../../../errors.ts';
import { connect, placeOf, type ConnectionSettings } from '../postgres/connection.ts';
import { postgresError } from '../postgres/failure.ts';
import { checkSchema, schemaVersion } from '../postgres/migrations.ts';
import type { JournalSource } from './ends.ts';
import { partBytes, partRows } from './parts.ts';
import { sizeOf, type Column, type Kind, type Row, type Shape } from './rows.ts';
import { moving, orderOf } from './tables.ts';

/** A whole table is read in one statement, and slow disks are slow. */
export const longStatementMs = 24 * 60 * 60 * 1000;

/**
 * @throws GatewayError `configuration-invalid` when there is none in the schema, or of another version;
 *   `journal-unavailable`
 */
export async function openPostgresSource(connection: ConnectionSettings): Promise<JournalSource> {
  const settings = { ...connection, statementTimeoutMs: longStatementMs };
  const place = `the journal at ${placeOf(connection)}`;
  try {
    const client = await connect(settings, 'export');
    try {
      await checkVersion(client, place);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      const shapes = await shapesOf(client);
      return sourceOn(client, place, shapes);
    } catch (error) {
      await client.end();
      throw error;
    }
  } catch (error) {
    throw postgresError(error);
  }
}

function sourceOn(client: Client, place: string, shapes: readonly Shape[]): JournalSource {
  return {
    place,
    form: 'postgres',
    schema: schemaVersion,
    shapes: async () => shapes,
    rows: (shape) => rowsOf(client, shape),
    async ask<R>(text: string) {
      try {
        const { rows } = await client.query(text);
        // Its type is said where the statement stands.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return rows as R[];
      } catch (error) {
        throw postgresError(error);
      }
    },
    close: () => client.end(),
  };
}

async function checkVersion(client: Client, place: string): Promise<void> {
  const version = await checkSchema(client);
  if (version === schemaVersion) return;
  throw new GatewayError(
    'configuration-invalid',
    version === 0
      ? `there is no journal at ${place}\n  next: correct journal.url or journal.schema`
      : `${place} has schema ${version} and this program needs ${schemaVersion}\n  next: start the gateway there once to bring it up to date`,
  );
}

/** The tables of a journal in PostgreSQL that move. */
export async function shapesOf(client: Client): Promise<readonly Shape[]> {
  const columns = await columnsOf(client);
  return moving([...new Set(columns.map(({ table }) => table))]).map((table) => ({
    table,
    columns: columns
      .filter((column) => column.table === table)
      .map(({ name, type }): Column => ({ name, kind: kindOf(type) })),
  }));
}

export interface StoredColumn {
  readonly table: string;
  readonly name: string;
  /** Below a domain. */
  readonly type: string;
}

/** Columns of every table of the schema in order of name; a partition is no table of its own. */
export async function columnsOf(client: Client): Promise<readonly StoredColumn[]> {
  const { rows } = await client.query<StoredColumn>(
    `SELECT c.relname::text AS "table", a.attname::text AS name,
       format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type
     FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     JOIN pg_type AS t ON t.oid = a.atttypid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY c.relname, a.attname COLLATE "C"`,
  );
  return rows;
}

/** Through a cursor, in parts whose size follows that of the rows. */
export async function* rowsOf(
  client: Client,
  { table, columns }: Shape,
): AsyncIterable<readonly Row[]> {
  const names = columns.map(({ name }) => name).join(', ');
  try {
    await client.query(
      `DECLARE moved NO SCROLL CURSOR FOR SELECT ${names} FROM ${table} ${orderOf(table)}`,
    );
    let count = Math.min(50, partRows);
    while (true) {
      const { rows } = await client.query<Row>(`FETCH ${count} FROM moved`);
      if (rows.length > 0) yield rows;
      if (rows.length < count) break;
      const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 0);
      count = Math.max(1, Math.min(partRows, Math.floor((count * partBytes) / Math.max(1, bytes))));
    }
    await client.query('CLOSE moved');
  } catch (error) {
    throw postgresError(error);
  }
}

export function kindOf(type: string): Kind {
  const kind = kinds[type];
  assert(kind, `columns of type ${type} do not move yet`);
  return kind;
}
const kinds: Readonly<Record<string, Kind>> = {
  text: 'text',
  json: 'text',
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  bytea: 'bytes',
};
