/** What the sentences of liability are filled with: the notice, what moved the start, and the care days. */
import { addDays, localTimeText, sentTimeText } from '../legal-days.ts';
import type { LocalDate } from '../legal-days.ts';
import type { Notification } from '../liability/liability-conditions.ts';
import { moverOf } from './phrases.ts';
import { fillIn } from './reasons.ts';
import type { Fill, Phrase, Reason } from './reasons.ts';

/** The fact that moved the start past the date of 5 kap. 4 §. */
export interface Mover {
  readonly reason: Reason;
  readonly atMs: number;
}

/**
 * @param from first care day, or the date liability is expected
 * @param until the first day that is no longer charged; absent while liability runs
 */
export function liabilityFill(
  notification: Notification | undefined,
  mover: Mover | undefined,
  from: LocalDate | undefined,
  until: LocalDate | undefined,
): Fill {
  if (notification === undefined || from === undefined) return {};
  const { sentAtMs, handedOverAtMs, otherwise } = notification;
  const moved = mover && moverOf(mover.reason, localTimeText(mover.atMs));
  return {
    notice: noticeOf(notification),
    moved: moved === undefined ? '' : preceded(moved),
    from,
    days: daysOf(from, until),
    fault: sentTimeText(sentAtMs),
    handedOver: sentTimeText(handedOverAtMs),
    otherwise,
  };
}

function noticeOf({ sentAtMs, isLate, limit, days, liabilityDate }: Notification): Phrase {
  const text = {
    sv: 'Underrättelsen skickades {sent}, {when} kl. {limit}: ansvar inträder efter {days} dagar, {date} (5 kap. 4 §).',
    en: 'The notification was sent {sent}, {when} {limit}: liability arises after {days} days, on {date} (5 kap. 4 §).',
  };
  return fillIn(text, {
    sent: sentTimeText(sentAtMs),
    when: { sv: isLate ? 'efter' : 'senast', en: isLate ? 'after' : 'not after' },
    limit: limit.replace(':', '.'),
    days: String(days),
    date: liabilityDate,
  });
}

const preceded = (phrase: Phrase): Phrase =>
  typeof phrase === 'string' ? ` ${phrase}` : { sv: ` ${phrase.sv}`, en: ` ${phrase.en}` };

function daysOf(from: LocalDate, until: LocalDate | undefined): Phrase {
  if (until === undefined) return { sv: `Första vårddygn ${from}.`, en: `First care day ${from}.` };
  const last = addDays(until, -1);
  if (last < from) return { sv: 'Inga vårddygn.', en: 'No care days.' };
  return {
    sv: `Första vårddygn ${from}, sista ${last}.`,
    en: `First care day ${from}, last ${last}.`,
  };
}
