/** How partitions are divided between instances. Pure: each instance asks it for itself, and they come to agree. */

/** A partition as the database has it. */
export interface Standing {
  readonly partition: number;
  /** Absent where nobody has it. */
  readonly holder?: string;
}

/**
 * The partitions an instance should have: as many as the others, one more or one less, and of what it has already as
 * many as it may. Who has more goes on having more, so nothing moves that need not.
 * @param alive ids of the instances that take part, `me` among them
 * @param partitions every one of them
 */
export function shareOf(
  me: string,
  alive: readonly string[],
  partitions: readonly Standing[],
): ReadonlySet<number> {
  const held = new Map(alive.map((id) => [id, 0]));
  for (const { holder } of partitions) {
    if (holder !== undefined && held.has(holder)) held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  const ranked = [...held].toSorted(
    ([id, count], [other, itsCount]) => itsCount - count || (id < other ? -1 : 1),
  );
  const place = ranked.findIndex(([id]) => id === me);
  const most = Math.floor(partitions.length / ranked.length);
  const share = most + (place < partitions.length % ranked.length ? 1 : 0);
  const mine = partitions.filter(({ holder }) => holder === me);
  const free = partitions.filter(({ holder }) => holder === undefined);
  // Two that come at once begin at different places.
  const from = Math.floor((place * free.length) / ranked.length);
  const wanted = [...mine, ...free.slice(from), ...free.slice(0, from)];
  return new Set(wanted.slice(0, share).map(({ partition }) => partition));
}
