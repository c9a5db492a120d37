/**
 * The program, built once for the run of the tests from the sources as they are. Processes and workers that tests start
 * run from it: to compile at every start takes longer than most tests.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

const root = resolve(import.meta.dirname, '..', '..');
/** Where the run has it; handed to the test processes. */
const variable = 'HEMGANG_TEST_PROGRAM';
/** What lies beside `dist` where the program is installed. */
const beside = ['package.json', 'node_modules', 'adapters', 'mappings', 'profiles', 'test'];

/** Called by vitest before all tests; what it gives back is called after them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hemgang-program-')));
  for (const name of beside) symlinkSync(join(root, name), join(folder, name));
  const program = join(folder, 'dist');
  await build(program);
  project.onTestsRerun(() => build(program));
  process.env[variable] = program;
  return () => rmSync(folder, { recursive: true });
}

/** Types are not checked here: `npm run check` does. @throws Error with what the compiler said */
async function build(program: string): Promise<void> {
  rmSync(program, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', program];
  await promisify(execFile)(process.execPath, [tsc, ...args], { cwd: root }).catch(
    (thrown: unknown) => {
      const said = typeof thrown === 'object' && thrown && 'stdout' in thrown ? thrown.stdout : '';
      throw new Error(`the program does not build\n${String(said)}`, { cause: thrown });
    },
  );
}

/** @param source a file of the project, `gateway/cli.ts`. @returns where it is built, to be run by `node` */
export function builtFile(source: string): string {
  const program = process.env[variable];
  if (program === undefined) throw new Error('the program is built by vitest: run `npm test`');
  return join(program, relative(root, resolve(root, source)).replace(/\.ts$/, '.js'));
}
