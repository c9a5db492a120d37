/** Messages taken together: which reply is what, what is kept, and that nothing else is. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Inbound, ResourceWrite, Translation } from '../adapters/adapter.ts';
import { GatewayError } from '../gateway/errors.ts';
import { createReceive, createReceiveTogether } from '../gateway/receive.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { temporaryFolder } from './support/folder.ts';

/** A standard of its own: an id, what it says, and the resource that it is. */
interface Note {
  readonly id: string;
  readonly text?: string;
  readonly expected?: number;
  readonly wrong?: GatewayError;
}

const inbound: Inbound<Note> = {
  name: 'notes',
  mappingRevision: 'r1',
  read: (raw) => JSON.parse(Buffer.from(raw).toString()),
  head: ({ id }) => ({
    sender: 'ekliden',
    controlId: id,
    kind: 'Note',
    controlIdReuse: 'refused',
  }),
  translate({ id, expected = 0, wrong }): Translation {
    if (wrong) throw wrong;
    const resource: ResourceWrite = { type: 'Note', id, expected, identifiers: [], body: '{}' };
    return { facts: [], resources: [resource], unmapped: [], warnings: [] };
  },
  acknowledge: (note, _raw, verdict) => [
    Buffer.from(`${note?.id} ${verdict.accepted ? 'taken' : verdict.error.code}`),
  ],
};
const malformed = new GatewayError('malformed-message', 'Note.text: missing');

let journal: Journal;
let clean: () => void;
let logged: string[];
beforeEach(async () => {
  const folder = temporaryFolder('together');
  journal = await openEmbeddedJournal({ folder: folder.path });
  clean = folder.remove;
  logged = [];
});
afterEach(async () => {
  await journal.close();
  clean();
});

function parts(over: Partial<Journal> = {}) {
  let ids = 0;
  return {
    journal: { ...journal, ...over },
    clock: new HandSetClock('2022-03-07T12:00:00.000Z'),
    log: createLog({
      level: 'debug',
      json: true,
      destination: { write: (line) => void logged.push(line) },
    }),
    newId: () => `id-${(ids += 1)}`,
  };
}
const rawOf = (note: Note) => Buffer.from(JSON.stringify({ id: note.id, text: note.text }));
async function take(notes: readonly Note[], over?: Partial<Journal>): Promise<string[]> {
  const receive = createReceiveTogether(inbound, parts(over));
  const replies = await receive(notes.map((message) => ({ raw: rawOf(message), message })));
  return replies.map(({ outcome, answers, error }) =>
    [
      outcome,
      ...(answers ?? []).map((one) => `"${Buffer.from(one).toString()}"`),
      ...(error ? [error.code] : []),
    ].join(' '),
  );
}
const counted = async () => (await journal.status()).messages;
const isThere = async (id: string) =>
  (await journal.resources.read({ sender: 'ekliden', type: 'Note', id })) !== undefined;

describe('messages taken together', () => {
  test('all are answered as each would be alone, after the commit', async () => {
    expect(await take([{ id: 'a' }, { id: 'b' }])).toEqual([
      'accepted "a taken"',
      'accepted "b taken"',
    ]);
    expect(await counted()).toMatchObject({ accepted: 2, rejected: 0 });
    expect([await isThere('a'), await isThere('b')]).toEqual([true, true]);
  });

  test('a repeat among them gets the stored answer', async () => {
    await createReceive(inbound, parts())(rawOf({ id: 'b' }));
    expect(await take([{ id: 'a' }, { id: 'b' }])).toEqual([
      'accepted "a taken"',
      'accepted "b taken"',
    ]);
    expect(await counted()).toMatchObject({ accepted: 2 });
  });

  test('one that cannot be translated is refused and kept; of the others nothing is taken or kept', async () => {
    expect(await take([{ id: 'a' }, { id: 'b', wrong: malformed }, { id: 'c' }])).toEqual([
      'untaken',
      'refused "b malformed-message" malformed-message',
      'untaken',
    ]);
    expect(await counted()).toMatchObject({ accepted: 0, rejected: 1 });
    expect(await isThere('a')).toBe(false);
  });

  test('of several that are wrong the first is told', async () => {
    const replies = await take([
      { id: 'a', wrong: malformed },
      { id: 'b', wrong: malformed },
    ]);
    expect(replies).toEqual(['refused "a malformed-message" malformed-message', 'untaken']);
    expect(await counted()).toMatchObject({ rejected: 1 });
  });

  test('one whose id has other content is refused in its own place, and kept', async () => {
    await take([{ id: 'c', text: 'before' }]);
    expect(await take([{ id: 'a' }, { id: 'b' }, { id: 'c', text: 'after' }])).toEqual([
      'untaken',
      'untaken',
      'refused "c control-id-reused" control-id-reused',
    ]);
    expect(await counted()).toMatchObject({ accepted: 1, rejected: 1 });
  });

  test('where another was faster it is told which to read again, and nothing is kept', async () => {
    expect(await take([{ id: 'a' }, { id: 'b', expected: 3 }])).toEqual([
      'untaken',
      'untaken "b stale-version" stale-version',
    ]);
    expect(await counted()).toMatchObject({ accepted: 0, rejected: 0 });
    // Whoever reads again is no cause for a warning.
    expect(logged.map((line) => JSON.parse(line).level)).toEqual(['debug']);
  });

  test('where the journal takes nothing, each hears so', async () => {
    const full = new GatewayError('disk-full', 'the disk of the journal is full');
    const failing = { recordTogether: () => Promise.reject(full) };
    expect(await take([{ id: 'a' }, { id: 'b' }], failing)).toEqual([
      'untaken "a disk-full" disk-full',
      'untaken "b disk-full" disk-full',
    ]);
    expect(await counted()).toMatchObject({ accepted: 0, rejected: 0 });
  });

  test('a bug of ours accuses none of them: each is kept for the operator', async () => {
    const failing = { recordTogether: () => Promise.reject(new TypeError('no such row')) };
    expect(await take([{ id: 'a' }, { id: 'b' }], failing)).toEqual([
      'refused "a assertion-failed" assertion-failed',
      'refused "b assertion-failed" assertion-failed',
    ]);
    expect(await counted()).toMatchObject({ accepted: 0, rejected: 2 });
  });

  test('a refusal that cannot be kept is no refusal: it may come again', async () => {
    const failing = { reject: () => Promise.reject(new GatewayError('disk-full', 'full')) };
    expect(await take([{ id: 'a', wrong: malformed }, { id: 'b' }], failing)).toEqual([
      'untaken "a disk-full" disk-full',
      'untaken',
    ]);
  });

  test('none of none is nothing', async () => {
    expect(await take([])).toEqual([]);
  });
});
