/** The program that runs: where its files lie, and its version. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../data-files.ts';

export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  );
  return version;
}

/** SHA-256 in hex of the program's own code as it is installed: names and content of its files, in their order. */
export function programDigest(): string {
  const top = resolve(import.meta.dirname, '../..');
  const digest = createHash('sha256');
  for (const room of ['adapters', 'gateway', 'mappings', 'profiles']) {
    const folder = join(top, room);
    if (!existsSync(folder)) continue;
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((one) => /\.[jt]s$/.test(one)).sort()) {
      if (name.includes('node_modules')) continue;
      digest.update(JSON.stringify([room, name, readFileSync(join(folder, name), 'utf8')]));
    }
  }
  return digest.digest('hex');
}
