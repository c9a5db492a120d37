/**
 * The one writer: a worker that does every write of the embedded journal. A batch is one transaction; one that fails
 * is rolled back and its commands are tried one by one, so that a bad command costs nobody else.
 */
import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { assert, type ErrorCode } from '../../../errors.ts';
import { openForWriting, type Database } from './connection.ts';
import { storeError } from './failure.ts';
import { migrate } from './migrations.ts';
import type { Fence } from '../contract/leases.ts';
import { runNow, sqliteSql } from './sql.ts';
import type { Step } from '../sql.ts';
import { prepareWrites, type Writer, type Writes } from '../writes.ts';
import type { RefusedLimits } from '../writes/refused-bodies.ts';

export interface WriterStart {
  readonly folder: string;
  /** Largest size of the database; 0: no bound. */
  readonly maxPages: number;
  /** For measuring: what each commit waits beside its own sync, as on a slower disk. */
  readonly syncDelayMs: number;
  readonly refused: RefusedLimits;
}
export interface Command {
  readonly name: keyof Writes;
  readonly input: unknown;
  /** The lease it is made under. The embedded journal has one process, so its writer need not look. */
  readonly fence?: Fence;
}
export type ToWriter = { readonly commands: readonly Command[]; readonly bytes: number } | 'close';

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}
export interface BatchResult {
  readonly results: readonly unknown[];
  /** Which commands failed, by their place in the batch. */
  readonly failures: readonly (readonly [index: number, failure: Failure])[];
  readonly commits: number;
  readonly addedOutbox: boolean;
}
export type FromWriter =
  { readonly ready: { readonly sqlite: string } } | { readonly refused: Failure } | BatchResult;

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

/** Bounds of one transaction: more waits for the next. */
const groupSize = 256;
const groupBytes = 8 * 1024 * 1024;

/** Everything that has come by now, within bounds: a group forms when the writer is free, not before. */
function takeGroup(
  port: MessagePort,
  first: ToWriter,
): { readonly commands: readonly Command[]; readonly isClosing: boolean } {
  if (first === 'close') return { commands: [], isClosing: true };
  const commands = [...first.commands];
  let { bytes } = first;
  while (commands.length < groupSize && bytes < groupBytes) {
    const next: { message: ToWriter } | undefined = receiveMessageOnPort(port);
    if (next === undefined) break;
    if (next.message === 'close') return { commands, isClosing: true };
    commands.push(...next.message.commands);
    bytes += next.message.bytes;
  }
  return { commands, isClosing: false };
}

function toFailure(error: unknown): Failure {
  const { code, message } = storeError(error);
  return { code, message };
}

/** Leaves one file behind where the disk allows it; what stays in the log is found there at the next start. */
function closeWhole(db: Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk: everything is committed all the same.
  }
  db.close();
}

function start(): void {
  const port = parentPort;
  assert(port, 'the writer runs as a worker');
  const say = (message: FromWriter): void => port.postMessage(message);
  try {
    const given: WriterStart = workerData;
    const { maxPages } = given;
    const db = openForWriting(given.folder);
    migrate(db);
    if (maxPages > 0) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    const group = new GroupCommit(db, given);
    port.on('message', (first: ToWriter) => {
      const { commands, isClosing } = takeGroup(port, first);
      if (commands.length > 0) say(group.run(commands));
      if (!isClosing) return;
      closeWhole(db);
      port.close();
    });
    const { sqlite }: { sqlite: string } = db.prepare('SELECT sqlite_version() AS sqlite').get();
    say({ ready: { sqlite } });
  } catch (error) {
    say({ refused: toFailure(error) });
    port.close();
  }
}

start();
