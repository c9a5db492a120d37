/** 2 kap. 1-4 §§: the admission notice, its recipients and its 24 hours. */
import type { Parameters } from '../../profiles/index.ts';
import type { NoticeContent } from '../process/events.ts';
import { currentNeed, endOf } from '../process/state.ts';
import type { DischargeProcess, Occasion } from '../process/state.ts';
import { isStillDue, readClock } from './notices/admission-clock.ts';
import type { ClockReading } from './notices/admission-clock.ts';
import { estimateFinding, estimateWants, withEstimateTold } from './notices/discharge-estimate.ts';
import { isoOf, localDateOf, localTimeText } from './legal-days.ts';
import { noticeWant } from './notices/notice-content.ts';
import { partiesOf, recipientsOf } from './notices/parties.ts';
import type { Parties, Recipient } from './notices/parties.ts';
import { subjectOf } from './sentences/phrases.ts';
import { remembered } from './remembered.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Want, WantedDeadline } from './rule.ts';
import { sendingOf, unsentStatus } from './notices/sending.ts';
import type { Sending } from './notices/sending.ts';

const id = 'admission-notice';
const reference = '2 kap. 1–3 §§ lag (2017:612)';

export const admissionNotice: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs) {
    const { admission } = process;
    const need = currentNeed(process);
    if (admission === undefined) {
      const reason = process.admissionCancelled ? 'ADMISSION_CANCELLED' : 'NOT_ADMITTED';
      return [finding(admissionNotice, 'not-applicable', reason)];
    }
    if (need === undefined) {
      const because = [admission.id];
      const reason = process.needs.length === 0 ? 'NEED_NOT_ASSESSED' : 'NO_NEED_NOW';
      return [finding(admissionNotice, 'not-applicable', reason, { because })];
    }
    const parties = partiesOf(process);
    const deadlines = new Map<string, WantedDeadline>();
    const recipients = recipientsOf(need, parties);
    const content = contentOf(process, admission, parties, need);
    const end = endOf(process);
    const isOpen = end === undefined;
    // Nothing is planned for somebody who has died, whatever time is left.
    const isAlive = end === undefined || end !== process.deceased;
    const notices = recipients.map((recipient) => {
      const assessed = assessRecipient(process, admission, recipient, parameters, nowMs);
      const notice = noticeWant(process, parties, parameters, {
        obligation: 'admission-notice',
        about: admission,
        recipient,
        content,
        reference,
        mayIssue: isOpen || (isAlive && isStillDue(assessed.clock, nowMs)),
        mayCorrect: isOpen,
      });
      const wants: Want[] = [
        withEstimateTold(process, admission, notice),
        ...estimateWants(process, admission, recipient, parties, parameters),
      ];
      const deadline = deadlineOf(admission, assessed);
      if (deadline !== undefined) joinDeadline(deadlines, deadline, wants);
      return { ...assessed.finding, wants };
    });
    return [...notices, ...estimateFinding(process, admission, recipients, parameters, nowMs)];
  },
};

/**
 * Whether one recipient was sent a complete admission notice in time. Also asked by 5 kap. 3 § for its own payer.
 */
export function admissionNoticeTo(
  process: DischargeProcess,
  recipient: Recipient,
  parameters: Parameters,
  nowMs: number,
): Finding {
  const { admission } = process;
  if (admission === undefined) return finding(admissionNotice, 'unknown', 'NOT_ADMITTED');
  return assessRecipient(process, admission, recipient, parameters, nowMs).finding;
}

interface Assessed {
  readonly finding: Finding;
  readonly clock: ClockReading;
  readonly sending: Sending;
}

const assessment = remembered<Assessed>();

function assessRecipient(
  process: DischargeProcess,
  admission: Occasion,
  recipient: Recipient,
  parameters: Parameters,
  nowMs: number,
): Assessed {
  const key = `${recipient.role}|${recipient.municipality}|${nowMs}`;
  return assessment(process, parameters, key, () =>
    assessAnew(process, admission, recipient, parameters, nowMs),
  );
}

function assessAnew(
  process: DischargeProcess,
  admission: Occasion,
  recipient: Recipient,
  parameters: Parameters,
  nowMs: number,
): Assessed {
  const law = new LawOn(parameters, localDateOf(admission.atMs));
  const clock = readClock(process, admission, recipient, law);
  const question = { obligation: 'admission-notice', about: admission, recipient } as const;
  const asked = law.text(`${id}.incompleteAdmissionNotice`) === 'bars';
  const sending = sendingOf(process, {
    ...question,
    ...(asked && { complete: (content) => content.expectedDischarge !== undefined }),
  });
  // A time that had not run out when the patient went home has not been missed.
  const endMs = endOf(process)?.atMs ?? Infinity;
  const untilMs = Math.min(nowMs, endMs);
  const anySending = (): Sending => sendingOf(process, question);
  const [status, reason] = judge(sending, anySending, clock, untilMs, law);
  const times = sending.state === 'sent' ? sending.times : undefined;
  return {
    clock,
    sending,
    finding: finding(
      admissionNotice,
      isMunicipalUnknown(recipient) ? 'unknown' : status,
      isMunicipalUnknown(recipient) ? 'MUNICIPALITY_UNKNOWN' : reason,
      {
        occasion: admission.occasion,
        role: recipient.role,
        municipality: recipient.municipality,
        sinceMs: times?.attemptAtMs,
        sent: times,
        dueAtMs: clock.dueAtMs,
        because: [admission.id, clock.from.id, ...sending.because],
        parameters: law.origins,
        fill: () => ({
          subject: subjectOf('admission-notice', recipient.role),
          ...(clock.dueAtMs !== undefined && { due: localTimeText(clock.dueAtMs) }),
          ...(times && { sent: localTimeText(times.attemptAtMs) }),
        }),
      },
    ),
  };
}

const isMunicipalUnknown = ({ role, municipality }: Recipient): boolean =>
  role !== 'region-outpatient' && municipality === undefined;

function judge(
  sending: Sending,
  anySending: () => Sending,
  { dueAtMs }: ClockReading,
  atMs: number,
  law: LawOn,
): readonly [Finding['status'], Finding['reason']] {
  const isOver = dueAtMs !== undefined && atMs >= dueAtMs;
  const late = (): readonly [Finding['status'], Finding['reason']] => {
    const any = anySending();
    const wasInTime =
      dueAtMs !== undefined && any.state === 'sent' && any.times.attemptAtMs <= dueAtMs;
    return [
      law.text(`${id}.lateAdmissionNotice`) === 'bars' ? 'unmet' : 'met',
      wasInTime ? 'ADMISSION_NOTICE_INCOMPLETE' : 'ADMISSION_NOTICE_LATE',
    ];
  };
  if (sending.state === 'sent') {
    if (dueAtMs === undefined) return ['unknown', 'ADMISSION_TIME_UNKNOWN'];
    const isLate = sending.times.attemptAtMs > dueAtMs;
    return isLate ? late() : ['met', 'NOTICE_SENT'];
  }
  if (sending.state === 'incomplete') {
    return isOver ? ['unmet', 'ADMISSION_NOTICE_INCOMPLETE'] : ['pending', 'ESTIMATE_MISSING'];
  }
  const [status, reason] = unsentStatus[sending.state];
  return status === 'pending' && isOver ? ['unmet', 'ADMISSION_NOTICE_LATE'] : [status, reason];
}

function deadlineOf(admission: Occasion, { clock, sending }: Assessed): WantedDeadline | undefined {
  if (clock.dueAtMs === undefined) return undefined;
  const { from } = clock;
  return {
    want: 'deadline',
    deadline: clock.deadline,
    about:
      clock.deadline === 'T1'
        ? admission
        : { id: from.id, occasion: from.id, aliases: new Set([from.id]) },
    dueAtMs: clock.dueAtMs,
    metAtMs: sending.state === 'sent' ? sending.times.attemptAtMs : undefined,
    reference: '2 kap. 3 § lag (2017:612)',
  };
}

/** Recipients with one clock share one deadline: met when the last of them was sent theirs. */
function joinDeadline(
  deadlines: Map<string, WantedDeadline>,
  deadline: WantedDeadline,
  wants: Want[],
): void {
  const key = `${deadline.deadline}|${deadline.about.occasion}`;
  const joined = deadlines.get(key);
  if (joined === undefined) {
    deadlines.set(key, deadline);
    wants.push(deadline);
    return;
  }
  const [mineMs, otherMs] = [joined.metAtMs, deadline.metAtMs];
  const metAtMs =
    mineMs === undefined || otherMs === undefined ? undefined : Math.max(mineMs, otherMs);
  // The want that stands in the first recipient's finding is the joined one.
  Object.assign(joined, { metAtMs });
}

/** 2 kap. 2 §: what the statute asks for, the assessment itself (1 §), and which hospital says so. */
function contentOf(
  process: DischargeProcess,
  admission: Occasion,
  parties: Parties,
  need: NonNullable<ReturnType<typeof currentNeed>>,
): NoticeContent {
  const expectedDischarge = process.estimate?.expectedDischarge;
  const numberKind = process.patient.at(-1)?.codes.numberKind;
  const asked = {
    ...(expectedDischarge !== undefined && { expectedDischarge }),
    ...(numberKind !== undefined && { numberKind }),
  };
  if (parties.isProtected) return asked;
  const { socialServices, municipalHealthCare, regionOutpatient } = need;
  return {
    ...(!admission.dateOnly && {
      admittedAt: isoOf(admission.atMs),
    }),
    ...asked,
    ...(process.hospital !== undefined && { hospital: process.hospital }),
    services: { socialServices, municipalHealthCare, regionOutpatient },
  };
}
