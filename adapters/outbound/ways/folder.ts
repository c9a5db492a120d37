/** By files in a folder that the receiver's system, or an access point, empties. */
import { dropFiles } from '../../wire/file-drop.ts';
import type { Way } from './way.ts';

/**
 * A repeat writes over itself, so it is known as one.
 * @param proof a file proves nothing of a hand-over unless the place's profile says it does (design section 5)
 */
export function byFolder(folder: string, proof: 'receiver-answer' | 'none' = 'none'): Way {
  return {
    idempotent: true,
    async deliver(_deliveryId, rendered, signal) {
      await dropFiles(folder, rendered.parts, signal);
      return { proof, detail: rendered.parts.length === 1 ? 'file written' : 'files written' };
    },
    close: async () => {},
  };
}
