/** The walk over what was told as resources: behind the answers, everything once, through kills and failures. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { IncomingMessage, Journal } from '../gateway/runtime/journal/journal.ts';
import {
  readWalk,
  startResourceWalk,
  type ResourceWalk,
  type ResourceWalkParts,
} from '../gateway/runtime/resource-walk.ts';
import { builtFile } from './support/built-program.ts';
import { temporaryFolder } from './support/folder.ts';
import { message } from './support/journal-messages.ts';
import { findingsIn, walkName as name } from './support/walk.ts';

const sender = 'fjallsjukhuset';
const child = builtFile('test/support/walk-child.ts');

let folder: ReturnType<typeof temporaryFolder>;
let journal: Journal;
const walks: ResourceWalk[] = [];
beforeEach(async () => {
  folder = temporaryFolder('walk');
  journal = await openEmbeddedJournal({ folder: folder.path });
});
afterEach(async () => {
  for (const one of walks.splice(0)) await one.close();
  await journal.close();
  folder.remove();
});

async function tell(n: number, change: Partial<IncomingMessage> = {}): Promise<void> {
  await journal.record(message(n, { kind: 'Encounter', ...change }));
}
const textOf = (raw: Uint8Array): string => Buffer.from(raw).toString();

interface Walking extends ResourceWalk {
  /** Numbers of the messages that were looked at. */
  readonly looked: number[];
  readonly troubles: [code: string, place: number | undefined][];
}

async function walk(change: Partial<ResourceWalkParts> = {}): Promise<Walking> {
  const looked: number[] = [];
  const troubles: Walking['troubles'] = [];
  const { look = (raw) => Promise.resolve(findingsIn(raw)), ...rest } = change;
  const started = await startResourceWalk({
    journal,
    name,
    senders: () => [sender],
    onTrouble: ({ code }, at) => troubles.push([code, at]),
    ...rest,
    async look(raw) {
      const found = await look(raw);
      looked.push(Number(/\d+$/.exec(textOf(raw))?.[0]));
      return found;
    },
  });
  walks.push(started);
  return { ...started, looked, troubles };
}

async function reopen(): Promise<void> {
  for (const one of walks.splice(0)) await one.close();
  await journal.close();
  journal = await openEmbeddedJournal({ folder: folder.path });
}

async function place(): Promise<number | undefined> {
  return readWalk(await journal.cursors.get(name))?.place;
}
const upTo = (last: number, from = 1): number[] =>
  Array.from({ length: last - from + 1 }, (_, index) => from + index);
async function foundIn(): Promise<string[]> {
  const found = await journal.latestFindings(5000);
  return found.flatMap(({ findings }) => findings).toReversed();
}
const thirds = (numbers: readonly number[]): string[] =>
  numbers.filter((n) => n % 3 === 0).map((n) => `error number ${n}`);

test('3 000 resources at once are all looked at in the end, each once and in order', async () => {
  const walking = await walk();
  await Promise.all(upTo(3000).map((n) => tell(n)));
  await walking.caughtUp();
  expect(walking.looked).toEqual(upTo(3000));
  expect(await foundIn()).toEqual(thirds(upTo(3000)));
  expect(await place()).toBe(3000);
  expect(walking.troubles).toEqual([]);
  // A restart looks at what is new alone.
  await reopen();
  const again = await walk();
  await tell(3001);
  await again.caughtUp();
  expect(again.looked).toEqual([3001]);
});

test('what was stored before there was a walk is not looked at; what comes from then on is', async () => {
  for (const n of upTo(3)) await tell(n);
  await walk();
  await tell(4);
  // As if it had ended before it looked at anything.
  await reopen();
  const walking = await walk();
  await walking.caughtUp();
  expect(walking.looked).toEqual([4]);
});

test('who is not meant is passed over, and so is what was told otherwise; who is meant may change', async () => {
  let senders = [sender];
  const walking = await walk({ senders: () => senders });
  const other = 'kustsjukhuset';
  await tell(1);
  await tell(2, { sender: other });
  await journal.record(message(3));
  await walking.caughtUp();
  expect(walking.looked).toEqual([1]);
  senders = [other];
  await tell(4);
  await tell(5, { sender: other });
  await walking.caughtUp();
  expect(walking.looked).toEqual([1, 5]);
  expect(readWalk(await journal.cursors.get(name))).toEqual({ place: 5, senders: [other] });
  senders = [];
  await tell(6, { sender: other });
  await walking.caughtUp();
  senders = [sender, other];
  await tell(7);
  await walking.caughtUp();
  expect(walking.looked).toEqual([1, 5, 7]);
});

test('where nothing is to be looked at, nothing is written but in long strides', async () => {
  const walking = await walk();
  for (const n of upTo(20)) await journal.record(message(n));
  await walking.caughtUp();
  expect(await place()).toBe(0);
  await Promise.all(upTo(1100, 21).map((n) => journal.record(message(n))));
  await walking.caughtUp();
  expect(await place()).toBeGreaterThanOrEqual(1000);
});

describe('a message that cannot be looked at', () => {
  test('is given up after three tries, is told, and does not stop those behind it', async () => {
    const tried: string[] = [];
    const walking = await walk({
      look: (raw) => {
        if (!textOf(raw).endsWith(' 2')) return Promise.resolve(findingsIn(raw));
        tried.push(textOf(raw));
        return Promise.reject(new GatewayError('malformed-message', 'no resource'));
      },
    });
    for (const n of upTo(4)) await tell(n);
    await walking.caughtUp();
    expect(tried).toHaveLength(3);
    expect(walking.looked).toEqual([1, 3, 4]);
    expect(walking.troubles.at(-1)).toEqual(['malformed-message', 2]);
    expect(walking.troubles.filter(([, at]) => at !== undefined)).toHaveLength(1);
    expect(await foundIn()).toEqual(thirds([3]));
  });

  test('now is asked again until it can be; what was found before it is kept', async () => {
    let refusals = 4;
    const walking = await walk({
      look: (raw) => {
        if (textOf(raw).endsWith(' 4') && refusals > 0) {
          refusals -= 1;
          return Promise.reject(new GatewayError('journal-unavailable', 'not now'));
        }
        return Promise.resolve(findingsIn(raw));
      },
    });
    for (const n of upTo(5)) await tell(n);
    await expect.poll(place, { timeout: 20_000 }).toBe(3);
    expect(await foundIn()).toEqual(thirds([3]));
    await walking.caughtUp();
    expect(walking.looked).toEqual(upTo(5));
    expect(walking.troubles).toHaveLength(4);
    expect(new Set(walking.troubles.map(String))).toEqual(new Set(['journal-unavailable,']));
  });
});

test('a commit that fails is made again, and nothing is found twice', async () => {
  let failures = 2;
  const failing: ResourceWalkParts['journal'] = {
    ...journal,
    addFindings: (...found) => {
      failures -= 1;
      return failures < 0
        ? journal.addFindings(...found)
        : Promise.reject(new GatewayError('disk-full', 'no room'));
    },
  };
  const walking = await walk({ journal: failing });
  for (const n of upTo(6)) await tell(n);
  await walking.caughtUp();
  expect(new Set(walking.looked)).toEqual(new Set(upTo(6)));
  expect(await foundIn()).toEqual(thirds(upTo(6)));
  expect((await journal.status()).findings).toMatchObject([{ messages: 2 }]);
});

test('gives way while much comes in: one message, then a rest; it does not stand still', async () => {
  let load = 1;
  const limits: number[] = [];
  const busy: ResourceWalkParts['journal'] = {
    ...journal,
    intakeLoad: () => load,
    resourceMessages: (after, senders, limit) => {
      limits.push(limit);
      return journal.resourceMessages(after, senders, limit);
    },
  };
  const walking = await walk({ journal: busy });
  limits.length = 0;
  for (const n of upTo(40)) await tell(n);
  await expect.poll(place, { timeout: 20_000 }).toBe(2);
  expect(limits).toEqual([1, 1]);
  load = 0;
  await walking.caughtUp();
  expect(walking.looked).toEqual(upTo(40));
  expect(limits.slice(2).every((limit) => limit > 1)).toBe(true);
});

test('ends behind the message in hand, and keeps what it found by then', async () => {
  let release: (() => void) | undefined;
  const walking = await walk({
    look: async (raw) => {
      if (textOf(raw).endsWith(' 3')) await new Promise<void>((resolve) => (release = resolve));
      return findingsIn(raw);
    },
  });
  for (const n of upTo(9)) await tell(n);
  await expect.poll(() => release, { timeout: 20_000 }).toBeDefined();
  const closed = walking.close();
  release?.();
  await closed;
  expect(walking.looked).toEqual(upTo(3));
  expect(await place()).toBe(3);
  expect(await foundIn()).toEqual(thirds(upTo(3)));
});

test('kill -9 between the commit of a message and its check loses none, and adds none twice', async () => {
  await walk();
  await reopen();
  for (const n of upTo(120)) await tell(n);
  const seen = new Set<string>();
  for (const nth of [1, 7, 50]) {
    await journal.close();
    const walking = spawn(process.execPath, [child, folder.path, sender, String(nth)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (nth === 1) setTimeout(() => walking.kill('SIGKILL'), 3000);
    for await (const line of createInterface({ input: walking.stdout })) {
      if (line === 'now') walking.kill('SIGKILL');
      else seen.add(line);
    }
    if (walking.exitCode === null && walking.signalCode === null) await once(walking, 'exit');
    expect(walking.signalCode).toBe('SIGKILL');
    journal = await openEmbeddedJournal({ folder: folder.path });
  }
  const killedAt = (await place()) ?? 0;
  expect(killedAt).toBeGreaterThan(0);
  expect(killedAt).toBeLessThan(seen.size);
  const walking = await walk();
  await walking.caughtUp();
  expect(walking.looked).toEqual(upTo(120, killedAt + 1));
  expect(await foundIn()).toEqual(thirds(upTo(120)));
  expect((await journal.status()).findings).toMatchObject([{ messages: 40 }]);
});

test('a cursor that nobody can read is at the beginning', () => {
  for (const text of ['', '7', '{"place":-1,"senders":[]}', '{"place":"1"}']) {
    expect(readWalk(text)).toEqual({ place: 0, senders: [] });
  }
  expect(readWalk(undefined)).toBeUndefined();
});
