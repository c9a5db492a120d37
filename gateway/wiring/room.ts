/** Room to take more: where it is measured, what asks for it, and how it is told. */
import type { Condition } from '../observing/health.ts';
import { asGatewayError } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { spaceOf, watchRoom, type Place, type Room, type Space } from '../runtime/storage/room.ts';

/** @param space of the data folder; the file system is asked unless given */
export async function openRoom(
  config: Config,
  folder: string,
  journal: Journal,
  clock: Clock,
  log: Log,
  space: (() => Promise<Space>) | undefined,
): Promise<Room> {
  const isEmbedded = config.journal.form === 'embedded';
  const places: Place[] = [
    {
      name: 'data folder',
      async measure() {
        const { freeBytes, totalBytes } = await (space?.() ?? spaceOf(folder));
        // What was purged leaves room in the file of the journal, not on the disk.
        const { reusableBytes } = isEmbedded
          ? await journal.retention.size()
          : { reusableBytes: 0 };
        return { freeBytes: freeBytes + reusableBytes, totalBytes };
      },
    },
  ];
  const maximum = config.storage.databaseMaximum;
  if (!isEmbedded && maximum !== undefined) {
    places.push({
      name: 'database',
      async measure() {
        const { bytes } = await journal.retention.size();
        return { freeBytes: Math.max(0, maximum - bytes), totalBytes: maximum };
      },
    });
  }
  return await watchRoom({ settings: config.storage, places, clock, log });
}

/** The journal as the ways in use it: they store nothing new where there is no room. All else goes on. */
export function withRoom(journal: Journal, room: Room): Journal {
  async function taken<T>(store: () => Promise<T>): Promise<T> {
    room.require();
    try {
      return await store();
    } catch (thrown) {
      if (asGatewayError(thrown).code === 'disk-full') room.sawFull();
      throw thrown;
    }
  }
  return {
    ...journal,
    record: (message) => taken(() => journal.record(message)),
    recordTogether: (messages) => taken(() => journal.recordTogether(messages)),
    reject: (message) => taken(() => journal.reject(message)),
    under: (fence) => withRoom(journal.under(fence), room),
  };
}

export function roomCondition(room: Room): Condition {
  return {
    name: 'storage',
    look() {
      const { standing, since, places } = room.now();
      if (standing === 'enough') return [];
      const left = places.map(({ name, freeBytes }) => `${name}: ${inMiB(freeBytes)} free`);
      const isFull = standing === 'none';
      return [
        {
          code: isFull ? 'storage-full' : 'storage-low',
          text: `${isFull ? 'nothing new is taken, so that what is in hand can be stored' : 'little room is left'} (${left.join(', ')})`,
          since,
          next: 'make room, or enlarge the disk; hemgang retention show tells what may go',
          severity: isFull ? 'error' : 'warning',
        },
      ];
    },
  };
}

function inMiB(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
