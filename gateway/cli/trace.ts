import { GatewayError } from '../errors.ts';
import { eventsLookedThrough } from '../runtime/journal/journal.ts';
import { trace, type TraceStep } from '../questions/trace.ts';
import { answer, ask, localText, type QuestionOptions } from './question.ts';

/** @returns the exit code: 1 where something of it waits or was given up */
export async function traceId(options: QuestionOptions & { readonly id: string }): Promise<number> {
  return await ask(options, async ({ journal }) => {
    const found = await trace(journal, options.id);
    if (found === undefined) {
      throw new GatewayError(
        'unknown-case',
        `${options.id}: no message, case, stay, event or delivery goes by it (of events the latest ${eventsLookedThrough.toLocaleString('en')} were looked through)\n  next: an older event is found by its case or its message. hemgang status, and the log, tell ids; --data or --config say which journal`,
      );
    }
    answer(options.json, found, (ink) => [
      `case ${found.caseReference ?? 'none'}${found.stays.length === 0 ? '' : `, stays ${found.stays.join(', ')}`}`,
      ...found.steps.flatMap((step) => [...gapLines(step, ink.dim), stepLine(step)]),
    ]);
    return found.steps.some(({ kind, isAsked }) => kind === 'waiting' && isAsked) ? 1 : 0;
  });
}

function stepLine({ at, kind, what, id, isAsked }: TraceStep): string {
  const when = at === undefined ? 'now'.padEnd(24) : `${localText(at)}${at.slice(16, 23)}`;
  return `${isAsked ? '*' : ' '} ${when} ${kind.padEnd(8)} ${what}  ${id}`;
}

/** The world outside is not waited for: messages come when they come. */
function gapLines({ waitedMs, kind, what }: TraceStep, dim: (text: string) => string): string[] {
  if (waitedMs === undefined) return [];
  const long = spanText(waitedMs);
  return [dim(kind === 'message' ? `    ${long} until` : `    waited ${long} for ${what}`)];
}

function spanText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
