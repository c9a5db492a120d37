/** What `advance` writes: events, links and deadlines, all of it or nothing. */
import type { EventData } from '../../../process/events.ts';
import type { Database } from '../embedded/connection.ts';
import type { Append } from '../journal.ts';
import type { EventLog, PreparedEvent } from './events.ts';
import type { StayWrites } from './stays.ts';

export type PreparedAppend = Omit<Append, 'events'> & {
  readonly events: readonly PreparedEvent[];
};

type Link = EventData<'stay.linked'>;

export function streamWrites(db: Database, events: EventLog, stays: StayWrites) {
  const versionOf = db.prepare(
    'SELECT coalesce(max(position), 0) AS version FROM events WHERE stream = ?',
  );
  const setDeadline = db.prepare(
    `INSERT INTO deadlines (key, stream, lane, due_at, data, event, state)
     VALUES (?, ?, ?, ?, ?, ?, 'open')
     ON CONFLICT (key) DO UPDATE SET stream = excluded.stream, lane = excluded.lane,
       due_at = excluded.due_at, data = excluded.data, event = excluded.event, state = 'open'`,
  );
  const closeDeadline = db.prepare(
    `UPDATE deadlines SET state = 'closed' WHERE key = ? AND state = 'open'`,
  );

  function isStale(change: PreparedAppend): boolean {
    return change.expected.some(({ streamId, version }) => {
      const row: { version: number } = versionOf.get(streamId);
      return row.version !== version;
    });
  }

  function moveLink(event: PreparedEvent): void {
    if (event.type !== 'stay.linked' && event.type !== 'stay.unlinked') return;
    const { data }: { data: Link } = JSON.parse(event.body);
    if (event.type === 'stay.linked') stays.link(event.streamId, data.linkedStayId);
    else stays.unlink(data.linkedStayId);
  }

  return {
    append(change: PreparedAppend): 'appended' | 'stale' {
      if (isStale(change)) return 'stale';
      for (const event of change.events) {
        events.add(event);
        moveLink(event);
      }
      for (const key of change.closeDeadlines) closeDeadline.run(key);
      for (const { key, streamId, lane, dueAt, data, event } of change.setDeadlines) {
        setDeadline.run(key, streamId, lane, dueAt, data, event ?? 'deadline.reached');
      }
      return 'appended';
    },
  };
}
