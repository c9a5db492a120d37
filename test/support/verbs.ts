/** Verbs of the command line in this process, on the data folder of a gateway that may be running. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { vi } from 'vitest';

/** What a verb came to, and what it printed with --json. */
export interface Printed {
  readonly code: number;
  readonly json: ReturnType<typeof JSON.parse>;
}

/** A verb with --json. */
export async function verb<O extends object>(
  run: (options: O & { config: undefined; json: true; flags: { data: string } }) => Promise<number>,
  folder: string,
  options: O,
): Promise<Printed> {
  const flags = { data: folder };
  const { code, text } = await printed(() =>
    run({ ...options, config: undefined, json: true, flags }),
  );
  return { code, json: JSON.parse(text) };
}

/** What a verb prints for people. */
export async function printed(
  run: () => Promise<number>,
): Promise<{ readonly code: number; readonly text: string }> {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const code = await run();
    return { code, text: String(spy.mock.calls.at(-1)?.[0]) };
  } finally {
    spy.mockRestore();
  }
}

export interface Audited {
  readonly who: string;
  readonly what: string;
  readonly about: string;
  readonly reason: string | null;
}

export function auditOf(folder: string): readonly Audited[] {
  const db = new DatabaseSync(join(folder, 'hemgang.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT who, what, about, reason FROM audit ORDER BY sequence').all();
  db.close();
  return rows as Audited[];
}
