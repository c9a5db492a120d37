/**
 * One writer a folder. The lock is an exclusive SQLite lock on a file of its own, so the operating system releases it
 * however the process ends; the pid beside it is there for the error text, and to ask a gateway to reload.
 */
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../../../errors.ts';
import { createPrivately } from './connection.ts';

/** Who has a folder. */
export interface Holder {
  /** Undefined where it does not say. */
  readonly pid: number | undefined;
  /** On this machine, and SIGHUP makes it reload: any other process would be ended by it. */
  readonly reloads: boolean;
}

/**
 * Takes a folder for writing.
 * @param reloads whether this process hears SIGHUP and reloads
 * @returns a function that gives it back
 * @throws GatewayError `configuration-invalid` naming the process that has it
 */
export function lockFolder(folder: string, reloads = false): () => void {
  const db = tryLock(folder);
  if (db === undefined) {
    const { pid } = readHolder(folder);
    throw new GatewayError(
      'configuration-invalid',
      `the data folder ${folder} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}: ` +
        'stop that process first, or start this one with another --data folder',
    );
  }
  const text = `${process.pid}\n${hostname()}\n${reloads ? 'reloads' : ''}\n`;
  writeFileSync(join(folder, pidFile), text, { mode: 0o600 });
  return () => {
    if (!db.isOpen) return;
    // Whoever takes it next must not be taken for this process.
    writeFileSync(join(folder, pidFile), '', { mode: 0o600 });
    db.close();
  };
}

/** Who has a folder for writing; undefined where nobody has. */
export function holderOf(folder: string): Holder | undefined {
  if (!existsSync(join(folder, lockFile))) return undefined;
  const db = tryLock(folder);
  db?.close();
  return db === undefined ? readHolder(folder) : undefined;
}

const lockFile = 'hemgang.lock';
const pidFile = 'hemgang.pid';
/** Somebody who only looks whether it is held lets go sooner. */
const lookMs = 100;

function tryLock(folder: string): DatabaseSyncInstance | undefined {
  createPrivately(join(folder, lockFile));
  const db = new DatabaseSync(join(folder, lockFile), { timeout: lookMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch {
    db.close();
    return undefined;
  }
}

function readHolder(folder: string): Holder {
  try {
    const [pid = '', host, reloads] = readFileSync(join(folder, pidFile), 'utf8').split('\n');
    const isNumber = /^[1-9]\d*$/.test(pid);
    return {
      pid: isNumber ? Number(pid) : undefined,
      reloads: isNumber && host === hostname() && reloads === 'reloads',
    };
  } catch {
    return { pid: undefined, reloads: false };
  }
}
