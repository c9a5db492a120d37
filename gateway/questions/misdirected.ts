/** Notices whose receiver answered that the patient is not its resident, and which nobody else has got since. */
import { fold } from '../process/state.ts';
import { isoOf } from '../rules/legal-days.ts';
import { isMisdirected } from '../rules/notices/parties.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { clockOf, type WaitingDelivery } from './waiting-deliveries.ts';

const pageSize = 500;

/** Page by page; each as a delivery that waits. */
export async function misdirected(
  journal: Pick<JournalReader, 'load' | 'misdirectedProcessIds'>,
  nowMs: number,
): Promise<readonly WaitingDelivery[]> {
  const found: WaitingDelivery[] = [];
  for (let after = ''; ;) {
    const ids = await journal.misdirectedProcessIds(after, pageSize);
    for (const id of ids) found.push(...(await ofCase(journal, id, nowMs)));
    const last = ids.at(-1);
    if (last === undefined || ids.length < pageSize) return found;
    after = last;
  }
}

async function ofCase(
  journal: Pick<JournalReader, 'load'>,
  id: string,
  nowMs: number,
): Promise<readonly WaitingDelivery[]> {
  const loaded = await journal.load(id);
  if (loaded === undefined) return [];
  const process = fold(loaded.events, loaded.processId);
  return [...process.history.notices.values()].flatMap((notice): WaitingDelivery[] => {
    const last = notice.revisions.at(-1);
    if (last === undefined || last.action === 'withdrawn') return [];
    const taken = notice.receipts.filter(
      ({ outcome, municipality }) => outcome === 'delivered' && municipality === last.municipality,
    );
    const wrong = taken.findLast((one) => isMisdirected(process, notice.obligation, one));
    if (wrong === undefined) return [];
    if (!taken.every((one) => isMisdirected(process, notice.obligation, one))) return [];
    const answer = process.misdirections.find(
      ({ deliveryId }) => deliveryId === undefined || deliveryId === wrong.deliveryId,
    );
    const clock = clockOf(process, notice, nowMs);
    const { key, obligation: kind, role } = notice;
    const { county, municipality, outpatientUnit, revision } = last;
    return [
      {
        delivery: wrong.deliveryId,
        attempts: 0,
        of: key.split('|', 1)[0] ?? loaded.processId,
        kind,
        event: last.action === 'issued' ? 'notice.issued' : 'notice.corrected',
        revision,
        role,
        ...(county !== undefined && { county }),
        ...(municipality !== undefined && { municipality }),
        ...(outpatientUnit !== undefined && { outpatientUnit }),
        receiver: wrong.receiver,
        since: isoOf(answer?.atMs ?? wrong.firstAttemptAtMs),
        ...(clock !== undefined && { clock }),
        isReplaced: false,
      },
    ];
  });
}
