/** Notices as files in a folder that the receiver's system empties: `<delivery id>.json`. */
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import { byFolder } from '../ways/folder.ts';
import { renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

export interface FileNoticeSettings {
  readonly folder: string;
  readonly words: MunicipalWords;
  /** A file proves nothing of a hand-over unless the place's profile says it does (design section 5). */
  readonly proof: 'receiver-answer' | 'none';
}

/** One receiver reached by a folder. */
export function fileNotices({ folder, words, proof }: FileNoticeSettings): Outbound {
  return {
    ...byFolder(folder, proof),
    channel: 'file',
    render: async (message) => renderNotice(message, words),
    remind: async (reminder) => renderReminder(reminder, words),
  };
}
