/** One interaction as it is asked for, over HTTP or as an entry of a Bundle, and what comes of it. */
import type { FhirResource, OperationOutcome } from 'fhir/r4.js';
import type { ReceiveTogether } from '../../../adapter.ts';
import type { Finding } from '../checks/finding.ts';
import type { Exchange } from '../exchange.ts';
import type { FhirSender, Interaction } from '../security/identity.ts';
import { resourceIn, type StoredResource } from '../store.ts';
import type { Taking } from '../take.ts';

export interface TakingTogether extends Taking {
  readonly receiveTogether: ReceiveTogether<Exchange>;
}

/** What an interaction depends on, by headers or by the elements of Bundle.entry.request. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  /** The query of a search: `identifier=system|value`. */
  readonly ifNoneExist?: string | undefined;
}

export interface FhirRequest {
  readonly sender: FhirSender;
  readonly taking: TakingTogether;
  /** Where the server is served, without a slash at its end. */
  readonly baseUrl: string;
  readonly interaction: Interaction;
  readonly type: string;
  /** Absent for what is asked of the type. */
  readonly id?: string | undefined;
  readonly query: URLSearchParams;
  readonly conditions: Conditions;
  /** `Prefer: handling=strict`: a search refuses what it does not know. */
  readonly isStrict: boolean;
  /** What the checks say of a resource of this sender. */
  readonly findingsOf: (resource: FhirResource) => readonly Finding[] | Promise<readonly Finding[]>;
  /** Of a create or an update: checked to be of `type`. */
  readonly body?: { readonly resource: FhirResource; readonly text: string } | undefined;
}

export interface FhirResponse {
  readonly status: number;
  /** The resource itself as it stands now, or a Bundle. */
  readonly resource?: FhirResource;
  readonly type?: string;
  readonly id?: string;
  readonly version?: number;
  /** ISO 8601 UTC. */
  readonly lastModified?: string;
  readonly outcome?: OperationOutcome;
  /** The outcome is told whatever the sender prefers. */
  readonly mustTell?: boolean;
}

/** The resource as it is read back: with our id, version and time of it. */
export function asServed(
  resource: FhirResource,
  { id, version, lastModified }: { id: string; version: number; lastModified: string },
): FhirResource {
  const meta = { ...resource.meta, versionId: String(version), lastUpdated: lastModified };
  return { ...resource, id, meta };
}

export function storedAsServed(stored: StoredResource): FhirResource {
  const { id, version, lastUpdated } = stored;
  return asServed(resourceIn(stored), { id, version, lastModified: lastUpdated });
}

/** `W/"3"`: weak, for the bytes that are read back are not those that were sent. */
export const etagOf = (version: number): string => `W/"${version}"`;

/** A logical id as FHIR R4 has them (2.24.0.1). */
export const idForm = /^[A-Za-z0-9.-]{1,64}$/;
