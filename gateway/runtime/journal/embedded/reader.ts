/** Reads of the embedded journal: on this thread's own connection, or from another process. */
import { existsSync } from 'node:fs';
import { GatewayError } from '../../../errors.ts';
import { readerOf, readingOf, type JournalReader, type Reading } from '../reader.ts';
import type { Step } from '../sql.ts';
import { databaseFile, openForReading } from './connection.ts';
import { storeError } from './failure.ts';
import { checkSchema, schemaVersion } from './migrations.ts';
import { runNow, sqliteSql } from './sql.ts';

/**
 * Opens a journal for reading; it changes nothing and needs no lock.
 * @throws GatewayError `configuration-invalid` when there is none in the folder, or a newer program made it
 */
export async function openJournalReader({
  folder,
}: {
  readonly folder: string;
}): Promise<JournalReader> {
  if (!existsSync(databaseFile(folder))) {
    throw new GatewayError(
      'configuration-invalid',
      `no journal in ${folder}: start the gateway there first, or name its folder with --data`,
    );
  }
  const reading = openReading(folder);
  return readerOf(reading, async () => reading.close());
}

export type EmbeddedReading = Reading & { close(): void };

/** Opens a reading connection and prepares every statement. */
export function openReading(folder: string): EmbeddedReading {
  const db = openForReading(folder);
  try {
    const version = checkSchema(db);
    if (version !== schemaVersion) {
      throw new GatewayError(
        'configuration-invalid',
        `the journal in ${folder} has schema ${version} and this program needs ${schemaVersion}: ` +
          'start the gateway there once to bring it up to date',
      );
    }
    return { ...readingOf(sqliteSql(db), runHere), close: () => db.close() };
  } catch (error) {
    db.close();
    throw storeError(error);
  }
}

async function runHere<R>(step: Step<R>): Promise<R> {
  try {
    return runNow(step);
  } catch (error) {
    throw storeError(error);
  }
}
