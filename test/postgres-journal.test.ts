/** What only the journal in PostgreSQL promises: groups that run in parts beside each other, lost lines, several writers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CountedJournal } from '../gateway/runtime/journal/assemble.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { IncomingMessage, Journal } from '../gateway/runtime/journal/journal.ts';
import { openPostgresJournal } from '../gateway/runtime/journal/postgres.ts';
import { wavesOf } from '../gateway/runtime/journal/postgres/waves.ts';
import type { Command } from '../gateway/runtime/journal/writer-port.ts';
import { temporaryFolder } from './support/folder.ts';
import {
  admitted,
  at,
  message,
  personnummerAuthority,
  testNumbers,
} from './support/journal-messages.ts';
import { postgresSettings } from './support/journal-forms.ts';
import { startProxy } from './support/proxy.ts';
import { has, ownSchema, withPostgres } from './support/servers.ts';

const isThere = await has('what only the journal in PostgreSQL promises', 'PostgreSQL that runs');

describe.skipIf(!isThere)('the journal in PostgreSQL', () => {
  let place: ReturnType<typeof ownSchema>;
  const opened: CountedJournal[] = [];
  beforeEach(() => {
    place = ownSchema();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((journal) => journal.close()));
    await place.drop();
  });

  async function open(url = place.url, patience = 10_000): Promise<CountedJournal> {
    const settings = { ...postgresSettings(url, place.schema), patience };
    const journal = await openPostgresJournal({ settings });
    opened.push(journal);
    return journal;
  }

  test('messages that come at once leave what they leave one after the other', async () => {
    const told = tangled(90);
    const together = await open();
    await Promise.all(told.map((one) => together.record(one)));
    const { path, remove } = temporaryFolder('in-turn');
    const inTurn = await openEmbeddedJournal({ folder: path });
    for (const one of told) await inTurn.record(one);
    expect(await storyOf(together)).toEqual(await storyOf(inTurn));
    await inTurn.close();
    remove();
  });

  test('a case is read by index, also while nobody has counted the tables', async () => {
    const journal = await open();
    await Promise.all(Array.from({ length: 1500 }, (_, n) => journal.record(message(n))));
    const ids = await withPostgres(place.url, async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `SELECT process_id AS id FROM ${place.schema}.stays LIMIT 5`,
      );
      return rows.map(({ id }) => id);
    });
    for (const id of ids) {
      expect((await journal.load(id))?.events).toHaveLength(1);
      expect(await journal.relatedStays(id)).toEqual([]);
    }
    // What a session did is in the statistics when it ends.
    await journal.close();
    const rowsReadWhole = await withPostgres(place.url, async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `SELECT sum(seq_tup_read)::int AS count FROM pg_stat_user_tables
         WHERE schemaname = $1 AND (relname = 'stays' OR relname LIKE 'events%')`,
        [place.schema],
      );
      return rows[0]?.count;
    });
    // Five of the 1,500 stays, by the question for them above.
    expect(rowsReadWhole).toBeLessThan(1500);
  });

  test('of a line that breaks again and again no message is lost and none is there twice', async () => {
    const { port } = new URL(place.url);
    const proxy = await startProxy({ port: Number(port || 5432) });
    const journal = await open(proxy.url(place.url));
    const outcomes: string[] = [];
    let cuts = 0;
    // At another place of the conversation each time; between two cuts something succeeds.
    const cut = (): void => {
      cuts += 1;
      proxy.cutAfter((cuts * 811) % 4000, cuts % 2 === 0 ? 'to-server' : 'to-client');
    };
    // Each waits for its answer, as a sender does; several at once, so that commits of groups are cut.
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let n = 0; n < 25; n++) {
          outcomes.push((await journal.record(message(lane * 100 + n))).outcome);
          if (outcomes.length % 9 === 0) cut();
        }
      }),
    );
    proxy.mend();
    expect(cuts).toBeGreaterThan(20);
    expect(new Set(outcomes)).toEqual(new Set(['recorded']));
    expect(await journal.eventsAfter(0, 1000)).toHaveLength(200);
    expect((await journal.status()).messages.accepted).toBe(200);
    await proxy.close();
  });

  test('a database that is away is told after the patience, and taken up again when it is back', async () => {
    const { port } = new URL(place.url);
    const proxy = await startProxy({ port: Number(port || 5432) });
    const journal = await open(proxy.url(place.url), 200);
    proxy.cutOff();
    await expect(journal.record(message(1))).rejects.toMatchObject({ code: 'journal-unavailable' });
    await expect(journal.load('unknown')).rejects.toMatchObject({ code: 'journal-unavailable' });
    proxy.mend();
    await expect(journal.record(message(1))).resolves.toMatchObject({ outcome: 'recorded' });
    expect(await journal.load('unknown')).toBeUndefined();
    await proxy.close();
  });

  test('whoever reads on by position misses nothing that several instances write', async () => {
    const [one, other, reader] = [await open(), await open(), await open()];
    const seen: number[] = [];
    let isWriting = true;
    const reading = (async () => {
      while (true) {
        const isLast = !isWriting;
        const page = await reader.eventsAfter(seen.at(-1) ?? 0, 50);
        seen.push(...page.map(({ position }) => position));
        if (page.length === 0 && isLast) return;
      }
    })();
    const write = (journal: Journal, first: number) =>
      Promise.all(Array.from({ length: 100 }, (_, n) => journal.record(message(first + n))));
    await Promise.all([write(one, 1000), write(other, 2000)]);
    isWriting = false;
    await reading;
    expect(seen).toHaveLength(200);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test('an instance hears of what another has committed for the bus', async () => {
    const [one, other] = [await open(), await open()];
    const heard = new Promise<void>((resolve) => {
      // It may also hear that it began to listen: only rows count.
      other.onCommit(() => {
        void other.outbox.backlog().then(({ advance }) => advance > 0 && resolve());
      });
    });
    await one.record(message(1));
    await heard;
    expect(await other.outbox.ready('advance', Date.parse(at), 10, [])).toHaveLength(1);
  });

  test('the same message at two instances is recorded by one of them', async () => {
    const [one, other] = [await open(), await open()];
    const outcomes = await Promise.all([one.record(message(1)), other.record(message(1))]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['duplicate', 'recorded']);
  });

  test('several that start at once on nothing make one schema', async () => {
    const journals = await Promise.all([open(), open(), open()]);
    await Promise.all(journals.map((journal, n) => journal.record(message(n))));
    expect((await journals[0]?.status())?.messages.accepted).toBe(3);
  });

  test('a text with NUL is kept as it can be, and its message is not refused', async () => {
    const journal = await open();
    const odd = message(1, { controlId: 'C\0one' });
    expect(await journal.record(odd)).toMatchObject({ outcome: 'recorded' });
    expect(await journal.record(odd)).toMatchObject({ outcome: 'duplicate' });
  });
});

describe('which writes of a group run beside each other', () => {
  const attempted = (...positions: number[]): Command => ({
    name: 'attempted',
    input: positions.map((position) => ({ queue: 'advance', position })),
  });
  const retranslate: Command = { name: 'retranslate', input: [] };

  test('those with nothing in common, in one wave', () => {
    expect(wavesOf([attempted(1), attempted(2), attempted(3)])).toEqual([[0, 1, 2]]);
  });
  test('one that shares a name comes after the one it shares it with', () => {
    expect(wavesOf([attempted(1, 2), attempted(3), attempted(2, 4), attempted(4)])).toEqual([
      [0, 1],
      [2],
      [3],
    ]);
  });
  test('messages before what reads streams, which they might add to', () => {
    const record = (visit: string): Command => ({
      name: 'record',
      input: {
        sender: 'one',
        dedupeKey: visit,
        stay: { by: 'visit', authority: 'A', number: visit },
        persons: [],
        moved: [],
        resources: [],
      },
    });
    const group = [attempted(1), record('V1'), attempted(2), record('V2'), record('V1')];
    expect(wavesOf(group)).toEqual([[1, 3], [4], [0, 2]]);
  });
  test('one that names nothing has all before it behind it, and nothing beside it', () => {
    expect(wavesOf([attempted(1), retranslate, attempted(2), attempted(3)])).toEqual([
      [0],
      [1],
      [2, 3],
    ]);
  });
});

/** Messages of few visits and few persons, who share numbers, change them and are told in any order: the same every time. */
function tangled(count: number): readonly IncomingMessage[] {
  const number = (n: number) => ({
    authority: n % 2 === 0 ? personnummerAuthority : 'LOCAL',
    value: n % 2 === 0 ? (testNumbers[n % testNumbers.length] ?? '') : `L${n % 5}`,
    kind: n % 2 === 0 ? ('personnummer' as const) : ('local' as const),
  });
  let state = 20_221;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  return Array.from({ length: count }, (_, n) => {
    const told = new Date(Date.parse(at) + next(20) * 60_000).toISOString();
    return message(n, {
      stay: { by: 'visit', authority: 'FS', number: `V${next(12)}` },
      toldAt: told,
      patient: { numbers: [number(next(10)), number(next(10))], family: `Prov ${next(4)}` },
      events: [{ ...admitted(`event-${n}`, `Avdelning ${next(3)}`), sentAt: told }],
    });
  });
}

/** What a journal holds, without the keys it made itself: by stay, who it belongs to with whom and which facts it has. */
async function storyOf(journal: Journal): Promise<unknown> {
  const processes = new Map<string, { readonly facts: string[]; readonly patient: string }>();
  for (const id of await journal.processIds('', 1000)) {
    const process = await journal.load(id);
    const patient = process?.stays[0]?.patientKey ?? '';
    const facts = process?.events.map(({ event }) => event.id) ?? [];
    processes.set(id, { facts, patient });
  }
  const identities = await Promise.all(
    [...processes.keys()].map(async (id) => JSON.stringify(await journal.identity(id))),
  );
  const groups = new Map<string, string[]>();
  for (const { patient, facts } of processes.values()) {
    groups.set(patient, [...(groups.get(patient) ?? []), facts.join(' ')]);
  }
  return {
    // The facts of a stay in order; stays of one person together.
    persons: [...groups.values()].map((stays) => stays.toSorted().join(' | ')).toSorted(),
    identities: identities.toSorted(),
    counts: (await journal.status()).messages,
  };
}
