/** One event as subscribers outside the gateway get it: a CloudEvent 1.0 in structured JSON, and where it is routed. */
import { cloudEventType, type EventType } from '../../../process/events.ts';
import type { StoredEvent } from '../../journal/journal.ts';
import type { OutgoingMessage } from '../publisher.ts';
import type { CasePlace } from './case-place.ts';
import { toldFields } from './told.ts';

/** A CloudEvent of `toldSchema`. No dataref: there is no place where a claim could be made. */
export function outsideEvent({ position, event }: StoredEvent, place: CasePlace) {
  const { subject, stayId, county, municipality } = place;
  const own: Record<string, unknown> = { ...event.data };
  const told = toldFields(event.type)
    .filter((field) => own[field] !== undefined)
    .map((field) => [field, own[field]]);
  return {
    specversion: '1.0',
    id: event.id,
    source: `hemgang/${event.source.sender}`,
    type: cloudEventType(event.type),
    subject,
    time: event.occurredAt,
    datacontenttype: 'application/json',
    sequence: String(position).padStart(16, '0'),
    partitionkey: subject,
    data: {
      county,
      municipality,
      ...(stayId !== undefined && { stayId }),
      ...Object.fromEntries(told),
    },
  };
}

/** `notice.issued.14.1480` */
export function outsideKey(type: EventType, { county, municipality }: CasePlace): string {
  return `${type}.${county}.${municipality}`;
}

/** The event as a message to an exchange. */
export function outsideMessage(
  exchange: string,
  stored: StoredEvent,
  place: CasePlace,
): OutgoingMessage {
  const { id, type } = stored.event;
  return {
    exchange,
    routingKey: outsideKey(type, place),
    body: JSON.stringify(outsideEvent(stored, place)),
    // Nobody need be bound, so it is not mandatory.
    properties: {
      contentType: 'application/cloudevents+json',
      persistent: true,
      messageId: id,
      type: cloudEventType(type),
    },
  };
}
