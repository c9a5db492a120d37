/**
 * Hands what waits in the journal over to the broker, window after window, in the order of the journal.
 *
 * A queue that is full refuses what is published to it. It is left alone for a while, and what waits for other queues goes
 * on past it. That changes no order: a lane is in one queue, and what the lane has to do is read from the journal.
 */
import { GatewayError } from '../../errors.ts';
import { toCloudEvent, type DischargeEvent } from '../../process/events.ts';
import type { Clock } from '../clock.ts';
import type { Journal, Outbox, OutboxRow, UnpublishedRow } from '../journal/journal.ts';
import { beginStep, type Step } from '../trace.ts';
import type { OnTrouble } from './bus.ts';
import { partitionOf } from './partitions.ts';
import { isRefusal, noRoute, type OutgoingMessage, type Publisher } from './publisher.ts';
import { queueNameOf, routingKeyOf } from './topology.ts';

export interface HandoverParts {
  readonly journal: Pick<Journal, 'outbox'>;
  readonly clock: Clock;
  readonly exchange: string;
  readonly prefix: string;
  /** How many there are. */
  readonly partitions: number;
  /** Messages published and not yet confirmed. */
  readonly window: number;
  /**
   * What can be published with now, and what makes it anew.
   * @throws GatewayError bus-unavailable where there is nothing
   */
  readonly usable: () => { readonly publisher: Publisher; readonly renew: () => void };
  readonly onTrouble: OnTrouble;
}

export interface Handover {
  /** As `publishWaiting` of the bus. */
  run(nowMs: number, outbox: Pick<Outbox, 'published' | 'bury'>): Promise<number>;
  /** Names of the queues that took nothing more when they were last tried. */
  full(): readonly string[];
}

/** Headers carry keys for routing alone; what an event says is in its body. */
interface MessageHeaders {
  readonly position: number;
  readonly lane: string;
  readonly stream: string;
  /** W3C Trace Context, where the event is of a trace. */
  readonly traceparent?: string;
}

/** A row and what is published of it. */
interface Outgoing {
  readonly row: UnpublishedRow;
  readonly step: Step | undefined;
  readonly message: OutgoingMessage;
}

/** Windows published in one call; the relay comes again at once. */
const windowsAtOnce = 20;
/** Before a full queue is tried again: the pause doubles up to the longest. */
const fullPauses = { firstMs: 250, longestMs: 10_000 } as const;

/** What is handed over, and what is known of full queues from one call to the next. */
export function createHandover(parts: HandoverParts): Handover {
  const { journal, clock, exchange, prefix, partitions, onTrouble } = parts;
  const full = new Set<string>();
  /**
   * Up to this position all that waits is for full queues. What falls due again before it is seen when they are tried
   * again.
   */
  let passed = 0;
  let tryAgainMs = 0;
  let refusals = 0;

  const partitionOfRow = ({ lane }: OutboxRow): number => partitionOf(lane, partitions);
  const queueOfRow = (row: OutboxRow): string =>
    queueNameOf(prefix, row.queue, partitionOfRow(row));

  async function run(nowMs: number, outbox: Pick<Outbox, 'published' | 'bury'>): Promise<number> {
    if (clock.elapsedMs() >= tryAgainMs) {
      full.clear();
      passed = 0;
    }
    const fullBefore = full.size;
    let total = 0;
    try {
      for (let window = 0; window < windowsAtOnce; window += 1) {
        const { rows, published } = await handOverWindow(nowMs, outbox);
        total += published;
        if (rows < parts.window) break;
      }
    } finally {
      if (full.size > fullBefore) leaveAlone();
      else if (full.size === 0) refusals = 0;
    }
    return total;
  }

  async function handOverWindow(
    nowMs: number,
    outbox: Pick<Outbox, 'published' | 'bury'>,
  ): Promise<{ readonly rows: number; readonly published: number }> {
    const { publisher, renew } = parts.usable();
    const rows = await journal.outbox.unpublished(nowMs, parts.window, passed);
    const open = rows.filter((row) => !full.has(queueOfRow(row)));
    const outgoing = open.flatMap((row) => outgoingOf(row) ?? []);
    if (outgoing.length < open.length) {
      const said = new Set(outgoing.map(({ row }) => row));
      await giveUp(
        open.filter((row) => !said.has(row)),
        outbox,
      );
    }
    const outcomes = await publisher.publish(outgoing.map(({ message }) => message));
    for (const [at, { step }] of outgoing.entries()) step?.end(outcomes[at]);
    const confirmed = outgoing.flatMap(({ row }, at) => (outcomes[at] === undefined ? row : []));
    if (confirmed.length > 0) await outbox.published(confirmed, nowMs);
    for (const [at, { row }] of outgoing.entries()) {
      if (isRefusal(outcomes[at])) full.add(queueOfRow(row));
    }
    const failure = outcomes.find((outcome) => outcome !== undefined && !isRefusal(outcome));
    if (failure !== undefined) {
      // Somebody took a queue or binding away: a new connection declares all again.
      if (failure.standardCode === noRoute) renew();
      throw failure;
    }
    if (full.size > 0) passed = rows.at(-1)?.position ?? passed;
    return { rows: rows.length, published: confirmed.length };
  }

  function leaveAlone(): void {
    const pauseMs = fullPauses.firstMs * 2 ** Math.min(refusals, 10);
    refusals += 1;
    tryAgainMs = clock.elapsedMs() + Math.min(pauseMs, fullPauses.longestMs);
    const which = [...full].toSorted().join(', ');
    const what = `${which}: the broker takes no more (the queue is full, or has no leader)`;
    onTrouble(new GatewayError('bus-unavailable', what), {});
  }

  /** @returns undefined where the event cannot be said: it is no JSON, or its envelope lacks what every event has */
  function outgoingOf(row: UnpublishedRow): Outgoing | undefined {
    const { event, type, queue, lane } = row;
    const body = event && bodyOf(event);
    if (event === undefined || body === undefined) return undefined;
    const step =
      event.traceparent === undefined
        ? undefined
        : beginStep('publish', event.traceparent, { type, queue });
    const headers: MessageHeaders = {
      position: row.position,
      lane,
      stream: row.streamId,
      ...(step && { traceparent: step.traceparent }),
    };
    const message = {
      exchange,
      routingKey: routingKeyOf(queue, partitionOfRow(row), type),
      body,
      properties: {
        contentType: 'application/cloudevents+json',
        persistent: true,
        mandatory: true,
        messageId: row.eventId,
        type,
        headers,
      },
    };
    return { row, step, message };
  }

  /** What cannot be said today cannot be said tomorrow, and tried again it would hold up all that waits. */
  async function giveUp(
    rows: readonly UnpublishedRow[],
    outbox: Pick<Outbox, 'bury'>,
  ): Promise<void> {
    const error = new GatewayError(
      'assertion-failed',
      'the event cannot be read; hemgang journal verify tells what else is spoilt',
    );
    await outbox.bury(rows, `${error.code}: ${error.message}`);
    for (const { queue, lane } of rows) onTrouble(error, { queue, lane, deadLetter: true });
  }

  return {
    run,
    // Of one that hands over no longer, because another instance does, nothing is known.
    full: () => (clock.elapsedMs() < tryAgainMs ? [...full].toSorted() : []),
  };
}

function bodyOf(event: DischargeEvent): string | undefined {
  try {
    return JSON.stringify(toCloudEvent(event));
  } catch {
    return undefined;
  }
}
