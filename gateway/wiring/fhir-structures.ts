/**
 * What senders at level `warn` told in FHIR, held against its StructureDefinition behind the answer: a walk over the
 * journal, by the level that is in force when a message's turn comes.
 */
import type { FhirChecks } from '../../adapters/inbound/fhir/checks/checks.ts';
import type { ReceiveParts } from '../receive.ts';
import { startResourceWalk, type ResourceWalk } from '../runtime/resource-walk.ts';

/** Of the cursor: how far they have been looked at. */
export const structureCursor = 'fhir-structures';

/**
 * @param senders those at `warn`, when it is asked
 * @throws GatewayError where the journal fails
 */
export function walkStructures(
  { journal, log }: Pick<ReceiveParts, 'journal' | 'log'>,
  checks: Pick<FhirChecks, 'after'>,
  senders: () => readonly string[],
): Promise<ResourceWalk> {
  return startResourceWalk({
    journal,
    name: structureCursor,
    senders,
    look: checks.after,
    onTrouble(error, place) {
      if (place === undefined) log.warn({ err: error }, 'the check of structures waits');
      else log.error({ place, err: error }, 'a message cannot be held against its structure');
    },
  });
}
