/** Messages for tests and measurements of the journal, made from a number. */
import { createHash } from 'node:crypto';
import type { EventBody } from '../../gateway/process/events.ts';
import type { IncomingMessage, RejectedMessage } from '../../gateway/runtime/journal/journal.ts';

export const at = '2022-03-07T10:59:00.000Z';
export const personnummerAuthority = '1.2.752.129.2.1.3.1';
/** Published test numbers of the tax agency. */
export const testNumbers = ['189001019802', '189001029819', '189001039800'] as const;

export function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** An event without its stream. */
export function admitted(id: string, unit = 'Avdelning 7'): EventBody {
  return {
    id,
    type: 'patient.admitted',
    occurredAt: at,
    recordedAt: at,
    source: { sender: 'fjallsjukhuset', messageId: id },
    causationId: id,
    correlationId: id,
    data: { county: '14', hospital: 'Fjällsjukhuset', unit },
  };
}

/** A discharge notice to be dispatched. */
export function noticeIssued(id: string): EventBody {
  const { data: _, ...envelope } = admitted(id);
  return {
    ...envelope,
    type: 'notice.issued',
    data: {
      key: `key-${id}`,
      revision: 1,
      obligation: 'discharge-ready-notice',
      occasion: 'ready-1',
      role: 'payer-municipality',
      municipality: '1480',
      content: {},
      reference: '3 kap. 1 §',
    },
  };
}

/** The nth message: a stay and an admission of its own unless told otherwise. */
export function message(n: number, change: Partial<IncomingMessage> = {}): IncomingMessage {
  const raw = Buffer.from(`MSH|message ${n}`);
  return {
    messageId: `message-${n}`,
    sender: 'fjallsjukhuset',
    controlId: `C${n}`,
    controlIdReuse: 'refused',
    kind: 'ADT^A01',
    digest: digestOf(change.raw ?? raw),
    raw,
    receivedAt: at,
    mappingRevision: 'r1',
    stay: { by: 'visit', authority: '1.2.3', number: `V${n}` },
    events: [admitted(`event-${n}`)],
    unmapped: [],
    warnings: [],
    answer: Buffer.from(`MSA|AA|C${n}`),
    ...change,
  };
}

/** Messages n to n + 2, each with a resource; where n is odd, the last one's is stale. */
export function groupOf(n: number): readonly IncomingMessage[] {
  return [n, n + 1, n + 2].map((of, index) => {
    const expected = index === 2 && n % 2 === 1 ? 5 : 0;
    const told = {
      type: 'Encounter',
      id: `e${of}`,
      expected,
      identifiers: [],
      body: `{"n":${of}}`,
    };
    return message(of, { resources: [told] });
  });
}

export function rejected(n: number, change: Partial<RejectedMessage> = {}): RejectedMessage {
  const { messageId, sender, controlId, kind, digest, raw, receivedAt } = message(n);
  return {
    messageId: `rejected-${messageId}`,
    sender,
    controlId,
    kind,
    digest,
    raw,
    receivedAt,
    errorCode: 'malformed-message',
    error: 'PV1-19 is missing',
    ...change,
  };
}

const settlement = {
  county: '14',
  municipality: '1480',
  month: '2022-03',
  key: 'key',
  revision: 1,
};

/** A settlement that lacks an amount. */
export function billingWithheld(id: string): EventBody {
  const { data: _, ...envelope } = admitted(id);
  const missing = { missing: 'amount', missingOn: '2022-03-01', reference: '5 kap. 6 §' };
  return { ...envelope, type: 'billing.withheld', data: { ...settlement, ...missing } };
}

/** A count of no days. */
export function careDaysCounted(id: string, reason: string): EventBody {
  const { data: _, ...envelope } = admitted(id);
  const { key, revision, ...period } = settlement;
  const count = { dates: [], eligible: false, reason, because: [], reference: '5 kap. 6 §' };
  const data = { ...period, ...count, key, revision, caseReference: 'case' };
  return { ...envelope, type: 'care-days.counted', data };
}

/** A month that is closed. */
export function settlementClosed(id: string): EventBody {
  const { data: _, ...envelope } = admitted(id);
  const { county, municipality, month } = settlement;
  return { ...envelope, type: 'settlement.closed', data: { county, municipality, month } };
}

/** An invoice as a series has it; of its content nothing but the number. */
export function invoiceIssued(number: string): EventBody {
  const { data: _, ...envelope } = admitted(number);
  const data = { ...settlement, number };
  // What a journal does with an event it does whatever the event says.
  return { ...envelope, type: 'billing.issued', data } as unknown as EventBody;
}

/** A settlement of nothing. */
export function billingRecorded(id: string): EventBody {
  const { data: _, ...envelope } = admitted(id);
  const data = { ...settlement, lines: [], excluded: [], totalOre: 0, model: 'statute' };
  return { ...envelope, type: 'billing.recorded', data };
}
