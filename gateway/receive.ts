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
  ReceiveTogether,
  Reply,
  Translation,
  Verdict,
} from '../adapters/adapter.ts';
import { GatewayError, asGatewayError, assert } from './errors.ts';
import type { EventBody } from './process/events.ts';
import { factId } from './process/ids.ts';
import type { Clock } from './runtime/clock.ts';
import type {
  Append,
  IncomingMessage,
  Journal,
  RecordOutcome,
  RecordTogetherOutcome,
} from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';
import type { Observed } from './runtime/observed.ts';
import type { Step } from './runtime/trace.ts';

export interface ReceiveParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  /** Told what is done; nobody is where it is left out. */
  readonly observed?: Observed;
}

/**
 * The one function an inbound adapter calls.
 * It never throws: whatever is wrong becomes the answers the standard has for it, and what was refused is kept.
 * @param check refuses a message before it is translated, by what it throws; what it gives back was decided of it at once
 *   and is written with it
 */
export function createReceive<M>(
  adapter: Inbound<M>,
  parts: ReceiveParts,
  check?: (message: M, raw: Uint8Array, context: AnswerContext) => Promise<Append | void>,
): (raw: Uint8Array, message?: M, traceparent?: string) => Promise<Reply> {
  const { journal, log } = parts;

  return async function receive(raw, known, traceparent) {
    const context = contextOf(parts);
    let message = known;
    let step: Step | undefined;
    try {
      message ??= adapter.read(raw);
      const decided = await check?.(message, raw, context);
      const head = adapter.head(message);
      step = beginReceive(parts, head, context, traceparent);
      if (head.sequence !== undefined && head.sequence < 1) {
        const verdict = await startLink(head.sender, head.sequence);
        step?.end();
        return reply('accepted', adapter.acknowledge(message, raw, verdict, context));
      }
      const { incoming, answers } = incomingOf(adapter, message, raw, context, parts, step);
      const whole = decided ? { ...incoming, decided } : incoming;
      const outcome = await recorded(parts, step, () => journal.record(whole));
      const answered = reply('accepted', answersTo(outcome, answers));
      step?.end();
      return answered;
    } catch (thrown) {
      const error = asGatewayError(thrown);
      step?.end(error);
      return refuse(adapter, parts, error, raw, message, context, step);
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
}

/**
 * As `createReceive`, for messages of which all are taken or none. The one that could not be taken is refused as it would be
 * alone, and kept; where the journal took none and names none of them, each hears why.
 */
export function createReceiveTogether<M>(
  adapter: Inbound<M>,
  parts: ReceiveParts,
): ReceiveTogether<M> {
  return async function receiveTogether(messages, traceparent) {
    const each = messages.map((one) => {
      const context = contextOf(parts);
      const head = headIfAny(adapter, one.message);
      return { ...one, context, step: head && beginReceive(parts, head, context, traceparent) };
    });
    type One = (typeof each)[number];
    const refused = ({ raw, message, context, step }: One, thrown: unknown): Promise<Reply> => {
      const error = asGatewayError(thrown);
      step?.end(error);
      return refuse(adapter, parts, error, raw, message, context, step);
    };
    async function noneBecauseOf(culprit: One | undefined, why: unknown): Promise<Reply[]> {
      const its = culprit && (await refused(culprit, why));
      return each.map((one) => (its && one === culprit ? its : reply('untaken', [])));
    }

    const read: ReturnType<typeof incomingOf>[] = [];
    for (const one of each) {
      try {
        const { message, raw, context, step } = one;
        read.push(incomingOf(adapter, message, raw, context, parts, step));
      } catch (thrown) {
        return noneBecauseOf(one, thrown);
      }
    }
    let outcome: RecordTogetherOutcome;
    try {
      const written = read.map(({ incoming }) => incoming);
      const record = (): Promise<RecordTogetherOutcome> => parts.journal.recordTogether(written);
      outcome = await recorded(parts, each[0]?.step, record);
    } catch (thrown) {
      return Promise.all(each.map((one) => refused(one, thrown)));
    }
    if (outcome.outcome === 'refused') {
      return noneBecauseOf(each[outcome.index], errorOf(outcome.because));
    }
    for (const { step } of each) step?.end();
    return outcome.each.map((one, index) =>
      reply('accepted', answersTo(one, read[index]?.answers ?? [])),
    );
  };
}

/** A message begins a trace of its own where its sender has none. */
function beginReceive(
  { observed }: ReceiveParts,
  { sender, kind }: MessageHead,
  { answerId: messageId }: AnswerContext,
  traceparent: string | undefined,
): Step | undefined {
  return observed?.begin('receive', traceparent, { sender, kind, messageId });
}

/** Until the commit. */
function recorded<T>(
  { observed }: ReceiveParts,
  step: Step | undefined,
  record: () => Promise<T>,
): Promise<T> {
  return step && observed ? observed.begin('record', step.traceparent).of(record) : record();
}

function contextOf({ newId, clock }: ReceiveParts): AnswerContext {
  return { answerId: newId(), now: clock.now() };
}

/** What a message becomes in the journal, and the answers it gets once it is there. */
function incomingOf<M>(
  adapter: Inbound<M>,
  message: M,
  raw: Uint8Array,
  context: AnswerContext,
  { observed, clock }: ReceiveParts,
  step: Step | undefined,
): { incoming: IncomingMessage; answers: Answers } {
  const { answerId: messageId, now } = context;
  const head = adapter.head(message);
  const startedMs = clock.elapsedMs();
  const translation = adapter.translate(message);
  observed?.translated.of(adapter.name).took(clock.elapsedMs() - startedMs);
  const { warnings, unmapped, ignored } = translation;
  const verdict: Verdict = {
    accepted: true,
    warnings,
    unmapped,
    ...(ignored !== undefined && { ignored }),
  };
  const answers = adapter.acknowledge(message, raw, verdict, context);
  if (answers === undefined) throw new GatewayError('malformed-message', 'no answer possible');
  const digest = sha256(head.content ?? raw);
  const { mappingRevision } = adapter;
  return {
    answers,
    incoming: {
      messageId,
      ...headOf(head),
      digest,
      raw,
      receivedAt: now,
      ...(head.sentAt !== undefined && { toldAt: head.sentAt }),
      mappingRevision,
      ...placeOf(translation),
      ...bodiesOf(translation, head, digest, messageId, now, mappingRevision, step?.traceparent),
      ...(translation.resources && { resources: translation.resources }),
      unmapped,
      warnings: remarksOn(translation),
      answer: asOne(answers),
    },
  };
}

/** Answers what was not taken, and keeps it for the operator where it was the message's own fault. */
async function refuse<M>(
  adapter: Inbound<M>,
  { journal, log, observed }: ReceiveParts,
  error: GatewayError,
  raw: Uint8Array,
  message: M | undefined,
  context: AnswerContext,
  step: Step | undefined,
): Promise<Reply> {
  const head = message === undefined ? undefined : headIfAny(adapter, message);
  const answers = adapter.acknowledge(message, raw, refusal(error), context);
  // Another was faster: whoever read the resource reads it again.
  const level = error.code === 'stale-version' ? 'debug' : 'warn';
  const ids = { messageId: context.answerId, sender: head?.sender, trace: step?.traceId };
  log[level]({ ...ids, err: error }, 'message refused');
  // Nothing was taken; the sender may send it again.
  if (error.fate === 'transient') {
    observed?.messages.of(head?.sender ?? 'unknown', 'untaken').add();
    return reply('untaken', answers, error);
  }
  try {
    await journal.reject({
      messageId: context.answerId,
      ...(head && { sender: head.sender, controlId: head.controlId, kind: head.kind }),
      digest: sha256(head?.content ?? raw),
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

function headIfAny<M>(adapter: Inbound<M>, message: M): MessageHead | undefined {
  try {
    return adapter.head(message);
  } catch {
    return undefined;
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

/** @throws GatewayError where nothing was recorded */
function answersTo(outcome: RecordOutcome, answers: Answers): Answers {
  switch (outcome.outcome) {
    case 'recorded':
      return answers;
    case 'duplicate':
      return apart(outcome.answer);
    default:
      throw errorOf(outcome);
  }
}

/** Why nothing was recorded. */
function errorOf(outcome: Exclude<RecordOutcome, Taken>): GatewayError {
  switch (outcome.outcome) {
    case 'reused':
      return new GatewayError('control-id-reused', 'control id already used for other content', {
        standardCode: '205',
      });
    case 'out-of-sequence':
      return new GatewayError(
        'out-of-sequence',
        `sequence number is not the expected ${outcome.expected}; send that one, or start the link anew with 0 or -1`,
        { location: 'MSH-13', standardCode: '207', expectedSequence: outcome.expected },
      );
    case 'unknown-case':
      return new GatewayError('unknown-case', 'no such case: name it as our notices do');
    case 'stale-resource':
    case 'stale-stream':
      return new GatewayError('stale-version', 'another version stands since it was read');
  }
}

type Taken = Extract<RecordOutcome, { outcome: 'recorded' | 'duplicate' }>;

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

function placeOf(translation: Translation): Pick<Translation, 'stay' | 'onlyIfSentTo' | 'patient'> {
  return {
    ...(translation.stay && { stay: translation.stay }),
    ...(translation.onlyIfSentTo && { onlyIfSentTo: translation.onlyIfSentTo }),
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
  traceparent?: string,
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
      ...(traceparent !== undefined && { traceparent }),
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
