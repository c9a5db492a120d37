/** The checks of FHIR resources, with the journal that keeps what was found after the answer. */
import { fhirChecks, type FhirChecks } from '../../adapters/inbound/fhir/checks/checks.ts';
import { asGatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { startWorker } from '../runtime/worker.ts';

export function openFhirChecks({
  journal,
  log,
}: Pick<ReceiveParts, 'journal' | 'log'>): FhirChecks {
  return fhirChecks({
    start: startWorker,
    async keep(place, findings) {
      try {
        await journal.addFindings(place, findings);
      } catch (thrown) {
        log.error(
          { place, err: asGatewayError(thrown) },
          'what was found of a message is not kept',
        );
      }
    },
    onSkipped: (place) =>
      log.warn({ place }, 'structure not checked: too many messages wait for it'),
  });
}
