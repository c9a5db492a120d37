/** The whole way of a message and of a case, told from the journal. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { trace } from '../gateway/questions/trace.ts';
import { newId } from '../gateway/runtime/ids.ts';
import { openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import type { JournalReader } from '../gateway/runtime/journal/reader.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const monday = '2022-03-07T09:00:00.000Z';
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const stay = {
  at: monday,
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  visit: 'E1',
} as const;
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** An admission, its notice three minutes later. */
async function play(): Promise<{ world: TestGateway; journal: JournalReader }> {
  const world = await startTestGateway({ start: monday });
  open.push(() => world.close());
  await world.send(buildMessage('ekliden', { trigger: 'A01', controlId: 'C-1', ...stay }));
  await world.rest();
  world.clock.advanceTo('2022-03-07T09:03:00.000Z');
  await world.send(buildMessage('ekliden', { trigger: 'A08', controlId: 'C-2', ...stay, needs }));
  await world.rest();
  const journal = await openJournalReader({ folder: world.folder });
  open.push(() => journal.close());
  return { world, journal };
}

describe('a trace', () => {
  test('tells what came, what followed and what was sent, with what belongs to the message marked', async () => {
    const { world, journal } = await play();
    const found = await trace(journal, 'C-2');
    const asked = found?.steps
      .filter(({ isAsked }) => isAsked)
      .map(({ kind, what }) => [kind, what]);
    expect(asked?.[0]).toEqual([
      'message',
      'ADT^A08 from ekliden, control id C-2: stored and answered as accepted',
    ]);
    expect(asked).toContainEqual(['decision', 'notice.issued']);
    expect(asked).toContainEqual(['attempt', 'attempt 1 to receiver']);
    expect(asked).toContainEqual(['outcome', 'notice.delivered']);
    const unasked = found?.steps.filter(({ isAsked }) => !isAsked);
    expect(unasked?.[0]?.what).toContain('control id C-1');
    expect(found?.steps.find(({ what }) => what.includes('C-2'))?.waitedMs).toBe(180_000);
    expect(world.receiver.inFlight()).toBe(0);
  });

  test('is the same case by the id of its message, stay, event, delivery, or its reference', async () => {
    const { journal } = await play();
    const whole = await trace(journal, 'C-1');
    const { caseReference = '', stays = [], steps = [] } = whole ?? {};
    const idOf = (kind: string) => steps.find((step) => step.kind === kind)?.id ?? '';
    const ids = [caseReference, stays[0] ?? '', idOf('message'), idOf('decision'), idOf('attempt')];
    for (const id of ids) expect((await trace(journal, id))?.caseReference).toBe(caseReference);
    const ofCase = await trace(journal, caseReference);
    expect(ofCase?.steps.every(({ isAsked }) => isAsked)).toBe(true);
  });

  test('says nothing of the person', async () => {
    const { journal } = await play();
    const text = JSON.stringify(await trace(journal, 'C-1'));
    expect(text).not.toMatch(/Testsson|Åsa|195009072553/);
  });

  test('tells what waits, and knows nothing by an id that there is not', async () => {
    const { world, journal } = await play();
    await world.gateway.journal.pauses.pause({
      queue: 'advance',
      reason: 'a test',
      by: 'a test',
      at: monday,
    });
    world.gateway.bus.wake();
    await world.send(buildMessage('ekliden', { trigger: 'A03', controlId: 'C-3', ...stay }));
    const waiting = (await trace(journal, 'C-3'))?.steps.filter(({ kind }) => kind === 'waiting');
    expect(waiting?.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/patient\.discharged waits in advance/),
    );
    expect(await trace(journal, 'nobody')).toBeUndefined();
    expect(await trace(journal, '11111111-2222-5333-8444-555555555555')).toBeUndefined();
  });

  test('looks through events for an id that an event may have, and for no other', async () => {
    const { journal } = await play();
    const looked: string[] = [];
    const streamOfEvent = (id: string) => {
      looked.push(id);
      return journal.paths.streamOfEvent(id);
    };
    const watched = { ...journal, paths: { ...journal.paths, streamOfEvent } };
    const decision = (await trace(journal, 'C-1'))?.steps.find(({ kind }) => kind === 'decision');
    for (const id of ['C-1', 'nobody', newId(), decision?.id ?? '']) await trace(watched, id);
    expect(looked).toEqual([decision?.id]);
  });

  test('shows a message that was refused', async () => {
    const { world, journal } = await play();
    const raw = Buffer.from(
      buildMessage('ekliden', { trigger: 'A01', controlId: 'C-9', ...stay, visit: '' }),
    );
    await world.send(raw);
    const refused = await trace(journal, 'C-9');
    expect(refused?.steps.map(({ what }) => what).join()).toMatch(/C-9: rejected \(\S+\)/);
  });
});
