/** Settles the months of a filled journal with the gateway's own parts, as if its clock stood just after the year. */
import { createAdvance, settlementStreamOf } from '../../../gateway/advance.ts';
import type { Delivery } from '../../../gateway/runtime/bus/bus.ts';
import { HandSetClock } from '../../../gateway/runtime/clock.ts';
import { openEmbeddedJournal } from '../../../gateway/runtime/journal/embedded.ts';
import { loadProfiles } from '../../../profiles/index.ts';
import { afterTheYear, county, elsewhere, months, municipalities } from './courses.ts';

const rowsAtOnce = 500;

/** Opens every month, lets its cut-off fall due, and bills it. Nothing is sent to anyone. */
export async function settleMonths(folder: string): Promise<void> {
  const journal = await openEmbeddedJournal({ folder });
  const clock = new HandSetClock(afterTheYear);
  const advance = createAdvance({
    journal,
    profiles: loadProfiles(),
    clock,
    isSenderLive: () => true,
  });
  const handleWaiting = async (): Promise<void> => {
    for (let handled = 1; handled > 0;) {
      handled = await journal.releaseDue(clock.now(), { deadlines: true });
      const rows = await journal.outbox.ready('advance', clock.nowMs(), rowsAtOnce, []);
      for (const row of rows) await advance(row.lane, [{ ...row, attempt: 1 }]);
      await journal.outbox.done(rows);
      await journal.outbox.done(
        await journal.outbox.ready('dispatch', clock.nowMs(), rowsAtOnce, []),
      );
      handled += rows.length;
    }
  };
  try {
    for (const month of months) {
      for (const municipality of [...municipalities, ...elsewhere]) {
        const lane = settlementStreamOf({ county, municipality, month });
        await advance(lane, [nudgeTo(lane)]);
      }
      await handleWaiting();
    }
  } finally {
    await journal.close();
  }
}

/** What the bus would hand over once a count has come. */
function nudgeTo(lane: string): Delivery {
  return {
    queue: 'advance',
    type: 'care-days.counted',
    lane,
    streamId: lane,
    position: 0,
    eventId: lane,
    attempt: 1,
    excused: 0,
  };
}
