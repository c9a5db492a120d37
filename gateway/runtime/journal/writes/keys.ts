/**
 * What a write touches, by name: where writes of one group may run between each other, those with a name in common run
 * one after the other, in the order in which they came, and one that is `alone` runs by itself: after all before it,
 * before all behind it.
 *
 * The result is always that of some order of the whole writes in which those with a common name stand as they came.
 * - A plain message (`isPlain`) reads and writes its control id, its sender's number, its visit and whoever has one of
 *   the patient's numbers: all named here. What it finds by them it names before it looks there (`sql.alone`): the
 *   patient of the stay and the one who has the numbers, for two messages may share a patient and no number; and the
 *   stream of the stay, before an event is added to it. A stay has one visit, so nobody else changes whose it is or adds
 *   its facts; the process of a stay changes only in writes that are alone.
 *   - A new stay of a known person: the same person's other messages share a number, or meet at `sql.alone`.
 *   - A storm of A08 to one visit: all have the visit's name, one after the other.
 *   - Two first stays of one new person: they share a number, so the second finds the person the first made.
 *   - A new person without numbers, or whose numbers nobody else has: made with a key nobody knows yet.
 * - `append` reads the versions of the streams it was decided by: named here, and by `sql.alone` against messages, whose
 *   streams are not known beforehand. Whichever of the two is first, the other sees it whole.
 * - What a sender had accepted is summed up beside the transaction and written at its end: sums need no order.
 * - Positions and numbers rise in the order in which rows come; of one stream, case and visit that is the order of its
 *   messages.
 */
import type { OutboxKey } from '../journal.ts';
import type { Writes } from '../writes.ts';
import { streamName } from './events.ts';
import { refusedState, type PreparedMessage } from './messages.ts';
import { movesLink, streamsOf } from './streams.ts';

export type Keys = readonly string[] | 'alone';

/** The names of what a command touches. */
export function keysOf(command: { readonly name: keyof Writes; readonly input: unknown }): Keys {
  // The queue typed name and input together; a message port cannot carry that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (keys[command.name] as (input: unknown) => Keys)(command.input);
}

const keys: { readonly [N in keyof Writes]: (input: Parameters<Writes[N]>[0]) => Keys } = {
  record: (message) => (isPlain(message) ? keysOfMessage(message) : 'alone'),
  recordTogether: () => 'alone',
  addFindings: ({ cursor }) => [`cursor|${cursor.name}`],
  setCursor: ({ name }) => [`cursor|${name}`],
  // How many bodies are kept is counted beside the transaction.
  reject: (message) => [`refused|${refusedState(message)}`],
  retranslate: () => 'alone',
  forgetSequence: ({ sender }) => [`sequence|${sender}`],
  append: (change) =>
    change.events.some(movesLink)
      ? 'alone'
      : [
          ...Array.from(streamsOf(change), streamName),
          ...change.setDeadlines.map(({ key }) => `deadline|${key}`),
          ...change.closeDeadlines.map((key) => `deadline|${key}`),
        ],
  releaseDue: () => 'alone',
  published: ({ rows }) => rows.map(rowName),
  unpublishAll: () => 'alone',
  attempted: (rows) => rows.map(rowName),
  done: (rows) => rows.map(rowName),
  postpone: ({ rows }) => rows.map(rowName),
  bury: ({ rows }) => rows.map(rowName),
  nudge: () => 'alone',
  redrive: (row) => [rowName(row)],
  openDeliveries: (rows) => rows.map(({ deliveryId }) => `delivery|${deliveryId}`),
  sendAgain: ({ deliveryId }) => [`delivery|${deliveryId}`],
  recordAttempt: ({ deliveryId }) => [`delivery|${deliveryId}`],
  recordOutcome: ({ deliveryId, events }) => [
    `delivery|${deliveryId}`,
    ...events.map(({ streamId }) => streamName(streamId)),
  ],
  conclude: ({ deliveryId, events }) => [
    `delivery|${deliveryId}`,
    ...events.map(({ streamId }) => streamName(streamId)),
  ],
  putIncidents: (incidents) => incidents.map(({ id }) => `incident|${id}`),
  takeIncident: ({ id }) => [`incident|${id}`],
  pauseQueue: ({ queue }) => [`pause|${queue}`],
  resumeQueue: ({ queue }) => [`pause|${queue}`],
  purge: () => 'alone',
  tidy: () => 'alone',
  audit: () => [],
};

/** It touches no more than its own visit and patient. */
function isPlain(message: PreparedMessage): boolean {
  return (
    message.stay?.by !== 'case' &&
    message.onlyIfSentTo === undefined &&
    message.persons.length === 0 &&
    message.moved.length === 0 &&
    message.resources.length === 0 &&
    message.decided === undefined
  );
}

function keysOfMessage({ sender, dedupeKey, sequence, stay, patient }: PreparedMessage): Keys {
  const names = [`control|${dedupeKey}`];
  if (sequence !== undefined) names.push(`sequence|${sender}`);
  if (stay?.by === 'visit') names.push(`visit|${stay.authority}|${stay.number}`);
  for (const { authority, value } of patient?.numbers ?? []) {
    names.push(`number|${authority}|${value}`);
  }
  return names;
}

function rowName({ queue, position }: OutboxKey): string {
  return `row|${queue}|${position}`;
}
