/** What was looked at, a line each, and under what is not well what to do. */
import type { Check } from '../wiring/doctor/check.ts';
import type { Ink } from './timeline.ts';

export function linesOfChecks(checks: readonly Check[], ink: Ink): readonly string[] {
  return checks.flatMap(({ name, state, what, next }) => [
    `${state === 'ok' ? 'ok  ' : ink.bold(state.toUpperCase())}  ${name}: ${what}`,
    ...(next === undefined ? [] : [`      next: ${next}`]),
  ]);
}
