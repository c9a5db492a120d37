/**
 * The embedded journal: one SQLite file in a folder. A worker does every write, another the checkpoints, and this
 * thread reads on a connection of its own.
 */
import { mkdirSync } from 'node:fs';
import { GatewayError } from '../../errors.ts';
import { assemble, type CountedJournal } from './assemble.ts';
import type { CheckpointStart } from './embedded/checkpoint.ts';
import { storeError } from './embedded/failure.ts';
import { embeddedLeases } from './embedded/leases.ts';
import { lockFolder } from './embedded/lock.ts';
import { openReading } from './embedded/reader.ts';
import { startWorker } from '../worker.ts';
import type { WriterStart } from './embedded/writer.ts';
import { refusedDefaults, WriterQueue, type QueueLimits } from './writer-queue.ts';
import type { RefusedLimits } from './writes/refused-bodies.ts';

export type { CountedJournal } from './assemble.ts';
export { openJournalReader } from './embedded/reader.ts';

export interface EmbeddedLimits extends QueueLimits {
  readonly checkpointIntervalMs: number;
  readonly logLimitBytes: number;
  /** Largest size of the database file in pages of 2 kB; 0: as large as the disk allows. */
  readonly maxPages: number;
  /** For measuring only: an added wait at each commit, to imitate a slower disk. */
  readonly syncDelayMs: number;
  /**
   * Bodies kept of messages that were not accepted: the newest, within these bounds for the rejected ones and again for
   * those of unknown senders. Of an older one the digest, the error and the ids stay.
   */
  readonly refused: RefusedLimits;
}

const defaults: EmbeddedLimits = {
  waiting: 100_000,
  checkpointIntervalMs: 500,
  logLimitBytes: 128 * 1024 * 1024,
  maxPages: 0,
  syncDelayMs: 0,
  refused: refusedDefaults,
};

/**
 * Opens the journal in a folder, and makes both where they do not exist.
 * @throws GatewayError `configuration-invalid` when another process has the folder, or a newer program made the journal
 */
export async function openEmbeddedJournal(options: {
  readonly folder: string;
  readonly limits?: Partial<EmbeddedLimits>;
}): Promise<CountedJournal> {
  const { folder } = options;
  const limits = { ...defaults, ...options.limits };
  const { maxPages, syncDelayMs, refused } = limits;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  try {
    const queue = await WriterQueue.start(
      'embedded/writer',
      { folder, maxPages, syncDelayMs, refused } satisfies WriterStart,
      limits,
    );
    const stopCheckpoints = startCheckpoints(folder, limits, queue);
    const reading = openReading(folder);
    const durability = `SQLite ${queue.version}, WAL, synchronous=FULL, group commit`;
    const { guard, ...leases } = embeddedLeases();
    const about = { form: 'embedded', durability, leases, guard };
    return assemble(queue, reading, about, async () => {
      try {
        await queue.drain();
        await stopCheckpoints();
        reading.close();
        await queue.close();
      } finally {
        unlock();
      }
    });
  } catch (error) {
    unlock();
    throw storeError(error);
  }
}

/**
 * Starts them when there can be something to do: a journal opened for a moment needs no second worker.
 * @returns a function that stops them
 */
function startCheckpoints(
  folder: string,
  limits: EmbeddedLimits,
  queue: WriterQueue,
): () => Promise<void> {
  const { checkpointIntervalMs: intervalMs, logLimitBytes } = limits;
  let stopWorker: (() => Promise<void>) | undefined;
  const timer = setTimeout(() => {
    const start: CheckpointStart = { folder, intervalMs, logLimitBytes };
    const worker = startWorker('embedded/checkpoint', start, import.meta.url);
    let isStopping = false;
    // Without checkpoints the log grows until the disk is full: better to stop while all is whole.
    const die = (cause?: unknown) => {
      if (isStopping) return;
      queue.fail(new GatewayError('journal-unavailable', 'the checkpoint worker died', { cause }));
    };
    worker.on('error', die);
    worker.on('exit', () => die());
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    stopWorker = () => {
      isStopping = true;
      worker.postMessage('close', []);
      return ended;
    };
  }, intervalMs);
  return () => {
    clearTimeout(timer);
    return stopWorker?.() ?? Promise.resolve();
  };
}
