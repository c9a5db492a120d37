/** What follows when nobody acknowledges: a reminder, somebody calls, an incident. None of it moves a clock of the law. */
import type { Config } from '../runtime/config.ts';
import type { Unacknowledged } from '../runtime/journal/journal.ts';

export type Stage = 'overdue' | 'call' | 'incident';

/** What is agreed with a receiver, in milliseconds from the hand-over, and whom to call. */
export interface FollowUp {
  readonly within: number;
  readonly call: number;
  readonly incident: number;
  readonly contact: { readonly name: string; readonly phone: string } | undefined;
}

/** By the receiver's id; nothing for one with which nothing is agreed. */
export function followUpOf({
  receivers,
}: Pick<Config, 'receivers'>): ReadonlyMap<string, FollowUp> {
  return new Map(
    receivers.flatMap(({ id, acknowledge, contact }) =>
      acknowledge === undefined ? [] : [[id, { ...acknowledge, contact }] as const],
    ),
  );
}

/**
 * How far an overdue notice has come. One whose receiver has agreed to nothing any longer is overdue and no more.
 * @param nowMs legal time
 */
export function stageOf(
  { receiver, dueAt }: Unacknowledged,
  followUp: ReadonlyMap<string, FollowUp>,
  nowMs: number,
): Stage {
  const agreed = followUp.get(receiver);
  if (agreed === undefined) return 'overdue';
  const waitedMs = nowMs - Date.parse(dueAt) + agreed.within;
  if (waitedMs >= agreed.incident) return 'incident';
  return waitedMs >= agreed.call ? 'call' : 'overdue';
}
