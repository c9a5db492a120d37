/**
 * The main thread's side of the writer: what is handed in during one turn of the event loop goes over at once. The
 * writer takes everything that has come when it begins a transaction, so a group forms at the last moment, not here.
 */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { GatewayError } from '../../errors.ts';
import { startWorker } from '../worker.ts';
import type { Fence } from './contract/leases.ts';
import type { BatchResult, Command, FromWriter, ToWriter } from './writer-port.ts';
import type { ResultOf, Writes } from './writes.ts';
import type { RefusedLimits } from './writes/refused-bodies.ts';

export interface QueueLimits {
  /** Commands handed in and not yet committed; more are refused. */
  readonly waiting: number;
}

interface Entry {
  readonly command: Command;
  readonly blobs: Blobs | undefined;
  readonly isMessage: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: GatewayError) => void;
}

/** Bodies kept of messages that were not accepted, unless it is said otherwise. */
export const refusedDefaults: RefusedLimits = { bodies: 10_000, bytes: 128 * 1024 * 1024 };

/** Bytes that travel in the one buffer of their batch, by field. */
export type Blobs = Readonly<Record<string, Uint8Array>>;

export class WriterQueue {
  /** Of the database. */
  readonly version: string;
  readonly #worker: Worker;
  readonly #limits: QueueLimits;
  /** Handed over, in the order in which the results come back. */
  #underWay: Entry[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #failureListeners: ((error: GatewayError) => void)[] = [];
  #waiting: Entry[] = [];
  #scheduled = false;
  #messages = 0;
  readonly #load = new LoadMeter();
  #commits = 0;
  #failure: GatewayError | undefined;
  #closing: GatewayError | undefined;
  #closed = false;
  #idle: (() => void) | undefined;

  /**
   * Starts the writer: it opens the database and brings its tables up to date.
   * @param stem file of the worker beside this one, without its extension
   * @param start what that worker is given
   * @throws GatewayError when the writer refused to start
   */
  static async start(stem: string, start: unknown, limits: QueueLimits): Promise<WriterQueue> {
    const worker = startWorker(stem, start, import.meta.url);
    // `once` throws when the worker's `error` comes first.
    const [answer]: FromWriter[] = await once(worker, 'message').catch((cause: unknown) => {
      throw unavailable('the writer did not start', cause);
    });
    if (answer === undefined || !('ready' in answer)) {
      const failure = answer && 'refused' in answer ? answer.refused : undefined;
      throw failure
        ? new GatewayError(failure.code, failure.message)
        : unavailable('the writer did not start');
    }
    return new WriterQueue(worker, answer.ready.version, limits);
  }

  private constructor(worker: Worker, version: string, limits: QueueLimits) {
    this.version = version;
    this.#worker = worker;
    this.#limits = limits;
    worker.on('message', (result: BatchResult) => this.#settle(result));
    worker.on('error', (cause) => this.fail(unavailable('the writer died', cause)));
    worker.on('exit', () => this.fail(unavailable('the writer has ended')));
  }

  /** Messages handed in and not yet committed. */
  get messages(): number {
    return this.#messages;
  }

  /** Share of the recent time, 0 to 1, in which messages waited for their commit. */
  intakeLoad(): number {
    return this.#load.share();
  }

  /** Commits so far: what "syncs per message" is counted from. */
  get commits(): number {
    return this.#commits;
  }

  /** @returns takes the listener away */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Somebody else committed something for the bus. */
  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Why nothing can be written any more. */
  failure(): GatewayError | undefined {
    return this.#failure;
  }

  onFailure(listener: (error: GatewayError) => void): void {
    this.#failureListeners.push(listener);
  }

  /**
   * Hands a write to the writer.
   * @param blobs fields of the input that are bytes; they must not change until the promise settles
   * @param fence a lease it is made under: the writer looks whether it stands
   * @returns its result, after the commit
   * @throws GatewayError `journal-unavailable`, `disk-full`, `assertion-failed`
   */
  send<N extends keyof Writes>(
    name: N,
    input: Parameters<Writes[N]>[0],
    blobs?: Blobs,
    fence?: Fence,
  ): Promise<ResultOf<N>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#failure ?? this.#closing;
      if (refusal) {
        reject(refusal);
        return;
      }
      if (this.#waiting.length + this.#underWay.length >= this.#limits.waiting) {
        reject(unavailable('too much waits to be written'));
        return;
      }
      const isMessage = name === 'record' || name === 'recordTogether' || name === 'reject';
      if (isMessage) this.#countMessages(1);
      this.#waiting.push({
        command: fence === undefined ? { name, input } : { name, input, fence },
        blobs,
        isMessage,
        // The writer answers each name with what Writes says; a message port cannot carry that.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        resolve: (value) => resolve(value as ResultOf<N>),
        reject,
      });
      this.#schedule();
    });
  }

  /** Takes nothing more, and waits for what was handed in. */
  async drain(): Promise<void> {
    this.#closing = unavailable('the journal is closed');
    if (this.#waiting.length === 0 && this.#underWay.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Lets the writer close the database; called after `drain`. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#failure) {
      await this.#worker.terminate();
      return;
    }
    // `once` would throw the worker's error, and with all committed there is none that matters.
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close' satisfies ToWriter, []);
    await ended;
  }

  /** Nothing more can be written: all that waits hears so. */
  fail(error: GatewayError): void {
    if (this.#failure || this.#closed) return;
    this.#failure = error;
    const entries = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    this.#countMessages(-this.#messages);
    for (const { reject } of entries) reject(error);
    this.#idle?.();
    for (const listener of this.#failureListeners) listener(error);
  }

  #countMessages(change: number): void {
    this.#messages += change;
    this.#load.set(this.#messages > 0);
  }

  /** What is handed in during one turn of the event loop leaves together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#post();
    });
  }

  #post(): void {
    const entries = this.#waiting;
    if (entries.length === 0) return;
    this.#waiting = [];
    this.#underWay.push(...entries);
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    const buffer = new ArrayBuffer(bytes);
    const commands = pack(entries, buffer);
    this.#worker.postMessage({ commands, bytes } satisfies ToWriter, [buffer]);
  }

  #settle(batch: BatchResult): void {
    const entries = this.#underWay.splice(0, batch.results.length);
    this.#commits += batch.commits;
    const failures = new Map(batch.failures);
    for (const [index, entry] of entries.entries()) {
      if (entry.isMessage) this.#countMessages(-1);
      const failure = failures.get(index);
      if (failure) entry.reject(new GatewayError(failure.code, failure.message));
      else entry.resolve(batch.results[index]);
    }
    if (batch.addedOutbox) this.announce();
    if (this.#waiting.length === 0 && this.#underWay.length === 0) this.#idle?.();
  }
}

const loadWindowMs = 50;

/** How much of the time something was on, over the last whole window and the present one. */
class LoadMeter {
  #isOn = false;
  #changedAt = performance.now();
  #windowStart = performance.now();
  #onMs = 0;
  #lastShare = 0;

  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#count();
    this.#isOn = isOn;
  }

  share(): number {
    this.#count();
    return this.#lastShare;
  }

  #count(): void {
    const now = performance.now();
    if (this.#isOn) this.#onMs += now - this.#changedAt;
    this.#changedAt = now;
    const elapsed = now - this.#windowStart;
    if (elapsed < loadWindowMs) return;
    this.#lastShare = Math.min(1, this.#onMs / elapsed);
    this.#windowStart = now;
    this.#onMs = 0;
  }
}

function unavailable(what: string, cause?: unknown): GatewayError {
  return new GatewayError('journal-unavailable', what, { cause });
}

function sizeOf({ blobs }: Entry): number {
  let size = 0;
  for (const name in blobs) size += blobs[name]?.length ?? 0;
  return size;
}

/** Copies the bytes of a batch into one buffer, which then moves to the writer without being copied again. */
function pack(entries: readonly Entry[], buffer: ArrayBuffer): Command[] {
  let offset = 0;
  return entries.map(({ command, blobs }) => {
    if (!blobs) return command;
    const views: Record<string, Uint8Array> = {};
    for (const name in blobs) {
      const bytes = blobs[name];
      if (!bytes) continue;
      const view = new Uint8Array(buffer, offset, bytes.length);
      view.set(bytes);
      views[name] = view;
      offset += bytes.length;
    }
    return { ...command, input: Object.assign({}, command.input, views) };
  });
}
