/** By files on the receiver's SFTP server. Delivered is what was renamed and confirmed, the last file of a message at last. */
import { KeptConnection } from '../../wire/kept-connection.ts';
import { dropBySftp } from '../../wire/sftp-drop.ts';
import { connectSftp, type SftpTarget } from '../../wire/sftp-link.ts';
import type { Way } from './way.ts';

export interface SftpSettings extends SftpTarget {
  /** On the server; relative to where our user comes in. */
  readonly folder: string;
  /** A file that comes again under its name is known to be the same: what may have arrived may be sent again. */
  readonly idempotent: boolean;
}

/** Servers end what is idle, mostly after minutes; a storm of messages shares one connection. */
const idleMs = 30_000;

/** One receiver's server. A part's folders are none of theirs: its file has the last of its names. */
export function bySftp(settings: SftpSettings): Way {
  const { folder, idempotent, timeoutMs } = settings;
  const kept = new KeptConnection({
    name: 'sftp',
    open: () => connectSftp(settings),
    isOpen: (link) => link.isOpen(),
    destroy: (link) => link.destroy(),
    idleMs,
  });
  return {
    idempotent,
    async deliver(_deliveryId, rendered, signal) {
      const files = rendered.parts.map(({ name, body, encoding }) => ({
        name: name.slice(name.lastIndexOf('/') + 1),
        body: Buffer.from(body, encoding ?? 'utf8'),
      }));
      const written = await kept.use(timeoutMs, signal, (link, stopped) =>
        dropBySftp(link, folder, files, stopped),
      );
      const detail = written === 0 ? 'the same file stands there' : 'rename confirmed';
      return { proof: 'receiver-answer', detail };
    },
    close: async () => kept.close(),
  };
}
