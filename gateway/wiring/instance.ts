/** This instance among those that share its journal. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { OnTrouble } from '../runtime/bus/bus.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import { createKeeper, type Keeper, type KeeperEvent } from '../runtime/instance/keeper.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { packageVersion } from '../runtime/program.ts';
import type { Digests } from './digests.ts';

/** Who handles lanes shares the partitions. */
const sharing = ['advance', 'dispatch'] as const;

/**
 * The keeper of this instance; it holds nothing before it begins.
 * @param inForce asked at each sign of life: the other instances see it
 */
export function openKeeper(
  { instance, bus }: Config,
  inForce: () => Digests,
  journal: Journal,
  clock: Clock,
  log: Log,
  onTrouble: OnTrouble,
): Keeper {
  const { roles, leaseTime } = instance;
  // A name of its own each time: one that was killed and comes again is another instance.
  const id = instance.id ?? `${hostname().slice(0, 50)}-${randomBytes(4).toString('hex')}`;
  return createKeeper({
    leases: journal.leases,
    // A journal of one process has no other writer to be kept out.
    under: (fence) => (journal.leases.isShared ? journal.under(fence) : journal),
    clock,
    instance: {
      id,
      roles,
      version: packageVersion(),
      get inForce() {
        return { ...inForce() };
      },
    },
    partitions: bus.form === 'rabbitmq' ? bus.partitions : 0,
    sharing,
    leaseMs: journal.leases.isShared ? leaseTime : Infinity,
    onTrouble,
    onEvent: (name, detail) => log[levels[name]]({ ...detail, instance: id }, `lease ${name}`),
  });
}

const levels: Readonly<Record<KeeperEvent, 'debug' | 'info' | 'warn'>> = {
  taken: 'debug',
  ended: 'debug',
  lost: 'warn',
};
