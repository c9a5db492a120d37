/** Folds decisions, in the order they were written, by their keys. */
import { isFact } from './events.ts';
import type { CareDaysData, DeadlineData, DischargeEvent, EventOf, NoticeData } from './events.ts';
import type {
  DeadlineHistory,
  History,
  LiabilityHistory,
  NoticeHistory,
  NoticeRevision,
  Receipt,
  StoredLike,
} from './state.ts';

interface OpenNotice extends NoticeHistory {
  readonly revisions: NoticeRevision[];
  readonly receipts: Receipt[];
}
type Notices = Map<string, OpenNotice>;

/** Decisions so far: notices with their receipts, deadlines, liability, care days. */
export function foldHistory(events: readonly StoredLike[]): History {
  const notices: Notices = new Map();
  const deadlines = new Map<string, DeadlineHistory>();
  const liability = new Map<string, LiabilityHistory>();
  const careDays = new Map<string, CareDaysData>();
  const overlaps = new Set<string>();
  const reminders = new Map<string, string>();
  const decisions = events.filter(({ event }) => !isFact(event.type));
  for (const { event } of decisions.sort((left, right) => left.position - right.position)) {
    if (event.type === 'notice.reminded') reminders.set(event.data.deliveryId, event.id);
    else if (event.type.startsWith('notice.')) foldNotice(notices, event);
    else if (event.type.startsWith('deadline.')) foldDeadline(deadlines, event);
    else if (event.type.startsWith('liability.')) foldLiability(liability, event);
    else if (event.type === 'care-days.counted') careDays.set(event.data.key, event.data);
    else if (event.type === 'stay.overlapped') overlaps.add(event.data.otherStayId);
    else if (event.type === 'stay.overlap-cleared') overlaps.delete(event.data.otherStayId);
  }
  return { notices, reminders, deadlines, liability, careDays, overlaps };
}

function foldNotice(notices: Notices, event: DischargeEvent): void {
  switch (event.type) {
    case 'notice.issued':
      return addRevision(notices, event.id, 'issued', event.data);
    case 'notice.corrected':
      return addRevision(notices, event.id, 'corrected', event.data);
    case 'notice.withdrawn':
      return addRevision(notices, event.id, 'withdrawn', event.data);
    case 'notice.delivered':
      return addReceipt(notices, event, 'delivered');
    case 'notice.refused':
      return addReceipt(notices, event, 'refused');
    case 'notice.unresolved':
      return addReceipt(notices, event, 'unresolved');
    default:
  }
}

function noticeOf(
  notices: Notices,
  {
    key,
    obligation,
    occasion,
    role,
  }: Pick<NoticeHistory, 'key' | 'obligation' | 'occasion' | 'role'>,
): OpenNotice {
  const known = notices.get(key);
  if (known !== undefined) return known;
  const fresh: OpenNotice = { key, obligation, occasion, role, revisions: [], receipts: [] };
  notices.set(key, fresh);
  return fresh;
}

function addRevision(
  notices: Notices,
  id: string,
  action: NoticeRevision['action'],
  data: NoticeData,
): void {
  noticeOf(notices, data).revisions.push({
    id,
    revision: data.revision,
    action,
    ...(data.municipality !== undefined && { municipality: data.municipality }),
    ...(data.outpatientUnit !== undefined && { outpatientUnit: data.outpatientUnit }),
    ...(data.needs !== undefined && { needs: data.needs }),
    held: data.held ?? false,
    ...(data.county !== undefined && { county: data.county }),
    ...(data.changes !== undefined && { changes: data.changes }),
    ...(data.fields !== undefined && { fields: data.fields }),
    content: data.content,
    reference: data.reference,
  });
}

function addReceipt(
  notices: Notices,
  event: EventOf<'notice.delivered' | 'notice.refused' | 'notice.unresolved'>,
  outcome: Receipt['outcome'],
): void {
  const { data } = event;
  // A receipt of before the field was filled knows only that the receiver failed.
  const faultAt = data.receiverFaultAt ?? (data.receiverFault ? data.firstAttemptAt : undefined);
  noticeOf(notices, data).receipts.push({
    id: event.id,
    outcome,
    noticeId: data.noticeId,
    ...(data.municipality !== undefined && { municipality: data.municipality }),
    receiver: data.receiver,
    deliveryId: data.deliveryId,
    firstAttemptAtMs: Date.parse(data.firstAttemptAt),
    ...(data.deliveredAt !== undefined && { deliveredAtMs: Date.parse(data.deliveredAt) }),
    ...(faultAt !== undefined && { receiverFaultAtMs: Date.parse(faultAt) }),
    proof: data.proof,
  });
}

const none = { set: 0, met: 0, missed: 0, cancelled: 0 };

function foldDeadline(deadlines: Map<string, DeadlineHistory>, event: DischargeEvent): void {
  switch (event.type) {
    case 'deadline.set': {
      const counts = deadlines.get(event.data.key)?.counts ?? none;
      const next = { ...counts, set: counts.set + 1 };
      deadlines.set(event.data.key, { data: event.data, state: 'open', counts: next });
      return;
    }
    case 'deadline.nearing': {
      const known = deadlines.get(event.data.key);
      if (known?.state !== 'open' || known.data.dueAt !== event.data.dueAt) return;
      deadlines.set(event.data.key, { ...known, warnedAt: event.occurredAt });
      return;
    }
    case 'deadline.reached': {
      const known = deadlines.get(event.data.key);
      // A row that fell due after the deadline had been moved or closed says nothing.
      if (known?.state !== 'open' || known.data.dueAt !== event.data.dueAt) return;
      deadlines.set(event.data.key, { ...known, state: 'reached' });
      return;
    }
    case 'deadline.met':
      return closeDeadline(deadlines, event.data, 'met', event.data.metAt);
    case 'deadline.missed':
      return closeDeadline(deadlines, event.data, 'missed');
    case 'deadline.cancelled':
      return closeDeadline(deadlines, event.data, 'cancelled');
    default:
  }
}

function closeDeadline(
  deadlines: Map<string, DeadlineHistory>,
  { key, dueAt }: Pick<DeadlineData, 'key' | 'dueAt'>,
  state: 'met' | 'missed' | 'cancelled',
  metAt?: string,
): void {
  const known = deadlines.get(key);
  if (known === undefined) return;
  const counts = { ...known.counts, [state]: known.counts[state] + 1 };
  const { warnedAt } = known;
  deadlines.set(key, {
    // One that was met by the time it was moved to was never set anew.
    data: { ...known.data, dueAt },
    state,
    counts,
    ...(metAt !== undefined && { metAt }),
    ...(warnedAt !== undefined && { warnedAt }),
  });
}

function foldLiability(liability: Map<string, LiabilityHistory>, event: DischargeEvent): void {
  switch (event.type) {
    case 'liability.withheld':
      liability.set(event.data.key, { ...event.data, state: 'withheld' });
      return;
    case 'liability.started':
    case 'liability.revised':
    case 'liability.ended':
      liability.set(event.data.key, {
        ...event.data,
        state: event.data.until === undefined ? 'running' : 'ended',
      });
      return;
    case 'liability.revoked':
      liability.set(event.data.key, { ...event.data, state: 'revoked' });
      return;
    default:
  }
}
