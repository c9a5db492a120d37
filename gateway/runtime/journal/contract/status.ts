/** The journal in numbers, and its audit. */
import type { DeliveryState } from './deliveries.ts';
import type { QueueName } from './queues.ts';

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
