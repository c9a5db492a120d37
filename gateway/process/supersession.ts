/** What a message says when it is translated again, against what it said before. Nothing is edited: facts are replaced. */

/**
 * @param before ids of the facts of the message's latest translation
 * @param now its facts as they come out now
 * @returns the facts that are new, and the ids that nothing says any longer; one that comes out as it was (same id) is
 * in neither
 */
export function supersession<T extends { readonly id: string }>(
  before: readonly string[],
  now: readonly T[],
): { readonly fresh: readonly T[]; readonly replaced: readonly string[] } {
  const earlier = new Set(before);
  const still = new Set(now.map(({ id }) => id));
  return {
    fresh: now.filter(({ id }) => !earlier.has(id)),
    replaced: before.filter((id) => !still.has(id)),
  };
}

/** A fact that names what it replaces beside what it named before: the first new one of a message names all of them. */
export function superseding<T extends { readonly supersedes?: readonly string[] }>(
  fact: T,
  ids: readonly string[],
): T {
  return ids.length === 0
    ? fact
    : { ...fact, supersedes: [...new Set([...(fact.supersedes ?? []), ...ids])] };
}
