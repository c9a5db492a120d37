/**
 * The one writer: a worker that does every write of the embedded journal. A batch is one transaction; one that fails
 * is rolled back and its commands are tried one by one, so that a bad command costs nobody else.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../errors.ts';
import type { Step } from '../sql.ts';
import { refuse, serve, type BatchResult, type Command, type Failure } from '../writer-port.ts';
import { prepareWrites, type Writer } from '../writes.ts';
import type { RefusedLimits } from '../writes/refused-bodies.ts';
import { openForWriting, type Database } from './connection.ts';
import { storeError } from './failure.ts';
import { migrate } from './migrations.ts';
import { runNow, sqliteSql } from './sql.ts';

export interface WriterStart {
  readonly folder: string;
  /** Largest size of the database; 0: no bound. */
  readonly maxPages: number;
  /** For measuring: what each commit waits beside its own sync, as on a slower disk. */
  readonly syncDelayMs: number;
  readonly refused: RefusedLimits;
}

/** Runs batches on one connection. */
class GroupCommit {
  readonly #db: Database;
  readonly #writer: Writer;
  readonly #syncDelayMs: number;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #commits = 0;
  #addedOutbox = false;

  constructor(db: Database, { syncDelayMs, refused }: WriterStart) {
    this.#db = db;
    this.#writer = prepareWrites(sqliteSql(db), refused);
    this.#syncDelayMs = syncDelayMs;
  }

  run(commands: readonly Command[]): BatchResult {
    this.#commits = 0;
    this.#addedOutbox = false;
    try {
      return this.#result(this.#transaction(commands), []);
    } catch (error) {
      return commands.length === 1
        ? this.#result([undefined], [[0, toFailure(error)]])
        : this.#oneByOne(commands);
    }
  }

  /** Leaves one file behind where the disk allows it; what stays in the log is found there at the next start. */
  close(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk: everything is committed all the same.
    }
    this.#db.close();
  }

  #oneByOne(commands: readonly Command[]): BatchResult {
    const failures: [number, Failure][] = [];
    const results = commands.map((command, index) => {
      try {
        return this.#transaction([command])[0];
      } catch (error) {
        failures.push([index, toFailure(error)]);
        return undefined;
      }
    });
    return this.#result(results, failures);
  }

  #transaction(commands: readonly Command[]): unknown[] {
    const { writes, finish, forget } = this.#writer;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const results = commands.map(({ name, input }) => {
        // The queue typed name and input together; a message port cannot carry that.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const write = writes[name] as (input: unknown) => Step<unknown>;
        return runNow(write(input));
      });
      runNow(finish());
      this.#commit();
      return results;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      forget();
      throw error;
    }
  }

  #commit(): void {
    if (this.#syncDelayMs > 0) Atomics.wait(this.#sleeper, 0, 0, this.#syncDelayMs);
    this.#db.exec('COMMIT');
    this.#commits += 1;
    // Kept here: a later command of the group that fails must not take it back.
    if (this.#writer.takeAddedOutbox()) this.#addedOutbox = true;
  }

  #result(results: readonly unknown[], failures: BatchResult['failures']): BatchResult {
    return { results, failures, commits: this.#commits, addedOutbox: this.#addedOutbox };
  }
}

function toFailure(error: unknown): Failure {
  const { code, message } = storeError(error);
  return { code, message };
}

function start(): void {
  const port = parentPort;
  assert(port, 'the writer runs as a worker');
  try {
    const given: WriterStart = workerData;
    const db = openForWriting(given.folder);
    migrate(db);
    if (given.maxPages > 0) db.exec(`PRAGMA max_page_count = ${given.maxPages}`);
    const { version }: { version: string } = db.prepare('SELECT sqlite_version() AS version').get();
    serve(port, version, new GroupCommit(db, given));
  } catch (error) {
    refuse(port, storeError(error));
  }
}

start();
