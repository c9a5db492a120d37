/** A municipality's SFTP server: one user, one folder, held in memory. It can be full, read-only, slow or cut off. */
import { randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import ssh2, { type AuthContext, type Connection, type SFTPWrapper } from 'ssh2';
import { assert } from '../../../gateway/errors.ts';
import { fingerprintOf } from '../../wire/sftp-link.ts';
import { wordOf, type SftpBehaviour } from './behaviour.ts';
import type { Arrival } from './received.ts';

const { Server, utils } = ssh2;
const { OPEN_MODE, STATUS_CODE } = utils.sftp;

export interface ReceivedFile {
  readonly name: string;
  readonly body: string;
}

export interface SimulatedSftpSettings {
  readonly user: string;
  /** The password, or the public key (a line of authorized_keys) that lets the user in. */
  readonly letsIn: { readonly password: string } | { readonly publicKey: string };
  /** Without a slash at its end; the one folder there is. */
  readonly folder?: string;
  /** Its host key; a new one where left out. */
  readonly keys?: KeyPair;
  /** Called with every file that gets its name. */
  readonly onArrival?: (arrival: Arrival) => void;
  readonly host?: string;
  readonly port?: number;
}

export interface SimulatedSftp {
  readonly host: string;
  readonly port: number;
  /** The host key as `ssh-keygen -lf` prints it. */
  hostKey(): string;
  /** Another host key from now on. @returns its fingerprint */
  changeHostKey(): string;
  /** @param of the files whose names have it in them; of every file where it is left out */
  setBehaviour(behaviour: SftpBehaviour, of?: string): void;
  /** Every file that was renamed to its name, in order. */
  readonly received: readonly ReceivedFile[];
  /** What lies in the folder, by name. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** As the municipality's own system does when it has read a file. */
  take(name: string): void;
  /** A file that somebody else has put there. */
  put(name: string, body: string): void;
  /** How many connections have been made, and how many stand now. */
  connections(): { readonly made: number; readonly open: number };
  close(): Promise<void>;
}

export interface KeyPair {
  readonly private: string;
  /** A line of authorized_keys. */
  readonly public: string;
}

/** A pair of keys. The library writes one in some hundreds so that it cannot read it itself: then another is made. */
export function newKeyPair(): KeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync('ed25519');
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** Starts a server; resolves when it listens. */
export async function simulatedSftp(settings: SimulatedSftpSettings): Promise<SimulatedSftp> {
  const files = new Map<string, Buffer>();
  const received: ReceivedFile[] = [];
  const sockets = new Set<Socket>();
  const folder = settings.folder ?? 'in';
  let behaviour: SftpBehaviour = 'accept';
  let behaviourOf = '';
  let made = 0;
  let key = settings.keys ?? newKeyPair();
  const sshServer = (pair: KeyPair): InstanceType<typeof Server> =>
    new Server({ hostKeys: [pair.private] }, (client) => serve(client));
  let ssh = sshServer(key);
  let stranger: InstanceType<typeof Server> | undefined;

  function serve(client: Connection): void {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (behaviour !== 'no-login' && isRight(context, settings)) context.accept();
      else context.reject();
    });
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const cut = (): void => sockets.forEach((socket) => socket.destroy());
        const keep = (file: ReceivedFile): void => {
          const isDuplicate = received.some(({ name }) => name === file.name);
          received.push(file);
          settings.onArrival?.({
            channel: 'sftp',
            messageId: file.name,
            isDuplicate,
            isTaken: true,
            behaviour: wordOf(behaviour),
            content: file.body,
          });
        };
        serveFiles(acceptSftp(), {
          files,
          keep,
          folder,
          behaviour: (name) => (name?.includes(behaviourOf) === false ? 'accept' : behaviour),
          cut,
        });
      });
    });
  }

  const server = createServer((socket) => {
    made += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    (behaviour === 'other-host-key' ? (stranger ??= sshServer(newKeyPair())) : ssh).injectSocket(
      socket,
    );
  });
  const host = settings.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port ?? 0, host, resolve);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  return {
    host,
    port: address.port,
    hostKey: () => fingerprintOf(publicBytes(key.public)),
    changeHostKey: () => {
      key = newKeyPair();
      ssh = sshServer(key);
      return fingerprintOf(publicBytes(key.public));
    },
    setBehaviour: (next, of = '') => {
      behaviour = next;
      behaviourOf = of;
      // Who has come in has seen the key already, and is in.
      if (next === 'other-host-key' || next === 'no-login') {
        for (const socket of sockets) socket.destroy();
      }
    },
    received,
    files,
    take: (name) => {
      files.delete(name);
    },
    put: (name, body) => {
      files.set(name, Buffer.from(body));
    },
    connections: () => ({ made, open: sockets.size }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The middle word of a line of authorized_keys. */
function publicBytes(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

function isRight(context: AuthContext, { user, letsIn }: SimulatedSftpSettings): boolean {
  if (context.username !== user) return false;
  if ('password' in letsIn) {
    return context.method === 'password' && context.password === letsIn.password;
  }
  if (context.method !== 'publickey') return false;
  const known = utils.parseKey(letsIn.publicKey);
  if (known instanceof Error || !context.key.data.equals(publicBytes(letsIn.publicKey))) {
    return false;
  }
  const { signature, blob, hashAlgo } = context;
  // Without a signature the client only asks whether the key would do.
  return signature === undefined || blob === undefined
    ? true
    : known.verify(blob, signature, hashAlgo);
}

// ---------------------------------------------------------------- files

interface Shelf {
  readonly files: Map<string, Buffer>;
  readonly keep: (file: ReceivedFile) => void;
  readonly folder: string;
  /** @param name of the file it is about */
  readonly behaviour: (name?: string) => SftpBehaviour;
  readonly cut: () => void;
}

interface OpenFile {
  readonly name: string;
  readonly written: Buffer[];
  readonly isWritten: boolean;
}

function serveFiles(sftp: SFTPWrapper, shelf: Shelf): void {
  const { files, keep, behaviour, cut } = shelf;
  const open = new Map<string, OpenFile>();
  const nameOf = (path: string): string | undefined =>
    behaviour() !== 'no-folder' && path.startsWith(`${shelf.folder}/`)
      ? path.slice(shelf.folder.length + 1)
      : undefined;
  /** Answers, unless it is one of the servers that do not. */
  const on = (answer: () => void): void => {
    const now = behaviour();
    if (typeof now === 'object') setTimeout(answer, now.late);
    else if (now !== 'hang') answer();
  };
  const status = (request: number, code: number): void => on(() => sftp.status(request, code));

  sftp.on('OPEN', (request, path, flags) => {
    const name = nameOf(path);
    const isWritten = (flags & OPEN_MODE.WRITE) !== 0;
    if (name === undefined || (!isWritten && !files.has(name))) {
      return status(request, STATUS_CODE.NO_SUCH_FILE);
    }
    if (isWritten && behaviour(name) === 'read-only')
      return status(request, STATUS_CODE.PERMISSION_DENIED);
    if (isWritten) files.set(name, Buffer.alloc(0));
    const handle = randomUUID();
    open.set(handle, { name, written: [], isWritten });
    return on(() => sftp.handle(request, Buffer.from(handle)));
  });
  sftp.on('WRITE', (request, handle, _offset, data) => {
    const name = open.get(handle.toString())?.name;
    if (behaviour(name) === 'cut-writing') return cut();
    if (behaviour(name) === 'full') return status(request, STATUS_CODE.FAILURE);
    // The bytes are the connection's own.
    open.get(handle.toString())?.written.push(Buffer.from(data));
    return status(request, STATUS_CODE.OK);
  });
  sftp.on('READ', (request, handle, offset, length) => {
    const content = files.get(open.get(handle.toString())?.name ?? '');
    if (content === undefined || offset >= content.length) {
      return status(request, STATUS_CODE.EOF);
    }
    return on(() => sftp.data(request, content.subarray(offset, offset + length)));
  });
  sftp.on('CLOSE', (request, handle) => {
    const file = open.get(handle.toString());
    open.delete(handle.toString());
    if (file?.isWritten === true) {
      const whole = Buffer.concat(file.written);
      files.set(
        file.name,
        behaviour(file.name) === 'half' ? whole.subarray(0, whole.length >> 1) : whole,
      );
    }
    status(request, STATUS_CODE.OK);
  });
  const tell = (request: number, content: Buffer | undefined): void => {
    if (content === undefined) return status(request, STATUS_CODE.NO_SUCH_FILE);
    const attributes = { mode: 0o100600, uid: 0, gid: 0, atime: 0, mtime: 0 };
    return on(() => sftp.attrs(request, { ...attributes, size: content.length }));
  };
  sftp.on('STAT', (request, path) => tell(request, files.get(nameOf(path) ?? '')));
  sftp.on('LSTAT', (request, path) => tell(request, files.get(nameOf(path) ?? '')));
  sftp.on('FSTAT', (request, handle) =>
    tell(request, files.get(open.get(handle.toString())?.name ?? '')),
  );
  sftp.on('FSETSTAT', (request) => status(request, STATUS_CODE.OK));
  sftp.on('REMOVE', (request, path) => {
    if (behaviour() === 'read-only') return status(request, STATUS_CODE.PERMISSION_DENIED);
    const isGone = files.delete(nameOf(path) ?? '');
    return status(request, isGone ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE);
  });
  sftp.on('RENAME', (request, from, to) => {
    if (behaviour(nameOf(to)) === 'cut-renaming') return cut();
    const [before = '', after = ''] = [nameOf(from), nameOf(to)];
    const content = files.get(before);
    if (content === undefined) return status(request, STATUS_CODE.NO_SUCH_FILE);
    // As OpenSSH does in version 3: a name that is taken stays as it is.
    if (files.has(after) || behaviour(after) === 'locked') {
      return status(request, STATUS_CODE.FAILURE);
    }
    files.delete(before);
    files.set(after, content);
    keep({ name: after, body: content.toString('utf8') });
    if (behaviour(after) === 'cut-renamed') return cut();
    return status(request, STATUS_CODE.OK);
  });
}
