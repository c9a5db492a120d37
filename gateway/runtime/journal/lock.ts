/**
 * One writer a folder. The lock is an exclusive SQLite lock on a file of its own, so the operating system releases it
 * however the process ends; the pid beside it is only there for the error text.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../errors.ts';
import { createPrivately } from './connection.ts';

/**
 * Takes a folder for writing.
 * @returns a function that gives it back
 * @throws GatewayError `configuration-invalid` naming the process that has it
 */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'hemgang.pid');
  const lockFile = join(folder, 'hemgang.lock');
  createPrivately(lockFile);
  const db = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new GatewayError(
      'configuration-invalid',
      `the data folder ${folder} is in use by ${holder(pidFile)}: ` +
        'stop that process first, or start this one with another --data folder',
      { cause },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return () => db.close();
}

function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
}
