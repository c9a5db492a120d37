/** Several sections ask the same of one process: what was found is kept until another process is looked at. */
import type { Parameters } from '../../profiles/index.ts';
import type { DischargeProcess } from '../process/state.ts';

/**
 * A store of answers that depend on a process, a set of figures and what the key names, and on nothing else. It holds
 * those of one process at a time: a stay is assessed whole before the next.
 */
export function remembered<Answer>(): (
  process: DischargeProcess,
  parameters: Parameters,
  key: string,
  ask: () => Answer,
) => Answer {
  let last: DischargeProcess | undefined;
  const answers = new Map<Parameters, Map<string, Answer>>();
  return (process, parameters, key, ask) => {
    if (process !== last) {
      answers.clear();
      last = process;
    }
    let known = answers.get(parameters);
    if (known === undefined) answers.set(parameters, (known = new Map()));
    const found = known.get(key);
    if (found !== undefined) return found;
    const answer = ask();
    known.set(key, answer);
    return answer;
  };
}
