/**
 * Files that are whole or not there: written under a hidden name in the same folder, synced, renamed, and the folder
 * synced. The name is the same on every attempt, so a repeat writes over itself.
 */
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { assert, GatewayError } from '../../gateway/errors.ts';
import type { Rendered } from '../adapter.ts';

/**
 * Drops all parts of a rendered message in a folder; resolves when they are on the disk under their names.
 * A part's name may have folders of its own (`2022-03/…`).
 * @throws GatewayError delivery-failed (nothing stands under its name), delivery-unknown (some of it may)
 */
export async function dropFiles(
  folder: string,
  parts: Rendered['parts'],
  signal: AbortSignal,
): Promise<void> {
  assert(parts.length > 0 && parts.length <= 16, 'a drop has 1 to 16 files');
  const files = parts.map(({ name, body, encoding }) => ({
    ...placeOf(folder, name),
    body: encoding === undefined ? body : Buffer.from(body, encoding),
  }));
  const folders = new Set(files.map(({ path }) => dirname(path)));
  let renamed = 0;
  try {
    for (const inner of folders) await makeFolder(inner);
    for (const { hidden, body } of files) await writeSynced(hidden, body);
    signal.throwIfAborted();
    for (const { hidden, path } of files) {
      await rename(hidden, path);
      renamed += 1;
    }
    for (const inner of folders) await syncFolder(inner);
  } catch (thrown) {
    await Promise.allSettled(files.map(({ hidden }) => unlink(hidden)));
    throw failed(thrown, renamed > 0);
  }
}

const safeSegment = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

function placeOf(folder: string, name: string): { path: string; hidden: string } {
  const segments = name.split('/');
  assert(
    segments.length <= 3 && segments.every((segment) => safeSegment.test(segment)),
    'a file name of a drop is plain',
  );
  const path = join(folder, ...segments);
  return { path, hidden: join(dirname(path), `.${segments.at(-1)}.part`) };
}

/** Writes a file for its owner alone; resolves when its content is on the disk. A text is written in UTF-8. */
export async function writeSynced(path: string, body: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(body, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder and syncs every folder that got a new entry by it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const made = relative(dirname(first), resolve(folder)).split(/[/\\]/).length;
  let entry = resolve(folder);
  for (let level = 0; level < made; level += 1) {
    entry = dirname(entry);
    await syncFolder(entry);
  }
}

/** What was made, renamed or removed in a folder is on the disk when this resolves. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text names the system's code alone: a path may hold a name. */
function failed(thrown: unknown, someRenamed: boolean): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
      ? thrown.code
      : 'ABORTED';
  return someRenamed
    ? new GatewayError('delivery-unknown', `file drop: not synced (${code})`, { cause: thrown })
    : new GatewayError('delivery-failed', `file drop: not written (${code})`, { cause: thrown });
}
