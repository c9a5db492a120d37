/** The gateway as a process of its own, for measuring: answers `stats` over the IPC channel, and does as it is told there. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startGateway } from '../../gateway/main.ts';
import { loadConfig } from '../../gateway/runtime/config.ts';
import {
  openEmbeddedJournal,
  type CountedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import { openPostgresJournal } from '../../gateway/runtime/journal/postgres.ts';
import { createLog } from '../../gateway/runtime/log.ts';

export interface Stats {
  readonly commits: number;
  readonly residentMb: number;
  /** Processor time of all its threads since it began: what neighbours on the machine hardly change. */
  readonly cpuMs: number;
  readonly waiting: number;
  /** Of those: events whose case is still to be looked at. */
  readonly undecided: number;
  readonly events: number;
  /** How late the event loop was since it was last asked: its longest, by a timer of 1 ms. */
  readonly loopDelayMs: number;
}

/** Where it listens. */
export interface Started {
  readonly port: number;
  readonly httpPort: number;
}

const [folder = '.', syncDelayText = '0', receiverUrl] = process.argv.slice(2);
/** Settings over the defaults, by dotted path: another form of journal and bus, some of the roles. */
const flags: Record<string, string> = JSON.parse(process.env['BENCH_SETTINGS'] ?? '{}');
const { config } = loadConfig({ env: {}, file: null, flags });
let journal: CountedJournal | undefined;
const gateway = await startGateway({
  config: {
    ...config,
    data: folder,
    mllp: { ...config.mllp, port: 0 },
    http: { ...config.http, port: 0 },
    dispatch: {
      ...config.dispatch,
      lanes: Number(process.env['BENCH_LANES'] ?? config.dispatch.lanes),
    },
    mappings: process.env['BENCH_MAPPINGS']?.split(':') ?? [],
    // Measured is what it can do, not what one sender may.
    fhir: { ...config.fhir, requestsPerMinute: 10_000_000 },
    receivers:
      receiverUrl === undefined
        ? config.receivers
        : [
            {
              id: 'bench',
              channel: 'webhook',
              mode: 'live',
              url: receiverUrl,
              secretEnv: ['BENCH_SECRET'],
              timeout: 10_000,
              ownNetwork: true,
              recognisesRepeats: true,
              connections: Number(process.env['BENCH_CONNECTIONS'] ?? 4),
            },
          ],
  },
  log: createLog({ level: 'error' }),
  async openJournal(path) {
    const limits = { syncDelayMs: Number(syncDelayText) };
    journal =
      config.journal.form === 'postgres'
        ? await openPostgresJournal({ settings: config.journal, limits })
        : await openEmbeddedJournal({ folder: path, limits });
    return journal;
  },
});

const resolutionMs = 1;
const loopDelay = monitorEventLoopDelay({ resolution: resolutionMs });
loopDelay.enable();

process.on('message', (question: string) => {
  if (question === 'stop') {
    void gateway.stop().then(() => process.exit(0));
    return;
  }
  // What is decided collects, until whoever measures says `deliver`.
  if (question === 'collect') {
    const pause = { queue: 'dispatch', reason: 'bench', by: 'bench', at: '' } as const;
    void journal?.pauses.pause(pause).then(() => gateway.wake());
    return;
  }
  if (question === 'deliver') {
    void journal?.pauses.resume('dispatch').then(() => gateway.wake());
    return;
  }
  // Before the question itself costs time.
  const loopDelayMs = loopDelay.max / 1e6 - resolutionMs;
  void gateway.status().then(({ outbox, events }) => {
    loopDelay.reset();
    const stats: Stats = {
      commits: journal?.commits() ?? 0,
      residentMb: process.memoryUsage.rss() / 1024 / 1024,
      cpuMs: (process.cpuUsage().user + process.cpuUsage().system) / 1000,
      waiting: outbox.advance.waiting + outbox.dispatch.waiting,
      undecided: outbox.advance.waiting,
      events,
      loopDelayMs,
    };
    process.send?.(stats);
  });
});
// Whoever measures is gone: so is what was measured.
process.once('disconnect', () => process.exit());
process.send?.({ port: gateway.mllp.port, httpPort: gateway.http.port } satisfies Started);
