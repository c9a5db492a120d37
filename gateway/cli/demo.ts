import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.ts';
import { createLog } from '../runtime/log.ts';
import { loadJourneys } from '../play/journey.ts';
import type { PlayResult } from '../play/outcome.ts';
import { playJourneys } from '../play/play.ts';
import type { Moment } from '../play/world.ts';
import { inkFor, journeyTable, kronor, momentLines, settlementTable } from './timeline.ts';

export interface DemoOptions {
  readonly json: boolean;
  /** Real seconds the fourteen days take; 0 for no pauses. */
  readonly seconds: number;
  /** Folder with journey files. */
  readonly journeys: string;
  /** Where the gateway keeps its data; a new temporary folder unless given. */
  readonly folder?: string | undefined;
}

/**
 * Plays journeys through the real gateway and tells what happened and why.
 * @returns the exit code: 0 only if every journey ended as its file says
 */
export async function demo(options: DemoOptions): Promise<number> {
  const ink = inkFor(
    process.stdout.isTTY && !options.json && process.env['NO_COLOR'] === undefined,
  );
  const say = (lines: readonly string[]): void => {
    if (!options.json) process.stdout.write(`${lines.join('\n')}\n`);
  };
  const journeys = loadJourneys(options.journeys);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'hemgang-demo-'));
  if (existsSync(join(folder, 'hemgang.sqlite'))) {
    throw new GatewayError(
      'configuration-invalid',
      `${folder}: holds a journal already; give the demo an empty folder`,
    );
  }
  say([
    ink.bold(`Hemgång: ${journeys.length} inpatient stays, March 2022, through the whole gateway`),
    ink.dim(
      'HL7 v2 over MLLP in, SQLite journal (WAL, synchronous=FULL), signed webhooks out; legal time is set by hand.',
    ),
    ink.dim(
      'Paragraphs are those of lag (2017:612). T1 to T9: deadlines; the README has the table.',
    ),
    '',
  ]);
  const moments = journeys.reduce((sum, journey) => sum + journey.steps.length, 0) * 1.5;
  const pauseMs = (options.seconds * 1000) / Math.max(1, moments);
  const told: Moment[] = [];
  const result = await playJourneys({
    journeys,
    folder,
    log: createLog({ level: 'error' }),
    async onMoment(moment) {
      told.push(moment);
      say(momentLines(moment, ink));
      if (pauseMs > 0) await sleep(pauseMs);
    },
  });
  if (options.json)
    process.stdout.write(`${JSON.stringify(asJson(result, folder, told), null, 2)}\n`);
  say(summary(result, folder, ink));
  return result.journeys.every((journey) => journey.differences.length === 0) ? 0 : 1;
}

function summary(result: PlayResult, folder: string, ink: ReturnType<typeof inkFor>): string[] {
  const names = new Map(
    result.journeys.map(({ journey: { patient } }) => [patient.municipality, patient.city]),
  );
  const total = result.settlements.reduce((sum, settlement) => sum + settlement.amountOre, 0);
  return [
    '',
    ...journeyTable(result.journeys, ink),
    '',
    ...settlementTable(result.settlements, names, ink),
    '',
    `${result.messages} messages became ${result.events} events; ${kronor(total)} kr in all.`,
    `Billing specifications (JSON, CSV and PDF): ${result.billingFolder}`,
    `Journal: ${folder}`,
    'next: see what a municipality pays, and why a case came out as it did',
    `  npx hemgang billing preview --data ${folder} --month 2022-03 --municipality 1480`,
    `  npx hemgang rules explain CASE --data ${folder}`,
  ];
}

function asJson(result: PlayResult, folder: string, moments: readonly Moment[]): unknown {
  return {
    folder,
    billingFolder: result.billingFolder,
    messages: result.messages,
    events: result.events,
    journeys: result.journeys.map(({ journey, ...rest }) => ({
      file: journey.file,
      name: journey.name,
      ...rest,
    })),
    settlements: result.settlements,
    timeline: moments.map(({ at, journey, input, events }) => ({
      at,
      journey: journey?.file,
      input,
      events: events.map(({ event }) => event),
    })),
  };
}
