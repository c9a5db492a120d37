/** 4 kap. 1-3 §§: whether coordinated individual planning is needed, and whether it was called in time. */
import type { Parameters } from '../../profiles/index.ts';
import { currentReadiness, endOf } from '../process/state.ts';
import type {
  DischargeProcess,
  Moment,
  PlanningCall,
  ReadinessPeriod,
  Services,
} from '../process/state.ts';
import { coordinatedPlanOf } from './liability/coordinated-plan.ts';
import { addDays, endOfDayMs, localDateOf, localTimeText, workingDayFrom } from './legal-days.ts';
import { isMunicipal, needRuns, periodEnd } from './liability/needs.ts';
import type { NeedRun } from './liability/needs.ts';
import { partiesOf, payerRecipients } from './notices/parties.ts';
import { callNotices } from './notices/planning-call-notice.ts';
import { contactUnknown } from './sentences/phrases.ts';
import { openCareIn, readyNoticeTo } from './notices/readiness-notice.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Status, WantedDeadline } from './rule.ts';

const id = 'care-planning';
const reference = '4 kap. 1–3 §§ lag (2017:612)';

export const carePlanning: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs) {
    return [...callNotices(process, parameters), ...planningFindings(process, parameters, nowMs)];
  },
};

function planningFindings(
  process: DischargeProcess,
  parameters: Parameters,
  nowMs: number,
): readonly Finding[] {
  if (process.needs.length === 0 || process.readiness.length === 0) {
    const reason = process.readiness.length === 0 ? 'NOT_READY' : 'NEED_NOT_ASSESSED';
    return [finding(carePlanning, 'not-applicable', reason)];
  }
  return process.readiness.map((period) => {
    const run = needRuns(process, period).at(-1);
    if (run !== undefined) return planningOf(process, period, run, parameters, nowMs).finding;
    const { occasion } = period;
    return finding(carePlanning, 'not-applicable', 'PLANNING_NOT_NEEDED', { occasion });
  });
}

export interface Planning {
  readonly finding: Finding;
  /** From when planning was to be carried out; liability that had arisen by then does not depend on it. */
  readonly requiredFromMs?: number;
}

/** Whether planning was needed, refused or called for one readiness period. Also asked by 5 kap. 3 § second paragraph. */
export function planningOf(
  process: DischargeProcess,
  period: ReadinessPeriod,
  run: NeedRun,
  parameters: Parameters,
  nowMs: number,
): Planning {
  const law = new LawOn(parameters, localDateOf(period.atMs));
  const { occasion } = period;
  const decided = openCareIn(process, period);
  if (decided !== undefined) {
    const found = coordinatedPlanOf(process, period, decided, law);
    return { finding: found, requiredFromMs: decided.atMs };
  }
  const endMs = periodEnd(process, period)?.atMs ?? Infinity;
  const required = requirementOf(process, period, run, parameters, law);
  if (required.state === 'none') {
    const { ended } = required;
    const found = finding(carePlanning, 'not-applicable', 'PLANNING_NOT_NEEDED', {
      occasion,
      sinceMs: ended?.atMs,
      because: [ended?.id ?? run.need.id],
      parameters: law.origins,
    });
    return { finding: found, ...(required.from && { requiredFromMs: required.from.atMs }) };
  }
  const { dueAtMs } = required;
  const lastMs = dueAtMs ?? Infinity;
  const call = bestCall(process, period);
  const consent = consentBy(process, Math.min(lastMs, endMs));
  const isBarred =
    !isAppointed(process, call) && law.text('care-contact.callNeedsAppointment') === 'bars';
  const isCalled = call?.calledBy === 'fixed-care-contact' && !isBarred && call.atMs <= lastMs;
  const isRefused = consent?.given === false;
  if (isRefused && !(isCalled && call.atMs < consent.atMs)) {
    const found = finding(carePlanning, 'not-applicable', 'PLANNING_DECLINED', {
      occasion,
      sinceMs: consent.atMs,
      because: [consent.id],
      parameters: law.origins,
    });
    return { finding: found, requiredFromMs: required.from.atMs };
  }
  const reading = { lateBars: law.text(`${id}.lateSipCall`) === 'bars', isBarred };
  const [status, reason] = judge(call, dueAtMs, Math.min(nowMs, endMs), reading);
  const isOpen = period === currentReadiness(process) && endOf(process) === undefined;
  const found = finding(carePlanning, status, reason, {
    occasion,
    sinceMs: status === 'met' ? call?.atMs : undefined,
    dueAtMs,
    because: [period.id, ...(call === undefined ? [] : [call.id])],
    parameters: law.origins,
    wants:
      dueAtMs !== undefined && isOpen
        ? [deadlineOf(period, dueAtMs, isBarred ? undefined : call)]
        : [],
    fill: () => ({
      ...(dueAtMs !== undefined && { due: localTimeText(dueAtMs) }),
      ...(call && { sent: localTimeText(call.atMs) }),
      contact: isAppointed(process, call) ? '' : contactUnknown,
    }),
  });
  const isConsentLater = consent !== undefined && consent.atMs > required.from.atMs;
  const requiredFromMs = isConsentLater && consent.isRestored ? consent.atMs : required.from.atMs;
  return { finding: found, requiredFromMs };
}

/** 4 kap. 1 §: services needed from both region and municipality. */
function isNeeded(need: Services, reading: string): boolean {
  const implied = reading === 'municipalHealthCareImplies' && need.municipalHealthCare;
  return isMunicipal(need) && (need.regionOutpatient || implied);
}

type Requirement =
  | { readonly state: 'none'; readonly from?: Moment; readonly ended?: Moment }
  | { readonly state: 'stands'; readonly from: Moment; readonly dueAtMs: number | undefined };

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
    const dueAtMs = callDueAtMs(givenMs, from, law);
    if (dueAtMs !== undefined && dueAtMs < need.atMs) {
      return { state: 'stands', from, dueAtMs };
    }
    none = { state: 'none', from: none.from ?? from, ended: need };
    from = undefined;
  }
  if (from === undefined) return none;
  return { state: 'stands', from, dueAtMs: callDueAtMs(givenMs, from, law) };
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
    givenMs = Math.max(givenMs, sent.handedOverAtMs);
  }
  return givenMs;
}

/** The last instant for the call, from the notification or the later assessment; a rest day moves it (lag 1930:173). */
function callDueAtMs(givenMs: number | undefined, from: Moment, law: LawOn): number | undefined {
  if (givenMs === undefined) return undefined;
  const startMs = Math.max(givenMs, from.atMs);
  const lastDay = addDays(localDateOf(startMs), law.number(`${id}.callWithinDays`));
  const isExtended = law.flag(`${id}.callExtendedToWorkingDay`);
  return endOfDayMs(isExtended ? workingDayFrom(lastDay) : lastDay);
}

/** 4 kap. 2 §: a plan needs consent. What was last said by a time, and since when it had been so. */
function consentBy(
  { consents }: DischargeProcess,
  byMs: number,
): (Moment & { readonly given: boolean; readonly isRestored: boolean }) | undefined {
  const said = consents.filter(({ atMs }) => atMs <= byMs);
  const last = said.at(-1);
  if (last === undefined) return undefined;
  const before = said.findLastIndex(({ given }) => given !== last.given);
  return { ...(said[before + 1] ?? last), isRestored: last.given && before >= 0 };
}

/** The first call of the fixed care contact that stood during the readiness; else any other call. */
function bestCall(process: DischargeProcess, period: ReadinessPeriod): PlanningCall | undefined {
  const periodEndMs = period.withdrawn?.atMs ?? Infinity;
  const standing = process.calls.filter(
    (call) =>
      call.atMs < periodEndMs &&
      (call.withdrawn === undefined || call.withdrawn.atMs >= periodEndMs),
  );
  return (
    standing.find((call) => call.calledBy === 'fixed-care-contact') ??
    standing.find((call) => call.calledBy === 'unknown') ??
    standing[0]
  );
}

/** Whether a fixed care contact is known to have been appointed when the call was made; a date counts whole. */
function isAppointed({ careContacts }: DischargeProcess, call: PlanningCall | undefined): boolean {
  return call !== undefined && careContacts.some(({ atMs }) => atMs <= call.atMs);
}

/** @param atMs now, or the end of the readiness: a time that had not run out by then has not been missed */
function judge(
  call: PlanningCall | undefined,
  dueAtMs: number | undefined,
  atMs: number,
  { lateBars, isBarred }: Readonly<Record<'lateBars' | 'isBarred', boolean>>,
): readonly [Status, Finding['reason']] {
  const lastMs = dueAtMs ?? Infinity;
  const isOver = atMs >= lastMs;
  if (call?.calledBy === 'fixed-care-contact') {
    if (isBarred) return [isOver ? 'unmet' : 'pending', 'SIP_CALL_WITHOUT_CONTACT'];
    if (call.atMs <= lastMs) return ['met', 'SIP_CALL_MADE'];
    return [lateBars ? 'unmet' : 'met', 'SIP_CALL_LATE'];
  }
  if (call?.calledBy === 'unknown') return ['unknown', 'SIP_CALLER_UNKNOWN'];
  if (call !== undefined) return [isOver ? 'unmet' : 'pending', 'SIP_CALL_BY_OTHER'];
  if (dueAtMs === undefined) return ['pending', 'SIP_CALL_NOT_DUE_YET'];
  return isOver ? ['unmet', 'SIP_CALL_MISSING'] : ['pending', 'SIP_CALL_PENDING'];
}

function deadlineOf(
  period: ReadinessPeriod,
  dueAtMs: number,
  call: PlanningCall | undefined,
): WantedDeadline {
  return {
    want: 'deadline',
    deadline: 'T6',
    about: period,
    dueAtMs,
    metAtMs: call?.calledBy === 'fixed-care-contact' ? call.atMs : undefined,
    reference: '4 kap. 3 § lag (2017:612)',
  };
}
