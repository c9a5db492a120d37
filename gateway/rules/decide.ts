/**
 * Findings → new events, by decision key. What findings want is compared with what was already decided:
 * the same key and content gives nothing, other content a new revision, and what nothing asks for any longer is
 * withdrawn, cancelled or revoked. So deciding again on one's own decisions gives nothing new.
 */
import type { DischargeProcess } from '../process/state.ts';
import { decideCareDays } from './deciding/decide-care-days.ts';
import { decideDeadlines } from './deciding/decide-deadlines.ts';
import { decideLiability } from './deciding/decide-liability.ts';
import { decideNotices } from './deciding/decide-notices.ts';
import { Draft } from './deciding/draft.ts';
import {
  decideReminders,
  wantAcknowledgements,
  type AgreedMs,
} from './deciding/decide-acknowledgements.ts';
import type { Decision, WarnMs } from './deciding/draft.ts';
import type { Finding, Want, WantedDeadline } from './rule.ts';

export type { DecidedEvent, Decision, WarnMs } from './deciding/draft.ts';
export type { AgreedMs } from './deciding/decide-acknowledgements.ts';

export interface DecideOptions {
  /** Without it no deadline warns. */
  readonly warnMs?: WarnMs;
  /** Deadlines due before it that were never set are not set any more: nobody watches what has passed. */
  readonly quietBeforeMs?: number;
  /** Without it no acknowledgement is waited for. */
  readonly agreedMs?: AgreedMs | undefined;
}

/**
 * Decides what follows from findings. Pure and idempotent.
 *
 * @param process as folded from its whole history
 * @param findings of `assess` on that process at the same time
 * @param nowMs legal time; every new event occurs then
 */
export function decide(
  process: DischargeProcess,
  findings: readonly Finding[],
  nowMs: number,
  { warnMs, quietBeforeMs = -Infinity, agreedMs = () => undefined }: DecideOptions = {},
): Decision {
  const draft = new Draft(process, findings, nowMs, warnMs);
  const wants: Want[] = findings.flatMap((finding) => finding.wants);
  decideNotices(
    process,
    wants.filter((want) => want.want === 'notice'),
    draft,
  );
  decideDeadlines(
    process,
    [
      ...wants.filter((want) => want.want === 'deadline'),
      ...wantAcknowledgements(process, agreedMs),
    ].filter((want) => want.dueAtMs >= quietBeforeMs || isSet(process, want)),
    draft,
  );
  decideReminders(process, agreedMs, draft);
  decideLiability(
    process,
    wants.filter((want) => want.want === 'liability'),
    draft,
  );
  decideCareDays(
    process,
    wants.filter((want) => want.want === 'care-days'),
    draft,
  );
  const { events, setDeadlines, closeDeadlines } = draft;
  return { events, setDeadlines, closeDeadlines };
}

function isSet({ history }: DischargeProcess, { deadline, about }: WantedDeadline): boolean {
  return [...history.deadlines.values()].some(
    ({ data }) => data.deadline === deadline && about.aliases.has(data.occasion),
  );
}
