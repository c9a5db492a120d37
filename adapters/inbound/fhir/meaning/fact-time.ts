/** When a fact happened: by its own time in the resource, else by what the mapping says counts for it. */
import { whenTold } from '../../../../mappings/index.ts';
import type { FhirPath } from '../../../../mappings/index.ts';
import type { When } from './compile.ts';
import type { Scene, Telling } from './facts.ts';
import { valueAt } from './path.ts';
import { parseFhirTime } from './time.ts';
import type { FhirTime } from './time.ts';
import { elementOf, requiredAt } from './work.ts';
import type { Work } from './work.ts';

/**
 * Code of the doubt that stands with a fact: it has no time of its own, so it has the time when its sender told it, or last
 * touched the resource. Its withdrawal knows it by its data (`gateway/process/fact-list.ts`).
 */
export const timeOfTelling = 'TIME_OF_TELLING';

export interface TimeOf extends Pick<FhirTime, 'instant' | 'precision'> {
  /** It is when its sender told it. */
  readonly isTold?: true;
  /** For lack of a time in the resource or around it. */
  readonly isLastResort?: true;
  /** Where it stands, where it is when the resource was made, or was to begin: it may have had it before it said this. */
  readonly madeBy?: FhirPath;
}

/** When a resource was last touched is no time of what it says: another touch would make it another fact. */
const touched = 'lastModified';
const made: readonly string[] = ['Task.authoredOn', 'CarePlan.created', 'CarePlan.period.start'];

/**
 * @param at where an event's own function says it is; by the paths of its entry where left out
 * @param paths the first that has a value counts
 * @throws GatewayError malformed-message where there is none, or it is no time
 */
export function timeOf(
  work: Work,
  scene: Scene,
  { at }: Pick<Telling, 'at'>,
  paths: readonly When[],
): TimeOf {
  const { zone } = work.sender.mapping;
  if (at === whenTold) return { ...timeTold(work), ...lastResort(work) };
  if (at !== undefined) return parseFhirTime(at.text, zone, at.expression);
  for (const [index, path] of paths.entries()) {
    if (path === whenTold) return { ...timeTold(work), ...(index > 0 && lastResort(work)) };
    const text = valueAt(scene.roots, path);
    if (text === undefined) continue;
    const time = parseFhirTime(String(text), zone, elementOf(path.text));
    if (path.steps.at(-1)?.name === touched) return { ...time, isTold: true, isLastResort: true };
    if (made.includes(path.text)) return { ...time, madeBy: path };
    // A date of death often has no hour; the end of the stay, on that date, has.
    if (time.precision !== 'day' || path.root !== 'Patient') return time;
    return hourOf(work, scene, time, paths[index + 1]) ?? time;
  }
  const last = paths.findLast((path) => path !== whenTold);
  throw requiredAt(last?.text ?? '', 'when it happened is missing: give date, time and zone');
}

function hourOf(
  { sender }: Work,
  { roots }: Scene,
  { instant }: FhirTime,
  next: When | undefined,
): FhirTime | undefined {
  const text = next === undefined || next === whenTold ? undefined : valueAt(roots, next);
  if (next === undefined || next === whenTold || text === undefined) return undefined;
  const time = parseFhirTime(String(text), sender.mapping.zone, elementOf(next.text));
  if (time.precision === 'day') return undefined;
  const hours = (Date.parse(time.instant) - Date.parse(instant)) / 3_600_000;
  return hours >= 0 && hours < 24 ? time : undefined;
}

/** When its sender told it, or when the message around it says that it happened. */
export function timeTold({ exchange, sender }: Work): TimeOf {
  const { occurredAt, sentAt } = exchange.request;
  if (occurredAt === undefined) return { instant: sentAt, isTold: true };
  const time = parseFhirTime(occurredAt, sender.mapping.zone, 'Provenance.occurredDateTime');
  return { ...time, isTold: true };
}

/** Marks a time that stands in for one that the resource lacks; not where the message around it has one. */
export function lastResort({ exchange }: Work): Pick<TimeOf, 'isLastResort'> {
  return exchange.request.occurredAt === undefined ? { isLastResort: true } : {};
}
