/**
 * Files that are whole or not there, on a server of somebody else: written under `<name>.tmp`, looked at, renamed. Names
 * and content are the same on every attempt, so what an attempt before this one has finished is left as it is.
 *
 * Several files are one set: all are written before the first is renamed, and the last of them completes it. Whoever waits
 * for that one has them all, and where it was not renamed nothing was handed over.
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
 * @returns how many it wrote: none where the last of them stood there, and so all of them did
 * @throws GatewayError delivery-failed (the last does not stand under its name), delivery-refused (the server will not have
 *   it), delivery-unknown (it may stand)
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
  const last = placed.at(-1);
  let renamed = 0;
  let isAtLast = false;
  try {
    // From the last, which says of all whether they were there.
    for (const file of placed.toReversed()) {
      const stands = await standing(files, file);
      if (stands !== 'same') missing.unshift({ ...file, stands });
      else if (file === last) return 0;
    }
    for (const { temporary, body } of missing) {
      await files.put(Buffer.from(body), temporary);
      const { size } = await files.stat(temporary);
      if (size !== body.length) throw new Incomplete();
    }
    for (const { path, temporary, stands } of missing) {
      // A rename does not write over a file (SFTP version 3); only ours have this name.
      if (stands === 'other') await files.delete(path);
      isAtLast = path === last?.path;
      await files.rename(temporary, path);
      renamed += 1;
    }
    return renamed;
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status !== undefined) {
      const leftovers = [
        ...missing.slice(0, renamed).map(({ path }) => path),
        ...missing.slice(renamed).map(({ temporary }) => temporary),
      ];
      await Promise.allSettled(leftovers.map((path) => files.delete(path, true)));
    }
    // What the server answered did not happen; without an answer to the last rename nobody knows.
    throw failed(isAtLast && status === undefined, thrown, status, stopped());
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
