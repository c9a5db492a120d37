/** Enters a code and has what waited translated: by the gateway that runs, or here where none does. */
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingFile } from '../../mappings/overlay.ts';
import type { Target } from '../../mappings/targets.ts';
import type { DischargeEvent } from '../process/events.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import type { Preview } from './codes-preview.ts';
import { operate, type Operated } from './operate.ts';
import { Progress, type OpenQuestion, type QuestionOptions } from './question.ts';

export interface Applied {
  /** Where the entry stands; absent where it stood already. */
  readonly file?: string;
  readonly by: Operated<unknown>['by'];
  readonly isDone: boolean;
  /** What stands in the journal since, in its order. */
  readonly events: readonly DischargeEvent[];
  /** Why it is not in force. */
  readonly why?: string;
  readonly next?: string;
}

interface Entered {
  readonly table: string;
  readonly code: string;
  readonly target: Target;
  readonly reference: string;
  /** Absent where the entry stands in the tables already: what waits is translated all the same. */
  readonly pending?: PendingFile;
}

/** What follows may take a while to be decided; longer than that it is not waited for. */
const decisionsMs = 10_000;
const lookEveryMs = 50;

/** @param preview what was shown of it, just now */
export async function applyEntry(
  { journal }: OpenQuestion,
  options: QuestionOptions,
  { table, code, target, reference, pending }: Entered,
  preview: Preview,
): Promise<Applied> {
  const { events: position } = await journal.status();
  const entry = { table, code };
  const planned = preview.messages.filter(({ waitedFor }) =>
    waitedFor.some((one) => isOf(entry, one)),
  );
  // Messages that wait for the code in the end too: they cannot be translated.
  const stuck = Math.max(0, (await countOf(journal, entry)) - planned.length);
  const progress = new Progress((await journal.parkedCases()).length);
  const { by, result } = await operate(
    { ...options, reason: reference },
    'enter-code',
    {
      ...entry,
      target,
      ...(pending && { overlay: { folder: resolve(pending.folder), file: pending.name } }),
    },
    (done) => progress.tell(done),
  ).finally(() => progress.end());
  const { refused } = result;
  const isDone = refused === undefined && (await countOf(journal, entry)) <= stuck;
  if (by === 'the running gateway' && isDone) await decided(journal, preview);
  const [why, refusedNext] = refused?.split('\n  next: ') ?? [];
  const next = isDone ? await nextOf(journal, by) : (refusedNext ?? notRead);
  return {
    // As it was typed: the gateway may have been started elsewhere.
    ...(pending && { file: join(pending.folder, pending.name) }),
    by,
    isDone,
    events: await eventsSince(journal, preview, position),
    ...(why !== undefined && { why }),
    ...(next !== undefined && { next }),
  };
}

const notRead =
  'see that the folder of the entry stands under mappings: in the configuration that the gateway runs by, then hemgang reload';

/** What is left to do where everything was translated. */
async function nextOf({ leases }: JournalReader, by: Applied['by']): Promise<string | undefined> {
  const alive = ((await leases?.instances()) ?? []).filter((one) => one.isAlive).length;
  if (alive > (by === 'the running gateway' ? 1 : 0)) {
    return 'bring the entry to the other instances, and hemgang reload there: hemgang status shows which go by the former mappings';
  }
  return by === 'this command'
    ? 'start the gateway: what follows from these facts is decided and sent then'
    : undefined;
}

interface Code {
  readonly table: string;
  readonly code: string;
}

const isOf = (entry: Code, { table, code }: Code): boolean =>
  table === entry.table && code === entry.code;

async function countOf(journal: JournalReader, entry: Code): Promise<number> {
  const rows = await journal.waitingCodes();
  return rows.filter((row) => isOf(entry, row)).reduce((sum, { messages }) => sum + messages, 0);
}

// ---------------------------------------------------------------- what came of it

/** Every case that was shown; one that was joined to another goes by its former name too. */
const casesOf = ({ cases, messages }: Preview): string[] => [
  ...new Set([...cases, ...messages].map(({ caseReference }) => caseReference)),
];

/** Until everything that waited for these cases has been decided, for a while. */
async function decided(journal: JournalReader, preview: Preview): Promise<void> {
  const lanes = casesOf(preview);
  for (let triedMs = 0; triedMs < decisionsMs; triedMs += lookEveryMs) {
    if ((await journal.outbox.ofLanes('advance', lanes, 1)).length === 0) return;
    await sleep(lookEveryMs);
  }
}

async function eventsSince(
  journal: JournalReader,
  preview: Preview,
  position: number,
): Promise<readonly DischargeEvent[]> {
  const events: StoredEvent[] = [];
  const told = new Set<string>();
  for (const caseId of casesOf(preview)) {
    const loaded = await journal.load(caseId);
    if (loaded === undefined || told.has(loaded.processId)) continue;
    told.add(loaded.processId);
    events.push(...loaded.events.filter((stored) => stored.position > position));
  }
  return events.sort((left, right) => left.position - right.position).map(({ event }) => event);
}
