/** The journal as if facts stood in it that do not; nothing is written. */
import type { DischargeEvent, EventBody } from '../process/events.ts';
import type { LoadedProcess, NewEvent, StoredEvent } from '../runtime/journal/journal.ts';
import type { Asked } from './asked.ts';

/** Facts that are not recorded, by the stay they belong to. */
export type SupposedFacts = ReadonlyMap<string, readonly EventBody[]>;

export const toEvent = ({ body, streamId }: NewEvent): DischargeEvent => ({
  ...body,
  stayId: streamId,
});

type SupposedReads = Pick<Asked['journal'], 'load' | 'relatedStays'>;

/** Reads of the journal, with the facts in them. */
export function supposing(journal: Asked['journal'], facts: SupposedFacts): SupposedReads {
  const addedTo = (stayId: string, after: number): StoredEvent[] =>
    (facts.get(stayId) ?? []).map((body, index) => ({
      position: after + 1 + index,
      event: { ...body, stayId },
    }));
  return {
    async load(id) {
      const loaded = await journal.load(id);
      if (loaded === undefined) return undefined;
      const last = loaded.events.at(-1)?.position ?? 0;
      const added = loaded.stays.flatMap(({ stayId }) => addedTo(stayId, last));
      return { ...loaded, events: [...loaded.events, ...added] };
    },
    async relatedStays(processId) {
      const stays = await journal.relatedStays(processId);
      return stays.map((stay) => ({
        ...stay,
        events: [...stay.events, ...addedTo(stay.stayId, stay.version)],
      }));
    },
  };
}

/** The case as it is after a change of links, which comes before anything is judged. */
export async function linked(
  reads: SupposedReads,
  loaded: LoadedProcess,
  links: readonly NewEvent[],
): Promise<LoadedProcess> {
  let whole = loaded;
  for (const { streamId, body } of links) {
    if (body.type === 'stay.unlinked') whole = without(whole, body.data.linkedStayId);
    if (body.type !== 'stay.linked') continue;
    for (const stayId of [streamId, body.data.linkedStayId]) {
      if (whole.stays.some((stay) => stay.stayId === stayId)) continue;
      const other = await reads.load(stayId);
      if (other !== undefined) whole = joined(whole, other);
    }
  }
  const last = whole.events.at(-1)?.position ?? 0;
  const told = links
    .filter(({ streamId }) => whole.stays.some(({ stayId }) => stayId === streamId))
    .map((link, index): StoredEvent => ({ position: last + 1 + index, event: toEvent(link) }));
  return { ...whole, events: [...whole.events, ...told] };
}

/** The process that was seen first is the one that stays. */
function joined(left: LoadedProcess, right: LoadedProcess): LoadedProcess {
  const [first, second] = left.processId < right.processId ? [left, right] : [right, left];
  return {
    processId: first.processId,
    stays: [...first.stays, ...second.stays],
    events: [...first.events, ...second.events].sort((one, other) => one.position - other.position),
  };
}

function without(process: LoadedProcess, stayId: string): LoadedProcess {
  return {
    ...process,
    stays: process.stays.filter((stay) => stay.stayId !== stayId),
    events: process.events.filter(({ event }) => event.stayId !== stayId),
  };
}
