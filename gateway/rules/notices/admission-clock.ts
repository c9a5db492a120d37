/** 2 kap. 3 §: the 24 hours of the admission notice, and what they count from. */
import { inForce } from '../../process/state.ts';
import type { DischargeProcess, Moment, Occasion } from '../../process/state.ts';
import { endOfDayMs, hourMs, isRestDay, localDateOf, workingDayFrom } from '../legal-days.ts';
import { needsRole } from './parties.ts';
import type { Recipient } from './parties.ts';
import type { LawOn } from '../rule.ts';

const id = 'admission-notice';

export interface ClockReading {
  /** T1 runs from the admission, T2 from a later assessment of need (2 kap. 3 §). */
  readonly deadline: 'T1' | 'T2';
  readonly from: Moment;
  /** Unknown where the time it counts from is known by its date only. */
  readonly dueAtMs: number | undefined;
}
/**
 * The clock of one recipient: it starts with the assessment that first named it during the stay, never before the
 * admission. A need that is withdrawn and stated again has no new time.
 */
export function readClock(
  process: DischargeProcess,
  admission: Occasion,
  { role }: Recipient,
  law: LawOn,
): ClockReading {
  const named = laterNaming(process, admission, role);
  if (named === undefined) {
    const dueAtMs = admission.dateOnly ? undefined : lastMsFrom(admission, law);
    return { deadline: 'T1', from: admission, dueAtMs };
  }
  // Admitted some time on the day of the assessment: before or after it is not known.
  const isUnclear = admission.dateOnly && localDateOf(named.atMs) === localDateOf(admission.atMs);
  return {
    deadline: 'T2',
    from: named,
    dueAtMs: isUnclear ? undefined : lastMsFrom(named, law),
  };
}

/**
 * The assessment after the admission that first named a recipient of this role (2 kap. 3 §, T2).
 * @returns nothing where it was named at the admission, or no time is known: T1 runs
 */
export function laterNaming(
  process: DischargeProcess,
  admission: Occasion,
  role: Recipient['role'],
): DischargeProcess['needs'][number] | undefined {
  const atAdmission = inForce(process.needs, admission.atMs);
  const named = process.needs.find(
    (need) =>
      need.services !== undefined &&
      needsRole(need.services, role) &&
      (need === atAdmission || need.atMs > admission.atMs),
  );
  return named !== undefined && !named.dateOnly && named.atMs > admission.atMs ? named : undefined;
}

/** Elapsed hours; by the other reading of A7 a rest day moves their end to the end of the next working day. */
function lastMsFrom({ atMs }: Moment, law: LawOn): number {
  const lastMs = atMs + law.number(`${id}.noticeWithinHours`) * hourMs;
  const lastDay = localDateOf(lastMs);
  if (!isRestDay(lastDay) || !law.flag(`${id}.noticeExtendedToWorkingDay`)) return lastMs;
  return endOfDayMs(workingDayFrom(lastDay));
}

/** Whether a notice sent now would be in time. */
export function isStillDue({ dueAtMs }: ClockReading, nowMs: number): boolean {
  return dueAtMs !== undefined && nowMs <= dueAtMs;
}
