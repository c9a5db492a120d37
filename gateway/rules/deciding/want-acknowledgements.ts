/**
 * Whether a person has read what was delivered, within the time that was agreed with the receiver. It is watched, and
 * means nothing for the law: a notice counts from its sending (5 kap. 4 §), read or not.
 */
import type { DischargeProcess, NoticeHistory, Receipt } from '../../process/state.ts';
import { isAnswerTo, isMisdirected } from '../notices/parties.ts';
import type { WantedDeadline } from '../rule.ts';

/** The time agreed with a receiver, by its id, in milliseconds; undefined where nothing is agreed. */
export type AgreedMs = (receiver: string) => number | undefined;

/** One deadline for each notice that stands and was handed over. */
export function wantAcknowledgements(
  process: DischargeProcess,
  agreedMs: AgreedMs,
): readonly WantedDeadline[] {
  return [...process.history.notices.values()].flatMap((notice) => {
    const receipt = standingReceipt(process, notice);
    if (receipt?.deliveredAtMs === undefined) return [];
    const withinMs = agreedMs(receipt.receiver);
    if (withinMs === undefined) return [];
    const { id, deliveryId, deliveredAtMs } = receipt;
    return [
      {
        want: 'deadline',
        deadline: 'acknowledgement',
        about: { id, occasion: deliveryId, aliases: new Set([deliveryId]) },
        dueAtMs: deliveredAtMs + withinMs,
        metAtMs: acknowledgedAtMs(process, notice, receipt),
        reference: 'agreed with the receiver',
      },
    ];
  });
}

/** When a person read this delivery; a later one of the same notice says all that this one did. */
export function acknowledgedAtMs(
  { acknowledgements }: DischargeProcess,
  { obligation }: NoticeHistory,
  receipt: Receipt,
): number | undefined {
  return acknowledgements.find((answer) => isAnswerTo(answer, obligation, receipt))?.atMs;
}

/** The hand-over of the revision that stands; a withdrawn one is not waited for, nor one to the wrong receiver. */
function standingReceipt(process: DischargeProcess, notice: NoticeHistory): Receipt | undefined {
  const last = notice.revisions.at(-1);
  if (last === undefined || last.action === 'withdrawn') return undefined;
  return notice.receipts.findLast(
    (receipt) =>
      receipt.noticeId === last.id &&
      receipt.outcome === 'delivered' &&
      !isMisdirected(process, notice.obligation, receipt),
  );
}
