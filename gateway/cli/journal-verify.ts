/** `hemgang journal verify`: whether a journal holds together, and whether another holds the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contentOfStored } from '../../adapters/inbound/fhir/index.ts';
import { loadConfig } from '../runtime/config.ts';
import { openEmbeddedSource } from '../runtime/journal/moves/embedded-source.ts';
import type { JournalSource, Source } from '../runtime/journal/moves/ends.ts';
import { openExportSource } from '../runtime/journal/moves/export-source.ts';
import { manifestFile } from '../runtime/journal/moves/manifest.ts';
import { differences, sumsOf, type Difference } from '../runtime/journal/moves/move.ts';
import { openPostgresSource } from '../runtime/journal/moves/postgres-source.ts';
import { most, verify, type Checked } from '../runtime/journal/moves/verify.ts';
import {
  configuredSource,
  tellTables,
  typedDatabase,
  type DatabaseOptions,
} from './journal-ends.ts';
import { answer, type QuestionOptions } from './question.ts';

export interface VerifyOptions extends DatabaseOptions {
  readonly against?: string;
}

/** @returns the exit code: 0 when nothing is off and nothing differs */
export async function journalVerify(options: QuestionOptions & VerifyOptions): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const source = await configuredSource(config);
  try {
    const off = await verify(source, (_kind, raw) => contentOfStored(raw), tellTables());
    const compared =
      options.against === undefined ? undefined : await compare(source, options.against, options);
    const isWell = off.length === 0 && (compared?.differences.length ?? 0) === 0;
    answer(
      options.json,
      { journal: source.place, isWell, off, ...(compared && { compared }) },
      () => [
        ...off.flatMap(offLines),
        ...(compared === undefined ? [] : comparedLines(compared)),
        ...(off.length === 0 ? [`${source.place} holds together`] : []),
      ],
    );
    return isWell ? 0 : 1;
  } finally {
    await source.close();
  }
}

interface Compared {
  readonly against: string;
  readonly differences: readonly Difference[];
}

async function compare(
  source: JournalSource,
  against: string,
  options: DatabaseOptions,
): Promise<Compared> {
  const other = await sourceAt(against, options);
  try {
    const [here, there] = [await sumsOf(source, tellTables()), await sumsOf(other, tellTables())];
    return { against: other.place, differences: differences(here, there) };
  } finally {
    await other.close();
  }
}

async function sourceAt(against: string, options: DatabaseOptions): Promise<Source> {
  if (/^postgres(ql)?:/.test(against)) {
    return await openPostgresSource(typedDatabase('--against', against, options));
  }
  return existsSync(join(against, manifestFile))
    ? await openExportSource(against)
    : openEmbeddedSource(against);
}

function offLines({ what, count, ids }: Checked): readonly string[] {
  const many = count >= most ? `${most} or more` : String(count);
  const rest = count > ids.length ? ' …' : '';
  return [`${what}: ${many}`, `  ${ids.join(' ')}${rest}`];
}

function comparedLines({ against, differences: found }: Compared): readonly string[] {
  if (found.length === 0) return [`${against} holds the same`];
  return found.map(({ table, here, there }) => {
    const counts = `${here ?? 'no table'} here, ${there ?? 'no table'} there`;
    return here === there
      ? `${table}: as many rows, ${counts}, and other content`
      : `${table}: ${counts}`;
  });
}
