/** What has been told as resources before: the part of the journal that this standard reads. */
import type { FhirResource } from 'fhir/r4.js';
import type { ResourceIdentifier } from '../../adapter.ts';

export interface StoredResource {
  readonly type: string;
  readonly id: string;
  /** Ours: 1, 2, 3 … */
  readonly version: number;
  /** When we took it, ISO 8601 UTC. */
  readonly lastUpdated: string;
  /** Of the mappings it was read by; absent or empty where that is not known. */
  readonly mappingRevision?: string;
  /** JSON, without our version in it. */
  readonly body: string;
}

/** What it says. */
export function resourceIn({ body }: StoredResource): FhirResource {
  const resource: FhirResource = JSON.parse(body);
  return resource;
}

/** Each sender's resources by themselves: nobody sees another's. */
export interface FhirStore {
  read(key: {
    readonly sender: string;
    readonly type: string;
    readonly id: string;
  }): Promise<StoredResource | undefined>;
  byIdentifier(
    sender: string,
    type: string,
    identifier: ResourceIdentifier,
    limit: number,
  ): Promise<readonly StoredResource[]>;
  page(
    sender: string,
    type: string,
    after: string,
    limit: number,
  ): Promise<readonly StoredResource[]>;
}
