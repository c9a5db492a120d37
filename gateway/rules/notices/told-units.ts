/** Who was told what of a stay: its end is told to those who know of it, and to nobody else. */
import type { NoticedObligation, RecipientRole } from '../../process/events.ts';
import type { DischargeProcess } from '../../process/state.ts';
import type { Finding, WantedNotice } from '../rule.ts';
import type { Recipient } from './parties.ts';
import { sendingOf } from './sending.ts';

/** A unit of which no more is known than this has been told nothing. */
const untold = new Set<string>(['refused', 'misdirected']);

/**
 * The units that know of a stay by a notice that is to stand: one that went out, is on its way or is decided now, or that
 * another system was seen to send. A unit that refused it, or answered that the patient is not its resident, does not.
 * @param earlier findings of the sections whose notices are asked for
 * @param obligation only notices of this kind; any where left out
 * @returns one recipient a role
 */
export function toldUnits(
  process: DischargeProcess,
  earlier: readonly Finding[],
  obligation?: NoticedObligation,
): readonly Recipient[] {
  const units = new Map<RecipientRole, Recipient>();
  for (const want of earlier.flatMap(({ wants }) => wants)) {
    if (want.want !== 'notice') continue;
    if (obligation !== undefined && want.obligation !== obligation) continue;
    const { role, municipality } = want;
    if (isTold(process, want)) units.set(role, { role, municipality });
  }
  return [...units.values()];
}

function isTold(process: DischargeProcess, want: WantedNotice): boolean {
  const { obligation, about, role, municipality, mode } = want;
  const { state } = sendingOf(process, { obligation, about, recipient: { role, municipality } });
  return state === 'none' ? mode === 'send' : !untold.has(state);
}
