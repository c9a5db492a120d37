/** Does one interaction, if its sender may. */
import { refuse } from '../answers/refusal.ts';
import type { Interaction } from '../security/identity.ts';
import { read } from './read.ts';
import type { FhirRequest, FhirResponse } from './request.ts';
import { search } from './search.ts';
import { write } from './write.ts';

const scopeOf = { create: 'c', read: 'r', update: 'u', search: 's' } as const satisfies Record<
  Interaction,
  string
>;

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
  const text = `not within the scopes of the token: it needs system/${type}.${scopeOf[interaction]}`;
  throw refuse(403, 'forbidden', text);
}
