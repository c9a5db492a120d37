/**
 * One writer a folder. The lock is an exclusive SQLite lock on a file of its own, so the operating system releases it
 * however the process ends; the pid beside it is there for the error text.
 */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../errors.ts';
import { createPrivately } from './connection.ts';

/**
 * Takes a folder for writing.
 * @returns a function that gives it back
 * @throws GatewayError `configuration-invalid` naming the process that has it
 */
export function lockFolder(folder: string): () => void {
  const db = tryLock(folder);
  if (db === undefined) {
    const pid = pidOf(folder);
    throw new GatewayError(
      'configuration-invalid',
      `the data folder ${folder} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}: ` +
        'stop that process first, or start this one with another --data folder',
    );
  }
  writeFileSync(join(folder, pidFile), `${process.pid}\n`, { mode: 0o600 });
  return () => {
    if (!db.isOpen) return;
    // Whoever takes it next must not be taken for this process.
    writeFileSync(join(folder, pidFile), '', { mode: 0o600 });
    db.close();
  };
}

const lockFile = 'hemgang.lock';
const pidFile = 'hemgang.pid';
/** Whoever is just ending lets go sooner. */
const patienceMs = 100;

function tryLock(folder: string): DatabaseSyncInstance | undefined {
  createPrivately(join(folder, lockFile));
  const db = new DatabaseSync(join(folder, lockFile), { timeout: patienceMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch {
    db.close();
    return undefined;
  }
}

/** @returns undefined where it does not say */
function pidOf(folder: string): number | undefined {
  try {
    const text = readFileSync(join(folder, pidFile), 'utf8').trim();
    return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
