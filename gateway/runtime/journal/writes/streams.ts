/** What `advance` writes: events, links and deadlines, all of it or nothing. */
import type { EventData } from '../../../process/events.ts';
import type { Append, DeadlineRow } from '../journal.ts';
import type { Sql, Step } from '../sql.ts';
import { streamName, type EventLog, type PreparedEvent } from './events.ts';
import type { StayWrites } from './stays.ts';

export type PreparedAppend = Omit<Append, 'events'> & {
  readonly events: readonly PreparedEvent[];
};

export type StreamWrites = ReturnType<typeof streamWrites>;

type Link = EventData<'stay.linked'>;

export function streamWrites(sql: Sql, events: EventLog, stays: StayWrites) {
  const versionOf = sql.prepare(
    'SELECT coalesce(max(position), 0) AS version FROM events WHERE stream = ?',
  );
  const upsertDeadline = sql.prepare(
    `INSERT INTO deadlines (key, stream, lane, due_at, data, event, state)
     VALUES (?, ?, ?, ?, ?, ?, 'open')
     ON CONFLICT (key) DO UPDATE SET stream = excluded.stream, lane = excluded.lane,
       due_at = excluded.due_at, data = excluded.data, event = excluded.event, state = 'open'`,
  );
  const closeDeadline = sql.prepare(
    `UPDATE deadlines SET state = 'closed' WHERE key = ? AND state <> 'closed'`,
  );

  function* isStale({ streamId, version }: PreparedAppend['expected'][number]): Step<boolean> {
    const row = yield* versionOf.get<{ version: number }>(streamId);
    return row?.version !== version;
  }

  function* add(event: PreparedEvent): Step<void> {
    yield* events.add(event);
    if (!movesLink(event)) return;
    const { data }: { data: Link } = JSON.parse(event.body);
    if (event.type === 'stay.linked') yield* stays.link(event.streamId, data.linkedStayId);
    else yield* stays.unlink(data.linkedStayId);
  }

  function* setDeadline({ key, streamId, lane, dueAt, data, event }: DeadlineRow): Step<void> {
    yield* upsertDeadline.run(key, streamId, lane, dueAt, data, event ?? 'deadline.reached');
  }

  return {
    *append(change: PreparedAppend): Step<'appended' | 'stale'> {
      for (const stream of streamsOf(change)) yield* sql.alone(streamName(stream));
      const stale = yield* sql.together(change.expected.map(isStale));
      if (stale.includes(true)) return 'stale';
      // A link moves the process that the next link reads.
      if (change.events.some(movesLink)) for (const event of change.events) yield* add(event);
      else yield* sql.together(change.events.map(add));
      yield* sql.together(change.closeDeadlines.map((key) => closeDeadline.run(key)));
      yield* sql.together(change.setDeadlines.map(setDeadline));
      return 'appended';
    },
  };
}

/** The streams it was decided by and those it adds to. */
export function streamsOf({ expected, events }: PreparedAppend): ReadonlySet<string> {
  return new Set([...expected, ...events].map(({ streamId }) => streamId));
}

/** Whether the event moves a stay from one process to another. */
export function movesLink({ type }: Pick<PreparedEvent, 'type'>): boolean {
  return type === 'stay.linked' || type === 'stay.unlinked';
}
