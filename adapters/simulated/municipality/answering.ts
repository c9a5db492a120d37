/** The way back: what a municipality answers, as a CloudEvent to the gateway's `/receipts`. */
import { randomUUID } from 'node:crypto';
import { cloudEventType, type EventType } from '../../../gateway/process/events.ts';
import { passed } from './behaviour.ts';

export interface GatewayLink {
  readonly gatewayUrl: string;
  readonly token: string;
}

export interface Answer {
  /** What it is about: our case reference. */
  readonly caseReference: string;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it happened, with its offset. */
  readonly time: string;
  /** The CloudEvent id; a new one unless it is to be a repeat. */
  readonly id?: string;
}

/** An answer is tried for a few seconds, as long as a gateway takes to start again. */
const tries = 50;
const pauseMs = 100;

/** Sends it once. @returns the HTTP status */
export async function tell({ gatewayUrl, token }: GatewayLink, answer: Answer): Promise<number> {
  const response = await fetch(new URL('/receipts', gatewayUrl), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents+json',
    },
    body: JSON.stringify(cloudEvent(answer)),
    signal: AbortSignal.timeout(30_000),
  });
  await response.arrayBuffer();
  return response.status;
}

/**
 * The same CloudEvent again while the gateway cannot take it.
 * @returns why it was never taken; nothing where it was
 */
export async function tellUntilTaken(
  answer: Answer,
  once: (answer: Answer) => Promise<number>,
): Promise<string[]> {
  const event = { ...answer, id: answer.id ?? randomUUID() };
  let status = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    status = await once(event).catch(() => 0);
    if (status === 202) return [];
    if (status >= 400 && status < 500) break;
    await passed(pauseMs);
  }
  return [status === 0 ? 'no connection' : `HTTP ${status}`];
}

function cloudEvent(answer: Answer): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: answer.id ?? randomUUID(),
    source: '/simulated',
    type: cloudEventType(answer.type),
    subject: answer.caseReference,
    time: answer.time,
    datacontenttype: 'application/json',
    data: answer.data,
  };
}
