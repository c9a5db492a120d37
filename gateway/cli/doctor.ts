import { examine, type State } from '../wiring/doctor/index.ts';
import { linesOfChecks } from './checks-text.ts';
import { answer, plural, type QuestionOptions } from './question.ts';

/** @returns the exit code: 1 where something fails */
export async function doctor(
  options: QuestionOptions & { readonly reach: boolean },
): Promise<number> {
  const checks = await examine({ file: options.config, flags: options.flags }, options);
  const count = (state: State): number => checks.filter((check) => check.state === state).length;
  answer(options.json, { failed: count('fail'), warned: count('warn'), checks }, (ink) => [
    ...linesOfChecks(checks, ink),
    `${plural(checks.length, 'check')}: ${count('fail')} failed, ${count('warn')} to look at`,
  ]);
  return count('fail') > 0 ? 1 : 0;
}
