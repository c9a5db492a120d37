/** `hemgang conformance wire`: the wire suite against any receiver. */
import { isUtf8 } from 'node:buffer';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { splitMessages } from '../../adapters/inbound/hl7v2/batch.ts';
import type { WritableCharset } from '../../adapters/inbound/hl7v2/message/reencode.ts';
import { Bench } from '../conformance/wire/bench.ts';
import type { WireCase } from '../conformance/wire/case.ts';
import { wireCases } from '../conformance/wire/index.ts';
import {
  countsOf,
  renderJUnit,
  renderSummary,
  tableLine,
  type WireReport,
} from '../conformance/wire/report.ts';
import { mustFailed, runWireCases } from '../conformance/wire/run.ts';
import { MessageMaker, type TemplateOptions } from '../conformance/wire/test-message.ts';
import { systemClock } from '../runtime/clock.ts';
import { helpTexts } from './help.ts';
import { duration, targetOf, withTarget, wrong, type TargetOptions } from './wire-target.ts';

export interface ConformanceWireOptions extends TargetOptions {
  readonly message?: string;
  readonly sender?: NonNullable<TemplateOptions['sender']>;
  readonly processingId: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly idle: number;
  readonly only?: readonly string[];
  readonly list: boolean;
  readonly report?: readonly ReportForm[];
  readonly out: string;
  readonly json: boolean;
}

type ReportForm = 'json' | 'junit';

/** How long is waited where nothing should come; no longer than for an answer. */
const quietMs = 1000;

export function addConformanceWire(conformance: Command, setExit: (code: number) => void): void {
  withTarget(conformance.command('wire'))
    .description('try an MLLP receiver: framing, order, repeats, character sets, TLS and more')
    .option('--sender <MSH-3/MSH-4>', 'who sends, as the receiver knows it', senderOf)
    .option('--message <file>', 'send this message (with test data) instead of the own admission')
    .addOption(new Option('--processing-id <id>', 'MSH-11').choices(['T', 'D', 'P']).default('T'))
    .addOption(
      new Option('--timeout <time>', 'how long an answer may take: 500ms, 5s')
        .argParser(duration)
        .default(5000, '5s'),
    )
    .addOption(
      new Option('--idle <time>', 'how long the case idle says nothing')
        .argParser(duration)
        .default(3000, '3s'),
    )
    .option('--only <names...>', 'run these cases alone (and plain)')
    .option('--list', 'show the cases and what each expects; sends nothing', false)
    .option('--report <forms>', 'also write junit, json or both: junit,json', reportForms)
    .option('--out <folder>', 'where the reports go', 'conformance')
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', helpTexts.conformanceWire)
    .action(async (options: ConformanceWireOptions) => {
      setExit(await conformanceWire(options, (line) => process.stdout.write(`${line}\n`)));
    });
}

/** Runs the suite. @returns the exit code: 1 when a `must` failed */
export async function conformanceWire(
  options: ConformanceWireOptions,
  print: (line: string) => void,
): Promise<number> {
  const cases = chosen(options.only);
  if (options.list) {
    print(options.json ? JSON.stringify(cases, null, 2) : listOf(cases));
    return 0;
  }
  const { report: forms = [], timeout: timeoutMs, idle: idleMs, processingId } = options;
  const target = targetOf(options);
  const at = systemClock.now();
  const messages = new MessageMaker({
    ...templateOf(options.message),
    ...(options.sender !== undefined && { sender: options.sender }),
    processingId,
    now: at,
  });
  const waits = { timeoutMs, idleMs, quietMs: Math.min(quietMs, timeoutMs) };
  const bench = new Bench({ target, ...waits }, messages);
  const results = await runWireCases(bench, cases, (result) => {
    if (!options.json) print(tableLine(result));
  });
  const report: WireReport = {
    receiver: `${target.tls === undefined ? 'mllp' : 'mllps'}://${target.host}:${target.port}`,
    at,
    processingId,
    counts: countsOf(results),
    mustFailed: mustFailed(results),
    cases: results,
  };
  print(options.json ? JSON.stringify(report, null, 2) : renderSummary(results));
  for (const form of forms) write(options.out, form, report);
  if (forms.length > 0 && !options.json) print(`reports in ${options.out}`);
  return report.mustFailed ? 1 : 0;
}

/** @throws GatewayError configuration-invalid for a name that no case has */
function chosen(only: readonly string[] | undefined): readonly WireCase[] {
  if (only === undefined) return wireCases;
  const unknown = only.find((name) => wireCases.every((one) => one.name !== name));
  if (unknown !== undefined) {
    throw wrong(`--only ${unknown}: there is no such case; --list shows them`);
  }
  return wireCases.filter(({ name }) => name === 'plain' || only.includes(name));
}

function listOf(cases: readonly WireCase[]): string {
  return cases
    .map(({ name, level, does, expects, reference }) =>
      [
        `${name} (${level})`,
        `  it       ${does}`,
        `  expects  ${expects}`,
        `  see      ${reference}`,
      ].join('\n'),
    )
    .join('\n');
}

/** @throws GatewayError configuration-invalid for a file that is not one message in the usual separators */
function templateOf(file: string | undefined): { text?: string; charset: WritableCharset } {
  if (file === undefined) return { charset: '8859/1' };
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    throw wrong(`--message ${file}: cannot be read; give the path of one message`);
  }
  const [message, ...more] = splitMessages(bytes).messages;
  if (message === undefined || more.length > 0) throw wrong(`--message ${file}: not one message`);
  const utf8 = isUtf8(message);
  const text = Buffer.from(message)
    .toString(utf8 ? 'utf8' : 'latin1')
    .replace(/^\ufeff/, '')
    .replace(/\r\n|\n/g, '\r');
  if (!text.startsWith('MSH|^~\\&|')) {
    throw wrong(`--message ${file}: the suite needs the usual separators, MSH|^~\\&|`);
  }
  const declared = text.slice(0, text.indexOf('\r')).split('|')[17] ?? '';
  const charset = /UTF-8/.test(declared) || (utf8 && declared === '') ? 'UNICODE UTF-8' : '8859/1';
  return { text: text.endsWith('\r') ? text : `${text}\r`, charset };
}

function write(folder: string, form: ReportForm, report: WireReport): void {
  const [name, text] =
    form === 'junit'
      ? ['wire.junit.xml', renderJUnit(report)]
      : ['wire.json', `${JSON.stringify(report, null, 2)}\n`];
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), text);
  } catch {
    throw wrong(`--out ${folder}: ${name} cannot be written there`);
  }
}

function senderOf(text: string): { application: string; facility: string } {
  const [, application, facility] = /^([^/|^~\\&]+)\/([^/|^~\\&]*)$/.exec(text) ?? [];
  if (application !== undefined && facility !== undefined) return { application, facility };
  throw new InvalidArgumentError('MSH-3 and MSH-4 with a slash between: EKLIDEN-PAS/EKLIDEN');
}

function reportForms(text: string): ReportForm[] {
  const forms = text.split(',');
  const known = forms.filter((form): form is ReportForm => form === 'json' || form === 'junit');
  if (known.length === forms.length) return known;
  throw new InvalidArgumentError('junit, json or junit,json');
}
