/**
 * Whether there is room to take more. Nothing new is taken well before nothing can be written any more, so that what is
 * in hand still gets its outcome stored, deadlines are kept and receipts are taken. It begins again at a higher mark, or
 * the two would follow each other with every message.
 */
import { statfs } from 'node:fs/promises';
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { markOf, type StorageSettings } from '../config-storage.ts';
import type { Log } from '../log.ts';

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Somewhere the gateway writes. */
export interface Place {
  /** For people, without an article: `data folder`. */
  readonly name: string;
  measure(): Promise<Space>;
}

export type Standing = 'enough' | 'low' | 'none';

export interface RoomNow {
  readonly standing: Standing;
  /** Legal time. */
  readonly since: string;
  /** Where there is least, as far as it was measured. */
  readonly places: readonly (Space & { readonly name: string })[];
}

export interface Room {
  now(): RoomNow;
  /** @throws GatewayError `disk-full` where nothing new is taken */
  require(): void;
  /** A write found the disk full: nothing is taken for a while, whatever is measured. */
  sawFull(): void;
  /** Measures at once. */
  look(): Promise<void>;
  close(): void;
}

/** How long after a write that found no room the next may try. */
const fullForMs = 30_000;

export interface RoomParts {
  readonly settings: StorageSettings;
  readonly places: readonly Place[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Measures once, then again and again until it is closed. */
export async function watchRoom(parts: RoomParts): Promise<Room> {
  const { settings, places, clock, log } = parts;
  let standing: Standing = 'enough';
  let since = clock.now();
  let measured: RoomNow['places'] = [];
  let fullUntilMs = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    const found = await Promise.all(places.map(measureOf));
    // A place that cannot be measured now is as it was.
    measured = places.flatMap(({ name }, index) => {
      const space = found[index];
      return space ? [{ name, ...space }] : measured.filter((one) => one.name === name);
    });
    settle();
  }

  function settle(): void {
    const next = clock.elapsedMs() < fullUntilMs ? 'none' : standingOf();
    if (next === standing) return;
    const before = standing;
    standing = next;
    since = clock.now();
    const detail = { places: measured };
    if (next === 'none') log.error(detail, 'no room: nothing new is taken');
    else if (before === 'none') log.warn(detail, 'room again: messages are taken');
    else if (next === 'low') log.warn(detail, 'little room is left');
    else log.info(detail, 'room enough again');
  }

  function standingOf(): Standing {
    const below = (mark: StorageSettings['warn']): boolean =>
      measured.some(({ freeBytes, totalBytes }) => freeBytes < markOf(mark, totalBytes));
    const { stopAccepting, acceptAgain, warn } = settings;
    if (below(standing === 'none' ? acceptAgain : stopAccepting)) return 'none';
    return below(warn) ? 'low' : 'enough';
  }

  await look();
  const timer = setInterval(() => void look(), settings.every);
  timer.unref();
  return {
    now: () => ({ standing, since, places: measured }),
    require() {
      if (standing === 'none') {
        throw new GatewayError('disk-full', 'the store is nearly full: nothing new is taken now');
      }
    },
    sawFull() {
      fullUntilMs = clock.elapsedMs() + fullForMs;
      settle();
    },
    look,
    close: () => clearInterval(timer),
  };
}

async function measureOf(place: Place): Promise<Space | undefined> {
  try {
    return await place.measure();
  } catch {
    return undefined;
  }
}

/** The file system of a folder, as far as its user may fill it. */
export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
