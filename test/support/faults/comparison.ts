/**
 * What came of a case, without what differs from run to run: its events, in order, and the notices that its receiver
 * took, in order. Two cases of one course must come to the same, whatever happened meanwhile.
 */
import type { House } from './house.ts';
import { controlIdOf, courses, type Case } from './workload.ts';

/** By course, or by case: the story line by line. */
export type Story = readonly string[];

interface EventRow {
  readonly control_id: string;
  readonly stream: string;
  readonly body: {
    readonly type: string;
    readonly data?: { readonly role?: string; readonly deadline?: string };
  };
}

/** Reads the stories of the cases from the journal's tables and from what the receiver kept. */
export async function storiesOf(
  house: House,
  cases: readonly Case[],
): Promise<ReadonlyMap<string, Story>> {
  const streams = await streamsOf(house, cases);
  const rows = await house.query<{ stream: string; text: string }>(
    `SELECT stream, CAST(body AS TEXT) AS text FROM events WHERE stream = ANY($1) ORDER BY position`,
    [[...streams.keys()]],
  );
  const events = new Map<string, string[]>();
  for (const { stream, text } of rows) push(events, streams.get(stream) ?? '', text);
  const notices = new Map<string, string[]>();
  for (const { caseKey, body } of house.receiver.taken) {
    push(notices, caseKey, JSON.stringify(body));
  }
  return new Map(
    cases.map(({ key }) => [key, storyOf(key, events.get(key) ?? [], notices.get(key) ?? [])]),
  );
}

/** The stream of each case, by the message that began it. */
async function streamsOf(
  house: House,
  cases: readonly Case[],
): Promise<ReadonlyMap<string, string>> {
  const byControlId = new Map(cases.map(({ key }) => [controlIdOf(key, 0), key]));
  const rows = await house.query<{ control_id: string; stream: string }>(
    `SELECT m.control_id, e.stream FROM messages m
     JOIN events e ON e.body -> 'source' ->> 'messageId' = m.message_id
     WHERE m.control_id = ANY($1)`,
    [[...byControlId.keys()]],
  );
  return new Map(rows.map(({ control_id, stream }) => [stream, byControlId.get(control_id) ?? '']));
}

/** Messages of these cases that were accepted, each once; `missing` and `twice` must be empty. */
export async function messagesStored(
  house: House,
  cases: readonly Case[],
): Promise<{ missing: string[]; twice: string[] }> {
  const expected = cases.flatMap(({ key, course }) =>
    courses[course].steps.map((_step, index) => controlIdOf(key, index)),
  );
  const rows = await house.query<{ control_id: string; count: number }>(
    `SELECT control_id, CAST(count(*) AS INTEGER) AS count FROM messages
     WHERE control_id = ANY($1) GROUP BY control_id`,
    [expected],
  );
  const counts = new Map(rows.map(({ control_id, count }) => [control_id, count]));
  return {
    missing: expected.filter((id) => !counts.has(id)),
    twice: expected.filter((id) => (counts.get(id) ?? 0) > 1),
  };
}

function storyOf(key: string, events: readonly string[], notices: readonly string[]): Story {
  const parsed = events
    .map((text): EventRow['body'] => JSON.parse(text))
    .filter((event) => !countsFromSending.has(letterOf(event)));
  // Notices to two roles go by two lanes: which of them is first, nobody promises.
  const isOfLane = ({ type }: EventRow['body']): boolean =>
    type.startsWith('notice.') && type !== 'notice.issued' && type !== 'notice.withdrawn';
  const roles = [...new Set(parsed.filter(isOfLane).map(roleOf))].toSorted();
  // A deadline follows from the delivery to one role or the other, and so in either order.
  const isDeadline = ({ type }: EventRow['body']): boolean => type.startsWith('deadline.');
  const letters = [...new Set(parsed.filter(isDeadline).map(letterOf))].toSorted();
  const ordered = [
    ...parsed.filter((event) => !isOfLane(event) && !isDeadline(event)),
    ...letters.flatMap((letter) =>
      parsed.filter((event) => isDeadline(event) && letterOf(event) === letter),
    ),
    ...roles.flatMap((role) => parsed.filter((event) => isOfLane(event) && roleOf(event) === role)),
  ];
  const noticesByRole = notices
    .map((text): EventRow['body'] => JSON.parse(text))
    .map((body, index) => ({ role: roleOf(body), index, body }))
    .toSorted((a, b) => (a.role === b.role ? a.index - b.index : a.role < b.role ? -1 : 1));
  return plain(key, [
    ...ordered.map((event) => `event ${JSON.stringify(event)}`),
    ...noticesByRole.map(({ body }) => `notice ${JSON.stringify(body)}`),
  ]);
}

/** Deadlines of 5 kap. 4 §: which of them there is depends on the hour at which a notice was sent. */
const countsFromSending = new Set(['T8', 'T9']);
const letterOf = ({ data }: EventRow['body']): string => data?.deadline ?? '';
const roleOf = ({ data }: EventRow['body']): string => data?.role ?? '';

/** Without ids, and without when it was done: each id is the nth of its case, each present time is `now`. */
function plain(key: string, lines: readonly string[]): Story {
  const ids = new Map<string, string>();
  return lines.map((line) =>
    line
      .replaceAll(key, 'CASE')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
        if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`);
        return ids.get(id) ?? '';
      })
      // Whose fault a first attempt was is evidence of the fault, and no difference.
      .replaceAll(
        /"receiverFault":(?:true|false)(?:,"receiverFaultAt":"[^"]+")?/g,
        '"receiverFault":"…"',
      )
      .replaceAll(/"traceparent":"[0-9a-f-]+"/g, '"traceparent":"…"')
      .replaceAll(/20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT[\d:.]+(?:Z|\+\d\d:\d\d)/g, 'now')
      // As the text of a notice writes it: when what it replaces was sent.
      .replaceAll(/20(?:2[5-9]|[3-9]\d)-\d\d-\d\d kl\. \d\d\.\d\d/g, 'now')
      .replaceAll(/20(?:2[5-9]|[3-9]\d)-\d\d-\d\d/g, 'today'),
  );
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
