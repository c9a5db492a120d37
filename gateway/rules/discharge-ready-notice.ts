/** 3 kap. 1 §: the notification that the patient is discharge-ready. */
import type { Parameters } from '../../profiles/index.ts';
import type { NoticeContent } from '../process/events.ts';
import { currentNeed, currentReadiness, endOf } from '../process/state.ts';
import type { DischargeProcess, Need, ReadinessPeriod } from '../process/state.ts';
import { isoOf, localDateOf, localTimeText } from './legal-days.ts';
import { needRuns } from './needs.ts';
import type { NeedRun } from './needs.ts';
import { noticeWant } from './notice-content.ts';
import { partiesOf, recipientsOf } from './parties.ts';
import type { Parties, Recipient } from './parties.ts';
import { subjectOf } from './phrases.ts';
import type { Phrase } from './reasons.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule } from './rule.ts';
import { sendingOf, unsentStatus } from './sending.ts';

const id = 'discharge-ready-notice';
const reference = '3 kap. 1 § lag (2017:612)';

export const dischargeReadyNotice: Rule = {
  id,
  reference,
  assess(process, parameters) {
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    if (process.readiness.length === 0) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'NOT_READY')];
    }
    return process.readiness.flatMap((period) => {
      const isCurrent = period === currentReadiness(process);
      // Who is told now is who is needed now; who was told of what is past is not undone by what is needed today.
      const need = isCurrent ? currentNeed(process) : needRuns(process, period).at(-1)?.need;
      if (need !== undefined) return assessPeriod(process, period, need, parameters, isCurrent);
      const about = { occasion: period.occasion, because: [period.id] };
      return process.needs.length === 0
        ? [finding(dischargeReadyNotice, 'unknown', 'NEED_NOT_ASSESSED', about)]
        : [finding(dischargeReadyNotice, 'not-applicable', 'NO_NEED_NOW', about)];
    });
  },
};

function assessPeriod(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parameters: Parameters,
  isCurrent: boolean,
): readonly Finding[] {
  const parties = partiesOf(process, period);
  const isOpen = endOf(process) === undefined && !isHindered(process);
  return recipientsOf(need, parties).map((recipient) => {
    const assessed = readyNoticeTo(process, period, recipient, parameters);
    if (!isCurrent || (isHindered(process) && isUnsent(process, period, recipient)))
      return assessed;
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

/** Nothing is known to have gone out: an obstacle of secrecy can still stop it. */
function isUnsent(
  process: DischargeProcess,
  period: ReadinessPeriod,
  recipient: Recipient,
): boolean {
  const question = { obligation: 'discharge-ready-notice', about: period, recipient } as const;
  return ['none', 'under-way', 'held'].includes(sendingOf(process, question).state);
}

/**
 * Whether and when one recipient was notified of one readiness. Also asked by 4 kap. 3 § and 5 kap. 3-4 §§.
 * @param run the need it was notified for, where that matters
 */
export function readyNoticeTo(
  process: DischargeProcess,
  period: ReadinessPeriod,
  recipient: Recipient,
  parameters: Parameters,
  run?: NeedRun,
): Finding {
  const { role, municipality } = recipient;
  const about = { occasion: period.occasion, role, municipality };
  const rule = dischargeReadyNotice;
  const sending = sendingOf(process, {
    obligation: 'discharge-ready-notice',
    about: period,
    recipient,
    isRenewed: run?.since !== undefined,
  });
  const because = [period.id, ...sending.because];
  const subject = (): Phrase => subjectOf('discharge-ready-notice', role);
  const obstacle = isHindered(process) ? process.secrecy.get('discharge-ready-notice') : undefined;
  const obstacleMs = obstacle?.atMs ?? Infinity;
  if (sending.state === 'sent' && sending.times.handedOverAtMs < obstacleMs) {
    const law = new LawOn(parameters, localDateOf(sending.times.handedOverAtMs));
    const sinceMs = sentInstantMs(sending.times, law.text(`${id}.sentInstant`));
    return finding(rule, 'met', 'NOTICE_SENT', {
      ...about,
      sinceMs,
      sent: sending.times,
      because,
      parameters: law.origins,
      fill: () => ({ subject: subject(), sent: localTimeText(sinceMs) }),
    });
  }
  if (obstacle !== undefined) {
    return finding(rule, 'unmet', 'SECRECY_OBSTACLE', { ...about, because });
  }
  if (role !== 'region-outpatient' && municipality === undefined) {
    return finding(rule, 'unknown', 'MUNICIPALITY_UNKNOWN', { ...about, because });
  }
  // Every ready notice is whole: the statute prescribes no content beyond the assessment.
  const isOther = sending.state === 'incomplete' || sending.state === 'sent';
  const [status, reason] = unsentStatus[isOther ? 'under-way' : sending.state];
  return finding(rule, status, reason, { ...about, because, fill: () => ({ subject: subject() }) });
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

function isHindered(process: DischargeProcess): boolean {
  return process.secrecy.get('discharge-ready-notice')?.present === true;
}

function contentOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  parties: Parties,
  need: Need,
): NoticeContent {
  const ready = period.dateOnly ? {} : { dischargeReadyAt: isoOf(period.atMs) };
  if (parties.isProtected) return ready;
  const { socialServices, municipalHealthCare, regionOutpatient } = need;
  return {
    ...ready,
    ...(process.hospital !== undefined && { hospital: process.hospital }),
    services: { socialServices, municipalHealthCare, regionOutpatient },
  };
}
