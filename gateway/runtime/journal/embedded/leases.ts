/**
 * The leases of the embedded journal. One process has the folder, so a lease is nothing but a note in its memory: whoever
 * asks first has it, and nothing has to be written.
 */
import { GatewayError } from '../../../errors.ts';
import { systemClock } from '../../clock.ts';
import type { Fence, Instance, Leases, SeenInstance } from '../contract/leases.ts';

interface Note {
  holder: string;
  epoch: number;
  /** Monotonic. */
  untilMs: number;
}

export interface EmbeddedLeases extends Leases {
  /** @throws GatewayError `lease-lost` where somebody else has it by now */
  readonly guard: (fence: Fence) => void;
}

/** @param elapsedMs monotonic */
export function embeddedLeases(
  elapsedMs: () => number = () => systemClock.elapsedMs(),
): EmbeddedLeases {
  const notes = new Map<string, Note>();
  const seen = new Map<
    string,
    { instance: Instance; startedAt: string; beatMs: number; untilMs: number }
  >();
  const listeners: (() => void)[] = [];
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  function claim(holder: string, name: string, ttlMs: number): Note | undefined {
    const nowMs = elapsedMs();
    const note = notes.get(name) ?? { holder: '', epoch: 0, untilMs: nowMs };
    if (note.holder !== holder) {
      if (note.untilMs > nowMs) return undefined;
      note.holder = holder;
      note.epoch += 1;
    }
    note.untilMs = nowMs + ttlMs;
    notes.set(name, note);
    return note;
  }

  function release(holder: string, names: Iterable<string>): void {
    for (const name of names) {
      const note = notes.get(name);
      if (note?.holder === holder) note.untilMs = elapsedMs();
    }
    tell();
  }

  function instances(): SeenInstance[] {
    const nowMs = elapsedMs();
    return [...seen.values()].map(({ instance, startedAt, beatMs, untilMs }) => ({
      ...instance,
      startedAt,
      silentMs: nowMs - beatMs,
      isAlive: untilMs > nowMs,
    }));
  }

  return {
    isShared: false,
    async claim(holder, names, ttlMs) {
      return names.flatMap((name) => {
        const note = claim(holder, name, ttlMs);
        return note === undefined ? [] : [{ name, holder, epoch: note.epoch }];
      });
    },
    async release(holder, names) {
      release(holder, names);
    },
    async all() {
      const nowMs = elapsedMs();
      return [...notes]
        .map(([name, { holder, epoch, untilMs }]) => ({
          name,
          holder,
          epoch,
          leftMs: untilMs - nowMs,
        }))
        .toSorted((one, other) => (one.name < other.name ? -1 : 1));
    },
    async beat(instance, ttlMs) {
      const beatMs = elapsedMs();
      const { startedAt = systemClock.now() } = seen.get(instance.id) ?? {};
      if (!seen.has(instance.id)) tell();
      seen.set(instance.id, { instance, startedAt, beatMs, untilMs: beatMs + ttlMs });
      return instances();
    },
    instances: async () => instances(),
    async leave(id) {
      seen.delete(id);
      release(id, notes.keys());
    },
    onChange: (listener) => void listeners.push(listener),
    guard({ name, epoch }) {
      if (notes.get(name)?.epoch === epoch) return;
      throw new GatewayError('lease-lost', `${name} is held by another instance`);
    },
  };
}
