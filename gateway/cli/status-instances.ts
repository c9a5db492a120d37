/** What `status` shows of the instances that share a journal. */
import type { SeenInstance } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';

export interface ListedInstance extends SeenInstance {
  /** Names of the leases it has: what it does of what one does at a time. */
  readonly leases: readonly string[];
}

/** Those of late, the dead ones too; none where the journal belongs to one process. */
export async function listedInstances({
  leases,
}: JournalReader): Promise<readonly ListedInstance[]> {
  if (leases === undefined) return [];
  const [instances, all] = [await leases.instances(), await leases.all()];
  const standing = all.filter(({ leftMs }) => leftMs > 0);
  return instances.map((instance) => ({
    ...instance,
    leases: standing.filter(({ holder }) => holder === instance.id).map(({ name }) => name),
  }));
}

export function instanceLines(instances: readonly ListedInstance[]): string[] {
  return instances.map(({ id, version, roles, isAlive, silentMs, leases }) => {
    const does = isAlive
      ? `does ${compact(leases)}`
      : `silent for ${Math.round(silentMs / 1000)} s`;
    return `instance    ${id}  ${version}  ${roles.join(', ')}: ${does}`;
  });
}

const partition = 'partition:';

/** `relay, partition 0 3 5`. */
function compact(leases: readonly string[]): string {
  const numbers = leases
    .filter((name) => name.startsWith(partition))
    .map((name) => Number(name.slice(partition.length)))
    .toSorted((one, other) => one - other);
  const others = leases.filter((name) => !name.startsWith(partition));
  const parts = numbers.length === 0 ? others : [...others, `partition ${numbers.join(' ')}`];
  return parts.join(', ') || 'nothing that one does at a time';
}
