/** What `status` shows of FHIR resources that are stored, and wait to be held against their StructureDefinitions. */
import type { JournalReader } from '../runtime/journal/reader.ts';
import { readWalk } from '../runtime/resource-walk.ts';
import { structureCursor } from '../wiring/fhir-structures.ts';
import { localText, plural } from './question.ts';

export interface Unchecked {
  /** Counted no further than `countLimit`. */
  readonly messages: number;
  /** When the first of them came. */
  readonly oldest: string | undefined;
}

/** More than this wait: nobody needs to know how many more. */
const countLimit = 100_000;

export async function uncheckedStructures(
  journal: Pick<JournalReader, 'cursors' | 'countResourceMessages'>,
): Promise<Unchecked> {
  const walk = readWalk(await journal.cursors.get(structureCursor));
  if (walk === undefined) return { messages: 0, oldest: undefined };
  const { place, senders } = walk;
  const { count, oldest } = await journal.countResourceMessages(place, senders, countLimit);
  return { messages: count, oldest };
}

export function uncheckedLines({ messages, oldest }: Unchecked): string[] {
  if (oldest === undefined) return [];
  const many = messages < countLimit ? '' : 'more than ';
  return [
    `unchecked   ${many}${plural(messages, 'message')} in FHIR not yet held against their StructureDefinitions, the oldest of ${localText(oldest)}`,
  ];
}
