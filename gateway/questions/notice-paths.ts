/**
 * The two legs of a case: each message in (stored, answered) and each notice out, with its times: due, decided, attempted,
 * handed over, received by their system, acknowledged by a person. Pure.
 */
import type { DischargeEvent, EventOf, NoticeData, Obligation } from '../process/events.ts';
import type { DeliveryRow, PassedAttempt, StoredEvent } from '../runtime/journal/journal.ts';
import type { RecordedMessage } from '../runtime/journal/journal.ts';
import type { EventMention } from './asked.ts';
import type { ExplainedFinding } from './case-findings.ts';
import { mentions, type Clock } from './case-timeline.ts';

/** What a receiver said of a delivery, and when. */
export interface Answered {
  readonly at: string;
  /** Who said so: a partner by its id. */
  readonly by: string;
  readonly eventId: string;
}

export interface DeliveryPath {
  readonly deliveryId: string;
  readonly receiver?: string;
  readonly state: DeliveryRow['state'];
  readonly attempts: readonly Omit<PassedAttempt, 'deliveryId'>[];
  /** Committed before anything was sent. */
  readonly firstAttemptAt?: string;
  /** The completed hand-over, where the channel proves it. */
  readonly handedOverAt?: string;
  readonly receiverFaultAt?: string;
  readonly proof?: string;
  readonly detail?: string;
  readonly received?: Answered;
  readonly acknowledged?: Answered;
  readonly misdirected?: Answered;
}

/** A fact and where it came from: the sender's own id of the message, when it came, SHA-256 of its bytes. */
export type Told = EventMention & {
  readonly message: Pick<
    RecordedMessage,
    'messageId' | 'sender' | 'controlId' | 'receivedAt' | 'sha256'
  >;
};

export interface NoticePath {
  readonly noticeId: string;
  readonly action: 'issued' | 'corrected' | 'withdrawn';
  readonly obligation: Obligation;
  readonly role: NoticeData['role'];
  readonly county?: string;
  readonly municipality?: string;
  readonly revision: number;
  readonly corrects?: string;
  /** The admission notice whose estimate it changes. */
  readonly changes?: string;
  readonly isHeld: boolean;
  readonly reference: string;
  readonly decidedAt: string;
  /** The fact that raised the duty. */
  readonly occasion: EventMention;
  /** It, and the other facts from outside that the finding rests on, each with the message that told it. */
  readonly told: readonly Told[];
  readonly dueAt?: string;
  /** The act says "as soon as possible": the time is a watch of ours and no term of law. */
  readonly isWatch?: true;
  /** What the law says of it as of now. */
  readonly finding?: Pick<ExplainedFinding, 'status' | 'reason' | 'sentence' | 'reference'>;
  readonly deliveries: readonly DeliveryPath[];
}

export interface CaseRecords {
  readonly events: readonly StoredEvent[];
  readonly messages: readonly RecordedMessage[];
  readonly deliveries: readonly DeliveryRow[];
  readonly attempts: readonly PassedAttempt[];
}

type NoticeEvent = EventOf<'notice.issued' | 'notice.corrected' | 'notice.withdrawn'>;

/** Every notice in the order of the decisions. */
export function noticePathsOf(
  records: CaseRecords,
  findings: readonly ExplainedFinding[],
  clocks: readonly Clock[],
): readonly NoticePath[] {
  const mention = mentions(records.events);
  const answers = answersOf(records);
  return records.events
    .flatMap(({ event }) => (isNotice(event) ? [event] : []))
    .map((event): NoticePath => {
      const { id, type, recordedAt, data } = event;
      const {
        obligation,
        role,
        county,
        municipality,
        revision,
        corrects,
        changes,
        held,
        reference,
      } = data;
      const raisedBy = raisedByOf(event);
      const finding = findings.find((one) => isOf(one, data, raisedBy));
      const rests = [raisedBy, ...(finding?.because.map((one) => one.id) ?? [])];
      const clock = clockOfNotice(clocks, obligation, raisedBy);
      const dueAt = finding?.dueAt ?? clock?.dueAt;
      const isWatch = dueAt !== undefined && clock !== undefined && watches.has(clock.deadline);
      return {
        noticeId: id,
        action: actions[type],
        obligation,
        role,
        ...(county !== undefined && { county }),
        ...(municipality !== undefined && { municipality }),
        revision,
        ...(corrects !== undefined && { corrects }),
        ...(changes !== undefined && { changes }),
        isHeld: held ?? false,
        reference,
        decidedAt: recordedAt,
        occasion: mention(raisedBy),
        told: tellersOf(records, rests, mention),
        ...(dueAt !== undefined && { dueAt }),
        ...(isWatch && { isWatch }),
        ...(finding && {
          finding: {
            status: finding.status,
            reason: finding.reason,
            sentence: finding.sentence,
            reference: finding.reference,
          },
        }),
        deliveries: records.deliveries
          .filter(({ eventId }) => eventId === id)
          .map((row) => deliveryPath(row, records, answers)),
      };
    });
}

const actions = {
  'notice.issued': 'issued',
  'notice.corrected': 'corrected',
  'notice.withdrawn': 'withdrawn',
} as const;
const isNotice = (event: DischargeEvent): event is NoticeEvent => event.type in actions;

/** The changes of an estimate go by the admission: each was raised by the estimate that it tells. */
const raisedByOf = ({ causationId, data, type }: NoticeEvent): string =>
  data.obligation === 'discharge-estimate' && type !== 'notice.withdrawn'
    ? causationId
    : data.occasion;

/** A notice that counts as one of readiness is judged by its rule; a change of the estimate for all units together. */
function isOf(one: ExplainedFinding, notice: NoticeData, raisedBy: string): boolean {
  const { obligation, role, reference } = notice;
  if (one.about?.id !== raisedBy) return false;
  if (obligation === 'discharge-estimate') return one.reference === reference;
  const rule = obligation === 'compulsory-care-notice' ? 'discharge-ready-notice' : obligation;
  return one.rule === rule && one.role === role;
}

const clocksOf: Readonly<Record<Obligation, readonly string[]>> = {
  'admission-notice': ['T1', 'T2'],
  'discharge-estimate': ['T3'],
  'discharge-ready-notice': ['T5'],
  'compulsory-care-notice': ['T5'],
  'planning-call': ['T6'],
  'information-transfer': ['T7'],
  // The act sets no time for these.
  'discharge-notice': [],
  'death-notice': [],
};

/** @param occasion id of the fact that raised the duty */
export function clockOfNotice(
  clocks: readonly Clock[],
  obligation: Obligation,
  occasion: string,
): Clock | undefined {
  return clocks.find(
    ({ deadline, about }) => clocksOf[obligation].includes(deadline) && about.id === occasion,
  );
}

/** Where the act says "as soon as possible" (2 kap. 4 §, 3 kap. 1 §). */
const watches: ReadonlySet<string> = new Set(['T3', 'T5']);

function tellersOf(
  { events, messages }: CaseRecords,
  facts: readonly string[],
  mention: (id: string) => EventMention,
): readonly Told[] {
  return [...new Set(facts)].flatMap((fact) => {
    const source = events.find(({ event }) => event.id === fact)?.event.source.messageId;
    const message = messages.find(({ messageId }) => messageId === source);
    if (message === undefined) return [];
    const { messageId, sender, controlId, receivedAt, sha256 } = message;
    return [{ ...mention(fact), message: { messageId, sender, controlId, receivedAt, sha256 } }];
  });
}

// ---------------------------------------------------------------- deliveries

type Answers = ReadonlyMap<string, Partial<Record<AnswerKind, Answered>>>;
type AnswerKind = 'received' | 'acknowledged' | 'misdirected';

/** What receivers said, by the delivery it is about: the first of each kind counts. */
function answersOf({ events, deliveries }: CaseRecords): Answers {
  const answers = new Map<string, Partial<Record<AnswerKind, Answered>>>();
  const superseded = new Set(events.flatMap(({ event }) => event.supersedes ?? []));
  for (const { event } of events) {
    const kind = answerKind(event.type);
    if (kind === undefined || superseded.has(event.id)) continue;
    const about = deliveryAnswered(event, events, deliveries);
    if (about === undefined) continue;
    const known = answers.get(about) ?? {};
    const said = { at: event.occurredAt, by: event.source.sender, eventId: event.id };
    answers.set(about, { ...known, [kind]: known[kind] ?? said });
  }
  return answers;
}

const answerKind = (type: string): AnswerKind | undefined =>
  type === 'notice.received'
    ? 'received'
    : type === 'notice.acknowledged'
      ? 'acknowledged'
      : type === 'notice.misdirected'
        ? 'misdirected'
        : undefined;

/** By its id; where it names none, the latest one before it of that obligation and receiver. */
function deliveryAnswered(
  event: DischargeEvent,
  events: readonly StoredEvent[],
  deliveries: readonly DeliveryRow[],
): string | undefined {
  if (
    event.type !== 'notice.received' &&
    event.type !== 'notice.acknowledged' &&
    event.type !== 'notice.misdirected'
  ) {
    return undefined;
  }
  const { deliveryId, obligation, receiver } = event.data;
  if (deliveryId !== undefined) return deliveryId;
  if (obligation === undefined) return undefined;
  const notices = new Map(
    events.flatMap(({ event: one }) => (isNotice(one) ? [[one.id, one.data.obligation]] : [])),
  );
  return deliveries.findLast(
    (row) =>
      notices.get(row.eventId) === obligation &&
      (receiver === undefined || row.receiver === receiver) &&
      row.firstAttemptAt !== undefined &&
      row.firstAttemptAt <= event.occurredAt,
  )?.deliveryId;
}

function deliveryPath(row: DeliveryRow, records: CaseRecords, answers: Answers): DeliveryPath {
  const { deliveryId, receiver, state, firstAttemptAt, receiverFaultAt, detail } = row;
  const receipt = records.events
    .map(({ event }) => event)
    .findLast((event) => isReceipt(event) && event.data.deliveryId === deliveryId);
  const { deliveredAt, proof } = receipt && isReceipt(receipt) ? receipt.data : {};
  return {
    deliveryId,
    ...(receiver !== undefined && { receiver }),
    state,
    attempts: records.attempts
      .filter((one) => one.deliveryId === deliveryId)
      .map(({ deliveryId: _deliveryId, ...attempt }) => attempt),
    ...(firstAttemptAt !== undefined && { firstAttemptAt }),
    ...(deliveredAt !== undefined && { handedOverAt: deliveredAt }),
    ...(receiverFaultAt !== undefined && { receiverFaultAt }),
    ...(proof !== undefined && { proof }),
    ...(detail !== undefined && { detail }),
    ...answers.get(deliveryId),
  };
}

type ReceiptEvent = EventOf<'notice.delivered' | 'notice.refused' | 'notice.unresolved'>;
const isReceipt = (event: DischargeEvent): event is ReceiptEvent =>
  event.type === 'notice.delivered' ||
  event.type === 'notice.refused' ||
  event.type === 'notice.unresolved';
