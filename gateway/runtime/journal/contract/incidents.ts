/** Incidents: what is wrong for one reason, from its start over its growth to its end. */
import type { Obligation } from '../../../process/events.ts';

/** What is wrong; `about` names the receiver, and of `unanswered` the municipality whose disputes wait. */
export type IncidentCause =
  'failing' | 'refused' | 'unresolved' | 'unroutable' | 'unacknowledged' | 'unanswered';

export interface Incident {
  readonly id: string;
  readonly cause: IncidentCause;
  /** The receiver, or the municipality by its code; empty where none was found. */
  readonly about: string;
  readonly startedAt: string;
  /** How many notices or disputes it is about, and the most it was about at a time. */
  readonly count: number;
  readonly peak: number;
  /** The count at which it was told of last. */
  readonly told: number;
  readonly endedAt: string | undefined;
  /** A person has it in hand. */
  readonly by: string | undefined;
  readonly takenAt: string | undefined;
  readonly note: string | undefined;
}

/** What is wrong at this moment. */
export interface Wrong {
  readonly cause: IncidentCause;
  readonly about: string;
  readonly count: number;
}

/** A notice that was handed over, and that nobody has acknowledged in the time agreed. */
export interface Unacknowledged {
  readonly deliveryId: string;
  readonly receiver: string;
  readonly caseId: string;
  readonly obligation: Obligation;
  readonly dueAt: string;
}

/** A dispute of an invoice that its level has not answered in the time agreed, and that is neither taken on nor ended. */
export interface Unanswered {
  /** Of the settlement. */
  readonly streamId: string;
  readonly dueAt: string;
}

export interface Incidents {
  /** Those that have not ended, and those that ended at or after an instant, oldest first. */
  since(endedAt: string, limit: number): Promise<readonly Incident[]>;
  /**
   * Deliveries that go wrong: pending after a failed attempt, unresolved, without a receiver, or refused since an instant.
   * Counted no further than `backlogLimit`.
   */
  wrong(refusedSince: string): Promise<readonly Wrong[]>;
  /** The longest overdue first. */
  unacknowledged(limit: number): Promise<readonly Unacknowledged[]>;
  /** The longest overdue first. */
  unanswered(limit: number): Promise<readonly Unanswered[]>;
  /** Adds incidents, or puts how they stand now in place; who has them in hand stays. */
  put(incidents: readonly Incident[]): Promise<void>;
  /** @returns whether there is one that has not ended */
  take(taken: TakenIncident): Promise<boolean>;
}

export interface TakenIncident {
  readonly id: string;
  readonly by: string;
  readonly at: string;
  readonly note: string;
}
