import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  hospitalCharsets,
  type Hospital,
  type HospitalCharset,
} from '../../adapters/simulated/hospital.ts';
import { loadPathways, type Pathway } from '../../adapters/simulated/pathway.ts';
import { loadNumbers } from '../../adapters/simulated/people.ts';
import { messageBytes, planStream, type StreamMessage } from '../../adapters/simulated/stays.ts';
import { frame } from '../../adapters/wire/mllp.ts';
import { plural, wrong } from './question.ts';

export interface GenOptions {
  /** A pathway file, a folder of them, or the name of a shipped pathway; all shipped ones where left out. */
  readonly journey?: string | undefined;
  readonly seed: number;
  /** How many stays. */
  readonly count: number;
  readonly sender?: string | undefined;
  readonly from: string;
  /** A folder for one file a message; standard output where left out. */
  readonly out?: string | undefined;
  readonly framing?: string | undefined;
  readonly charset?: string | undefined;
  readonly list: boolean;
  readonly json: boolean;
  /** Folder of the shipped pathways. */
  readonly shipped: string;
  /** File of the published test numbers. */
  readonly numbers: string;
}

const mostStays = 100_000;
const framings = ['mllp', 'cr', 'lf'] as const;
type Framing = (typeof framings)[number];
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Makes a stream of messages, or lists the pathways. @returns the exit code: 0 */
export async function gen(options: GenOptions): Promise<number> {
  if (options.list) return list(options);
  const { seed, count, from, out } = options;
  if (count < 1 || count > mostStays) throw wrong(`--count ${count}: from 1 to ${mostStays} stays`);
  const framing = oneOf(
    '--framing',
    options.framing ?? (out === undefined ? 'mllp' : 'cr'),
    framings,
  );
  const charset =
    options.charset === undefined ? undefined : oneOf('--charset', options.charset, charsetNames);
  const sender =
    options.sender === undefined
      ? undefined
      : oneOf('--sender', options.sender, ['ekliden', 'norrtuna'] as const);
  checkDay(from);
  const pathways = chosen(options, sender);
  const numbers = loadNumbers(options.numbers);
  const messages = planStream({ pathways, numbers, seed, count, from, sender, charset });
  const bytesOf = (message: StreamMessage): Uint8Array =>
    framed(messageBytes(message, charset), framing);
  if (out === undefined) await writeStream(messages, bytesOf);
  else writeFiles(messages, bytesOf, out);
  tell(options, messages, pathways);
  return 0;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const charsetNames = Object.keys(hospitalCharsets) as HospitalCharset[];

/** A pathway that leads to another hospital is left out of one hospital's stream, unless it is asked for. */
function chosen({ journey, shipped }: GenOptions, sender: Hospital | undefined): Pathway[] {
  if (journey !== undefined) {
    if (existsSync(journey)) return loadPathways(journey);
    const named = join(shipped, `${journey}.yaml`);
    if (existsSync(named)) return loadPathways(named);
    throw wrong(
      `--journey ${journey}: no such file or pathway; hemgang gen --list shows the shipped ones`,
    );
  }
  return loadPathways(shipped).filter(
    ({ steps }) =>
      sender === undefined || steps.every(({ say }) => say !== 'admitted-from-hospital'),
  );
}

function framed(message: Uint8Array, framing: Framing): Uint8Array {
  if (framing === 'mllp') return frame(message);
  if (framing === 'cr') return message;
  return message.map((byte) => (byte === carriageReturn ? lineFeed : byte));
}

/** Waits where the reader is slow; a reader that has gone has had enough. */
async function writeStream(
  messages: readonly StreamMessage[],
  bytesOf: (message: StreamMessage) => Uint8Array,
): Promise<void> {
  const { stdout } = process;
  let gone = false;
  const end = (): void => void (gone = true);
  stdout.on('error', end);
  for (const message of messages) {
    if (gone) break;
    if (!stdout.write(bytesOf(message)))
      await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(end);
  }
}

/** `000001-ekliden-A01.hl7`: sorted by name they are in the order of the stream. */
function writeFiles(
  messages: readonly StreamMessage[],
  bytesOf: (message: StreamMessage) => Uint8Array,
  folder: string,
): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw wrong(`--out ${folder}: is not empty; give a new folder, so that two streams do not mix`);
  }
  mkdirSync(folder, { recursive: true });
  const width = Math.max(6, String(messages.length).length);
  for (const [index, message] of messages.entries()) {
    const { hospital, step } = message;
    const name = `${String(index + 1).padStart(width, '0')}-${hospital}-${step.trigger}.hl7`;
    writeFileSync(join(folder, name), bytesOf(message));
  }
}

/** What was made; beside a stream it goes to standard error. */
function tell(
  { json, seed, count, out }: GenOptions,
  messages: readonly StreamMessage[],
  pathways: readonly Pathway[],
): void {
  const by = (key: (message: StreamMessage) => string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const message of messages) counts[key(message)] = (counts[key(message)] ?? 0) + 1;
    return counts;
  };
  const summary = {
    seed,
    stays: count,
    messages: messages.length,
    triggers: by(({ step }) => step.trigger),
    pathways: by(({ pathway }) => pathway),
    first: messages[0]?.step.at,
    last: messages.at(-1)?.step.at,
    ...(out !== undefined && { folder: out }),
  };
  const text = json
    ? JSON.stringify(summary)
    : `${plural(count, 'stay')}, ${plural(messages.length, 'message')} of ${plural(pathways.length, 'pathway')}, ` +
      `seed ${seed}${out === undefined ? '' : `, in ${out}`}`;
  (out === undefined ? process.stderr : process.stdout).write(`${text}\n`);
}

function list({ shipped, json }: GenOptions): number {
  const pathways = loadPathways(shipped);
  const width = Math.max(...pathways.map(({ file }) => file.length));
  const text = json
    ? JSON.stringify(pathways, null, 2)
    : pathways
        .map(
          ({ file, weight, why }) => `${file.padEnd(width)}  ${String(weight).padStart(3)}  ${why}`,
        )
        .join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  throw wrong(`${flag} ${text}: one of ${allowed.join(', ')}`);
}

function checkDay(text: string): void {
  const day = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || !day.toJSON()?.startsWith(text)) {
    throw wrong(`--from ${text}: write it as a date, 2026-01-05`);
  }
}
