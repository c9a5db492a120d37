/** Notices as files on the receiver's SFTP server: `<delivery id>` with `.pdf`, `.txt` and `.json`, as far as it takes them. */
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import type { MakePdf } from '../pdf/document.ts';
import { bySftp, type SftpSettings } from '../ways/sftp.ts';
import { renderNoticeFiles, renderReminderFiles, type NoticePart } from './notice-files.ts';

export interface SftpNoticeSettings extends SftpSettings {
  readonly words: MunicipalWords;
  readonly parts: readonly NoticePart[];
  readonly pdf: MakePdf;
}

/** One receiver reached by SFTP. */
export function sftpNotices(settings: SftpNoticeSettings): Outbound & { close(): Promise<void> } {
  return {
    ...bySftp(settings),
    channel: 'sftp',
    render: (message) => renderNoticeFiles(message, settings),
    remind: (reminder) => renderReminderFiles(reminder, settings),
  };
}
