/** `hemgang listen`: a receiver for whoever builds a sender; shows what comes, answers as told. */
import { isAscii, isUtf8 } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  isMessage,
  startReceiver,
  type ReceiverAnswer,
} from '../../adapters/simulated/receiver.ts';
import { headerField, printable } from '../../adapters/wire/mllp-answer.ts';
import { systemClock } from '../runtime/clock.ts';
import { helpTexts } from './help.ts';
import { duration, pem, upTo, wrong } from './wire-target.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly answer: ReceiverAnswer;
  readonly tls: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly out?: string;
  /** Ends after so many messages. */
  readonly count?: number;
  readonly json: boolean;
}

export function addListen(program: Command, setExit: (code: number) => void): void {
  program
    .command('listen')
    .description('receive messages by MLLP, show one line of each, answer as told')
    .requiredOption('--port <n>', 'listen on this port; 0 for any free one', port)
    .option('--host <host>', 'listen on this address; 0.0.0.0 for all', '127.0.0.1')
    .addOption(
      new Option('--answer <answer>', 'AA, AE, AR, CA, CE, CR, none, late:5s, wrong-id or close')
        .argParser(answerOf)
        .default(answerOf('AA'), 'AA'),
    )
    .option('--tls', 'over TLS; needs --cert and --key', false)
    .option('--cert <file>', 'PEM: our certificate')
    .option('--key <file>', 'PEM: its key')
    .option('--ca <file>', 'PEM: who signs the certificates of clients; a client must have one')
    .option('--out <folder>', 'keep every message there as a file (they hold personal data)')
    .option('--count <n>', 'end after so many messages', upTo(1_000_000_000))
    .option('--json', 'print JSON, one object a line', false)
    .addHelpText('after', helpTexts.listen)
    .action(async (options: ListenOptions) => {
      const stop = new AbortController();
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
      setExit(await listen(options, (line) => process.stdout.write(`${line}\n`), stop.signal));
    });
}

/** Receives until `stop`, or until the count is reached. @returns the exit code */
export async function listen(
  options: ListenOptions,
  print: (line: string) => void,
  stop: AbortSignal,
): Promise<number> {
  const tls = tlsOf(options);
  const tell = (value: object, text: string): void =>
    print(options.json ? JSON.stringify(value) : text);
  if (options.out !== undefined) mkdirSync(options.out, { recursive: true, mode: 0o700 });
  let received = 0;
  let finish = (): void => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  const receiver = await startReceiver({
    host: options.host,
    port: options.port,
    answer: options.answer,
    ...(tls !== undefined && { tls }),
    onMessage: (raw) => {
      received += 1;
      const message = describe(raw);
      tell(message, lineOf(message));
      if (options.out !== undefined) keep(options.out, received, raw);
      // The answer leaves before the end.
      if (received === options.count) setTimeout(finish, graceMs(options.answer));
    },
    onRemark: (remark) => tell({ remark }, remark),
  }).catch((thrown: unknown) => {
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
    const next =
      reason === 'EADDRINUSE' ? ': it is in use; take another, or 0 for any free one' : '';
    throw wrong(`--port ${options.port}: cannot listen on ${options.host} (${reason})${next}`);
  });
  const { host, port: bound } = receiver;
  const listening = `listening on ${tls === undefined ? 'mllp' : 'mllps'}://${host}:${bound}`;
  tell({ listening: { host, port: bound } }, listening);
  await ended;
  await receiver.close();
  tell({ received }, `${received} received`);
  return 0;
}

function graceMs(answer: ReceiverAnswer): number {
  return answer.kind === 'late' ? answer.ms + 100 : 100;
}

interface Described {
  readonly time: string;
  readonly type: string;
  readonly controlId: string;
  readonly bytes: number;
  /** MSH-18, and beside it what the bytes are where they are something else. */
  readonly charset: string;
}

function describe(raw: Uint8Array): Described {
  const readable = isMessage(raw);
  return {
    time: systemClock.now(),
    type: readable ? printable(headerField(raw, 9)) : 'no MSH: not answered',
    controlId: readable ? printable(headerField(raw, 10)) : '',
    bytes: raw.length,
    charset: readable ? charsetSeen(printable(headerField(raw, 18)), raw) : '',
  };
}

/** What the bytes are, where MSH-18 says something else or nothing. */
function charsetSeen(declared: string, raw: Uint8Array): string {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const name = declared === '' ? 'no MSH-18' : declared;
  if (isAscii(buffer)) return name;
  const saysUtf8 = /UTF-8/.test(declared);
  if (isUtf8(buffer)) return saysUtf8 ? name : `${name} (the bytes are UTF-8)`;
  return saysUtf8 || /^(ASCII)?$/.test(declared)
    ? `${name} (the bytes are 8-bit, not UTF-8)`
    : name;
}

function lineOf({ time, type, controlId, bytes, charset }: Described): string {
  const id = controlId === '' ? '(no MSH-10)' : controlId;
  return [time, type.padEnd(15), id.padEnd(20), `${bytes} bytes`, charset].join('  ').trimEnd();
}

/** The file's name is made of a number and the letters of the control id alone. */
function keep(folder: string, number: number, raw: Uint8Array): void {
  const id = headerField(raw, 10)
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, 60);
  const name = `${String(number).padStart(6, '0')}${id === '' ? '' : `-${id}`}.hl7`;
  writeFileSync(join(folder, name), raw, { mode: 0o600 });
}

/** @throws GatewayError configuration-invalid for a certificate without its key, or TLS files without --tls */
function tlsOf({ tls, cert, key, ca }: ListenOptions): TlsOptions | undefined {
  if (!tls) {
    if (cert ?? key ?? ca) throw wrong('--cert, --key and --ca are for TLS: add --tls');
    return undefined;
  }
  if (cert === undefined || key === undefined) throw wrong('--tls needs --cert and --key');
  return {
    minVersion: 'TLSv1.2',
    cert: pem('--cert', cert),
    key: pem('--key', key),
    ...(ca !== undefined && {
      ca: pem('--ca', ca),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  };
}

const codes = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'] as const;

/** `AA`, `none`, `late:5s`, … as typed. */
export function answerOf(text: string): ReceiverAnswer {
  const code = codes.find((known) => known === text.toUpperCase());
  if (code !== undefined) return { kind: 'code', code };
  if (text === 'none' || text === 'close' || text === 'wrong-id') return { kind: text };
  if (text.startsWith('late:')) return { kind: 'late', ms: duration(text.slice('late:'.length)) };
  throw new InvalidArgumentError(`one of ${codes.join(', ')}, none, late:5s, wrong-id, close`);
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('a port from 0 to 65535');
}
