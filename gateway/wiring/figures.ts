/** Everything that is read when somebody asks for metrics, in one page. */
import { cachedReading } from '../observing/figures.ts';
import {
  buildFigures,
  busFigures,
  diskFigures,
  intakeFigures,
  leaseFigures,
} from '../observing/instance-figures.ts';
import { journalFigures, publicationFigures, watchHeads } from '../observing/journal-figures.ts';
import type { Figure } from '../observing/metrics.ts';
import { watchSilence } from '../observing/quiet.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { Clock } from '../runtime/clock.ts';
import { markOf } from '../runtime/config-storage.ts';
import { dataFolder, type Config } from '../runtime/config.ts';
import { spaceOf } from '../runtime/storage/room.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { packageVersion } from '../runtime/program.ts';
import { publicationCursor } from '../runtime/bus/events/publication.ts';
import type { Digests } from './digests.ts';
import { sourceFigures } from './source-figures.ts';

export interface FigureParts {
  readonly config: Config;
  readonly journal: Journal;
  readonly bus: Bus;
  readonly keeper: Keeper;
  readonly inForce: () => Digests;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many messages back a sender's usual gap is learnt from; later it is learnt from what comes. */
const learntFrom = 2000;

export function figuresOf(parts: FigureParts): () => Promise<readonly Figure[]> {
  const { config, journal, bus, keeper } = parts;
  const version = packageVersion();
  const ofJournal = journalReading(parts);
  const folder = dataFolder(config);
  return async () => {
    const { totalBytes } = await spaceOf(folder);
    return [
      ...buildFigures(version, parts.inForce()),
      ...intakeFigures(journal),
      ...busFigures(bus),
      ...leaseFigures(keeper.doing(), {
        count: keeper.partitions.count,
        held: keeper.partitions.held().size,
      }),
      ...(await diskFigures(folder, markOf(config.storage.stopAccepting, totalBytes))),
      ...(await ofJournal()),
    ];
  };
}

/** What the journal has to tell, read at most every few seconds. */
function journalReading(parts: FigureParts): () => Promise<readonly Figure[]> {
  const { config, journal, clock, log } = parts;
  const heads = watchHeads(clock);
  const senders = config.senders.map(({ id, quietAfter }) => ({ id, quietAfterMs: quietAfter }));
  const silence = watchSilence(senders, clock.nowMs());
  let learnt: Promise<void> | undefined;
  const learn = async (): Promise<void> => silence.learn(await journal.arrivals(learntFrom));
  const reading = cachedReading(async () => {
    learnt ??= learn();
    await learnt.catch((thrown: unknown) => {
      learnt = undefined;
      log.warn({ err: thrown }, 'usual gaps of senders not read');
    });
    const seen = await journal.observe(clock.now());
    const sources = await sourceFigures(config, journal.cursors, clock.nowMs());
    const publication = await readPublication(journal, seen.lastPosition, clock.nowMs());
    return { seen, rest: [...sources, ...publication] };
  }, clock);
  return async () => {
    const read = await reading.read();
    if (read === undefined) return [];
    const { value, ageMs } = read;
    const at = { nowMs: clock.nowMs(), ageMs };
    return [...journalFigures(value.seen, at, heads, silence), ...value.rest];
  };
}

/** None where this journal's events were never published. */
async function readPublication(
  journal: Journal,
  lastPosition: number,
  nowMs: number,
): Promise<readonly Figure[]> {
  const cursor = await journal.cursors.get(publicationCursor);
  if (cursor === undefined) return [];
  const [next] = await journal.eventsAfter(Number(cursor), 1);
  return publicationFigures(lastPosition, Number(cursor), next?.event, nowMs);
}
