/**
 * The end of a stay, told to the units that know of it: that the patient was discharged, or has died.
 *
 * No section orders either. Discharge is told because 3 kap. 2 § counts the information of inpatient care from that day:
 * the notice says which day it is. The information itself is never in it; inpatient care transfers it, and
 * `information-transfer` watches that it does. Death is told because the units are planning (2 kap. 6 §) for somebody who
 * is not coming home.
 */
import type { Parameters } from '../../profiles/index.ts';
import type { NoticeContent, NoticedObligation } from '../process/events.ts';
import { endOf } from '../process/state.ts';
import type { Discharge, DischargeProcess, Moment, Occasion } from '../process/state.ts';
import { addDays, endOfDayMs, isoOf, localDateOf, localTimeText } from './legal-days.ts';
import { noticeWant } from './notices/notice-content.ts';
import { partiesOf } from './notices/parties.ts';
import type { Recipient } from './notices/parties.ts';
import { isHindered } from './notices/readiness-notice.ts';
import { sendingOf, unsentStatus } from './notices/sending.ts';
import { toldUnits } from './notices/told-units.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule } from './rule.ts';
import { subjectOf } from './sentences/phrases.ts';

const id = 'discharge-notice';
const reference = '3 kap. 2 § lag (2017:612)';

export const dischargeNotice: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs, earlier) {
    const { admission, deceased } = process;
    const end = endOf(process);
    if (admission === undefined || end === undefined) return [];
    const ending = end === deceased ? deathOf(end) : dischargeOf(end);
    const content = {
      ...ending.content,
      ...(!admission.dateOnly && { admittedAt: isoOf(admission.atMs) }),
      ...(process.hospital !== undefined && { hospital: process.hospital }),
    };
    const about = { ...admission, id: end.id };
    return toldUnits(process, earlier, ending.toldOf).map((recipient) =>
      tell(process, parameters, nowMs, { ...ending, content, end, about, recipient }),
    );
  },
};

interface Ending {
  readonly obligation: 'discharge-notice' | 'death-notice';
  /** Who is told: who was told of this, or of anything. */
  readonly toldOf?: NoticedObligation;
  readonly content: NoticeContent;
  /** Inpatient care goes on elsewhere: the end of the stay is not told. */
  readonly goesOn: boolean;
}

function dischargeOf(end: Discharge): Ending {
  return {
    obligation: 'discharge-notice',
    toldOf: 'admission-notice',
    content: { dischargedAt: end.dateOnly ? localDateOf(end.atMs) : isoOf(end.atMs) },
    goesOn: end.toHospital === true,
  };
}

/** The day is enough: nothing is counted from the hour. */
function deathOf(end: Moment): Ending {
  return {
    obligation: 'death-notice',
    content: { deceasedOn: localDateOf(end.atMs) },
    goesOn: false,
  };
}

interface Telling extends Ending {
  readonly end: Moment;
  readonly about: Occasion;
  readonly recipient: Recipient;
}

function tell(
  process: DischargeProcess,
  parameters: Parameters,
  nowMs: number,
  { obligation, content, goesOn, end, about, recipient }: Telling,
): Finding {
  const endedOn = localDateOf(end.atMs);
  const parties = partiesOf(process);
  const law = new LawOn(parameters.under(recipient.municipality ?? parties.registration), endedOn);
  const found = { occasion: about.occasion, role: recipient.role, because: [end.id] };
  const details = { ...found, municipality: recipient.municipality, parameters: law.origins };
  const isAgreed = law.flag(`${id}.${obligation === id ? 'dischargeIsTold' : 'deathIsTold'}`);
  if (goesOn) return finding(dischargeNotice, 'not-applicable', 'CARE_GOES_ON', details);
  if (!isAgreed) return finding(dischargeNotice, 'not-applicable', 'END_NOT_TOLD', details);
  const lastMs = endOfDayMs(addDays(endedOn, law.number(`${id}.toldWithinDays`)));
  const hindered = isHindered(process, obligation);
  const want = noticeWant(process, parties, parameters, {
    obligation,
    about,
    recipient,
    content,
    reference: law.referenceOf(`${id}.${obligation === id ? 'dischargeIsTold' : 'deathIsTold'}`),
    mayIssue: nowMs <= lastMs && !hindered,
    mayCorrect: !hindered,
  });
  const sending = sendingOf(process, { obligation, about, recipient });
  const because = [end.id, ...sending.because];
  if (sending.state === 'sent') {
    const sinceMs = sending.times.handedOverAtMs;
    return finding(dischargeNotice, 'met', 'NOTICE_SENT', {
      ...details,
      because,
      sinceMs,
      sent: sending.times,
      wants: [want],
      fill: () => ({
        subject: subjectOf(obligation, recipient.role),
        sent: localTimeText(sinceMs),
      }),
    });
  }
  if (hindered) return finding(dischargeNotice, 'not-applicable', 'SECRECY_OBSTACLE', details);
  const isOther = sending.state === 'incomplete';
  const [status, reason] = unsentStatus[isOther ? 'under-way' : sending.state];
  return finding(dischargeNotice, status, reason, {
    ...details,
    because,
    wants: [want],
    fill: () => ({ subject: subjectOf(obligation, recipient.role) }),
  });
}
