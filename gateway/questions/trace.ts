/** The whole way of a case, as ids, codes and times: what came, what followed, what was sent, and where it waited. */
import type { DischargeEvent } from '../process/events.ts';
import { isNameBased } from '../process/ids.ts';
import type { PassedAttempt, PassedDelivery, PassedMessage } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';

export type Traced = 'message' | 'fact' | 'decision' | 'attempt' | 'outcome' | 'waiting';

export interface TraceStep {
  /** ISO 8601; undefined for what has not happened yet. */
  readonly at: string | undefined;
  readonly kind: Traced;
  /** What happened, in codes and types. */
  readonly what: string;
  /** Its own id: of message, event or delivery. */
  readonly id: string;
  /** Of what it follows from. */
  readonly from: string | undefined;
  /** It was asked for, or follows from what was asked for. */
  readonly isAsked: boolean;
  /** Time since the step before, in milliseconds, where it is long. */
  readonly waitedMs?: number;
}

export interface Trace {
  readonly asked: string;
  readonly caseReference: string | undefined;
  readonly stays: readonly string[];
  readonly steps: readonly TraceStep[];
}

type Read = Pick<JournalReader, 'load' | 'loadStream' | 'paths'>;

/** Shorter ones are the ordinary course. */
const longMs = 60_000;

/**
 * @param id of a message (ours or the sender's), a case, a stay, an event or a delivery
 * @returns undefined where nothing goes by it
 */
export async function trace(journal: Read, id: string): Promise<Trace | undefined> {
  const told = await journal.paths.messages([id]);
  const stream = await streamOf(journal, id, told);
  const loaded = stream === undefined ? undefined : await journal.load(stream);
  const events =
    loaded?.events ?? (stream === undefined ? [] : (await journal.loadStream(stream)).events);
  if (events.length === 0 && told.length === 0) return undefined;
  const stays = loaded?.stays.map(({ stayId }) => stayId) ?? [];
  const streams = [...new Set([...stays, ...events.map(({ event }) => event.stayId)])];
  const sources = new Set(events.map(({ event }) => event.source.messageId));
  const messages = new Map(
    [...told, ...(await journal.paths.messages([...sources]))].map((one) => [one.messageId, one]),
  );
  const deliveries = await journal.paths.deliveriesOf(streams);
  const attempts = await journal.paths.attemptsOf(deliveries.map(({ deliveryId }) => deliveryId));
  const pending = await journal.paths.pendingOf(streams);
  const steps: Step[] = [
    ...[...messages.values()].map(messageStep),
    ...events.map(({ event }) => eventStep(event, messages)),
    ...attempts.flatMap((attempt) => attemptSteps(attempt, deliveries)),
    ...deliveries.flatMap(waitingDelivery),
    ...pending.map(({ queue, position, eventId, type, isDead, attempts: made, error }): Step => ({
      at: undefined,
      kind: 'waiting',
      what: `${type} ${isDead ? `is dead letter ${queue}:${position}` : `waits in ${queue}`}, ${made} attempts${error === undefined ? '' : `: ${error}`}`,
      id: eventId,
      from: eventId,
    })),
  ];
  steps.sort(byTime);
  const asked = followers(steps, new Set([id, ...told.map(({ messageId }) => messageId)]));
  const isWhole = loaded !== undefined && (id === loaded.processId || stays.includes(id));
  return {
    asked: id,
    caseReference: loaded?.processId,
    stays,
    steps: withGaps(steps).map((step) => ({
      ...step,
      isAsked: isWhole || asked.has(step.id),
    })),
  };
}

type Step = Omit<TraceStep, 'isAsked'>;

async function streamOf(
  journal: Read,
  id: string,
  told: readonly PassedMessage[],
): Promise<string | undefined> {
  if ((await journal.load(id)) !== undefined) return id;
  const delivery = await journal.paths.delivery(id);
  if (delivery) return delivery.streamId;
  const stay = told.find(({ stayId }) => stayId !== undefined)?.stayId;
  if (stay !== undefined || told.length > 0 || !isNameBased(id)) return stay;
  return await journal.paths.streamOfEvent(id);
}

function messageStep(message: PassedMessage): Step {
  const { messageId, sender, controlId, kind, state, errorCode, receivedAt } = message;
  const answer =
    state === 'accepted'
      ? 'stored and answered as accepted'
      : state === 'parked'
        ? 'stored, answered as accepted, parked for a code'
        : `${state}${errorCode === undefined ? '' : ` (${errorCode})`}`;
  return {
    at: receivedAt,
    kind: 'message',
    what: `${kind ?? 'message'} from ${sender ?? 'an unknown sender'}${controlId === undefined ? '' : `, control id ${controlId}`}: ${answer}`,
    id: messageId,
    from: undefined,
  };
}

function eventStep(event: DischargeEvent, messages: ReadonlyMap<string, PassedMessage>): Step {
  const isFact = messages.has(event.causationId);
  return {
    at: event.recordedAt,
    kind: isFact ? 'fact' : outcomes.has(event.type) ? 'outcome' : 'decision',
    what: event.type,
    id: event.id,
    from: event.causationId,
  };
}

const outcomes = new Set<string>([
  'notice.delivered',
  'notice.delivery-failed',
  'notice.acknowledged',
]);

function attemptSteps(attempt: PassedAttempt, deliveries: readonly PassedDelivery[]): Step[] {
  const { deliveryId, number, startedAt, endedAt, state, detail } = attempt;
  const delivery = deliveries.find((one) => one.deliveryId === deliveryId);
  const to = delivery?.receiver ?? 'no receiver';
  const from = delivery?.eventId;
  const began: Step = {
    at: startedAt,
    kind: 'attempt',
    what: `attempt ${number} to ${to}`,
    id: deliveryId,
    from,
  };
  if (endedAt === undefined) return [began];
  const what = `attempt ${number} to ${to} ended: ${state ?? 'unknown'}${detail === undefined ? '' : `, ${detail}`}`;
  return [began, { ...began, at: endedAt, what }];
}

function waitingDelivery(delivery: PassedDelivery): Step[] {
  const { state, receiver, nextAt, deliveryId, eventId } = delivery;
  if (state === 'delivered' || state === 'cancelled') return [];
  const when = nextAt === undefined ? '' : `, next attempt ${nextAt}`;
  const what = `delivery to ${receiver ?? 'no receiver'} is ${state}${when}`;
  return [{ at: undefined, kind: 'waiting', what, id: deliveryId, from: eventId }];
}

/**
 * Ids of what was asked for and of all that follows from it: by what each says it follows from, and of decisions those
 * that were made when a message had come and before the next one did.
 * @param steps in order of time
 */
function followers(steps: readonly Step[], asked: Set<string>): ReadonlySet<string> {
  let isAskedMessage = false;
  for (const { kind, id } of steps) {
    if (kind === 'message') isAskedMessage = asked.has(id);
    else if (kind === 'decision' && isAskedMessage) asked.add(id);
  }
  for (let size = -1; size !== asked.size;) {
    size = asked.size;
    for (const { id, from } of steps) if (from !== undefined && asked.has(from)) asked.add(id);
  }
  return asked;
}

const order: readonly Traced[] = ['message', 'fact', 'decision', 'attempt', 'outcome', 'waiting'];

function byTime(left: Step, right: Step): number {
  const [a, b] = [left.at ?? '9', right.at ?? '9'];
  if (a !== b) return a < b ? -1 : 1;
  return order.indexOf(left.kind) - order.indexOf(right.kind);
}

function withGaps(steps: readonly Step[]): readonly Step[] {
  return steps.map((step, index) => {
    const before = steps[index - 1]?.at;
    if (before === undefined || step.at === undefined) return step;
    const waitedMs = Date.parse(step.at) - Date.parse(before);
    return waitedMs >= longMs ? { ...step, waitedMs } : step;
  });
}
