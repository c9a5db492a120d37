/** 4 kap. 1-3 §§: whether coordinated individual planning is needed, and whether it was called in time. */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import { currentReadiness, endOf } from '../process/state.ts';
import type {
  DischargeProcess,
  Moment,
  PlanningCall,
  ReadinessPeriod,
  Services,
} from '../process/state.ts';
import { readyNoticeTo } from './discharge-ready-notice.ts';
import {
  endOfDay,
  localDateOf,
  localDateText,
  localTimeText,
  workingDayFrom,
} from './legal-days.ts';
import { isMunicipal, needRuns, periodEnd } from './needs.ts';
import type { NeedRun } from './needs.ts';
import { partiesOf, payerRecipients } from './parties.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Status, WantedDeadline } from './rule.ts';

const id = 'care-planning';
const reference = '4 kap. 1–3 §§ lag (2017:612)';

export const carePlanning: Rule = {
  id,
  reference,
  assess(process, parameters, now) {
    if (process.needs.length === 0 || process.readiness.length === 0) {
      const reason = process.readiness.length === 0 ? 'NOT_READY' : 'NEED_NOT_ASSESSED';
      return [finding(carePlanning, 'not-applicable', reason)];
    }
    return process.readiness.map((period) => {
      const run = needRuns(process, period).at(-1);
      if (run !== undefined) return planningOf(process, period, run, parameters, now).finding;
      const { occasion } = period;
      return finding(carePlanning, 'not-applicable', 'PLANNING_NOT_NEEDED', { occasion });
    });
  },
};

export interface Planning {
  readonly finding: Finding;
  /** From when planning was to be carried out; liability that had arisen by then does not depend on it. */
  readonly requiredFrom?: Temporal.Instant;
}

/** Whether planning was needed, refused or called for one readiness period. Also asked by 5 kap. 3 § second paragraph. */
export function planningOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parameters: Parameters,
  now: Temporal.Instant,
): Planning {
  const law = new LawOn(parameters, localDateText(period.at));
  const { occasion } = period;
  const { compulsoryCare } = process;
  const end = periodEnd(process, period);
  const endMs = end?.at.epochMilliseconds ?? Infinity;
  if (compulsoryCare !== undefined && compulsoryCare.at.epochMilliseconds < endMs) {
    const because = [compulsoryCare.id];
    return {
      finding: finding(carePlanning, 'unknown', 'COMPULSORY_CARE_PLANNING', { occasion, because }),
    };
  }
  const required = requirementOf(process, period, run, parameters, law);
  if (required.state === 'none') {
    const { ended } = required;
    const found = finding(carePlanning, 'not-applicable', 'PLANNING_NOT_NEEDED', {
      occasion,
      since: ended?.at,
      because: [ended?.id ?? run.need.id],
      parameters: law.origins,
    });
    return { finding: found, ...(required.from && { requiredFrom: required.from.at }) };
  }
  const { due } = required;
  const dueMs = due?.epochMilliseconds ?? Infinity;
  const call = bestCall(process, period);
  const consent = consentBy(process, Math.min(dueMs, endMs));
  const isCalled = call?.calledBy === 'fixed-care-contact' && call.at.epochMilliseconds <= dueMs;
  const isRefused = consent?.given === false;
  if (isRefused && !(isCalled && call.at.epochMilliseconds < consent.at.epochMilliseconds)) {
    const found = finding(carePlanning, 'not-applicable', 'PLANNING_DECLINED', {
      occasion,
      since: consent.at,
      because: [consent.id],
      parameters: law.origins,
    });
    return { finding: found, requiredFrom: required.from.at };
  }
  const bars = law.text(`${id}.lateSipCall`) === 'bars';
  const [status, reason] = judge(call, due, Math.min(now.epochMilliseconds, endMs), bars);
  const isOpen = period === currentReadiness(process) && endOf(process) === undefined;
  const found = finding(carePlanning, status, reason, {
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
  const isConsentLater =
    consent !== undefined && consent.at.epochMilliseconds > required.from.at.epochMilliseconds;
  const requiredFrom = isConsentLater && consent.isRestored ? consent.at : required.from.at;
  return { finding: found, requiredFrom };
}

/** 4 kap. 1 §: services needed from both region and municipality. */
function isNeeded(need: Services, reading: string): boolean {
  const implied = reading === 'municipalHealthCareImplies' && need.municipalHealthCare;
  return isMunicipal(need) && (need.regionOutpatient || implied);
}

type Requirement =
  | { readonly state: 'none'; readonly from?: Moment; readonly ended?: Moment }
  | { readonly state: 'stands'; readonly from: Moment; readonly due: Temporal.Instant | undefined };

/**
 * The first stretch of the run in which services were needed from both, and that did not end within its time for the
 * call. A need added later has its own time; one that falls away after its time has run out cures nothing.
 */
function requirementOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parameters: Parameters,
  law: LawOn,
): Requirement {
  const reading = law.text(`${id}.planningNeed`);
  const givenMs = givenAtMs(process, period, run, parameters);
  let from: Moment | undefined;
  let none: Extract<Requirement, { state: 'none' }> = { state: 'none' };
  for (const need of [run.need, ...run.later]) {
    const needed = isNeeded(need, reading);
    if (needed && from === undefined) from = need;
    if (needed || from === undefined) continue;
    const due = dueAt(givenMs, from, law);
    if (due !== undefined && due.epochMilliseconds < need.at.epochMilliseconds) {
      return { state: 'stands', from, due };
    }
    none = { state: 'none', from: none.from ?? from, ended: need };
    from = undefined;
  }
  return from === undefined ? none : { state: 'stands', from, due: dueAt(givenMs, from, law) };
}

/** When the last of the payer's units had been notified; undefined before that. */
function givenAtMs(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parameters: Parameters,
): number | undefined {
  let givenMs = 0;
  for (const recipient of payerRecipients(run.need, partiesOf(process, period))) {
    const { sent } = readyNoticeTo(process, period, recipient, parameters, run);
    if (sent === undefined) return undefined;
    givenMs = Math.max(givenMs, sent.handedOverAt.epochMilliseconds);
  }
  return givenMs;
}

/** The last instant for the call, from the notification or the later assessment; a rest day moves it (lag 1930:173). */
function dueAt(
  givenMs: number | undefined,
  from: Moment,
  law: LawOn,
): Temporal.Instant | undefined {
  if (givenMs === undefined) return undefined;
  const startMs = Math.max(givenMs, from.at.epochMilliseconds);
  const start = localDateOf(Temporal.Instant.fromEpochMilliseconds(startMs));
  const lastDay = start.add({ days: law.number(`${id}.callWithinDays`) });
  const isExtended = law.flag(`${id}.callExtendedToWorkingDay`);
  return endOfDay(isExtended ? workingDayFrom(lastDay) : lastDay);
}

/** 4 kap. 2 §: a plan needs consent. What was last said by a time, and since when it had been so. */
function consentBy(
  { consents }: DischargeProcess,
  byMs: number,
): (Moment & { readonly given: boolean; readonly isRestored: boolean }) | undefined {
  const said = consents.filter(({ at }) => at.epochMilliseconds <= byMs);
  const last = said.at(-1);
  if (last === undefined) return undefined;
  const before = said.findLastIndex(({ given }) => given !== last.given);
  return { ...(said[before + 1] ?? last), isRestored: last.given && before >= 0 };
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
  if (due === undefined) return ['pending', 'SIP_CALL_NOT_DUE_YET'];
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
