/** What the writer is handed, made on the thread that has the time for it: texts and numbers ready to be bound. */
import { numberKinds } from '../../process/events.ts';
import type { EventBody } from '../../process/events.ts';
import { keyByContent, keyById } from './dedupe-keys.ts';
import type {
  Append,
  IncomingMessage,
  NewEvent,
  RejectedMessage,
  StoredIdentity,
} from './journal.ts';
import type { PreparedEvent } from './writes/events.ts';
import type { PreparedBody, PreparedMessage } from './writes/messages.ts';
import type { PreparedPatient } from './writes/patients.ts';
import type { PreparedAppend } from './writes/streams.ts';

export function prepareMessage(message: IncomingMessage): PreparedMessage {
  const { sender, controlId, digest } = message;
  return {
    messageId: message.messageId,
    sender,
    controlId,
    dedupeKey:
      message.controlIdReuse === 'allowed'
        ? keyByContent(sender, controlId, digest)
        : keyById(sender, controlId),
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
    decided: message.decided && prepareAppend(message.decided),
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

export function prepareBody(body: EventBody): PreparedBody {
  return { id: body.id, type: body.type, body: JSON.stringify(body) };
}

export const prepareAppend = (change: Append): PreparedAppend => ({
  ...change,
  events: change.events.map(prepareEvent),
});

export function prepareEvent({ streamId, body, lane, alsoStream }: NewEvent): PreparedEvent {
  const { id, type } = body;
  return { streamId, id, type, body: JSON.stringify(body), lane, alsoStream };
}

export function blobsOf({ digest, raw, answer }: RejectedMessage): Record<string, Uint8Array> {
  return answer ? { digest, raw, answer } : { digest, raw };
}
