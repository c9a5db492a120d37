/**
 * 1: a message came in. Translate, store, answer; the answer leaves after the commit, never before.
 */
import { hash } from 'node:crypto';
import type {
  AnswerContext,
  Answers,
  Fact,
  Inbound,
  MessageHead,
  Receive,
  Reply,
  Translation,
  Verdict,
} from '../adapters/adapter.ts';
import { GatewayError, asGatewayError, assert } from './errors.ts';
import type { EventBody } from './process/events.ts';
import { factId } from './process/ids.ts';
import type { Clock } from './runtime/clock.ts';
import type { IncomingMessage, Journal, RecordOutcome } from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';

export interface ReceiveParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}

/**
 * The one function an inbound adapter calls.
 * It never throws: whatever is wrong becomes the answers the standard has for it, and what was refused is kept.
 */
export function createReceive<M>(adapter: Inbound<M>, parts: ReceiveParts): Receive {
  const { journal, clock, log, newId } = parts;

  return async function receive(raw) {
    const messageId = newId();
    const context = { answerId: messageId, now: clock.now() };
    let message: M | undefined;
    let head: MessageHead | undefined;
    try {
      message = adapter.read(raw);
      head = adapter.head(message);
      if (head.sequence !== undefined && head.sequence < 1) {
        const verdict = await startLink(head.sender, head.sequence);
        return reply('accepted', adapter.acknowledge(message, raw, verdict, context));
      }
      const translation = adapter.translate(message);
      const verdict = { accepted: true, warnings: translation.warnings } as const;
      const answers = adapter.acknowledge(message, raw, verdict, context);
      if (answers === undefined) throw new GatewayError('malformed-message', 'no answer possible');
      const digest = sha256(raw);
      const outcome = await journal.record({
        messageId,
        ...headOf(head),
        digest,
        raw,
        receivedAt: context.now,
        ...(head.sentAt !== undefined && { toldAt: head.sentAt }),
        mappingRevision: adapter.mappingRevision,
        ...placeOf(translation),
        ...bodiesOf(translation, head, digest, messageId, context.now, adapter.mappingRevision),
        unmapped: translation.unmapped,
        warnings: remarksOn(translation),
        answer: asOne(answers),
      });
      return reply('accepted', answersTo(outcome, answers));
    } catch (thrown) {
      return refuse(asGatewayError(thrown), raw, message, head, context);
    }
  };

  /** The sender starts its numbers anew; it hears the number we expect, -1 where any will do. */
  async function startLink(sender: string, sequence: number): Promise<Verdict> {
    const last = sequence === 0 ? await journal.lastSequence(sender) : undefined;
    if (sequence !== 0) await journal.forgetSequence(sender);
    const expectedSequence = last === undefined ? -1 : last + 1;
    log.info(
      { sender, expectedSequence },
      sequence === 0 ? 'link restarted' : 'link resynchronised',
    );
    return { accepted: true, warnings: [], expectedSequence };
  }

  async function refuse(
    error: GatewayError,
    raw: Uint8Array,
    message: M | undefined,
    head: MessageHead | undefined,
    context: AnswerContext,
  ): Promise<Reply> {
    const answers = adapter.acknowledge(message, raw, refusal(error), context);
    log.warn({ messageId: context.answerId, sender: head?.sender, err: error }, 'message refused');
    // Nothing was taken; the sender may send it again.
    if (error.fate === 'transient') return reply('untaken', answers, error);
    try {
      await journal.reject({
        messageId: context.answerId,
        ...(head && { sender: head.sender, controlId: head.controlId, kind: head.kind }),
        digest: sha256(raw),
        raw,
        receivedAt: context.now,
        errorCode: error.code,
        error: error.message,
        ...(answers && { answer: asOne(answers) }),
      });
      return reply('refused', answers, error);
    } catch (thrown) {
      const cause = unavailable(thrown);
      return reply('untaken', adapter.acknowledge(message, raw, refusal(cause), context), cause);
    }
  }
}

function reply(
  outcome: Reply['outcome'],
  answers: Answers | undefined,
  error?: GatewayError,
): Reply {
  return error === undefined ? { outcome, answers } : { outcome, answers, error };
}

function refusal(error: GatewayError): Verdict {
  return { accepted: false, error };
}

function answersTo(outcome: RecordOutcome, answers: Answers): Answers {
  switch (outcome.outcome) {
    case 'recorded':
      return answers;
    case 'duplicate':
      return apart(outcome.answer);
    case 'reused':
      throw new GatewayError('control-id-reused', 'control id already used for other content', {
        standardCode: '205',
      });
    case 'out-of-sequence':
      throw new GatewayError(
        'out-of-sequence',
        `sequence number is not the expected ${outcome.expected}; send that one, or start the link anew with 0 or -1`,
        { location: 'MSH-13', standardCode: '207', expectedSequence: outcome.expected },
      );
    case 'unknown-case':
      throw new GatewayError('unknown-case', 'no such case');
  }
}

/** Stands between the answers of one message in the journal. No answer holds it: in MLLP it ends a frame. */
const betweenAnswers = 0x1c;

function asOne(answers: Answers): Uint8Array {
  const [only] = answers;
  if (only !== undefined && answers.length === 1) return only;
  const end = Buffer.of(betweenAnswers);
  return Buffer.concat(
    answers.flatMap((answer, index) => (index === 0 ? [answer] : [end, answer])),
  );
}

/** What a repeat gets: exactly what the first got, in the same order. */
function apart(stored: Uint8Array): Answers {
  const answers: Uint8Array[] = [];
  for (let rest = stored; rest.length > 0;) {
    const end = rest.indexOf(betweenAnswers);
    answers.push(end < 0 ? rest : rest.subarray(0, end));
    rest = end < 0 ? rest.subarray(rest.length) : rest.subarray(end + 1);
  }
  return answers;
}

function unavailable(thrown: unknown): GatewayError {
  const error = asGatewayError(thrown);
  return error.fate === 'transient'
    ? error
    : new GatewayError('journal-unavailable', 'not stored', { cause: thrown });
}

function headOf(
  head: MessageHead,
): Pick<MessageHead, 'sender' | 'controlId' | 'kind' | 'controlIdReuse' | 'sequence'> {
  const { sender, controlId, kind, controlIdReuse, sequence } = head;
  return sequence === undefined
    ? { sender, controlId, kind, controlIdReuse }
    : { sender, controlId, kind, controlIdReuse, sequence };
}

function placeOf(translation: Translation): Pick<Translation, 'stay' | 'patient'> {
  return {
    ...(translation.stay && { stay: translation.stay }),
    ...(translation.patient && { patient: translation.patient }),
  };
}

/**
 * Every fact of a message as an event body: of its stay, of persons, of stays that were moved. Under one revision of the
 * mappings the same message gives the same ids.
 */
export function bodiesOf(
  { facts, persons, moved }: Translation,
  head: MessageHead,
  digest: Buffer,
  messageId: string,
  now: string,
  mappingRevision: string,
): Pick<IncomingMessage, 'events' | 'persons' | 'moved'> {
  const digestHex = digest.toString('hex');
  const ordinals = new Map<string, number>();
  const bodyOf = (fact: Fact): EventBody => {
    const ordinal = (ordinals.get(fact.type) ?? 0) + 1;
    ordinals.set(fact.type, ordinal);
    return {
      id: factId(head.sender, head.controlId, digestHex, fact.type, ordinal, mappingRevision),
      ...fact,
      ...(head.sentAt !== undefined && { sentAt: head.sentAt }),
      recordedAt: now,
      source: { sender: head.sender, messageId },
      causationId: messageId,
      correlationId: messageId,
    };
  };
  return {
    events: facts.map(bodyOf),
    ...(persons && {
      persons: persons.map(({ facts: told, ...person }) => ({
        ...person,
        events: told.map(bodyOf),
      })),
    }),
    ...(moved && {
      moved: moved.map(({ facts: told, stay, patient }) => {
        assert(stay.by === 'visit', 'a stay is moved by its visit number');
        return { stay, patient, events: told.map(bodyOf) };
      }),
    }),
  };
}

/** What the operator reads beside the message. */
function remarksOn({ warnings, ignored }: Translation): readonly string[] {
  return ignored === undefined ? warnings : [...warnings, `ignored: ${ignored}`];
}

function sha256(raw: Uint8Array): Buffer {
  return hash('sha256', raw, 'buffer');
}
