/** A journal in PostgreSQL to write to: one transaction, so nothing is there before all of it is. */
import type { Client } from 'pg';
import { assert, GatewayError } from '../../../errors.ts';
import { connect, placeOf, type ConnectionSettings } from '../postgres/connection.ts';
import { postgresError } from '../postgres/failure.ts';
import { drive, postgresSql } from '../postgres/sql.ts';
import { migrate } from '../postgres/migrations.ts';
import { makePartitionsOf, partitioned } from '../partitions.ts';
import type { Target } from './ends.ts';
import { columnsOf, longStatementMs, rowsOf, shapesOf } from './postgres-source.ts';
import { checkShapes, NotEmpty } from './room.ts';
import { storable, type Kind, type Row, type Shape } from './rows.ts';

/** @throws GatewayError `journal-unavailable` */
export async function openPostgresTarget(connection: ConnectionSettings): Promise<Target> {
  const settings = { ...connection, statementTimeoutMs: longStatementMs };
  const place = `the journal at ${placeOf(connection)}`;
  const client = await connect(settings, 'import').catch((error: unknown) => {
    throw postgresError(error);
  });
  const types = new Map<string, string>();

  return {
    place,
    async begin(shapes) {
      try {
        await migrate(client, connection.schema);
        await client.query('BEGIN');
        await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
        // The turn to write: an instance that has been started already waits.
        await client.query(`SELECT pg_advisory_xact_lock(hashtext($1), hashtext('write'))`, [
          connection.schema,
        ]);
        await refuseRunning(client, place);
        const there = await shapesOf(client);
        await refuseRows(client, there, place);
        checkShapes(shapes, there, place);
        for (const { table, name, type } of await columnsOf(client)) {
          types.set(`${table}.${name}`, type);
        }
        // They count what is written, and the counts come with the rest.
        for (const { table } of there)
          await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      } catch (error) {
        throw postgresError(error);
      }
    },
    async write(shape, rows) {
      try {
        await makeRoom(client, shape.table, rows);
        await insert(client, shape, rows, types);
      } catch (error) {
        throw postgresError(error);
      }
    },
    written: (shape) => rowsOf(client, shape),
    async commit() {
      try {
        for (const { table } of await shapesOf(client)) {
          await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
        }
        await setCounters(client);
        await client.query('COMMIT');
        await client.query('ANALYZE');
      } catch (error) {
        throw postgresError(error);
      }
      await client.end();
    },
    async abandon() {
      await client.query('ROLLBACK').catch(() => undefined);
      await client.end();
    },
  };
}

/** An instance that looks on would take what it finds for what it wrote. */
async function refuseRunning(client: Client, place: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM instances WHERE until > clock_timestamp() ORDER BY id',
  );
  if (rows.length === 0) return;
  throw new GatewayError(
    'configuration-invalid',
    `${place} is in use by ${rows.map(({ id }) => id).join(', ')}\n  next: stop these instances first`,
  );
}

async function refuseRows(client: Client, shapes: readonly Shape[], place: string): Promise<void> {
  for (const { table } of shapes) {
    const { rows } = await client.query(`SELECT 1 FROM ${table} LIMIT 1`);
    if (rows.length === 0) continue;
    throw new NotEmpty(
      place,
      table,
      'move it into a schema of its own: --schema NAME, or journal.schema',
    );
  }
}

/** Partitions of the months that come. */
async function makeRoom(client: Client, table: string, rows: readonly Row[]): Promise<void> {
  const parted = partitioned.find((one) => one === table);
  if (parted === undefined) return;
  const key = parted === 'messages' ? 'message_id' : 'stream';
  const ids = rows.map((row) => String(row[key]));
  await drive(makePartitionsOf(postgresSql(client), parted, ids));
}

/** A part in one statement: one array a column. */
async function insert(
  client: Client,
  { table, columns }: Shape,
  rows: readonly Row[],
  types: ReadonlyMap<string, string>,
): Promise<void> {
  const names = columns.map(({ name }) => name).join(', ');
  const given = columns.map(({ kind }, index) => `$${index + 1}::${arrays[kind]}[]`).join(', ');
  const aliases = columns.map((_, index) => `c${index}`).join(', ');
  const values = columns.map(({ name }, index) => {
    const type = types.get(`${table}.${name}`);
    assert(type, 'the columns were looked up when the move began');
    return `CAST(u.c${index} AS ${type})`;
  });
  await client.query(
    `INSERT INTO ${table} (${names}) SELECT ${values.join(', ')} FROM unnest(${given}) AS u(${aliases})`,
    columns.map(({ name }) =>
      rows.map((row) => {
        const value = row[name] ?? null;
        return typeof value === 'string' ? storable(value) : value;
      }),
    ),
  );
}
const arrays: Readonly<Record<Kind, string>> = { text: 'text', integer: 'bigint', bytes: 'bytea' };

/** What numbers its rows goes on after the last of them. */
async function setCounters(client: Client): Promise<void> {
  const { rows } = await client.query<{ table: string; name: string; counter: string | null }>(
    `SELECT c.relname::text AS "table", a.attname::text AS name,
       coalesce(pg_get_serial_sequence(quote_ident(c.relname), a.attname),
         substring(pg_get_expr(d.adbin, d.adrelid) FROM $$nextval\\('([^']+)'$$)) AS counter
     FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  for (const { table, name, counter } of rows) {
    if (counter === null) continue;
    await client.query(
      `SELECT setval('${counter}', max(${name})) FROM ${table} HAVING max(${name}) IS NOT NULL`,
    );
  }
}
