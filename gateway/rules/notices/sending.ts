/** Whether, and when, a notice was sent, from the receipts (reading A10). */
import type { NoticeContent, Obligation } from '../../process/events.ts';
import type {
  DischargeProcess,
  NoticeHistory,
  ObservedNotice,
  Occasion,
  ReadinessPeriod,
  Receipt,
} from '../../process/state.ts';
import { localDateOf } from '../legal-days.ts';
import { isMisdirected, isWithin } from './parties.ts';
import type { Recipient } from './parties.ts';
import type { Reason } from '../sentences/reasons.ts';
import type { SentTimes, Status } from '../rule.ts';

export type Sending =
  | { readonly state: 'sent'; readonly times: SentTimes; readonly because: readonly string[] }
  | {
      readonly state: Unsent;
      readonly because: readonly string[];
    };
type Unsent =
  | 'none'
  | 'under-way'
  | 'held'
  | 'incomplete'
  | 'refused'
  | 'unresolved'
  | 'unproven'
  | 'misdirected';

export interface SendingQuestion {
  readonly obligation: Obligation;
  readonly about: Occasion | ReadinessPeriod;
  readonly recipient: Recipient;
  /** Whether a content is all the statute asks for; without it any is. */
  readonly complete?: (content: NoticeContent) => boolean;
  /** Only what was sent since the last withdrawal of the notice. */
  readonly isRenewed?: boolean;
}

/** The first proven sending to the right receiver; else the best that is known. */
export function sendingOf(process: DischargeProcess, question: SendingQuestion): Sending {
  const found = [...observedSendings(process, question), ...ownSendings(process, question)];
  return found.reduce<Sending>(better, { state: 'none', because: [] });
}

/** Ranks what is known; a proven sending beats all, the earlier of two wins. */
const ranks: readonly Sending['state'][] = [
  'none',
  'under-way',
  'held',
  'refused',
  'misdirected',
  'incomplete',
  'unresolved',
  'unproven',
  'sent',
];
function better(left: Sending, right: Sending): Sending {
  if (left.state === 'sent' && right.state === 'sent') {
    return right.times.attemptAtMs < left.times.attemptAtMs ? right : left;
  }
  return ranks.indexOf(right.state) > ranks.indexOf(left.state) ? right : left;
}

/**
 * Whether a notice that another system sent can be about that readiness or admission. The notice of admission follows the
 * assessment that is made when the patient is admitted (2 kap. 1 §): one of an earlier date is of another stay, whatever
 * stay it names. On the date itself a hospital may send it before it has registered the hour.
 */
export function isAbout(seen: ObservedNotice, about: Occasion | ReadinessPeriod): boolean {
  switch (seen.obligation) {
    case 'discharge-ready-notice':
      return isWithin(about, seen.atMs);
    // One that was told before the estimate changed is not of the change.
    case 'discharge-estimate':
      return seen.atMs >= about.atMs;
    case 'admission-notice':
      return localDateOf(seen.atMs) >= localDateOf(about.atMs);
    default:
      return true;
  }
}

/** What another system was seen to send counts as sent when its source says. */
function observedSendings(
  process: DischargeProcess,
  { obligation, about, recipient }: SendingQuestion,
): Sending[] {
  return process.observed
    .filter(
      (seen) =>
        seen.obligation === obligation &&
        seen.role === recipient.role &&
        (seen.municipality ?? recipient.municipality) === recipient.municipality &&
        isAbout(seen, about),
    )
    .map((seen): Sending => {
      const because = [seen.id];
      if (seen.dateOnly) return { state: 'unproven', because };
      const times = { attemptAtMs: seen.atMs, handedOverAtMs: seen.atMs };
      return { state: 'sent', times, because };
    });
}

function ownSendings(process: DischargeProcess, question: SendingQuestion): Sending[] {
  const sendings: Sending[] = [];
  for (const notice of process.history.notices.values()) {
    if (
      notice.obligation === question.obligation &&
      notice.role === question.recipient.role &&
      question.about.aliases.has(notice.occasion)
    ) {
      sendings.push(...sendingsOf(process, notice, question));
    }
  }
  return sendings;
}

function sendingsOf(
  process: DischargeProcess,
  notice: NoticeHistory,
  { recipient, complete, isRenewed }: SendingQuestion,
): Sending[] {
  const sendings: Sending[] = [];
  const last = notice.revisions.findLastIndex(({ action }) => action === 'withdrawn');
  for (const revision of notice.revisions.slice(isRenewed === true ? last + 1 : 0)) {
    if (revision.action === 'withdrawn') continue;
    const receipts = notice.receipts.filter((receipt) => receipt.noticeId === revision.id);
    const isWhole = complete === undefined || complete(revision.content);
    if (receipts.length === 0 && revision.municipality === recipient.municipality) {
      sendings.push({ state: revision.held ? 'held' : 'under-way', because: [revision.id] });
    }
    for (const receipt of receipts) {
      if ((receipt.municipality ?? revision.municipality) !== recipient.municipality) continue;
      sendings.push(sendingBy(process, notice.obligation, receipt, isWhole));
    }
  }
  return sendings;
}

function sendingBy(
  process: DischargeProcess,
  obligation: Obligation,
  receipt: Receipt,
  isWhole: boolean,
): Sending {
  const because = [receipt.id];
  if (isMisdirected(process, obligation, receipt)) return { state: 'misdirected', because };
  if (receipt.outcome !== 'delivered') return { state: receipt.outcome, because };
  if (receipt.proof === 'none' || receipt.deliveredAtMs === undefined) {
    return { state: 'unproven', because };
  }
  if (!isWhole) return { state: 'incomplete', because };
  const {
    firstAttemptAtMs: attemptAtMs,
    deliveredAtMs: handedOverAtMs,
    receiverFaultAtMs,
  } = receipt;
  const times = {
    attemptAtMs,
    handedOverAtMs,
    ...(receiverFaultAtMs !== undefined && { receiverFaultAtMs }),
  };
  return { state: 'sent', times, because };
}

/** What it means for the condition that no sending is proven; `pending` holds while there is still time. */
export const unsentStatus: Readonly<
  Record<Exclude<Unsent, 'incomplete'>, readonly [Status, Reason]>
> = {
  none: ['pending', 'NOTICE_NOT_SENT_YET'],
  'under-way': ['pending', 'NOTICE_NOT_SENT_YET'],
  held: ['pending', 'NOTICE_HELD'],
  refused: ['pending', 'NOTICE_REFUSED'],
  unresolved: ['unknown', 'NOTICE_UNRESOLVED'],
  unproven: ['unknown', 'NOTICE_DELIVERY_UNPROVEN'],
  misdirected: ['unmet', 'NOTICE_MISDIRECTED'],
};
