/**
 * One thread of the run: reads whole cases from the journal on a connection of its own, folds and assesses them, and
 * counts their care days anew. It keeps nothing of a case but its count.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { placeOf } from '../../../gateway/advance.ts';
import { assert } from '../../../gateway/errors.ts';
import type { CareDaysData } from '../../../gateway/process/events.ts';
import { fold, type DischargeProcess } from '../../../gateway/process/state.ts';
import { decide } from '../../../gateway/rules/decide.ts';
import { assess } from '../../../gateway/rules/index.ts';
import { openJournalReader } from '../../../gateway/runtime/journal/embedded.ts';
import { loadProfiles } from '../../../profiles/index.ts';
import type { WorkedPage, WorkerStart } from './page.ts';

async function start(): Promise<void> {
  const port = parentPort;
  assert(port, 'this runs as a worker');
  const { folder, nowMs }: WorkerStart = workerData;
  const reader = await openJournalReader({ folder });
  const profiles = loadProfiles();

  async function work(ids: readonly string[]): Promise<WorkedPage> {
    const counts: CareDaysData[] = [];
    const spent = { read: 0, fold: 0, assess: 0, decide: 0 };
    let [events, undecided, differing] = [0, 0, 0];
    for (const id of ids) {
      const startedAt = performance.now();
      const loaded = await reader.load(id);
      assert(loaded, 'the journal has what it listed');
      const readAt = performance.now();
      const process = fold(loaded.events, loaded.processId);
      const foldedAt = performance.now();
      const findings = assess(process, profiles.parametersOf(placeOf(process)), nowMs);
      const assessedAt = performance.now();
      const decision = decide(uncounted(process), findings, nowMs);
      const decidedAt = performance.now();
      spent.read += readAt - startedAt;
      spent.fold += foldedAt - readAt;
      spent.assess += assessedAt - foldedAt;
      spent.decide += decidedAt - assessedAt;
      events += loaded.events.length;
      for (const event of decision.events) {
        if (event.type !== 'care-days.counted') undecided += 1;
        else {
          counts.push(event.data);
          if (!isAsRecorded(process, event.data)) differing += 1;
        }
      }
    }
    return { stays: ids.length, events, counts, undecided, differing, spent };
  }

  port.on('message', (page: readonly string[] | 'end') => {
    if (page === 'end') {
      void reader.close().then(() => port.close());
      return;
    }
    void work(page).then((worked) => port.postMessage(worked));
  });
}

/** The case as if its care days had never been counted, so that it is counted whole. */
function uncounted(process: DischargeProcess): DischargeProcess {
  return { ...process, history: { ...process.history, careDays: new Map() } };
}

function isAsRecorded(process: DischargeProcess, count: CareDaysData): boolean {
  const recorded = process.history.careDays.get(count.key);
  return (
    recorded !== undefined &&
    JSON.stringify({ ...recorded, revision: 1 }) === JSON.stringify({ ...count, revision: 1 })
  );
}

await start();
