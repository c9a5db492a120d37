/** The corpus run and the comparison as text for a terminal, as Markdown, and as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failures, outcomeLines, refusals, totals } from './corpus-run.ts';
import type { OutcomeLine, PlayedMessage } from './corpus-run.ts';
import { fhirText, type PlayedResource } from './fhir.ts';
import type { Comparison } from './oracles.ts';

/** Messages by trigger event and outcome; types that are not ADT share a line, for none of them is taken. */
export function runText(played: readonly PlayedMessage[]): string {
  const lines = outcomeLines(played);
  const shown = lines.filter(isAdt);
  const others = lines.filter((line) => !isAdt(line));
  const width = Math.max(0, ...shown.map(({ kind }) => kind.length));
  const rows = shown.map((line, index) => {
    const kind = line.kind === shown[index - 1]?.kind ? '' : line.kind;
    return `  ${kind.padEnd(width)}  ${count(line.count)}  ${line.outcome.padEnd(10)}  ${line.detail}`;
  });
  for (const detail of new Set(others.map(detailOf))) {
    const same = others.filter((line) => detailOf(line) === detail);
    const number = same.reduce((sum, line) => sum + line.count, 0);
    rows.push(`  ${'others'.padEnd(width)}  ${count(number)}  ${detail} (${same.length} kinds)`);
  }
  const sum = totals(played).map(([outcome, number]) => `${number} ${outcome}`);
  return [`${played.length} messages: ${sum.join(', ')}`, '', ...rows, ''].join('\n');
}

function isAdt({ kind }: Pick<OutcomeLine, 'kind'>): boolean {
  return kind === 'unreadable' || kind.startsWith('ADT');
}

function detailOf({ outcome, detail }: OutcomeLine): string {
  return `${outcome.padEnd(10)}  ${detail}`;
}

function count(number: number): string {
  return String(number).padStart(5);
}

/** The messages that were not taken, each with its reason. */
export function refusedText(played: readonly PlayedMessage[]): string {
  const lines = refusals(played.filter(isAdt)).map((line) => `  ${line}`);
  return ['Not taken, each with its reason:', ...lines, ''].join('\n');
}

/** How many fields each oracle was compared in, and why they differ. */
export function comparisonText(comparisons: readonly Comparison[]): string {
  const lines: string[] = [];
  for (const oracle of new Set(comparisons.map((one) => one.oracle))) {
    const own = comparisons.filter((one) => one.oracle === oracle);
    const different = own.filter(({ equal }) => !equal);
    const messages = new Set(own.map(({ message }) => message)).size;
    const byEvent = own.filter(({ by }) => by?.includes('.')).length;
    lines.push(
      `${oracle}: ${messages} messages, ${own.length} fields compared, ` +
        `${own.length - different.length} equal, ${different.length} different`,
      `       (ours by an event of the mapping in ${byEvent} of them, else by the field or the trigger)`,
    );
    const why = different.map(({ reason }) =>
      reason === undefined ? 'NOT EXPLAINED: a finding' : `${reason.id}: ${reason.sentence}`,
    );
    for (const sentence of new Set(why)) {
      lines.push(`${count(why.filter((one) => one === sentence).length)}  ${sentence}`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

/** One line a difference: theirs, ours, why. */
export function differencesMarkdown(comparisons: readonly Comparison[]): string {
  const rows = comparisons
    .filter(({ equal }) => !equal)
    .map(({ oracle, message, trigger, field, theirs, ours, by, reason }) =>
      [
        oracle,
        message,
        trigger,
        field,
        theirs ?? '–',
        ours === undefined ? '–' : `${ours} (${by ?? ''})`,
        reason?.sentence ?? '**not explained**',
      ]
        .map((cell) => cell.replaceAll('|', '\\|'))
        .join(' | '),
    );
  return [
    '| Oracle | Message | Trigger | Field | Theirs | Ours (said by) | Why |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n');
}

/** Writes `corpus.md` and `corpus.json` to a folder, which is made. */
export function writeReport(
  folder: string,
  played: readonly PlayedMessage[],
  comparisons: readonly Comparison[],
  fhir: { readonly played: readonly PlayedResource[]; readonly passedOver: readonly string[] } = {
    played: [],
    passedOver: [],
  },
): void {
  const fenced = (text: string): string => `\`\`\`\n${text.trimEnd()}\n\`\`\`\n`;
  const markdown = [
    '# Other people’s messages',
    '## By trigger event and outcome',
    fenced(runText(played)),
    '## Not taken',
    refusals(played)
      .map((line) => `- ${line}`)
      .join('\n'),
    ...(fhir.played.length === 0
      ? []
      : ['## FHIR, by type of resource', fenced(fhirText(fhir.played, fhir.passedOver))]),
    '## Beside other converters',
    comparisons.length === 0 ? 'No oracles were given.' : fenced(comparisonText(comparisons)),
    differencesMarkdown(comparisons),
  ].join('\n\n');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'corpus.md'), markdown);
  const json = {
    totals: Object.fromEntries(totals(played)),
    outcomes: outcomeLines(played),
    messages: played.map(({ name, kind, outcome, detail, answer }) => ({
      name,
      kind,
      outcome,
      detail,
      answer,
    })),
    fhir: fhir.played.map(({ name, kind, outcome, detail, answer, findings }) => ({
      name,
      kind,
      outcome,
      detail,
      answer,
      findings,
    })),
    failures: [...failures(played), ...failures(fhir.played)],
    comparisons,
  };
  writeFileSync(join(folder, 'corpus.json'), `${JSON.stringify(json, null, 2)}\n`);
}
