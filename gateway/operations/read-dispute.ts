/**
 * What a municipality wrote of a dispute in its own words: it stands in its message alone, for it may speak of a person, and
 * is shown to a named person who says why, written down before it is read.
 */
import { textOfDispute } from '../../adapters/inbound/receipts/dispute.ts';
import type { EventData } from '../process/events.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import { answering, refused } from './answering.ts';
import { invoiceInput, invoiceSpokenOf } from './dispute-billing.ts';
import { operation } from './operation.ts';

export interface DisputeRead {
  readonly number: string;
  /** The partner whose system told it, and when it came, ISO 8601. */
  readonly by: string;
  readonly at: string;
  readonly cause: EventData<'billing.disputed'>['cause'];
  readonly lines?: readonly number[] | undefined;
  /** Absent where it wrote nothing. */
  readonly text?: string | undefined;
}

export const readDispute = operation(invoiceInput, async (parts, asked): Promise<DisputeRead> => {
  const { number, token } = asked;
  const { audit } = await answering(parts, token, 'handle-disputes', `invoice ${number}`);
  const { streamId } = await invoiceSpokenOf(parts, number);
  const { events } = await parts.journal.loadSettlement(streamId);
  const told = events.findLast(
    ({ event }) =>
      event.type === 'billing.disputed' &&
      event.data.number === number &&
      event.source.sender !== 'hemgang',
  )?.event;
  if (told?.type !== 'billing.disputed') {
    throw refused(
      `no system of the municipality told a dispute of invoice ${number}`,
      'hemgang billing explain tells who wrote one down, and the reason',
    );
  }
  await audit(`read what was written of the dispute of invoice ${number}`, streamId);
  const { by, cause, lines } = told.data;
  const raw = await rawOf(parts.journal, told.source.messageId, told.recordedAt);
  if (raw === undefined) {
    throw refused(
      `the message of the dispute of invoice ${number} was weeded out`,
      'ask the municipality',
    );
  }
  return { number, by, at: told.recordedAt, cause, lines, text: textOfDispute(raw) };
});

const pageRows = 500;
/** A message is received, and what follows of it recorded, within this time. */
const minuteMs = 60_000;

/** The bytes of a message, sought where it must stand. */
async function rawOf(
  { told }: Pick<Journal, 'told'>,
  messageId: string,
  recordedAt: string,
): Promise<Uint8Array | undefined> {
  const recordedMs = Date.parse(recordedAt);
  let place = await told.before(isoOf(recordedMs - minuteMs));
  const last = isoOf(recordedMs + minuteMs);
  for (;;) {
    const { heads, upTo, isLast } = await told.after(place, pageRows);
    const found = heads.find((one) => one.messageId === messageId);
    if (found !== undefined) return (await told.at([found.place]))[0]?.raw;
    if (isLast || heads.some(({ receivedAt }) => receivedAt > last)) return undefined;
    place = upTo;
  }
}
