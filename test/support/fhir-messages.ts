/** FHIR messages, and a sender that tells them one after the other, for tests. */
import type { Bundle, Encounter, FhirResource, Provenance } from 'fhir/r4.js';
import type { Translation } from '../../adapters/adapter.ts';
import { isMessage, messageExchange } from '../../adapters/inbound/fhir/message.ts';
import type { FhirStore, StoredResource } from '../../adapters/inbound/fhir/store.ts';
import type { Taking } from '../../adapters/inbound/fhir/take.ts';
import { shown, stay, translated, type Around } from './fhir-exchange.ts';

const base = 'http://hemgang.se/fhir';
export const extensionUrl = {
  estimate: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate',
  readiness: `${base}/StructureDefinition/discharge-readiness`,
  need: `${base}/StructureDefinition/need-assessment`,
};

export interface Told {
  readonly id: string;
  readonly activity: string;
  /** When it happened, with its zone. */
  readonly at: string;
  /** When it was sent; an hour after the first of March where left out. */
  readonly sentAt?: string;
  readonly encounter?: Partial<Encounter>;
  readonly corrects?: string;
  readonly removes?: string;
  /** More that it is about, by fullUrl. */
  readonly more?: Readonly<Record<string, FhirResource>>;
}

/** A stay of the published test person, from 1 March at ten. */
export function messageOf(told: Told): Bundle<FhirResource> {
  const { id, activity, at, sentAt = at, encounter = {}, corrects, removes, more = {} } = told;
  const earlier = corrects ?? removes;
  const provenance: Provenance = {
    resourceType: 'Provenance',
    target: [{ reference: `urn:uuid:${id}` }],
    recorded: sentAt,
    occurredDateTime: at,
    activity: {
      coding: [{ system: `${base}/CodeSystem/discharge-process-activity`, code: activity }],
    },
    agent: [{ who: { display: 'Ekliden' } }],
    ...(earlier !== undefined && {
      entity: [
        {
          role: corrects === undefined ? 'removal' : 'revision',
          what: { identifier: { value: earlier } },
        },
      ],
    }),
  };
  return {
    resourceType: 'Bundle',
    type: 'message',
    timestamp: sentAt,
    entry: [
      {
        fullUrl: `urn:uuid:${id}`,
        resource: {
          resourceType: 'MessageHeader',
          id,
          eventCoding: {
            system: `${base}/CodeSystem/discharge-process-event`,
            code: 'discharge-process-notification',
          },
          source: { endpoint: 'https://ekliden.example/fhir' },
          focus: [
            { reference: 'urn:uuid:encounter' },
            ...Object.keys(more).map((reference) => ({ reference })),
          ],
        },
      },
      { fullUrl: 'urn:uuid:provenance', resource: provenance },
      {
        fullUrl: 'urn:uuid:encounter',
        resource: {
          resourceType: 'Encounter',
          status: 'in-progress',
          class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
          identifier: [stay.identifier],
          subject: { reference: 'urn:uuid:patient' },
          period: { start: '2022-03-01T10:00:00+01:00' },
          ...encounter,
        },
      },
      {
        fullUrl: 'urn:uuid:patient',
        resource: {
          resourceType: 'Patient',
          identifier: [
            { system: `http://electronichealth.se/identifier/personnummer`, value: '195009072553' },
          ],
        },
      },
      ...Object.entries(more).map(([fullUrl, resource]) => ({ fullUrl, resource })),
    ],
  };
}

/** A sender whose messages are taken one after the other: what each kept stands for the next. */
export class Telling {
  readonly #stored = new Map<string, StoredResource & { readonly identifiers: string }>();
  readonly #fhir: Around['fhir'];
  #ids = 0;

  /** @param fhir in the place of what Ekliden's overlay says */
  constructor(fhir?: Around['fhir']) {
    this.#fhir = fhir;
  }

  readonly taking: Taking = {
    sender: 'ekliden',
    store: this.#store(),
    receive: () => Promise.reject(new Error('nothing is received here')),
    now: () => '2022-03-31T12:00:00.000Z',
    newId: () => `new-${(this.#ids += 1)}`,
  };

  /** @returns what the message means; its resources are kept */
  async take(told: Told | Bundle): Promise<Translation> {
    const bundle: FhirResource = 'resourceType' in told ? told : messageOf(told);
    if (!isMessage(bundle)) throw new Error('not a message');
    const { exchange } = await messageExchange(bundle, JSON.stringify(bundle), this.taking);
    const translation = translated(exchange, this.#fhir);
    for (const { type, id, expected, identifiers, body } of translation.resources ?? []) {
      const key = `${type}/${id}`;
      if ((this.#stored.get(key)?.version ?? 0) !== expected) throw new Error(`${key} is stale`);
      this.#stored.set(key, {
        type,
        id,
        version: expected + 1,
        lastUpdated: exchange.request.sentAt,
        body,
        identifiers: JSON.stringify(identifiers),
      });
    }
    return translation;
  }

  /** The facts of a message, as `shown`. */
  async facts(told: Told | Bundle): Promise<string[]> {
    return shown(await this.take(told));
  }

  kept(): string[] {
    return [...this.#stored.values()].map(({ type, id, version }) => `${type}/${id} ${version}`);
  }

  #store(): FhirStore {
    return {
      read: ({ type, id }) => Promise.resolve(this.#stored.get(`${type}/${id}`)),
      byIdentifier: (_sender, type, { value }) =>
        Promise.resolve(
          [...this.#stored.values()].filter(
            (one) => one.type === type && one.identifiers.includes(`"${value}"`),
          ),
        ),
      page: () => Promise.resolve([]),
    };
  }
}
