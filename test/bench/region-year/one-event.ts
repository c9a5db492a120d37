/**
 * What one event costs in a journal of a given size, in a process of its own: `advance` after an appended fact, and the
 * settlement of one month from its stream. The journal is opened as the gateway opens it: every answer waits for its
 * commit, with synchronous=FULL.
 */
import { createAdvance, settlementStreamOf } from '../../../gateway/advance.ts';
import { assert } from '../../../gateway/errors.ts';
import { fold } from '../../../gateway/process/state.ts';
import { settle } from '../../../gateway/rules/settlement.ts';
import type { Delivery } from '../../../gateway/runtime/bus/bus.ts';
import { systemClock } from '../../../gateway/runtime/clock.ts';
import {
  openEmbeddedJournal,
  openJournalReader,
} from '../../../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../../../gateway/runtime/journal/journal.ts';
import { newId } from '../../../gateway/runtime/ids.ts';
import { loadProfiles, type Profiles } from '../../../profiles/index.ts';
import { message } from '../../support/journal-messages.ts';
import { county, year } from './courses.ts';
import { kinds, type Fact, type Known } from './facts.ts';
import { Random } from '../../../adapters/simulated/random.ts';

export interface Times {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}
export interface MonthRead {
  readonly settlement: string;
  /** Events that were read for it. */
  readonly rows: number;
  readonly readMs: number;
  readonly settleMs: number;
}
export interface OneEvent {
  readonly events: number;
  readonly durability: string;
  readonly advance: Times;
  /** The same by what the fact was about, and what a changed count costs in the settlement of its month. */
  readonly kinds: Readonly<Record<Kind, Times>>;
  /** A commit with nothing in it but one row. */
  readonly commit: Times;
  readonly months: readonly MonthRead[];
}

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];
type Kind = keyof typeof kinds | 'settlement';
const allKinds: readonly Kind[] = [...kindNames, 'settlement'];
type Taken = Record<Kind, number[]>;
const factsOfAKind = 100;
const warmingFacts = 50;
const idsAPage = 1000;

async function measure(folder: string): Promise<OneEvent> {
  const known = await drawCases(folder, factsOfAKind * 2 + warmingFacts * 2);
  const profiles = loadProfiles();
  const journal = await openEmbeddedJournal({ folder });
  try {
    const { events } = await journal.status();
    const months = await readMonths(journal, profiles);
    const advance = createAdvance({
      journal,
      profiles,
      clock: systemClock,
      isSenderLive: () => true,
    });
    const next = (): Known => {
      const drawn = known.pop();
      assert(drawn, 'enough cases were drawn');
      return drawn;
    };
    const timed = async (delivery: Delivery): Promise<number> => {
      const startedAt = performance.now();
      await advance(delivery.lane, [delivery]);
      const tookMs = performance.now() - startedAt;
      await journal.outbox.done([delivery]);
      return tookMs;
    };
    const taken = { lateWithdrawal: [], nothingNew: [], newCase: [], settlement: [] } as Taken;
    for (let round = 0; round < warmingFacts + factsOfAKind; round++) {
      if (round === warmingFacts) for (const kind of allKinds) taken[kind].length = 0;
      for (const kind of kindNames) {
        taken[kind].push(await timed(await tell(journal, kinds[kind](next))));
        // A count taken back is one more event, for the settlement of its month; and that may be one for the next.
        for (let rows = await waiting(journal); rows.length > 0; rows = await waiting(journal)) {
          for (const delivery of rows) taken.settlement.push(await timed(delivery));
        }
      }
    }
    return {
      events,
      durability: journal.durability,
      advance: summed(kindNames.flatMap((kind) => taken[kind])),
      kinds: {
        lateWithdrawal: summed(taken.lateWithdrawal),
        nothingNew: summed(taken.nothingNew),
        newCase: summed(taken.newCase),
        settlement: summed(taken.settlement),
      },
      commit: summed(await bareCommits(journal)),
      months,
    };
  } finally {
    await journal.close();
  }
}

/** Cases with a readiness, from all over the journal, looked up on another connection: `advance` finds none of it warm. */
async function drawCases(folder: string, count: number): Promise<Known[]> {
  const reader = await openJournalReader({ folder });
  const ids: string[] = [];
  for (let page = await reader.processIds('', idsAPage); page.length > 0;) {
    ids.push(...page);
    page = await reader.processIds(page.at(-1) ?? '', idsAPage);
  }
  const random = new Random(7);
  const known: Known[] = [];
  while (known.length < count && ids.length > 0) {
    const [id = ''] = ids.splice(random.below(ids.length), 1);
    const loaded = await reader.load(id);
    const ready = loaded && fold(loaded.events).readiness.at(-1);
    if (ready) known.push({ processId: id, readyMs: ready.atMs });
  }
  await reader.close();
  return known;
}

/** Records a fact as a message would be, and gives what the bus would hand to `advance`. */
async function tell(journal: Journal, { stay, events }: Fact): Promise<Delivery> {
  const recorded = await journal.record({
    ...message(0),
    controlId: newId(),
    sender: 'benchmark',
    receivedAt: systemClock.now(),
    stay,
    events,
  });
  assert(recorded.outcome === 'recorded', 'a fact of a known case is recorded');
  const [delivery] = await waiting(journal);
  assert(delivery && delivery.eventId === events.at(-1)?.id, 'only the fact is on its way');
  return delivery;
}

/** What the bus would hand to `advance` now. */
async function waiting(journal: Journal): Promise<Delivery[]> {
  const rows = await journal.outbox.ready('advance', systemClock.nowMs(), 100, []);
  return rows.map((row) => ({ ...row, attempt: 1 }));
}

async function bareCommits(journal: Journal): Promise<number[]> {
  const taken: number[] = [];
  for (let commit = 0; commit < 100; commit++) {
    const startedAt = performance.now();
    const at = systemClock.now();
    await journal.audit({ at, who: 'benchmark', what: 'measured', about: 'commit' });
    taken.push(performance.now() - startedAt);
  }
  return taken;
}

/** One month of the largest municipality and of a small one, read and settled: as it is billed, nothing follows. */
async function readMonths(journal: Journal, profiles: Profiles): Promise<MonthRead[]> {
  const read: MonthRead[] = [];
  for (const municipality of ['1480', '1438']) {
    const period = { county, municipality, month: `${year}-06` };
    const settlement = settlementStreamOf(period);
    const parameters = profiles.parametersOf(period);
    const readMs: number[] = [];
    const settleMs: number[] = [];
    let rows = 0;
    for (let round = 0; round < 15; round++) {
      const startedAt = performance.now();
      const { events } = await journal.loadStream(settlement);
      const readAt = performance.now();
      const decision = settle(events, parameters, period, systemClock.nowMs());
      settleMs.push(performance.now() - readAt);
      readMs.push(readAt - startedAt);
      assert(decision.events.length === 0, 'a month that is billed is settled');
      rows = events.length;
    }
    const [reading, settling] = [summed(readMs).medianMs, summed(settleMs).medianMs];
    read.push({ settlement, rows, readMs: reading, settleMs: settling });
  }
  return read;
}

function summed(taken: readonly number[]): Times {
  const sorted = taken.toSorted((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99) };
}

const [folder = '.'] = process.argv.slice(2);
const measured = await measure(folder);
process.send?.(measured);
if (!process.send) process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
