/** The rows behind the bus. */
import type { DischargeEvent, EventType } from '../../../process/events.ts';
import type { QueueName } from './queues.ts';

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
export interface UnpublishedRow extends OutboxRow {
  /** Undefined where it is no JSON any more: one row that is spoilt shall not keep the others from being read. */
  readonly event: DischargeEvent | undefined;
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
  /**
   * Rows not yet handed to a broker (relay form), oldest first, due at `nowMs`, with their events. Read only.
   * @param after only those of later positions; from the first unless given
   */
  unpublished(nowMs: number, limit: number, after?: number): Promise<readonly UnpublishedRow[]>;
  /**
   * The broker has confirmed them. One that was handled and postponed beyond `nowMs` before its confirm came is left
   * as it is: it must be published anew.
   */
  published(rows: readonly OutboxKey[], nowMs: number): Promise<void>;
  /** Puts published rows back, as if never published (at start, when the broker may have lost them). */
  unpublishAll(): Promise<number>;
  /** Rows that were handed to a broker and are not handled, oldest first. Read only. */
  withBroker(limit: number): Promise<readonly OutboxRow[]>;
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
