/**
 * Which ADT event says what a notice says (HL7 v2.5, chapter 3). The municipality follows the stay as a ward system
 * would, so each event is chosen by what it does to a stay there:
 *
 * - An admission notice opens the case: A01 (admit). Withdrawn, the case should not have been opened: A11 (cancel admit).
 * - A changed estimate is new information on an open stay: A08 (update), as chapter 3.3.8 has it. Withdrawn, the date
 *   is deleted: A08 with `""` in PV2-9.
 * - Readiness is told by A16 (pending discharge), which is there so that those who take over can prepare (3.3.16). It does
 *   not mean the physician's assessment by itself: that ours does is agreed with the receiver, and ZHG-1 says it. Taken
 *   back: A25 (cancel pending discharge).
 * - A discharge and a death end the stay: A03, a death with PID-29 and PID-30. Withdrawn: A13 (cancel discharge).
 * - A correction is new information too, so A08; but a corrected time of readiness is a new A16, for an A08 has no field
 *   for it.
 */
import type { NoticedObligation } from '../../../gateway/process/events.ts';
import type { OutboundNotice } from '../../adapter.ts';

/** Trigger events and their message structures (table 0354). */
export const structures = {
  A01: 'ADT_A01',
  A03: 'ADT_A03',
  A08: 'ADT_A01',
  A11: 'ADT_A09',
  A13: 'ADT_A01',
  A16: 'ADT_A16',
  A25: 'ADT_A21',
} as const;
export type Trigger = keyof typeof structures;

const readiness = { issued: 'A16', corrected: 'A16', withdrawn: 'A25' } as const;
const end = { issued: 'A03', corrected: 'A08', withdrawn: 'A13' } as const;

/** ADT tells what happens to a stay. A call to a meeting is no such thing. */
const triggers: Readonly<
  Record<NoticedObligation, Readonly<Record<OutboundNotice['action'], Trigger>> | undefined>
> = {
  'admission-notice': { issued: 'A01', corrected: 'A08', withdrawn: 'A11' },
  'discharge-estimate': { issued: 'A08', corrected: 'A08', withdrawn: 'A08' },
  'discharge-ready-notice': readiness,
  'compulsory-care-notice': readiness,
  'discharge-notice': end,
  'death-notice': end,
  'planning-call': undefined,
};

/** Undefined where ADT has no event that says it. */
export function triggerOf(
  obligation: NoticedObligation,
  action: OutboundNotice['action'],
): Trigger | undefined {
  return triggers[obligation]?.[action];
}

/** Whether ADT can say it at all: what it cannot goes by another channel. */
export function isSaidByAdt(obligation: NoticedObligation): boolean {
  return triggers[obligation] !== undefined;
}
