/** What a conformance run tells, as plain data: the form of its JSON report. Nothing here is of a person. */
import type { UnmappedCode } from '../../adapters/adapter.ts';
import type { Remark } from '../../adapters/inbound/hl7v2/checks/remark.ts';
import type { DischargeEvent } from '../process/events.ts';
import type { ExplainedFinding } from '../questions/case-findings.ts';

/**
 * - `accepted`: it became events; `ignored`: understood, and it says nothing that moves a stay;
 * - `parked`: accepted, but a deciding code is in no table, so it waits;
 * - `refused`: it cannot be used, and the sender is told so.
 */
export type Outcome = (typeof outcomes)[number];
export const outcomes = ['accepted', 'ignored', 'parked', 'refused'] as const;

/** An event as a message gives it. */
export interface ToldEvent {
  readonly type: string;
  readonly occurredAt: string;
  readonly precision?: 'day';
  readonly data: DischargeEvent['data'];
}

/** Something that is not as it should be: an expectation that does not hold, or, without one, what is wrong in itself. */
export interface Failure {
  readonly kind: 'expectation' | 'refused' | 'parked' | 'error';
  /** What was looked at: `answer`, `events[0].occurredAt`, `PV1-19`. */
  readonly at: string;
  readonly text: string;
}

export interface MessageResult {
  /** Path below the folder that was asked for. */
  readonly file: string;
  /** Which message of the file, from 1. */
  readonly position: number;
  /** Of FHIR, where in the file it stands: `Bundle.entry[3].resource`. */
  readonly place?: string;
  readonly controlId?: string;
  /** `ADT^A01`, `Encounter`. */
  readonly kind?: string;
  readonly sender?: string;
  readonly version?: string;
  readonly sentAt?: string;
  readonly outcome: Outcome;
  /** Why it is ignored or refused. */
  readonly reason?: string;
  readonly error?: {
    readonly code: string;
    readonly location?: string;
    readonly standardCode?: string;
  };
  /** MSA-1, or the HTTP status; null where there is nothing to answer to. */
  readonly answer: string | null;
  readonly stay?: { readonly authority: string; readonly number: string };
  readonly events: readonly ToldEvent[];
  readonly warnings: readonly string[];
  readonly unmapped: readonly UnmappedCode[];
  readonly remarks: readonly Remark[];
  /** Whether something was expected of it. */
  readonly isExpected: boolean;
  /** Empty where it passed. */
  readonly failures: readonly Failure[];
}

/** Where a message stands, for a reader: `day.hl7 #3`, `stay.json Bundle.entry[2].resource`. */
export function placeOf({ file, position, place }: MessageResult): string {
  if (place !== undefined) return `${file} ${place}`;
  return position === 1 ? file : `${file} #${position}`;
}

export interface ToldNotice {
  readonly at: string;
  readonly action: 'issued' | 'corrected' | 'withdrawn';
  readonly obligation: string;
  readonly role: string;
  readonly municipality?: string;
  /** It waits for a person: protected identity. */
  readonly held: boolean;
  readonly reference: string;
}

export interface ToldLiability {
  readonly state: string;
  readonly reason: string;
  readonly municipality?: string;
  readonly from?: string;
  readonly until?: string;
}

/** What all messages of one stay come to, at the end of the story. */
export interface CaseResult {
  /** Folder of the story it is told in. */
  readonly story: string;
  readonly stays: readonly { readonly authority: string; readonly number: string }[];
  readonly senders: readonly string[];
  readonly messages: number;
  readonly county?: string;
  readonly municipality?: string;
  /** The time it was assessed at. */
  readonly at: string;
  readonly facts: readonly (ToldEvent & { readonly replaced: boolean; readonly source: string })[];
  readonly contradictions: readonly string[];
  readonly findings: readonly ExplainedFinding[];
  readonly notices: readonly ToldNotice[];
  readonly liability: readonly ToldLiability[];
}

/** A `story.expect.yaml`, and what of it does not hold. */
export interface StoryResult {
  readonly file: string;
  readonly failures: readonly Failure[];
}

/** One line of what to agree with the vendor. */
export interface Agreement {
  readonly what: string;
  readonly why: string;
  readonly messages: number;
  /** Where it can be seen: file and position. */
  readonly example: string;
}

export interface Summary {
  readonly files: number;
  readonly messages: number;
  readonly failed: number;
  readonly expected: number;
  readonly byTrigger: readonly ({ readonly kind: string; readonly all: number } & Readonly<
    Record<Outcome, number>
  >)[];
  readonly remarks: readonly (Omit<Remark, 'text'> & {
    readonly text: string;
    readonly messages: number;
  })[];
  readonly unmapped: readonly (UnmappedCode & {
    readonly sender: string;
    readonly messages: number;
  })[];
  readonly toAgree: readonly Agreement[];
}

/** What the result depends on beside the messages. */
export interface Kit {
  readonly hemgang: string;
  readonly mappings: string;
  readonly profiles: string;
  /** Package that holds the HL7 dictionaries, with its version. */
  readonly dictionary: string;
  /** The overlay all messages were read by, where one was asked for. */
  readonly sender?: string;
}

export interface ConformanceReport {
  readonly kit: Kit;
  readonly fingerprint: { readonly kit: string; readonly result: string };
  readonly summary: Summary;
  readonly messages: readonly MessageResult[];
  readonly cases: readonly CaseResult[];
  readonly stories: readonly StoryResult[];
  /** What does not add up in files and batches: counts, missing ends, bytes outside messages. */
  readonly framing: readonly { readonly file: string; readonly text: string }[];
  /** Files that were found and not read, and why. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}
