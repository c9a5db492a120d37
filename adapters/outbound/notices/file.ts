/** Notices as files in a folder that the receiver's system empties: `<delivery id>.json`. */
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import { dropFiles } from '../../wire/file-drop.ts';
import { renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

export interface FileNoticeSettings {
  readonly folder: string;
  readonly words: MunicipalWords;
  /** A file proves nothing of a hand-over unless the place's profile says it does (design section 5). */
  readonly proof: 'receiver-answer' | 'none';
}

/** One receiver reached by a folder. A repeat writes over itself, so it is idempotent. */
export function fileNotices({ folder, words, proof }: FileNoticeSettings): Outbound {
  return {
    channel: 'file',
    idempotent: true,
    render: (message) => renderNotice(message, words),
    remind: (reminder) => renderReminder(reminder, words),
    async deliver(_deliveryId, rendered, signal) {
      await dropFiles(folder, rendered.parts, signal);
      return { proof, detail: 'file written' };
    },
  };
}
