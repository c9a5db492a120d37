/** 2 kap. 1-4 §§: the admission notice, its recipients and its 24 hours. */
import type { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import type { NoticeContent } from '../process/events.ts';
import { currentNeed, endOf, inForce } from '../process/state.ts';
import type { DischargeProcess, Moment, Occasion } from '../process/state.ts';
import { isoOf, localDateText, localTimeText } from './legal-days.ts';
import { noticeWant } from './notice-content.ts';
import { needsRole, partiesOf, recipientsOf } from './parties.ts';
import type { Parties, Recipient } from './parties.ts';
import { subjectOf } from './phrases.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, Want, WantedDeadline } from './rule.ts';
import { sendingOf, unsentStatus } from './sending.ts';
import type { Sending } from './sending.ts';

const id = 'admission-notice';
const reference = '2 kap. 1–3 §§ lag (2017:612)';

export const admissionNotice: Rule = {
  id,
  reference,
  assess(process, parameters, now) {
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
    return recipientsOf(need, parties).map((recipient) => {
      const assessed = assessRecipient(process, admission, recipient, parameters, now);
      const wants: Want[] = [
        noticeWant(process, parties, {
          obligation: 'admission-notice',
          about: admission,
          recipient,
          content: contentOf(process, admission, parties, need),
          reference: '2 kap. 1–4 §§ lag (2017:612)',
          mayIssue: endOf(process) === undefined || isStillDue(assessed.clock, now),
          mayCorrect: endOf(process) === undefined,
        }),
      ];
      const deadline = deadlineOf(admission, assessed);
      if (deadline !== undefined) joinDeadline(deadlines, deadline, wants);
      return { ...assessed.finding, wants };
    });
  },
};

/**
 * Whether one recipient was sent a complete admission notice in time. Also asked by 5 kap. 3 § for its own payer.
 */
export function admissionNoticeTo(
  process: DischargeProcess,
  recipient: Recipient,
  parameters: Parameters,
  now: Temporal.Instant,
): Finding {
  const { admission } = process;
  if (admission === undefined) return finding(admissionNotice, 'unknown', 'NOT_ADMITTED');
  return assessRecipient(process, admission, recipient, parameters, now).finding;
}

interface ClockReading {
  /** T1 runs from the admission, T2 from a later assessment of need (2 kap. 3 §). */
  readonly deadline: 'T1' | 'T2';
  readonly from: Moment;
  /** Unknown where the time it counts from is known by its date only. */
  readonly dueAt: Temporal.Instant | undefined;
}
interface Assessed {
  readonly finding: Finding;
  readonly clock: ClockReading;
  readonly sending: Sending;
}

function assessRecipient(
  process: DischargeProcess,
  admission: Occasion,
  recipient: Recipient,
  parameters: Parameters,
  now: Temporal.Instant,
): Assessed {
  const law = new LawOn(parameters, localDateText(admission.at));
  const clock = readClock(process, admission, recipient, law.number(`${id}.noticeWithinHours`));
  const question = { obligation: 'admission-notice', about: admission, recipient } as const;
  const asked = law.text(`${id}.incompleteAdmissionNotice`) === 'bars';
  const sending = sendingOf(process, {
    ...question,
    ...(asked && { complete: (content) => content.expectedDischarge !== undefined }),
  });
  // A time that had not run out when the patient went home has not been missed.
  const endMs = endOf(process)?.at.epochMilliseconds ?? Infinity;
  const untilMs = Math.min(now.epochMilliseconds, endMs);
  const [status, reason] = judge(sending, sendingOf(process, question), clock, untilMs, law);
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
        since: times?.attemptAt,
        sent: times,
        dueAt: clock.dueAt,
        because: [admission.id, clock.from.id, ...sending.because],
        parameters: law.origins,
        fill: {
          subject: subjectOf('admission-notice', recipient.role),
          ...(clock.dueAt && { due: localTimeText(clock.dueAt) }),
          ...(times && { sent: localTimeText(times.attemptAt) }),
        },
      },
    ),
  };
}

const isMunicipalUnknown = ({ role, municipality }: Recipient): boolean =>
  role !== 'region-outpatient' && municipality === undefined;

function judge(
  sending: Sending,
  anySending: Sending,
  { dueAt }: ClockReading,
  atMs: number,
  law: LawOn,
): readonly [Finding['status'], Finding['reason']] {
  const isOver = dueAt !== undefined && atMs >= dueAt.epochMilliseconds;
  const wasInTime =
    dueAt !== undefined &&
    anySending.state === 'sent' &&
    anySending.times.attemptAt.epochMilliseconds <= dueAt.epochMilliseconds;
  const late = (): readonly [Finding['status'], Finding['reason']] => [
    law.text(`${id}.lateAdmissionNotice`) === 'bars' ? 'unmet' : 'met',
    wasInTime ? 'ADMISSION_NOTICE_INCOMPLETE' : 'ADMISSION_NOTICE_LATE',
  ];
  if (sending.state === 'sent') {
    if (dueAt === undefined) return ['unknown', 'ADMISSION_TIME_UNKNOWN'];
    const isLate = sending.times.attemptAt.epochMilliseconds > dueAt.epochMilliseconds;
    return isLate ? late() : ['met', 'NOTICE_SENT'];
  }
  if (sending.state === 'incomplete') {
    return isOver ? ['unmet', 'ADMISSION_NOTICE_INCOMPLETE'] : ['pending', 'ESTIMATE_MISSING'];
  }
  const [status, reason] = unsentStatus[sending.state];
  return status === 'pending' && isOver ? ['unmet', 'ADMISSION_NOTICE_LATE'] : [status, reason];
}

/**
 * The clock of one recipient: it starts with the assessment that first named it during the stay, never before the
 * admission. A need that is withdrawn and stated again has no new time.
 */
function readClock(
  process: DischargeProcess,
  admission: Occasion,
  { role }: Recipient,
  hours: number,
): ClockReading {
  const atAdmission = inForce(process.needs, admission.at.epochMilliseconds);
  const named = process.needs.find(
    (need) =>
      need.services !== undefined &&
      needsRole(need.services, role) &&
      (need === atAdmission || need.at.epochMilliseconds > admission.at.epochMilliseconds),
  );
  const isLater =
    named !== undefined &&
    !named.dateOnly &&
    named.at.epochMilliseconds > admission.at.epochMilliseconds;
  if (!isLater) {
    const dueAt = admission.dateOnly ? undefined : admission.at.add({ hours });
    return { deadline: 'T1', from: admission, dueAt };
  }
  // Admitted some time on the day of the assessment: before or after it is not known.
  const isUnclear = admission.dateOnly && localDateText(named.at) === localDateText(admission.at);
  return {
    deadline: 'T2',
    from: named,
    dueAt: isUnclear ? undefined : named.at.add({ hours }),
  };
}

function isStillDue({ dueAt }: ClockReading, now: Temporal.Instant): boolean {
  return dueAt !== undefined && now.epochMilliseconds <= dueAt.epochMilliseconds;
}

function deadlineOf(admission: Occasion, { clock, sending }: Assessed): WantedDeadline | undefined {
  if (clock.dueAt === undefined) return undefined;
  const { from } = clock;
  return {
    want: 'deadline',
    deadline: clock.deadline,
    about:
      clock.deadline === 'T1'
        ? admission
        : { id: from.id, occasion: from.id, aliases: new Set([from.id]) },
    dueAt: clock.dueAt,
    metAt: sending.state === 'sent' ? sending.times.attemptAt : undefined,
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
  const [mine, other] = [joined.metAt, deadline.metAt];
  const last =
    mine === undefined || other === undefined
      ? undefined
      : mine.epochMilliseconds >= other.epochMilliseconds
        ? mine
        : other;
  // The want that stands in the first recipient's finding is the joined one.
  Object.assign(joined, { metAt: last });
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
      admittedAt: isoOf(admission.at),
    }),
    ...asked,
    ...(process.hospital !== undefined && { hospital: process.hospital }),
    services: { socialServices, municipalHealthCare, regionOutpatient },
  };
}
