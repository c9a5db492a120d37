/** A journal that holds something of everything, filled through its own API. */
import type { EventBody } from '../../gateway/process/events.ts';
import type { IncomingMessage, Journal } from '../../gateway/runtime/journal/journal.ts';
import {
  admitted,
  at,
  billingRecorded,
  billingWithheld,
  careDaysCounted,
  message,
  noticeIssued,
  personnummerAuthority,
  rejected,
  testNumbers,
} from './journal-messages.ts';

export const settlementStream = 'settlement:14:1480:2022-03';
const later = '2022-03-07T12:00:00.000Z';

/**
 * Messages accepted, parked, rejected and quarantined; persons told and moved; linked stays; resources; decisions with
 * their notice, deadlines and settlement; a delivery that failed and one that arrived; a dead letter and a postponed row.
 */
export async function fillJournal(journal: Journal): Promise<void> {
  await recordMessages(journal);
  await decide(journal);
  await dispatch(journal);
  await journal.addFindings([{ place: 2, findings: ['status'] }], {
    name: 'structures',
    value: '2',
  });
  await journal.cursors.set('publication', '3');
  await journal.audit({
    at,
    who: 'operator',
    what: 'looked',
    about: 'message-1',
    reason: 'a test',
  });
}

async function recordMessages(journal: Journal): Promise<void> {
  const patient = (index: number): Pick<IncomingMessage, 'patient'> => ({
    patient: {
      numbers: [
        {
          authority: personnummerAuthority,
          value: testNumbers[index] ?? '',
          kind: 'personnummer',
        },
      ],
      family: 'Testsson',
      given: 'Åsa \0 \u2028 🜚',
    },
  });
  await journal.record(message(1, { ...patient(0), sequence: 7, warnings: ['PV1-3 is long'] }));
  const resource = {
    type: 'Encounter',
    id: 'e2',
    expected: 0,
    identifiers: [{ system: 'urn:visits', value: 'V2' }],
    body: '{"resourceType":"Encounter","status":"in-progress"}',
  };
  await journal.record(message(2, { ...patient(1), kind: 'Encounter', resources: [resource] }));
  const unmapped = [{ table: '0112-discharge-disposition', code: 'ZZ', path: 'PV1-36' }];
  await journal.record(message(3, { ...patient(0), unmapped }));
  const told = admitted('told-4');
  const person = {
    numbers: [{ authority: personnummerAuthority, value: testNumbers[0], kind: 'personnummer' }],
    family: 'Nyman',
  } as const;
  await journal.record(
    message(4, { persons: [{ patient: person, earlierNumbers: [], events: [told] }] }),
  );
  const large = Buffer.alloc(300_000, 'ÅÄÖ ');
  await journal.record(message(5, { raw: large, controlIdReuse: 'allowed' }));
  await journal.reject(rejected(6));
  const { messageId, digest, raw, receivedAt, errorCode, error } = rejected(7);
  await journal.reject({ messageId, digest, raw, receivedAt, errorCode, error });
}

/** The stay of the event that message n told. */
async function stayOf(journal: Journal, n: number) {
  const events = await journal.eventsAfter(0, 100);
  const stayId = events.find(({ event }) => event.id === `event-${n}`)?.event.stayId ?? '';
  const loaded = await journal.load(stayId);
  return { stayId, processId: loaded?.processId ?? '' };
}

async function decide(journal: Journal): Promise<void> {
  const [first, second] = [await stayOf(journal, 1), await stayOf(journal, 2)];
  const { data: _, ...envelope } = admitted('linked');
  const linked: EventBody = {
    ...envelope,
    type: 'stay.linked',
    data: { linkedStayId: second.stayId, cause: 'a test' },
  };
  const lane = first.processId;
  const ofStay = { streamId: first.stayId, lane };
  const ofMonth = { streamId: settlementStream, lane: settlementStream };
  const deadline = (key: string) => ({
    key,
    ...ofStay,
    dueAt: later,
    data: JSON.stringify({ deadline: 'T1' }),
  });
  await journal.append({
    expected: [],
    events: [
      { ...ofStay, body: linked },
      { ...ofStay, body: noticeIssued('notice-1'), lane: `${lane}:payer` },
      { ...ofStay, body: noticeIssued('notice-2'), lane: `${lane}:payer` },
      {
        ...ofStay,
        body: careDaysCounted('days-1', 'PARAMETER_MISSING'),
        alsoStream: settlementStream,
      },
      { ...ofMonth, body: billingRecorded('billing-1') },
      { ...ofMonth, body: billingWithheld('billing-2') },
    ],
    setDeadlines: [deadline('open'), deadline('over')],
    closeDeadlines: [],
  });
  const none = { expected: [], events: [], setDeadlines: [] };
  await journal.append({ ...none, closeDeadlines: ['over'] });
}

async function dispatch(journal: Journal): Promise<void> {
  const nowMs = Date.parse(at);
  const [notice, second] = (await journal.outbox.ready('dispatch', nowMs, 10, [])).filter(
    ({ type }) => type === 'notice.issued',
  );
  if (!notice || !second) throw new Error('two notices were issued');
  const delivery = (n: number, { lane, position, eventId, streamId }: typeof notice) => ({
    deliveryId: `delivery-${n}`,
    lane,
    position,
    eventId,
    streamId,
    receiver: 'receiver',
    state: 'pending' as const,
    rendered: 'a notice',
    detail: undefined,
  });
  await journal.deliveries.open([delivery(1, notice), delivery(2, second)]);
  const outcome = { endedAt: later, detail: 'HTTP 503', events: [], nextAt: later };
  await journal.deliveries.recordAttempt('delivery-1', at);
  await journal.deliveries.recordOutcome({
    ...outcome,
    deliveryId: 'delivery-1',
    state: 'pending',
  });
  await journal.deliveries.recordAttempt('delivery-1', later);
  await journal.deliveries.recordOutcome({
    ...outcome,
    deliveryId: 'delivery-1',
    state: 'delivered',
    detail: 'HTTP 200',
  });
  await journal.deliveries.recordAttempt('delivery-2', later);
  await journal.outbox.attempted([notice, second]);
  await journal.outbox.done([notice]);
  const [bad, postponed] = await journal.outbox.ready('advance', nowMs, 10, []);
  if (!bad || !postponed) throw new Error('facts wait for advance');
  await journal.outbox.bury([bad], 'assertion-failed: a dead letter');
  const until = { nextAtMs: nowMs + 60_000, error: 'bus-unavailable', excused: true };
  await journal.outbox.postpone([postponed], until);
}
