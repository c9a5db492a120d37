/** What `status` shows of the instances that share a journal. */
import type { SeenInstance } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { sharedDigests, type Digests } from '../wiring/digests.ts';

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
  return instances.flatMap(({ id, version, roles, isAlive, silentMs, leases, inForce }) => {
    const does = isAlive
      ? `does ${compact(leases)}`
      : `silent for ${Math.round(silentMs / 1000)} s`;
    const parts = sharedDigests.flatMap((part) => {
      const digest = inForce[part];
      return digest === undefined ? [] : [`${part} ${digest}`];
    });
    return [
      `instance    ${id}  ${version}  ${roles.join(', ')}: ${does}`,
      ...(isAlive && parts.length > 0 ? [`            goes by ${parts.join(', ')}`] : []),
    ];
  });
}

/** What instances should have in common and have not. */
export interface Difference {
  readonly part: (typeof sharedDigests)[number];
  readonly sides: readonly { readonly digest: string; readonly who: readonly string[] }[];
}

/** @param files what the files say here, where no gateway that runs is asked for it */
export function differencesOf(
  instances: readonly ListedInstance[],
  files: Digests | undefined,
): readonly Difference[] {
  const alive = instances.filter(({ isAlive }) => isAlive);
  if (alive.length === 0) return [];
  const parties: readonly { who: string; inForce: Readonly<Record<string, string>> }[] = [
    ...alive.map(({ id, inForce }) => ({ who: id, inForce })),
    ...(files === undefined ? [] : [{ who: 'the files here', inForce: { ...files } }]),
  ];
  return sharedDigests.flatMap((part) => {
    const sides = new Map<string, string[]>();
    for (const { who, inForce } of parties) {
      const digest = inForce[part];
      if (digest !== undefined) sides.set(digest, [...(sides.get(digest) ?? []), who]);
    }
    const each = [...sides].map(([digest, who]) => ({ digest, who }));
    return each.length < 2 ? [] : [{ part, sides: each }];
  });
}

export function differenceLines(differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [];
  return [
    ...differences.map(({ part, sides }) => {
      const each = sides.map(({ digest, who }) => `${digest} at ${who.join(', ')}`);
      return `DIFFERENT   ${part}: ${each.join('; ')}`;
    }),
    '            next: hemgang reload, or a restart, where it is behind',
  ];
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
