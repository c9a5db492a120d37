/** Takes the resources of a page, with what they refer to; what is known already is let pass. */
import { createHash } from 'node:crypto';
import type { FhirResource } from 'fhir/r4.js';
import { asGatewayError, type GatewayError } from '../../../../gateway/errors.ts';
import type { Reply } from '../../../adapter.ts';
import { isId } from '../../../wire/fhir-client.ts';
import { stopped } from '../../../wire/retry.ts';
import { takeFromSource, type Taking } from '../take.ts';
import { inParallel, type Follower, type Related } from './follow.ts';

export interface PageTakerSettings {
  readonly taking: Taking;
  /** The gateway stops: nothing more is begun. */
  readonly signal: AbortSignal;
  readonly onEvent: (
    name: 'resource-failed' | 'entries-passed-over',
    detail: Readonly<Record<string, unknown>>,
  ) => void;
}

/** What became of the resources of a round. */
export interface Count {
  readonly taken: number;
  readonly refused: number;
}

/** They say nothing by themselves: those that nothing of ours refers to are not kept. */
const supporting = new Set(['Patient', 'Organization']);
const takesAtOnce = 8;
/** More are not remembered: then the journal recognises them. */
const mostRemembered = 50_000;

export class PageTaker {
  readonly #settings: PageTakerSettings;
  /**
   * By type, what the last whole walk saw, by its content. The overlap brings it again with each round; to take it again
   * would add nothing and cost a write.
   */
  readonly #remembered = new Map<string, ReadonlySet<string>>();
  readonly #toldStrange = new Set<string>();
  #count = { taken: 0, refused: 0 };

  constructor(settings: PageTakerSettings) {
    this.#settings = settings;
  }

  get count(): Count {
    return { ...this.#count };
  }

  beginRound(): void {
    this.#count = { taken: 0, refused: 0 };
  }

  /** @param walk goes through the pages of a type; each is taken by what it is given */
  async walk(
    wanted: string,
    follower: Follower,
    walk: (take: (resources: readonly FhirResource[]) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const before = this.#remembered.get(wanted) ?? new Set();
    const seen = new Set<string>();
    let isWhole = false;
    try {
      await walk((resources) => this.#takePage(wanted, resources, { before, seen, follower }));
      isWhole = true;
    } finally {
      // Of a walk that broke off what it has taken is remembered with what the one before it had.
      const known = isWhole ? seen : new Set([...before, ...seen]);
      this.#remembered.set(wanted, known.size > mostRemembered ? new Set() : known);
    }
  }

  async #takePage(
    wanted: string,
    resources: readonly FhirResource[],
    of: {
      readonly before: ReadonlySet<string>;
      readonly seen: Set<string>;
      readonly follower: Follower;
    },
  ): Promise<void> {
    const { before, seen, follower } = of;
    const fresh: { resource: FhirResource; digest: string }[] = [];
    let nameless = 0;
    for (const resource of resources) {
      const digest = digestOf(resource);
      if (resource.id === undefined || !isId(resource.id)) nameless += 1;
      else if (before.has(digest) || seen.has(digest)) seen.add(digest);
      else if (await this.#concernsUs(resource)) fresh.push({ resource, digest });
    }
    if (nameless > 0) this.tellStrange(wanted, 'no id', nameless);
    const followed = await follower.relatedOf(fresh.map(({ resource }) => resource));
    await inParallel(fresh, takesAtOnce, async ({ resource, digest }, index) => {
      const { related = {}, isWhole = true } = followed[index] ?? {};
      const isAccepted = await this.take(resource, related);
      // What lacked something that it refers to is judged anew while the overlap brings it.
      if (isAccepted || isWhole) seen.add(digest);
    });
  }

  /** A person is kept because of a stay, never for being in the source. */
  async #concernsUs({ resourceType: type, id = '' }: FhirResource): Promise<boolean> {
    if (!supporting.has(type)) return true;
    const { store, sender } = this.#settings.taking;
    return (await store.read({ sender, type, id })) !== undefined;
  }

  /**
   * Takes one resource under the source's own version.
   * @returns false where it was refused: kept for the operator, and told by whoever refused it
   * @throws GatewayError where it could not be stored because of us
   */
  async take(resource: FhirResource, related: Related): Promise<boolean> {
    const { taking, signal } = this.#settings;
    if (signal.aborted) throw stopped();
    const { outcome } = await takeFromSource(
      taking,
      resource,
      JSON.stringify(resource),
      related,
    ).catch((thrown: unknown) => this.#untakeable(resource, asGatewayError(thrown)));
    const isAccepted = outcome === 'accepted';
    this.#count[isAccepted ? 'taken' : 'refused'] += 1;
    return isAccepted;
  }

  /** A resource that breaks something of ours does not stop the others. */
  #untakeable({ resourceType: type }: FhirResource, error: GatewayError): Pick<Reply, 'outcome'> {
    if (error.fate === 'transient') throw error;
    this.#settings.onEvent('resource-failed', { type, err: error });
    return { outcome: 'refused' };
  }

  /** Entries that cannot be taken, once: the overlap brings the same ones again. */
  tellStrange(type: string, why: string, entries: number): void {
    const told = `${type} ${why} ${entries}`;
    if (this.#toldStrange.has(told)) return;
    this.#toldStrange.add(told);
    this.#settings.onEvent('entries-passed-over', { type, why, entries });
  }
}

function digestOf(resource: FhirResource): string {
  return createHash('sha256').update(JSON.stringify(resource)).digest('base64');
}
