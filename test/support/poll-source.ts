/** A poll over a real journal, with a stand-in for what resources mean: what is tried is how they come. */
import { startPoll, type Poll, type PollEvent } from '../../adapters/inbound/fhir/poll.ts';
import { answerBytes } from '../../adapters/inbound/fhir/answers/answer.ts';
import { readExchange, type Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import { writesOf } from '../../adapters/inbound/fhir/meaning/translate.ts';
import {
  pollCursor,
  readPollState,
  type PollState,
} from '../../adapters/inbound/fhir/polling/state.ts';
import type { Inbound } from '../../adapters/adapter.ts';
import { openFhirClient } from '../../adapters/wire/fhir-client.ts';
import { GatewayError } from '../../gateway/errors.ts';
import { createReceive } from '../../gateway/receive.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import { newId } from '../../gateway/runtime/ids.ts';
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../../gateway/runtime/journal/journal.ts';
import { createLog } from '../../gateway/runtime/log.ts';

export const sender = 'ekliden';

/** Keeps every resource; one whose `language` is `refuse` is refused. Tells what it was given. */
export function standIn(seen: (exchange: Exchange) => void): Inbound<Exchange> {
  return {
    name: 'fhir',
    mappingRevision: 'test',
    read: readExchange,
    head: ({ request, resource }) => ({
      sender,
      controlId: request.controlId,
      kind: resource.resourceType,
      sentAt: request.sentAt,
      content: Buffer.from(JSON.stringify(resource)),
      controlIdReuse: 'refused',
    }),
    translate(exchange) {
      seen(exchange);
      const { language }: { language?: unknown } = exchange.resource as object;
      if (language === 'refuse') throw new GatewayError('malformed-message', 'as it was told to');
      return { facts: [], unmapped: [], warnings: [], resources: writesOf(exchange) };
    },
    acknowledge: (exchange, _raw, verdict, context) => [answerBytes(exchange, verdict, context)],
  };
}

export interface TestPoll {
  readonly poll: Poll;
  readonly journal: Journal;
  readonly clock: HandSetClock;
  /** What was translated, in order: `Encounter/e1/1`. */
  readonly told: string[];
  readonly exchanges: Exchange[];
  readonly events: {
    readonly name: PollEvent;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
  state(): Promise<PollState>;
  /** One round, unless a failure has it wait. */
  round(): Promise<void>;
  /** Legal time moves on, and what is due by then is done. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface PollOptions {
  readonly folder: string;
  readonly url: string;
  readonly types?: readonly string[];
  readonly since?: string;
  readonly overlapMs?: number;
  readonly count?: number;
  readonly start?: string;
  readonly timeoutMs?: number;
  readonly openJournal?: (folder: string) => Promise<Journal>;
  readonly onTold?: (name: string) => void;
  /** The first round is not waited for. */
  readonly isLeft?: boolean;
}

export async function startTestPoll(options: PollOptions): Promise<TestPoll> {
  const { folder, url, types = ['Encounter'], overlapMs = 1000, count = 100 } = options;
  const clock = new HandSetClock(options.start ?? '2022-03-07T10:00:00Z');
  const journal = await (options.openJournal?.(folder) ?? openEmbeddedJournal({ folder }));
  const log = createLog({ level: 'silent' });
  const told: string[] = [];
  const exchanges: Exchange[] = [];
  const events: TestPoll['events'] = [];
  const adapter = standIn((exchange) => {
    const { resourceType, meta } = exchange.resource;
    const name = `${resourceType}/${exchange.request.id}/${meta?.versionId ?? '-'}`;
    told.push(name);
    options.onTold?.(name);
    exchanges.push(exchange);
  });
  const stopping = new AbortController();
  const client = openFhirClient({
    line: { url, setting: 'poll.base', allowPrivate: true, maxAnswerBytes: 2_000_000 },
    timeoutMs: options.timeoutMs ?? 2000,
    machine: { elapsedMs: () => performance.now(), nowSeconds: () => Date.now() / 1000 },
    signal: stopping.signal,
    patience: { attempts: 2, pauseMs: 1, patienceMs: 500 },
  });
  const poll = startPoll({
    types,
    everyMs: 30_000,
    overlapMs,
    since: options.since ?? '2022-03-01T00:00:00Z',
    count,
    client,
    taking: {
      sender,
      store: journal.resources,
      receive: createReceive(adapter, { journal, clock, log, newId }),
      now: () => clock.now(),
      newId,
    },
    cursors: journal.cursors,
    nowMs: () => clock.nowMs(),
    stopping,
    onEvent: (name, detail) => events.push({ name, detail }),
  });
  const rest = async (): Promise<void> => {
    while (poll.inHand() > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  if (options.isLeft !== true) await rest();
  return {
    poll,
    journal,
    clock,
    told,
    exchanges,
    events,
    state: async () => readPollState(await journal.cursors.get(pollCursor(sender))),
    async round() {
      poll.wake();
      await rest();
    },
    async pass(ms) {
      clock.advanceTo(new Date(clock.nowMs() + ms).toISOString());
      poll.look();
      await rest();
    },
    async close() {
      await poll.close();
      await client.close();
      await journal.close();
    },
  };
}
