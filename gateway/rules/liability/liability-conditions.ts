/** 5 kap. 2-4 §§: what liability presupposes, as findings of the earlier chapters, and the date it would arise. */
import type { Origin, Parameters } from '../../../profiles/index.ts';
import type { NoticeContent } from '../../process/events.ts';
import type { DischargeProcess, ReadinessPeriod } from '../../process/state.ts';
import { admissionNoticeTo } from '../admission-notice.ts';
import { addDays, isAfterClockTime, localDateOf } from '../legal-days.ts';
import type { LocalDate } from '../legal-days.ts';
import type { NeedRun } from './needs.ts';
import { payerRecipients } from '../notices/parties.ts';
import type { Parties, Recipient } from '../notices/parties.ts';
import { countedNoticeTo } from '../notices/readiness-notice.ts';
import { LawOn } from '../rule.ts';
import type { Finding, Status } from '../rule.ts';
import type { Reason } from '../sentences/reasons.ts';
import { sendingOf } from '../notices/sending.ts';

/** One prerequisite; `sinceMs` moves the start of liability only where it was met late. */
export interface Condition {
  /** The stem that found it, where one did. */
  readonly rule?: string;
  readonly status: Status;
  readonly reason: Reason;
  readonly sinceMs?: number | undefined;
  readonly because: readonly string[];
  readonly sentence?: Finding['sentence'];
}

/**
 * The prerequisites in the order of the statute: who pays (5:2) and both notices (5:3 first paragraph). The call to
 * planning (5:3 second paragraph) is asked for apart.
 */
export function prerequisitesOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parties: Parties,
  parameters: Parameters,
  nowMs: number,
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
  for (const recipient of payerRecipients(run.need, parties)) {
    conditions.push(admissionNoticeTo(process, recipient, parameters, nowMs));
    conditions.push(...numberTold(process, recipient, parameters));
    conditions.push(countedNoticeTo(process, period, recipient, parameters, run));
  }
  const { since } = run;
  if (since !== undefined) {
    conditions.push({
      status: 'met',
      reason: 'NEED_RESTATED',
      sinceMs: since.atMs,
      because: [since.id],
    });
  }
  return conditions;
}

/**
 * Where the first admission notice lacked the personal identity number, the prerequisite is met when one that has it was
 * handed over (readings A35, A42).
 */
function numberTold(
  process: DischargeProcess,
  recipient: Recipient,
  parameters: Parameters,
): readonly Condition[] {
  const { admission } = process;
  if (admission === undefined) return [];
  const law = new LawOn(parameters, localDateOf(admission.atMs));
  if (law.text('admission-notice.incompleteAdmissionNotice') !== 'bars') return [];
  const question = { obligation: 'admission-notice', about: admission, recipient } as const;
  const first = sendingOf(process, question);
  const whole = sendingOf(process, { ...question, complete: namesByPersonnummer });
  if (first.state !== 'sent') return [];
  if (whole.state !== 'sent') {
    return [{ status: 'pending', reason: 'NUMBER_NOT_TOLD', because: first.because }];
  }
  if (whole.because[0] === first.because[0]) return [];
  const { because, times } = whole;
  return [{ status: 'met', reason: 'NUMBER_TOLD', sinceMs: times.handedOverAtMs, because }];
}

const namesByPersonnummer = ({ numberKind }: NoticeContent): boolean =>
  numberKind === undefined || numberKind === 'personnummer';

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
  /** The instant that counts as sent (reading A10), and the completed hand-over. */
  readonly sentAtMs: number;
  readonly handedOverAtMs: number;
  /** The date of 5 kap. 4 §, by the instant that counts as sent. */
  readonly liabilityDate: LocalDate;
  /** The date by the other instant of reading A10; the same unless the receiver's fault moved it. */
  readonly otherwise: LocalDate;
  /** The figures it was counted by. */
  readonly isLate: boolean;
  readonly limit: string;
  readonly days: number;
  readonly parameters: readonly Origin[];
}

/** When liability would arise: days counted from the sending to the last of the payer's units. */
export function notificationReading(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parties: Parties,
  parameters: Parameters,
): Notification | undefined {
  const notified = notifiedTimes(process, period, run, parties, parameters);
  if (notified === undefined) return undefined;
  const { sentAtMs, handedOverAtMs } = notified;
  const law = new LawOn(parameters, localDateOf(sentAtMs));
  const { date, ...figures } = liabilityDateOf(sentAtMs, law);
  return {
    ...figures,
    ...notified,
    liabilityDate: date,
    otherwise: liabilityDateOf(handedOverAtMs, law).date,
    parameters: law.origins,
  };
}

/** When the last of the payer's units was notified, by both instants of reading A10; undefined before that. */
export function notifiedTimes(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parties: Parties,
  parameters: Parameters,
): Pick<Notification, 'sentAtMs' | 'handedOverAtMs'> | undefined {
  const notices = payerRecipients(run.need, parties).map((recipient) =>
    countedNoticeTo(process, period, recipient, parameters, run),
  );
  let sentAtMs: number | undefined;
  let handedOverAtMs: number | undefined;
  for (const { sinceMs, sent } of notices) {
    if (sinceMs === undefined || sent === undefined) return undefined;
    const otherMs = sent.receiverFaultAtMs === undefined ? sinceMs : sent.handedOverAtMs;
    sentAtMs = Math.max(sentAtMs ?? sinceMs, sinceMs);
    handedOverAtMs = Math.max(handedOverAtMs ?? otherMs, otherMs);
  }
  if (sentAtMs === undefined || handedOverAtMs === undefined) return undefined;
  return { sentAtMs, handedOverAtMs };
}

/** 5 kap. 4 §: whole calendar days from the day of sending; one more where it was sent late in the day. */
function liabilityDateOf(
  sentAtMs: number,
  law: LawOn,
): Pick<Notification, 'isLate' | 'limit' | 'days'> & { readonly date: LocalDate } {
  const limit = law.text('payment-liability.lateInTheDay');
  const isLate = isAfterClockTime(sentAtMs, limit);
  const figure = isLate ? 'daysAfterLateNotification' : 'daysAfterNotification';
  const days = law.number(`payment-liability.${figure}`);
  return { date: addDays(localDateOf(sentAtMs), days), isLate, limit, days };
}
