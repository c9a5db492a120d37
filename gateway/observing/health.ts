/**
 * Whether the gateway lives, and whether it is ready to take messages. Living depends on nobody else: a gateway without
 * its database is not helped by being killed. Not being ready has reasons, each with what to do next.
 */
import type { Clock } from '../runtime/clock.ts';

/** Why the gateway is not ready, or what is wrong although it is. */
export interface Reason {
  /** Stable: `journal-unavailable`. */
  readonly code: string;
  readonly text: string;
  /** Legal time since when, where it is known. */
  readonly since?: string;
  /** What the operator does next. */
  readonly next: string;
  /** A warning leaves the gateway ready: messages are still taken and stored. */
  readonly severity: 'error' | 'warning';
}

/** Asked at each look; it gives nothing while all is well. A look that takes too long is a reason of its own. */
export interface Condition {
  readonly name: string;
  look(): Promise<readonly Reason[]> | readonly Reason[];
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly Reason[];
}

export interface Health {
  /** Adds what is asked from now on. */
  watch(condition: Condition): void;
  ready(): Promise<Readiness>;
}

/** @param patienceMs how long one condition may take to answer */
export function healthOf(clock: Clock, patienceMs = 2000): Health {
  const conditions: Condition[] = [];
  /** Since when a reason stands that does not know it itself. */
  const seen = new Map<string, string>();

  async function lookAt(condition: Condition): Promise<readonly Reason[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly Reason[]>((resolve) => {
      timer = setTimeout(() => resolve([unanswered(condition.name)]), patienceMs);
    });
    try {
      return await Promise.race([condition.look(), late]);
    } catch {
      return [unanswered(condition.name)];
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    watch: (condition) => void conditions.push(condition),
    async ready() {
      const found = (await Promise.all(conditions.map(lookAt))).flat();
      for (const code of seen.keys()) {
        if (!found.some((reason) => reason.code === code)) seen.delete(code);
      }
      const reasons = found.map((reason) => {
        if (reason.since !== undefined) return reason;
        const since = seen.get(reason.code) ?? clock.now();
        seen.set(reason.code, since);
        return { ...reason, since };
      });
      return { ready: !reasons.some(({ severity }) => severity === 'error'), reasons };
    },
  };
}

function unanswered(name: string): Reason {
  return {
    code: `${name}-unanswered`,
    text: `the ${name} gives no answer`,
    next: 'hemgang doctor; the log says what it waits for',
    severity: 'error',
  };
}
