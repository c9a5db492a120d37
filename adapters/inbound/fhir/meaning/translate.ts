/** A resource and its sender's mapping → what it means. Pure. */
import type { Mappings } from '../../../../mappings/index.ts';
import type { ResourceIdentifier, ResourceWrite, Translation } from '../../../adapter.ts';
import type { Exchange } from '../exchange.ts';

/** @throws GatewayError unsupported-message, malformed-message with the expression in `location` */
export function translate(exchange: Exchange, _mappings: Mappings, _senderId: string): Translation {
  return { facts: [], unmapped: [], warnings: [], resources: writesOf(exchange) };
}

/** The resource takes the place of what stood, unless a newer one is known. */
export function writesOf({ request, resource }: Exchange): readonly ResourceWrite[] {
  if (request.isOlder === true) return [];
  const [system, value] = request.unlessKnown?.split('|') ?? [];
  return [
    {
      type: resource.resourceType,
      id: request.id,
      expected: request.base,
      identifiers: identifiersOf(resource),
      ...(value !== undefined && { unlessKnown: { ...(system && { system }), value } }),
      body: JSON.stringify(resource),
    },
  ];
}

function identifiersOf(resource: Exchange['resource']): readonly ResourceIdentifier[] {
  const identifier: unknown = 'identifier' in resource ? resource.identifier : undefined;
  const list: readonly unknown[] = Array.isArray(identifier)
    ? identifier
    : identifier === undefined
      ? []
      : [identifier];
  return list.flatMap((one): ResourceIdentifier[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { system, value }: { system?: unknown; value?: unknown } = one;
    if (typeof value !== 'string') return [];
    return [{ ...(typeof system === 'string' && { system }), value }];
  });
}
