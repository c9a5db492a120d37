/** The program that runs: where its files lie, and its version. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder with package.json: above gateway/ in the sources, above dist/gateway/ when built. */
export function packageRoot(): string {
  const here = import.meta.dirname;
  return resolve(here, here.includes(join('dist', 'gateway')) ? '../../..' : '../..');
}

export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  );
  return version;
}
