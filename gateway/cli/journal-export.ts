/** `hemgang journal export`: the whole journal as files. */
import { systemClock } from '../runtime/clock.ts';
import { loadConfig } from '../runtime/config.ts';
import { openExportTarget } from '../runtime/journal/moves/export-target.ts';
import { move } from '../runtime/journal/moves/move.ts';
import { configuredSource, sumLines, tellTables } from './journal-ends.ts';
import { answer, type QuestionOptions } from './question.ts';

/** @returns the exit code: 0 when all of it was written */
export async function journalExport(
  options: QuestionOptions & { readonly out: string },
): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const source = await configuredSource(config);
  try {
    const target = openExportTarget(options.out, source, systemClock.now());
    const tables = await move(source, target, tellTables());
    answer(options.json, { from: source.place, to: options.out, tables }, () => [
      `${source.place} is in ${options.out}`,
      ...sumLines(tables),
      'It holds personal data of patients: keep it as the journal itself. Only this user may read it.',
    ]);
    return 0;
  } finally {
    await source.close();
  }
}
