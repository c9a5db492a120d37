/** `hemgang import --history`: messages of the past are taken, and nothing of it leads outside. */
import type { Command } from 'commander';
import { looksLikeFhir } from '../../adapters/inbound/fhir/from-files.ts';
import { splitMessages } from '../../adapters/inbound/hl7v2/batch.ts';
import { findFiles, readBytes } from '../conformance/files.ts';
import type { InputOf, ResultOf } from '../operations/index.ts';
import { isoOf } from '../rules/legal-days.ts';
import { helpTexts } from './help.ts';
import { operate } from './operate.ts';
import { orderOf, rate } from './plan-options.ts';
import { answer, ask, plural, Progress, timeOf, wrong, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

export interface ImportOptions extends QuestionOptions {
  readonly history: readonly string[];
  readonly liveFrom: string;
  readonly sender?: string | undefined;
  readonly rate: number;
  readonly who?: string | undefined;
  readonly reason?: string | undefined;
}

type Piece = InputOf<'take-history'>['pieces'][number];
type Taken = ResultOf<'take-history'>;

export interface Imported {
  readonly by: string;
  readonly liveFrom: string;
  readonly messages: number;
  readonly counts: Taken['counts'];
  readonly unmapped: Taken['unmapped'];
  readonly refused: Taken['refused'];
  /** What does not add up in the files, and files that were passed over. */
  readonly problems: readonly string[];
  readonly cases: { readonly before: number; readonly after: number };
  readonly isInterrupted: boolean;
}

/** @returns the exit code: 1 where a message was refused or waits for a code, or it was interrupted */
export async function importHistory(options: ImportOptions): Promise<number> {
  const { sender, json, history } = options;
  const order = orderOf(options);
  const liveFrom = isoOf(instantOf(options.liveFrom));
  const problems: string[] = [];
  const files = findFiles(history);
  for (const { file, why } of files.skipped) problems.push(`${file}: ${why}`);
  const before = await casesOf(options);
  const progress = new Progress(Infinity);
  const sums = new Sums();
  let isInterrupted = false;
  for (const pieces of chunksOf(piecesOf(files.files, problems))) {
    const input = {
      liveFrom,
      pieces: [...pieces],
      rate: options.rate,
      ...(sender !== undefined && { sender }),
    };
    const { by, result } = await operate({ ...options, ...order }, 'take-history', input);
    sums.add(by, result);
    progress.tell(sums.messages);
    isInterrupted = result.passed < pieces.length;
    if (isInterrupted) break;
  }
  progress.end();
  const imported: Imported = {
    ...sums.told(),
    liveFrom,
    problems,
    cases: { before, after: await casesOf(options) },
    isInterrupted,
  };
  answer(json, imported, (ink) => importedLines(imported, ink));
  const { refused, parked } = imported.counts;
  return refused + parked > 0 || isInterrupted ? 1 : 0;
}

/** An instant as it is typed; it may be to come. */
const instantOf = (text: string): number => timeOf('--live-from', text, Infinity);

/** How many cases there are; none where there is no journal yet. */
async function casesOf(options: ImportOptions): Promise<number> {
  try {
    let processes = 0;
    await ask(options, async ({ journal }) => {
      ({ processes } = await journal.status());
      return 0;
    });
    return processes;
  } catch {
    return 0;
  }
}

// ---------------------------------------------------------------- files

const mostPieces = 500;
const mostBytes = 8 * 1024 * 1024;

function* piecesOf(
  files: ReturnType<typeof findFiles>['files'],
  problems: string[],
): Generator<Piece> {
  for (const file of files) {
    const bytes = readBytes(file);
    if (looksLikeFhir(file.path, bytes)) {
      if (bytes.length > 4 * mostBytes)
        throw wrong(`${file.shown}: FHIR files may have 32 MiB; split it`);
      yield { name: file.shown, bytes: Buffer.from(bytes).toString('base64') };
      continue;
    }
    const split = splitMessages(bytes);
    if (split.messages.length === 0 && file.mayBeOther) continue;
    for (const problem of split.problems) problems.push(`${file.shown}: ${problem}`);
    for (const [index, message] of split.messages.entries()) {
      const name = split.messages.length === 1 ? file.shown : `${file.shown}, message ${index + 1}`;
      yield { name, bytes: Buffer.from(message).toString('base64') };
    }
  }
}

function* chunksOf(pieces: Iterable<Piece>): Generator<readonly Piece[]> {
  let [chunk, size]: [Piece[], number] = [[], 0];
  for (const piece of pieces) {
    if (chunk.length >= mostPieces || (size > 0 && size + piece.bytes.length > mostBytes)) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
    chunk.push(piece);
    size += piece.bytes.length;
  }
  if (chunk.length > 0) yield chunk;
}

// ---------------------------------------------------------------- what became of it

class Sums {
  #by = 'this command';
  readonly #counts: { -readonly [O in keyof Taken['counts']]: number } = {
    accepted: 0,
    parked: 0,
    ignored: 0,
    known: 0,
    refused: 0,
  };
  readonly #codes = new Map<string, Taken['unmapped'][number]>();
  readonly #refused: Taken['refused'][number][] = [];

  get messages(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  add(by: string, { counts, unmapped, refused }: Taken): void {
    this.#by = by;
    this.#counts.accepted += counts.accepted;
    this.#counts.parked += counts.parked;
    this.#counts.ignored += counts.ignored;
    this.#counts.known += counts.known;
    this.#counts.refused += counts.refused;
    for (const code of unmapped) {
      const key = `${code.table}|${code.code}`;
      const messages = (this.#codes.get(key)?.messages ?? 0) + code.messages;
      this.#codes.set(key, { ...code, messages });
    }
    this.#refused.push(...refused);
  }

  told(): Pick<Imported, 'by' | 'messages' | 'counts' | 'unmapped' | 'refused'> {
    return {
      by: this.#by,
      messages: this.messages,
      counts: this.#counts,
      unmapped: [...this.#codes.values()],
      refused: this.#refused,
    };
  }
}

const listed = 20;

function importedLines(imported: Imported, ink: Ink): string[] {
  const { by, liveFrom, messages, counts, unmapped, refused, problems, cases, isInterrupted } =
    imported;
  return [
    ink.bold(`${plural(messages, 'message')} taken as history before ${liveFrom}, by ${by}`),
    `  ${counts.accepted} accepted, ${counts.parked} parked, ${counts.ignored} ignored, ${counts.known} known before, ${counts.refused} refused`,
    `  cases: ${cases.before} before, ${cases.after} now`,
    ...unmapped.map(({ table, code, messages: count }) =>
      ink.bad(
        `  code ${code} of table ${table}: ${plural(count, 'message')} wait for it (hemgang codes list)`,
      ),
    ),
    ...refused.slice(0, listed).map(({ name, why }) => ink.bad(`  ${name}: ${why}`)),
    ...(refused.length > listed
      ? [`  and ${refused.length - listed} more; --json tells them all`]
      : []),
    ...problems.slice(0, listed).map((problem) => `  ${problem}`),
    ...(isInterrupted
      ? [
          ink.bad('it was stopped before its end'),
          `${ink.dim('next:')} say the same again: what was taken is known`,
        ]
      : by === 'this command'
        ? [`${ink.dim('next:')} start the gateway: what follows is decided then`]
        : []),
  ];
}

export function addImport(program: Command, setExit: (code: number) => void): void {
  program
    .command('import')
    .description('take messages of the past; nothing before an instant is sent, billed or watched')
    .requiredOption('--history <paths...>', 'files and folders of HL7 v2 and FHIR, as they lie')
    .requiredOption(
      '--live-from <time>',
      "what lies before it is history: '2026-03-01 00:00' or ISO 8601",
    )
    .option('--sender <id>', 'whose they are, whatever they say; needed for FHIR')
    .option('--rate <n>', 'messages a second; 0: as fast as it goes', rate, 200)
    .option('--reason <text>', 'why; stands in the audit')
    .option('--who <name>', 'in whose name (default: the user of this command)')
    .option('--config <file>', 'configuration file (default: hemgang.yaml, where there is one)')
    .option('--data <folder>', 'data folder of the gateway, which may be running')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', helpTexts.importHistory)
    .action(async (options: Omit<ImportOptions, 'flags'> & { data?: string }) => {
      setExit(await importHistory({ ...options, flags: { data: options.data } }));
    });
}
