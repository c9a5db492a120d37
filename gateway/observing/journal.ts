/** The journal, told of: what it took, how long a commit was, and why one failed. Nothing else changes. */
import { asGatewayError } from '../errors.ts';
import type { EventBody } from '../process/events.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IncomingMessage, Journal, RecordOutcome } from '../runtime/journal/journal.ts';
import type { Observed } from '../runtime/observed.ts';

/** When writing last went well and when it last failed, in legal time: what readiness asks. */
export interface WriteHealth {
  /** Since when no write has gone well; undefined while the last one did. */
  failingSince(): { readonly since: string; readonly code: string } | undefined;
}

/** @returns the journal as the parts use it, and how its writes go */
export function observeJournal(
  journal: Journal,
  observed: Observed,
  clock: Clock,
): { readonly journal: Journal; readonly writes: WriteHealth } {
  let failing: { since: string; code: string } | undefined;

  /** Times a write and tells how it ended. */
  function told<I extends readonly unknown[], O>(
    name: string,
    write: (...input: I) => Promise<O>,
    then?: (result: O, input: I) => void,
  ): (...input: I) => Promise<O> {
    const timing = observed.committed.of(name);
    return async (...input) => {
      const startedMs = clock.elapsedMs();
      try {
        const result = await write(...input);
        timing.took(clock.elapsedMs() - startedMs);
        failing = undefined;
        then?.(result, input);
        return result;
      } catch (thrown) {
        const { code } = asGatewayError(thrown);
        observed.writeFailures.of(name, code).add();
        // What the command itself was wrong about says nothing of the journal.
        if (code === 'journal-unavailable' || code === 'disk-full') {
          failing ??= { since: clock.now(), code };
        }
        throw thrown;
      }
    };
  }

  const recorded = (message: IncomingMessage, outcome: RecordOutcome): void => {
    if (outcome.outcome === 'duplicate') observed.messages.of(message.sender, 'duplicate').add();
    if (outcome.outcome !== 'recorded') return;
    observed.messages.of(message.sender, outcome.parked ? 'parked' : 'accepted').add();
    for (const body of message.events) countEvent(body);
    for (const { body } of message.decided?.events ?? []) countEvent(body);
    for (const { events } of message.persons ?? []) for (const body of events) countEvent(body);
    for (const { events } of message.moved ?? []) for (const body of events) countEvent(body);
  };
  const countEvent = (body: EventBody): void => {
    observed.events.of(body.type).add();
    if (body.type === 'deadline.missed') observed.missed.of(body.data.deadline).add();
  };

  const ended = (outcome: 'done' | 'postponed' | 'dead') =>
    function count(_: void, [rows]: readonly [readonly { queue: string }[], ...unknown[]]): void {
      for (const { queue } of rows) observed.attempts.of(queue, outcome).add();
    };

  function toldOf(one: Journal): Journal {
    const { outbox, deliveries } = one;
    return {
      ...one,
      under: (fence) => toldOf(one.under(fence)),
      record: told('record', one.record.bind(journal), (outcome, [message]) =>
        recorded(message, outcome),
      ),
      recordTogether: told('record', one.recordTogether.bind(journal), (result, [messages]) => {
        if (result.outcome !== 'recorded') return;
        for (const [index, message] of messages.entries()) {
          const outcome = result.each[index];
          if (outcome) recorded(message, outcome);
        }
      }),
      reject: told('reject', one.reject.bind(journal), (_, [{ sender = 'unknown', errorCode }]) => {
        observed.messages.of(sender, 'rejected').add();
        observed.refusals.of(sender, errorCode).add();
      }),
      retranslate: told('retranslate', one.retranslate.bind(journal), (_, [changes]) => {
        for (const { events } of changes) for (const body of events) countEvent(body);
      }),
      append: told('append', one.append.bind(journal), (outcome, [change]) => {
        if (outcome !== 'appended') return;
        for (const { body } of change.events) countEvent(body);
      }),
      releaseDue: told('release', one.releaseDue.bind(journal)),
      outbox: {
        ...outbox,
        published: told('published', outbox.published.bind(outbox)),
        attempted: told('attempted', outbox.attempted.bind(outbox)),
        done: told('done', outbox.done.bind(outbox), ended('done')),
        postpone: told('postpone', outbox.postpone.bind(outbox), ended('postponed')),
        bury: told('bury', outbox.bury.bind(outbox), ended('dead')),
      },
      deliveries: {
        ...deliveries,
        open: told('open-deliveries', deliveries.open.bind(deliveries)),
        recordAttempt: told('attempt', deliveries.recordAttempt.bind(deliveries)),
        recordOutcome: told(
          'outcome',
          deliveries.recordOutcome.bind(deliveries),
          (_, [{ events }]) => {
            for (const { body } of events) countEvent(body);
          },
        ),
        conclude: told('outcome', deliveries.conclude.bind(deliveries), (isEnded, [{ events }]) => {
          if (isEnded) for (const { body } of events) countEvent(body);
        }),
      },
    };
  }

  return { writes: { failingSince: () => failing }, journal: toldOf(journal) };
}
