/** The database file of the embedded journal, and the two ways to open it. */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';

export type Database = DatabaseSyncInstance;

/** Longest wait for the short moments in which the checkpoint holds the write lock. */
const busyTimeoutMs = 10_000;

/** The database file in a data folder. */
export function databaseFile(folder: string): string {
  return join(folder, 'hemgang.sqlite');
}

/**
 * Makes a file that only our user may read, where there is none: it holds personal data. SQLite itself would leave that
 * to the umask; its log and shared memory take over the mode of the database. One that exists is not touched: closing
 * it would let go of every lock this process has on it.
 */
export function createPrivately(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

/** For the writer and the checkpoint: a commit is on disk when it returns; checkpoints come from elsewhere. */
export function openForWriting(folder: string): Database {
  const file = databaseFile(folder);
  createPrivately(file);
  // Each write says itself what must be there (PostgreSQL divides its tables by month and cannot): to purge an event
  // would mean to look through every row that might name it.
  const db = new DatabaseSync(file, {
    timeout: busyTimeoutMs,
    enableForeignKeyConstraints: false,
  });
  // A lone record touches about ten pages, and the log takes them whole: small ones are half the bytes to sync.
  db.exec('PRAGMA page_size = 2048');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA wal_autocheckpoint = 0');
  db.exec('PRAGMA cache_size = -32000');
  return db;
}

/** For readers: sees what is committed, can change nothing. */
export function openForReading(folder: string): Database {
  const db = new DatabaseSync(databaseFile(folder), { readOnly: true, timeout: busyTimeoutMs });
  db.exec('PRAGMA cache_size = -16000');
  return db;
}
