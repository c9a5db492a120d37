/** The run that all others are held against. */
import { expect } from 'vitest';
import type { Ground } from './ground.ts';
import type { FaultReport } from './report.ts';
import { runFault, type Reference } from './run.ts';

/** Tells the cases without a fault: what must be so is so, and the first row of the table says so. */
export async function runUndisturbed(
  ground: Ground,
  messages: number,
  report: FaultReport,
): Promise<Reference> {
  const undisturbed = await runFault(ground, messages, undefined);
  expect(undisturbed.differences).toEqual([]);
  expect(undisturbed.repeats).toBe(0);
  report.add('none', 'notices come at once', 'what all others are held against', undisturbed);
  return undisturbed.reference;
}
