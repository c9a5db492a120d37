/** The queues of the gateway, and the event types that go to each. */
import type { EventType } from '../../../process/events.ts';

/** The queues of the gateway, and the event types that go to each. Every other event is at rest once recorded. */
export type QueueName = 'advance' | 'dispatch';

const dispatched = new Set<EventType>([
  'notice.issued',
  'notice.corrected',
  'notice.withdrawn',
  'notice.reminded',
  'billing.recorded',
  'billing.adjusted',
  'billing.approved',
  'billing.approval-withdrawn',
  'billing.issued',
  'billing.disputed',
]);
const atRest = new Set<EventType>([
  'deadline.set',
  'deadline.nearing',
  'deadline.met',
  'deadline.missed',
  'deadline.cancelled',
  'liability.started',
  'liability.withheld',
  'liability.ended',
  'liability.revised',
  'liability.revoked',
  'settlement.opened',
  'settlement.reopened',
  'billing.withheld',
  'billing.dispute-escalated',
  'billing.upheld',
  'billing.credited',
  'joint-analysis.due',
  'action-plan.suggested',
]);

/** Where an event goes next: the topology of the bus as data. */
export function queueOf(type: EventType): QueueName | undefined {
  if (dispatched.has(type)) return 'dispatch';
  return atRest.has(type) ? undefined : 'advance';
}
