/** Once a day, in one instance: what is over its time goes, and the months to come get their place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asGatewayError } from '../errors.ts';
import { carryOut, rulesOf } from '../retention.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';

export interface DailyRetention {
  /** Does what is due today, where that is not done. */
  tick(): Promise<void>;
  /** Ends after the step under way. */
  close(): Promise<void>;
}

export interface RetentionParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
}

/** Whether there is anything to be done daily. */
export function needsRetention({ journal, retention }: Config): boolean {
  return journal.form === 'postgres' || Object.values(retention).some((keep) => keep !== undefined);
}

const lookMs = 10 * 60_000;
const restMs = 20;
const cursor = 'retention';

export function startRetention(parts: RetentionParts): DailyRetention {
  const stopping = new AbortController();
  let underWay: Promise<void> | undefined;
  const tick = (): Promise<void> =>
    (underWay ??= today(parts, stopping.signal).finally(() => (underWay = undefined)));
  const timer = setInterval(() => void tick(), lookMs);
  timer.unref();
  void tick();
  return {
    tick,
    async close() {
      clearInterval(timer);
      stopping.abort();
      await underWay;
    },
  };
}

/** Never throws: what failed is tried again at the next look. */
async function today(
  { journal, clock, log, config }: RetentionParts,
  signal: AbortSignal,
): Promise<void> {
  try {
    const now = clock.now();
    const day = now.slice(0, 10);
    if ((await journal.cursors.get(cursor)) === day) return;
    // Ids are made by the machine's clock, whatever legal time is.
    await journal.retention.tidy(systemClock.nowMs());
    const rules = rulesOf(config.retention, now);
    for (const { name, source } of rules.filter(({ isBelowMinimum }) => isBelowMinimum)) {
      log.warn({ rule: name, source }, 'kept for less than the law is known to ask');
    }
    const rest = () => sleep(restMs);
    const outcomes = await carryOut(journal.retention, rules, { apply: true, signal, rest });
    if (signal.aborted) return;
    for (const { kind, before, go } of outcomes) {
      if (go === 0) continue;
      log.info({ kind, before, count: go }, 'purged');
      const what = `purged ${go} ${kind} with no entry since ${before}`;
      await journal.audit({ at: now, who: 'hemgang', what, about: 'retention' });
    }
    await journal.cursors.set(cursor, day);
  } catch (thrown) {
    log.warn({ err: asGatewayError(thrown) }, 'the daily retention failed; it is tried again');
  }
}
