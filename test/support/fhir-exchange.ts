/** Resources as exchanges, for tests of what they mean. */
import type { FhirResource } from 'fhir/r4.js';
import type { Fact, Translation } from '../../adapters/adapter.ts';
import type { Exchange, ExchangeRequest } from '../../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import { asGatewayError, type GatewayError } from '../../gateway/errors.ts';
import { loadMappings, type Mappings } from '../../mappings/index.ts';

export const sentAt = '2022-03-10T12:00:00.000Z';
const shipped = loadMappings();

export interface Around {
  readonly previous?: FhirResource;
  readonly related?: Readonly<Record<string, FhirResource>>;
  readonly request?: Partial<ExchangeRequest>;
  /** Changes to the sender's overlay. */
  readonly fhir?: Mappings['senders'][number]['fhir'];
}

/** An exchange of Ekliden's, told at `sentAt`. */
export function exchangeOf(
  resource: FhirResource,
  { previous, related = {}, request }: Around = {},
): Exchange {
  return {
    request: {
      sender: 'ekliden',
      id: '1',
      base: previous === undefined ? 0 : 1,
      controlId: `${resource.resourceType}/1/_history/1`,
      sentAt,
      ...request,
    },
    resource,
    ...(previous && { previous }),
    related,
  };
}

export function meaningOf(resource: FhirResource, around: Around = {}): Translation {
  return translated(exchangeOf(resource, around), around.fhir);
}

export function translated(exchange: Exchange, fhir?: Around['fhir']): Translation {
  const senders = shipped.senders.map((one) =>
    one.id === 'ekliden' && fhir !== undefined ? { ...one, fhir } : one,
  );
  return fhirInbound({ ...shipped, senders }, 'ekliden').translate(exchange);
}

/** `type @ time {data}`, for comparing; the time without its date where that is the day of the tests. */
export function shown({ facts }: Pick<Translation, 'facts'>): string[] {
  return facts.map(({ type, occurredAt, precision, data }: Fact) => {
    const day = precision === 'day' ? ' (day)' : '';
    return `${type} @ ${occurredAt.replace(/:00\.000Z$/, 'Z')}${day} ${JSON.stringify(data)}`;
  });
}

/** What a resource is refused with. */
export function refusalOf(run: () => unknown): GatewayError {
  try {
    run();
  } catch (thrown) {
    return asGatewayError(thrown);
  }
  throw new Error('it was not refused');
}

/** The stay 4711 of Ekliden, by its identifier alone. */
export const stay = {
  type: 'Encounter',
  identifier: { system: 'https://ekliden.example/vardkontakt', value: '4711' },
};
export const stayKey = {
  by: 'visit',
  authority: 'https://ekliden.example/vardkontakt',
  number: '4711',
};
export const ours = (system: string, code: string) => ({
  coding: [{ system: `http://hemgang.se/fhir/CodeSystem/${system}`, code }],
});
