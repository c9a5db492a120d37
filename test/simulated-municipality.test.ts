/** A whole simulated municipality: what it prints reaches it, one list has all that came, and it answers as it is told. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { signerOf } from '../adapters/wire/signature.ts';
import { behaviourWords, channels } from '../adapters/simulated/municipality/behaviour.ts';
import { obey } from '../adapters/simulated/municipality/commands.ts';
import { openLook } from '../adapters/simulated/municipality/look.ts';
import { lineOf } from '../adapters/simulated/municipality/received.ts';
import { toldOf } from '../adapters/simulated/municipality/told.ts';
import { simulateHelp } from '../gateway/cli/simulate-help.ts';
import {
  simulateMunicipality,
  type MunicipalityOptions,
} from '../gateway/cli/simulate-municipality.ts';
import type { DischargeEvent } from '../gateway/process/events.ts';
import { temporaryFolder } from './support/folder.ts';
import { markers } from './support/marked-person.ts';
import { startTrial, type Trial } from './support/whole-municipality.ts';

const receiving = channels.filter((channel) => channel !== 'billing');

async function trialOf(...given: Parameters<typeof startTrial>): Promise<Trial> {
  const trial = await startTrial(...given);
  onTestFinished(() => trial.close());
  return trial;
}

async function delivered({ world }: Trial, id: string): Promise<void> {
  await expect
    .poll(async () => (await world.gateway.journal.deliveries.named(id))?.state, {
      timeout: 10_000,
    })
    .toBe('delivered');
}

async function eventsOf({ world }: Trial, type: DischargeEvent['type']) {
  await world.rest();
  const events = await world.gateway.journal.eventsAfter(0, 10_000);
  return events.map(({ event }) => event).filter((event) => event.type === type);
}

describe('a gateway that is told what the simulated municipality prints', () => {
  test('reaches it by every channel; one list has all in their order, and says nothing of a person', async () => {
    const lines: string[] = [];
    const trial = await trialOf(channels, { onReceived: (one) => void lines.push(lineOf(one)) });
    const ids = [];
    for (const channel of receiving) {
      const id = await trial.admit(channel);
      await delivered(trial, id);
      ids.push(id);
    }
    const list = trial.municipality.received.all();
    expect(list.map(({ number, channel }) => [number, channel])).toEqual(
      receiving.map((channel, index) => [index + 1, channel]),
    );
    for (const [index, one] of list.entries()) {
      expect(one).toMatchObject({ isTaken: true, isDuplicate: false, behaviour: 'accept' });
      expect(one.reference).toMatch(/^[0-9a-f-]{36}$/);
      // By SDK the obligation is said in words; ADT has no room for the whole id.
      if (one.channel === 'sdk') expect(one.label).toBe('Inskrivningsmeddelande');
      else expect(one).toMatchObject({ action: 'notice.issued', obligation: 'admission-notice' });
      if (one.channel !== 'mllp') expect(one.deliveryId).toBe(ids[index]);
      expect(trial.municipality.received.contentOf(one.number)).toMatch(
        one.channel === 'sdk' ? /messagePayload/ : /Markörsson/,
      );
    }
    expect(lines).toHaveLength(receiving.length);
    for (const marker of markers) {
      expect(lines.join('\n')).not.toContain(marker);
      expect(JSON.stringify(list)).not.toContain(marker);
    }
  });

  test('marks a repeat and a wrong signature as such', async () => {
    const trial = await trialOf(['webhook'], {}, (config) => ({
      ...config,
      dispatch: { ...config.dispatch, retries: [1000] },
    }));
    await trial.municipality.behave('webhook', 'vanish', 1);
    const id = await trial.admit('webhook');
    await expect.poll(() => trial.municipality.received.all().length).toBe(1);
    await trial.world.rest();
    await trial.world.passTimeUntil('2022-03-07T09:00:05.000Z');
    await delivered(trial, id);
    const url = trial.municipality.open[0]?.where ?? '';
    const body = '{"type":"notice.issued","data":{}}';
    const headers = signerOf([`whsec_${Buffer.alloc(32, 9).toString('base64')}`])(
      'stranger',
      body,
      Math.floor(Date.now() / 1000),
    );
    expect((await fetch(url, { method: 'POST', headers: { ...headers }, body })).status).toBe(401);
    expect(
      trial.municipality.received
        .all()
        .map(({ isTaken, isDuplicate, signature }) => [isTaken, isDuplicate, signature]),
    ).toEqual([
      [true, false, 'right'],
      [true, true, 'right'],
      [false, false, 'wrong'],
    ]);
  });
});

describe('its answers', () => {
  test.each(receiving)(
    'by itself: a notice by %s is acknowledged after a while',
    async (channel) => {
      const trial = await trialOf([channel], { answers: 'acknowledge', answerAfterMs: 20 });
      const id = await trial.admit(channel);
      await delivered(trial, id);
      await expect.poll(() => trial.remarks.join(), { timeout: 10_000 }).toContain('HTTP 202');
      const [told] = await eventsOf(trial, 'notice.acknowledged');
      expect(told?.data).toMatchObject(
        channel === 'mllp' ? { obligation: 'admission-notice' } : { deliveryId: id },
      );
      expect(trial.municipality.received.byNumber(1)?.answers).toMatchObject([
        { answer: 'notice.acknowledged', result: 'HTTP 202' },
      ]);
    },
  );

  test('by a line: their system has it, and the patient is not their resident', async () => {
    const trial = await trialOf(['sftp']);
    await delivered(trial, await trial.admit('sftp'));
    expect(await obey(trial.municipality, 'received 1')).toEqual(['HTTP 202']);
    expect(await obey(trial.municipality, ' not-ours 1 ')).toEqual(['HTTP 202']);
    expect(await eventsOf(trial, 'notice.received')).toHaveLength(1);
    expect(await eventsOf(trial, 'notice.misdirected')).toHaveLength(1);
  });

  test('a line that makes no sense is answered with what would', async () => {
    const trial = await trialOf(['webhook']);
    await delivered(trial, await trial.admit('webhook'));
    const { municipality } = trial;
    expect(await obey(municipality, 'acknowledge 7')).toEqual([
      '7: no number of what came; list shows them',
    ]);
    expect(await obey(municipality, 'dispute 1')).toEqual(['1 is no invoice']);
    expect(await obey(municipality, 'sing')).toEqual(['sing: not known; help shows what is']);
    expect(await obey(municipality, 'behave webhook full')).toEqual([
      expect.stringMatching(/^webhook cannot full; it can accept, refuse, .* a status: 502$/),
    ]);
    expect(await obey(municipality, 'behave sftp full')).toEqual([
      'sftp is not open; open are webhook',
    ]);
    expect(await obey(municipality, 'behave webhook other-name')).toEqual([
      expect.stringContaining('start with --tls'),
    ]);
    expect(await obey(municipality, '')).toEqual([]);
  });
});

describe('looking at it by HTTP', () => {
  test('shows the list, as a page too, one content, what to tell the gateway, and obeys a line', async () => {
    const trial = await trialOf(['file']);
    await delivered(trial, await trial.admit('file'));
    await expect.poll(() => trial.municipality.received.all().length).toBe(1);
    const look = await openLook(trial.municipality, 0);
    onTestFinished(() => look.close());
    const get = async (path: string, accept = '*/*'): Promise<string> =>
      await (await fetch(`${look.origin}${path}`, { headers: { accept } })).text();
    expect(JSON.parse(await get('/received'))).toMatchObject({
      received: [{ number: 1, channel: 'file', action: 'notice.issued' }],
    });
    const page = await get('/received', 'text/html');
    expect(page).toContain('<td>admission-notice</td>');
    for (const marker of markers) expect(page).not.toContain(marker);
    expect(await get('/received/1')).toContain('Markörsson');
    expect(await get('/received/2')).toBe('no content of that number\n');
    expect(await get('/hemgang.yaml')).toBe(`${trial.municipality.settings.yaml}\n`);
    expect(await get('/environment')).toMatch(/^export PARTNER_TOKEN='[\w-]{43}'$/m);
    const done = await fetch(`${look.origin}/do`, { method: 'POST', body: 'acknowledge 1' });
    expect(await done.text()).toBe('HTTP 202\n');
  });
});

describe('the verb', () => {
  const options: MunicipalityOptions = {
    channels,
    host: '127.0.0.1',
    port: 0,
    fhirPort: 0,
    sdkPort: 0,
    billingPort: 0,
    sftpPort: 0,
    mllpPort: 0,
    lookPort: 0,
    folder: '',
    gateway: 'http://127.0.0.1:9',
    answer: 'none',
    acknowledgeAfter: 1000,
    dispute: false,
    behave: [],
    tls: false,
    json: false,
  };

  /** Runs it until it has printed what `until` asks for. */
  async function run(more: Partial<MunicipalityOptions>, until: RegExp, typed = '') {
    const printed: string[] = [];
    const stop = new AbortController();
    const input = new PassThrough();
    const running = simulateMunicipality(
      { ...options, ...more },
      { print: (line) => void printed.push(line), input, stop: stop.signal },
    );
    if (typed !== '') input.write(`${typed}\n`);
    await Promise.race([
      running,
      vi.waitFor(() => expect(printed.join('\n')).toMatch(until), { timeout: 10_000 }),
    ]);
    stop.abort();
    return { code: await running, printed: printed.join('\n') };
  }

  test('prints a block for every channel, obeys what is typed, and keeps its secrets and its host key', async () => {
    const folder = temporaryFolder('simulated');
    onTestFinished(() => folder.remove());
    const at = { folder: folder.path };
    const first = await run(at, /behave CHANNEL/, 'help');
    expect(first.code).toBe(0);
    for (const channel of receiving) expect(first.printed).toContain(`id: simulated-${channel}`);
    const again = await run(at, /what came/);
    for (const kept of [/hostKey: \['SHA256:.{43}'\]/, /export SFTP_PASSWORD='.+'/]) {
      expect(kept.exec(again.printed)?.[0]).toBe(kept.exec(first.printed)?.[0]);
    }
    const json = await run({ ...at, json: true }, /listening/);
    expect(JSON.parse(json.printed)).toMatchObject({ settings: { yaml: expect.any(String) } });
  });

  test('says which port is taken, and by which flag to name another', async () => {
    const folder = temporaryFolder('simulated');
    onTestFinished(() => folder.remove());
    const trial = await trialOf(['mllp']);
    const taken = Number(/:(\d+)$/.exec(trial.municipality.open[0]?.where ?? '')?.[1]);
    const starting = run({ channels: ['mllp'], mllpPort: taken, folder: folder.path }, /never/);
    await expect(starting).rejects.toThrow(
      /mllp cannot listen on port \d+ \(EADDRINUSE\)\n {2}next: name another by --mllp-port/,
    );
  });

  test('has every word in its help, with what it means', () => {
    for (const [word, meaning] of Object.entries(behaviourWords)) {
      expect(simulateHelp).toMatch(new RegExp(`^  ${word} +\\S`, 'm'));
      expect(simulateHelp).toContain(meaning);
    }
  });
});

describe('what is told of what came', () => {
  const corpus = join(import.meta.dirname, 'corpus');
  const told = (...path: string[]) => toldOf(readFileSync(join(corpus, ...path), 'utf8'));

  test('is read from every format', () => {
    expect(
      told('..', '..', 'profiles', 'fhir', 'notices', 'death-notice-withdrawn.json'),
    ).toMatchObject({
      action: 'notice.withdrawn',
      obligation: 'death-notice',
      reference: 'c-7f3a',
    });
    expect(told('municipal', 'invoice-exempt', 'expected.xml')).toEqual({
      action: 'invoice',
      reference: '2027-000123',
    });
    expect(told('municipal', 'credit-note', 'expected.xml')).toMatchObject({
      action: 'credit-note',
    });
    expect(told('municipal', 'billing-month', 'expected.json')).toMatchObject({
      action: 'billing.recorded',
      reference: '14-1480-2022-03-r1',
    });
  });

  test.each(['', '{', '<a', '{"type": 1}', '<!DOCTYPE a [<!ENTITY b "c">]><a/>', randomUUID()])(
    'is nothing of what cannot be read: %j',
    (content) => {
      expect(toldOf(content)).toEqual({ action: 'unread' });
    },
  );
});
