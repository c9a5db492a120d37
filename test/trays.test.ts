/** What waits for a receiver or for a person: no receiver, the wrong municipality, protected identity. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { placeOf } from '../gateway/advance.ts';
import { caseExport } from '../gateway/cli/case-export.ts';
import { heldList, heldRelease } from '../gateway/cli/held.ts';
import { unroutableList, unroutableResolve } from '../gateway/cli/unroutable.ts';
import { fold } from '../gateway/process/state.ts';
import { assess } from '../gateway/rules/index.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { shippedProfiles } from './support/law.ts';
import { auditOf, printed, verb } from './support/verbs.ts';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const now = '2022-03-07T08:00:00.000Z';
const hourMs = 3_600_000;
const at = (hours: number, minutes = 0): string =>
  new Date(Date.parse(now) + hours * hourMs + minutes * 60_000).toISOString();

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Receiver = Config['receivers'][number];
type Change = Partial<
  Pick<Receiver, 'municipalities' | 'protectedIdentity' | 'protectedAddress' | 'roles'>
>;
const places = (list: Readonly<Record<string, Change>>) => (config: Config) => {
  const [webhook] = config.receivers;
  const receivers = Object.entries(list).map(([id, change]) => ({ ...webhook!, ...change, id }));
  const [first] = config.partners;
  const partners = [{ ...first!, receivers: receivers.map(({ id }) => id) }];
  const users = [
    { name: 'berit', tokenEnv: 'BERIT_TOKEN', may: ['release-protected' as const] },
    { name: 'carl', tokenEnv: 'CARL_TOKEN', may: ['approve-billing' as const] },
  ];
  return { ...config, receivers, partners, users };
};
const userTokens = { BERIT_TOKEN: 'b'.repeat(40), CARL_TOKEN: 'c'.repeat(40) };

interface World extends TestGateway {
  /** Puts other receivers into the file; in force after a reload. */
  configure(list: Readonly<Record<string, Change>>): void;
}

async function start(list: Readonly<Record<string, Change>>, folder?: string): Promise<World> {
  let wanted = list;
  let base: Config | undefined;
  const { secret, tokens } = await import('./support/gateway.ts');
  const world = await startTestGateway({
    start: now,
    ...(folder !== undefined && { folder }),
    change(config) {
      base = config;
      return places(wanted)(config);
    },
    options: {
      env: { ...tokens, ...userTokens, RECEIVER_SECRET: secret },
      reread: () => places(wanted)(base!),
    },
  });
  closing.push(() => world.close());
  world.receiver.connect({
    gatewayUrl: world.gateway.http.url,
    token: tokens.MUNICIPALITY_TOKEN,
  });
  return Object.assign(world, {
    configure(next: typeof list) {
      wanted = next;
    },
  });
}

const stay = {
  at: now,
  visit: 'T1',
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
  address: { street: 'Testgatan 1', postalCode: '411 01', city: 'Göteborg' },
  expectedDischarge: '2022-03-14',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
let messages = 0;
async function tell(world: World, step: Partial<HospitalStep> & Pick<HospitalStep, 'trigger'>) {
  const controlId = `c${(messages += 1)}`;
  expect(await world.send(buildMessage('ekliden', { ...stay, controlId, ...step }))).toBe('AA');
  await world.rest();
}
/** Admitted and in need: a notice of the admission is due. */
async function admit(world: World, more: Partial<HospitalStep> = {}): Promise<void> {
  await tell(world, { trigger: 'A01', ...more });
  await tell(world, { trigger: 'A08', needs, ...more });
}

const events = async ({ gateway }: World) =>
  (await gateway.journal.eventsAfter(0, 1000)).map(({ event }) => event);
const delivered = async (world: World): Promise<readonly string[]> =>
  (await events(world)).flatMap((event) =>
    event.type === 'notice.delivered'
      ? [`${event.data.revision} ${event.data.municipality} → ${event.data.receiver}`]
      : [],
  );
const states = async ({ gateway }: World) => (await gateway.journal.status()).deliveries;
/** What the command line knows of receivers: it reads the file of the gateway. */
function fileOf(world: World, receivers: readonly string[]): string {
  const file = join(world.folder, 'cli.yaml');
  const list = receivers.length === 0 ? ' []' : `\n${receivers.join('\n')}`;
  writeFileSync(file, `data: ${world.folder}\nreceivers:${list}\n`);
  return file;
}
const order = { reason: 'their new system', who: 'anna' };
const resolve = async (
  world: World,
  file: string,
  options: { group?: string; to?: string; apply?: boolean },
) =>
  await verb(
    (given: object) =>
      unroutableResolve({
        flags: {},
        json: true,
        apply: false,
        dryRun: false,
        ...order,
        ...options,
        ...given,
        config: file,
      }),
    world.folder,
    {},
  );

describe('notices without a receiver', () => {
  test('are listed by cause, and go by themselves when the configuration names one and is reloaded', async () => {
    const world = await start({ other: { municipalities: ['1482'] } });
    await admit(world);
    await admit(world, { visit: 'T2', personnummer: '196101182803' });
    expect(await states(world)).toEqual({ unroutable: 2 });
    const { code, json } = await verb(unroutableList, world.folder, {});
    expect(code).toBe(1);
    expect(json.groups).toMatchObject([
      {
        group: 'social-services/1480',
        cause: 'no-receiver',
        count: 2,
        since: now,
        municipalityName: 'Göteborg',
        clock: { deadline: 'T1', dueAt: at(24) },
      },
    ]);
    expect(JSON.stringify(json)).not.toContain('Testsson');

    world.clock.advanceTo(at(2));
    world.configure({ other: { municipalities: ['1482'] }, new: { municipalities: ['1480'] } });
    await world.gateway.reload();
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → new', '1 1480 → new']);
    expect(await states(world)).toEqual({ cancelled: 2, delivered: 2 });
    expect(world.logged.join('')).toContain('"routed":2,"late":0');
    expect(await verb(unroutableList, world.folder, {})).toMatchObject({ code: 0 });
  });

  test('go at the next start too, and what is late is told', async () => {
    const folder = temporaryFolder('trays');
    closing.push(folder.remove);
    const first = await start({ other: { municipalities: ['1482'] } }, folder.path);
    await admit(first);
    await closing.pop()?.();
    const world = await start({ new: {} }, folder.path);
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → new']);
    expect(world.logged.join('')).toContain('"routed":1');
  });

  test('only the last of several revisions goes', async () => {
    const world = await start({ other: { municipalities: ['1482'] } });
    await admit(world);
    await tell(world, { trigger: 'A08', needs, at: at(1), expectedDischarge: '2022-03-20' });
    world.configure({ new: {} });
    await world.gateway.reload();
    await world.rest();
    expect(await delivered(world)).toEqual(['2 1480 → new']);
  });

  test('go by hand to a receiver whose place fits, shown first; who did it and why is written down', async () => {
    const world = await start({
      payer: { roles: ['payer-municipality'] },
      other: { municipalities: ['1482'] },
    });
    await admit(world);
    const file = fileOf(world, ['  - { id: payer, channel: file, roles: [payer-municipality] }']);
    expect(await resolve(world, file, {})).toMatchObject({ code: 1, json: { applied: false } });
    const one = { group: 'social-services/1480', to: 'payer' };
    expect(await resolve(world, file, one)).toMatchObject({ code: 0, json: { applied: false } });
    expect(await states(world)).toEqual({ unroutable: 1 });
    expect(await resolve(world, file, { ...one, apply: true })).toMatchObject({
      code: 0,
      json: { applied: true, routed: 1, left: [], by: 'the running gateway' },
    });
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → payer']);
    expect(auditOf(world.folder)).toContainEqual(
      expect.objectContaining({
        who: 'anna',
        reason: 'their new system',
        what: expect.stringMatching(/^route delivery .* anew, to payer$/),
      }),
    );
  });

  test.each([
    [{ to: 'other' }, '--to RECEIVER goes with one group'],
    [
      { group: 'social-services/9999', to: 'other' },
      'no such group; there are social-services/1480',
    ],
    [
      { group: 'social-services/1480', to: 'nobody', apply: true },
      'no receiver is called nobody; there are other',
    ],
    [
      { group: 'social-services/1480', to: 'other', apply: true },
      'other is not for this notice: municipalities: 1480 is not among them\n  next: choose a receiver of that place',
    ],
  ])('are not resolved by %o', async (options, why) => {
    const world = await start({ other: { municipalities: ['1482'] } });
    await admit(world);
    const file = fileOf(world, []);
    await expect(resolve(world, file, options)).rejects.toThrow(why);
    expect(await states(world)).toEqual({ unroutable: 1 });
  });
});

// ---------------------------------------------------------------- the wrong municipality

/** The receiver answers that the patient is not its resident. */
async function misdirect(world: World): Promise<void> {
  const [notice] = world.receiver.received;
  world.clock.advanceTo(at(1));
  const status = await world.receiver.answer({
    caseReference: notice!.body.data.caseReference,
    type: 'notice.misdirected',
    data: { deliveryId: notice!.deliveryId },
    time: world.clock.now(),
  });
  expect(status).toBe(202);
  await world.rest();
}

/** What the law says of the admission notice now. */
async function findingOf(world: World) {
  const [id = ''] = await world.gateway.journal.processIds('', 10);
  const loaded = await world.gateway.journal.load(id);
  const process = fold(loaded!.events, id);
  const parameters = shippedProfiles.parametersOf(placeOf(process));
  const found = assess(process, parameters, world.clock.nowMs());
  const { status, reason } = found.find(({ rule }) => rule === 'admission-notice')!;
  return `${status} ${reason}`;
}

describe('a notice to the wrong municipality', () => {
  test.each([
    [23, 5, 'met NOTICE_SENT'],
    [25, 0, 'unmet ADMISSION_NOTICE_LATE'],
  ])(
    'goes to the right one when the hospital tells it; %i h %i min after the admission it is %s',
    async (hours, minutes, finding) => {
      const world = await start({
        wrong: { municipalities: ['1480'] },
        right: { municipalities: ['1482'] },
      });
      await admit(world);
      await misdirect(world);
      const { json } = await verb(unroutableList, world.folder, {});
      expect(json.groups).toMatchObject([
        { group: 'misdirected/social-services/1480', cause: 'misdirected', count: 1, since: at(1) },
      ]);
      world.clock.advanceTo(at(hours, minutes));
      await tell(world, {
        trigger: 'A08',
        needs,
        needsAt: now,
        at: at(hours, minutes),
        municipality: '1482',
      });
      expect(await delivered(world)).toEqual(['1 1480 → wrong', '2 1482 → right']);
      expect(await findingOf(world)).toBe(finding);
      expect(await verb(unroutableList, world.folder, {})).toMatchObject({ code: 0 });
    },
  );

  test('goes to another receiver of the same municipality when a person says so; corrections and withdrawal follow it there', async () => {
    const world = await start({
      wrong: { municipalities: ['1480'] },
      right: { roles: ['payer-municipality'] },
    });
    await admit(world);
    await misdirect(world);
    const file = fileOf(world, []);
    const one = { group: 'misdirected/social-services/1480', apply: true };
    await expect(resolve(world, file, { ...one, to: 'wrong' })).rejects.toThrow(
      'has answered that the patient is not its resident',
    );
    expect(await resolve(world, file, { ...one, to: 'right' })).toMatchObject({
      code: 0,
      json: { routed: 1 },
    });
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → wrong', '1 1480 → right']);
    expect(await findingOf(world)).toBe('met NOTICE_SENT');
    expect(await verb(unroutableList, world.folder, {})).toMatchObject({ code: 0 });
    await tell(world, { trigger: 'A11', at: at(2) });
    expect((await delivered(world)).slice(2)).toEqual(['2 1480 → right']);
  });
});

// ---------------------------------------------------------------- protected identity

describe('a notice of a person with protected identity', () => {
  const marked = {
    open: { municipalities: ['1480'] },
    secure: { protectedIdentity: true },
    far: { municipalities: ['1482'], protectedIdentity: true },
    agreed: { protectedIdentity: true, protectedAddress: 'Riktlinje 2026 § 4' },
  };
  async function hold(): Promise<{ world: World; delivery: string }> {
    const world = await start(marked);
    await admit(world, { protection: 'S' });
    expect(await states(world)).toEqual({ held: 1 });
    const { json } = await verb(heldList, world.folder, {});
    return { world, delivery: json.held[0].delivery };
  }
  const release = async (world: World, delivery: string, to: string, token: string) => {
    process.env['HEMGANG_USER_TOKEN'] = token;
    try {
      return await verb(heldRelease, world.folder, { delivery, to, reason: 'agreed by telephone' });
    } finally {
      delete process.env['HEMGANG_USER_TOKEN'];
    }
  };

  test('leaves when a named user who may releases it to a receiver that is marked, and is listed without the person', async () => {
    const { world, delivery } = await hold();
    const { text } = await printed(() =>
      heldList({ config: undefined, json: false, flags: { data: world.folder } }),
    );
    expect(text).not.toContain('Testsson');
    expect(await release(world, delivery, 'secure', userTokens.BERIT_TOKEN)).toMatchObject({
      json: { to: 'secure', user: 'berit', by: 'the running gateway' },
    });
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → secure']);
    // What 2 kap. 2 § demands, and nothing else; where the person lives is not told by what the hospital happened to send.
    const said = world.receiver.received[0]?.body.data;
    expect(Object.keys(said?.['content'] as object).toSorted()).toEqual([
      'expectedDischarge',
      'name',
      'personNumber',
    ]);
    expect(said?.['missing']).toEqual(['address']);
    expect(said?.['text']).toMatchObject({
      body: expect.stringContaining('Folkbokföringsadress: lämnas inte i detta meddelande'),
    });
    expect(auditOf(world.folder)).toContainEqual({
      who: 'berit',
      what: `release delivery ${delivery} of a protected person to secure, without the address`,
      about: delivery,
      reason: 'agreed by telephone',
    });
    expect(await verb(heldList, world.folder, {})).toMatchObject({ code: 0 });
  });

  test('is exported with its text only for a reason of its own, which the audit, the file and the page say', async () => {
    const { world } = await hold();
    const id = (await events(world)).find(({ type }) => type === 'notice.issued')?.stayId ?? '';
    const exported = async (more: { withContent: boolean; protectedIdentity?: string }) =>
      await verb(caseExport, world.folder, {
        ...more,
        id,
        out: join(world.folder, 'evidence'),
        reason: 'dispute 4711',
        who: 'anna',
        evidence: true,
      });
    await expect(exported({ withContent: true })).rejects.toThrow(
      'the person has, or has had, protected identity',
    );
    expect(existsSync(join(world.folder, 'evidence'))).toBe(false);
    const plain = await exported({ withContent: false });
    expect(plain.json.manifest.madeBy).not.toHaveProperty('protectedIdentity');
    const protectedIdentity = 'ordered by the court, case 12-26';
    const { code, json } = await exported({ withContent: true, protectedIdentity });
    expect(code).toBe(0);
    expect(json.manifest.madeBy).toMatchObject({ reason: 'dispute 4711', protectedIdentity });
    expect(readFileSync(json.page, 'utf8')).toContain(protectedIdentity);
    expect(auditOf(world.folder)).toContainEqual(
      expect.objectContaining({
        who: 'anna',
        what: `export evidence of the case with the text of its notices (names, numbers, addresses), of a protected person: ${protectedIdentity}`,
      }),
    );
  });

  test('has the address where the configuration names the legal basis for it, and the audit says which', async () => {
    const { world, delivery } = await hold();
    expect(await release(world, delivery, 'agreed', userTokens.BERIT_TOKEN)).toMatchObject({
      json: { addressBy: 'Riktlinje 2026 § 4' },
    });
    await world.rest();
    expect(await delivered(world)).toEqual(['1 1480 → agreed']);
    expect(world.receiver.received[0]?.body.data['content']).toHaveProperty('address');
    expect(auditOf(world.folder)).toContainEqual(
      expect.objectContaining({
        what: `release delivery ${delivery} of a protected person to agreed, with the address (Riktlinje 2026 § 4)`,
      }),
    );
  });

  test.each([
    [
      'open',
      userTokens.BERIT_TOKEN,
      'open is not marked for protected identity\n  next: choose one that is: secure, far, agreed',
    ],
    ['far', userTokens.BERIT_TOKEN, 'far is not for this notice: municipalities: 1480'],
    ['nobody', userTokens.BERIT_TOKEN, 'no receiver is called nobody'],
    ['secure', userTokens.CARL_TOKEN, 'carl may not release-protected'],
    ['secure', 'x'.repeat(40), 'no user has this token'],
  ])('does not leave to %s by a token %s: %s', async (to, token, why) => {
    const { world, delivery } = await hold();
    await expect(release(world, delivery, to, token)).rejects.toThrow(why);
    await world.rest();
    expect(await states(world)).toEqual({ held: 1 });
    expect(world.receiver.received).toEqual([]);
  });
});
