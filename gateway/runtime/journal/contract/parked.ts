/** Messages that wait for a grown table. */
import type { EventBody, EventType } from '../../../process/events.ts';

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

/** A message translated again under other mappings. Events already recorded from it are superseded, never edited. */
export interface Retranslation {
  readonly messageId: string;
  readonly mappingRevision: string;
  readonly events: readonly EventBody[];
  /** Its number and the ids of its facts when this was planned; without it only what is parked is translated, whatever it has. */
  readonly planned?: { readonly place: number; readonly facts: readonly string[] };
  /** Empty when the message is parked no longer. */
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly path: string;
  }[];
}
