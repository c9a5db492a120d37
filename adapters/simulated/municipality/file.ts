/** A municipality's system that reads notices from a folder and empties it. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { takes, wordOf, type FileBehaviour } from './behaviour.ts';
import type { Arrival } from './received.ts';
import { emptyFolder } from './taken-folder.ts';

export interface SimulatedFolder {
  readonly folder: string;
  setBehaviour(behaviour: FileBehaviour): Promise<void>;
  close(): Promise<void>;
}

/** Starts one; resolves when it looks. */
export async function simulatedFolder(settings: {
  readonly folder: string;
  readonly onArrival?: (arrival: Arrival) => void;
}): Promise<SimulatedFolder> {
  const { folder, onArrival } = settings;
  const aside = `${folder}.aside`;
  const taken = new Set<string>();
  let behaviour: FileBehaviour = 'accept';
  const looks = await emptyFolder(folder, (name, content) => {
    // What hangs leaves everything where it lies.
    if (!takes(behaviour)) return false;
    onArrival?.({
      channel: 'file',
      messageId: name,
      isDuplicate: taken.has(name),
      isTaken: true,
      behaviour: wordOf(behaviour),
      content,
    });
    taken.add(name);
    return true;
  });
  return {
    folder,
    async setBehaviour(next) {
      if (next === behaviour) return;
      if (behaviour === 'no-folder') {
        await rm(folder, { force: true });
        await mkdir(aside, { recursive: true });
        await rename(aside, folder);
      }
      behaviour = next;
      if (next === 'no-folder') {
        await rename(folder, aside);
        // A file stands where the folder was: whoever writes there cannot make it anew.
        await writeFile(folder, '');
      }
    },
    close: () => looks.close(),
  };
}
