/**
 * The journal: the one store, and its contract. Every form of it (embedded, later PostgreSQL) passes the same tests.
 *
 * A promise of a writing method resolves after the commit, never before. Whatever waits is a row here.
 * An `outbox` row is one event on its way to one queue; it lives until the event has been handled, so the bus may
 * lose everything it holds without anything being lost. The facts of one message share the row of the last of them:
 * it is a nudge for their case, and the case is read whole.
 */
import type { GatewayError } from '../../errors.ts';
import type {
  DischargeEvent,
  EventBody,
  EventType,
  PersonNumberKind,
} from '../../process/events.ts';

/** The queues of the gateway, and the event types that go to each. Every other event is at rest once recorded. */
export type QueueName = 'advance' | 'dispatch';

const dispatched = new Set<EventType>([
  'notice.issued',
  'notice.corrected',
  'notice.withdrawn',
  'billing.recorded',
  'billing.adjusted',
]);
const atRest = new Set<EventType>([
  'deadline.set',
  'deadline.nearing',
  'deadline.met',
  'deadline.missed',
  'deadline.cancelled',
  'liability.started',
  'liability.withheld',
  'liability.ended',
  'liability.revised',
  'liability.revoked',
  'settlement.opened',
  'settlement.reopened',
  'billing.withheld',
  'billing.approved',
  'billing.issued',
  'billing.disputed',
  'billing.dispute-escalated',
  'billing.credited',
  'joint-analysis.due',
  'action-plan.suggested',
]);

/** Where an event goes next: the topology of the bus as data. */
export function queueOf(type: EventType): QueueName | undefined {
  if (dispatched.has(type)) return 'dispatch';
  return atRest.has(type) ? undefined : 'advance';
}

// ---------------------------------------------------------------- messages in

export interface StayKey {
  readonly by: 'visit';
  readonly authority: string;
  readonly number: string;
}
export interface CaseKey {
  readonly by: 'case';
  readonly caseReference: string;
}

/** Numbers, name and address as the journal keeps them (JSON of adapter.ts PatientIdentity). */
export interface StoredIdentity {
  readonly numbers: readonly {
    readonly authority: string;
    readonly value: string;
    readonly kind: PersonNumberKind;
  }[];
  readonly family?: string;
  readonly given?: string;
  readonly address?: {
    readonly street?: string;
    readonly postalCode?: string;
    readonly city?: string;
  };
}

/** Everything one message becomes, written in one transaction. */
export interface IncomingMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly controlId: string;
  readonly controlIdReuse: 'refused' | 'allowed';
  readonly kind: string;
  /** SHA-256 of the raw bytes. */
  readonly digest: Uint8Array;
  readonly raw: Uint8Array;
  readonly receivedAt: string;
  /** When its sender told it; of two statements about a person the one told later holds. `receivedAt` where left out. */
  readonly toldAt?: string;
  readonly mappingRevision: string;
  readonly stay?: StayKey | CaseKey;
  /** Where one of these receivers was sent a notice of the case, and else `unknown-case`; every stay where left out. */
  readonly onlyIfSentTo?: readonly string[];
  readonly patient?: StoredIdentity;
  readonly events: readonly EventBody[];
  /** What is said of persons: each of their stays gets the events, as events of its own. */
  readonly persons?: readonly {
    readonly patient: StoredIdentity;
    /** In a merge: whoever has them is this person from now on. */
    readonly earlierNumbers: StoredIdentity['numbers'];
    readonly events: readonly EventBody[];
  }[];
  /** Stays that belong to another person than was said. */
  readonly moved?: readonly {
    readonly stay: StayKey;
    readonly patient: StoredIdentity;
    readonly events: readonly EventBody[];
  }[];
  /** Resources that take the place of what stood under their ids; where another version stands by then, nothing is written. */
  readonly resources?: readonly NewResource[];
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly path: string;
  }[];
  readonly warnings: readonly string[];
  /** The accepting answer: bound to the control id, given again to a repeat. Empty where none was asked for. */
  readonly answer: Uint8Array;
  /** The sender's number of it, where it numbers its messages: accepted only as the next one. */
  readonly sequence?: number;
}

/** A message that was not accepted. It is kept for the operator and binds no control id. */
export interface RejectedMessage {
  readonly messageId: string;
  readonly sender?: string;
  readonly controlId?: string;
  readonly kind?: string;
  readonly digest: Uint8Array;
  /**
   * Kept for the operator while it is among the newest; for an unknown sender it is quarantined: stored, shown by
   * nothing but its digest.
   */
  readonly raw: Uint8Array;
  readonly receivedAt: string;
  readonly errorCode: string;
  /** What was wrong, without person data. */
  readonly error: string;
  readonly answer?: Uint8Array;
}

export interface ResourceKey {
  readonly sender: string;
  readonly type: string;
  readonly id: string;
}
export interface ResourceIdentifier {
  readonly system?: string;
  readonly value: string;
}
/** A resource as a message tells it; its sender is that of the message, `lastUpdated` when the message was received. */
export interface NewResource {
  readonly type: string;
  readonly id: string;
  /** Version that stood when the message was read, 0 for none. */
  readonly expected: number;
  readonly identifiers: readonly ResourceIdentifier[];
  /** Written only where no other resource of the sender and type has it. */
  readonly unlessKnown?: ResourceIdentifier;
  readonly body: string;
}
export interface StoredResource {
  readonly type: string;
  readonly id: string;
  /** 1, 2, 3 …: one more with each message that changed it. */
  readonly version: number;
  readonly lastUpdated: string;
  /** Of the mappings it was read by; empty where that was not noted. */
  readonly mappingRevision: string;
  readonly body: string;
}

/** What senders told as resources, as it stands: each sender's own, by itself. */
export interface Resources {
  read(key: ResourceKey): Promise<StoredResource | undefined>;
  /** Those of a type with an identifier, in order of id; without a system any system counts. */
  byIdentifier(
    sender: string,
    type: string,
    identifier: ResourceIdentifier,
    limit: number,
  ): Promise<readonly StoredResource[]>;
  /** Those of a type in order of id, after one (`''`: from the first). */
  page(
    sender: string,
    type: string,
    after: string,
    limit: number,
  ): Promise<readonly StoredResource[]>;
}

/** Where something that is read bit by bit goes on: a poll, a subscription. By name; text of its owner's. */
export interface Cursors {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}
export interface Cursor {
  readonly name: string;
  readonly value: string;
}

/** Accepted messages that told a resource, by their numbers in the journal, in order. */
export interface ResourceMessages {
  readonly messages: readonly { readonly place: number; readonly raw: Uint8Array }[];
  /** Up to where was looked: the next page is the one after it. */
  readonly upTo: number;
  /** Nothing stood after it. */
  readonly isLast: boolean;
}

/** Of messages recorded together: all of them, or none and why. */
export type RecordTogetherOutcome =
  | {
      readonly outcome: 'recorded';
      readonly each: readonly Extract<RecordOutcome, { outcome: 'recorded' | 'duplicate' }>[];
    }
  | {
      readonly outcome: 'refused';
      /** Which of them could not be recorded, by its place. */
      readonly index: number;
      readonly because: Exclude<RecordOutcome, { outcome: 'recorded' | 'duplicate' }>;
    };

export type RecordOutcome =
  /**
   * New: committed now. `parked` when codes were unmapped; `place` is the message's number in the journal.
   */
  | { readonly outcome: 'recorded'; readonly parked: boolean; readonly place: number }
  /** Same sender, control id and bytes as an accepted message: its answer. */
  | { readonly outcome: 'duplicate'; readonly answer: Uint8Array }
  /** Other bytes under a control id that an accepted message has. Nothing was written. */
  | { readonly outcome: 'reused' }
  /** Not the sender's next number. Nothing was written. */
  | { readonly outcome: 'out-of-sequence'; readonly expected: number }
  /** The case reference is not one of ours. Nothing was written. */
  | { readonly outcome: 'unknown-case' }
  /** Another version of a resource stands than the one that was read. Nothing was written. */
  | { readonly outcome: 'stale-resource' };

/** What was found of a message after its answer had left, by its `place`; text without person data. */
export interface Found {
  readonly place: number;
  readonly findings: readonly string[];
}

/** A message of which something was found after its answer had left. */
export interface FoundMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly kind: string;
  readonly receivedAt: string;
  readonly findings: readonly string[];
}

/** A message whose codes were unmapped when it came. */
export interface ParkedMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly controlId: string;
  readonly kind: string;
  readonly receivedAt: string;
  readonly raw: Uint8Array;
  readonly stayId?: string;
  /** The facts of its latest translation: those that came although a code was unmapped. */
  readonly recorded: readonly { readonly id: string; readonly type: EventType }[];
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly path: string;
  }[];
}

/** A case with messages that wait for a grown table; a message without a stay is one of its own. */
export interface ParkedCase {
  readonly caseId: string;
  /** Which messages, by their numbers in the journal. */
  readonly sequences: readonly number[];
}

/** The first cases that wait for one code. */
export type CodeOfCases = Pick<WaitingCode, 'sender' | 'table' | 'code' | 'path'> & {
  readonly limit: number;
};

/** A code that no table has, as one sender writes it in one place, and what waits for it. */
export interface WaitingCode {
  readonly sender: string;
  readonly table: string;
  readonly code: string;
  readonly path: string;
  readonly messages: number;
  readonly cases: number;
  /** When the first and the last of the messages came. */
  readonly oldest: string;
  readonly newest: string;
  /** The next of the deadlines that run for these cases, where one does. */
  readonly nextDue?: {
    readonly deadline: string;
    readonly dueAt: string;
    readonly processId: string;
  };
}

/** A parked message translated again under grown tables. Events already recorded from it are superseded, never edited. */
export interface Retranslation {
  readonly messageId: string;
  readonly mappingRevision: string;
  readonly events: readonly EventBody[];
  /** Empty when the message is parked no longer. */
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly path: string;
  }[];
}

// ---------------------------------------------------------------- streams

/** An event with its place in the journal. Positions rise in commit order. */
export interface StoredEvent {
  readonly position: number;
  readonly event: DischargeEvent;
}

/** The streams of one discharge process: all linked stays. */
export interface LoadedProcess {
  readonly processId: string;
  /** In order of first sight. */
  readonly stays: readonly {
    readonly stayId: string;
    /** Whose it is. */
    readonly patientKey: string;
    readonly sender: string;
    readonly version: number;
  }[];
  /** Events of all linked stays by position. */
  readonly events: readonly StoredEvent[];
}

/**
 * A stay in another process, of the same patient or told to overlap, with the events that tell its beginning, its end and
 * its overlaps.
 */
export interface RelatedStay {
  readonly stayId: string;
  readonly patientKey: string;
  readonly processId: string;
  readonly version: number;
  readonly events: readonly StoredEvent[];
}

/** A case whose latest count says that a figure was missing. */
export interface UnjudgedCase {
  readonly stayId: string;
  readonly processId: string;
}

/** Streams whose id is not a stay: `settlement:<county>:<municipality>:<month>`. */
export interface LoadedStream {
  readonly streamId: string;
  readonly version: number;
  readonly events: readonly StoredEvent[];
}

export interface NewEvent {
  readonly streamId: string;
  readonly body: EventBody;
  /** Lane on the bus: the process, the process and recipient role, the settlement stream. */
  readonly lane: string;
  /** A second stream that also reads this event (care-days.counted is read by its settlement). */
  readonly alsoStream?: string;
}

/** A deadline row. When it falls due, the relay records its event with `data` in `streamId`. */
export interface DeadlineRow {
  readonly key: string;
  readonly streamId: string;
  readonly lane: string;
  readonly dueAt: string;
  /** JSON of the data of its event. */
  readonly data: string;
  /** What it becomes: `deadline.reached` unless it says otherwise. */
  readonly event?: 'deadline.reached' | 'deadline.nearing';
}

/** What `advance` writes: all of it or nothing. */
export interface Append {
  /** Version of every stream that was folded. A difference refuses the whole append. */
  readonly expected: readonly { readonly streamId: string; readonly version: number }[];
  readonly events: readonly NewEvent[];
  readonly setDeadlines: readonly DeadlineRow[];
  readonly closeDeadlines: readonly string[];
}

// ---------------------------------------------------------------- outbox

export interface OutboxRow {
  readonly queue: QueueName;
  /** Position of the event. */
  readonly position: number;
  readonly lane: string;
  /** Attempts begun. */
  readonly attempts: number;
  /** Those of them that ended in a transient failure: no fault of the event. */
  readonly excused: number;
  readonly eventId: string;
  readonly type: EventType;
  readonly streamId: string;
}
export interface OutboxKey {
  readonly queue: QueueName;
  readonly position: number;
}
/** When a row is handled again, and why not now. */
export interface Postponement {
  readonly nextAtMs: number;
  readonly error: string;
  /** The attempt under way failed transiently and does not count against the row. */
  readonly excused: boolean;
}
export interface DeadLetter extends OutboxRow {
  readonly error: string;
}

/** More rows than this wait in a queue: nobody needs to know how many more. */
export const backlogLimit = 10_001;

/** The rows behind the bus. */
export interface Outbox {
  /** Rows that may be handled at `nowMs`, oldest first, the postponed excluded. Read only. */
  ready(
    queue: QueueName,
    nowMs: number,
    limit: number,
    excludeLanes: readonly string[],
  ): Promise<readonly OutboxRow[]>;
  /** Lanes with a postponed row, and until when: their later rows wait too, so the order of a lane holds. */
  postponedLanes(queue: QueueName, nowMs: number): Promise<ReadonlyMap<string, number>>;
  /**
   * Every row of these lanes that is no dead letter, oldest first, a postponed one with its time: what a broker's
   * message nudges. Read only.
   */
  ofLanes(
    queue: QueueName,
    lanes: readonly string[],
    limit: number,
  ): Promise<readonly (OutboxRow & { readonly nextAtMs: number | undefined })[]>;
  /** Rows not yet handed to a broker (relay form), oldest first, due at `nowMs`, with their events. Read only. */
  unpublished(
    nowMs: number,
    limit: number,
  ): Promise<readonly (OutboxRow & { readonly event: DischargeEvent })[]>;
  /**
   * The broker has confirmed them. One that was handled and postponed beyond `nowMs` before its confirm came is left
   * as it is: it must be published anew.
   */
  published(rows: readonly OutboxKey[], nowMs: number): Promise<void>;
  /** Puts published rows back, as if never published (at start, when the broker may have lost them). */
  unpublishAll(): Promise<number>;
  /** Counts an attempt, committed before the event is handled. */
  attempted(rows: readonly OutboxKey[]): Promise<void>;
  /** Handled: the rows go. */
  done(rows: readonly OutboxKey[]): Promise<void>;
  /** Again at `nextAtMs`, and not published any more: the relay publishes them anew when due. */
  postpone(rows: readonly OutboxKey[], until: Postponement): Promise<void>;
  /** A dead letter: kept, shown, not tried again until an operator says so. */
  bury(rows: readonly OutboxKey[], error: string): Promise<void>;
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /**
   * Puts the last event of a stream that goes to `advance` there once more, so that the stream is decided anew: what it
   * is decided by has changed, not its facts.
   * @returns false when the stream has no such event
   */
  nudge(streamId: string, lane: string): Promise<boolean>;
  /** A dead letter goes back to its queue with its attempts at zero, not published. */
  redrive(row: OutboxKey): Promise<boolean>;
  /** Rows waiting in each queue, dead letters not counted: cheap, for it counts no further than `backlogLimit`. */
  backlog(): Promise<Readonly<Record<QueueName, number>>>;
  /** Whether a row may be handled at `nowMs` or is with a broker: false when all that waits waits for its time. */
  hasWork(queue: QueueName, nowMs: number): Promise<boolean>;
}

// ---------------------------------------------------------------- deliveries

export type DeliveryState =
  | 'pending'
  | 'delivered'
  | 'refused'
  | 'unresolved'
  | 'cancelled'
  | 'unroutable'
  | 'held'
  | 'shadow';

/** One notice revision or billing record to one receiver. The rendered content may hold personal data. */
export interface DeliveryRow {
  readonly deliveryId: string;
  /** Deliveries of a lane go one after the other. */
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  readonly receiver: string | undefined;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly firstAttemptAt: string | undefined;
  readonly nextAt: string | undefined;
  /** Start of the first attempt that failed because of the receiver (reading A10). */
  readonly receiverFaultAt: string | undefined;
  /** An attempt was committed and no outcome: after a restart its outcome is unknown. */
  readonly openAttempt: boolean;
  /** Set when rendered; sent again unchanged. */
  readonly rendered: string | undefined;
  readonly detail: string | undefined;
}
export interface NewDelivery {
  readonly deliveryId: string;
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  readonly receiver: string | undefined;
  readonly state: DeliveryState;
  readonly rendered: string | undefined;
  readonly detail: string | undefined;
}
export interface AttemptOutcome {
  readonly deliveryId: string;
  readonly endedAt: string;
  readonly state: DeliveryState;
  /** When to try again; only with state `pending`. */
  readonly nextAt?: string;
  /** Start of this attempt, where it failed because of the receiver; the first one is kept. */
  readonly receiverFaultAt?: string;
  readonly detail: string;
  /** What follows from it (notice.delivered …), in the same transaction. */
  readonly events: readonly NewEvent[];
}

export interface Deliveries {
  /** All deliveries of a lane in order. */
  ofLane(lane: string): Promise<readonly DeliveryRow[]>;
  /** Adds deliveries; one that exists already is left as it is. */
  open(rows: readonly NewDelivery[]): Promise<void>;
  /** Committed before anything is sent. Counts the attempt and sets firstAttemptAt. */
  recordAttempt(deliveryId: string, startedAt: string): Promise<void>;
  /** The attempt's outcome and what follows from it: one transaction. */
  recordOutcome(outcome: AttemptOutcome): Promise<void>;
  /** Deliveries by state, oldest first, for status. */
  byState(state: DeliveryState, limit: number): Promise<readonly DeliveryRow[]>;
  /** Whether this receiver has been sent a notice of the process. */
  hasBeenSent(receiver: string, processId: string): Promise<boolean>;
}

// ---------------------------------------------------------------- the whole

export interface AuditEntry {
  readonly at: string;
  readonly who: string;
  readonly what: string;
  /** Process or message id. */
  readonly about: string;
  readonly reason?: string;
}

export interface JournalStatus {
  readonly messages: Readonly<Record<'accepted' | 'parked' | 'rejected' | 'quarantined', number>>;
  readonly unmapped: readonly {
    readonly sender: string;
    readonly table: string;
    readonly code: string;
    readonly count: number;
    readonly oldest: string;
  }[];
  readonly outbox: Readonly<
    Record<
      QueueName,
      {
        readonly waiting: number;
        readonly dead: number;
        readonly oldestPosition: number | undefined;
      }
    >
  >;
  readonly deliveries: Readonly<Partial<Record<DeliveryState, number>>>;
  readonly events: number;
  readonly processes: number;
  readonly deadlines: {
    readonly open: number;
    readonly next: string | undefined;
    /** Those that have warned and are not over, the soonest first; no more than a thousand. */
    readonly near: readonly {
      readonly deadline: string;
      readonly dueAt: string;
      readonly processId: string;
    }[];
  };
  /** Senders with messages of which something was found after their answers had left. */
  readonly findings: readonly {
    readonly sender: string;
    readonly messages: number;
    /** What was found of most of them. */
    readonly most: { readonly finding: string; readonly messages: number };
  }[];
  /** Last message accepted from each sender. */
  readonly senders: readonly {
    readonly sender: string;
    readonly accepted: number;
    readonly lastAt: string;
  }[];
}

export interface Journal {
  /** `embedded`, and how durable: for the line that start prints. */
  readonly form: string;
  readonly durability: string;

  record(message: IncomingMessage): Promise<RecordOutcome>;
  /** Messages of one sender in one transaction: all or none. A repeat among them is no hindrance. */
  recordTogether(messages: readonly IncomingMessage[]): Promise<RecordTogetherOutcome>;
  /** A page of what these senders told as resources, after a place: bounded in what it reads and what it gives. */
  resourceMessages(
    after: number,
    senders: readonly string[],
    limit: number,
  ): Promise<ResourceMessages>;
  /** How many there are after a place, counted no further than `atMost`, and when the first of them came. */
  countResourceMessages(
    after: number,
    senders: readonly string[],
    atMost: number,
  ): Promise<{ readonly count: number; readonly oldest: string | undefined }>;
  /** What was found of recorded messages, and how far was looked: in one transaction. What was found first stands. */
  addFindings(found: readonly Found[], cursor: Cursor): Promise<void>;
  /** Messages with findings, the newest first. */
  latestFindings(limit: number): Promise<readonly FoundMessage[]>;
  reject(message: RejectedMessage): Promise<void>;
  /** The number of the last message accepted from a sender that numbers them; undefined where any may come next. */
  lastSequence(sender: string): Promise<number | undefined>;
  /** The next message of the sender may have any number. */
  forgetSequence(sender: string): Promise<void>;
  /**
   * Cases with messages that wait for a grown table, in the order in which the first of each came.
   * @param of only what waits for this code
   */
  parkedCases(of?: CodeOfCases): Promise<readonly ParkedCase[]>;
  /** The messages of one of them that wait still, in order of arrival. */
  parkedOf(one: ParkedCase): Promise<readonly ParkedMessage[]>;
  /** Every code that messages wait for, the longest waiting first. */
  waitingCodes(): Promise<readonly WaitingCode[]>;
  /** Messages of one case translated again, all of them or none: between two of them nothing is decided. */
  retranslate(changes: readonly Retranslation[]): Promise<void>;

  /**
   * The process that a stay belongs to, or that goes or has gone by a process id (a case reference); undefined when unknown.
   */
  load(id: string): Promise<LoadedProcess | undefined>;
  /** Stays of the patients of a process that are in other processes, the newest first, no more than twenty. */
  relatedStays(processId: string): Promise<readonly RelatedStay[]>;
  /** One stream alone: a stay or a settlement; empty at version 0 when unknown. */
  loadStream(streamId: string): Promise<LoadedStream>;
  /** As `loadStream`, without the billings that a later one replaced: each repeats the whole month. */
  loadSettlement(streamId: string): Promise<LoadedStream>;
  /** `stale` when another writer was faster: nothing was written. */
  append(change: Append): Promise<'appended' | 'stale'>;
  identity(processId: string): Promise<StoredIdentity | undefined>;
  /**
   * Settlement streams whose latest billing was withheld, not recorded.
   * @param missing only those that were ever withheld for want of this figure
   */
  withheldSettlements(missing?: string): Promise<readonly string[]>;
  /** Settlement streams whose cut-off is still to come. */
  openSettlements(): Promise<readonly string[]>;
  /** Cases whose latest count could not be judged for want of a figure, by the stay that has the count. */
  unjudgedCases(): Promise<readonly UnjudgedCase[]>;
  /** Events of all streams after a position, in order of position: what a timeline reads. */
  eventsAfter(position: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Whether a deadline, by its key, is set and has not fallen due: what waits for it need not be looked at. */
  isAhead(deadlineKey: string): Promise<boolean>;
  /** Ids of the processes after one (`''`: from the first), in order: page by page, every case there is. */
  processIds(after: string, limit: number): Promise<readonly string[]>;
  /**
   * Ids of the processes with a readiness and no end told after it, in order, page by page as `processIds`. Whether the
   * readiness stands is for the reader to fold.
   */
  openReadyProcessIds(after: string, limit: number): Promise<readonly string[]>;

  /**
   * What falls due by `now`: deliveries with a next time return to their lane and, where `deadlines` is true, deadlines
   * become `deadline.reached`, and warnings of them `deadline.nearing`. Both are held back while its lane has an event that was recorded and not yet
   * advanced.
   * @returns how many rows were released
   */
  releaseDue(now: string, what: { readonly deadlines: boolean }): Promise<number>;
  /** The next instant at which something falls due, for the hand-set clock. */
  nextDue(): Promise<string | undefined>;

  readonly outbox: Outbox;
  readonly deliveries: Deliveries;
  readonly resources: Resources;
  readonly cursors: Cursors;

  audit(entry: AuditEntry): Promise<void>;
  status(): Promise<JournalStatus>;
  /** Messages handed in and not yet committed. */
  pending(): number;
  /** Share of the recent time, 0 to 1, in which messages waited for their commit; the bus gives way to them. */
  intakeLoad(): number;
  /** Called after each commit that added outbox rows. */
  onCommit(listener: () => void): void;
  /** Why nothing can be written any more until the process is started anew; undefined while all is well. */
  failure(): GatewayError | undefined;
  /** Called once, when writing has become impossible; not for a close. */
  onFailure(listener: (error: GatewayError) => void): void;
  /** Waits for what was handed in, then closes. What the disk refuses now is done at the next start. */
  close(): Promise<void>;
}
