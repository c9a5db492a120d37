/** 2 kap. 5 §: the fixed care contact that regional outpatient care appoints before the patient is discharged. */
import type { Parameters } from '../../profiles/index.ts';
import { currentNeed, endOf } from '../process/state.ts';
import type { DischargeProcess, Moment, Occasion } from '../process/state.ts';
import { endOfDayMs, localDateOf, localTimeText } from './legal-days.ts';
import { needsRole, notifiedAtMs } from './notices/parties.ts';
import { calledPhrase, subjectOf } from './sentences/phrases.ts';
import type { Fill, Reason } from './sentences/reasons.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Status, WantedDeadline } from './rule.ts';
import { sendingOf, unsentStatus } from './notices/sending.ts';

const id = 'care-contact';
const reference = '2 kap. 5 § lag (2017:612)';

export const careContact: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs) {
    const { admission, deceased } = process;
    if (admission === undefined) {
      const reason = process.admissionCancelled ? 'ADMISSION_CANCELLED' : 'NOT_ADMITTED';
      return [finding(careContact, 'not-applicable', reason)];
    }
    const about = { occasion: admission.occasion, because: [admission.id] };
    const need = currentNeed(process);
    if (need === undefined) {
      const reason = process.needs.length === 0 ? 'NEED_NOT_ASSESSED' : 'NO_NEED_NOW';
      return [finding(careContact, 'not-applicable', reason, about)];
    }
    if (!needsRole(need, 'region-outpatient')) {
      return [finding(careContact, 'not-applicable', 'CARE_CONTACT_NOT_ASKED', about)];
    }
    if (deceased !== undefined && endOf(process) === deceased) {
      return [finding(careContact, 'not-applicable', 'DECEASED', { because: [deceased.id] })];
    }
    return [assessContact(process, admission, parameters, nowMs)];
  },
};

function assessContact(
  process: DischargeProcess,
  admission: Occasion,
  parameters: Parameters,
  nowMs: number,
): Finding {
  const recipient = { role: 'region-outpatient', municipality: undefined } as const;
  const sending = sendingOf(process, {
    obligation: 'admission-notice',
    about: admission,
    recipient,
  });
  const receivedMs = sending.state === 'sent' ? sending.times.handedOverAtMs : undefined;
  const law = new LawOn(parameters, localDateOf(receivedMs ?? admission.atMs));
  const limit = limitOf(process, receivedMs, law);
  // The one appointed first; a contact the patient has had before may go on.
  const contact = process.careContacts[0];
  const order = contact && (limit === undefined ? 'before' : orderOf(contact, limit));
  const isOver = limit !== undefined && nowMs >= limit.lastMs;
  const isAsked = receivedMs !== undefined && (limit?.lastMs ?? Infinity) > receivedMs;
  // The duty begins with the notice; what was done without it is done all the same.
  const [status, reason] =
    isAsked || order === 'before' ? judge(order, isOver) : notAsked(sending.state, isOver);
  const dueAtMs = limit?.lastMs ?? estimatedMs(process);
  return finding(careContact, status, reason, {
    occasion: admission.occasion,
    role: 'region-outpatient',
    sinceMs: status === 'met' ? contact?.atMs : undefined,
    dueAtMs,
    because: [...sending.because, ...(contact === undefined ? [] : [contact.id])],
    parameters: law.origins,
    wants: isAsked && dueAtMs !== undefined ? [deadlineOf(admission, contact, dueAtMs, limit)] : [],
    fill: () => fillOf(process, contact, dueAtMs),
  });
}

/** What ends the time for it, as early and as late as it can have been. */
interface Limit {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The end of the stay or, by the other reading, the first notification of readiness after the notice was received. */
function limitOf(
  process: DischargeProcess,
  receivedMs: number | undefined,
  law: LawOn,
): Limit | undefined {
  const end = endOf(process);
  const ended = end && { firstMs: end.atMs, lastMs: lastMsOf(end) };
  if (law.text(`${id}.appointedBefore`) === 'discharge') return ended;
  const notifiedMs = process.readiness
    .map((period) => notifiedAtMs(process, period))
    .filter((atMs) => atMs > (receivedMs ?? 0) && atMs < (end?.atMs ?? Infinity))
    .reduce((first, atMs) => Math.min(first, atMs), Infinity);
  return notifiedMs === Infinity ? ended : { firstMs: notifiedMs, lastMs: notifiedMs };
}

const lastMsOf = ({ atMs, dateOnly }: Moment): number =>
  dateOnly ? endOfDayMs(localDateOf(atMs)) : atMs;

type Order = 'before' | 'after' | 'unclear';

function orderOf(contact: Moment, { firstMs, lastMs }: Limit): Order {
  if (lastMsOf(contact) <= firstMs) return 'before';
  return contact.atMs > lastMs ? 'after' : 'unclear';
}

/** @param order of the appointment and what ends its time; undefined where nobody was appointed */
function judge(order: Order | undefined, isOver: boolean): readonly [Status, Reason] {
  switch (order) {
    case 'before':
      return ['met', 'CARE_CONTACT_APPOINTED'];
    case 'after':
      return ['unmet', 'CARE_CONTACT_LATE'];
    case 'unclear':
      return ['unknown', 'CARE_CONTACT_TIME_UNKNOWN'];
    default:
      return isOver ? ['unmet', 'CARE_CONTACT_MISSING'] : ['pending', 'CARE_CONTACT_PENDING'];
  }
}

/** Outpatient care was not told, or nobody knows whether it was. */
function notAsked(
  state: ReturnType<typeof sendingOf>['state'],
  isOver: boolean,
): readonly [Status, Reason] {
  const isUnsent = state !== 'sent' && state !== 'incomplete';
  const [status, reason] = isUnsent ? unsentStatus[state] : unsentStatus.none;
  if (status === 'unknown') return [status, reason];
  return isOver ? ['not-applicable', 'CARE_CONTACT_NOT_DUE'] : ['pending', reason];
}

/** When the patient is expected to go home: an estimated date lasts to its end. */
function estimatedMs({ estimate }: DischargeProcess): number | undefined {
  if (estimate === undefined) return undefined;
  const { expectedDischarge } = estimate;
  return expectedDischarge.includes('T')
    ? Date.parse(expectedDischarge)
    : endOfDayMs(expectedDischarge);
}

/** T4: while the patient is there the estimate is warned of; only the discharge itself can miss it. */
function deadlineOf(
  admission: Occasion,
  contact: Moment | undefined,
  dueAtMs: number,
  limit: Limit | undefined,
): WantedDeadline {
  return {
    want: 'deadline',
    deadline: 'T4',
    about: admission,
    dueAtMs,
    metAtMs: contact?.atMs,
    isExpected: limit === undefined,
    reference,
  };
}

function fillOf(
  process: DischargeProcess,
  contact: Moment | undefined,
  dueAtMs: number | undefined,
): Fill {
  return {
    subject: subjectOf('admission-notice', 'region-outpatient'),
    ...(contact && { at: localTimeText(contact.atMs) }),
    ...(dueAtMs !== undefined && { due: localTimeText(dueAtMs) }),
    called: calledPhrase(process),
  };
}
