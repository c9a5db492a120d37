/** Looks, again and again, at what is wrong with deliveries and disputes, and tells of each incident when it starts, grows and ends. */
import { asGatewayError } from '../errors.ts';
import { decisionId } from '../process/ids.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal, Wrong } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { followUpOf, stageOf } from './follow-up.ts';
import { changesOf, comesBackMs, type Change } from './standing.ts';
import { nextStep } from './words.ts';

export interface WatchParts {
  readonly journal: Pick<Journal, 'incidents'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, 'receivers'>;
}

/** More incidents at a time than receivers there are does not happen; more notices are counted as so many. */
const limits = { incidents: 5000, notices: 10_000 } as const;
/** What was refused is wrong for a day: whether somebody looked is not known here. */
const refusedForMs = 24 * 3_600_000;
const everyMs = 15_000;

/** One look. @returns what has changed, as it was written down */
export async function lookForIncidents(parts: WatchParts): Promise<readonly Change[]> {
  const { journal, clock, log } = parts;
  const nowMs = clock.nowMs();
  const ago = (ms: number): string => new Date(nowMs - ms).toISOString();
  const known = await journal.incidents.since(ago(comesBackMs), limits.incidents);
  const wrong = [
    ...(await journal.incidents.wrong(ago(refusedForMs))),
    ...(await unacknowledgedOf(parts, nowMs)),
    ...(await unansweredOf(parts)),
  ];
  const changes = changesOf(known, wrong, clock.now(), (name) => decisionId(name, 1));
  if (changes.length === 0) return changes;
  await journal.incidents.put(changes.map(({ incident }) => incident));
  for (const { incident, turn } of changes) {
    if (turn === undefined) continue;
    const { id, cause, about, count, startedAt } = incident;
    const told = { incident: id, kind: cause, receiver: about, count, since: startedAt };
    if (turn === 'ended') log.info(told, 'incident ended');
    else log.error({ ...told, next: nextStep(incident) }, `incident ${turn}`);
  }
  return changes;
}

/** Those that have waited so long that it is an incident, a line a receiver. */
async function unacknowledgedOf(
  { journal, config }: WatchParts,
  nowMs: number,
): Promise<readonly Wrong[]> {
  const followUp = followUpOf(config());
  const counts = new Map<string, number>();
  for (const one of await journal.incidents.unacknowledged(limits.notices)) {
    if (stageOf(one, followUp, nowMs) !== 'incident') continue;
    counts.set(one.receiver, (counts.get(one.receiver) ?? 0) + 1);
  }
  return Array.from(counts, ([about, count]) => ({ cause: 'unacknowledged', about, count }));
}

/** Disputes that wait for an answer beyond the day agreed, a line a municipality. */
async function unansweredOf({ journal }: WatchParts): Promise<readonly Wrong[]> {
  const counts = new Map<string, number>();
  for (const { streamId } of await journal.incidents.unanswered(limits.notices)) {
    const [, , municipality = ''] = streamId.split(':');
    counts.set(municipality, (counts.get(municipality) ?? 0) + 1);
  }
  return Array.from(counts, ([about, count]) => ({ cause: 'unanswered', about, count }));
}

/** Begins to look. What fails is told once and tried again. */
export function watchIncidents(parts: WatchParts): { close(): Promise<void> } {
  let looking: Promise<unknown> = Promise.resolve();
  let isFailing = false;
  const look = async (): Promise<void> => {
    try {
      await lookForIncidents(parts);
      isFailing = false;
    } catch (thrown) {
      if (!isFailing) parts.log.warn({ err: asGatewayError(thrown) }, 'incidents not looked for');
      isFailing = true;
    }
  };
  let isOver = true;
  const timer = setInterval(() => {
    if (!isOver) return;
    isOver = false;
    looking = look().finally(() => {
      isOver = true;
    });
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
