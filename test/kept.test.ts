/** What advance and dispatch keep of cases between their calls. */
import { expect, test } from 'vitest';
import { keptCases } from '../gateway/kept.ts';
import type { LoadedProcess } from '../gateway/runtime/journal/journal.ts';
import { admitted, at } from './support/journal-messages.ts';

/** A journal in which each case has one event; it tells what it was asked to go on from. */
function journalOfOne() {
  const asked: (readonly [id: string, known: LoadedProcess | undefined])[] = [];
  return {
    asked,
    async load(id: string, known?: LoadedProcess): Promise<LoadedProcess | undefined> {
      asked.push([id, known]);
      if (id === 'unknown') return undefined;
      if (known !== undefined) return known;
      const stay = { stayId: id, patientKey: id, sender: 'ekliden', version: 1 };
      const event = { ...admitted(id), occurredAt: at, stayId: id };
      return { processId: id, stays: [stay], events: [{ position: 1, event }] };
    },
  };
}

test('the journal is asked every time, and told what is known already', async () => {
  const journal = journalOfOne();
  const cases = keptCases(journal);
  const first = await cases.load('a');
  expect(await cases.load('a')).toBe(first);
  cases.forget('a');
  await cases.load('a');
  expect(await cases.load('unknown')).toBeUndefined();
  expect(journal.asked).toEqual([
    ['a', undefined],
    ['a', first],
    ['a', undefined],
    ['unknown', undefined],
  ]);
});

test('no more events are kept than are allowed: the case that was unused the longest goes first', async () => {
  const journal = journalOfOne();
  const cases = keptCases(journal, { events: 2 });
  for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) await cases.load(id);
  const known = journal.asked.map(([id, before]) => `${id}${before === undefined ? '' : ' kept'}`);
  expect(known).toEqual(['a', 'b', 'a kept', 'c', 'a kept', 'b']);
});
