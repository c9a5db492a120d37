/**
 * Moves what is committed from the write-ahead log into the database file: a worker with its own connection, so that
 * no ACK waits for it. PASSIVE never blocks the writer, but under steady load it never catches up either; when the
 * log has grown past its bound, a RESTART (short, because PASSIVE went just before) lets it begin anew.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../errors.ts';
import { openForWriting, type Database } from './connection.ts';

export interface CheckpointStart {
  readonly folder: string;
  readonly intervalMs: number;
  /** Bound of the log. */
  readonly logLimitBytes: number;
}
interface CheckpointRow {
  readonly busy: number;
  /** Frames in the log; -1 when there is none. */
  readonly log: number;
  readonly checkpointed: number;
}

function checkpoint(db: Database, pageBytes: number, logLimitBytes: number): void {
  const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  const { log }: CheckpointRow = passive.get();
  if (log * pageBytes <= logLimitBytes) return;
  passive.get();
  db.prepare('PRAGMA wal_checkpoint(RESTART)').get();
}

function start(): void {
  const port = parentPort;
  assert(port, 'the checkpoint runs as a worker');
  const { folder, intervalMs, logLimitBytes }: CheckpointStart = workerData;
  const db = openForWriting(folder);
  const { page_size: pageBytes }: { page_size: number } = db.prepare('PRAGMA page_size').get();
  const timer = setInterval(() => {
    try {
      checkpoint(db, pageBytes, logLimitBytes);
    } catch {
      // A full disk or a busy moment: nothing is lost, the log only grows until the next turn.
    }
  }, intervalMs);
  port.on('message', () => {
    clearInterval(timer);
    db.close();
    port.close();
  });
}

start();
