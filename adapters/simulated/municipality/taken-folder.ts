/** A folder that a simulated system empties: each file is read when it is whole, and then it is gone from there. */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface TakenFolder {
  close(): Promise<void>;
}

const everyMs = 100;

/**
 * Begins to empty a folder, and makes it where it is not.
 * @param take called with each file; false leaves it where it is
 */
export async function emptyFolder(
  folder: string,
  take: (name: string, content: string) => Promise<boolean> | boolean,
): Promise<TakenFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let isClosing = false;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const name of await readdir(folder).catch(() => [])) {
      // Hidden and half-written ones are not whole yet.
      if (isClosing || name.startsWith('.') || name.endsWith('.tmp')) continue;
      const path = join(folder, name);
      if (!(await stat(path)).isFile()) continue;
      if (await take(name, await readFile(path, 'utf8'))) await rm(path, { force: true });
    }
  };
  const timer = setInterval(() => {
    // A file that went while it was looked at is none of ours.
    looking = looking.then(look).catch(() => undefined);
  }, everyMs);
  return {
    async close() {
      isClosing = true;
      clearInterval(timer);
      await looking;
    },
  };
}

/** A file that is whole at once, as systems agree to leave them. */
export async function leaveFile(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, `.${name}`), content, { mode: 0o600 });
  await rename(join(folder, `.${name}`), join(folder, name));
}
