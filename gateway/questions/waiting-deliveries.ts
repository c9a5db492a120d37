/** Deliveries that wait for a person or for the configuration, each with its case and the legal clock behind it. */
import type { DeadlineData, DischargeEvent, NoticeData, Obligation } from '../process/events.ts';
import { fold, type DischargeProcess } from '../process/state.ts';
import type { DeliveryHead, DeliveryState, StoredEvent } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { deadlinesOf } from './foretell.ts';

export interface WaitingDelivery {
  readonly delivery: string;
  /** Seen with it: an act on it is refused where it has gone on since. */
  readonly attempts: number;
  /** Case reference, or the settlement it is of. */
  readonly of: string;
  /** Duty of a notice, or `billing`. */
  readonly kind: Obligation | 'billing';
  readonly event: DischargeEvent['type'];
  readonly revision: number;
  readonly role?: NoticeData['role'];
  readonly county?: string;
  readonly municipality?: string;
  readonly outpatientUnit?: string;
  readonly needs?: NoticeData['needs'];
  /** Absent where it has none. */
  readonly receiver?: string;
  /** When it was decided, or when its outcome became unknown. ISO 8601. */
  readonly since: string;
  readonly firstAttemptAt?: string;
  /** What is known of it. */
  readonly detail?: string;
  /** The clock its sending would keep; negative `lateMs` while it is to come. */
  readonly clock?: WaitingClock;
  /** A later revision of the same notice was decided since. */
  readonly isReplaced: boolean;
}

export interface WaitingClock {
  readonly deadline: DeadlineData['deadline'];
  readonly dueAt: string;
  readonly lateMs: number;
}

type Reads = Pick<JournalReader, 'load' | 'loadStream'> & {
  readonly deliveries: Pick<JournalReader['deliveries'], 'inState'>;
};

const pageSize = 500;

/** Every delivery in a state, in the order they were opened. */
export async function waitingIn(
  journal: Reads,
  state: DeliveryState,
  nowMs: number,
): Promise<readonly WaitingDelivery[]> {
  const found: WaitingDelivery[] = [];
  for (let after = 0; ;) {
    const heads = await journal.deliveries.inState(state, after, pageSize);
    for (const head of heads) {
      const one = await describe(journal, head, nowMs);
      if (one !== undefined) found.push(one);
    }
    const last = heads.at(-1);
    if (last === undefined || heads.length < pageSize) return found;
    after = last.place;
  }
}

async function describe(
  journal: Reads,
  head: DeliveryHead,
  nowMs: number,
): Promise<WaitingDelivery | undefined> {
  const loaded = await journal.load(head.streamId);
  const events = loaded?.events ?? (await journal.loadStream(head.streamId)).events;
  const stored = events.find(({ position }) => position === head.position);
  if (stored === undefined) return undefined;
  const { event } = stored;
  const notice = event.type === 'notice.reminded' ? event.data : noticeIn(event);
  const { deliveryId, attempts, receiver, firstAttemptAt } = head;
  const told = events.findLast(
    ({ event: { type, data } }) =>
      type === 'notice.unresolved' && 'deliveryId' in data && data.deliveryId === deliveryId,
  )?.event;
  const detail = told?.type === 'notice.unresolved' ? told.data.detail : undefined;
  const base = {
    delivery: deliveryId,
    attempts,
    event: event.type,
    since: told?.occurredAt ?? event.recordedAt,
    ...(receiver !== undefined && { receiver }),
    ...(firstAttemptAt !== undefined && { firstAttemptAt }),
    ...(detail !== undefined && { detail }),
  };
  if (notice === undefined || loaded === undefined) return { ...base, ...billingOf(event, head) };
  const { key, obligation, revision, role, county, municipality, outpatientUnit, needs } = notice;
  const clock = clockOf(fold(events, loaded.processId), notice, nowMs);
  return {
    ...base,
    of: key.split('|', 1)[0] ?? loaded.processId,
    kind: obligation,
    revision,
    role,
    ...(county !== undefined && { county }),
    ...(municipality !== undefined && { municipality }),
    ...(outpatientUnit !== undefined && { outpatientUnit }),
    ...(needs !== undefined && { needs }),
    ...(clock !== undefined && { clock }),
    isReplaced: isReplaced(notice, events),
  };
}

/** Whether a later revision takes the place of a notice. */
export function isReplaced(
  { key, revision }: Pick<NoticeData, 'key' | 'revision'>,
  events: readonly StoredEvent[],
): boolean {
  return events.some(({ event }) => {
    const later = noticeIn(event);
    return later !== undefined && later.key === key && later.revision > revision;
  });
}

function billingOf(
  { data }: DischargeEvent,
  { streamId }: DeliveryHead,
): Pick<WaitingDelivery, 'of' | 'kind' | 'revision' | 'county' | 'municipality' | 'isReplaced'> {
  return {
    of: streamId,
    kind: 'billing',
    revision: 'revision' in data ? (data.revision ?? 1) : 1,
    ...('county' in data && data.county !== undefined && { county: data.county }),
    ...('municipality' in data &&
      data.municipality !== undefined && { municipality: data.municipality }),
    isReplaced: false,
  };
}

/** What a notice event says; undefined for any other. */
export function noticeIn(event: DischargeEvent): NoticeData | undefined {
  return event.type === 'notice.issued' ||
    event.type === 'notice.corrected' ||
    event.type === 'notice.withdrawn'
    ? event.data
    : undefined;
}

/** The first deadline of the case that the notice is sent under and that is not met. */
export function clockOf(
  { history }: DischargeProcess,
  { obligation }: Pick<NoticeData, 'obligation'>,
  nowMs: number,
): WaitingClock | undefined {
  const open = [...history.deadlines.values()]
    .filter(({ state }) => state !== 'met' && state !== 'cancelled')
    .map(({ data }) => data)
    .filter(({ deadline }) => deadlinesOf[obligation].includes(deadline))
    .sort((left, right) => left.dueAt.localeCompare(right.dueAt));
  const [first] = open;
  return (
    first && {
      deadline: first.deadline,
      dueAt: first.dueAt,
      lateMs: nowMs - Date.parse(first.dueAt),
    }
  );
}
