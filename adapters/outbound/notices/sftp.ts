/** Notices as files on the receiver's SFTP server: `<delivery id>.json`. Delivered is what was renamed and confirmed. */
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import { KeptConnection } from '../../wire/kept-connection.ts';
import { dropBySftp } from '../../wire/sftp-drop.ts';
import { connectSftp, type SftpTarget } from '../../wire/sftp-link.ts';
import { renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

export interface SftpNoticeSettings extends SftpTarget {
  /** On the server; relative to where our user comes in. */
  readonly folder: string;
  readonly words: MunicipalWords;
  /** A file that comes again under its name is known to be the same: what may have arrived may be sent again. */
  readonly idempotent: boolean;
}

/** Servers end what is idle, mostly after minutes; a storm of notices shares one connection. */
const idleMs = 30_000;

/** One receiver reached by SFTP. */
export function sftpNotices(settings: SftpNoticeSettings): Outbound & { close(): Promise<void> } {
  const { words, folder, idempotent, timeoutMs } = settings;
  const kept = new KeptConnection({
    name: 'sftp',
    open: () => connectSftp(settings),
    isOpen: (link) => link.isOpen(),
    destroy: (link) => link.destroy(),
    idleMs,
  });
  return {
    channel: 'sftp',
    idempotent,
    render: (message) => renderNotice(message, words),
    remind: (reminder) => renderReminder(reminder, words),
    async deliver(_deliveryId, rendered, signal) {
      const files = rendered.parts.map(({ name, body, encoding }) => ({
        name,
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
