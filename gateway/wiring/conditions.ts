/** What the gateway's readiness depends on. */
import type { BusHealth } from '../observing/bus.ts';
import type { Condition } from '../observing/health.ts';
import type { WriteHealth } from '../observing/journal.ts';
import type { Journal } from '../runtime/journal/journal.ts';

export type Phase = 'starting' | 'ready' | 'stopping';

/** Whether it listens: before and after that it takes nothing. */
export function phaseCondition(phase: () => Phase): Condition {
  return {
    name: 'gateway',
    look() {
      if (phase() === 'ready') return [];
      const isStarting = phase() === 'starting';
      return [
        {
          code: isStarting ? 'starting' : 'draining',
          text: isStarting
            ? 'it does not listen yet'
            : 'it was told to stop and finishes what is in hand',
          next: isStarting
            ? 'wait; the log says what the start waits for'
            : 'send to another instance; nothing that was acknowledged is lost',
          severity: 'error',
        },
      ];
    },
  };
}

/** Nothing is acknowledged that is not stored, so without the journal nothing is taken. */
export function journalCondition(journal: Journal, writes: WriteHealth): Condition {
  return {
    name: 'journal',
    async look() {
      const failure = journal.failure();
      if (failure) {
        return [
          {
            code: failure.code,
            text: `nothing can be written any more: ${failure.message}`,
            next: 'find the cause in the log, remove it, start the gateway again',
            severity: 'error',
          },
        ];
      }
      const failing = writes.failingSince();
      if (failing) {
        const isFull = failing.code === 'disk-full';
        return [
          {
            code: failing.code,
            text: isFull
              ? 'the last write found the disk full'
              : 'the last write could not be committed',
            since: failing.since,
            next: isFull
              ? 'make room on the disk of the journal; hemgang doctor shows how much is left'
              : 'see whether the database runs and can be reached; hemgang doctor tries it',
            severity: 'error',
          },
        ];
      }
      // A read that fails or does not come back is a reason by itself.
      await journal.cursors.get('readiness');
      return [];
    },
  };
}

/** Messages are taken and stored while the bus is away; what follows from them waits. */
export function busCondition(publishing: BusHealth): Condition {
  return {
    name: 'bus',
    look() {
      const failing = publishing.failingSince();
      if (failing === undefined) return [];
      return [
        {
          code: failing.error.code,
          text: `events wait in the journal: ${failing.error.message}`,
          since: failing.since,
          next: 'see whether the broker runs and can be reached; hemgang doctor tries it. Legal clocks go on meanwhile',
          severity: 'warning',
        },
      ];
    },
  };
}
