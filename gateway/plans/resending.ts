/** Which deliveries would be sent again to a receiver, what each is, and whether it can tell that it is a repeat. */
import { z } from 'zod';
import { isBilling } from '../billing-documents.ts';
import { eventsBeside } from '../delivery.ts';
import type { DischargeEvent, NoticeData } from '../process/events.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Deliveries, DeliveryHead, Journal, StoredEvent } from '../runtime/journal/journal.ts';
import type { PlanHead } from './plan-file.ts';
import { fits, selectionText, type Selection } from './selection.ts';

/** Names that --where knows. Without `state` only what was delivered is meant. */
export const resendNames = ['case', 'delivery', 'kind', 'municipality', 'role', 'state'] as const;

const text = z.string().min(1).max(300);
const resendable = ['delivered', 'refused', 'unresolved'] as const;
export const resendPlan = z.looseObject({
  to: text,
  deliveries: z.array(
    z.looseObject({ delivery: text, state: z.enum(resendable), attempts: z.int().min(0) }),
  ),
});
export type ResendOrder = z.infer<typeof resendPlan>;

export interface PlannedDelivery {
  readonly delivery: string;
  readonly state: (typeof resendable)[number];
  readonly attempts: number;
  /** Case reference, or the settlement it is of. */
  readonly of: string;
  /** Duty of a notice, or `billing`. */
  readonly kind: string;
  readonly event: DischargeEvent['type'];
  readonly revision: number;
  readonly role?: string;
  readonly municipality?: string;
  readonly firstAttemptAt?: string;
  /** It arrived before: the same content under the same id, and no clock moves. */
  readonly isRepeat: boolean;
  /** A later revision was decided since; it goes after this one, where it is in the plan. */
  readonly isReplaced: boolean;
}

export interface ResendContent extends PlanHead {
  readonly to: string;
  readonly looked: number;
  readonly deliveries: readonly PlannedDelivery[];
  readonly left: readonly { readonly delivery: string; readonly why: string }[];
}

export interface ResendQuestion {
  /** ISO 8601; `until` is no longer in it. Of the first attempt, or of the decision where none was made. */
  readonly since: string;
  readonly until?: string | undefined;
  readonly where: Selection;
  readonly to: {
    readonly id: string;
    readonly recognisesRepeats: boolean;
  };
}

type Reads = Pick<Journal, 'loadStream' | 'eventsAfter' | 'status'> & {
  readonly deliveries: Pick<Deliveries, 'after'>;
};

const pageSize = 1000;

/** In the order in which they were opened, which is that of each lane. Nothing is written. */
export async function planResend(
  journal: Reads,
  nowMs: number,
  question: ResendQuestion,
): Promise<ResendContent> {
  const { to, where, since, until } = question;
  const deliveries: PlannedDelivery[] = [];
  const left: ResendContent['left'][number][] = [];
  let looked = 0;
  for (let after = 0; ;) {
    const heads = await journal.deliveries.after(after, pageSize);
    for (const head of heads) {
      if (!isAsked(question, head)) continue;
      const events = await eventsBeside(journal, head);
      const stored = events.find(({ position }) => position === head.position);
      if (stored === undefined || !isInTime(question, head, stored.event)) continue;
      // A reminder was for its hour: what is sent again is the notice.
      if (stored.event.type === 'notice.reminded') continue;
      const planned = plannedOf(head, stored, events);
      if (!isMeant(where, planned)) continue;
      looked += 1;
      const why = whyNot(planned, to.recognisesRepeats);
      if (why === undefined) deliveries.push(planned);
      else left.push({ delivery: head.deliveryId, why });
    }
    const last = heads.at(-1);
    if (last === undefined || heads.length < pageSize) break;
    after = last.place;
  }
  return {
    madeAt: isoOf(nowMs),
    position: (await journal.status()).events,
    asked: {
      since,
      ...(until !== undefined && { until }),
      ...(where.size > 0 && { where: selectionText(where) }),
    },
    to: to.id,
    looked,
    deliveries,
    left,
  };
}

function isAsked(
  { to, where }: ResendQuestion,
  { receiver, state, deliveryId }: DeliveryHead,
): boolean {
  if (!resendable.some((one) => one === state)) return false;
  if (!(where.has('state') ? fits(where, 'state', state) : state === 'delivered')) return false;
  return fits(where, 'delivery', deliveryId) && receiver === to.id;
}

function isInTime(
  { since, until }: ResendQuestion,
  { firstAttemptAt }: DeliveryHead,
  event: DischargeEvent,
): boolean {
  const at = firstAttemptAt ?? event.recordedAt;
  return at >= since && (until === undefined || at < until);
}

const isMeant = (where: Selection, { of, kind, role, municipality }: PlannedDelivery): boolean =>
  fits(where, 'case', of) &&
  fits(where, 'kind', kind) &&
  fits(where, 'role', role) &&
  fits(where, 'municipality', municipality);

const noticeOf = (event: DischargeEvent): NoticeData | undefined =>
  event.type === 'notice.issued' ||
  event.type === 'notice.corrected' ||
  event.type === 'notice.withdrawn'
    ? event.data
    : undefined;

function plannedOf(
  head: DeliveryHead,
  { event }: StoredEvent,
  events: readonly StoredEvent[],
): PlannedDelivery {
  const { deliveryId: delivery, attempts, firstAttemptAt, streamId } = head;
  const state = resendable.find((one) => one === head.state) ?? 'delivered';
  const base = {
    delivery,
    state,
    attempts,
    event: event.type,
    ...(firstAttemptAt !== undefined && { firstAttemptAt }),
    isRepeat: state === 'delivered',
  };
  const notice = noticeOf(event);
  if (notice === undefined) {
    const billing = isBilling(event) ? event.data : undefined;
    return {
      ...base,
      of: isBilling(event) ? event.correlationId : streamId,
      kind: 'billing',
      revision: billing !== undefined && 'revision' in billing ? billing.revision : 1,
      ...(billing && { municipality: billing.municipality }),
      isReplaced: false,
    };
  }
  const { key, obligation, role, municipality, revision } = notice;
  const isReplaced = events.some(({ event: other }) => {
    const later = noticeOf(other);
    return later !== undefined && later.key === key && later.revision > revision;
  });
  return {
    ...base,
    of: key.split('|', 1)[0] ?? streamId,
    kind: obligation,
    revision,
    role,
    ...(municipality !== undefined && { municipality }),
    isReplaced,
  };
}

function whyNot({ state }: PlannedDelivery, recognisesRepeats: boolean): string | undefined {
  return state === 'delivered' && !recognisesRepeats
    ? 'the receiver would take it for a new one (recognisesRepeats)'
    : undefined;
}
