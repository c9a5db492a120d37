/**
 * What is kept until its time is over, and what goes then. Everything is looked through in steps, so that nobody holds
 * the writer for long; what must stay is looked for in the transaction that takes the rest away.
 */

export type RetentionKind =
  /** Accepted messages as they came. */
  | 'messages'
  /** Messages that were not accepted. */
  | 'rejected'
  /** Whole cases: events, notices, receipts, deadlines, and the persons of whom nothing else is known. */
  | 'cases'
  /** Persons without a stay: numbers, and what was told of them. */
  | 'persons'
  /** Resources as their senders told them last. */
  | 'resources'
  /** Months of settlement. */
  | 'settlements'
  /** Who did what to the gateway. */
  | 'audit'
  /** Incidents that have ended. */
  | 'incidents';

/** Why something whose time is over stays. */
export type StayReason =
  | 'parked'
  | 'dead-letter'
  | 'waiting'
  | 'undelivered'
  | 'open-deadline'
  | 'open-case'
  | 'unsettled'
  | 'cases-left';

export interface RetentionStep {
  readonly kind: RetentionKind;
  /** What had its last entry before this instant is over its time: ISO 8601. */
  readonly before: string;
  /** Where the last step ended; '' at first. */
  readonly after: string;
}

export interface RetentionFound {
  /** How many go: messages, cases, persons … */
  readonly go: number;
  /** Entry of the first of them. */
  readonly oldest: string | undefined;
  /** How many are over their time and stay, by why. */
  readonly stay: Readonly<Partial<Record<StayReason, number>>>;
  /** Where the next step begins; undefined where nothing is left to be looked at. */
  readonly next: string | undefined;
}

export interface Retention {
  /** How much the journal takes, and how much of that is free for what comes: bytes. */
  size(): Promise<{ readonly bytes: number; readonly reusableBytes: number }>;
  /** A step of what would go. Changes nothing. */
  look(step: RetentionStep): Promise<RetentionFound>;
  /** The same, and it goes: one transaction. */
  purge(step: RetentionStep): Promise<RetentionFound>;
  /** In PostgreSQL: partitions for the months to come, and those of past months that are empty are dropped. */
  tidy(nowMs: number): Promise<void>;
}
