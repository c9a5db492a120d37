/** `hemgang incidents`: what is wrong for one reason, since when, who has it in hand, and the next step. */
import { meaningOf, nextStep } from '../incidents/words.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Incident } from '../runtime/journal/journal.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, ask, localText, plural, wrong, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

const listed = 500;
const weekMs = 7 * 24 * 3_600_000;

/** @returns the exit code: 1 where one has not ended */
export async function incidentList(
  options: QuestionOptions & { readonly all: boolean },
): Promise<number> {
  return await ask(options, async ({ journal, nowMs }) => {
    const recent = await journal.incidents.since(isoOf(nowMs - weekMs), listed);
    const open = recent.filter(({ endedAt }) => endedAt === undefined);
    const shown = (options.all ? recent : open).map((incident) => ({
      ...incident,
      meaning: meaningOf(incident),
      next: nextStep(incident),
    }));
    answer(options.json, { incidents: shown }, (ink) => lines(shown, ink));
    return open.length === 0 ? 0 : 1;
  });
}

function lines(
  shown: readonly (Incident & { readonly meaning: string; readonly next: string })[],
  ink: Ink,
): string[] {
  if (shown.length === 0) return ['no incident'];
  return shown.flatMap(
    ({ id, cause, startedAt, endedAt, count, peak, by, takenAt, note, meaning, next }) => {
      const most = peak > count ? `, ${peak} at most` : '';
      const head = `${ink.bold(id.slice(0, 12))}  ${meaning}`;
      const since = `  since ${localText(startedAt)}: ${plural(count, cause === 'unanswered' ? 'dispute' : 'notice')}${most}`;
      const taken =
        by === undefined ? '' : `  in hand: ${by}, ${localText(takenAt ?? '')}: ${note}`;
      if (endedAt !== undefined) return [head, `${since}; ended ${localText(endedAt)}`];
      return [head, since, ...(taken === '' ? [] : [taken]), `  next: ${next}`];
    },
  );
}

/** @returns the exit code: 1 where there is none to take */
export async function incidentTake(
  options: OperateOptions & { readonly id: string },
): Promise<number> {
  const id = await wholeIdOf(options);
  const { by, result } = await operate(options, 'take-incident', { id });
  answer(options.json, { id, by, ...result }, () => [
    result.isTaken ? `${id.slice(0, 12)} is in hand` : `${id.slice(0, 12)} has ended`,
  ]);
  return result.isTaken ? 0 : 1;
}

/** People type the beginning that the list shows. */
async function wholeIdOf(options: OperateOptions & { readonly id: string }): Promise<string> {
  let found: readonly string[] = [];
  await ask(options, async ({ journal, nowMs }) => {
    const known = await journal.incidents.since(isoOf(nowMs - weekMs), listed);
    found = known.map(({ id }) => id).filter((id) => id.startsWith(options.id));
    return 0;
  });
  const [id] = found;
  if (id === undefined || found.length > 1) {
    const what = id === undefined ? 'no incident has this id' : 'several incidents begin with it';
    throw wrong(`${options.id}: ${what}\n  next: hemgang incidents list`);
  }
  return id;
}
