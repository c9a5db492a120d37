/**
 * One incident a cause. It starts when something of the cause is wrong, is told of again when it has doubled, and ends when
 * nothing is: whoever is called at night is called once. One that comes back soon is the same one.
 */
import type { Incident, Wrong } from '../runtime/journal/journal.ts';

/** What is to be told of an incident. */
export type Turn = 'started' | 'grown' | 'ended';

export interface Change {
  readonly incident: Incident;
  /** Undefined where only its figures move. */
  readonly turn: Turn | undefined;
}

/** Ended for less than this, it goes on. */
export const comesBackMs = 15 * 60_000;

/**
 * What has changed since the last look. Pure.
 * @param known those that have not ended, or ended within `comesBackMs`
 * @param wrong what is wrong now, a line a cause and receiver
 * @param idOf a new incident's id, by what makes it the one it is
 */
export function changesOf(
  known: readonly Incident[],
  wrong: readonly Wrong[],
  now: string,
  idOf: (name: string) => string,
): readonly Change[] {
  const byName = new Map(known.map((incident) => [nameOf(incident), incident]));
  const isWrong = new Map(wrong.filter(({ count }) => count > 0).map((one) => [nameOf(one), one]));
  const changes: Change[] = [];
  for (const [name, { cause, about, count }] of isWrong) {
    const before = byName.get(name);
    if (before === undefined) {
      const id = idOf(`${name}|${now}`);
      const figures = { count, peak: count, told: count };
      const nobody = { endedAt: undefined, by: undefined, takenAt: undefined, note: undefined };
      const incident = { id, cause, about, startedAt: now, ...figures, ...nobody };
      changes.push({ incident, turn: 'started' });
      continue;
    }
    const hasGrown = count >= before.told * 2;
    if (count === before.count && before.endedAt === undefined) continue;
    const incident = {
      ...before,
      count,
      peak: Math.max(before.peak, count),
      told: hasGrown ? count : before.told,
      endedAt: undefined,
    };
    changes.push({ incident, turn: hasGrown ? 'grown' : undefined });
  }
  for (const [name, incident] of byName) {
    if (isWrong.has(name) || incident.endedAt !== undefined) continue;
    changes.push({ incident: { ...incident, count: 0, endedAt: now }, turn: 'ended' });
  }
  return changes;
}

const nameOf = ({ cause, about }: Pick<Wrong, 'cause' | 'about'>): string => `${cause}|${about}`;
