/** Does one interaction, if its sender may. */
import { FhirRefusal } from '../answers/refusal.ts';
import { insufficientScope } from '../security/refusals.ts';
import { read } from './read.ts';
import type { FhirRequest, FhirResponse } from './request.ts';
import { search } from './search.ts';
import { write } from './write.ts';

/** @throws FhirRefusal, GatewayError */
export async function interact(request: FhirRequest): Promise<FhirResponse> {
  checkAllowed(request);
  switch (request.interaction) {
    case 'create':
    case 'update':
      return write(request);
    case 'read':
      return read(request);
    case 'search':
      return search(request);
  }
}

/** @throws FhirRefusal 403 */
export function checkAllowed({
  sender,
  type,
  interaction,
}: Pick<FhirRequest, 'sender' | 'type' | 'interaction'>): void {
  if (sender.may(type, interaction)) return;
  const { status, headers, outcome } = insufficientScope(type, interaction);
  throw new FhirRefusal(status, outcome.issue, { headers });
}
