/** What waits in the journal and for how long: asked every few seconds, so it counts no further than is worth knowing. */
import type { DeliveryState } from './deliveries.ts';
import type { QueueName } from './queues.ts';

export interface Observation {
  /** Position of the last event. */
  readonly lastPosition: number;
  readonly queues: Readonly<Record<QueueName, ObservedQueue>>;
  /** Messages that wait for a grown table, and when the first of them came. */
  readonly parked: readonly {
    readonly sender: string;
    readonly messages: number;
    readonly oldest: string;
  }[];
  /** Deliveries that are not over, or need a person. Without a receiver where none was found. */
  readonly deliveries: readonly {
    readonly state: DeliveryState;
    readonly receiver: string | null;
    readonly count: number;
  }[];
  /** Deliveries whose next attempt was due by now and has not begun, and since when the first of them was. */
  readonly overdue: { readonly count: number; readonly since: string | undefined };
  /** When the decision was recorded whose delivery has been pending longest. */
  readonly oldestPending: string | undefined;
  /** Legal deadlines that run, by name (T1 to T9). */
  readonly deadlines: readonly {
    readonly deadline: string;
    readonly open: number;
    /** Of these, those that have warned: their time of warning has begun. */
    readonly near: number;
    /** Of these, those that are over by now and have not been released. */
    readonly overdue: number;
    readonly next: string;
  }[];
  readonly senders: readonly {
    readonly sender: string;
    readonly accepted: number;
    /** When its last accepted message came. */
    readonly lastAt: string;
  }[];
}

export interface ObservedQueue {
  /** Counted no further than `backlogLimit`, as the next two. */
  readonly waiting: number;
  /** Of these, those that wait for their next attempt. */
  readonly postponed: number;
  readonly dead: number;
  /** The longest waiting one. */
  readonly oldest: { readonly position: number; readonly recordedAt: string } | undefined;
}

/** When messages came: what a sender's usual gap is learnt from. */
export interface Arrival {
  readonly sender: string;
  readonly receivedAt: string;
}
