/** `hemgang send`: messages of files to a receiver, and what it answers. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, InvalidArgumentError, type Command } from 'commander';
import { splitMessages } from '../../adapters/inbound/hl7v2/batch.ts';
import {
  reencode,
  writableCharsets,
  type WritableCharset,
} from '../../adapters/inbound/hl7v2/message/reencode.ts';
import {
  headerField,
  printable,
  readAnswer,
  type Answer,
} from '../../adapters/wire/mllp-answer.ts';
import { MllpClient, type MllpClientOptions } from '../../adapters/wire/mllp-client.ts';
import { asGatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { helpTexts } from './help.ts';
import { sendFhir, type SendFhirOptions } from './send-fhir.ts';
import { duration, targetOf, upTo, withTarget, wrong, type TargetOptions } from './wire-target.ts';

export interface SendOptions extends TargetOptions {
  readonly charset?: WritableCharset;
  /** Messages a second. */
  readonly rate?: number;
  readonly pipeline: number;
  readonly duplicate: boolean;
  /** Bytes a packet. */
  readonly split?: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly json: boolean;
}

/** One message on its way. */
interface Item {
  readonly file: string;
  /** Its place in the file, from 1. */
  readonly number: number;
  readonly controlId: string;
  readonly raw: Uint8Array;
  readonly repeat: boolean;
}

/** What became of one message. */
interface Outcome extends Answer {
  readonly file: string;
  readonly message: number;
  readonly repeat: boolean;
  readonly ms: number;
  /** Why there is no answer, or that none was asked for. */
  readonly note?: string;
}

export function addSend(program: Command, setExit: (code: number) => void): void {
  withTarget(
    program.command('send <files...>'),
    'mllp://host:port (mllps:// for TLS), or http(s)://host:port/fhir',
  )
    .description('send messages by MLLP, or resources to a FHIR server, and show every answer')
    .addOption(
      new Option('--charset <set>', 'write each message anew in this set, and MSH-18').choices(
        writableCharsets,
      ),
    )
    .option('--rate <n>', 'at most so many messages a second', rate)
    .option('--pipeline <n>', 'so many messages may wait for their answers at once', upTo(1000), 1)
    .option('--duplicate', 'send each message twice, the same bytes, and compare', false)
    .option('--split <bytes>', 'send each frame in packets of so many bytes', upTo(1_048_576))
    .addOption(
      new Option('--timeout <time>', 'how long an answer may take: 500ms, 5s, 2m')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--token-file <file>', 'FHIR: file with the bearer token')
    .option('--as <request>', "FHIR: where each file goes, whatever it holds: 'POST Encounter'")
    .option('--prefer <what>', 'FHIR: the header Prefer (default: return=OperationOutcome)')
    .option('--json', 'print JSON, one object a line; the last is the sum', false)
    .addHelpText('after', helpTexts.send)
    .action(async (files: string[], options: SendOptions & Partial<SendFhirOptions>) => {
      const print = (line: string): void => void process.stdout.write(`${line}\n`);
      const { to } = options;
      if (to !== undefined && /^https?:/i.test(to)) {
        setExit(await sendFhir(files, { ...options, to }, print));
      } else setExit(await sendFiles(files, options, print));
    });
}

/**
 * Sends every message of the files.
 * @returns the exit code: 0 when every message was accepted, 1 when one was not, or had no answer
 */
export async function sendFiles(
  files: readonly string[],
  options: SendOptions,
  print: (line: string) => void,
): Promise<number> {
  const target = targetOf(options);
  const tell = (value: object, text: string): void =>
    print(options.json ? JSON.stringify(value) : text);
  const items = itemsOf(files, options, (problem) => tell({ problem }, problem));
  const started = systemClock.elapsedMs();
  const { outcomes, further, unawaited } = await sendAll(
    items,
    {
      ...target,
      timeoutMs: options.timeout,
      maxInFlight: options.pipeline,
      keepAfterTimeout: true,
      ...(options.split !== undefined && { packetBytes: options.split }),
      onUnawaited: (raw, reason) => {
        const answer = readAnswer(raw);
        // The second of two that were asked for is told after the first.
        setImmediate(() => tell({ unawaited: reason, ...answer }, unawaitedLine(answer, reason)));
      },
    },
    options,
    (outcome) => tell(outcome, outcomeLine(outcome)),
  );
  const sum = {
    ...sumOf(outcomes, items.length),
    further,
    unawaited,
    seconds: (systemClock.elapsedMs() - started) / 1000,
  };
  tell({ sum }, sumLine(sum));
  return sum.accepted === items.length && sum.answeredOtherwise === 0 ? 0 : 1;
}

/** @throws GatewayError configuration-invalid for a file that cannot be read or holds no message */
function itemsOf(
  files: readonly string[],
  options: SendOptions,
  problem: (text: string) => void,
): Item[] {
  return files.flatMap((file) => {
    const { messages, problems } = splitMessages(readWhole(file));
    if (messages.length === 0) throw wrong(`${file}: ${problems[0] ?? 'no message'}`);
    for (const text of problems) problem(`${file}: ${text}`);
    return messages.flatMap((message, index): Item[] => {
      const raw =
        options.charset === undefined ? message : inSet(message, options.charset, file, index);
      const controlId = headerField(raw, 10);
      const item = { file, number: index + 1, controlId, raw, repeat: false };
      return options.duplicate ? [item, { ...item, repeat: true }] : [item];
    });
  });
}

function inSet(raw: Uint8Array, charset: WritableCharset, file: string, index: number): Uint8Array {
  try {
    return reencode(raw, charset);
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    throw wrong(`${file}, message ${index + 1}: cannot be written in ${charset}: ${message}`);
  }
}

function readWhole(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EISDIR') {
      throw wrong(`${file} is a folder: name its files, ${file.replace(/\/$/, '')}/*`);
    }
    throw wrong(`${file}: cannot be read; give the path of a file with messages`);
  }
}

/** Keeps as many in flight as agreed, and connects anew where the receiver has closed. */
async function sendAll(
  items: readonly Item[],
  client: MllpClientOptions,
  { rate: perSecond, pipeline }: SendOptions,
  tell: (outcome: Outcome) => void,
): Promise<{ outcomes: Outcome[]; further: number; unawaited: number }> {
  const outcomes: Outcome[] = [];
  let further = 0;
  let unawaited = 0;
  const connect = (): Promise<MllpClient> =>
    MllpClient.connect({
      ...client,
      onUnawaited: (answer, reason) => {
        if (reason === 'further') further += 1;
        else unawaited += 1;
        client.onUnawaited?.(answer, reason);
      },
    });
  let link = await connect();
  const inFlight = new Set<Promise<void>>();
  const started = systemClock.elapsedMs();
  for (const [index, item] of items.entries()) {
    if (perSecond !== undefined) {
      const wait = started + (index * 1000) / perSecond - systemClock.elapsedMs();
      if (wait > 0) await sleep(wait);
    }
    while (inFlight.size >= pipeline) await Promise.race(inFlight);
    if (link.closed) {
      await Promise.all(inFlight);
      const again = await connect().catch(() => undefined);
      if (again === undefined) break;
      link = again;
    }
    const one = sendOne(link, item).then((outcome) => {
      outcomes.push(outcome);
      tell(outcome);
      inFlight.delete(one);
    });
    inFlight.add(one);
  }
  await Promise.all(inFlight);
  await link.close();
  // What came with the last answer is told before the sum.
  await new Promise((told) => setImmediate(told));
  return { outcomes, further, unawaited };
}

async function sendOne(link: MllpClient, item: Item): Promise<Outcome> {
  const { file, number: message, controlId, raw, repeat } = item;
  const started = systemClock.elapsedMs();
  const about = { file, message, repeat };
  const empty = { code: '', controlId: printable(controlId), errors: [] };
  const ms = (): number => Math.round((systemClock.elapsedMs() - started) * 10) / 10;
  try {
    if (asksForNone(raw)) {
      await link.post(raw);
      return { ...about, ...empty, ms: ms(), note: 'no answer asked for (MSH-15, MSH-16)' };
    }
    const answer = readAnswer(await link.send(raw));
    return { ...about, ...answer, controlId: printable(controlId), ms: ms() };
  } catch (thrown) {
    return { ...about, ...empty, ms: ms(), note: asGatewayError(thrown).message };
  }
}

/** Enhanced mode with neither answer: MSH-15 and MSH-16 both `NE`. */
function asksForNone(raw: Uint8Array): boolean {
  return headerField(raw, 15) === 'NE' && headerField(raw, 16) === 'NE';
}

interface Sum {
  readonly sent: number;
  readonly accepted: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** The receiver closed, and took no new connection. */
  readonly notSent: number;
  /** Repeats whose answer had another code than the first. */
  readonly answeredOtherwise: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

function sumOf(outcomes: readonly Outcome[], wanted: number): Sum {
  const codes: Record<string, number> = {};
  for (const { code } of outcomes) if (code !== '') codes[code] = (codes[code] ?? 0) + 1;
  const unasked = outcomes.filter(
    ({ note }) => note?.startsWith('no answer asked') === true,
  ).length;
  const times = outcomes.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const first = new Map<string, string>();
  let answeredOtherwise = 0;
  for (const { file, message, repeat, code } of outcomes.toSorted(
    (a, b) => Number(a.repeat) - Number(b.repeat),
  )) {
    const key = `${file}\n${message}`;
    if (!repeat) first.set(key, code);
    else if (first.get(key) !== code) answeredOtherwise += 1;
  }
  return {
    sent: outcomes.length,
    accepted: (codes['AA'] ?? 0) + (codes['CA'] ?? 0) + unasked,
    codes,
    unanswered: outcomes.filter(({ code }) => code === '').length - unasked,
    notSent: wanted - outcomes.length,
    answeredOtherwise,
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    longestMs: times.at(-1) ?? 0,
  };
}

function outcomeLine({ code, controlId, errors, ms, note, repeat }: Outcome): string {
  const parts = [(code || '--').padEnd(2), (controlId || '(no MSH-10)').padEnd(20), `${ms} ms`];
  for (const error of errors) {
    parts.push(`ERR ${error.code || '(no code)'}${error.location && ` at ${error.location}`}`);
  }
  if (note !== undefined) parts.push(note);
  if (repeat) parts.push('(again)');
  return parts.join('  ');
}

const reasons = {
  late: 'came too late',
  further: 'a second answer',
  unknown: 'to a control id that was not sent: MSA-2 must repeat MSH-10',
} as const;

function unawaitedLine({ code, controlId }: Answer, reason: keyof typeof reasons): string {
  return `${(code || '--').padEnd(2)}  ${printable(controlId).padEnd(20)}  ${reasons[reason]}`;
}

function sumLine(sum: Sum & { further: number; unawaited: number; seconds: number }): string {
  const codes = Object.entries(sum.codes).map(([code, count]) => `${count} ${code}`);
  return [
    `${sum.sent} sent in ${sum.seconds.toFixed(1)} s`,
    ...codes,
    ...(sum.unanswered > 0 ? [`${sum.unanswered} without an answer`] : []),
    ...(sum.notSent > 0 ? [`${sum.notSent} not sent: no connection any more`] : []),
    ...(sum.answeredOtherwise > 0 ? [`${sum.answeredOtherwise} answered otherwise again`] : []),
    ...(sum.further > 0 ? [`${sum.further} answered twice`] : []),
    ...(sum.unawaited > 0 ? [`${sum.unawaited} answers nobody waited for`] : []),
    `median ${sum.medianMs} ms, longest ${sum.longestMs} ms`,
  ].join(', ');
}

function rate(text: string): number {
  const value = Number(text.replace(/\/s$/, ''));
  if (value > 0 && value <= 100_000) return value;
  throw new InvalidArgumentError('messages a second, more than 0: 5, 0.5 or 20/s');
}
