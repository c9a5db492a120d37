/** What the gateway's readiness depends on. */
import type { BusHealth } from '../observing/bus.ts';
import type { Condition, Reason } from '../observing/health.ts';
import type { WriteHealth } from '../observing/journal.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { BusFigures } from '../runtime/bus/figures.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { FigureParts } from './figures.ts';

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
export function busCondition(bus: ToldBus, publishing: BusHealth): Condition {
  const next =
    'see whether the broker runs and can be reached; hemgang doctor tries it. Legal clocks go on meanwhile';
  const nextWhenFull = 'hemgang status tells whether the queue rests, and who works it off';
  const severity = 'warning';
  return {
    name: 'bus',
    look() {
      const connections = Object.entries(bus.figures?.().connections ?? {});
      const reasons = connections.flatMap(([what, { connected, sinceMs, blocked }]): Reason[] => {
        const since = new Date(blocked?.sinceMs ?? sinceMs).toISOString();
        if (blocked) {
          const text = `the broker takes nothing: ${blocked.reason}`;
          return [{ code: 'bus-blocked', text, since, next, severity }];
        }
        if (connected) return [];
        const text = `no connection to the broker to ${what}: events wait in the journal`;
        return [{ code: `bus-away-${what}`, text, since, next, severity }];
      });
      for (const name of bus.figures?.().full ?? []) {
        const text = `${name} takes no more: its events wait in the journal, others go on`;
        reasons.push({ code: 'bus-queue-full', text, next: nextWhenFull, severity });
      }
      const failing = publishing.failingSince();
      if (reasons.length > 0 || failing === undefined) return reasons;
      const { error, since } = failing;
      const text = `events wait in the journal: ${error.message}`;
      return [{ code: error.code, text, since, next, severity }];
    },
  };
}

export type ToldBus = Bus & { readonly figures?: () => BusFigures };

/** An instance may stand by; whoever looks at it should know that it does. */
export function leaseCondition({
  config,
  journal,
  keeper,
}: Pick<FigureParts, 'config' | 'journal' | 'keeper'>): Condition {
  const isMeant = config.instance.roles.some((role) => role !== 'receive');
  return {
    name: 'leases',
    look() {
      if (!isMeant || !journal.leases.isShared) return [];
      if (keeper.doing().length > 0 || keeper.partitions.held().size > 0) return [];
      return [
        {
          code: 'standing-by',
          text: 'this instance does nothing of what is shared: others do it, or no lease could be had',
          next: 'hemgang status tells who has each lease; the log says where one could not be had',
          severity: 'warning',
        },
      ];
    },
  };
}
