/**
 * A simulated receiver: a municipality (or primary care) with an HTTP endpoint for notices. It checks signatures,
 * recognises repeats, can behave badly on demand, and answers to the gateway as a real partner does.
 */
import { z } from 'zod';
import { assert } from '../../../gateway/errors.ts';
import { verifierOf } from '../../wire/signature.ts';
import { tell, tellUntilTaken, type Answer, type GatewayLink } from './answering.ts';
import type { Behaviour } from './behaviour.ts';
import { flatHeaders, type Certificate } from './http-server.ts';
import { openPostBox, type Call } from './post-box.ts';
import type { Arrival } from './received.ts';

export type { Behaviour } from './behaviour.ts';
export type { Answer, GatewayLink } from './answering.ts';

/** The part of a notice that a receiver must understand to answer it. */
const noticeBody = z.looseObject({
  type: z.string(),
  timestamp: z.string(),
  data: z.looseObject({ caseReference: z.string(), obligation: z.string() }),
});
export type NoticeBody = z.infer<typeof noticeBody>;

/** A notice as it came. */
export interface ReceivedNotice {
  readonly deliveryId: string;
  /** It had been taken before: the call was a repeat. */
  readonly repeat: boolean;
  /** The body, parsed: `{type, timestamp, data}`. */
  readonly body: NoticeBody;
  /** W3C Trace Context of the call. */
  readonly traceparent: string | undefined;
}

export interface SimulatedSettings {
  readonly secrets: readonly string[];
  /** One for all calls, or a list for the next ones, one each, and `accept` after them. */
  readonly behaviour?: Behaviour | readonly Behaviour[];
  /** Called once for each notice taken, after the answer has gone. */
  readonly onNotice?: (notice: ReceivedNotice) => Promise<void> | void;
  /** Called with everything that came, before it is answered: a notice or not, signed or not. */
  readonly onArrival?: (arrival: Arrival) => void;
  readonly tls?: Certificate;
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
  readonly host?: string;
}

export interface SimulatedMunicipality {
  readonly url: string;
  /** Every notice with a right signature, in order, whatever it was answered. */
  readonly received: readonly ReceivedNotice[];
  /** Calls whose signature was wrong. */
  readonly unsigned: () => number;
  /** Acknowledgements that the gateway did not take, as HTTP status or error code. */
  readonly failures: readonly string[];
  /** Calls being answered, and answers on their way to the gateway. */
  inFlight(): number;
  setBehaviour(behaviour: Behaviour | readonly Behaviour[]): void;
  /** Another certificate from now on, for every connection. */
  setCertificate(certificate: Certificate): void;
  /** @param link with `now`, legal time, every notice taken is acknowledged (kvittens) by itself */
  connect(link: GatewayLink & { readonly now?: () => string }): void;
  /** Sends an answer or a fact as a CloudEvent. @returns the HTTP status */
  answer(answer: Answer): Promise<number>;
  close(): Promise<void>;
}

/** Starts a receiver; resolves when it listens. */
export async function simulatedMunicipality(
  settings: SimulatedSettings,
): Promise<SimulatedMunicipality> {
  const isSigned = verifierOf(settings.secrets);
  const received: ReceivedNotice[] = [];
  let link: Parameters<SimulatedMunicipality['connect']>[0] | undefined;
  let unsigned = 0;
  let answering = 0;

  const box = await openPostBox<Behaviour>({
    ...settings,
    channel: 'webhook',
    isKnown(headers, body) {
      const isRight = isSigned(flatHeaders(headers), body);
      if (!isRight) unsigned += 1;
      return isRight;
    },
    idOf: (headers) => String(headers['webhook-id']),
    heard: (behaviour) => behaviour,
    onKnown(call) {
      const notice = noticeOf(call);
      if (notice) received.push(notice);
    },
    async onTaken(call) {
      const notice = noticeOf(call);
      if (notice && !notice.repeat) await follow(notice);
    },
  });
  if (settings.behaviour !== undefined) box.setBehaviour(settings.behaviour);

  async function follow(notice: ReceivedNotice): Promise<void> {
    await settings.onNotice?.(notice);
    if (!link?.now) return;
    const { caseReference, obligation } = notice.body.data;
    const data = { deliveryId: notice.deliveryId, obligation };
    const event = { caseReference, type: 'notice.acknowledged', data, time: link.now() } as const;
    box.failures.push(...(await tellUntilTaken(event, answer)));
  }

  async function answer(event: Answer): Promise<number> {
    assert(link, 'a receiver answers after connect()');
    answering += 1;
    try {
      return await tell(link, event);
    } finally {
      answering -= 1;
    }
  }

  return {
    url: `${box.origin}/notices`,
    received,
    failures: box.failures,
    unsigned: () => unsigned,
    inFlight: () => box.inFlight() + answering,
    setBehaviour: (behaviour) => box.setBehaviour(behaviour),
    setCertificate: (certificate) => box.setCertificate(certificate),
    connect: (to) => {
      link = to;
    },
    answer,
    close: () => box.close(),
  };
}

const jsonNotice = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(noticeBody);

/** A specification comes here too, and is no notice. */
function noticeOf({ messageId, headers, body, isDuplicate }: Call): ReceivedNotice | undefined {
  const read = jsonNotice.safeParse(body.toString('utf8'));
  if (!read.success) return undefined;
  const traceparent = headers['traceparent']?.toString();
  return { deliveryId: messageId, repeat: isDuplicate, body: read.data, traceparent };
}
