/**
 * One discharge process: what happened (facts) and what was decided of it (history).
 *
 * Facts fold to the same state in any order of arrival; decisions are read in the order they were written.
 */
import type {
  CareDaysData,
  DeadlineData,
  DischargeEvent,
  EventData,
  NeedKind,
  NoticeContent,
  NoticedObligation,
  NoticeField,
  Obligation,
  PatientCodes,
  RecipientRole,
} from './events.ts';
import { foldFacts } from './facts.ts';
import { foldHistory } from './history.ts';

/** An event with its place in the journal (`StoredEvent` of the journal fits). */
export interface StoredLike {
  readonly position: number;
  readonly event: DischargeEvent;
}

/** When something happened, and the event that says so. */
export interface Moment {
  readonly id: string;
  /** Epoch milliseconds, as every name that ends in `Ms`. */
  readonly atMs: number;
  /** The source knew the date only; `atMs` is then 00.00 local time of it. */
  readonly dateOnly: boolean;
}

/** A fact that opens something, and every id under which it has been told. */
export interface Occasion extends Moment {
  /** Id of the fact that opened it, or what that fact supersedes: it stays when a message is translated again. */
  readonly occasion: string;
  /** Every id it has gone by, superseded ones too: a decision made under any of them is about this. */
  readonly aliases: ReadonlySet<string>;
}

/** From the statement that the patient is discharge-ready until it is withdrawn (1 kap. 3 § 5). */
export interface ReadinessPeriod extends Occasion {
  readonly withdrawn?: Moment;
}

export type Need = Moment & EventData<'need.assessed'>;
export type Services = EventData<'need.assessed'>;
export interface PlanningCall extends Occasion {
  readonly calledBy: EventData<'planning.called'>['calledBy'];
  readonly withdrawn?: Moment;
}
/** The end of a stay; `toHospital` where the patient left it for another hospital, so that inpatient care may go on. */
export interface Discharge extends Moment {
  readonly toHospital?: true;
}
export interface ObservedNotice extends Moment {
  readonly obligation: Obligation;
  readonly role: RecipientRole;
  readonly municipality?: string | undefined;
}
/** What a receiver answered to a notice: its system has it, a person has read it, or the patient is not its resident. */
export interface NoticeAnswer extends Moment {
  readonly deliveryId?: string | undefined;
  readonly obligation?: Obligation | undefined;
  readonly receiver?: string | undefined;
}

export interface Estimate extends Occasion {
  readonly expectedDischarge: string;
}

/** Agreed absence during the stay: the patient is still admitted. */
export interface Leave extends Moment {
  readonly returned?: Moment;
}

/** What happened. The same for any order in which the facts arrived. */
export interface Facts {
  /** The treating region (SCB county code). */
  readonly county?: string;
  readonly hospital?: string;
  readonly admission?: Occasion;
  readonly admissionCancelled?: Moment;
  /** The stay has ended: set only when the last of the linked stays has been discharged. */
  readonly discharge?: Discharge;
  /** A stay that ended in death. Of what is told of one stay's end, the last told holds. */
  readonly deceased?: Moment;
  readonly readiness: readonly ReadinessPeriod[];
  /** Needs as assessed, oldest first; the same need stated again is not repeated. `undefined` services: withdrawn. */
  readonly needs: readonly (Moment & { readonly services: Services | undefined })[];
  /** Estimated discharge as the source states it: a date or an instant, from when it was first stated so. */
  readonly estimate?: Estimate;
  /** The estimate was taken back, and none has been stated since. */
  readonly estimateWithdrawn?: Moment;
  readonly calls: readonly PlanningCall[];
  /** Consent to planning given and refused, oldest first (4 kap. 2 §). */
  readonly consents: readonly (Moment & { readonly given: boolean })[];
  /** Decision on open compulsory care (ÖPT) or open forensic care (ÖRV): 4 kap. 1 § second paragraph. */
  readonly compulsoryCare?: Moment & EventData<'compulsory-care.decided'>;
  /** The court's decision on it: the first that is not older than the decision itself. */
  readonly courtDecision?: Occasion;
  /** Plans established, oldest first. */
  readonly plans: readonly (Moment & EventData<'plan.established'>)[];
  readonly careContacts: readonly Moment[];
  readonly informationTransfers: readonly Moment[];
  /** Whether the patient has opposed the municipality's services, oldest first. */
  readonly opposition: readonly (Moment & { readonly declined: boolean })[];
  /** Whether a plan for the region's outpatient services exists, oldest first. */
  readonly outpatientPlans: readonly (Moment & EventData<'outpatient-care.plan-set'>)[];
  /** When the treatment plan before discharge was first available. */
  readonly treatmentPlan?: Moment;
  /** Leave and return; a leave that was cancelled is none. */
  readonly leaves: readonly Leave[];
  readonly care?: 'somatic' | 'psychiatric';
  readonly availability: readonly (Moment & EventData<'outpatient-care.availability-set'>)[];
  readonly placements: readonly (Moment & { readonly municipality: string })[];
  readonly patient: readonly (Moment & { readonly codes: PatientCodes })[];
  readonly secrecy: ReadonlyMap<Obligation, Moment & { readonly present: boolean }>;
  readonly observed: readonly ObservedNotice[];
  readonly misdirections: readonly NoticeAnswer[];
  /** Received by their system, and acknowledged by a person (kvittens). */
  readonly receptions: readonly NoticeAnswer[];
  readonly acknowledgements: readonly NoticeAnswer[];
  /** Codes of facts that cannot both be true; nothing is billed while there is one. */
  readonly contradictions: readonly string[];
}

export interface NoticeRevision {
  readonly id: string;
  readonly revision: number;
  readonly action: 'issued' | 'corrected' | 'withdrawn';
  readonly municipality?: string;
  readonly outpatientUnit?: string;
  readonly needs?: readonly NeedKind[];
  readonly held: boolean;
  readonly county?: string;
  readonly changes?: string;
  readonly fields?: readonly NoticeField[];
  readonly content: NoticeContent;
  readonly reference: string;
}
export interface Receipt {
  readonly id: string;
  readonly outcome: 'delivered' | 'refused' | 'unresolved';
  readonly noticeId: string;
  readonly municipality?: string;
  readonly receiver: string;
  readonly deliveryId: string;
  /** First attempt to the right address, and completed hand-over (reading A10). */
  readonly firstAttemptAtMs: number;
  readonly deliveredAtMs?: number;
  /** First attempt that failed because of the receiver. */
  readonly receiverFaultAtMs?: number;
  readonly proof: EventData<'notice.delivered'>['proof'];
}
/** One notice by its decision key. */
export interface NoticeHistory {
  readonly key: string;
  readonly obligation: NoticedObligation;
  readonly occasion: string;
  readonly role: RecipientRole;
  readonly revisions: readonly NoticeRevision[];
  readonly receipts: readonly Receipt[];
}
/** One deadline by its decision key, as it stands. */
export interface DeadlineHistory {
  readonly data: DeadlineData;
  /** `reached` and `missed` have passed; a late `met` may still follow. */
  readonly state: 'open' | 'reached' | 'missed' | 'met' | 'cancelled';
  /** When it was met, while it is. */
  readonly metAt?: string;
  /** When a warning was given that it was near, if one was for this time. */
  readonly warnedAt?: string;
  /** How many events of each type there have been: the next one's number. */
  readonly counts: Readonly<Record<'set' | 'met' | 'missed' | 'cancelled', number>>;
}
/** The latest decision on liability for one readiness period. */
export interface LiabilityHistory {
  readonly key: string;
  readonly occasion: string;
  readonly revision: number;
  readonly state: 'running' | 'ended' | 'withheld' | 'revoked';
  readonly reason: string;
  readonly status?: 'unmet' | 'unknown';
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** What was decided, in the order it was written. Keys are decision keys. */
export interface History {
  /** Reminders by the delivery they are of: the id of the event. */
  readonly reminders: ReadonlyMap<string, string>;
  readonly notices: ReadonlyMap<string, NoticeHistory>;
  readonly deadlines: ReadonlyMap<string, DeadlineHistory>;
  readonly liability: ReadonlyMap<string, LiabilityHistory>;
  readonly careDays: ReadonlyMap<string, CareDaysData>;
  /** Stays of the same patient that overlap one of this process and do not continue it. */
  readonly overlaps: ReadonlySet<string>;
}

export interface DischargeProcess extends Facts {
  readonly processId: string;
  readonly history: History;
}

/**
 * Folds the events of all linked stays into one process. Pure.
 *
 * @param events in any order; facts sort by occurredAt, rank of type, sentAt, id, and decisions by position
 * @param processId random key of the process; part of every decision key
 */
export function fold(events: readonly StoredLike[], processId = ''): DischargeProcess {
  const facts = foldFacts(events);
  const history = foldHistory(events);
  // Which of two overlapping stays is true, if one is, nobody has said.
  const contradictions =
    history.overlaps.size > 0
      ? [...facts.contradictions, 'OVERLAPPING_STAYS'].sort()
      : facts.contradictions;
  return { processId, ...facts, contradictions, history };
}

/** The end of the stay: discharge or death, whichever came first. */
export function endOf(facts: Facts): Moment | undefined {
  const { discharge, deceased } = facts;
  if (discharge === undefined || deceased === undefined) return discharge ?? deceased;
  return deceased.atMs < discharge.atMs ? deceased : discharge;
}

/** The services needed now, or when the stay ended; undefined when none was assessed or the need was withdrawn. */
export function currentNeed(facts: Facts): Need | undefined {
  const last = inForce(facts.needs, endOf(facts)?.atMs ?? Infinity);
  return last?.services === undefined ? undefined : { ...last, ...last.services };
}

/** The person's codes in force at an instant (ms), or the first known where that is later. */
export function patientAt(facts: Facts, atMs: number): PatientCodes | undefined {
  return inForce(facts.patient, atMs)?.codes ?? facts.patient[0]?.codes;
}

/** The last entry of a history, oldest first, that is not later than an instant (ms). */
export function inForce<T extends Moment>(history: readonly T[], atMs: number): T | undefined {
  return history.findLast((entry) => entry.atMs <= atMs);
}

/** The readiness that stands: neither withdrawn nor followed by another. */
export function currentReadiness(facts: Facts): ReadinessPeriod | undefined {
  const last = facts.readiness.at(-1);
  return last?.withdrawn === undefined ? last : undefined;
}
