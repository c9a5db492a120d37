/**
 * Notices that wait for a receiver go: to whom the configuration names now, or to one that a person chose. What the wrong
 * municipality had goes to another receiver of the right one as a delivery of its own.
 */
import { z } from 'zod';
import { fold } from '../process/state.ts';
import { deliveryIdOf } from '../process/ids.ts';
import { noticeIn } from '../questions/waiting-deliveries.ts';
import { isMisdirected } from '../rules/notices/parties.ts';
import type { DeliveryRow, StoredEvent } from '../runtime/journal/journal.ts';
import { isOfAnother } from '../wiring/routing.ts';
import { refused } from './answering.ts';
import { operation, type OperationParts } from './operation.ts';

const input = z.strictObject({
  deliveries: z
    .array(
      z.strictObject({
        delivery: z.string().min(1).max(200),
        cause: z.enum(['no-receiver', 'misdirected']),
        attempts: z.int().min(0),
      }),
    )
    .min(1)
    .max(10_000),
  /** Id of the receiver; absent: whom the configuration names. */
  to: z.string().min(1).max(200).optional(),
});
type Wanted = z.output<typeof input>['deliveries'][number];

export interface RoutedAnew {
  readonly routed: number;
  /** They were not as they were seen any more, and were left as they are. */
  readonly left: readonly string[];
}

export const routeAnew = operation(
  input,
  async (parts, { deliveries, to }): Promise<RoutedAnew> => {
    const { audit, running, signal, tell } = parts;
    const place = to === undefined ? undefined : receiverNamed(parts, to);
    const left: string[] = [];
    let done = 0;
    for (const wanted of deliveries) {
      if (signal.aborted) break;
      const whom = to ?? 'whom the configuration names';
      await audit(`route delivery ${wanted.delivery} anew, to ${whom}`, wanted.delivery);
      if (!(await goes(parts, wanted, to, place))) left.push(wanted.delivery);
      tell((done += 1), deliveries.length);
    }
    running?.wake();
    return { routed: done - left.length, left };
  },
);

type ReceiverSettings = ReturnType<OperationParts['current']>['config']['receivers'][number];

/** @throws GatewayError configuration-invalid for a receiver there is not */
export function receiverNamed({ current }: OperationParts, id: string): ReceiverSettings {
  const { receivers } = current().config;
  const found = receivers.find((one) => one.id === id);
  if (found !== undefined) return found;
  const known = receivers.map((one) => one.id).join(', ');
  throw refused(
    `no receiver is called ${id}; there are ${known}`,
    'look at receivers: in the configuration',
  );
}

async function goes(
  parts: OperationParts,
  { delivery, cause, attempts }: Wanted,
  to: string | undefined,
  place: ReceiverSettings | undefined,
): Promise<boolean> {
  const { deliveries } = parts.journal;
  const row = await deliveries.named(delivery);
  if (row === undefined) return false;
  const { events } = await parts.journal.loadStream(row.streamId);
  const stored = events.find(({ position }) => position === row.position);
  if (stored === undefined) return false;
  checkPlace(place, stored);
  if (cause === 'no-receiver') {
    if (row.state !== 'unroutable') return false;
    const seen = { deliveryId: delivery, state: 'unroutable', attempts } as const;
    return await deliveries.sendAgain({ ...seen, ...(to !== undefined && { to }) });
  }
  if (to === undefined)
    throw refused('a misdirected notice needs --to RECEIVER', 'say who gets it');
  if (to === row.receiver) {
    throw refused(
      `${to} has answered that the patient is not its resident`,
      'choose another receiver',
    );
  }
  return await redirect(parts, row, stored, to);
}

/** @throws GatewayError configuration-invalid where the receiver is for other municipalities, counties or units */
export function checkPlace(place: ReceiverSettings | undefined, { event }: StoredEvent): void {
  const notice = noticeIn(event);
  const other = place && notice && isOfAnother(place, notice);
  if (other === undefined || place === undefined) return;
  throw refused(
    `${place.id} is not for this notice: ${other.setting}: ${other.why}`,
    `choose a receiver of that place, or extend ${other.setting} of ${place.id} and reload`,
  );
}

/** The latest revision goes out once more, to another; what the first receiver had stays as it was. */
async function redirect(
  { journal }: OperationParts,
  row: DeliveryRow,
  stored: StoredEvent,
  to: string,
): Promise<boolean> {
  const loaded = await journal.load(row.streamId);
  const notice = noticeIn(stored.event);
  if (loaded === undefined || notice === undefined) return false;
  const process = fold(loaded.events, loaded.processId);
  const history = process.history.notices.get(notice.key);
  const isWrong = history?.receipts.some(
    (receipt) =>
      receipt.deliveryId === row.deliveryId && isMisdirected(process, notice.obligation, receipt),
  );
  const last = history?.revisions.at(-1);
  if (isWrong !== true || last === undefined || last.action === 'withdrawn') return false;
  const latest = loaded.events.find(({ event }) => event.id === last.id);
  if (latest === undefined) return false;
  const deliveryId = deliveryIdOf(last.id, `anew to ${to}`);
  await journal.deliveries.open([
    {
      deliveryId,
      lane: row.lane,
      position: latest.position,
      eventId: last.id,
      streamId: latest.event.stayId,
      receiver: undefined,
      state: 'unroutable',
      rendered: undefined,
      detail: `${row.receiver ?? 'the receiver'} answered: not our resident`,
    },
  ]);
  return await journal.deliveries.sendAgain({ deliveryId, state: 'unroutable', attempts: 0, to });
}
