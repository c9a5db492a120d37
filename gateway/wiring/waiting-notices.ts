/** What had no receiver goes by itself when the configuration names one: at the start, and when other settings are in force. */
import { homelessDocument, isBilling, receiverOfDocument } from '../billing-documents.ts';
import type { Routes } from '../delivery.ts';
import { fold } from '../process/state.ts';
import { clockOf, noticeIn } from '../questions/waiting-deliveries.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeliveryHead, Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';

const pageSize = 500;

/** @returns how many are on their way again; how many of them are late stands in the log */
export async function routeWaiting(
  journal: Journal,
  routes: Routes,
  clock: Clock,
  log: Log,
): Promise<number> {
  let routed = 0;
  let late = 0;
  for (let after = 0; ;) {
    const heads = await journal.deliveries.inState('unroutable', after, pageSize);
    for (const head of heads) {
      const found = await wayOf(journal, routes, head, clock);
      if (found === undefined) continue;
      const { deliveryId, attempts } = head;
      const went = await journal.deliveries.sendAgain({
        deliveryId,
        state: 'unroutable',
        attempts,
      });
      if (!went) continue;
      routed += 1;
      late += found.isLate ? 1 : 0;
    }
    const last = heads.at(-1);
    if (last === undefined || heads.length < pageSize) break;
    after = last.place;
  }
  if (routed > 0) log.warn({ routed, late }, 'what had no receiver has one now');
  return routed;
}

async function wayOf(
  journal: Journal,
  routes: Routes,
  { streamId, position, deliveryId }: DeliveryHead,
  clock: Clock,
): Promise<{ readonly isLate: boolean } | undefined> {
  const { events } = await journal.loadStream(streamId);
  const event = events.find((one) => one.position === position)?.event;
  if (event === undefined) return undefined;
  if (isBilling(event)) {
    const document = homelessDocument(event, deliveryId);
    const receiver = document && receiverOfDocument(event, document, routes);
    return receiver && { isLate: false };
  }
  const notice = noticeIn(event);
  if (notice === undefined || !routes.ofNotice(notice, clock.now())) return undefined;
  const due = clockOf(fold(events), notice, clock.nowMs());
  return { isLate: due !== undefined && due.lateMs > 0 };
}
