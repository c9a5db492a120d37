/** Enters a code and has what waited translated: by the gateway that runs, or here where none does. */
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { writePending, type PendingFile } from '../../mappings/overlay.ts';
import type { Target } from '../../mappings/targets.ts';
import type { DischargeEvent } from '../process/events.ts';
import { systemClock } from '../runtime/clock.ts';
import { dataFolder, type Config } from '../runtime/config.ts';
import { newId } from '../runtime/ids.ts';
import { openJournal } from '../runtime/journal/open.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { holderOf } from '../runtime/journal/embedded/lock.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { createLog } from '../runtime/log.ts';
import { hasRequests, leaveRequest } from '../runtime/reload-requests.ts';
import { mappingsOf, openIntake } from '../wiring/intake.ts';
import type { Preview } from './codes-preview.ts';
import { Progress, type OpenQuestion } from './question.ts';

export interface Applied {
  /** Where the entry stands; absent where it stood already. */
  readonly file?: string;
  readonly by: 'the running gateway' | 'this command' | 'nobody yet';
  readonly isDone: boolean;
  /** What stands in the journal since, in its order. */
  readonly events: readonly DischargeEvent[];
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

/** The gateway is given up on when nothing has moved for so long. */
const patienceMs = 60_000;
const decisionsMs = 10_000;
const lookEveryMs = 50;

/** @param preview what was shown of it, just now */
export async function applyEntry(
  { journal, config }: OpenQuestion,
  entry: Entered,
  preview: Preview,
): Promise<Applied> {
  const folder = dataFolder(config);
  const { events: position } = await journal.status();
  const waiting = await Waiting.begin(journal, folder, entry, preview);
  const { table, code, target, reference: reason, pending } = entry;
  const file = pending && writePending(pending);
  leaveRequest(folder, {
    at: systemClock.now(),
    who: userInfo().username,
    what: `code ${code} of table ${table} means ${String(target)}, in ${file ?? 'the tables as they are'}`,
    reason,
  });
  const holder = holderOf(folder);
  const outcome =
    holder === undefined
      ? await translateHere(config, folder)
      : holder.reloads && holder.pid !== undefined
        ? await askGateway(holder.pid, folder, waiting)
        : notReloading(holder.pid);
  if (outcome.by === 'the running gateway' && outcome.isDone) await decided(journal, preview);
  return {
    ...(file !== undefined && { file }),
    ...outcome,
    events: await eventsSince(journal, preview, position),
  };
}

type Outcome = Pick<Applied, 'by' | 'isDone' | 'next'>;

async function translateHere(config: Config, folder: string): Promise<Outcome> {
  const journal = await openJournal(config);
  const log = createLog({ level: 'warn' });
  const progress = new Progress((await journal.parkedCases()).length);
  try {
    const parts = { journal, clock: systemClock, log, newId };
    const intake = openIntake(mappingsOf(config), config, parts, folder);
    await intake.retranslate((done) => progress.tell(done));
  } finally {
    progress.end();
    await journal.close();
  }
  const next = 'start the gateway: what follows from these facts is decided and sent then';
  return { by: 'this command', isDone: true, next };
}

async function askGateway(pid: number, folder: string, waiting: Waiting): Promise<Outcome> {
  const by = 'the running gateway';
  const refused = signal(pid);
  if (refused !== undefined) {
    const next = `send SIGHUP to process ${pid} as its own user (${refused}), or start the gateway anew`;
    return { by: 'nobody yet', isDone: false, next };
  }
  let least = Infinity;
  for (let triedMs = 0; triedMs < patienceMs; triedMs += lookEveryMs) {
    const left = await waiting.toGo();
    if (left === 0) return { by, isDone: true };
    if (left < least) [least, triedMs] = [left, 0];
    if (holderOf(folder) === undefined) {
      return {
        by: 'nobody yet',
        isDone: false,
        next: 'the gateway has ended; its next start translates what waits',
      };
    }
    await sleep(lookEveryMs);
  }
  const next = `the gateway (process ${pid}) has not taken it up: its log says why; it reads the folders that stood under mappings: when it started, and keeps the old mappings while a file of them is wrong`;
  return { by, isDone: false, next };
}

/** @returns why it could not be sent; a process that has just ended needs none */
function signal(pid: number): string | undefined {
  try {
    process.kill(pid, 'SIGHUP');
    return undefined;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
    return code === 'ESRCH' ? undefined : code;
  }
}

function notReloading(pid: number | undefined): Outcome {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  const next = `the data folder is in use by ${who}, which cannot be asked from here: start it anew, or send SIGHUP to a gateway there`;
  return { by: 'nobody yet', isDone: false, next };
}

/** How far what was shown has come. */
class Waiting {
  readonly #journal: JournalReader;
  readonly #folder: string;
  readonly #entry: Entered;
  /** Messages that wait for the code in the end too: they cannot be translated. */
  readonly #stuck: number;

  private constructor(journal: JournalReader, folder: string, entry: Entered, stuck: number) {
    this.#journal = journal;
    this.#folder = folder;
    this.#entry = entry;
    this.#stuck = stuck;
  }

  /** Begins to count, before anything is written. */
  static async begin(
    journal: JournalReader,
    folder: string,
    entry: Entered,
    { messages }: Preview,
  ): Promise<Waiting> {
    const planned = messages.filter(({ waitedFor }) => waitedFor.some((one) => isOf(entry, one)));
    const count = await countOf(journal, entry);
    return new Waiting(journal, folder, entry, Math.max(0, count - planned.length));
  }

  /** What is still to be done; 0 when the codes wait no longer and who asked for it has been audited. */
  async toGo(): Promise<number> {
    const left = Math.max(0, (await countOf(this.#journal, this.#entry)) - this.#stuck);
    return left + (hasRequests(this.#folder) ? 1 : 0);
  }
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
