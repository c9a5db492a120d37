/** The last words of `npm test`: what was skipped because a server is missing, and how to get it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Skip {
  readonly what: string;
  readonly need: string;
  readonly next: string;
}

/** Called by vitest before all tests; what it gives back is called after them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-skipped-'));
  const report = join(folder, 'report');
  writeFileSync(report, '');
  process.env['HEMGANG_SKIPPED_REPORT'] = report;
  return () => {
    const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean);
    rmSync(folder, { recursive: true });
    const text = reportOf(lines.map((line): Skip => JSON.parse(line)));
    if (text !== '') process.stderr.write(`\n${text}\n`);
  };
}

/** One block a missing server; empty where nothing was skipped. */
export function reportOf(skips: readonly Skip[]): string {
  const needs = [...new Set(skips.map(({ need }) => need))];
  return needs
    .map((need) => {
      const those = skips.filter((skip) => skip.need === need);
      const whats = [...new Set(those.map(({ what }) => `    ${what}`))].toSorted();
      return [`SKIPPED, for there is no ${need}:`, ...whats, `  next: ${those[0]?.next}`].join(
        '\n',
      );
    })
    .join('\n');
}
