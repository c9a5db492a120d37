/** Who is concerned: care recipients and payer are separate (5 kap. 2 §; reading A20). */
import type { Obligation, RecipientRole } from '../../process/events.ts';
import { inForce, patientAt } from '../../process/state.ts';
import type {
  DischargeProcess,
  Moment,
  NoticeAnswer,
  ReadinessPeriod,
  Receipt,
  Services,
} from '../../process/state.ts';
import { endOfDayMs, localDateOf } from '../legal-days.ts';

export interface Parties {
  /** Municipality of civil registration: its units get the notices. */
  readonly registration: string | undefined;
  /** The placing municipality where there is one, else that of registration. */
  readonly payer: string | undefined;
  readonly numberKind: string;
  /** Of the region, by its HSA-id, where it was told which. */
  readonly outpatientUnit: string | undefined;
  /** Sent nowhere by itself. */
  readonly isProtected: boolean;
}

/**
 * The parties on the day the municipality was notified of readiness, or by the latest facts while it was not.
 * @param period the readiness period concerned; undefined before there is one
 */
export function partiesOf(
  process: DischargeProcess,
  period: ReadinessPeriod | undefined = process.readiness.at(-1),
): Parties {
  const notifiedMs = period === undefined ? Infinity : notifiedAtMs(process, period);
  const registration = patientAt(process, notifiedMs)?.municipality;
  const placed = inForce(process.placements, notifiedMs)?.municipality;
  const latest = process.patient.at(-1)?.codes;
  return {
    registration,
    payer: placed ?? registration,
    numberKind: latest?.numberKind ?? 'none',
    outpatientUnit: latest?.outpatientUnit,
    isProtected: (latest?.protection ?? 'none') !== 'none',
  };
}

/** 3 kap. 1 §: the ordinary notification, and that of the decision on open compulsory care. */
const notifies = new Set<Obligation>(['discharge-ready-notice', 'compulsory-care-notice']);

/** When a municipal unit was first notified of this readiness, misdirected notices left out; Infinity before that. */
export function notifiedAtMs(process: DischargeProcess, period: ReadinessPeriod): number {
  let firstMs = Infinity;
  for (const notice of process.history.notices.values()) {
    if (notice.role === 'region-outpatient') continue;
    const isOfDecision = notice.obligation === 'compulsory-care-notice';
    if (
      !isOfDecision &&
      (notice.obligation !== 'discharge-ready-notice' || !period.aliases.has(notice.occasion))
    ) {
      continue;
    }
    for (const receipt of notice.receipts) {
      if (receipt.outcome !== 'delivered' || receipt.deliveredAtMs === undefined) continue;
      if (isOfDecision && !isWithin(period, receipt.deliveredAtMs)) continue;
      if (isMisdirected(process, notice.obligation, receipt)) continue;
      firstMs = Math.min(firstMs, receipt.deliveredAtMs);
    }
  }
  for (const seen of process.observed) {
    if (seen.role === 'region-outpatient' || !notifies.has(seen.obligation)) continue;
    if (isWithin(period, seen.atMs)) {
      firstMs = Math.min(firstMs, seen.atMs);
    }
  }
  return firstMs;
}

/** Whether something happened while a readiness stood. */
export function isWithin(period: ReadinessPeriod, atMs: number): boolean {
  const withdrawnMs = period.withdrawn?.atMs ?? Infinity;
  return period.atMs <= atMs && atMs < withdrawnMs;
}

/** Whether the receiver of a delivery answered that the patient is not its resident. */
export function isMisdirected(
  process: DischargeProcess,
  obligation: Obligation,
  receipt: DeliveryTold,
): boolean {
  return process.misdirections.some((answer) => isAnswerTo(answer, obligation, receipt));
}

type DeliveryTold = Pick<Receipt, 'deliveryId' | 'receiver' | 'firstAttemptAtMs'>;

/** Whether an answer is to this delivery: by its id, or else by what was sent to that receiver before it. */
export function isAnswerTo(
  answer: NoticeAnswer,
  obligation: Obligation,
  { deliveryId, receiver, firstAttemptAtMs }: DeliveryTold,
): boolean {
  if (answer.deliveryId !== undefined) return answer.deliveryId === deliveryId;
  return (
    (answer.obligation ?? obligation) === obligation &&
    (answer.receiver ?? receiver) === receiver &&
    firstAttemptAtMs <= lastMsOf(answer)
  );
}

/** What is known by its date only may have come at any time of it. */
const lastMsOf = ({ atMs, dateOnly }: Moment): number =>
  dateOnly ? endOfDayMs(localDateOf(atMs)) : atMs;

export interface Recipient {
  readonly role: RecipientRole;
  /** Absent for the region's own unit, and where it is unknown. */
  readonly municipality: string | undefined;
  /** Which unit of the region's, where it was told. */
  readonly outpatientUnit?: string | undefined;
}

/**
 * The concerned units, by role (2 kap. 1 §): regional outpatient care always where municipal health care is needed,
 * and the payer apart from them where it is another municipality.
 */
export function recipientsOf(need: Services, parties: Parties): readonly Recipient[] {
  const { registration, payer, outpatientUnit } = parties;
  const roles: Recipient[] = [];
  if (payer !== registration && needsRole(need, 'payer-municipality')) {
    roles.push({ role: 'payer-municipality', municipality: payer });
  }
  for (const role of ['social-services', 'municipal-health-care'] as const) {
    if (needsRole(need, role)) roles.push({ role, municipality: registration });
  }
  if (needsRole(need, 'region-outpatient')) {
    roles.push({ role: 'region-outpatient', municipality: undefined, outpatientUnit });
  }
  return roles;
}

/** Whether a need of services concerns a role. */
export function needsRole(need: Services, role: RecipientRole): boolean {
  if (role === 'social-services') return need.socialServices;
  if (role === 'municipal-health-care') return need.municipalHealthCare;
  const isMunicipal = need.socialServices || need.municipalHealthCare;
  return role === 'payer-municipality'
    ? isMunicipal
    : need.regionOutpatient || need.municipalHealthCare;
}

/** The recipients whose notification 5 kap. 3 § asks for: the payer's own. */
export function payerRecipients(need: Services, parties: Parties): readonly Recipient[] {
  const municipal = recipientsOf(need, parties).filter(({ role }) => role !== 'region-outpatient');
  const separate = municipal.filter(({ role }) => role === 'payer-municipality');
  return separate.length > 0 ? separate : municipal;
}
