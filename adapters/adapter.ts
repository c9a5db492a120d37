/**
 * The contracts between the gateway and the standards.
 *
 * An inbound adapter reads a message, translates it to facts (pure) and words the answer; an outbound adapter renders
 * a decision (pure) and delivers it. Neither knows the journal, the bus or the law.
 */
import type { GatewayError } from '../gateway/errors.ts';
import type {
  BillingData,
  DischargeEvent,
  EventData,
  EventType,
  InvoiceDraft,
  IssuedInvoice,
  NoticeData,
  PatientCodes,
  PersonNumberKind,
  ReminderData,
} from '../gateway/process/events.ts';

// ---------------------------------------------------------------- in

/** What identifies a message: enough to recognise a repeat and to answer. */
export interface MessageHead {
  /** Id of the sender's overlay (or partner) the message was recognised by. */
  readonly sender: string;
  /** MSH-10, the CloudEvent id, the resource id and version: the sender's own name for the message. */
  readonly controlId: string;
  /** `ADT^A01`, a CloudEvent type. */
  readonly kind: string;
  readonly sentAt?: string;
  /** What must be the same in a repeat; all of the bytes where left out. */
  readonly content?: Uint8Array;
  /** The sender may use a control id again for other content (overlay `controlIdReuse: allowed`). */
  readonly controlIdReuse: 'refused' | 'allowed';
  /**
   * The sender's number of the message, where it numbers them (MSH-13): one more than that of the last accepted one.
   * 0 restarts the link and -1 resynchronises it; neither says anything else.
   */
  readonly sequence?: number;
}

/** One of a person's numbers. It lives in the journal and in notices only. */
export interface PersonNumber {
  /** OID or URI of who gave the number. */
  readonly authority: string;
  readonly value: string;
  readonly kind: PersonNumberKind;
}

/** Who the patient is. Kept in the journal's identities, joined when a notice is rendered, nowhere else. */
export interface PatientIdentity {
  readonly numbers: readonly PersonNumber[];
  readonly family?: string;
  readonly given?: string;
  readonly address?: {
    readonly street?: string;
    readonly postalCode?: string;
    readonly city?: string;
  };
}

/** How a message says which stay it speaks of. */
export type StayReference =
  /** By the visit number of an assigning authority (PV1-19, Encounter.identifier). */
  | { readonly by: 'visit'; readonly authority: string; readonly number: string }
  /** By the case reference that the gateway's own notices carry (answers and facts from receivers). */
  | { readonly by: 'case'; readonly caseReference: string };

/** A fact as an adapter makes it; `receive` adds ids, times of recording and causes. */
export type Fact = {
  [T in EventType]: {
    readonly type: T;
    readonly occurredAt: string;
    readonly precision?: 'day';
    readonly warnings?: readonly string[];
    readonly data: EventData<T>;
  };
}[EventType];

/** A deciding code that no table has: the message is accepted and parked until a table has it. */
export interface UnmappedCode {
  readonly table: string;
  readonly code: string;
  /** Where it stood: `PV1-36`. */
  readonly path: string;
}

/** What a message says of a person and not of one stay (A31, A40): every stay of theirs is told. */
export interface PersonStatement {
  readonly patient: PatientIdentity;
  /** Numbers the same person was known by before: whoever has them is this person from now on (a merge). */
  readonly earlierNumbers: readonly PersonNumber[];
  readonly facts: readonly Fact[];
}

/** A stay that was registered on another person than the one it belongs to (A45). */
export interface MovedStay {
  readonly stay: StayReference;
  readonly patient: PatientIdentity;
  readonly facts: readonly Fact[];
}

/** An identifier as FHIR writes it; also the key by which a resource is looked for. */
export interface ResourceIdentifier {
  readonly system?: string;
  readonly value: string;
}

/** A resource that a message puts in the place of what its sender told under its id before: with the facts, or not at all. */
export interface ResourceWrite {
  readonly type: string;
  /** Logical id, within the sender. */
  readonly id: string;
  /** Version of ours that stood when the message was read, 0 for none: where another stands by then, nothing is written. */
  readonly expected: number;
  readonly identifiers: readonly ResourceIdentifier[];
  /** Written only where no other resource of the type has it (`If-None-Exist`). */
  readonly unlessKnown?: ResourceIdentifier;
  /** Its JSON, without our version in it. */
  readonly body: string;
}

/** What a message means. */
export interface Translation {
  readonly stay?: StayReference;
  /**
   * Receivers whose notices let the sender speak of a case: where none of them was sent one of this case, it is no case of
   * the sender's, and the message is refused as if there were none. Left out where it may speak of every stay it names.
   */
  readonly onlyIfSentTo?: readonly string[];
  readonly patient?: PatientIdentity;
  /** Facts of the stay. */
  readonly facts: readonly Fact[];
  readonly persons?: readonly PersonStatement[];
  readonly moved?: readonly MovedStay[];
  readonly resources?: readonly ResourceWrite[];
  readonly unmapped: readonly UnmappedCode[];
  /** Codes and paths, never values of person fields: `PID-8: code not in table 0001`. */
  readonly warnings: readonly string[];
  /** Why the message gives no fact although it was understood. */
  readonly ignored?: string;
}

/** What the answer says. */
export type Verdict =
  | {
      readonly accepted: true;
      readonly warnings: readonly string[];
      /** Codes that wait for a table, where the standard has a way to say so. */
      readonly unmapped?: readonly UnmappedCode[];
      /** Why the message gives no fact although it was understood. */
      readonly ignored?: string;
      /** The number we expect next, -1 for any: said when the sender starts its numbers anew. */
      readonly expectedSequence?: number;
    }
  | { readonly accepted: false; readonly error: GatewayError };

/** What an answer needs of its surroundings. */
export interface AnswerContext {
  /** Id for the answer itself (MSH-10 of the ACK). */
  readonly answerId: string;
  /** Legal time, ISO 8601 UTC. */
  readonly now: string;
}

/** What goes back for one message, in the order in which it leaves: nothing where the sender asks for no answer. */
export type Answers = readonly Uint8Array[];

/** What became of one message that came in. */
export interface Reply {
  /** `untaken`: nothing was stored, because of us; the sender may send it again. */
  readonly outcome: 'accepted' | 'refused' | 'untaken';
  /** Undefined where not even an answer can be addressed: a connection is then closed. */
  readonly answers: Answers | undefined;
  /** Why it was not accepted. */
  readonly error?: GatewayError;
}

/** Takes the bytes of one message, stores what it says, and only then gives the answers. */
export type Receive = (raw: Uint8Array) => Promise<Reply>;

/**
 * As `Receive`, for an adapter that has read the bytes already.
 * @param traceparent of the request it came by (W3C Trace Context), checked
 */
export type ReceiveRead<M> = (raw: Uint8Array, message: M, traceparent?: string) => Promise<Reply>;

/**
 * Takes several messages of one sender together: all are stored in one transaction, or none.
 * @returns a reply each; where one was not taken, its reply says why and every other is `untaken`
 */
export type ReceiveTogether<M> = (
  messages: readonly { readonly raw: Uint8Array; readonly message: M }[],
  traceparent?: string,
) => Promise<readonly Reply[]>;

/** One inbound standard. `M` is the adapter's own form of a message. */
export interface Inbound<M> {
  /** For logs and metrics: `hl7v2`, `receipts`. */
  readonly name: string;
  /** Revision of the mappings in use; it is part of every fact's id. */
  readonly mappingRevision: string;
  /**
   * Reads bytes as a message.
   * @throws GatewayError malformed-message, unsupported-message, unknown-sender
   */
  read(raw: Uint8Array): M;
  /** Who sent it, which id, which kind. */
  head(message: M): MessageHead;
  /**
   * The facts in a message, by `mappings/`. Pure.
   * @throws GatewayError malformed-message, unsupported-message
   */
  translate(message: M): Translation;
  /**
   * The answers on the wire. `message` is absent when the bytes could not be read; `raw` is then all there is.
   * @returns none where the sender asks for none, undefined where not even an answer can be addressed
   */
  acknowledge(
    message: M | undefined,
    raw: Uint8Array,
    verdict: Verdict,
    context: AnswerContext,
  ): Answers | undefined;
}

// ---------------------------------------------------------------- out

/** A decision on its way to one receiver. */
export interface OutboundNotice {
  readonly kind: 'notice';
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly notice: NoticeData;
  /** The case reference the receiver uses when it answers. */
  readonly caseReference: string;
  /** Whether this says something new, corrects an earlier notice or withdraws it. */
  readonly action: 'issued' | 'corrected' | 'withdrawn';
  /**
   * When the notice that this corrects, withdraws or changes was handed over, ISO 8601 UTC; absent where none is known to
   * have been.
   */
  readonly replacedAt?: string;
  /** Decision key of the notice that it changes: the two are read together. */
  readonly changedKey?: string;
  readonly patient: PatientIdentity;
  /** Of a person whose notice was released although the identity is protected: what the register or the hospital says. */
  readonly protection?: PatientCodes['protection'];
}
export interface OutboundBilling {
  readonly kind: 'billing';
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly billing: BillingData;
}
/** Nobody has acknowledged a notice: its receiver is asked to. It names the case and nothing of the person. */
export interface OutboundReminder {
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly reminder: ReminderData;
  readonly caseReference: string;
  /** As of the notice. */
  readonly changedKey?: string;
}
/** The basis of an invoice, for those who check it by the cases it is of. */
export interface OutboundSpecification {
  readonly kind: 'specification';
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly billing: BillingData;
  readonly invoice: IssuedInvoice;
}
export interface OutboundInvoice {
  readonly kind: 'invoice';
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly invoice: IssuedInvoice;
}
export type BillingRecordStatus = 'NEW' | 'APPROVED' | 'INVOICED' | 'REJECTED';
/** How far a claim has come, for a municipal finance platform. */
export type OutboundRecord = {
  readonly kind: 'record';
  readonly deliveryId: string;
  readonly event: DischargeEvent;
  readonly status: BillingRecordStatus;
} & (
  | { readonly billing: BillingData }
  | {
      /** An invoice, or the draft of one that has no number yet. */
      readonly claim: InvoiceDraft | IssuedInvoice;
      /** Who answers for it. */
      readonly by: string;
    }
);
export type OutboundBillingDocument =
  OutboundBilling | OutboundSpecification | OutboundInvoice | OutboundRecord;
export type OutboundMessage = OutboundNotice | OutboundBillingDocument;

/** A rendered message: what is stored before the first attempt and sent again unchanged. */
export interface Rendered {
  readonly contentType: string;
  /** For channels that write files; without a folder. One entry a file. */
  readonly parts: readonly {
    readonly name: string;
    readonly body: string;
    /** How bytes that are no text stand in the body; the file has the bytes. */
    readonly encoding?: 'base64';
  }[];
}

/** What came of one attempt that did not throw. */
export type DeliveryReceipt = {
  /** A short code for the log: `HTTP 202`. */
  readonly detail: string;
} & (
  | {
      /** `receiver-answer`: the receiver's system took it; `none`: nothing proves it (a local file). */
      readonly proof: 'receiver-answer' | 'none';
    }
  | {
      /** Somebody carries it on (an access point), and the receiver's own receipt is still to come. */
      readonly proof: 'awaited';
      /** How long to wait for it; then the outcome is unknown. */
      readonly withinMs: number;
    }
);

/** The receiver's receipt of a delivery that somebody else carried on. */
export interface CarriedReceipt {
  readonly deliveryId: string;
  /** The receiver's system took it, or refused it and says why. */
  readonly accepted: boolean;
  /** When the receiver's system says that it did, ISO 8601 UTC. */
  readonly at: string;
  /** A short code for the log: `ACCEPTED`, `REJECTED BV`. */
  readonly detail: string;
  /** Word by word as it came: the proof. */
  readonly text: string;
}

/**
 * Stores a receipt that came by itself.
 * @returns `taken`: stored now; `known`: it had been, or the delivery is over; `not-yet`: its delivery is being attempted
 *   this moment, so bring it again; `unknown`: no delivery of ours has this id
 */
export type TakeReceipt = (
  receipt: CarriedReceipt,
) => Promise<'taken' | 'known' | 'not-yet' | 'unknown'>;

/** One way out to one receiver, made from its configuration. */
export interface Outbound {
  readonly channel: string;
  /** The receiver recognises a repeated delivery id, so an ambiguous attempt may be repeated. */
  readonly idempotent: boolean;
  /** The same message gives the same bytes. What takes long (a PDF) is made beside the thread that asks. */
  render(message: OutboundMessage): Promise<Rendered>;
  /** As `render`; absent where the channel has no way to say it. */
  remind?(reminder: OutboundReminder): Promise<Rendered>;
  /**
   * One attempt. The attempt was committed before this is called.
   * @param deliveryId constant over attempts: the idempotency key
   * @param traceparent of this attempt, for a channel that can carry it (W3C Trace Context)
   * @throws GatewayError delivery-refused (permanent), delivery-failed (did not happen), delivery-unknown (may have happened)
   */
  deliver(
    deliveryId: string,
    rendered: Rendered,
    signal: AbortSignal,
    traceparent?: string,
  ): Promise<DeliveryReceipt>;
}
