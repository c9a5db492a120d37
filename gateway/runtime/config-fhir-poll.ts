/** `senders[].fhir.poll`: a FHIR server that we ask for what is new. */
import { z } from 'zod';

export const fhirPoll = z.strictObject({});
