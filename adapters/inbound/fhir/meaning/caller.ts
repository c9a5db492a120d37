/** Who called to planning (4 kap. 3 §: the fixed care contact). */
import type { EventData } from '../../../../gateway/process/events.ts';
import { park } from './work.ts';
import type { Work } from './work.ts';
import type { Roots } from './path.ts';

type Caller = EventData<'planning.called'>['calledBy'];

/**
 * By the role of who acts in the resource. A role that no table has is parked, and unknown until one has it; so is one
 * that is not said. Unknown charges nobody.
 */
export function callerOf(work: Work, { roots }: { readonly roots: Roots }): Caller {
  const codes = work.sender.types.get(work.exchange.resource.resourceType)?.codes;
  const reading = codes?.get('caller')?.(roots);
  if (reading !== undefined && reading.target === undefined) park(work, reading);
  const target = reading?.target;
  return target === 'fixed-care-contact' || target === 'other' ? target : 'unknown';
}
