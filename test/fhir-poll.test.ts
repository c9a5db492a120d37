/** Polling a sender's FHIR server: real HTTP, a real journal, and a source with every fault. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import {
  simulatedFhirSource,
  type SimulatedFhirSource,
  type SourceFault,
} from '../adapters/simulated/fhir-source/source.ts';
import { builtFile } from './support/built-program.ts';
import { temporaryFolder } from './support/folder.ts';
import { pollLines, pollNeedsPerson, polledSources } from '../gateway/cli/status-polls.ts';
import { fhirPoll, type FhirPollConfig } from '../gateway/runtime/config-fhir-poll.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { adt } from './support/adt.ts';
import {
  encounter as encounterOf,
  need,
  patient as patientOf,
  readiness,
} from './support/fhir-stay.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { troubleAfter } from '../adapters/inbound/fhir/polling/state.ts';
import { startTestPoll, type PollOptions, type TestPoll } from './support/poll-source.ts';

let folder: { path: string; remove(): void };
let source: SimulatedFhirSource;
/** The source's clock, in seconds of 7 March 2022, 09.00. */
let sourceSecond: number;
const opened: TestPoll[] = [];

const at = (second: number): string =>
  new Date(Date.parse('2022-03-07T09:00:00Z') + second * 1000).toISOString();

beforeEach(async () => {
  folder = temporaryFolder('fhir-poll');
  sourceSecond = 0;
  source = await simulatedFhirSource({ now: () => at(sourceSecond) });
});
afterEach(async () => {
  for (const poll of opened.splice(0)) await poll.close();
  await source.close();
  folder.remove();
});

async function startPolling(options: Partial<PollOptions> = {}): Promise<TestPoll> {
  const poll = await startTestPoll({ folder: folder.path, url: source.url, ...options });
  opened.push(poll);
  return poll;
}

/** Ends one as a stop of the gateway does. */
async function stop(poll: TestPoll): Promise<void> {
  opened.splice(opened.indexOf(poll), 1);
  await poll.close();
}

const encounter = (id: string, more: object = {}) =>
  ({ resourceType: 'Encounter', id, status: 'in-progress', class: {}, ...more }) as never;
const patient = (id: string, more: object = {}) =>
  ({ resourceType: 'Patient', id, ...more }) as never;

/** Puts one more, a second later. */
function put(resource: never): void {
  sourceSecond += 1;
  source.put(resource);
}

const searches = (): string[] =>
  source.calls
    .filter(({ path }) => path === '/Encounter')
    .map(({ query }) => query.get('_lastUpdated') ?? `page ${query.get('_page')}`);

describe('what is new', () => {
  test('is taken from the configured time on, with the source’s own version and time', async () => {
    source.put(encounter('old'), '2022-02-01T00:00:00Z');
    put(encounter('e1'));
    const poll = await startPolling();
    expect(poll.told).toEqual(['Encounter/e1/1']);
    expect(poll.exchanges[0]?.request).toMatchObject({
      controlId: 'Encounter/e1/_history/1',
      sentAt: '2022-03-07T09:00:01.000Z',
    });
    expect(searches()).toEqual(['ge2022-03-01T00:00:00.000Z']);
    expect((await poll.state()).types['Encounter']?.until).toBe('2022-03-07T09:00:01.000Z');
  });

  test('is asked for from there on, less the overlap; what the overlap brings again adds nothing', async () => {
    put(encounter('e1'));
    const poll = await startPolling();
    put(encounter('e2'));
    await poll.round();
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e1/1', 'Encounter/e2/1']);
    expect(searches().slice(1)).toEqual([
      'ge2022-03-07T09:00:00.000Z',
      'ge2022-03-07T09:00:01.000Z',
    ]);
    expect((await poll.journal.status()).messages.accepted).toBe(2);
  });

  test('what the source shows late is found while the overlap lasts', async () => {
    put(encounter('e2'));
    const poll = await startPolling({ overlapMs: 5000 });
    source.put(encounter('e1'), at(-3));
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e2/1', 'Encounter/e1/1']);
  });

  test('every page, in the source’s order', async () => {
    for (let number = 1; number <= 25; number += 1) put(encounter(`e${number}`));
    const poll = await startPolling({ count: 4 });
    expect(poll.told.toSorted()).toEqual(
      Array.from({ length: 25 }, (_, index) => `Encounter/e${index + 1}/1`).toSorted(),
    );
    expect(searches()).toHaveLength(7);
  });

  test('a thousand resources of one instant', async () => {
    for (let number = 1; number <= 1000; number += 1) source.put(encounter(`e${number}`), at(1));
    sourceSecond = 2;
    const poll = await startPolling({ count: 100, overlapMs: 0 });
    expect(new Set(poll.told).size).toBe(1000);
    source.put(encounter('late'), at(1));
    await poll.round();
    expect(poll.told.at(-1)).toBe('Encounter/late/1');
    expect(poll.told).toHaveLength(1001);
  });

  test('after a restart nothing is taken twice, and nothing is left out', async () => {
    put(encounter('e1'));
    await stop(await startPolling());
    put(encounter('e1', { status: 'finished' }));
    const poll = await startPolling({ overlapMs: 60_000 });
    put(encounter('e2'));
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e1/2', 'Encounter/e2/1']);
    expect((await poll.journal.status()).messages.accepted).toBe(3);
    await stop(poll);
    const again = await startPolling({ overlapMs: 60_000 });
    // The journal recognises what is told again.
    expect((await again.journal.status()).messages.accepted).toBe(3);
  });

  test('a version older than the one that is known is kept, and says nothing', async () => {
    put(encounter('e1'));
    put(encounter('e1'));
    const poll = await startPolling({ overlapMs: 60_000 });
    const older = { ...(source.shelf.read('Encounter', 'e1') as object) };
    source.shelf.remove('Encounter', 'e1');
    source.put({ ...older, language: 'sv' } as never, at(0));
    await poll.round();
    expect(poll.exchanges.at(-1)?.request.isOlder).toBe(true);
    const stored = await poll.journal.resources.read({
      sender: 'ekliden',
      type: 'Encounter',
      id: 'e1',
    });
    expect(stored?.version).toBe(1);
  });

  test('persons before stays before plans, whatever the order of the setting', async () => {
    for (const type of ['Task', 'CarePlan', 'Encounter', 'Patient'])
      put({ resourceType: type, id: 'x' } as never);
    await startPolling({
      types: ['Task', 'CarePlan?category=SIP', 'Encounter', 'Organization', 'Patient'],
    });
    expect(source.calls.map(({ path }) => path)).toEqual([
      '/Organization',
      '/Patient',
      '/Encounter',
      '/CarePlan',
      '/Task',
    ]);
    expect(source.calls[3]?.query.get('category')).toBe('SIP');
  });

  test('the next round is due by legal time', async () => {
    const poll = await startPolling();
    put(encounter('e1'));
    await poll.pass(29_000);
    expect(poll.told).toEqual([]);
    await poll.pass(1000);
    expect(poll.told).toEqual(['Encounter/e1/1']);
  });
});

describe('what is referred to', () => {
  const subject = { reference: 'Patient/p1' };

  test('is read and taken before it, once', async () => {
    put(patient('p1'));
    put(encounter('e1', { subject }));
    put(encounter('e2', { subject }));
    const poll = await startPolling();
    expect(poll.told[0]).toBe('Patient/p1/1');
    expect(poll.told).toHaveLength(3);
    expect(source.calls.filter(({ path }) => path === '/Patient/p1')).toHaveLength(1);
    expect(poll.exchanges.at(-1)?.related).toHaveProperty('Patient/p1');
  });

  test('is read as far as the meaning goes: a Task’s Encounter’s Patient; a circle ends', async () => {
    put(patient('p1'));
    put(encounter('e1', { subject }));
    put({
      resourceType: 'Task',
      id: 't1',
      encounter: { reference: 'Encounter/e1' },
      partOf: [{ reference: 'Task/t2' }],
    } as never);
    put({ resourceType: 'Task', id: 't2', partOf: [{ reference: 'Task/t1' }] } as never);
    const poll = await startPolling({ types: ['Task'] });
    const first = (name: string): number => poll.told.indexOf(name);
    expect(first('Patient/p1/1')).toBeLessThan(first('Encounter/e1/1'));
    expect(first('Encounter/e1/1')).toBeLessThan(first('Task/t1/1'));
    expect(poll.told.every((name) => first(name) >= 0)).toBe(true);
    expect((await poll.journal.status()).messages.accepted).toBe(4);
  });

  test('what refers to itself is taken once', async () => {
    put({ resourceType: 'Task', id: 't1', partOf: [{ reference: 'Task/t1' }] } as never);
    expect((await startPolling({ types: ['Task'] })).told).toEqual(['Task/t1/1']);
  });

  test('what is not taken by itself goes with what refers to it', async () => {
    const role = { resourceType: 'PractitionerRole', id: 'r1', active: true };
    put(role as never);
    const requester = { reference: 'PractitionerRole/r1' };
    put({ resourceType: 'Task', id: 't1', requester } as never);
    const poll = await startPolling({ types: ['Task'] });
    expect(poll.told).toEqual(['Task/t1/1']);
    expect(poll.exchanges[0]?.related).toMatchObject({ 'PractitionerRole/r1': { active: true } });
  });

  test('a place is kept as by REST, and told before the stay that is there', async () => {
    put({ resourceType: 'Location', id: 'l1', name: 'Ward 7' } as never);
    put(encounter('e1', { location: [{ location: { reference: 'Location/l1' } }] }));
    const poll = await startPolling();
    expect(poll.told).toEqual(['Location/l1/1', 'Encounter/e1/1']);
    expect(poll.exchanges[1]?.related).toMatchObject({ 'Location/l1': { name: 'Ward 7' } });
  });

  test('another server’s resources are not asked for, nor of this one by an address of another', async () => {
    put(patient('p1'));
    put(encounter('e1', { subject: { reference: 'https://elsewhere.example/fhir/Patient/p1' } }));
    put(encounter('e2', { subject: { reference: 'Patient/..' } }));
    const poll = await startPolling();
    expect(source.calls.map(({ path }) => path)).toEqual(['/Encounter']);
    expect(poll.told).toHaveLength(2);
  });

  test('an absolute reference into the source is followed', async () => {
    put(patient('p1'));
    put(encounter('e1', { subject: { reference: `${source.url}/Patient/p1` } }));
    const poll = await startPolling();
    expect(poll.told).toEqual(['Patient/p1/1', 'Encounter/e1/1']);
  });

  test('is left out where the source will not give it, which is told', async () => {
    put(encounter('e1', { subject }));
    source.setFault(['none', { status: 403 }]);
    const poll = await startPolling();
    expect(poll.told).toEqual(['Encounter/e1/1']);
    expect(poll.events.map(({ name }) => name)).toEqual(['reference-not-read', 'polled']);
  });

  test('is waited for where the source cannot give it now', async () => {
    put(patient('p1'));
    put(encounter('e1', { subject }));
    source.setFault(['none', { status: 503 }, { status: 503 }]);
    const poll = await startPolling();
    expect(poll.told).toEqual([]);
    expect((await poll.state()).types['Encounter']?.until).toBeUndefined();
    await poll.pass(30_000);
    expect(poll.told).toEqual(['Patient/p1/1', 'Encounter/e1/1']);
  });

  test('a person is kept because of a stay, and then as they change', async () => {
    put(patient('p1'));
    put(patient('stranger'));
    put(encounter('e1', { subject }));
    const poll = await startPolling({ types: ['Patient', 'Encounter'] });
    put(patient('p1', { active: true }));
    put(patient('stranger', { active: true }));
    await poll.round();
    expect(poll.told).toEqual(['Patient/p1/1', 'Encounter/e1/1', 'Patient/p1/2']);
  });
});

describe('a bad resource', () => {
  test('never stops the rest: it is kept as refused', async () => {
    put(encounter('e1', { language: 'refuse' }));
    put(encounter('e2'));
    const poll = await startPolling();
    await poll.round();
    expect(poll.told.toSorted()).toEqual(['Encounter/e1/1', 'Encounter/e2/1']);
    expect((await poll.journal.status()).messages).toMatchObject({ accepted: 1, rejected: 1 });
    expect(poll.events).toEqual([{ name: 'polled', detail: { taken: 1, refused: 1 } }]);
    expect((await poll.state()).types['Encounter']?.until).toBe(at(2));
  });

  test('is judged anew where something was not there that it refers to', async () => {
    put(encounter('e1', { language: 'refuse', subject: { reference: 'Patient/p1' } }));
    const poll = await startPolling({ overlapMs: 60_000 });
    source.put(patient('p1'));
    await poll.round();
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e1/1', 'Patient/p1/1', 'Encounter/e1/1']);
  });

  test('however strange, it does not stop what comes after it', async () => {
    const meta = { versionId: '1', lastUpdated: at(1) };
    const strange = [
      { meta: { versionId: 7, lastUpdated: 'yesterday' } },
      { meta: 'word' },
      { meta: null },
      { subject: 'word' },
      { subject: { reference: 7 } },
      { location: [null, { location: [] }, 7] },
      { id: '../metadata' },
      { id: undefined },
      { resourceType: 'Basic' },
    ].map((more, index) => ({ resourceType: 'Encounter', id: `s${index}`, meta, ...more }));
    const entry = [...strange, { resourceType: 'Encounter', id: 'good', meta }].map((resource) => ({
      resource,
    }));
    const link = [null, { relation: 'self' }, { relation: 'next', url: 7 }];
    const page = { resourceType: 'Bundle', type: 'searchset', link, entry: [null, {}, ...entry] };
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/fhir+json');
      response.end(JSON.stringify(page));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const poll = await startPolling({ url: `http://127.0.0.1:${port}/fhir` });
    expect(poll.told.map((name) => name.split('/')[1])).toEqual([
      's0',
      's1',
      's2',
      's3',
      's4',
      's5',
      'good',
    ]);
    expect((await poll.state()).trouble).toBeUndefined();
    expect((await poll.state()).types['Encounter']?.trouble).toBeUndefined();
    // Two entries without a resource and one of another type; two without an id.
    const passed = poll.events.filter(({ name }) => name === 'entries-passed-over');
    expect(passed.map(({ detail }) => detail['entries'])).toEqual([3, 2]);
    server.closeAllConnections();
    server.close();
  });
});

describe('a bad source', () => {
  test.each<[SourceFault, RegExp]>([
    ['html', /^malformed-message: GET Encounter: the answer is not JSON/],
    ['not-json', /^malformed-message/],
    ['empty', /^malformed-message/],
    ['wrong-resource', /^malformed-message: .*Patient came/],
    ['huge', /^malformed-message: .*larger than/],
    ['redirect', /^source-refused: .*redirect/],
    [{ status: 400 }, /^source-refused: .*HTTP 400/],
    [{ status: 500 }, /^source-unavailable: .*HTTP 500/],
    ['next-elsewhere', /^malformed-message: .*leads elsewhere/],
    ['next-repeats', /^malformed-message: .*leads back/],
    ['next-loops', /^malformed-message: .*leads/],
    ['next-endless', /^malformed-message: .*leads/],
    ['hang', /^source-unavailable: .*no answer within 100 ms/],
    ['cut', /^source-unavailable/],
    ['vanish', /^source-unavailable/],
    ['token-expired', /^source-refused: .*HTTP 401/],
    [{ status: 503 }, /^source-unavailable/],
  ])('%j: asked again at a time that is written down, and nothing is lost', async (fault, text) => {
    for (let number = 1; number <= 5; number += 1) put(encounter(`e${number}`));
    source.setFault(fault);
    const poll = await startPolling({ count: 2, timeoutMs: 100 });
    const { trouble, types } = await poll.state();
    const why = trouble ?? types['Encounter']?.trouble;
    expect(why?.error).toMatch(text);
    expect(why?.nextAt).toBe('2022-03-07T10:00:30.000Z');
    const told = poll.events.find(({ name }) => /failed/.test(name));
    expect(told?.detail).toMatchObject({ failures: 1, nextAt: '2022-03-07T10:00:30.000Z' });
    const asked = source.calls.length;
    await poll.pass(29_000);
    expect(source.calls).toHaveLength(asked);
    source.setFault([]);
    await poll.pass(1000);
    // Once more: the round that was due meanwhile may have found it waiting.
    await poll.pass(30_000);
    expect(new Set(poll.told)).toEqual(new Set([1, 2, 3, 4, 5].map((n) => `Encounter/e${n}/1`)));
    expect((await poll.journal.status()).messages.accepted).toBe(5);
    const { trouble: over, types: mended } = await poll.state();
    expect(over ?? mended['Encounter']?.trouble).toBeUndefined();
    expect(poll.events.map(({ name }) => name)).toContain('poll-recovered');
  });

  test('each further failure is waited for twice as long, to a quarter of an hour', async () => {
    source.setFault({ status: 503 });
    const poll = await startPolling();
    const waits: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const { trouble } = await poll.state();
      const waitMs = Date.parse(trouble?.nextAt ?? '') - poll.clock.nowMs();
      waits.push(waitMs / 1000);
      await poll.pass(waitMs);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  test('a wait that it asks for is kept, over a restart too', async () => {
    source.setFault({ status: 429, retryAfter: '600' });
    const poll = await startPolling();
    expect((await poll.state()).trouble?.nextAt).toBe('2022-03-07T10:10:00.000Z');
    await stop(poll);
    source.setFault([]);
    put(encounter('e1'));
    const asked = source.calls.length;
    const again = await startPolling();
    await again.round();
    expect(source.calls).toHaveLength(asked);
    await again.pass(600_000);
    expect(again.told).toEqual(['Encounter/e1/1']);
  });

  test('a wait until a date, which is no whole number of milliseconds away, is written down too', () => {
    const error = { code: 'source-unavailable', message: 'HTTP 503', retryAfterMs: 60_000.5 };
    const { nextAt } = troubleAfter(undefined, error, 30_000, Date.parse(at(0)));
    expect(nextAt).toBe('2022-03-07T09:01:00.001Z');
  });

  test('one type that it does not have does not stop the others', async () => {
    put(encounter('e1'));
    source.setFault([{ status: 404 }]);
    const poll = await startPolling({ types: ['Organization', 'Encounter'] });
    expect(poll.told).toEqual(['Encounter/e1/1']);
    expect(poll.events[0]).toMatchObject({ name: 'type-failed', detail: { type: 'Organization' } });
    expect((await poll.state()).types['Organization']?.trouble?.failures).toBe(1);
  });

  test('a source that is away is not asked for every type', async () => {
    source.setFault('vanish');
    await startPolling({ types: ['Patient', 'Encounter', 'CarePlan'] });
    expect(new Set(source.calls.map(({ path }) => path))).toEqual(new Set(['/Patient']));
  });

  test('pages that do not sort are read to the end before the cursor moves', async () => {
    for (const second of [9, 1, 8, 2, 7]) source.put(encounter(`e${second}`), at(second));
    sourceSecond = 10;
    source.setFault(['unsorted', 'none', { status: 500 }]);
    const poll = await startPolling({ count: 2, overlapMs: 0 });
    expect((await poll.state()).types['Encounter']?.until).toBeUndefined();
    source.setFault(['unsorted']);
    await poll.pass(30_000);
    expect(new Set(poll.told).size).toBe(5);
    expect((await poll.state()).types['Encounter']?.until).toBe(at(9));
  });

  test('where a later page fails, the cursor stands at what was committed', async () => {
    for (let number = 1; number <= 6; number += 1) put(encounter(`e${number}`));
    source.setFault(['none', 'none', { status: 500 }]);
    const poll = await startPolling({ count: 2 });
    expect(poll.told).toHaveLength(4);
    expect((await poll.state()).types['Encounter']?.until).toBe(at(4));
  });
});

describe('clocks', () => {
  test('a source whose clock is behind ours by hours is followed by its own', async () => {
    const poll = await startPolling({ start: '2022-03-07T15:00:00Z' });
    put(encounter('e1'));
    await poll.round();
    put(encounter('e2'));
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e1/1', 'Encounter/e2/1']);
  });

  test('a resource from the future does not hide what comes after it', async () => {
    source.put(encounter('future'), '2099-01-01T00:00:00Z');
    const poll = await startPolling();
    expect((await poll.state()).types['Encounter']?.until).toBe(at(0));
    put(encounter('e1'));
    await poll.round();
    expect(poll.told).toEqual(['Encounter/future/1', 'Encounter/e1/1']);
  });

  test('a clock that was set back is noticed', async () => {
    sourceSecond = 7200;
    put(encounter('e1'));
    const poll = await startPolling();
    sourceSecond = 0;
    put(encounter('e2'));
    await poll.round();
    expect(poll.told).toEqual(['Encounter/e1/1', 'Encounter/e2/1']);
    expect(poll.events.map(({ name }) => name)).toContain('source-clock-set-back');
  });
});

describe('the gateway’s own trouble', () => {
  test('where nothing can be stored the cursor stays, and nothing is lost', async () => {
    put(encounter('e1'));
    let isFull = true;
    const poll = await startPolling({
      async openJournal(path) {
        const journal = await openEmbeddedJournal({ folder: path });
        const { record } = journal;
        const { GatewayError } = await import('../gateway/errors.ts');
        return Object.assign(Object.create(journal), {
          record: async (message: never) => {
            if (isFull) throw new GatewayError('disk-full', 'as it was told to');
            return await record.call(journal, message);
          },
          resources: journal.resources,
          cursors: journal.cursors,
          reject: (message: never) => journal.reject(message),
          status: () => journal.status(),
          close: () => journal.close(),
        });
      },
    });
    const { trouble, types } = await poll.state();
    expect(trouble?.error).toMatch(/^disk-full/);
    expect(types).toEqual({});
    isFull = false;
    await poll.pass(30_000);
    expect((await poll.journal.status()).messages.accepted).toBe(1);
  });

  test('a stop in the middle of a search is no failure; the next start goes on', async () => {
    for (let number = 1; number <= 30; number += 1) put(encounter(`e${number}`));
    source.setFault(['none', 'hang']);
    const poll = await startPolling({ count: 20, timeoutMs: 60_000, isLeft: true });
    while (source.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(poll.poll.inHand()).toBe(1);
    await poll.poll.close();
    expect(poll.poll.inHand()).toBe(0);
    expect((await poll.state()).trouble).toBeUndefined();
    expect(poll.events.filter(({ name }) => /failed/.test(name))).toEqual([]);
    await stop(poll);
    const again = await startPolling({ count: 20 });
    expect((await again.journal.status()).messages.accepted).toBe(30);
  });

  test('kill -9 in the middle of a page loses nothing and adds nothing', async () => {
    for (let number = 1; number <= 400; number += 1) put(encounter(`e${number}`));
    const child = builtFile('test/support/poll-child.ts');
    for (const after of [3, 230]) {
      const polling = spawn(process.execPath, [child, folder.path, source.url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let lines = 0;
      for await (const line of createInterface({ input: polling.stdout })) {
        lines += line === '' ? 0 : 1;
        if (lines === after) polling.kill('SIGKILL');
      }
      if (polling.exitCode === null && polling.signalCode === null) await once(polling, 'exit');
    }
    const poll = await startPolling({ count: 100 });
    expect((await poll.journal.status()).messages).toMatchObject({ accepted: 400, rejected: 0 });
    expect(await poll.journal.resources.page('ekliden', 'Encounter', '', 1000)).toHaveLength(400);
  });
});

describe('through the gateway', () => {
  const inpatient = encounterOf();
  const p1 = patientOf;

  async function startPolled(
    more: Partial<FhirPollConfig> = {},
    mappings: readonly string[] = [],
  ): Promise<TestGateway> {
    const poll = fhirPoll.parse({
      base: source.url,
      since: '2022-03-01T00:00:00.000Z',
      ownNetwork: true,
      ...more,
    });
    const gateway = await startTestGateway({
      start: '2022-03-07T09:30:00.000Z',
      folder: folder.path,
      change: (config) => ({
        ...config,
        mappings: [...config.mappings, ...mappings],
        senders: [{ id: 'ekliden', mode: 'live', fhir: { kind: 'hospital', poll } }],
      }),
    });
    gateways.push(gateway);
    return gateway;
  }
  const gateways: TestGateway[] = [];
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.close();
  });
  const typesIn = async ({ gateway }: TestGateway): Promise<string[]> =>
    (await gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event.type);

  test('a stay that is polled becomes a case, and its notices go out', async () => {
    put(p1 as never);
    put({
      ...inpatient,
      extension: need([true, false, false], '2022-03-07T10:10:00+01:00'),
    } as never);
    const world = await startPolled();
    await world.rest();
    expect(await typesIn(world)).toEqual(
      expect.arrayContaining(['patient.admitted', 'need.assessed']),
    );
    const notices = (): unknown[] =>
      world.receiver.received.map(({ body }) => body.data.obligation);
    expect(notices()).toContain('admission-notice');
    put({
      ...inpatient,
      extension: [
        ...need([true, false, false], '2022-03-07T10:10:00+01:00'),
        ...readiness('ready', '2022-03-07T10:25:00+01:00'),
      ],
    } as never);
    await world.rest();
    expect(await typesIn(world)).toContain('patient.discharge-ready');
    expect(notices()).toContain('discharge-ready-notice');
    expect((await world.gateway.journal.status()).processes).toBe(1);
  });

  /** Stays that are good, break our profile (no unit), and break FHIR itself (a status of R5). */
  function putThree(): void {
    const serviceProvider = {
      identifier: { system: 'urn:oid:1.2.752.29.4.19', value: 'SE2321000131-E000000000001' },
    };
    const named = (value: string) => [{ system: 'https://ekliden.example/vardkontakt', value }];
    put(p1 as never);
    put({
      ...inpatient,
      id: 'no-unit',
      identifier: named('V2'),
      serviceProvider: undefined,
    } as never);
    put({ ...inpatient, id: 'of-r5', identifier: named('V3'), status: 'completed' } as never);
    put({ ...inpatient, id: 'good', identifier: named('V4'), serviceProvider } as never);
  }
  const keptOf = async ({ gateway }: TestGateway): Promise<string[]> =>
    (await gateway.journal.resources.page('ekliden', 'Encounter', '', 10)).map(({ id }) => id);

  test('what FHIR itself refuses is kept as refused and told, and the rest is taken', async () => {
    putThree();
    const world = await startPolled();
    await world.rest();
    expect(await keptOf(world)).toEqual(['good', 'no-unit']);
    expect((await world.gateway.journal.status()).messages.rejected).toBe(1);
    expect(world.logged.join('')).toContain("Encounter.status is 'completed'");
  });

  test('at level refuse what breaks our profile is refused too', async () => {
    putThree();
    const overlay = join(folder.path, 'strict');
    mkdirSync(join(overlay, 'senders'), { recursive: true });
    writeFileSync(join(overlay, 'senders/ekliden.yaml'), 'fhir: { level: refuse }\n');
    const world = await startPolled({}, [overlay]);
    await world.rest();
    expect(await keptOf(world)).toEqual(['good']);
    expect((await world.gateway.journal.status()).messages.rejected).toBe(2);
    expect(world.logged.join('')).toContain('Encounter.serviceProvider is missing');
  });

  test('a stay that HL7 v2 began and a polled Encounter ends is one case', async () => {
    const world = await startPolled();
    expect(
      await world.send(adt({ trigger: 'A01', id: 'M1', at: '20220307100000', visit: 'V1001' })),
    ).toBe('AA');
    put(p1 as never);
    const period = { start: '2022-03-07T10:00:00+01:00', end: '2022-03-07T10:20:00+01:00' };
    put({ ...inpatient, status: 'finished', period } as never);
    await world.rest();
    expect((await world.gateway.journal.status()).processes).toBe(1);
    expect(await typesIn(world)).toContain('patient.discharged');
  });

  test('polling begins again after a restart where it had come, and says how far in status', async () => {
    put(p1 as never);
    put(inpatient as never);
    const world = await startPolled();
    await world.rest();
    gateways.splice(0);
    await world.close();
    source.setFault({ status: 503 });
    const again = await startPolled();
    await again.rest();
    const facts = await typesIn(again);
    expect(facts.filter((type) => type === 'patient.admitted')).toHaveLength(1);
    gateways.splice(0);
    await again.close();
    const { config } = loadConfig({ file: null, env: {} });
    const poll = fhirPoll.parse({ base: source.url, since: '2022-03-01T00:00:00.000Z' });
    const reader = await openJournalReader({ folder: folder.path });
    const polls = await polledSources(
      { ...config, senders: [{ id: 'ekliden', mode: 'live', fhir: { kind: 'hospital', poll } }] },
      reader,
    );
    await reader.close();
    const lines = pollLines(polls).join('\n');
    expect(lines).toMatch(/^polled +ekliden: last 2022-03-07 .*Encounter up to 2022-03-07/);
    expect(lines).toMatch(
      /^POLL +ekliden: source-unavailable: GET Patient: HTTP 503.*1 failure in a row, next attempt/m,
    );
    expect(pollNeedsPerson(polls)).toBe(false);
  });

  test('a key that cannot be read stops the start, naming the setting', async () => {
    const smart = { clientId: 'c', keyFile: '/nowhere/key.pem', scope: 'system/*.rs' };
    await expect(startPolled({ smart })).rejects.toMatchObject({
      code: 'configuration-invalid',
      location: 'senders.0.fhir.poll.smart.keyFile',
    });
    const ownNetwork = startPolled({ base: 'https://10.0.0.1/fhir', ownNetwork: false });
    await expect(ownNetwork).rejects.toThrow(/senders\.0\.fhir\.poll\.base: address not allowed/);
  });

  test('what is said of a person never reaches the log', async () => {
    put(p1 as never);
    put({ ...inpatient, status: 'nonsense' } as never);
    source.setFault(['none', 'none', 'html']);
    const world = await startPolled({ types: ['Patient', 'Encounter', 'CarePlan'] });
    await world.rest();
    const logged = world.logged.join('\n');
    expect(logged).toMatch(/FHIR type-failed|FHIR polled/);
    for (const word of ['195009072553', 'Påhittad', 'Exempelvägen'])
      expect(logged).not.toContain(word);
  });
});
