/** 3 kap. 1 §: the notification that the patient is discharge-ready, and of the decision on open compulsory care. */
import type { Parameters } from '../../profiles/index.ts';
import { isBefore } from '../process/admission.ts';
import type { NoticeContent, Obligation, RecipientRole } from '../process/events.ts';
import { currentNeed, currentReadiness, endOf } from '../process/state.ts';
import type { DischargeProcess, Need, Occasion, ReadinessPeriod } from '../process/state.ts';
import { hourMs, isoOf, localDateOf } from './legal-days.ts';
import { needRuns } from './liability/needs.ts';
import { noticeWant } from './notices/notice-content.ts';
import { needsRole, partiesOf, recipientsOf } from './notices/parties.ts';
import type { Parties, Recipient } from './notices/parties.ts';
import { isHindered, openCareNoticeTo, readyNoticeTo } from './notices/readiness-notice.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Want } from './rule.ts';
import { sendingOf } from './notices/sending.ts';

const id = 'discharge-ready-notice';
const reference = '3 kap. 1 § lag (2017:612)';

export const dischargeReadyNotice: Rule = {
  id,
  reference,
  assess(process, parameters) {
    if (process.admission === undefined && process.admissionCancelled !== undefined) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'ADMISSION_CANCELLED')];
    }
    const ofOpenCare = assessOpenCare(process, parameters);
    if (process.readiness.length === 0) {
      return [finding(dischargeReadyNotice, 'not-applicable', 'NOT_READY'), ...ofOpenCare];
    }
    const ofReadiness = process.readiness.flatMap((period) => {
      const isCurrent = period === currentReadiness(process);
      // Who is told now is who is needed now; who was told of what is past is not undone by what is needed today.
      const need = isCurrent ? currentNeed(process) : needRuns(process, period).at(-1)?.need;
      if (need !== undefined) return assessPeriod(process, period, need, parameters, isCurrent);
      const about = { occasion: period.occasion, because: [period.id] };
      return process.needs.length === 0
        ? [finding(dischargeReadyNotice, 'unknown', 'NEED_NOT_ASSESSED', about)]
        : [finding(dischargeReadyNotice, 'not-applicable', 'NO_NEED_NOW', about)];
    });
    return [...ofReadiness, ...ofOpenCare];
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
  const hindered = isHindered(process, id);
  const isOpen = endOf(process) === undefined && !hindered;
  const content = contentOf(process, period, parties, need);
  const found = recipientsOf(need, parties).map((recipient) => {
    const assessed = readyNoticeTo(process, period, recipient, parameters);
    if (!isCurrent || (hindered && isUnsent(process, id, period, recipient))) return assessed;
    const want = noticeWant(process, parties, parameters, {
      obligation: id,
      about: period,
      recipient,
      content,
      reference,
      mayIssue: isOpen,
      mayCorrect: isOpen,
    });
    return { ...assessed, wants: [want] };
  });
  const watch = isCurrent && !hindered ? watchOf(process, period, found, parameters) : [];
  // One deadline for all units: it stands with the first.
  return found.map((one, index) =>
    index === 0 ? { ...one, wants: [...one.wants, ...watch] } : one,
  );
}

/** Nothing is known to have gone out: an obstacle of secrecy can still stop it. */
function isUnsent(
  process: DischargeProcess,
  obligation: Obligation,
  about: Occasion,
  recipient: Recipient,
): boolean {
  const { state } = sendingOf(process, { obligation, about, recipient });
  return ['none', 'under-way', 'held'].includes(state);
}

/**
 * T5: the section says as soon as possible and sets no limit, so this is a watch. It counts from the assessment, or from
 * when a unit came to be concerned, and is met when the last of them was notified.
 */
function watchOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  found: readonly Finding[],
  parameters: Parameters,
): readonly Want[] {
  if (period.dateOnly || found.length === 0) return [];
  const law = new LawOn(parameters, localDateOf(period.atMs));
  let startMs = period.atMs;
  let metAtMs: number | undefined = 0;
  for (const { role, sent } of found) {
    if (role !== undefined) startMs = Math.max(startMs, neededSinceMs(process, role));
    metAtMs =
      sent === undefined || metAtMs === undefined
        ? undefined
        : Math.max(metAtMs, sent.handedOverAtMs);
  }
  const dueAtMs = startMs + law.number(`${id}.readyWatchHours`) * hourMs;
  // Nobody is told of the readiness of a patient who has gone home.
  if (metAtMs === undefined && (endOf(process)?.atMs ?? Infinity) < dueAtMs) return [];
  return [{ want: 'deadline', deadline: 'T5', about: period, dueAtMs, metAtMs, reference }];
}

/** Since when a unit has been concerned without a break. */
function neededSinceMs({ needs }: DischargeProcess, role: RecipientRole): number {
  const isNamed = ({ services }: DischargeProcess['needs'][number]): boolean =>
    services !== undefined && needsRole(services, role);
  const before = needs.findLastIndex((need) => !isNamed(need));
  return needs[before + 1]?.atMs ?? 0;
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

// ---------------------------------------------------------------- the decision on open compulsory care

/**
 * LPT 7 a § third paragraph: the units concerned are told of the decision on open compulsory care once the court has
 * decided. Of open forensic care only what another system was seen to send is known: 3 kap. 1 § does not name it (A38).
 */
function assessOpenCare(process: DischargeProcess, parameters: Parameters): readonly Finding[] {
  const { compulsoryCare, courtDecision } = process;
  const need = currentNeed(process);
  if (compulsoryCare?.care !== 'open-compulsory-care' || need === undefined) return [];
  if (courtDecision === undefined || isBefore(courtDecision, compulsoryCare)) return [];
  const parties = partiesOf(process);
  const obligation = 'compulsory-care-notice';
  const hindered = isHindered(process, obligation);
  const isOpen = endOf(process) === undefined && !hindered;
  const content = openCareContent(process, parties);
  return recipientsOf(need, parties).map((recipient) => {
    const assessed = openCareNoticeTo(process, recipient, parameters);
    if (hindered && isUnsent(process, obligation, courtDecision, recipient)) return assessed;
    const want = noticeWant(process, parties, parameters, {
      obligation,
      about: courtDecision,
      recipient,
      content,
      reference: '3 kap. 1 § andra stycket lag (2017:612), 7 a § lag (1991:1128)',
      mayIssue: isOpen,
      mayCorrect: isOpen,
    });
    return { ...assessed, wants: [want] };
  });
}

function openCareContent(process: DischargeProcess, { isProtected }: Parties): NoticeContent {
  const ready = currentReadiness(process);
  return {
    ...(ready !== undefined && !ready.dateOnly && { dischargeReadyAt: isoOf(ready.atMs) }),
    ...(process.hospital !== undefined && !isProtected && { hospital: process.hospital }),
  };
}
