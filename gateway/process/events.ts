/**
 * Every event there is, with the schema of its data and its CloudEvents envelope.
 *
 * An event carries codes and random keys only: no name, number or address (those are in the journal's identities).
 * Instants are ISO 8601 in UTC with milliseconds (`2022-03-07T10:59:00.000Z`), so their text order is their time order;
 * dates are `YYYY-MM-DD` in Europe/Stockholm; money is an integer in öre.
 */
import type { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { clockEvents } from './events/clocks.ts';
import { factEvents } from './events/facts.ts';
import { invoiceEvents } from './events/invoices.ts';
import { noticeEvents } from './events/notices.ts';
import { followUpEvents, settlementEvents } from './events/settlement.ts';
import { stayEvents } from './events/stays.ts';

export {
  instant,
  date,
  month,
  municipalityCode,
  countyCode,
  hsaId,
  numberKinds,
  protections,
  patientCodes,
  obligations,
  noticedObligations,
  recipientRoles,
  needKinds,
  outpatientAvailability,
  type PersonNumberKind,
  type PatientCodes,
  type Obligation,
  type NoticedObligation,
  type RecipientRole,
  type NeedKind,
} from './events/codes.ts';
export {
  noticeFields,
  noticeContent,
  type NoticeField,
  type NoticeContent,
  type NoticeData,
  type ReceiptData,
  type ReminderData,
} from './events/notices.ts';
export { type DeadlineData } from './events/clocks.ts';
export {
  type CareDaysData,
  type BillingLine,
  type SettledCase,
  type BillingData,
  type Carry,
} from './events/settlement.ts';
export {
  disputeCauses,
  type DisputeCause,
  type InvoicedLine,
  type InvoiceParty,
  type InvoiceDraft,
  type IssuedInvoice,
  type Approval,
} from './events/invoices.ts';

// ---------------------------------------------------------------- the list

/** Schema of `data` by type. The order is also the order of facts that happened at the same instant. */
export const eventData = {
  ...factEvents,
  ...stayEvents,
  ...noticeEvents,
  ...clockEvents,
  ...settlementEvents,
  ...invoiceEvents,
  ...followUpEvents,
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

// Object.keys gives strings; these are the keys of the object above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const types = Object.keys(eventData) as EventType[];
const ranks = new Map<string, number>(types.map((type, rank) => [type, rank]));
const facts: ReadonlySet<string> = new Set(Object.keys(factEvents));

/** Whether a text names an event type. */
export function isEventType(name: string): name is EventType {
  return ranks.has(name);
}

/** Facts came from outside; the others were decided here. */
export function isFact(type: EventType): boolean {
  return facts.has(type);
}

/** Fixed order of types for facts of the same instant (design: any order of arrival folds to one state). */
export function rankOf(type: EventType): number {
  return ranks.get(type) ?? types.length;
}

// ---------------------------------------------------------------- the envelope

export interface EventOf<T extends EventType> {
  readonly id: string;
  readonly type: T;
  /** The stream: a stay, or `settlement:<county>:<municipality>:<month>`. */
  readonly stayId: string;
  /** When it happened. */
  readonly occurredAt: string;
  /** `day` where the source knew no more than the date; occurredAt is then 00.00 local time. */
  readonly precision?: 'day';
  /** When the source sent it. */
  readonly sentAt?: string;
  /** When we learned it. */
  readonly recordedAt: string;
  readonly source: { readonly sender: string; readonly messageId: string };
  /** The message or event this one follows from. */
  readonly causationId: string;
  readonly correlationId: string;
  /** Ids of events this one replaces (a message translated again under a grown table). */
  readonly supersedes?: readonly string[];
  /** Codes of what was doubtful in reading it: `DST_GAP`, `DST_OVERLAP`. */
  readonly warnings?: readonly string[];
  /** W3C Trace Context of the step that recorded it: for whoever follows a message, and no part of what happened. */
  readonly traceparent?: string;
  readonly data: EventData<T>;
}

/** Any event; narrow it by `type`. */
export type DischargeEvent = { [T in EventType]: EventOf<T> }[EventType];

/** An event as the journal holds it before its stream is known: everything but `stayId`. */
export type EventBody = DischargeEvent extends infer E
  ? E extends DischargeEvent
    ? Omit<E, 'stayId'>
    : never
  : never;

/**
 * Checks the data of one event against its schema.
 * @returns the same data, typed
 * @throws GatewayError `malformed-message` naming the type and the path, never the value
 */
export function checkData<T extends EventType>(type: T, data: unknown): EventData<T> {
  const result = eventData[type].safeParse(data);
  // The schema of T gave it; the compiler cannot follow the index into eventData.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  if (result.success) return result.data as EventData<T>;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new GatewayError(
    'malformed-message',
    `${type}: ${path || 'data'}: ${issue?.code ?? 'invalid'}`,
    {
      location: `${type}.${path}`,
    },
  );
}

/** CloudEvents type of an event: `se.hemgang.patient.admitted.v1`. */
export function cloudEventType(type: EventType): string {
  return `se.hemgang.${type}.v1`;
}

/** The event as a CloudEvent 1.0 in structured JSON (content type `application/cloudevents+json`). */
export function toCloudEvent(event: DischargeEvent): Record<string, unknown> {
  const { id, type, stayId, occurredAt, data, source, ...rest } = event;
  return {
    specversion: '1.0',
    id,
    type: cloudEventType(type),
    source: `hemgang/${source.sender}`,
    subject: stayId,
    time: occurredAt,
    datacontenttype: 'application/json',
    causationid: rest.causationId,
    correlationid: rest.correlationId,
    ...(rest.traceparent !== undefined && { traceparent: rest.traceparent }),
    data,
  };
}
