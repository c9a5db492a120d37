/** `hemgang phone-list`: whom to call, since nobody has acknowledged what was delivered. */
import { followUpOf, stageOf, type FollowUp, type Stage } from '../incidents/follow-up.ts';
import type { Unacknowledged } from '../runtime/journal/journal.ts';
import { answer, ask, localText, plural, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

interface Call {
  readonly receiver: string;
  readonly contact: NonNullable<FollowUp['contact']> | null;
  readonly notices: readonly (Omit<Unacknowledged, 'receiver'> & { readonly stage: Stage })[];
}

/** So many notices are looked at. */
const limit = 10_000;

/** @returns the exit code: 1 where somebody is to be called */
export async function phoneList(
  options: QuestionOptions & { readonly all: boolean },
): Promise<number> {
  return await ask(options, async ({ journal, config, nowMs }) => {
    const followUp = followUpOf(config);
    const byReceiver = new Map<string, Call['notices'][number][]>();
    for (const { receiver, ...notice } of await journal.incidents.unacknowledged(limit)) {
      const stage = stageOf({ receiver, ...notice }, followUp, nowMs);
      if (stage === 'overdue' && !options.all) continue;
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), { ...notice, stage }]);
    }
    const calls = Array.from(byReceiver, ([receiver, notices]) => {
      return { receiver, contact: followUp.get(receiver)?.contact ?? null, notices };
    });
    answer(options.json, { calls }, (ink) => lines(calls, ink));
    return calls.some(({ notices }) => notices.some(({ stage }) => stage !== 'overdue')) ? 1 : 0;
  });
}

function lines(calls: readonly Call[], ink: Ink): string[] {
  if (calls.length === 0)
    return ['nobody is to be called: what was delivered is acknowledged, or not due yet'];
  return calls.flatMap(({ receiver, contact, notices }) => {
    const whom =
      contact === null ? 'no contact in the configuration' : `${contact.name}, ${contact.phone}`;
    return [
      `${ink.bold(receiver)}: ${whom} (${plural(notices.length, 'notice')})`,
      ...notices.map(({ caseId, obligation, dueAt, stage }) => {
        const mark = stage === 'incident' ? ink.bad('incident') : stage;
        return `  ${mark.padEnd(9)} ${obligation}, case ${caseId}, to be acknowledged by ${localText(dueAt)}`;
      }),
    ];
  });
}
