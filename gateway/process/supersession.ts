/** What a message says when it is translated again, against what it said before. Nothing is edited: facts are replaced. */

interface Named {
  readonly id: string;
  readonly type: string;
}

/**
 * @param before the facts of the message's latest translation
 * @param now its facts as they come out now
 * @returns the facts that are new, each with the ids it replaces, and what nothing says any longer; one that comes out as
 * it was (same id) is in neither. A fact replaces the one of its type and place in the message, so that what was decided
 * about that one goes on; what has no such successor is replaced by the first that is new.
 */
export function supersession<B extends Named, T extends Named>(
  before: readonly B[],
  now: readonly T[],
): {
  readonly fresh: readonly { readonly fact: T; readonly replaces: readonly string[] }[];
  readonly replaced: readonly B[];
} {
  const earlier = new Set(before.map(({ id }) => id));
  const still = new Set(now.map(({ id }) => id));
  const replaced = before.filter(({ id }) => !still.has(id));
  const left = [...replaced];
  const fresh = now
    .filter(({ id }) => !earlier.has(id))
    .map((fact) => {
      const index = left.findIndex(({ type }) => type === fact.type);
      const own = index < 0 ? [] : left.splice(index, 1);
      return { fact, replaces: own.map(({ id }) => id) };
    });
  const [first, ...rest] = fresh;
  const withRest = first && {
    ...first,
    replaces: [...first.replaces, ...left.map(({ id }) => id)],
  };
  return { fresh: withRest ? [withRest, ...rest] : [], replaced };
}

/** A fact that names what it replaces beside what it named before. */
export function superseding<T extends { readonly supersedes?: readonly string[] }>(
  fact: T,
  ids: readonly string[],
): T {
  return ids.length === 0
    ? fact
    : { ...fact, supersedes: [...new Set([...(fact.supersedes ?? []), ...ids])] };
}
