/** Makes the want of one notice to one recipient. */
import { needKinds } from '../../process/events.ts';
import type { NoticeContent, NoticedObligation } from '../../process/events.ts';
import { currentNeed } from '../../process/state.ts';
import type { DischargeProcess, Occasion } from '../../process/state.ts';
import type { Parameters } from '../../../profiles/index.ts';
import { localDateOf } from '../legal-days.ts';
import { LawOn } from '../rule.ts';
import { fieldsOn, within } from './notice-fields.ts';
import { isAbout } from './sending.ts';
import type { Parties, Recipient } from './parties.ts';
import type { WantedNotice } from '../rule.ts';

export interface NoticeWish {
  readonly obligation: NoticedObligation;
  readonly about: Occasion;
  readonly recipient: Recipient;
  readonly content: NoticeContent;
  readonly reference: string;
  /** A first notice may still go out. */
  readonly mayIssue: boolean;
  /** One that went out may still be corrected. */
  readonly mayCorrect: boolean;
}

/** @returns what is to stand; `keep` where another system has sent it, or there is no more to send */
export function noticeWant(
  process: DischargeProcess,
  parties: Parties,
  parameters: Parameters,
  wish: NoticeWish,
): WantedNotice {
  const { obligation, about, recipient, content, reference, mayIssue, mayCorrect } = wish;
  // The guidelines of the treating region with the municipality whose unit it is for.
  const guided = parameters.under(recipient.municipality ?? parties.registration);
  const law = new LawOn(guided, localDateOf(about.atMs));
  const fields = fieldsOn(law, obligation, parties.isProtected);
  const mayGo = isSent(process, wish)
    ? mayCorrect
    : mayIssue && !isObserved(process, wish, recipient);
  const need = currentNeed(process);
  return {
    want: 'notice',
    obligation,
    about,
    fields,
    content: within(content, fields),
    reference,
    role: recipient.role,
    municipality: recipient.municipality,
    outpatientUnit: recipient.outpatientUnit,
    needs: need && needKinds.filter((kind) => need[kind]),
    county: process.county,
    held: parties.isProtected,
    mode: mayGo ? 'send' : 'keep',
  };
}

/** Whether it went out from here, to anyone of that role. */
function isSent(process: DischargeProcess, { obligation, about, recipient }: NoticeWish): boolean {
  for (const notice of process.history.notices.values()) {
    const isSame = notice.obligation === obligation && notice.role === recipient.role;
    if (isSame && about.aliases.has(notice.occasion)) return true;
  }
  return false;
}

/** Whether another system was seen to send the same notice. */
function isObserved(
  process: DischargeProcess,
  { obligation, about }: Pick<NoticeWish, 'obligation' | 'about'>,
  recipient: Recipient,
): boolean {
  return process.observed.some(
    (seen) =>
      seen.obligation === obligation &&
      seen.role === recipient.role &&
      (seen.municipality ?? recipient.municipality) === recipient.municipality &&
      isAbout(seen, about),
  );
}
