/** Deliveries of notices and billing records, and their attempts. */
import type { NewEvent } from './streams.ts';

export const deliveryStates = [
  'pending',
  /** Handed to somebody who carries it on; a receipt of its own will say whether it arrived. */
  'awaited',
  'delivered',
  'refused',
  'unresolved',
  'cancelled',
  'unroutable',
  'held',
  'shadow',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One notice revision or billing record to one receiver. The rendered content may hold personal data. */
export interface DeliveryRow {
  readonly deliveryId: string;
  /** Deliveries of a lane go one after the other. */
  readonly lane: string;
  readonly position: number;
  readonly eventId: string;
  /** The stream in which the event stands. */
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
  /** The receipt that ended it, word by word as it came; or what a person gave as evidence. */
  readonly receipt: string | undefined;
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
  /** When to try again, or when to wait no longer; only with state `pending` or `awaited`. */
  readonly nextAt?: string;
  /** Start of this attempt, where it failed because of the receiver; the first one is kept. */
  readonly receiverFaultAt?: string;
  readonly detail: string;
  /** What follows from it (notice.delivered …), in the same transaction. */
  readonly events: readonly NewEvent[];
}

/** The end of one that is not being attempted: its receipt came, or none in time, or a person knows how it ended. */
export interface Ending extends Omit<AttemptOutcome, 'nextAt'> {
  /** The states in which it may stand. */
  readonly from: readonly DeliveryState[];
  readonly receipt?: string;
}

/** A delivery without what was rendered. */
export type DeliveryHead = Omit<
  DeliveryRow,
  'nextAt' | 'receiverFaultAt' | 'openAttempt' | 'rendered' | 'detail' | 'receipt'
> & {
  /** Its number in the journal. */
  readonly place: number;
};

/** A delivery as somebody saw it who wants it sent again. */
export type SeenDelivery = Pick<DeliveryRow, 'deliveryId' | 'state' | 'attempts'> & {
  /** The receiver a person chose for one that has none; it is routed anew to that one alone. */
  readonly to?: string;
};

export interface Deliveries {
  /** All deliveries of a lane in order. */
  ofLane(lane: string): Promise<readonly DeliveryRow[]>;
  /** Adds deliveries; one that exists already is left as it is. */
  open(rows: readonly NewDelivery[]): Promise<void>;
  /**
   * Committed before anything is sent. Counts the attempt and sets firstAttemptAt.
   * @returns false where it is not to be sent (its receipt came meanwhile, or it was never opened): nothing was written
   */
  recordAttempt(deliveryId: string, startedAt: string): Promise<boolean>;
  /** The attempt's outcome and what follows from it: one transaction. */
  recordOutcome(outcome: AttemptOutcome): Promise<void>;
  /**
   * Ends one that is not being attempted, and wakes its lane: one transaction.
   * @returns false where it stands in none of the states named: nothing was written
   */
  conclude(ending: Ending): Promise<boolean>;
  named(deliveryId: string): Promise<DeliveryRow | undefined>;
  /** Deliveries by state, oldest first, for status. */
  byState(state: DeliveryState, limit: number): Promise<readonly DeliveryRow[]>;
  /** A page of those in a state after a place (0: from the first), in the order they were opened. */
  inState(state: DeliveryState, after: number, limit: number): Promise<readonly DeliveryHead[]>;
  /** A page of all there are after a place (0: from the first), in the order they were opened. */
  after(place: number, limit: number): Promise<readonly DeliveryHead[]>;
  /**
   * Puts one that is over back in its lane.
   * @returns false where it is not as it was seen: nothing was written
   */
  sendAgain(seen: SeenDelivery): Promise<boolean>;
  /** Whether this receiver has been sent a notice of the process. */
  hasBeenSent(receiver: string, processId: string): Promise<boolean>;
}
