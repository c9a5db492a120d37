import { readAssumptions } from '../../profiles/index.ts';
import { simulate } from '../questions/simulate.ts';
import {
  answer,
  ask,
  checkMonth,
  checkPlace,
  Progress,
  wrong,
  type QuestionOptions,
} from './question.ts';
import { simulationLines } from './simulation-text.ts';

export interface RulesSimulateOptions extends QuestionOptions {
  /** YAML file with the parameters that are set otherwise. */
  readonly set: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
}

/**
 * What other parameters would have made of every stored case and month; writes nothing.
 * @returns the exit code: 1 where a month has no basis under them for want of a figure
 */
export async function rulesSimulate(options: RulesSimulateOptions): Promise<number> {
  const { from, to, county, municipality, json } = options;
  checkMonth('--from', from);
  checkMonth('--to', to);
  if (from !== undefined && to !== undefined && from > to) {
    throw wrong(`--from ${from} is after --to ${to}`);
  }
  return await ask(options, async (asked) => {
    checkPlace(asked.profiles, options);
    const assumptions = readAssumptions(options.set, asked.profiles.parameters);
    const shadows = new Set(
      asked.config.senders.flatMap(({ id, mode }) => (mode === 'shadow' ? [id] : [])),
    );
    const progress = new Progress((await asked.journal.status()).processes);
    const simulation = await simulate(asked, {
      assumptions,
      from,
      to,
      county,
      municipality,
      isLive: (sender) => !shadows.has(sender),
      onProgress: (cases) => progress.tell(cases),
    });
    progress.end();
    answer(json, simulation, (ink) => simulationLines(simulation, ink));
    return simulation.withheldAfter > 0 ? 1 : 0;
  });
}
