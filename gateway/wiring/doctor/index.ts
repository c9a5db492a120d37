/** Looks at everything that a gateway needs from outside itself. It changes nothing. */
import { asGatewayError } from '../../errors.ts';
import type { ConfigSources } from '../../runtime/config-source.ts';
import { dataFolder, loadConfig, type Config } from '../../runtime/config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { checkConfig } from '../config-faults.ts';
import { isGatewayAt } from '../operate.ts';
import { brokerChecks } from './broker.ts';
import { certificateChecks } from './certificates.ts';
import { failed, ok, warn, type Check } from './check.ts';
import { folderChecks } from './folders.ts';
import { journalChecks } from './journal.ts';
import { machineChecks } from './machine.ts';
import { portChecks } from './ports.ts';
import { reachChecks } from './reach.ts';

export type { Check, State } from './check.ts';

/** @param reach also try receivers and sources: a connection and no more */
export async function examine(
  sources: ConfigSources,
  { reach }: { readonly reach: boolean },
): Promise<readonly Check[]> {
  const env = sources.env ?? process.env;
  const { file, remarks } = await checkConfig(sources);
  const configuration = remarks.map(({ severity, where, what, next }) =>
    (severity === 'error' ? failed : warn)('configuration', `${where}: ${what}`, next),
  );
  if (remarks.length === 0) configuration.push(ok('configuration', file ?? 'defaults'));
  let config: Config;
  try {
    ({ config } = loadConfig(sources));
  } catch {
    return configuration;
  }
  const { bus } = config;
  const groups = await Promise.all([
    whole('machine', () => machineChecks(config)),
    whole('ports', async () => portChecks(config, await isGatewayAt(dataFolder(config)))),
    whole('certificates', async () => certificateChecks(config, systemClock.nowMs())),
    whole('folders', async () => folderChecks(config)),
    whole('journal', () => journalChecks(config, env)),
    whole('broker', async () => (bus.form === 'rabbitmq' ? brokerChecks(bus, env) : [])),
    whole('reach', async () => (reach ? reachChecks(config, env) : [])),
  ]);
  return [...configuration, ...groups.flat()];
}

/** One that breaks off does not take the others with it. */
async function whole(
  name: string,
  look: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    const [what = '', next = 'see hemgang config check'] = message.split('\n  next: ');
    return [failed(name, what, next)];
  }
}
