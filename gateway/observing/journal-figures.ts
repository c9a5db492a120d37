/**
 * What waits in the journal, in figures. They are the journal's and not this instance's: every instance that shares it
 * tells the same, so over instances they are not summed but the largest is taken. Their names begin with `journal_`.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Observation, ObservedQueue } from '../runtime/journal/contract/observation.ts';
import { alone, gauge, total } from './figures.ts';
import type { Figure, FigureValue } from './metrics.ts';
import type { Silence, SilenceWatch } from './quiet.ts';

/** Since when one row is the oldest of its queue, by the monotonic clock: a queue may be old and still move. */
export interface HeadWatch {
  standingMs(queue: string, queued: ObservedQueue): number;
}

export function watchHeads(clock: Pick<Clock, 'elapsedMs'>): HeadWatch {
  const heads = new Map<string, { position: number; sinceMs: number }>();
  return {
    standingMs(queue, { oldest }) {
      if (oldest === undefined) {
        heads.delete(queue);
        return 0;
      }
      const head = heads.get(queue);
      if (head?.position !== oldest.position) {
        heads.set(queue, { position: oldest.position, sinceMs: clock.elapsedMs() });
        return 0;
      }
      return clock.elapsedMs() - head.sinceMs;
    },
  };
}

/**
 * @param nowMs legal time
 * @param ageMs since it was read
 */
export function journalFigures(
  seen: Observation,
  { nowMs, ageMs }: { readonly nowMs: number; readonly ageMs: number },
  heads: HeadWatch,
  silence: SilenceWatch,
): readonly Figure[] {
  const queues = Object.entries(seen.queues);
  const ofQueue = (value: (queued: ObservedQueue, queue: string) => number): FigureValue[] =>
    queues.map(([queue, queued]) => ({ labels: { queue }, value: value(queued, queue) }));
  const since = (at: string | undefined): number =>
    at === undefined ? 0 : Math.max(0, nowMs - Date.parse(at)) / 1000;
  const deadlines = (of: 'open' | 'near' | 'overdue'): FigureValue[] =>
    allDeadlines.map((deadline) => ({
      labels: { deadline },
      value: seen.deadlines.find((one) => one.deadline === deadline)?.[of] ?? 0,
    }));
  return [
    gauge(
      'journal_reading_age_seconds',
      'Age of the figures read of the journal',
      alone(ageMs / 1000),
    ),
    total('journal_events_total', 'Events in the journal', alone(seen.lastPosition)),
    gauge(
      'journal_queue_waiting',
      'Events that wait in a queue, no more than 10001 counted',
      ofQueue(({ waiting }) => waiting),
    ),
    gauge(
      'journal_queue_postponed',
      'Of these, events that wait for their next attempt',
      ofQueue(({ postponed }) => postponed),
    ),
    gauge(
      'journal_queue_dead_letters',
      'Dead letters of a queue',
      ofQueue(({ dead }) => dead),
    ),
    gauge(
      'journal_queue_oldest_seconds',
      'Legal time since the oldest waiting event was recorded',
      ofQueue(({ oldest }) => since(oldest?.recordedAt)),
    ),
    gauge(
      'journal_queue_standing_seconds',
      'Machine time for which the same event has been the oldest: the lane that stands longest',
      ofQueue((queued, queue) => heads.standingMs(queue, queued) / 1000),
    ),
    gauge(
      'journal_parked_messages',
      'Messages that wait for a grown table',
      seen.parked.map(({ sender, messages }) => ({ labels: { sender }, value: messages })),
    ),
    gauge(
      'journal_parked_oldest_seconds',
      'Legal time since the first of them came',
      seen.parked.map(({ sender, oldest }) => ({ labels: { sender }, value: since(oldest) })),
    ),
    gauge(
      'journal_deliveries',
      'Deliveries that are not over or need a person, by state and receiver',
      seen.deliveries.map(({ state, receiver, count }) => ({
        labels: { state, receiver: receiver ?? 'none' },
        value: count,
      })),
    ),
    gauge(
      'journal_deliveries_overdue',
      'Deliveries whose next attempt was due and has not begun',
      alone(seen.overdue.count),
    ),
    gauge(
      'journal_deliveries_overdue_seconds',
      'Legal time since the first of them was due',
      alone(since(seen.overdue.since)),
    ),
    gauge(
      'journal_deliveries_oldest_pending_seconds',
      'Legal time since the decision whose delivery has been pending longest',
      alone(since(seen.oldestPending)),
    ),
    gauge('journal_deadlines_open', 'Legal deadlines that run', deadlines('open')),
    gauge('journal_deadlines_near', 'Legal deadlines that run and have warned', deadlines('near')),
    gauge(
      'journal_deadlines_overdue',
      'Legal deadlines that are over and have not been judged',
      deadlines('overdue'),
    ),
    total(
      'journal_accepted_total',
      'Messages accepted of a sender, ever',
      seen.senders.map(({ sender, accepted }) => ({ labels: { sender }, value: accepted })),
    ),
    ...silenceFigures(silence.look(seen.senders, nowMs)),
  ];
}

/** Every one is told, so that nought is seen as nought. */
const allDeadlines = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9'];

function silenceFigures(senders: readonly Silence[]): readonly Figure[] {
  const seconds = (of: (silence: Silence) => number | undefined): FigureValue[] =>
    senders.flatMap((silence) => {
      const ms = of(silence);
      return ms === undefined ? [] : [{ labels: { sender: silence.sender }, value: ms / 1000 }];
    });
  return [
    gauge(
      'journal_sender_silent_seconds',
      'Legal time since the last message of a sender',
      seconds(({ silentMs }) => silentMs),
    ),
    gauge(
      'journal_sender_usual_gap_seconds',
      'Longest gap a sender usually has, learnt',
      seconds(({ usualMs }) => usualMs),
    ),
    gauge(
      'journal_sender_quiet_after_seconds',
      'Silence beyond this is too long',
      seconds(({ quietAfterMs }) => quietAfterMs),
    ),
  ];
}

/** How far the publication for subscribers is behind. @param next the first event that has not been published */
export function publicationFigures(
  lastPosition: number,
  published: number,
  next: { readonly recordedAt: string } | undefined,
  nowMs: number,
): readonly Figure[] {
  const behind = next === undefined ? 0 : Math.max(0, nowMs - Date.parse(next.recordedAt)) / 1000;
  return [
    gauge(
      'journal_publication_lag_events',
      'Events not yet published for subscribers',
      alone(Math.max(0, lastPosition - published)),
    ),
    gauge(
      'journal_publication_lag_seconds',
      'Legal time since the first of them was recorded',
      alone(behind),
    ),
  ];
}
