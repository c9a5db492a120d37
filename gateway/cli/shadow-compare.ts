/** `hemgang shadow compare`: what we would have done beside what the system in use did. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { addDays } from '../rules/legal-days.ts';
import { compareSides } from '../shadow/compare.ts';
import { readColumns, readExport } from '../shadow/export-file.ts';
import { ownSide } from '../shadow/own-cases.ts';
import { csvOf, pageOf, textOf, type Told } from '../shadow/report.ts';
import { helpTexts } from './help.ts';
import {
  answer,
  ask,
  Progress,
  wrong,
  type OpenQuestion,
  type QuestionOptions,
} from './question.ts';

export interface ShadowCompareOptions extends QuestionOptions {
  readonly with: string;
  readonly columns?: string | undefined;
  /** Days, both in it. */
  readonly from: string;
  readonly to: string;
  /** Minutes. */
  readonly tolerance: number;
  /** Folder of the reports. */
  readonly out?: string | undefined;
}

const listed = 30;

/** @returns the exit code: 1 where anything differs, or a line of theirs could not be read */
export async function shadowCompare(options: ShadowCompareOptions): Promise<number> {
  const { from, to, tolerance, out, json } = options;
  if (from > to) throw wrong(`--from ${from} is after --to ${to}`);
  return await ask(options, async (asked) => {
    const codes = municipalitiesOf(asked);
    const columns = options.columns === undefined ? {} : readColumns(options.columns);
    const theirs = readExport(options.with, columns, (name) => codes.get(name.toLowerCase()));
    const bounds = {
      from: midnight(from),
      to: midnight(addDays(to, 1)),
      firstMonth: from.slice(0, 7),
      lastMonth: to.slice(0, 7),
    };
    const progress = new Progress((await asked.journal.status()).processes);
    const ours = await ownSide(asked, bounds, (cases) => progress.tell(cases)).finally(() =>
      progress.end(),
    );
    const within = theirs.deeds.filter(({ at, month = '' }) =>
      at === undefined
        ? month >= bounds.firstMonth && month <= bounds.lastMonth
        : at >= bounds.from && at < bounds.to,
    );
    const compared = compareSides(ours.cases, ours.months, within, {
      toleranceMs: tolerance * 60_000,
    });
    const names: { [code: string]: string } = {};
    for (const { municipality } of compared.totals)
      names[municipality] = nameOf(asked, municipality);
    for (const { here, there } of compared.differences) {
      for (const code of [here?.municipality, there?.municipality]) {
        if (code !== undefined) names[code] = nameOf(asked, code);
      }
    }
    const told: Told = {
      from,
      to,
      cases: ours.cases.length,
      lines: { read: within.length, ignored: theirs.ignored, unread: theirs.unread },
      toleranceMinutes: tolerance,
      names,
      ...compared,
    };
    const files = out === undefined ? [] : writeReports(out, told);
    answer(json, { ...told, files }, () => [
      ...textOf(told, listed),
      ...files.map((file) => `written: ${file}`),
    ]);
    return told.differences.length > 0 || theirs.unread.length > 0 ? 1 : 0;
  });
}

function writeReports(folder: string, told: Told): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    'shadow.html': pageOf(told),
    'shadow.csv': csvOf(told),
    'shadow.json': `${JSON.stringify(told, null, 2)}\n`,
  };
  return Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  });
}

/** SCB codes by code and by name. */
function municipalitiesOf({ profiles: { nation } }: OpenQuestion): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const county of nation.counties) {
    for (const code of nation.municipalitiesOf(county)) {
      codes.set(code, code);
      const name = nation.municipalityName(code);
      if (name !== undefined) codes.set(name.toLowerCase(), code);
    }
  }
  return codes;
}

const nameOf = ({ profiles: { nation } }: OpenQuestion, code: string): string =>
  nation.municipalityName(code) ?? '';

const midnight = (date: string): string =>
  new Date(
    Temporal.PlainDate.from(date).toZonedDateTime('Europe/Stockholm').epochMilliseconds,
  ).toISOString();

export function addShadow(program: Command, setExit: (code: number) => void): void {
  program
    .command('shadow')
    .description('beside the system in use: what differs, before anything goes live')
    .command('compare')
    .description(
      'what we would have sent and billed beside an export of what the system in use did',
    )
    .requiredOption('--with <file>', 'CSV or NDJSON of the system in use')
    .requiredOption('--from <date>', 'first day, 2026-03-01', day)
    .requiredOption('--to <date>', 'last day', day)
    .option(
      '--columns <file>',
      'YAML: the names of their columns and kinds, where they are not ours',
    )
    .option(
      '--tolerance <minutes>',
      'notices no further apart went out at the same time',
      minutes,
      15,
    )
    .option('--out <folder>', 'write shadow.html, shadow.csv and shadow.json there')
    .option('--config <file>', 'configuration file (default: hemgang.yaml, where there is one)')
    .option('--data <folder>', 'data folder of the gateway, which may be running')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', helpTexts.shadowCompare)
    .action(async (options: Omit<ShadowCompareOptions, 'flags'> & { data?: string }) => {
      setExit(await shadowCompare({ ...options, flags: { data: options.data } }));
    });
}

function day(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$/.test(text))
    throw new InvalidArgumentError('a day: 2026-03-01');
  return text;
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100_000)) throw new InvalidArgumentError('a number of minutes');
  return value;
}
