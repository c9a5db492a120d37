/** `hemgang journal import`: an export into an empty journal. */
import { loadConfig } from '../runtime/config.ts';
import { openExportSource } from '../runtime/journal/moves/export-source.ts';
import { move } from '../runtime/journal/moves/move.ts';
import { configuredTarget, sumLines, tellTables } from './journal-ends.ts';
import { answer, type QuestionOptions } from './question.ts';

/** @returns the exit code: 0 when all of it is there */
export async function journalImport(
  options: QuestionOptions & { readonly folder: string },
): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const source = await openExportSource(options.folder);
  const target = await configuredTarget(config);
  const tables = await move(source, target, tellTables());
  answer(options.json, { from: source.place, to: target.place, tables }, () => [
    `${source.place} is in ${target.place}`,
    ...sumLines(tables),
  ]);
  return 0;
}
