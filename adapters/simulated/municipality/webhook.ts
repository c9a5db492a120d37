/**
 * A simulated receiver: a municipality (or primary care) with an HTTP endpoint for notices. It checks signatures,
 * recognises repeats, can behave badly on demand, and answers to the gateway as a real partner does.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { assert } from '../../../gateway/errors.ts';
import { cloudEventType, type EventType } from '../../../gateway/process/events.ts';
import { verifierOf } from '../../wire/signature.ts';
import { behave, reply, scriptOf, takes, type Behaviour } from './behaviour.ts';

export type { Behaviour } from './behaviour.ts';

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
  /** 0 (the default) lets the system choose. */
  readonly port?: number;
  readonly host?: string;
}

/** The way back to the gateway. */
export interface GatewayLink {
  readonly gatewayUrl: string;
  readonly token: string;
  /** Legal time. With it, every notice taken is acknowledged (kvittens) by itself. */
  readonly now?: () => string;
}

export interface Answer {
  readonly caseReference: string;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it happened, with its offset. */
  readonly time: string;
  /** The CloudEvent id; a new one unless it is to be a repeat. */
  readonly id?: string;
}

export interface SimulatedMunicipality {
  readonly url: string;
  /** Every call with a right signature, in order, whatever it was answered. */
  readonly received: readonly ReceivedNotice[];
  /** Calls whose signature was wrong. */
  readonly unsigned: () => number;
  /** Acknowledgements that the gateway did not take, as HTTP status or error code. */
  readonly failures: readonly string[];
  /** Calls being answered, and answers on their way to the gateway. */
  inFlight(): number;
  setBehaviour(behaviour: Behaviour | readonly Behaviour[]): void;
  connect(link: GatewayLink): void;
  /** Sends an answer or a fact as a CloudEvent. @returns the HTTP status */
  answer(answer: Answer): Promise<number>;
  close(): Promise<void>;
}

const maxBodyBytes = 1_048_576;
/** An acknowledgement is tried for a few seconds, as long as a gateway takes to start again. */
const answerTries = 50;
const answerPauseMs = 100;

/** Starts a receiver; resolves when it listens. */
export async function simulatedMunicipality(
  settings: SimulatedSettings,
): Promise<SimulatedMunicipality> {
  const isSigned = verifierOf(settings.secrets);
  const received: ReceivedNotice[] = [];
  const failures: string[] = [];
  const taken = new Set<string>();
  let script = scriptOf(settings.behaviour ?? 'accept');
  let link: GatewayLink | undefined;
  let unsigned = 0;
  let inFlight = 0;

  const server = createServer((request, response) => {
    void track(async () => {
      const closed = new Promise((resolve) => response.once('close', resolve));
      const notice = await handle(request, response);
      await closed;
      if (notice) await follow(notice);
    });
  });

  /** One call. @returns the notice where it was taken for the first time */
  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<ReceivedNotice | undefined> {
    const body = await readBody(request);
    if (!body) {
      request.destroy();
      return undefined;
    }
    if (!isSigned(flatten(request), body)) {
      unsigned += 1;
      reply(response, 401);
      return undefined;
    }
    const deliveryId = String(request.headers['webhook-id']);
    const notice = {
      deliveryId,
      repeat: taken.has(deliveryId),
      body: noticeBody.parse(JSON.parse(body.toString('utf8'))),
      traceparent: request.headers['traceparent']?.toString(),
    };
    received.push(notice);
    const behaviour = script.shift() ?? 'accept';
    if (takes(behaviour)) taken.add(deliveryId);
    await behave(behaviour, request, response);
    return takes(behaviour) && !notice.repeat ? notice : undefined;
  }

  async function follow(notice: ReceivedNotice): Promise<void> {
    await settings.onNotice?.(notice);
    if (!link?.now) return;
    const { caseReference, obligation } = notice.body.data;
    const { deliveryId } = notice;
    const data = { deliveryId, obligation };
    const event: Answer = {
      caseReference,
      type: 'notice.acknowledged',
      data,
      time: link.now(),
      id: randomUUID(),
    };
    failures.push(...(await answerUntilTaken(event)));
  }

  /** The same CloudEvent again while the gateway cannot take it. @returns why it was never taken */
  async function answerUntilTaken(event: Answer): Promise<string[]> {
    let status = 0;
    for (let tries = 0; tries < answerTries; tries++) {
      status = await answer(event).catch(() => 0);
      if (status === 202) return [];
      if (status >= 400 && status < 500) break;
      await new Promise((resolve) => setTimeout(resolve, answerPauseMs));
    }
    return [status === 0 ? 'no connection' : `HTTP ${status}`];
  }

  async function answer(event: Answer): Promise<number> {
    assert(link, 'a receiver answers after connect()');
    inFlight += 1;
    try {
      const response = await fetch(new URL('/receipts', link.gatewayUrl), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${link.token}`,
          'content-type': 'application/cloudevents+json',
        },
        body: JSON.stringify(cloudEvent(event)),
        signal: AbortSignal.timeout(30_000),
      });
      await response.arrayBuffer();
      return response.status;
    } finally {
      inFlight -= 1;
    }
  }

  /** A fault of the receiver's own is kept for the one who runs it; it never ends the process. */
  async function track(work: () => Promise<void>): Promise<void> {
    inFlight += 1;
    try {
      await work();
    } catch (thrown) {
      failures.push(thrown instanceof Error ? thrown.name : 'error');
    } finally {
      inFlight -= 1;
    }
  }

  const host = settings.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port ?? 0, host, resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}/notices`,
    received,
    failures,
    unsigned: () => unsigned,
    inFlight: () => inFlight,
    setBehaviour: (behaviour) => {
      script = scriptOf(behaviour);
    },
    connect: (to) => {
      link = to;
    },
    answer,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The receiver as a program of its own (docker-compose): takes notices, acknowledges each one, tells each in a line.
 * @param settings.now real time, as the events write it
 */
export async function runSimulatedMunicipality(settings: {
  readonly port: number;
  readonly host?: string;
  readonly secret: string;
  readonly gatewayUrl: string;
  readonly token: string;
  readonly now: () => string;
  readonly print: (line: string) => void;
}): Promise<SimulatedMunicipality> {
  const { port, secret, gatewayUrl, token, now, print } = settings;
  const receiver = await simulatedMunicipality({
    secrets: [secret],
    port,
    host: settings.host ?? '0.0.0.0',
    // Ids and codes only: what a notice says of a person is not for a terminal.
    onNotice: ({ deliveryId, body }) => print(`${body.type} ${body.data.obligation} ${deliveryId}`),
  });
  receiver.connect({ gatewayUrl, token, now });
  return receiver;
}

// ---------------------------------------------------------------- one call

function portOf(server: Server): number {
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  return address.port;
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    assert(Buffer.isBuffer(chunk), 'no encoding is set, so chunks are bytes');
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flatten(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
}

function cloudEvent(event: Answer): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: event.id ?? randomUUID(),
    source: '/simulated',
    type: cloudEventType(event.type),
    subject: event.caseReference,
    time: event.time,
    datacontenttype: 'application/json',
    data: event.data,
  };
}
