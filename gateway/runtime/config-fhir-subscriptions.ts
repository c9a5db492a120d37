/** `senders[].fhir.subscriptions`: a FHIR server that tells us what is new. */
import { z } from 'zod';

export const fhirSubscriptions = z.strictObject({});
