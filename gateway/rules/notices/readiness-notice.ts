/** 3 kap. 1 §: whether one unit was notified of a readiness, by either of the two notifications there are. */
import type { Parameters } from '../../../profiles/index.ts';
import type { Obligation } from '../../process/events.ts';
import type { DischargeProcess, Occasion, ReadinessPeriod } from '../../process/state.ts';
import { localDateOf, localTimeText } from '../legal-days.ts';
import type { NeedRun } from '../liability/needs.ts';
import { periodEnd } from '../liability/needs.ts';
import { isWithin } from './parties.ts';
import type { Recipient } from './parties.ts';
import { subjectOf } from '../sentences/phrases.ts';
import type { Phrase } from '../sentences/reasons.ts';
import { remembered } from '../remembered.ts';
import { LawOn, finding } from '../rule.ts';
import type { Finding } from '../rule.ts';
import { sendingOf, unsentStatus } from './sending.ts';
import type { Sending } from './sending.ts';

const id = 'discharge-ready-notice';
const rule = { id, reference: '3 kap. 1 § lag (2017:612)' };
const ofOpenCare = { id, reference: '3 kap. 1 § andra stycket lag (2017:612)' };

/**
 * Whether and when one recipient was notified of one readiness by the ordinary notification. Also asked by 4 kap. 3 §.
 * @param run the need it was notified for, where that matters
 */
export function readyNoticeTo(
  process: DischargeProcess,
  period: ReadinessPeriod,
  recipient: Recipient,
  parameters: Parameters,
  run?: NeedRun,
): Finding {
  const isRenewed = run?.since !== undefined;
  const key = `${period.occasion}|${recipient.role}|${recipient.municipality}|${isRenewed}`;
  return ordinaryNotice(process, parameters, key, () => {
    const obligation = 'discharge-ready-notice';
    const sending = sendingOf(process, { obligation, about: period, recipient, isRenewed });
    const about = { rule, obligation, about: period } as const;
    return findingOf(process, sending, recipient, parameters, about);
  });
}

const ordinaryNotice = remembered<Finding>();

/** Whether and when one recipient was notified of the decision on open compulsory care (LPT 7 a §). */
export function openCareNoticeTo(
  process: DischargeProcess,
  recipient: Recipient,
  parameters: Parameters,
): Finding {
  return findingOf(process, openCareSending(process, recipient), recipient, parameters, {
    rule: ofOpenCare,
    obligation: 'compulsory-care-notice',
    about: process.courtDecision,
  });
}

/**
 * The notification that 5 kap. 3-4 §§ go by: where the patient goes over to open compulsory care that of the decision on
 * it, else the ordinary one. A decision notified before the assessment of readiness does not tell of it, so the ordinary
 * notification counts there too.
 * @param run the need it was notified for
 */
export function countedNoticeTo(
  process: DischargeProcess,
  period: ReadinessPeriod,
  recipient: Recipient,
  parameters: Parameters,
  run: NeedRun,
): Finding {
  const ordinary = (): Finding => readyNoticeTo(process, period, recipient, parameters, run);
  if (!isNotifiedByDecision(process, period, parameters)) return ordinary();
  const sending = openCareSending(process, recipient);
  const handedOverMs = sending.state === 'sent' ? sending.times.handedOverAtMs : undefined;
  if (handedOverMs !== undefined && handedOverMs < period.atMs) return ordinary();
  const isOfAnother = handedOverMs !== undefined && !isWithin(period, handedOverMs);
  const counted: Sending = isOfAnother ? { state: 'none', because: sending.because } : sending;
  const found = findingOf(process, counted, recipient, parameters, {
    rule: ofOpenCare,
    obligation: 'compulsory-care-notice',
    about: process.courtDecision,
  });
  return { ...found, occasion: period.occasion };
}

/** The decision on open care, where it was made before a period of readiness ended. */
export function openCareIn(
  process: DischargeProcess,
  period: ReadinessPeriod,
): DischargeProcess['compulsoryCare'] {
  const { compulsoryCare } = process;
  const endMs = periodEnd(process, period)?.atMs ?? Infinity;
  return compulsoryCare !== undefined && compulsoryCare.atMs < endMs ? compulsoryCare : undefined;
}

/** 3 kap. 1 § second paragraph names the decision on open compulsory care; of forensic care it says nothing (A38). */
function isNotifiedByDecision(
  process: DischargeProcess,
  period: ReadinessPeriod,
  parameters: Parameters,
): boolean {
  const decided = openCareIn(process, period);
  if (decided?.care !== 'open-forensic-care') return decided !== undefined;
  const law = new LawOn(parameters, localDateOf(period.atMs));
  return law.text(`${id}.forensicCareNotice`) === 'alike';
}

const undecided: Occasion = { id: '', occasion: '', atMs: 0, dateOnly: false, aliases: new Set() };

function openCareSending(process: DischargeProcess, recipient: Recipient): Sending {
  const about = process.courtDecision ?? undecided;
  return sendingOf(process, { obligation: 'compulsory-care-notice', about, recipient });
}

interface About {
  readonly rule: { readonly id: string; readonly reference: string };
  readonly obligation: 'discharge-ready-notice' | 'compulsory-care-notice';
  readonly about: Occasion | undefined;
}

function findingOf(
  process: DischargeProcess,
  sending: Sending,
  { role, municipality }: Recipient,
  parameters: Parameters,
  { rule: found, obligation, about: occasion }: About,
): Finding {
  const about = { occasion: occasion?.occasion, role, municipality };
  const because = [...(occasion === undefined ? [] : [occasion.id]), ...sending.because];
  const subject = (): Phrase => subjectOf(obligation, role);
  const obstacle = isHindered(process, obligation) ? process.secrecy.get(obligation) : undefined;
  const obstacleMs = obstacle?.atMs ?? Infinity;
  if (sending.state === 'sent' && sending.times.handedOverAtMs < obstacleMs) {
    const law = new LawOn(parameters, localDateOf(sending.times.handedOverAtMs));
    const sinceMs = sentInstantMs(sending.times, law.text(`${id}.sentInstant`));
    return finding(found, 'met', 'NOTICE_SENT', {
      ...about,
      sinceMs,
      sent: sending.times,
      because,
      parameters: law.origins,
      fill: () => ({ subject: subject(), sent: localTimeText(sinceMs) }),
    });
  }
  if (obstacle !== undefined) {
    return finding(found, 'unmet', 'SECRECY_OBSTACLE', { ...about, because });
  }
  if (role !== 'region-outpatient' && municipality === undefined) {
    return finding(found, 'unknown', 'MUNICIPALITY_UNKNOWN', { ...about, because });
  }
  // Every such notice is whole: the statute prescribes no content beyond the assessment.
  const isOther = sending.state === 'incomplete' || sending.state === 'sent';
  const [status, reason] = unsentStatus[isOther ? 'under-way' : sending.state];
  return finding(found, status, reason, {
    ...about,
    because,
    fill: () => ({ subject: subject() }),
  });
}

/** Which of the two instants of reading A10 counts as sent for 5 kap. 4 §. */
function sentInstantMs(
  { attemptAtMs, handedOverAtMs, receiverFaultAtMs }: NonNullable<Finding['sent']>,
  reading: string,
): number {
  if (reading === 'attempt') return attemptAtMs;
  const isExcused = reading === 'hand-over-unless-receiver-fault';
  return (isExcused ? receiverFaultAtMs : undefined) ?? handedOverAtMs;
}

/** Whether secrecy stands in the way of a notification. */
export function isHindered(process: DischargeProcess, obligation: Obligation): boolean {
  return process.secrecy.get(obligation)?.present === true;
}
