/** What instances share: each does its part, and none does what another has. */
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayError } from '../gateway/errors.ts';
import { createKeeper, type Doing, type Keeper } from '../gateway/runtime/instance/keeper.ts';
import { shareOf, type Standing } from '../gateway/runtime/instance/share.ts';
import { embeddedLeases } from '../gateway/runtime/journal/embedded/leases.ts';
import type { Leases } from '../gateway/runtime/journal/journal.ts';

describe('partitions are divided', () => {
  test.each([1, 2, 3, 5, 8, 11])('between %i instances, as evenly as they go', (count) => {
    const ids = Array.from({ length: count }, (_, n) => `i${n}`);
    const held = settle(new Map(), ids);
    const sizes = ids.map((id) => [...held.values()].filter((holder) => holder === id).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(8);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });

  test('once and for all: nothing moves while the same instances are there', () => {
    const ids = ['a', 'b', 'c'];
    const held = settle(new Map(), ids);
    expect(settle(new Map(held), ids)).toEqual(held);
  });

  test('anew when one comes, and what moves is what it gets', () => {
    const before = settle(new Map(), ['a', 'b']);
    const after = settle(new Map(before), ['a', 'b', 'c']);
    const moved = [...after].filter(([partition, holder]) => before.get(partition) !== holder);
    expect(moved.every(([, holder]) => holder === 'c')).toBe(true);
    expect(moved.length).toBeLessThanOrEqual(3);
  });

  /** As the keepers do it: each gives up and takes in its turn, until nothing changes. */
  function settle(held: Map<number, string>, alive: readonly string[]): Map<number, string> {
    for (let round = 0; round < 20; round += 1) {
      for (const me of alive) {
        const standing = Array.from({ length: 8 }, (_, partition): Standing => {
          const holder = held.get(partition);
          return holder === undefined ? { partition } : { partition, holder };
        });
        const mine = shareOf(me, alive, standing);
        for (const [partition, holder] of held) {
          if (holder === me && !mine.has(partition)) held.delete(partition);
        }
        for (const partition of mine) if (!held.has(partition)) held.set(partition, me);
      }
    }
    return held;
  }
});

const ascending = (one: number, other: number): number => one - other;

const leaseMs = 120;
let nowMs = 0;
const keepers: Keeper[] = [];

afterEach(async () => {
  for (const keeper of keepers.splice(0)) await keeper.close();
  nowMs = 0;
});

interface Instance {
  readonly keeper: Keeper;
  /** The database answers it no more. */
  cutOff(): void;
  readonly troubles: GatewayError[];
}

function instance(id: string, shared: Leases, partitions = 0): Instance {
  let isCut = false;
  const troubles: GatewayError[] = [];
  const reachable =
    <I extends readonly unknown[], O>(call: (...input: I) => Promise<O>) =>
    async (...input: I): Promise<O> => {
      if (isCut) throw new Error('the database is away');
      return await call(...input);
    };
  const leases: Leases = {
    ...shared,
    claim: reachable(shared.claim),
    release: reachable(shared.release),
    all: reachable(shared.all),
    beat: reachable(shared.beat),
    leave: reachable(shared.leave),
  };
  const keeper = createKeeper({
    leases,
    under: () => expect.fail('nothing is written here'),
    clock: { elapsedMs: () => nowMs },
    instance: { id, roles: ['advance'], version: '1', inForce: {} },
    partitions,
    sharing: ['advance'],
    leaseMs,
    onTrouble: (error) => void troubles.push(error),
  });
  keepers.push(keeper);
  return { keeper, cutOff: () => (isCut = true), troubles };
}

/** A database whose clock is set by hand. */
const database = (): Leases => ({ ...embeddedLeases(() => nowMs), isShared: true });

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect.fail(`it never came: ${what}`);
}

function watched(log: string[], who: string): () => Doing {
  return () => {
    log.push(`${who} begins`);
    return { close: () => void log.push(`${who} ends`) };
  };
}

describe('what is done by one instance at a time', () => {
  test('is done by the first that comes, and by another when that one stops', async () => {
    const shared = database();
    const log: string[] = [];
    const [a, b] = [instance('a', shared), instance('b', shared)];
    a.keeper.undertake('relay', watched(log, 'a'));
    b.keeper.undertake('relay', watched(log, 'b'));
    await a.keeper.begin();
    await b.keeper.begin();
    expect(log).toEqual(['a begins']);
    await a.keeper.close();
    await until('b does it', () => b.keeper.doing().includes('relay'));
    expect(log).toEqual(['a begins', 'a ends', 'b begins']);
  });

  test('ends here before another may begin, when the database is away', async () => {
    const shared = database();
    const log: string[] = [];
    const [a, b] = [instance('a', shared), instance('b', shared)];
    a.keeper.undertake('relay', watched(log, 'a'));
    b.keeper.undertake('relay', watched(log, 'b'));
    await a.keeper.begin();
    await b.keeper.begin();
    a.cutOff();
    nowMs += leaseMs * 0.9;
    expect(() => a.keeper.fence('relay')).toThrow(/relay/);
    await until('a has ended it', () => log.includes('a ends'));
    expect(log).toEqual(['a begins', 'a ends']);
    nowMs += leaseMs * 0.2;
    await until('b does it', () => log.includes('b begins'));
    expect(b.keeper.fence('relay').epoch).toBe(2);
  });

  test('is given up where it cannot begin, and begun later', async () => {
    const shared = database();
    const a = instance('a', shared);
    await a.keeper.begin();
    let tries = 0;
    a.keeper.undertake('poll', () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return { close: () => undefined };
    });
    await until('it is done', () => tries === 3);
    expect(a.troubles).toHaveLength(2);
  });
});

describe('partitions', () => {
  test('are shared by those that are there, each by one', async () => {
    const shared = database();
    const all = ['a', 'b', 'c'].map((id) => instance(id, shared, 8));
    for (const { keeper } of all) await keeper.begin();
    const sizes = () => all.map(({ keeper }) => keeper.partitions.held().size).toSorted(ascending);
    await until('they are even', () => sizes().join() === '2,3,3');
    const held = all.flatMap(({ keeper }) => [...keeper.partitions.held()]);
    expect(held.toSorted(ascending)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('move only when nothing of them is in hand', async () => {
    const shared = database();
    const [a, b] = [instance('a', shared, 2), instance('b', shared, 2)];
    let drained = (): void => undefined;
    let isAsked = false;
    await a.keeper.begin();
    a.keeper.partitions.onChange(async () => {
      if (isAsked) return;
      isAsked = true;
      await new Promise<void>((resolve) => (drained = resolve));
    });
    await b.keeper.begin();
    await until('a is asked for one', () => isAsked);
    expect(a.keeper.partitions.held().size).toBe(1);
    // What is in hand may be written still.
    const [kept] = a.keeper.partitions.held();
    expect(a.keeper.fence(`partition:${kept === 0 ? 1 : 0}`).epoch).toBe(1);
    expect(b.keeper.partitions.held().size).toBe(0);
    drained();
    await until('b has it', () => b.keeper.partitions.held().size === 1);
  });

  test('of one that is cut off go to the others when its leases have ended, not before', async () => {
    const shared = database();
    const [a, b] = [instance('a', shared, 4), instance('b', shared, 4)];
    await a.keeper.begin();
    await b.keeper.begin();
    await until('they are even', () => b.keeper.partitions.held().size === 2);
    a.cutOff();
    nowMs += leaseMs * 0.9;
    await until('a has none', () => a.keeper.partitions.held().size === 0);
    await until('b keeps its own', () => b.keeper.partitions.held().size === 2);
    nowMs += leaseMs * 0.2;
    await until('b has all', () => b.keeper.partitions.held().size === 4);
  });
});
