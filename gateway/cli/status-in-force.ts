/** What the gateway that runs goes by, against what its files say now. */
import type { ResultOf } from '../operations/index.ts';
import { dataFolder, type Config } from '../runtime/config.ts';
import { isGatewayAt } from '../wiring/operate.ts';
import { operate } from './operate.ts';
import type { QuestionOptions } from './question.ts';

export type InForceNow = ResultOf<'in-force'>;

/** @returns null where no gateway runs on the data folder */
export async function inForceAt(
  options: QuestionOptions,
  config: Config,
): Promise<InForceNow | null> {
  if (!(await isGatewayAt(dataFolder(config)))) return null;
  const { result } = await operate({ ...options, reason: 'hemgang status' }, 'in-force', {});
  return result;
}

export function inForceLines(running: InForceNow | null): string[] {
  if (running === null) return ['gateway     none runs on this data folder'];
  const { inForce, files } = running;
  const lines = [
    `gateway     runs; configuration ${inForce.configuration}, mappings ${inForce.mappings}, profiles ${inForce.profiles}`,
  ];
  if ('wrong' in files) {
    return [...lines, `CHANGED     what the files say now is wrong: ${files.wrong}`];
  }
  const changed = (['configuration', 'mappings', 'profiles'] as const).filter(
    (part) => files[part] !== inForce[part],
  );
  if (changed.length === 0) return lines;
  return [
    ...lines,
    `CHANGED     ${changed.join(', ')} since they were read`,
    '            next: hemgang reload, or a restart',
  ];
}
