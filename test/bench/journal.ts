/** Records a second of the journal alone: no sockets, no parsing, no bus. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openEmbeddedJournal,
  type EmbeddedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import type { IncomingMessage } from '../../gateway/runtime/journal/journal.ts';
import { message, personnummerAuthority } from '../support/journal-messages.ts';

export interface JournalMeasurement {
  readonly durability: string;
  readonly outstanding: number;
  /** Added to every commit, as on a slower disk. */
  readonly syncDelayMs: number;
  readonly recordsPerSecond: number;
  readonly commitsPerRecord: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const rawBytes = 1024;

/**
 * Records messages of 1 kB with one event each, a new stay and patient every fourth, in a closed loop.
 * @param durationMs of each measurement
 */
export async function benchJournal(durationMs = 3000): Promise<readonly JournalMeasurement[]> {
  const measurements: JournalMeasurement[] = [];
  for (const syncDelayMs of [0, 2]) {
    for (const outstanding of [1, 8, 32]) {
      measurements.push(await measureOnce(outstanding, syncDelayMs, durationMs));
    }
  }
  return measurements;
}

async function measureOnce(
  outstanding: number,
  syncDelayMs: number,
  durationMs: number,
): Promise<JournalMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-bench-'));
  const journal = await openEmbeddedJournal({ folder, limits: { syncDelayMs } });
  try {
    await measure(journal, outstanding, durationMs / 4, 0);
    const first = 10_000_000;
    const { latencies, elapsedMs, commits } = await measure(
      journal,
      outstanding,
      durationMs,
      first,
    );
    return {
      durability: journal.durability,
      outstanding,
      syncDelayMs,
      recordsPerSecond: Math.round((latencies.length * 1000) / elapsedMs),
      commitsPerRecord: Number((commits / latencies.length).toFixed(3)),
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
    };
  } finally {
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  journal: EmbeddedJournal,
  outstanding: number,
  durationMs: number,
  first: number,
) {
  const latencies: number[] = [];
  const commitsBefore = journal.commits();
  const startedAt = performance.now();
  let next = first;
  const keepRecording = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      const incoming = messageOf1kB(next);
      next += 1;
      const handedInAt = performance.now();
      await journal.record(incoming);
      latencies.push(performance.now() - handedInAt);
    }
  };
  await Promise.all(Array.from({ length: outstanding }, keepRecording));
  latencies.sort((a, b) => a - b);
  return {
    latencies,
    elapsedMs: performance.now() - startedAt,
    commits: journal.commits() - commitsBefore,
  };
}

const padding = randomBytes(rawBytes / 2).toString('hex');

function messageOf1kB(n: number): IncomingMessage {
  const stay = n >> 2;
  // No person number: a local one, spread as numbers of births are.
  const value = String((stay * 7_919_777) % 1_000_000_007);
  return message(n, {
    messageId: `0188${String(n).padStart(32, '0')}`,
    raw: Buffer.from(`${n}${padding}`).subarray(0, rawBytes),
    stay: { by: 'visit', authority: '1.2.3', number: `V${String(stay).padStart(9, '0')}` },
    patient: {
      numbers: [{ authority: personnummerAuthority, value, kind: 'local' }],
      family: 'Fiktivsson',
      given: 'Test',
    },
  });
}

function percentile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2));
}
