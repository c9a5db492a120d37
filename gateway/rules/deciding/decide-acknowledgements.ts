/**
 * Whether a person has read what was delivered, within the time that was agreed with the receiver; who has not is reminded
 * once. It means nothing for the law: a notice counts from its sending (5 kap. 4 §), read or not.
 */
import type { ReminderData } from '../../process/events.ts';
import { deliveryIdOf } from '../../process/ids.ts';
import type {
  DischargeProcess,
  NoticeHistory,
  NoticeRevision,
  Receipt,
} from '../../process/state.ts';
import { isoOf } from '../legal-days.ts';
import { isAnswerTo, isMisdirected } from '../notices/parties.ts';
import type { WantedDeadline } from '../rule.ts';
import type { Draft } from './draft.ts';

/** The time agreed with a receiver, by its id, in milliseconds; undefined where nothing is agreed. */
export type AgreedMs = (receiver: string) => number | undefined;

/** A notice that stands and was handed over, and shall be read. */
interface Read {
  readonly notice: NoticeHistory;
  readonly revision: NoticeRevision;
  readonly receipt: Receipt & { readonly deliveredAtMs: number };
  readonly withinMs: number;
}

/** One deadline for each notice that stands and was handed over. */
export function wantAcknowledgements(
  process: DischargeProcess,
  agreedMs: AgreedMs,
): readonly WantedDeadline[] {
  return readsOf(process, agreedMs).map((read) => {
    const { id, deliveryId, deliveredAtMs } = read.receipt;
    return {
      want: 'deadline',
      deadline: 'acknowledgement',
      about: { id, occasion: deliveryId, aliases: new Set([deliveryId]) },
      dueAtMs: deliveredAtMs + read.withinMs,
      metAtMs: acknowledgedAtMs(process, read),
      reference: 'agreed with the receiver',
    };
  });
}

/** Reminds once of each whose time is over: its deadline was reached. */
export function decideReminders(process: DischargeProcess, agreedMs: AgreedMs, draft: Draft): void {
  for (const read of readsOf(process, agreedMs)) {
    const { notice, revision, receipt } = read;
    const { deliveryId, receiver, deliveredAtMs } = receipt;
    if (process.history.reminders.has(deliveryId)) continue;
    if (acknowledgedAtMs(process, read) !== undefined) continue;
    const key = draft.keyOf(`acknowledgement|${deliveryId}`);
    const state = process.history.deadlines.get(key)?.state;
    if (state !== 'reached' && state !== 'missed') continue;
    const data: ReminderData = {
      key: notice.key,
      revision: revision.revision,
      obligation: notice.obligation,
      occasion: notice.occasion,
      role: notice.role,
      ...(revision.county !== undefined && { county: revision.county }),
      ...(revision.municipality !== undefined && { municipality: revision.municipality }),
      ...(revision.held && { held: true }),
      ...(revision.changes !== undefined && { changes: revision.changes }),
      content: {},
      reference: revision.reference,
      receiver,
      deliveryId,
      deliveredAt: isoOf(deliveredAtMs),
    };
    draft.add('notice.reminded', `reminder|${deliveryId}`, 1, receipt.id, data);
  }
}

/** When a person read it: they answer to the notice, or to the reminder of it. */
function acknowledgedAtMs(
  { acknowledgements, history }: DischargeProcess,
  { notice, receipt }: Read,
): number | undefined {
  const reminder = history.reminders.get(receipt.deliveryId);
  const reminderId = reminder && deliveryIdOf(reminder, receipt.receiver);
  return acknowledgements.find(
    (answer) =>
      isAnswerTo(answer, notice.obligation, receipt) ||
      (reminderId !== undefined && answer.deliveryId === reminderId),
  )?.atMs;
}

/** A notice that was withdrawn is not waited for, nor one to the wrong receiver; a later revision says all it said. */
function readsOf(process: DischargeProcess, agreedMs: AgreedMs): readonly Read[] {
  const reads: Read[] = [];
  for (const notice of process.history.notices.values()) {
    const revision = notice.revisions.at(-1);
    if (revision === undefined || revision.action === 'withdrawn') continue;
    for (const receipt of notice.receipts) {
      const { deliveredAtMs, outcome, noticeId, receiver } = receipt;
      if (noticeId !== revision.id || outcome !== 'delivered' || deliveredAtMs === undefined) {
        continue;
      }
      const withinMs = agreedMs(receiver);
      if (withinMs === undefined || isMisdirected(process, notice.obligation, receipt)) continue;
      reads.push({ notice, revision, receipt: { ...receipt, deliveredAtMs }, withinMs });
    }
  }
  return reads;
}
