/** The journal as everybody sees it: reads on this thread, writes through the queue of the one writer. */
import type { Fence, Journal } from './journal.ts';
import { blobsOf, prepareAppend, prepareBody, prepareEvent, prepareMessage } from './prepare.ts';
import type { Reading } from './reader.ts';
import type { WriterQueue } from './writer-queue.ts';

/** Commits since it was opened: what "syncs per message" is counted from. */
export interface CountedJournal extends Journal {
  commits(): number;
}

/** What there is of a journal beside its reads and writes. */
export interface About extends Pick<Journal, 'form' | 'durability' | 'leases'> {
  /** Where the writer does not look at fences: throws `lease-lost`. */
  readonly guard?: (fence: Fence) => void;
}

/**
 * One journal of its two halves.
 * @param shutDown waits for what was handed in, then closes both
 */
export function assemble(
  queue: WriterQueue,
  reading: Reading,
  { guard, ...about }: About,
  shutDown: () => Promise<void>,
): CountedJournal {
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= shutDown());
  const whole = (writing: Writing): CountedJournal => ({
    ...about,
    ...writesOn(writing, reading),
    under: (fence) =>
      whole({
        send: async (name, input, blobs) => {
          const under = fence();
          guard?.(under);
          return await queue.send(name, input, blobs, under);
        },
      }),
    pending: () => queue.messages,
    intakeLoad: () => queue.intakeLoad(),
    onCommit: (listener) => queue.onCommit(listener),
    failure: () => queue.failure(),
    onFailure: (listener) => queue.onFailure(listener),
    commits: () => queue.commits,
    close,
  });
  return whole(queue);
}

type Writing = Pick<WriterQueue, 'send'>;

function writesOn(queue: Writing, reading: Reading) {
  return {
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
    append: (change) => queue.send('append', prepareAppend(change)),
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
      sendAgain: (seen) => queue.send('sendAgain', seen),
      recordAttempt: (deliveryId, startedAt) =>
        queue.send('recordAttempt', { deliveryId, startedAt }),
      recordOutcome: (outcome) =>
        queue.send('recordOutcome', { ...outcome, events: outcome.events.map(prepareEvent) }),
      conclude: (ending) =>
        queue.send('conclude', { ...ending, events: ending.events.map(prepareEvent) }),
    },

    resources: reading.resources,
    told: reading.told,
    cursors: {
      ...reading.cursors,
      set: (name, value) => queue.send('setCursor', { name, value }),
    },

    pauses: {
      ...reading.pauses,
      pause: (pause) => queue.send('pauseQueue', pause),
      resume: (paused) => queue.send('resumeQueue', { queue: paused }),
    },

    incidents: {
      ...reading.incidents,
      put: (incidents) => queue.send('putIncidents', incidents),
      take: (taken) => queue.send('takeIncident', taken),
    },

    retention: {
      ...reading.retention,
      purge: (step) => queue.send('purge', step),
      tidy: (nowMs) => queue.send('tidy', { nowMs }),
    },

    audit: (entry) => queue.send('audit', entry),
  } satisfies Partial<Journal>;
}
