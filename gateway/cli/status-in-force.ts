/** What the gateway that runs goes by, against what its files say now. */
import type { ResultOf } from '../operations/index.ts';
import { dataFolder, type Config } from '../runtime/config.ts';
import { digestNames, digestsOf, type Digests } from '../wiring/digests.ts';
import { mappingsOf } from '../wiring/intake.ts';
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

/** What the files say here, in this environment; undefined where they are wrong: `config check` tells how. */
export function filesSay(config: Config): Digests | undefined {
  try {
    return digestsOf(config, mappingsOf(config));
  } catch {
    return undefined;
  }
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
  const changed = digestNames.filter((part) => files[part] !== inForce[part]);
  if (changed.length === 0) return lines;
  const names = new Set(changed.map((part) => (part === 'host' ? 'configuration' : part)));
  return [
    ...lines,
    `CHANGED     ${[...names].join(', ')} since they were read`,
    '            next: hemgang reload, or a restart',
  ];
}
