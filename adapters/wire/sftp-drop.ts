/**
 * Files that are whole or not there, on a server of somebody else: written under `<name>.tmp`, looked at, renamed. Names
 * and content are the same on every attempt, so what an attempt before this one has finished is left as it is.
 */
import { posix } from 'node:path';
import { assert, GatewayError } from '../../gateway/errors.ts';
import type { StopReason } from './kept-connection.ts';
import type { SftpLink } from './sftp-link.ts';

export interface SftpFile {
  readonly name: string;
  readonly body: Uint8Array;
}

interface Placed {
  readonly path: string;
  readonly temporary: string;
  readonly body: Uint8Array;
}

const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/**
 * Puts files in a folder; resolves when the server has confirmed the last rename. They appear in the order given.
 * @param stopped why the work was stopped, where it was
 * @returns how many it wrote: none where all of them stood there
 * @throws GatewayError delivery-failed (nothing stands under its name), delivery-refused (the server will not have it),
 *   delivery-unknown (some of it may stand)
 */
export async function dropBySftp(
  { files }: SftpLink,
  folder: string,
  drop: readonly SftpFile[],
  stopped: () => StopReason | undefined,
): Promise<number> {
  assert(drop.length > 0 && drop.length <= 16, 'a drop has 1 to 16 files');
  const placed = drop.map(({ name, body }): Placed => {
    assert(safeName.test(name) && body.length > 0, 'a file of a drop has a plain name and a body');
    const path = posix.join(folder, name);
    return { path, temporary: `${path}.tmp`, body };
  });
  const missing: (Placed & { readonly stands: Standing })[] = [];
  let renaming = false;
  let renamed = 0;
  try {
    for (const file of placed) {
      const stands = await standing(files, file);
      if (stands === 'same') continue;
      missing.push({ ...file, stands });
      await files.put(Buffer.from(file.body), file.temporary);
      const { size } = await files.stat(file.temporary);
      if (size !== file.body.length) throw new Incomplete();
    }
    for (const { path, temporary, stands } of missing) {
      // A rename does not write over a file (SFTP version 3); only ours have this name.
      if (stands === 'other') await files.delete(path);
      renaming = true;
      await files.rename(temporary, path);
      renaming = false;
      renamed += 1;
    }
    return renamed;
  } catch (thrown) {
    const status = statusOf(thrown);
    // What the server answered did not happen; without an answer to a rename nobody knows.
    const isUnknown = renamed > 0 || (renaming && status === undefined);
    if (status !== undefined) {
      const leftovers = missing
        .slice(renamed)
        .map(({ temporary }) => files.delete(temporary, true));
      await Promise.allSettled(leftovers);
    }
    throw failed(isUnknown, thrown, status, stopped());
  }
}

/** Whether a file stands under the name, and whether it is ours to the byte. */
type Standing = 'none' | 'same' | 'other';

async function standing(files: SftpLink['files'], { path, body }: Placed): Promise<Standing> {
  const found = await files.exists(path);
  if (found === false) return 'none';
  const { size } = await files.stat(path);
  if (size !== body.length) return 'other';
  const content = await files.get(path);
  return Buffer.isBuffer(content) && content.equals(body) ? 'same' : 'other';
}

/** The server answered that it wrote, and has less. */
class Incomplete extends Error {}

/** Status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7) that trying again does not change. */
const refusals: Readonly<Record<string, string>> = {
  2: 'no such folder',
  3: 'permission denied or read-only',
  8: 'not supported',
};
/** Everything else that a server has no code for comes as this: a full disk, a quota, a file that is locked. */
const failure = '4';

/** @returns the status the server answered with; undefined where it did not answer */
function statusOf(thrown: unknown): string | undefined {
  if (thrown instanceof Incomplete) return failure;
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  if (thrown.code === 'ENOENT') return '2';
  if (thrown.code === 'EACCES') return '3';
  // The client gives the status of an answer as a number, and its own codes as text.
  return typeof thrown.code === 'number' ? String(thrown.code) : undefined;
}

/** The text names codes alone: the library's own texts have paths in them. */
function failed(
  isUnknown: boolean,
  cause: unknown,
  status: string | undefined,
  stopped: StopReason | undefined,
): GatewayError {
  if (cause instanceof GatewayError) return cause;
  if (status === undefined) {
    const why = stopped ?? 'CLOSED';
    const [code, what] = isUnknown
      ? (['delivery-unknown', 'rename not confirmed'] as const)
      : (['delivery-failed', 'nothing was handed over'] as const);
    const detail = isUnknown || stopped === 'ABORTED' ? { standardCode: why } : {};
    return new GatewayError(code, `sftp: ${what} (${why})`, { cause, ...detail });
  }
  const standardCode = `SFTP ${status}`;
  const refusal = refusals[status];
  if (isUnknown) {
    return new GatewayError('delivery-unknown', `sftp: not all of it stands there (${status})`, {
      cause,
      standardCode,
    });
  }
  if (refusal === undefined) {
    const what = `sftp: the server could not write (status ${status}; full, perhaps)`;
    return new GatewayError('delivery-failed', what, { cause, standardCode });
  }
  return new GatewayError(
    'delivery-refused',
    `sftp: the server refuses to write (status ${status}, ${refusal})` +
      '\n  next: see that the folder is there and our user may read, write and rename in it, then resend',
    { cause, standardCode },
  );
}
