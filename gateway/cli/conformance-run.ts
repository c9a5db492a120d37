/** `hemgang conformance run`: what sample messages become, on the terminal and as reports in a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { htmlPage } from '../conformance/report/html.ts';
import { junitXml } from '../conformance/report/junit.ts';
import { placeOf } from '../conformance/result.ts';
import type { ConformanceReport, MessageResult } from '../conformance/result.ts';
import { runConformance } from '../conformance/run.ts';
import { answer, indented, plural, wrong } from './question.ts';
import { table, type Ink } from './timeline.ts';

export interface ConformanceRunOptions {
  readonly paths: readonly string[];
  readonly sender?: string | undefined;
  readonly mappings: readonly string[];
  readonly profiles: readonly string[];
  readonly report?: string | undefined;
  readonly out?: string | undefined;
  readonly json: boolean;
}

/** File name and content of each form of report. */
const reports: Readonly<Record<string, readonly [string, (report: ConformanceReport) => string]>> =
  {
    junit: ['conformance.xml', junitXml],
    html: ['conformance.html', htmlPage],
    json: ['conformance.json', (report) => `${JSON.stringify(report, null, 2)}\n`],
  };

/** @returns the exit code: 0 all is fine, 1 something failed */
export async function conformanceRun(options: ConformanceRunOptions): Promise<number> {
  const forms = formsOf(options);
  const report = await runConformance({ ...options, onProgress: tellProgress });
  const written = write(report, forms, options.out ?? 'conformance');
  answer(options.json, report, (ink) => lines(report, written, ink));
  return hasFailed(report) ? 1 : 0;
}

function hasFailed({ summary, stories, skipped }: ConformanceReport): boolean {
  return (
    skipped.length > 0 || summary.failed > 0 || stories.some(({ failures }) => failures.length > 0)
  );
}

/** @throws GatewayError configuration-invalid for a form there is not */
function formsOf({ report, out }: ConformanceRunOptions): readonly string[] {
  const forms = (report ?? (out === undefined ? '' : 'junit,html,json'))
    .split(',')
    .map((form) => form.trim())
    .filter(Boolean);
  const known = Object.keys(reports);
  const unknown = forms.find((form) => !known.includes(form));
  if (unknown !== undefined) throw wrong(`--report ${unknown}: there are ${known.join(', ')}`);
  return [...new Set(forms)];
}

function write(report: ConformanceReport, forms: readonly string[], folder: string): string[] {
  if (forms.length === 0) return [];
  try {
    mkdirSync(folder, { recursive: true });
    return forms.flatMap((form) => {
      const [name, render] = reports[form] ?? [];
      if (name === undefined || render === undefined) return [];
      const file = join(folder, name);
      writeFileSync(file, render(report));
      return [file];
    });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed';
    throw wrong(`--out ${folder}: cannot be written there (${code}); name another folder`);
  }
}

/** Only on a terminal, and only for what takes a while. */
function tellProgress(done: number, of: number): void {
  if (!process.stderr.isTTY || of < 500) return;
  if (done === of) process.stderr.write('\r\u001B[K');
  else if (done % 100 === 0) process.stderr.write(`\r${done} of ${of} files`);
}

// ---------------------------------------------------------------- for a terminal

const mostFailures = 20;
const mostPoints = 10;

function lines(report: ConformanceReport, written: readonly string[], ink: Ink): string[] {
  const { summary, kit, fingerprint, stories, framing, skipped, cases } = report;
  const failedStories = stories.filter(({ failures }) => failures.length > 0);
  return [
    `${plural(summary.messages, 'message')} in ${plural(summary.files, 'file')}, ${plural(cases.length, 'case')}`,
    '',
    ...triggerTable(summary, ink),
    ...section(ink.bold('Failed'), [
      ...report.messages
        .filter(({ failures }) => failures.length > 0)
        .slice(0, mostFailures)
        .flatMap((message) => failureLines(headOf(message), message.failures, ink)),
      ...more(summary.failed - mostFailures),
      ...failedStories.flatMap(({ file, failures }) => failureLines(file, failures, ink)),
    ]),
    ...section(ink.bold('To agree with the vendor'), [
      ...summary.toAgree
        .slice(0, mostPoints)
        .flatMap(({ what, why, messages, example }) => [
          `  ${what}`,
          ink.dim(`    ${why} (${plural(messages, 'message')}, such as ${example})`),
        ]),
      ...more(summary.toAgree.length - mostPoints),
    ]),
    ...section(ink.bold('In files'), [
      ...framing.slice(0, mostPoints).map(({ file, text }) => `  ${file}: ${text}`),
      ...more(framing.length - mostPoints),
    ]),
    ...section(
      ink.bold('Not read'),
      skipped.map(({ file, why }) => `  ${file}: ${why}`),
    ),
    ...section(
      ink.bold('Reports'),
      written.map((file) => `  ${file}`),
    ),
    '',
    ink.dim(
      `kit ${fingerprint.kit}: hemgang ${kit.hemgang}, mappings ${kit.mappings}, profiles ${kit.profiles}, ${kit.dictionary}`,
    ),
    ink.dim(`result ${fingerprint.result}`),
    '',
    verdict(report, failedStories.length, ink),
    ...nextStep(report, written),
  ];
}

const section = (title: string, content: readonly string[]): string[] =>
  content.length === 0 ? [] : ['', title, ...content];

const more = (count: number): string[] => (count > 0 ? [`  … and ${count} more`] : []);

function triggerTable({ byTrigger }: ConformanceReport['summary'], ink: Ink): string[] {
  const rows = byTrigger.map(({ kind, all, accepted, ignored, parked, refused }) => [
    kind,
    ...[all, accepted, ignored, parked, refused].map((count) =>
      count === 0 ? '·' : String(count),
    ),
  ]);
  const head = ['message', 'all', 'accepted', 'ignored', 'parked', 'refused'];
  return indented(table(head, rows, [1, 2, 3, 4, 5], ink), 2);
}

function headOf(message: MessageResult): string {
  const { kind, controlId } = message;
  return [placeOf(message), kind, controlId].filter((part) => part !== undefined).join('  ');
}

function failureLines(place: string, failures: MessageResult['failures'], ink: Ink): string[] {
  return [
    `  ${ink.bad('✗')} ${place}`,
    ...failures.map(({ at, text }) => `    ${text.startsWith(at) ? text : `${at}: ${text}`}`),
  ];
}

function verdict({ summary, stories }: ConformanceReport, failedStories: number, ink: Ink): string {
  const told =
    stories.length === 0
      ? ''
      : ` and ${plural(failedStories, 'story').replace('storys', 'stories')}`;
  if (summary.failed + failedStories === 0) return ink.good('✓ nothing failed');
  return ink.bad(`✗ ${plural(summary.failed, 'message')}${told} failed`);
}

function nextStep({ summary, messages }: ConformanceReport, written: readonly string[]): string[] {
  const unknown = messages.some(
    ({ error, failures }) => error?.code === 'unknown-sender' && failures.length > 0,
  );
  return [
    ...(unknown
      ? [
          'Next: write an overlay for the sender (--mappings DIR), or read it as one there is: --sender ID',
        ]
      : []),
    ...(summary.failed > 0 && written.length === 0
      ? [
          'Next: --report html --out DIR writes a page for the vendor; hemgang explain FILE shows one message',
        ]
      : []),
  ];
}
