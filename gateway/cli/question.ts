/** What the verbs that ask have in common: the journal and the profiles opened for reading, the answer printed. */
import { Temporal } from 'temporal-polyfill';
import { loadProfiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import type { Asked } from '../questions/asked.ts';
import { addDays, localTimeText } from '../rules/legal-days.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfig, type Config } from '../runtime/config.ts';
import { openJournalReader } from '../runtime/journal/open.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { inkFor, type Ink } from './timeline.ts';

export interface QuestionOptions {
  readonly config?: string | undefined;
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
}

export interface OpenQuestion extends Asked {
  readonly journal: JournalReader;
  readonly config: Config;
}

/** Opens what a question reads, asks it, and closes. @returns the exit code */
export async function ask(
  options: QuestionOptions,
  question: (asked: OpenQuestion) => Promise<number>,
): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const profiles = loadProfiles({ overlays: config.profiles });
  const journal = await openJournalReader(config);
  try {
    return await question({
      config,
      journal,
      profiles,
      nowMs: systemClock.nowMs(),
      invoices: config.billing,
    });
  } finally {
    await journal.close();
  }
}

/** Prints plain data as JSON, or lines for people. */
export function answer(json: boolean, data: unknown, lines: (ink: Ink) => readonly string[]): void {
  const ink = inkFor(process.stdout.isTTY && !json && process.env['NO_COLOR'] === undefined);
  const text = json ? JSON.stringify(data, null, 2) : lines(ink).join('\n');
  process.stdout.write(`${text}\n`);
}

/** Tells on a terminal how far a long question has come; the line goes away when it ends. */
export class Progress {
  readonly #of: number;
  readonly #isShown = process.stderr.isTTY;

  /** @param of how many cases there are */
  constructor(of: number) {
    this.#of = of;
  }

  tell(cases: number): void {
    // A short one is over before a person has read it.
    if (this.#isShown && this.#of > 2000) {
      process.stderr.write(`\r${cases} of ${this.#of} cases`);
    }
  }

  end(): void {
    if (this.#isShown && this.#of > 2000) process.stderr.write('\r\u001B[K');
  }
}

// ---------------------------------------------------------------- what is typed

/**
 * A time as a person types it: `2022-03-10 12:00` in Europe/Stockholm, or ISO 8601 with an offset.
 * @returns epoch milliseconds
 * @throws GatewayError configuration-invalid
 */
export function timeOf(flag: string, text: string, nowMs: number): number {
  const atMs = instantOf(text);
  if (atMs === undefined) {
    throw wrong(
      `${flag} ${text}: write it as '2022-03-10 12:00' (local time) or 2022-03-10T11:00:00Z`,
    );
  }
  if (atMs > nowMs) throw wrong(`${flag} ${text}: has not come yet; leave it out to ask as of now`);
  return atMs;
}

function instantOf(text: string): number | undefined {
  try {
    if (/(Z|[+-]\d\d:\d\d)$/.test(text)) return Temporal.Instant.from(text).epochMilliseconds;
    if (!/^\d{4}-\d\d-\d\d[ T]\d\d[:.]\d\d([:.]\d\d)?$/.test(text)) return undefined;
    const [date = '', time = ''] = text.split(/[ T]/);
    const local = Temporal.PlainDateTime.from(`${date}T${time.replaceAll('.', ':')}`);
    return local.toZonedDateTime('Europe/Stockholm').epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** @throws GatewayError configuration-invalid */
export function checkMonth(flag: string, text: string | undefined): void {
  if (text !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) {
    throw wrong(`${flag} ${text}: write it as a month, 2022-03`);
  }
}

/** @throws GatewayError configuration-invalid for codes there are not */
export function checkPlace(
  { nation }: Asked['profiles'],
  {
    county,
    municipality,
  }: { readonly county?: string | undefined; readonly municipality?: string | undefined },
): void {
  if (county !== undefined && nation.regionName(county) === undefined) {
    const known = nation.counties.map((code) => `${code} ${nation.regionName(code) ?? ''}`);
    throw wrong(`--county ${county}: no such county; there are ${known.join(', ')}`);
  }
  if (municipality !== undefined && nation.municipalityName(municipality) === undefined) {
    throw wrong(
      `--municipality ${municipality}: no municipality has this SCB code, of four digits`,
    );
  }
}

export const wrong = (message: string): GatewayError =>
  new GatewayError('configuration-invalid', message);

// ---------------------------------------------------------------- how it is written

/** An instant in local time: `2022-03-10 12.00`. */
export const localText = (iso: string): string => localTimeText(Date.parse(iso));

/** The last day before `until`. */
export const lastDay = (until: string): string => addDays(until, -1);

/** `1 day`, `2 days`. */
export const plural = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

/** A label with its text; what follows on further lines stands under the text. */
export function labelled(label: string, lines: readonly string[], ink: Ink): string[] {
  return lines.map((line, index) => {
    const head = (index === 0 ? label : '').padEnd(labelWidth);
    return `  ${ink.dim(head)}${line}`;
  });
}

const labelWidth = 12;

/** Lines moved to the right. */
export const indented = (lines: readonly string[], by = 4): string[] =>
  lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`));
