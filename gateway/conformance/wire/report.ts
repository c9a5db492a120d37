/** The result of a run of the wire suite, for people and for build servers. */
import type { Verdict } from './case.ts';
import type { CaseResult } from './run.ts';

export interface WireReport {
  readonly receiver: string;
  /** ISO 8601. */
  readonly at: string;
  readonly processingId: string;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly mustFailed: boolean;
  readonly cases: readonly CaseResult[];
}

export function countsOf(results: readonly CaseResult[]): Record<Verdict, number> {
  const counts = { passed: 0, failed: 0, 'differs-allowed': 0, skipped: 0 };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** One line of the table. */
export function tableLine({ verdict, level, name, seen }: CaseResult): string {
  const word = verdict === 'failed' ? 'FAILED' : verdict;
  return [word.padEnd(15), level.padEnd(6), name.padEnd(26), seen].join('  ');
}

/** What failed, with what was done and expected, and the sum. */
export function renderSummary(results: readonly CaseResult[]): string {
  const failures = results
    .filter(({ verdict }) => verdict === 'failed')
    .flatMap(({ name, level, does, expects, reference, seen }) => [
      `${name} (${level})`,
      `  it       ${does}`,
      `  expects  ${expects}`,
      `  saw      ${seen}`,
      `  see      ${reference}`,
      '',
    ]);
  const counts = Object.entries(countsOf(results)).filter(([, count]) => count > 0);
  return ['', ...failures, counts.map(([name, count]) => `${count} ${name}`).join(', ')].join('\n');
}

/** JUnit XML: a failed `must` is a failure, a failed `should` is told in system-out. */
export function renderJUnit({ receiver, at, cases }: WireReport): string {
  const failures = cases.filter(isFailure).length;
  const skips = cases.filter(({ verdict }) => verdict === 'skipped').length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const total = cases.reduce((sum, { ms }) => sum + ms, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="hemgang conformance wire" hostname="${escape(receiver)}" timestamp="${at.slice(0, 19)}" ` +
      `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skips}" time="${seconds(total)}">`,
    ...cases.map((one) => {
      const head = `  <testcase classname="wire.${one.level}" name="${escape(one.name)}" time="${seconds(one.ms)}"`;
      const inner = innerOf(one);
      return inner === '' ? `${head}/>` : `${head}>${inner}</testcase>`;
    }),
    '</testsuite>',
    '',
  ].join('\n');
}

function isFailure({ verdict, level }: CaseResult): boolean {
  return verdict === 'failed' && level === 'must';
}

function innerOf(one: CaseResult): string {
  const { verdict, seen, does, expects, reference } = one;
  if (verdict === 'passed') return '';
  if (verdict === 'skipped') return `<skipped message="${escape(seen)}"/>`;
  if (!isFailure(one)) return `<system-out>${escape(`${verdict}: ${seen}`)}</system-out>`;
  const text = escape(`it ${does}; expected: ${expects}; ${reference}`);
  return `<failure message="${escape(seen)}">${text}</failure>`;
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replace(/[&<>"]/g, (found) => `&${names[found] ?? ''};`);
}
