/** Read (FHIR R4, 3.1.0.1): a resource as its sender told it last. Another sender's, and none, are the same 404. */
import { refuse } from '../answers/refusal.ts';
import { isKnown } from './conditions.ts';
import { idForm, type FhirRequest, type FhirResponse } from './request.ts';
import { responseOfStored } from './write.ts';

/** @throws FhirRefusal 404 */
export async function read(request: FhirRequest): Promise<FhirResponse> {
  const { taking, type, id = '', conditions } = request;
  const stored = idForm.test(id)
    ? await taking.store.read({ sender: taking.sender, type, id })
    : undefined;
  if (stored === undefined) {
    throw refuse(404, 'not-found', `no such ${type} among what you have sent`);
  }
  const response = responseOfStored(stored);
  return isKnown(conditions, stored.version) ? { ...response, status: 304 } : response;
}
