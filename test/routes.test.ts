/** Who would get a notice and why others not, and whether every municipality has somebody. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { routesCheck, routesWho } from '../gateway/cli/routes.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway } from './support/gateway.ts';
import { printed } from './support/verbs.ts';

const folder = temporaryFolder('routes');
afterAll(() => folder.remove());

let files = 0;
function configured(...receivers: readonly string[]): string {
  const file = join(folder.path, `hemgang-${(files += 1)}.yaml`);
  const data = join(folder.path, `data-${files}`);
  writeFileSync(
    file,
    [`data: ${data}`, 'receivers:', ...receivers.map((one) => `  - ${one}`)].join('\n'),
  );
  return file;
}
const check = async (config: string, more: { municipality?: string; reach?: boolean } = {}) => {
  const { code, text } = await printed(() =>
    routesCheck({ config, flags: {}, json: true, reach: false, ...more }),
  );
  return { code, found: JSON.parse(text) };
};

const stay = {
  at: '2022-03-07T08:00:00.000Z',
  visit: 'W1',
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  expectedDischarge: '2022-03-11',
} as const;
const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: false };

describe('routes check', () => {
  test('has all 290 municipalities, by region, each routed or not by role', async () => {
    const config = configured(
      "{ id: goteborg, channel: file, municipalities: ['1480'] }",
      "{ id: molndal, channel: file, municipalities: ['1481'], roles: [social-services] }",
      "{ id: region, channel: file, counties: ['14', '24'], roles: [region-outpatient] }",
    );
    const { code, found } = await check(config);
    expect(code).toBe(1);
    expect(found.summary).toEqual({ municipalities: 290, routed: 1, partly: 1, none: 288 });
    expect(found.regions).toHaveLength(21);
    const all = found.regions.flatMap(
      ({ municipalities }: { municipalities: object[] }) => municipalities,
    );
    expect(all).toContainEqual({
      municipality: '1481',
      name: 'Mölndal',
      state: 'partly',
      roles: {
        'social-services': 'molndal',
        'municipal-health-care': null,
        'payer-municipality': null,
      },
      endsSoon: [],
    });
    expect(found.treating).toMatchObject([
      { county: '14', outpatient: 'region' },
      { county: '24' },
    ]);
    expect((await check(config, { municipality: '1480' })).found.summary.routed).toBe(1);
    expect((await check(config, { municipality: '1480' })).code).toBe(0);
    const { text } = await printed(() =>
      routesCheck({ config, flags: {}, json: false, reach: false }),
    );
    expect(text).toContain('14 Västra Götaland: 1 of 49 routed');
    expect(text).toMatch(/1481 Mölndal +payer-municipality not routed, social-services molndal/);
    expect(text).toContain('290 municipalities: 1 routed, 1 in part, 288 not');
  });

  test('tells what begins, ends soon and has ended, and whom nobody has then', async () => {
    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const config = configured(
      `{ id: old, channel: file, validTo: ${day(-3)} }`,
      `{ id: now, channel: file, validTo: ${day(10)} }`,
      `{ id: later, channel: file, validFrom: ${day(60)} }`,
    );
    const { found } = await check(config, { municipality: '1480' });
    expect(found.validity).toEqual([
      { receiver: 'old', state: 'ended', on: day(-3) },
      { receiver: 'now', state: 'ends-soon', on: day(10) },
      { receiver: 'later', state: 'not-yet', on: day(60) },
    ]);
    expect(found.regions[0].municipalities[0]).toMatchObject({
      state: 'routed',
      endsSoon: { length: 3 },
    });
  });

  test('is not routed where a kind of need, or a region that treats, has nobody', async () => {
    const config = configured(
      "{ id: one, channel: file, needs: [socialServices], counties: ['14'] }",
    );
    const { found } = await check(config, { municipality: '1480' });
    expect(found.summary).toMatchObject({ routed: 0, none: 1 });
  });

  test('tries the receivers where it is asked to', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const hook = (id: string, at: number | undefined): string =>
      `{ id: ${id}, channel: webhook, url: 'http://127.0.0.1:${at}/', secretEnv: [S], ownNetwork: true }`;
    try {
      const good = await check(configured(hook('good', port)), {
        municipality: '1480',
        reach: true,
      });
      expect(good).toMatchObject({
        code: 0,
        found: { checks: [{ name: 'receiver good', state: 'ok' }] },
      });
    } finally {
      server.close();
    }
    const bad = await check(configured(hook('bad', port)), { municipality: '1480', reach: true });
    expect(bad).toMatchObject({
      code: 1,
      found: { checks: [{ name: 'receiver bad', state: 'fail' }] },
    });
  });

  test('refuses a municipality there is not', async () => {
    await expect(
      check(configured('{ id: a, channel: file }'), { municipality: '9999' }),
    ).rejects.toThrow('no municipality has this SCB code');
  });
});

describe('routes who', () => {
  const receivers = [
    "{ id: health, channel: file, municipalities: ['1480'], roles: [municipal-health-care] }",
    "{ id: elsewhere, channel: file, municipalities: ['1482'] }",
    "{ id: city, channel: file, municipalities: ['1480'], mode: shadow }",
  ];

  test('plays a file without a gateway: who would get what, by which line, and why not the others', async () => {
    const file = join(folder.path, 'admission.hl7');
    const messages = [
      buildMessage('ekliden', { ...stay, trigger: 'A01', controlId: '1' }),
      buildMessage('ekliden', { ...stay, trigger: 'A08', needs, controlId: '2' }),
    ];
    writeFileSync(file, Buffer.concat(messages.map((raw) => Buffer.from(raw))));
    const config = configured(...receivers);
    const { code, text } = await printed(() =>
      routesWho({ of: file, config, flags: {}, json: true }),
    );
    expect(code).toBe(1);
    const { notices } = JSON.parse(text);
    expect(notices).toMatchObject([
      {
        obligation: 'admission-notice',
        role: 'social-services',
        municipality: '1480',
        state: 'routed',
        receiver: { id: 'city', line: `${config}:5`, isLive: false },
        passedOver: [
          { id: 'health', line: `${config}:3`, why: 'roles: social-services is not among them' },
          { id: 'elsewhere', why: 'municipalities: 1480 is not among them' },
        ],
      },
      {
        role: 'municipal-health-care',
        receiver: { id: 'health' },
        passedOver: [
          { id: 'elsewhere' },
          { id: 'city', why: 'health stands before it in the file' },
        ],
      },
      { role: 'region-outpatient', state: 'unroutable' },
    ]);
    expect(text).not.toContain('Testsson');
    const told = await printed(() => routesWho({ of: file, config, flags: {}, json: false }));
    expect(told.text).toContain(`→ city (file, ${config}:5), in shadow: nothing leaves`);
    expect(told.text).toContain('has no receiver: it would wait');
  });

  test('reads a case from the journal, and says where nothing goes by a name', async () => {
    const world = await startTestGateway({ start: stay.at });
    try {
      await world.send(buildMessage('ekliden', { ...stay, trigger: 'A01', controlId: '1' }));
      await world.send(
        buildMessage('ekliden', {
          ...stay,
          trigger: 'A08',
          needs,
          protection: 'S',
          controlId: '2',
        }),
      );
      await world.rest();
      const [of = ''] = await world.gateway.journal.processIds('', 1);
      const flags = { data: world.folder };
      const { code, text } = await printed(() =>
        routesWho({ of, config: undefined, flags, json: true }),
      );
      expect(code).toBe(0);
      const { notices } = JSON.parse(text);
      expect(notices).toMatchObject([{ state: 'held' }, { state: 'held' }, { state: 'held' }]);
      expect(notices[0].receiver).toBeUndefined();
      await expect(
        routesWho({ of: 'nobody', config: undefined, flags, json: true }),
      ).rejects.toThrow('no file and no case goes by it\n  next: give the path');
    } finally {
      await world.close();
    }
  });
});
