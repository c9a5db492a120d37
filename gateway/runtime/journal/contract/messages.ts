/** Messages in: what one becomes, and what is written of one that was not accepted. */
import type { EventBody, PersonNumberKind } from '../../../process/events.ts';
import type { NewResource } from './resources.ts';
import type { Append } from './streams.ts';

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
  /** What was decided of it at once, and is written with it; where another writer was faster, nothing is written. */
  readonly decided?: Append;
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
  | { readonly outcome: 'stale-resource' }
  /** A stream has another version than what was decided with it goes by. Nothing was written. */
  | { readonly outcome: 'stale-stream' };
