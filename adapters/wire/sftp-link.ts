/**
 * One connection to an SFTP server whose host key was agreed on. A key is never accepted because it is new: whoever
 * stands between us and the receiver could show one, too.
 */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import SftpClient from 'ssh2-sftp-client';
import { GatewayError } from '../../gateway/errors.ts';
import { openSocket, type WireTarget } from './connect.ts';

export interface SftpTarget extends Pick<WireTarget, 'host' | 'port' | 'lookup'> {
  readonly user: string;
  /** How we prove who we are: a private key (OpenSSH or PEM, without a passphrase) or a password. */
  readonly proof: { readonly privateKey: string } | { readonly password: string };
  /** `SHA256:…` as `ssh-keygen -lf` prints it; two while the server's key is exchanged. */
  readonly hostKeys: readonly string[];
  /** For connecting, the host key and the login, each. */
  readonly timeoutMs: number;
}

export interface SftpLink {
  readonly files: SftpClient;
  isOpen(): boolean;
  destroy(): void;
}

/** @returns the fingerprint of a host key in the form of OpenSSH: `SHA256:` and base64 without its padding */
export function fingerprintOf(hostKey: Uint8Array): string {
  const digest = createHash('sha256').update(hostKey).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** Whether it is a private key that needs no passphrase (OpenSSH, PEM, PPK). */
export function isUsableKey(text: string): boolean {
  const key = ssh2.utils.parseKey(text);
  return !(key instanceof Error) && key.isPrivateKey();
}

/**
 * Connects, checks the host key, logs in.
 * @throws GatewayError delivery-failed (no connection, or another host key), delivery-refused (the login)
 */
export async function connectSftp(target: SftpTarget): Promise<SftpLink> {
  const { user, proof, hostKeys, timeoutMs } = target;
  const socket = await openSocket(target, timeoutMs);
  const ignore = (): void => undefined;
  const files = new SftpClient('hemgang', { error: ignore, end: ignore, close: ignore });
  let shown: { readonly fingerprint: string; readonly kind: string } | undefined;
  let level: unknown;
  let isAlive = true;
  files.on('close', () => (isAlive = false));
  files.on('end', () => (isAlive = false));
  files.on('error', (error: unknown) => {
    if (error instanceof Error && 'level' in error) level = error.level;
  });
  socket.once('end', () => socket.end());
  try {
    await files.connect({
      sock: socket,
      username: user,
      ...proof,
      readyTimeout: timeoutMs,
      hostVerifier: (key: Buffer) => {
        shown = { fingerprint: fingerprintOf(key), kind: kindOf(key) };
        return hostKeys.includes(shown.fingerprint);
      },
    });
  } catch (cause) {
    socket.destroy();
    if (shown !== undefined && !hostKeys.includes(shown.fingerprint)) throw otherHost(shown, cause);
    if (level === 'client-authentication') throw notLetIn(cause);
    throw new GatewayError('delivery-failed', 'sftp: no session came about', { cause });
  }
  return {
    files,
    isOpen: () => isAlive && !socket.destroyed,
    destroy: () => socket.destroy(),
  };
}

/**
 * Looks at a server's host key and leaves again: nobody logs in, nothing is sent.
 * @returns its fingerprint
 * @throws GatewayError delivery-failed where no server showed one
 */
export async function shownHostKey(
  target: Pick<WireTarget, 'host' | 'port' | 'lookup'>,
  timeoutMs: number,
): Promise<string> {
  const socket = await openSocket(target, timeoutMs);
  const client = new ssh2.Client();
  let shown: string | undefined;
  try {
    await new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('close', () => resolve());
      client.connect({
        sock: socket,
        username: 'nobody',
        readyTimeout: timeoutMs,
        hostVerifier: (key: Buffer) => {
          shown = fingerprintOf(key);
          return false;
        },
      });
    });
  } finally {
    socket.destroy();
  }
  if (shown === undefined) throw new GatewayError('delivery-failed', 'no SSH server answers');
  return shown;
}

/** Nothing was sent, and nothing is until a person has asked the receiver. */
function otherHost(shown: { fingerprint: string; kind: string }, cause: unknown): GatewayError {
  return new GatewayError(
    'delivery-failed',
    `sftp: the server shows the host key ${shown.fingerprint} (${shown.kind}), which is not agreed on; nothing was sent` +
      '\n  next: ask the receiver by another way than this line whether the key is theirs; if it is, add it to hostKey',
    { cause },
  );
}

function notLetIn(cause: unknown): GatewayError {
  return new GatewayError(
    'delivery-refused',
    'sftp: the server does not let us in (user, key or password)' +
      '\n  next: see that the receiver has our public key or password under this user, then resend',
    { cause, standardCode: 'AUTH' },
  );
}

/** A key begins with its kind, as a string with its length before it (RFC 4253, 6.6). */
function kindOf(hostKey: Buffer): string {
  const length = hostKey.length < 4 ? 0 : hostKey.readUInt32BE(0);
  return hostKey.toString('latin1', 4, 4 + Math.min(length, 64)).replace(/[^a-z0-9@.-]/gi, '?');
}
