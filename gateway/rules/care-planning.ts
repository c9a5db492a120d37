/** 4 kap. 1-3 §§: whether coordinated individual planning is needed, and whether it was called in time. */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import { currentNeed, currentReadiness, endOf } from '../process/state.ts';
import type { DischargeProcess, Need, PlanningCall, ReadinessPeriod } from '../process/state.ts';
import { readyNoticeTo } from './discharge-ready-notice.ts';
import {
  endOfDay,
  localDateOf,
  localDateText,
  localTimeText,
  workingDayFrom,
} from './legal-days.ts';
import { partiesOf, payerRecipients } from './parties.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Status, WantedDeadline } from './rule.ts';

const id = 'care-planning';
const reference = '4 kap. 1–3 §§ lag (2017:612)';

export const carePlanning: Rule = {
  id,
  reference,
  assess(process, parameters, now) {
    const need = currentNeed(process);
    if (need === undefined || process.readiness.length === 0) {
      const reason = need === undefined ? 'NEED_NOT_ASSESSED' : 'NOT_READY';
      return [finding(carePlanning, 'not-applicable', reason)];
    }
    return process.readiness.map((period) => assessPeriod(process, period, need, parameters, now));
  },
};

function assessPeriod(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parameters: Parameters,
  now: Temporal.Instant,
): Finding {
  const law = new LawOn(parameters, localDateText(period.at));
  const occasion = period.occasion;
  if (process.compulsoryCare !== undefined) {
    const because = [process.compulsoryCare.id];
    return finding(carePlanning, 'unknown', 'COMPULSORY_CARE_PLANNING', { occasion, because });
  }
  if (!isNeeded(need, law.text(`${id}.planningNeed`))) {
    return finding(carePlanning, 'not-applicable', 'PLANNING_NOT_NEEDED', {
      occasion,
      because: [need.id],
      parameters: law.origins,
    });
  }
  const due = dueAt(process, period, need, parameters, law);
  const refusal = refusalOf(process, due);
  if (refusal !== undefined) {
    return finding(carePlanning, 'not-applicable', 'PLANNING_DECLINED', {
      occasion,
      because: [refusal],
    });
  }
  const call = bestCall(process, period);
  const ends = [now, period.withdrawn?.at, endOf(process)?.at].map(
    (end) => end?.epochMilliseconds ?? Infinity,
  );
  const bars = law.text(`${id}.lateSipCall`) === 'bars';
  const [status, reason] = judge(call, due, Math.min(...ends), bars);
  const isOpen = period === currentReadiness(process) && endOf(process) === undefined;
  return finding(carePlanning, status, reason, {
    occasion,
    since: status === 'met' ? call?.at : undefined,
    dueAt: due,
    because: [period.id, ...(call === undefined ? [] : [call.id])],
    parameters: law.origins,
    wants: due !== undefined && isOpen ? [deadlineOf(period, due, call)] : [],
    fill: {
      ...(due && { due: localTimeText(due) }),
      ...(call && { sent: localTimeText(call.at) }),
    },
  });
}

/** 4 kap. 1 §: services needed from both region and municipality. */
function isNeeded(need: Need, reading: string): boolean {
  if (!need.socialServices && !need.municipalHealthCare) return false;
  const implied = reading === 'municipalHealthCareImplies' && need.municipalHealthCare;
  return need.regionOutpatient || implied;
}

/** The last instant for the call, once the payer's units have been notified; a rest day moves it (lag 1930:173). */
function dueAt(
  process: DischargeProcess,
  period: ReadinessPeriod,
  need: Need,
  parameters: Parameters,
  law: LawOn,
): Temporal.Instant | undefined {
  let givenMs = 0;
  for (const recipient of payerRecipients(need, partiesOf(process, period))) {
    const { sent } = readyNoticeTo(process, period, recipient, parameters);
    if (sent === undefined) return undefined;
    givenMs = Math.max(givenMs, sent.handedOverAt.epochMilliseconds);
  }
  const given = localDateOf(Temporal.Instant.fromEpochMilliseconds(givenMs));
  const lastDay = given.add({ days: law.number(`${id}.callWithinDays`) });
  const isExtended = law.flag(`${id}.callExtendedToWorkingDay`);
  return endOfDay(isExtended ? workingDayFrom(lastDay) : lastDay);
}

/** 4 kap. 2 §: a plan needs consent. A refusal after the last time for the call cures nothing. */
function refusalOf(
  process: DischargeProcess,
  due: Temporal.Instant | undefined,
): string | undefined {
  const dueMs = due?.epochMilliseconds ?? Infinity;
  const { declined, consent } = process;
  if (declined !== undefined && declined.at.epochMilliseconds <= dueMs) return declined.id;
  const isRefused = consent?.given === false && consent.at.epochMilliseconds <= dueMs;
  return isRefused ? consent.id : undefined;
}

/** The first call of the fixed care contact that stood during the readiness; else any other call. */
function bestCall(process: DischargeProcess, period: ReadinessPeriod): PlanningCall | undefined {
  const periodEndMs = period.withdrawn?.at.epochMilliseconds ?? Infinity;
  const standing = process.calls.filter(
    (call) =>
      call.at.epochMilliseconds < periodEndMs &&
      (call.withdrawn === undefined || call.withdrawn.at.epochMilliseconds >= periodEndMs),
  );
  return (
    standing.find((call) => call.calledBy === 'fixed-care-contact') ??
    standing.find((call) => call.calledBy === 'unknown') ??
    standing[0]
  );
}

/** @param atMs now, or the end of the readiness: a time that had not run out by then has not been missed */
function judge(
  call: PlanningCall | undefined,
  due: Temporal.Instant | undefined,
  atMs: number,
  bars: boolean,
): readonly [Status, Finding['reason']] {
  const dueMs = due?.epochMilliseconds ?? Infinity;
  const isOver = atMs >= dueMs;
  if (call?.calledBy === 'fixed-care-contact') {
    if (call.at.epochMilliseconds <= dueMs) return ['met', 'SIP_CALL_MADE'];
    return [bars ? 'unmet' : 'met', 'SIP_CALL_LATE'];
  }
  if (call?.calledBy === 'unknown') return ['unknown', 'SIP_CALLER_UNKNOWN'];
  if (call !== undefined) return [isOver ? 'unmet' : 'pending', 'SIP_CALL_BY_OTHER'];
  return isOver ? ['unmet', 'SIP_CALL_MISSING'] : ['pending', 'SIP_CALL_PENDING'];
}

function deadlineOf(
  period: ReadinessPeriod,
  due: Temporal.Instant,
  call: PlanningCall | undefined,
): WantedDeadline {
  return {
    want: 'deadline',
    deadline: 'T6',
    about: period,
    dueAt: due,
    metAt: call?.calledBy === 'fixed-care-contact' ? call.at : undefined,
    reference: '4 kap. 3 § lag (2017:612)',
  };
}
