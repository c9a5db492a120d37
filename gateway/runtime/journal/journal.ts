/**
 * The journal: the one store, and its contract. Every form of it (embedded, PostgreSQL) passes the same tests.
 *
 * A promise of a writing method resolves after the commit, never before. Whatever waits is a row here.
 * An `outbox` row is one event on its way to one queue; it lives until the event has been handled, so the bus may
 * lose everything it holds without anything being lost. The facts of one message share the row of the last of them:
 * it is a nudge for their case, and the case is read whole.
 */
import type { GatewayError } from '../../errors.ts';
import type { Deliveries } from './contract/deliveries.ts';
import type { Found, FoundMessage } from './contract/findings.ts';
import type {
  IncomingMessage,
  RecordOutcome,
  RecordTogetherOutcome,
  RejectedMessage,
  StoredIdentity,
} from './contract/messages.ts';
import type { Fence, Leases } from './contract/leases.ts';
import type { Arrival, Observation } from './contract/observation.ts';
import type { Outbox } from './contract/outbox.ts';
import type {
  CodeOfCases,
  ParkedCase,
  ParkedMessage,
  Retranslation,
  WaitingCode,
} from './contract/parked.ts';
import type { Incidents } from './contract/incidents.ts';
import type { Pauses } from './contract/pauses.ts';
import type { Retention } from './contract/retention.ts';
import type { Cursor, Cursors, ResourceMessages, Resources } from './contract/resources.ts';
import type { AuditEntry, JournalStatus } from './contract/status.ts';
import type { ToldMessages } from './contract/told.ts';
import type {
  Append,
  LoadedProcess,
  LoadedStream,
  RelatedStay,
  StoredEvent,
  MissedDeadline,
  UnjudgedCase,
} from './contract/streams.ts';

export * from './contract/deliveries.ts';
export * from './contract/findings.ts';
export * from './contract/leases.ts';
export * from './contract/messages.ts';
export * from './contract/observation.ts';
export * from './contract/outbox.ts';
export * from './contract/parked.ts';
export * from './contract/paths.ts';
export * from './contract/incidents.ts';
export * from './contract/pauses.ts';
export * from './contract/queues.ts';
export * from './contract/records.ts';
export * from './contract/resources.ts';
export * from './contract/retention.ts';
export * from './contract/status.ts';
export * from './contract/streams.ts';
export * from './contract/told.ts';

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
  /**
   * Messages of one case translated again, all of them or none: between two of them nothing is decided.
   * @returns `stale` where one has other facts by now than it replaces: nothing was written
   */
  retranslate(changes: readonly Retranslation[]): Promise<'retranslated' | 'stale'>;
  readonly told: ToldMessages;

  /**
   * The process that a stay belongs to, or that goes or has gone by a process id (a case reference); undefined when unknown.
   * @param known as it was loaded before: only what came since is read, and where nothing came it is given back itself
   */
  load(id: string, known?: LoadedProcess): Promise<LoadedProcess | undefined>;
  /** Stays of the patients of a process that are in other processes, the newest first, no more than twenty. */
  relatedStays(processId: string): Promise<readonly RelatedStay[]>;
  /** One stream alone: a stay or a settlement; empty at version 0 when unknown. */
  loadStream(streamId: string): Promise<LoadedStream>;
  /** As `loadStream`, without the billings that a later one replaced: each repeats the whole month. */
  loadSettlement(streamId: string): Promise<LoadedStream>;
  /** The last event that was written to a stream itself; its position is the stream's version. */
  lastEvent(streamId: string): Promise<StoredEvent | undefined>;
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
   * Ids of the processes in which a receiver answered that the patient is not its resident, in order, page by page as
   * `processIds`. Whether somebody else has got the notice since is for the reader to fold.
   */
  misdirectedProcessIds(after: string, limit: number): Promise<readonly string[]>;
  /** Clocks that were missed, written down before a position: the newest first. */
  missedDeadlines(before: number, limit: number): Promise<readonly MissedDeadline[]>;
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
  readonly pauses: Pauses;
  readonly incidents: Incidents;
  readonly retention: Retention;
  /** What one instance does at a time. */
  readonly leases: Leases;
  /**
   * The same journal; each write on it is made under a lease, which is looked at in the transaction of the write.
   * @param fence asked at each write; what it throws the write throws
   * @throws GatewayError (each write) `lease-lost` when another instance has the lease: nothing was written
   */
  under(fence: () => Fence): Journal;

  audit(entry: AuditEntry): Promise<void>;
  status(): Promise<JournalStatus>;
  /** What waits, and for how long, at this legal time: cheap enough to be asked every few seconds. */
  observe(now: string): Promise<Observation>;
  /** When the newest messages came, the newest first. */
  arrivals(limit: number): Promise<readonly Arrival[]>;
  /** Messages handed in and not yet committed. */
  pending(): number;
  /** Share of the recent time, 0 to 1, in which messages waited for their commit; the bus gives way to them. */
  intakeLoad(): number;
  /**
   * Called after each commit that added outbox rows.
   * @returns takes the listener away
   */
  onCommit(listener: () => void): () => void;
  /** Why nothing can be written any more until the process is started anew; undefined while all is well. */
  failure(): GatewayError | undefined;
  /** Called once, when writing has become impossible; not for a close. */
  onFailure(listener: (error: GatewayError) => void): void;
  /** Waits for what was handed in, then closes. What the disk refuses now is done at the next start. */
  close(): Promise<void>;
}
