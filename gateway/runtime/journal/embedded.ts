/**
 * The embedded journal: one SQLite file in a folder. A worker does every write, another the checkpoints, and this
 * thread reads on a connection of its own.
 */
import { mkdirSync } from 'node:fs';
import { GatewayError } from '../../errors.ts';
import { numberKinds } from '../../process/events.ts';
import type { EventBody } from '../../process/events.ts';
import type { CheckpointStart } from './embedded/checkpoint.ts';
import { storeError } from './embedded/failure.ts';
import type {
  IncomingMessage,
  Journal,
  NewEvent,
  RejectedMessage,
  StoredIdentity,
} from './journal.ts';
import { lockFolder } from './embedded/lock.ts';
import { openReading, type Reading } from './reader.ts';
import { startWorker } from '../worker.ts';
import { WriterQueue, type QueueLimits } from './writer-queue.ts';
import type { PreparedEvent } from './writes/events.ts';
import type { PreparedBody, PreparedMessage } from './writes/messages.ts';
import type { RefusedLimits } from './writes/refused-bodies.ts';
import type { PreparedPatient } from './writes/patients.ts';

export { openJournalReader } from './reader.ts';

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
  refused: { bodies: 10_000, bytes: 128 * 1024 * 1024 },
};

export interface EmbeddedJournal extends Journal {
  /** Commits since it was opened. */
  commits(): number;
}

/**
 * Opens the journal in a folder, and makes both where they do not exist.
 * @throws GatewayError `configuration-invalid` when another process has the folder, or a newer program made the journal
 */
export async function openEmbeddedJournal(options: {
  readonly folder: string;
  readonly limits?: Partial<EmbeddedLimits>;
  /** This process hears SIGHUP and reloads: others may send it. */
  readonly reloads?: boolean;
}): Promise<EmbeddedJournal> {
  const { folder } = options;
  const limits = { ...defaults, ...options.limits };
  const { maxPages, syncDelayMs, refused } = limits;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder, options.reloads);
  try {
    const queue = await WriterQueue.start({ folder, maxPages, syncDelayMs, refused }, limits);
    const stopCheckpoints = startCheckpoints(folder, limits, queue);
    return assemble(queue, openReading(folder), async (reading) => {
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

function assemble(
  queue: WriterQueue,
  reading: Reading,
  shutDown: (reading: Reading) => Promise<void>,
): EmbeddedJournal {
  let closed: Promise<void> | undefined;
  return {
    form: 'embedded',
    durability: `SQLite ${queue.sqlite}, WAL, synchronous=FULL, group commit`,
    ...reading.reads,

    record(message) {
      const { digest, raw, answer } = message;
      return queue.send('record', prepareMessage(message), { digest, raw, answer });
    },
    recordTogether: (messages) => queue.send('recordTogether', messages.map(prepareMessage)),
    addFindings: (found, cursor) => queue.send('addFindings', { found, cursor }),
    reject: (message) => queue.send('reject', message, blobsOf(message)),
    forgetSequence: (sender) => queue.send('forgetSequence', { sender }),
    retranslate: (changes) =>
      queue.send(
        'retranslate',
        changes.map((change) => ({ ...change, events: change.events.map(prepareBody) })),
      ),
    append: (change) =>
      queue.send('append', { ...change, events: change.events.map(prepareEvent) }),
    // Asked often and mostly in vain: the writer is troubled only when something is due.
    releaseDue: async (now, { deadlines }) =>
      (await reading.anyDue(now, deadlines))
        ? await queue.send('releaseDue', { now, deadlines })
        : 0,

    outbox: {
      ...reading.outbox,
      published: (rows, nowMs) => queue.send('published', { rows, nowMs }),
      unpublishAll: () => queue.send('unpublishAll', null),
      attempted: (rows) => queue.send('attempted', rows),
      done: (rows) => queue.send('done', rows),
      postpone: (rows, until) => queue.send('postpone', { rows, until }),
      bury: (rows, error) => queue.send('bury', { rows, error }),
      nudge: (streamId, lane) => queue.send('nudge', { streamId, lane }),
      redrive: (row) => queue.send('redrive', row),
    },
    deliveries: {
      ...reading.deliveries,
      open: (rows) => queue.send('openDeliveries', rows),
      recordAttempt: (deliveryId, startedAt) =>
        queue.send('recordAttempt', { deliveryId, startedAt }),
      recordOutcome: (outcome) =>
        queue.send('recordOutcome', { ...outcome, events: outcome.events.map(prepareEvent) }),
    },

    resources: reading.resources,
    cursors: {
      ...reading.cursors,
      set: (name, value) => queue.send('setCursor', { name, value }),
    },

    audit: (entry) => queue.send('audit', entry),
    pending: () => queue.messages,
    intakeLoad: () => queue.intakeLoad(),
    onCommit: (listener) => queue.onCommit(listener),
    failure: () => queue.failure(),
    onFailure: (listener) => queue.onFailure(listener),
    commits: () => queue.commits,
    close() {
      closed ??= shutDown(reading);
      return closed;
    },
  };
}

// ---------------------------------------------------------------- what is made on this thread

function prepareMessage(message: IncomingMessage): PreparedMessage {
  const { sender, controlId, digest } = message;
  const withDigest = message.controlIdReuse === 'allowed';
  return {
    messageId: message.messageId,
    sender,
    controlId,
    dedupeKey: withDigest
      ? `${sender}\n${controlId}\n${Buffer.from(digest).toString('hex')}`
      : `${sender}\n${controlId}`,
    kind: message.kind,
    digest,
    raw: message.raw,
    answer: message.answer,
    sequence: message.sequence,
    receivedAt: message.receivedAt,
    toldAt: message.toldAt ?? message.receivedAt,
    mappingRevision: message.mappingRevision,
    stay: message.stay,
    onlyIfSentTo: message.onlyIfSentTo,
    patient: message.patient && preparePatient(message.patient),
    events: message.events.map(prepareBody),
    persons: (message.persons ?? []).map(({ patient, earlierNumbers, events }) => ({
      patient: preparedPerson(patient),
      earlierNumbers: numbersOf(earlierNumbers),
      events: events.map(prepareBody),
      isProtected: events.some(tellsProtection),
    })),
    moved: (message.moved ?? []).map(({ stay, patient, events }) => ({
      stay,
      patient: preparedPerson(patient),
      events: events.map(prepareBody),
    })),
    resources: message.resources ?? [],
    unmapped: message.unmapped,
    warnings: message.warnings.length > 0 ? JSON.stringify(message.warnings) : null,
  };
}

/** A patient without name and number says nothing, and replaces nothing. */
function preparePatient(identity: StoredIdentity): PreparedPatient | undefined {
  const prepared = preparedPerson(identity);
  return prepared.numbers.length === 0 && identity.family === undefined ? undefined : prepared;
}

function preparedPerson(identity: StoredIdentity): PreparedPatient {
  return { identity: JSON.stringify(identity), numbers: numbersOf(identity.numbers) };
}

function tellsProtection(event: EventBody): boolean {
  if (event.type !== 'patient.identity-changed' && event.type !== 'patient.merged') return false;
  const protection = event.data.patient?.protection ?? 'none';
  return protection !== 'none';
}

/** The surest first: two persons never share a personnummer, and a hospital may use its own numbers again. */
function numbersOf(numbers: StoredIdentity['numbers']): PreparedPatient['numbers'] {
  const given = numbers.filter(({ value }) => value !== '');
  if (given.length <= 1) return given;
  return given.toSorted((left, right) => worthOf(left.kind) - worthOf(right.kind));
}

const kindsByWorth: readonly string[] = numberKinds;
const worthOf = (kind: string): number =>
  kind === 'local' ? kindsByWorth.length : kindsByWorth.indexOf(kind);

function prepareBody(body: EventBody): PreparedBody {
  return { id: body.id, type: body.type, body: JSON.stringify(body) };
}

function prepareEvent({ streamId, body, lane, alsoStream }: NewEvent): PreparedEvent {
  return { streamId, type: body.type, body: JSON.stringify(body), lane, alsoStream };
}

function blobsOf({ digest, raw, answer }: RejectedMessage): Record<string, Uint8Array> {
  return answer ? { digest, raw, answer } : { digest, raw };
}
