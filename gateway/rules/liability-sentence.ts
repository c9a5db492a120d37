/** What the sentences of liability are filled with: the notice, what moved the start, and the care days. */
import type { Temporal } from 'temporal-polyfill';
import { localTimeText, sentTimeText } from './legal-days.ts';
import type { Notification } from './liability-conditions.ts';
import { moverOf } from './phrases.ts';
import { fillIn } from './reasons.ts';
import type { Fill, Phrase, Reason } from './reasons.ts';

/** The fact that moved the start past the date of 5 kap. 4 §. */
export interface Mover {
  readonly reason: Reason;
  readonly at: Temporal.Instant;
}

/**
 * @param from first care day, or the date liability is expected
 * @param until the first day that is no longer charged; absent while liability runs
 */
export function liabilityFill(
  notification: Notification | undefined,
  mover: Mover | undefined,
  from: Temporal.PlainDate | undefined,
  until: Temporal.PlainDate | undefined,
): Fill {
  if (notification === undefined || from === undefined) return {};
  const { sentAt, handedOverAt, otherwise } = notification;
  const moved = mover && moverOf(mover.reason, localTimeText(mover.at));
  return {
    notice: noticeOf(notification),
    moved: moved === undefined ? '' : preceded(moved),
    from: from.toString(),
    days: daysOf(from, until),
    fault: sentTimeText(sentAt),
    handedOver: sentTimeText(handedOverAt),
    otherwise: otherwise.toString(),
  };
}

function noticeOf({ sentAt, isLate, limit, days, liabilityDate }: Notification): Phrase {
  const text = {
    sv: 'Underrättelsen skickades {sent}, {when} kl. {limit}: ansvar inträder efter {days} dagar, {date} (5 kap. 4 §).',
    en: 'The notification was sent {sent}, {when} {limit}: liability arises after {days} days, on {date} (5 kap. 4 §).',
  };
  return fillIn(text, {
    sent: sentTimeText(sentAt),
    when: { sv: isLate ? 'efter' : 'senast', en: isLate ? 'after' : 'not after' },
    limit: limit.replace(':', '.'),
    days: String(days),
    date: liabilityDate.toString(),
  });
}

const preceded = (phrase: Phrase): Phrase =>
  typeof phrase === 'string' ? ` ${phrase}` : { sv: ` ${phrase.sv}`, en: ` ${phrase.en}` };

function daysOf(from: Temporal.PlainDate, until: Temporal.PlainDate | undefined): Phrase {
  const first = from.toString();
  if (until === undefined)
    return { sv: `Första vårddygn ${first}.`, en: `First care day ${first}.` };
  const last = until.subtract({ days: 1 }).toString();
  if (last < first) return { sv: 'Inga vårddygn.', en: 'No care days.' };
  return {
    sv: `Första vårddygn ${first}, sista ${last}.`,
    en: `First care day ${first}, last ${last}.`,
  };
}
