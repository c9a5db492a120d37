/** 3 kap. 1 §: the notification that the patient is discharge-ready. */
import type { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import type { NoticeContent } from '../process/events.ts';
import { currentNeed, currentReadiness, endOf } from '../process/state.ts';
import type { DischargeProcess, Need, ReadinessPeriod } from '../process/state.ts';
import { localDateText, localTimeText } from './legal-days.ts';
import { noticeWant } from './notice-content.ts';
import { partiesOf, recipientsOf } from './parties.ts';
import type { Parties, Recipient } from './parties.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule } from './rule.ts';
import { sendingOf, unsentStatus } from './sending.ts';

const id = 'discharge-ready-notice';
const reference = '3 kap. 1 § lag (2017:612)';

export const dischargeReadyNotice: Rule = {
  id,
  reference,
  assess(process, parameters) {
    const need = currentNeed(process);
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    if (process.readiness.length === 0) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'NOT_READY')];
    }
    return process.readiness.flatMap((period) => {
      const about = { occasion: period.occasion, because: [period.id] };
      if (need === undefined) {
        return [finding(dischargeReadyNotice, 'unknown', 'NEED_NOT_ASSESSED', about)];
      }
      return assessPeriod(process, period, need, parameters);
    });
  },
};

function assessPeriod(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parameters: Parameters,
): readonly Finding[] {
  const parties = partiesOf(process, period);
  const isOpen = endOf(process) === undefined && !isHindered(process);
  return recipientsOf(need, parties).map((recipient) => {
    const assessed = readyNoticeTo(process, period, recipient, parameters);
    if (period !== currentReadiness(process)) return assessed;
    const want = noticeWant(process, parties, {
      obligation: 'discharge-ready-notice',
      about: period,
      recipient,
      content: contentOf(process, period, parties, need),
      reference,
      mayIssue: isOpen,
      mayCorrect: isOpen,
    });
    return { ...assessed, wants: [want] };
  });
}

/** Whether and when one recipient was notified of one readiness. Also asked by 4 kap. 3 § and 5 kap. 3-4 §§. */
export function readyNoticeTo(
  process: DischargeProcess,
  period: ReadinessPeriod,
  recipient: Recipient,
  parameters: Parameters,
): Finding {
  const { role, municipality } = recipient;
  const about = { occasion: period.occasion, role, municipality };
  const rule = dischargeReadyNotice;
  const sending = sendingOf(process, {
    obligation: 'discharge-ready-notice',
    about: period,
    recipient,
  });
  const because = [period.id, ...sending.because];
  if (sending.state === 'sent') {
    const law = new LawOn(parameters, localDateText(sending.times.handedOverAt));
    const since = sentInstant(sending.times, law.text(`${id}.sentInstant`));
    return finding(rule, 'met', 'NOTICE_SENT', {
      ...about,
      since,
      sent: sending.times,
      because,
      parameters: law.origins,
      fill: { sent: localTimeText(since) },
    });
  }
  if (isHindered(process)) {
    return finding(rule, 'unmet', 'SECRECY_OBSTACLE', { ...about, because });
  }
  if (role !== 'region-outpatient' && municipality === undefined) {
    return finding(rule, 'unknown', 'MUNICIPALITY_UNKNOWN', { ...about, because });
  }
  // Every ready notice is whole: the statute prescribes no content beyond the assessment.
  const state = sending.state === 'incomplete' ? 'under-way' : sending.state;
  const [status, reason] = unsentStatus[state];
  return finding(rule, status, reason, { ...about, because });
}

/** Which of the two instants of reading A10 counts as sent for 5 kap. 4 §. */
function sentInstant(
  { attemptAt, handedOverAt, receiverFault }: NonNullable<Finding['sent']>,
  reading: string,
): Temporal.Instant {
  if (reading === 'attempt') return attemptAt;
  return reading === 'hand-over-unless-receiver-fault' && receiverFault ? attemptAt : handedOverAt;
}

function isHindered(process: DischargeProcess): boolean {
  return process.secrecy.get('discharge-ready-notice')?.present === true;
}

function contentOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  parties: Parties,
  need: Need,
): NoticeContent {
  const ready = period.dateOnly
    ? {}
    : { dischargeReadyAt: new Date(period.at.epochMilliseconds).toISOString() };
  if (parties.isProtected) return ready;
  const { socialServices, municipalHealthCare, regionOutpatient } = need;
  return {
    ...ready,
    ...(process.hospital !== undefined && { hospital: process.hospital }),
    services: { socialServices, municipalHealthCare, regionOutpatient },
  };
}
