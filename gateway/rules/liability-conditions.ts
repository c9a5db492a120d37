/** 5 kap. 2-4 §§: what liability presupposes, as findings of the earlier chapters, and the date it would arise. */
import type { Temporal } from 'temporal-polyfill';
import type { Origin, Parameters } from '../../profiles/index.ts';
import type { DischargeProcess, Need, ReadinessPeriod } from '../process/state.ts';
import { admissionNoticeTo } from './admission-notice.ts';
import { readyNoticeTo } from './discharge-ready-notice.ts';
import { isAfterClockTime, localDateOf, localDateText } from './legal-days.ts';
import { payerRecipients } from './parties.ts';
import type { Parties } from './parties.ts';
import { LawOn } from './rule.ts';
import type { Finding, Status } from './rule.ts';
import type { Reason } from './reasons.ts';

/** One prerequisite; `since` moves the start of liability only where it was met late. */
export interface Condition {
  readonly status: Status;
  readonly reason: Reason;
  readonly since?: Temporal.Instant;
  readonly because: readonly string[];
  readonly sentence?: Finding['sentence'];
}

/**
 * The prerequisites in the order of the statute: who pays (5:2), both notices (5:3 first paragraph), the call to
 * planning (5:3 second paragraph).
 */
export function prerequisitesOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parties: Parties,
  parameters: Parameters,
  now: Temporal.Instant,
  planning: Finding | undefined,
): readonly Condition[] {
  const conditions: Condition[] = [];
  const add = (status: Status, reason: Reason): void => {
    conditions.push({ status, reason, because: [period.id] });
  };
  if (process.contradictions.length > 0) add('unknown', 'CONTRADICTORY');
  if (parties.payer === undefined) add('unknown', 'MUNICIPALITY_UNKNOWN');
  if (process.county === undefined) add('unknown', 'COUNTY_UNKNOWN');
  const identity = identityReason(parties.numberKind);
  if (identity !== undefined) add('unmet', identity);
  for (const recipient of payerRecipients(need, parties)) {
    conditions.push(admissionNoticeTo(process, recipient, parameters, now));
    conditions.push(readyNoticeTo(process, period, recipient, parameters));
  }
  if (planning !== undefined && planning.status !== 'not-applicable') conditions.push(planning);
  return conditions;
}

/** 2 kap. 2 § asks for the personal identity number, 5 kap. 2 § for registration (reading A35). */
function identityReason(numberKind: string): Reason | undefined {
  switch (numberKind) {
    case 'personnummer':
      return undefined;
    case 'samordningsnummer':
    case 'LMA-nummer':
      return 'NOT_CIVIL_REGISTERED';
    default:
      return 'RESERVE_NUMBER';
  }
}

export interface Notification {
  /** The date of 5 kap. 4 §, by the instant that counts as sent. */
  readonly liabilityDate: Temporal.PlainDate;
  /** The date by the other instant of reading A10; the same unless the receiver's fault moved it. */
  readonly otherwise: Temporal.PlainDate;
  readonly parameters: readonly Origin[];
}

/** When liability would arise: days counted from the sending to the last of the payer's units. */
export function notificationReading(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parties: Parties,
  parameters: Parameters,
): Notification | undefined {
  const notices = payerRecipients(need, parties).map((recipient) =>
    readyNoticeTo(process, period, recipient, parameters),
  );
  let counted: Temporal.Instant | undefined;
  let handedOver: Temporal.Instant | undefined;
  for (const { since, sent } of notices) {
    if (since === undefined || sent === undefined) return undefined;
    const other = sent.receiverFault ? sent.handedOverAt : since;
    if (counted === undefined || isLater(since, counted)) counted = since;
    if (handedOver === undefined || isLater(other, handedOver)) handedOver = other;
  }
  if (counted === undefined || handedOver === undefined) return undefined;
  const law = new LawOn(parameters, localDateText(counted));
  return {
    liabilityDate: liabilityDateOf(counted, law),
    otherwise: liabilityDateOf(handedOver, law),
    parameters: law.origins,
  };
}

const isLater = (left: Temporal.Instant, right: Temporal.Instant): boolean =>
  left.epochMilliseconds > right.epochMilliseconds;

/** 5 kap. 4 §: whole calendar days from the day of sending; one more where it was sent late in the day. */
function liabilityDateOf(sentAt: Temporal.Instant, law: LawOn): Temporal.PlainDate {
  const isLate = isAfterClockTime(sentAt, law.text('payment-liability.lateInTheDay'));
  const days = isLate ? 'daysAfterLateNotification' : 'daysAfterNotification';
  return localDateOf(sentAt).add({ days: law.number(`payment-liability.${days}`) });
}
