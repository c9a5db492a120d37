/**
 * One type of one source, from where we had come to what is newest. A page is committed before the cursor moves over it,
 * so whatever ends a walk, the next one begins where nothing is missing.
 */
import type { Bundle, FhirResource } from 'fhir/r4.js';
import type { FhirClient, Page } from '../../../wire/fhir-client.ts';
import { instantMs, instantText } from './state.ts';

export interface Walk {
  /** As it is configured: `Encounter?class=IMP`. */
  readonly wanted: string;
  /** By the source's clock: what was changed before it has been taken. */
  readonly until: string | undefined;
  /** Where the first walk begins. */
  readonly since: string;
  readonly overlapMs: number;
  readonly count: number;
  readonly client: FhirClient;
  /** Takes a page; what is resolved is committed. */
  readonly take: (resources: readonly FhirResource[]) => Promise<void>;
  /** The cursor: where the next walk begins, less the overlap. */
  readonly move: (until: string | undefined) => Promise<void>;
  /** Legal time, for a source that does not tell its own. */
  readonly nowMs: () => number;
  /** Entries of a page are not what was asked for. */
  readonly onStrange: (count: number) => void;
  /** The source's clock stands before what it told us by it. */
  readonly onSetBack: (serverTime: string) => void;
}

/** The clock of a header has whole seconds. */
const clockGrainMs = 1000;

/** @throws GatewayError that of the client, or of `take`; what was moved over is committed */
export async function walkType(walk: Walk): Promise<void> {
  const { wanted, until, since, overlapMs } = walk;
  const type = wanted.split('?')[0] ?? wanted;
  const untilMs = instantMs(until);
  const startMs = untilMs === undefined ? instantMs(since) : untilMs - overlapMs;
  const progress = new Progress(untilMs);
  let saidItSorts: boolean | undefined;
  for await (const page of walk.client.search(type, parametersOf(walk, startMs ?? 0))) {
    const serverMs = instantMs(page.serverTime);
    if (startMs !== undefined && untilMs !== undefined && isSetBack(serverMs, startMs)) {
      const serverTime = instantText(serverMs);
      walk.onSetBack(serverTime);
      await walk.move(serverTime);
      return await walkType({ ...walk, until: serverTime });
    }
    const { resources, strange } = matchesOf(page.bundle, type);
    if (strange > 0) walk.onStrange(strange);
    await walk.take(resources);
    progress.add(resources, serverMs ?? walk.nowMs());
    // The address of a later page seldom says what was asked for.
    saidItSorts ??= saysItSorts(page);
    // A source that does not sort may have older ones on any later page.
    if (!progress.isOrdered) {
      if (progress.hasMoved) await walk.move(until);
      progress.hasMoved = false;
    } else if (page.hasNext && saidItSorts) {
      await moveTo(progress.reached, walk);
      progress.hasMoved = true;
    }
  }
  await moveTo(progress.reached, walk);
}

async function moveTo(reachedMs: number | undefined, { until, move }: Walk): Promise<void> {
  if (reachedMs === undefined) return;
  const text = instantText(reachedMs);
  if (text !== until) await move(text);
}

/** Of itself the walk knows only what the source said of its resources. */
class Progress {
  #latestMs: number | undefined;
  #lastMs = -Infinity;
  #capMs = Infinity;
  readonly #fromMs: number | undefined;
  /** So far each was changed no earlier than the one before it. */
  isOrdered = true;
  hasMoved = false;

  constructor(fromMs: number | undefined) {
    this.#fromMs = fromMs;
  }

  /** @param serverMs the source's clock: what claims to be later is not believed, or nothing would be new again */
  add(resources: readonly FhirResource[], serverMs: number): void {
    this.#capMs = serverMs;
    for (const { meta } of resources) {
      const toldMs = instantMs(meta?.lastUpdated);
      if (toldMs === undefined) continue;
      if (toldMs < this.#lastMs) this.isOrdered = false;
      this.#lastMs = toldMs;
      this.#latestMs = Math.max(this.#latestMs ?? toldMs, toldMs);
    }
  }

  /** It never goes back. */
  get reached(): number | undefined {
    if (this.#latestMs === undefined) return undefined;
    const capped = Math.min(this.#latestMs, this.#capMs);
    return this.#fromMs === undefined ? capped : Math.max(capped, this.#fromMs);
  }
}

function isSetBack(serverMs: number | undefined, startMs: number): serverMs is number {
  return serverMs !== undefined && serverMs + clockGrainMs < startMs;
}

function parametersOf({ wanted, count }: Walk, startMs: number) {
  const [, filter = ''] = wanted.split('?', 2);
  const own: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(filter)) (own[name] ??= []).push(value);
  return {
    ...own,
    _lastUpdated: `ge${instantText(startMs)}`,
    _sort: '_lastUpdated',
    _count: count,
  };
}

/** Resources of the type. What was only included, and words about the search, are neither they nor strange. */
function matchesOf(
  { entry }: Bundle,
  type: string,
): { readonly resources: readonly FhirResource[]; readonly strange: number } {
  const resources: FhirResource[] = [];
  let strange = 0;
  for (const one of Array.isArray(entry) ? entry : []) {
    const mode: unknown = one?.search?.mode;
    if (mode === 'include' || mode === 'outcome') continue;
    const resource: unknown = one?.resource;
    if (isOfType(resource, type)) resources.push(resource);
    else strange += 1;
  }
  return { resources, strange };
}

function isOfType(resource: unknown, type: string): resource is FhirResource {
  return (
    typeof resource === 'object' &&
    resource !== null &&
    'resourceType' in resource &&
    resource.resourceType === type
  );
}

/** The self link tells which parameters the source has heeded (R4, 3.1.1.6.1). */
function saysItSorts({ bundle: { link } }: Page): boolean {
  if (!Array.isArray(link)) return false;
  const self: unknown = link.find((one) => one?.relation === 'self')?.url;
  if (typeof self !== 'string' || !URL.canParse(self, 'http://source')) return false;
  return new URL(self, 'http://source').searchParams.get('_sort') === '_lastUpdated';
}
