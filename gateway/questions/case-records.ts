/** A case with all that was recorded of it, of one moment, although the gateway may be writing. */
import { GatewayError } from '../errors.ts';
import type { LoadedProcess } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import type { CaseRecords } from './notice-paths.ts';

export type RecordReads = Pick<JournalReader, 'load' | 'paths' | 'records'>;

/** So often it is read again while the case goes on. */
const tries = 5;

/**
 * An outcome and its event are one transaction: where no event was added while the rest was read, all of it fits together.
 * @throws GatewayError unknown-case, journal-unavailable where the case never stands still
 */
export async function caseRecords(
  journal: RecordReads,
  id: string,
): Promise<CaseRecords & { readonly loaded: LoadedProcess }> {
  for (let left = tries; left > 0; left -= 1) {
    const loaded = await journal.load(id);
    if (loaded === undefined) {
      throw new GatewayError(
        'unknown-case',
        `no case or stay is called ${id}\n  next: take the case reference from a notice, or from hemgang billing preview --month YYYY-MM`,
      );
    }
    const { events } = loaded;
    const stays = loaded.stays.map(({ stayId }) => stayId);
    const sources = new Set(events.map(({ event }) => event.source.messageId));
    const messages = await journal.records.messagesOf([...sources], stays);
    const deliveries = await journal.records.deliveriesOf(stays);
    const attempts = await journal.paths.attemptsOf(deliveries.map((row) => row.deliveryId));
    const again = await journal.load(id);
    if (again?.events.length === events.length && again.processId === loaded.processId) {
      return { loaded, events, messages, deliveries, attempts };
    }
  }
  throw new GatewayError(
    'journal-unavailable',
    `case ${id} goes on all the time\n  next: try again`,
  );
}
