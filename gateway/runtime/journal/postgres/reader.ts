/** The reading side of the journal in PostgreSQL: this process's own connections, beside a writer or without one. */
import type { Client } from 'pg';
import { GatewayError } from '../../../errors.ts';
import type { PostgresSettings } from '../../config-journal.ts';
import { readerOf, readingOf, type JournalReader, type Reading } from '../reader.ts';
import type { Step } from '../sql.ts';
import { connect, connectionSettings, placeOf, type ConnectionSettings } from './connection.ts';
import { postgresError } from './failure.ts';
import { postgresLeases } from './leases.ts';
import { checkSchema, schemaVersion } from './migrations.ts';
import { openPool, type Pool } from './pool.ts';
import { drive, postgresSql } from './sql.ts';

/** The reads of the journal on these connections. */
export function readingOn(pool: Pool): Reading {
  return readingOf(postgresSql(pool), run);
}

async function run<R>(step: Step<R>): Promise<R> {
  try {
    return await drive(step);
  } catch (error) {
    throw postgresError(error);
  }
}

/**
 * Opens a journal for reading; it changes nothing.
 * @throws GatewayError `configuration-invalid` when there is none in the schema, or of another version
 */
export async function openPostgresReader(options: {
  readonly settings: PostgresSettings;
  readonly password?: string | undefined;
}): Promise<JournalReader> {
  const connection = connectionSettings(options.settings, options.password);
  await checkVersion(connection);
  const pool = openPool(connection, 'reader');
  const { leases } = postgresLeases(connection, pool, 'reader');
  return { ...readerOf(readingOn(pool), () => pool.close()), leases };
}

async function versionOn(client: Client): Promise<number> {
  try {
    return await checkSchema(client);
  } finally {
    await client.end();
  }
}

async function checkVersion(connection: ConnectionSettings): Promise<void> {
  try {
    const client = await connect(connection, 'reader');
    const version = await versionOn(client);
    if (version >= schemaVersion) return;
    const where = placeOf(connection);
    const next = 'start the gateway there once to bring it up to date';
    throw new GatewayError(
      'configuration-invalid',
      version === 0
        ? `no journal at ${where}: start the gateway there first, or correct journal.url`
        : `the journal at ${where} has schema ${version} and this program needs ${schemaVersion}: ${next}`,
    );
  } catch (error) {
    throw postgresError(error);
  }
}
