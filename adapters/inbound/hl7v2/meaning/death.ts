/**
 * Whether a message says that the patient has died: PID-30 (death indicator), PID-29 (date and time of death), PV1-36
 * (discharge disposition `expired`). One signal is enough; signals that contradict each other are told.
 */
import { pathOf } from '../../../../mappings/index.ts';
import type { Hl7Path } from '../../../../mappings/index.ts';
import type { Reading } from './compile.ts';
import { parseTime } from '../message/time.ts';
import { park } from './work.ts';
import type { Work } from './work.ts';

/** Code of the doubt that stands with the fact: not all of its signals can be true. */
export const deathContradicted = 'DEATH_CONTRADICTED';

const indicator = pathOf('PID-30');
const timeOfDeath = pathOf('PID-29');
const disposition = pathOf('PV1-36');
const endOfStay = pathOf('PV1-45');

/** @returns undefined where a signal cannot be read: it is parked, for it could mean death */
export function readDeath(work: Work): { died: boolean; contradicted: boolean } | undefined {
  const said = lookUp(work, indicator, '0136-yes-no');
  const left = lookUp(work, disposition, '0112-discharge-disposition');
  const unreadable = [said, left].filter((reading) => reading?.target === undefined && reading);
  for (const reading of unreadable) if (reading !== undefined) park(work, reading);
  if (unreadable.length > 0) return undefined;
  const hasTime = work.message.valueOf(timeOfDeath) !== undefined;
  const isExpired = left?.target === 'expired';
  const died = said?.target === true || hasTime || isExpired;
  const isDenied = said?.target === false || (left !== undefined && !isExpired);
  if (died && isDenied) warnOnce(work, signalsText(said, left, hasTime));
  return { died, contradicted: died && isDenied };
}

/**
 * An update is a snapshot: it tells a death of this stay only where it says when, and not where the stay was over by
 * then (PV1-45): that death came after it.
 */
export function deathInUpdate(work: Work): 'patient.deceased' | undefined {
  const died = work.message.valueOf(timeOfDeath);
  if (died === undefined) {
    if (lookUp(work, indicator, '0136-yes-no')?.target === true) {
      warnOnce(work, 'PID-30: says dead, and PID-29 does not say since when: the A03 will');
    }
    return undefined;
  }
  const ended = work.message.valueOf(endOfStay);
  const { zone } = work.sender.mapping;
  if (ended === undefined) return 'patient.deceased';
  const isAfter =
    parseTime(ended, zone, endOfStay.text).instant <
    parseTime(died, zone, timeOfDeath.text).instant;
  if (isAfter) work.understood.push('PID-29 is after the stay (PV1-45)');
  return isAfter ? undefined : 'patient.deceased';
}

function lookUp(work: Work, where: Hl7Path, table: string): Reading | undefined {
  const code = work.message.valueOf(where);
  if (code === undefined) return undefined;
  return { code, target: work.sender.tables.get(table)?.get(code), path: where.text, table };
}

function signalsText(
  said: Reading | undefined,
  left: Reading | undefined,
  hasTime: boolean,
): string {
  const signals = [
    ...(said === undefined ? [] : [`PID-30 ${said.code}`]),
    ...(hasTime ? ['PID-29 has a time'] : []),
    ...(left === undefined ? [] : [`PV1-36 ${left.code}`]),
  ];
  return `death: the signals contradict each other: ${signals.join(', ')}`;
}

function warnOnce({ warnings }: Work, warning: string): void {
  if (!warnings.includes(warning)) warnings.push(warning);
}
