/** What a person should look at in a counted case, whatever it means for the amount. */
import { endOf } from '../../process/state.ts';
import type { DischargeProcess, ReadinessPeriod } from '../../process/state.ts';
import { notifiedAtMs } from '../notices/parties.ts';

/** Codes in the billing record: they stand beside a case and change nothing. */
export function reviewFlags(process: DischargeProcess, period: ReadinessPeriod): string[] {
  const end = endOf(process);
  const endMs = end?.atMs ?? Infinity;
  const flags: string[] = [];
  // Still admitted, so the days count (reading A34).
  const isOnLeave = process.leaves.some(
    ({ atMs, returned }) => atMs < endMs && (returned?.atMs ?? Infinity) > period.atMs,
  );
  if (isOnLeave) flags.push('LEAVE');
  if (process.deceased !== undefined && end === process.deceased) flags.push('DECEASED');
  if (hasMoved(process, period)) flags.push('MOVED');
  if (process.readiness.length > 1) flags.push('REDECLARED');
  return flags;
}

/** Registered or placed elsewhere after the notification: the payer stays (reading A20). */
function hasMoved(process: DischargeProcess, period: ReadinessPeriod): boolean {
  const notifiedMs = notifiedAtMs(process, period);
  if (notifiedMs === Infinity) return false;
  const placed = process.placements.some(({ atMs }) => atMs > notifiedMs);
  const before = process.patient.findLast(({ atMs }) => atMs <= notifiedMs)?.codes.municipality;
  const after = process.patient.at(-1)?.codes.municipality;
  return placed || (before !== undefined && after !== before);
}
