/** Codes that no table has: what waits for them is told, what an entry would lead to is shown before it goes. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { answerCodeOf, buildMessage, HospitalLink } from '../adapters/simulated/hospital.ts';
import type { HospitalStep } from '../adapters/simulated/hospital.ts';
import type { Applied } from '../gateway/cli/codes-apply.ts';
import type { Preview } from '../gateway/cli/codes-preview.ts';
import type { WaitingCode } from '../gateway/runtime/journal/journal.ts';
import { codesList } from '../gateway/cli/codes-list.ts';
import { codesMap, type CodesMapOptions } from '../gateway/cli/codes-map.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { systemClock } from '../gateway/runtime/clock.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { loadMappings } from '../mappings/index.ts';
import { withEntry } from '../mappings/overlay.ts';
import { possibleTargets } from '../mappings/targets.ts';
import type { DischargeEvent } from '../gateway/process/events.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway } from './support/gateway.ts';
import { startService, type Service } from './support/service.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

type Step = Pick<HospitalStep, 'trigger' | 'at' | 'visit' | 'controlId'> & Partial<HospitalStep>;

/** A message in which one text stands for another; every visit is another person's, by a number of the hospital. */
function message(step: Step, replace: readonly [string, string] = ['', '']): Uint8Array {
  const text = Buffer.from(buildMessage('ekliden', { ...person, ...step }))
    .toString('latin1')
    .replace(`${person.personnummer}^^^PNR`, `${step.visit}^^^RESNR`);
  return Buffer.from(text.replace(...replace), 'latin1');
}

/** An admission under a class that no table has. */
const admission = (visit: string, at: string): Uint8Array =>
  message({ trigger: 'A01', at, visit, controlId: `${visit}-1` }, ['PV1|1|I', 'PV1|1|V']);
const need = (visit: string, at: string): Uint8Array =>
  message({ trigger: 'A08', at, visit, needs, controlId: `${visit}-2` });
/** Both at the same second: a later need has another clock. */
const inNeed = (visit: string, at: string): readonly Uint8Array[] => [
  admission(visit, at),
  need(visit, at),
];
/** Readiness in a code that no table has, with the need, which is understood. */
const readiness = (visit: string, at: string): Uint8Array =>
  message({ trigger: 'A08', at, visit, needs, readyAt: at, controlId: `${visit}-3` }, [
    'ZUT|K',
    'ZUT|Q',
  ]);

interface Place {
  readonly config: string;
  readonly data: string;
  readonly overlay: string;
}

function place(): Place {
  const folder = temporaryFolder('codes');
  closing.push(folder.remove);
  const [config, data, overlay] = ['hemgang.yaml', 'data', 'my-mappings'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string];
  mkdirSync(overlay);
  writeFileSync(config, `data: ${data}\nmappings: [${overlay}]\ndeadlines: { grace: 0s }\n`);
  return { config, data, overlay };
}

async function start({ config }: Place): Promise<Service> {
  const service = await startService(['--config', config]);
  closing.push(() => service.end('SIGKILL'));
  return service;
}

async function send({ mllpPort: port }: Service, ...messages: Uint8Array[]): Promise<void> {
  const link = await HospitalLink.connect({ host: '127.0.0.1', port });
  for (const raw of messages) expect(answerCodeOf(await link.send(raw))).toBe('AA');
  await link.close();
}

/** A gateway in this process, on the machine's clock, with these messages. */
async function gatewayWith({ data, overlay }: Place, ...messages: Uint8Array[]) {
  const gateway = await startTestGateway({
    start: hoursAgo(0),
    folder: data,
    change: (config) => ({ ...config, mappings: [overlay] }),
    options: { clock: systemClock },
  });
  closing.push(() => gateway.close());
  for (const raw of messages) expect(await gateway.send(raw)).toBe('AA');
  await gateway.rest();
  return gateway;
}

/** A journal in which nothing stands yet. */
async function emptyJournal({ data }: Place): Promise<void> {
  await (await openEmbeddedJournal({ folder: data })).close();
}

/** What `--json` tells; each verb its own part. */
interface Told extends Preview {
  readonly codes: readonly WaitingCode[];
  readonly applied: Applied;
}
interface Outcome {
  readonly code: number;
  readonly text: string;
  /** Empty where it was not asked for. */
  readonly json: Told;
}

const toldNothing: Told = {
  mappingRevision: '',
  selection: '',
  messages: [],
  troubles: [],
  cases: [],
  months: [],
  codes: [],
  applied: { by: 'this command', isDone: false, events: [] },
};

/** Runs the verb here: what it prints, or the error it ends with. */
async function verb(options: { json?: boolean }, run: () => Promise<number>): Promise<Outcome> {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  try {
    const code = await run();
    const text = printed.join('');
    return { code, text, json: options.json === true ? JSON.parse(text) : toldNothing };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    const code = error.code === 'configuration-invalid' ? 2 : 1;
    return { code, text: error.message, json: toldNothing };
  } finally {
    write.mockRestore();
  }
}

const list = async ({ config }: Place, options: { sender?: string; json?: boolean } = {}) =>
  await verb(options, () => codesList({ json: false, ...options, config, flags: {} }));

const v = {
  table: '0004-admission',
  code: 'V',
  target: 'patient.admitted',
  reference: 'class list 3',
};

const map = async ({ config }: Place, options: Partial<CodesMapOptions> = {}) =>
  await verb(options, () =>
    codesMap({ ...v, apply: false, yes: false, json: false, ...options, config, flags: {} }),
  );
const apply = { apply: true, yes: true } as const;

const entryFile = ({ overlay }: Place): string => join(overlay, 'hl7v2/tables/0004-admission.yaml');

/** What another process sees of the journal. */
async function look({ data }: Place) {
  const journal = await openJournalReader({ folder: data });
  const [status, stored] = [await journal.status(), await journal.eventsAfter(0, 10_000)];
  await journal.close();
  return { parked: status.messages.parked, events: stored.map(({ event }) => event) };
}

/** What stands once something has been decided: a service decides in its own time. */
async function lookUntil(here: Place, isThere: (event: DischargeEvent) => boolean) {
  for (;;) {
    const seen = await look(here);
    if (seen.events.some(isThere)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function audited({ data }: Place): { who: string; what: string; reason: string | null }[] {
  const db = new DatabaseSync(join(data, 'hemgang.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT who, what, reason FROM audit ORDER BY sequence').all();
  db.close();
  return rows as { who: string; what: string; reason: string | null }[];
}

describe('while the gateway runs', () => {
  test('what waits is listed with what would be urgent, and the command that is next', async () => {
    const here = place();
    await gatewayWith(here, ...inNeed('V1', hoursAgo(50)));
    const { code, text } = await list(here);
    expect(code).toBe(1);
    expect(text).toContain('ekliden: code V in PV1-2 is not in table 0004-admission');
    expect(text).toMatch(/1 message of 1 case waits/);
    expect(text).toMatch(/if it is patient.admitted: T1 was due .*, 26 h late/);
    expect(text).toContain('hemgang codes map 0004-admission V TARGET --reference');
    expect((await list(here, { sender: 'norrtuna' })).code).toBe(0);
    expect((await list(here, { sender: 'nobody' })).text).toContain('no such sender');
  });

  test('a clock that runs for a case that waits is told', async () => {
    const here = place();
    const admitted = message({ trigger: 'A01', at: hoursAgo(5), visit: 'V1', controlId: 'a' });
    const left = message({ trigger: 'A03', at: hoursAgo(1), visit: 'V1', controlId: 'b' }, [
      '\rPV1|1|I|||||||||||||||||V1|',
      '\rPV1|1|I|||||||||||||||||V1|||||||||||||||||99',
    ]);
    await gatewayWith(here, admitted, need('V1', hoursAgo(4)), left);
    const { json } = await list(here, { json: true });
    expect(json.codes).toMatchObject([{ table: '0112-discharge-disposition', code: '99' }]);
    expect(json.codes[0]?.nextDue).toMatchObject({ deadline: expect.stringMatching(/^T\d$/) });
  });

  test('a dry run tells who would be told late, and writes nothing', async () => {
    const here = place();
    await gatewayWith(here, ...inNeed('V1', hoursAgo(50)));
    const before = await look(here);
    const { code, text } = await map(here);
    expect(code).toBe(1);
    expect(text).toContain('1 message would be set free');
    expect(text).toMatch(
      /admission-notice to social-services of 1480 Göteborg: was due .* \(T1\), would be sent now: 26 h late/,
    );
    expect(text).toContain('nothing was written');
    expect(await look(here)).toEqual(before);
    expect(readdirSync(here.overlay)).toEqual([]);
  });

  test('what was shown is what is done: facts superseded, the notice issued, the code gone', async () => {
    const here = place();
    await send(
      await start(here),
      message({ trigger: 'A01', at: hoursAgo(9), visit: 'V1', controlId: 'V1-1' }),
      readiness('V1', hoursAgo(5)),
    );
    const before = await lookUntil(here, ({ type }) => type === 'notice.issued');
    expect(before.parked).toBe(1);
    const entry = {
      table: 'ekliden-readiness',
      code: 'Q',
      target: 'patient.discharge-ready',
      reference: 'list of ZUT-1, 2026',
      json: true,
    };
    const shown = (await map(here, entry)).json;
    const { code, json: done } = await map(here, { ...entry, ...apply });
    expect(code).toBe(0);
    expect(done.applied).toMatchObject({ by: 'the running gateway', isDone: true });
    const { parked, events } = await look(here);
    expect(parked).toBe(0);
    const fresh = events.slice(before.events.length);
    const ids = fresh.map(({ id }) => id);
    const [freed] = shown.messages;
    expect(freed?.facts.map(({ type }) => type)).toContain('patient.discharge-ready');
    const told = freed?.facts.map(({ id }) => id) ?? [];
    expect(ids.filter((id) => told.includes(id))).toEqual(told);
    const superseded = freed?.superseded.map(({ id }) => id) ?? [];
    expect(superseded.length).toBeGreaterThan(0);
    const replaced = fresh.flatMap(({ supersedes = [] }) => supersedes);
    expect(replaced.toSorted()).toEqual(superseded.toSorted());
    expect(before.events.map(({ id }) => id)).toEqual(expect.arrayContaining(superseded));
    const decided = shown.cases[0]?.decisions.map(({ id }) => id) ?? [];
    expect(ids).toEqual(expect.arrayContaining(decided));
    const notices = fresh.filter(({ type }) => type === 'notice.issued').map(({ data }) => data);
    expect(notices).toContainEqual(
      expect.objectContaining({ obligation: 'discharge-ready-notice', municipality: '1480' }),
    );
    expect(shown.cases[0]?.notices).toMatchObject([{ obligation: 'discharge-ready-notice' }]);
    expect(readFileSync(done.applied.file ?? '', 'utf8')).toBe(
      'entries:\n  Q: patient.discharge-ready # list of ZUT-1, 2026\n',
    );
    const [entered, translated] = audited(here).slice(-2);
    expect(entered).toMatchObject({ reason: 'list of ZUT-1, 2026' });
    expect(entered?.what).toContain(
      'code Q of table ekliden-readiness means patient.discharge-ready',
    );
    expect(entered?.who).not.toBe('hemgang');
    expect(translated?.what).toContain('translated 1 parked messages');
    expect((await list(here)).code).toBe(0);
  });

  test('other messages than were shown: told, and nothing written', async () => {
    const here = place();
    const gateway = await gatewayWith(here, admission('V1', hoursAgo(50)));
    const { selection } = (await map(here, { json: true })).json;
    await gateway.send(admission('V2', hoursAgo(2)));
    const { code, text } = await map(here, { ...apply, selection });
    expect(code).toBe(1);
    expect(text).toContain('other messages wait now');
    expect(existsSync(entryFile(here))).toBe(false);
    expect((await look(here)).parked).toBe(2);
  });

  test('an entry that the gateway cannot take up stands, with who made it and why it waits: the next start translates it', async () => {
    const here = place();
    const service = await start(here);
    await send(service, ...inNeed('V1', hoursAgo(50)));
    appendFileSync(here.config, 'stop: { notice: 1ms }\n');
    const { code, text } = await map(here, apply);
    expect(code).toBe(1);
    expect(text).toContain('what waits is not translated yet');
    expect(text).toContain('stop: cannot change while the gateway runs');
    expect((await look(here)).parked).toBe(1);
    expect(audited(here)).toContainEqual(
      expect.objectContaining({
        what: expect.stringContaining('code V of table 0004-admission means patient.admitted'),
        reason: v.reference,
      }),
    );
    await service.end('SIGKILL');
    const again = await start(here);
    expect(again.output).toContain('1 parked messages could be translated now');
    await until(async () => (await look(here)).events.some(({ type }) => type === 'notice.issued'));
    expect((await look(here)).parked).toBe(0);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error('it does not come');
}

test('where no gateway runs the messages are translated at once, and decided at the next start', async () => {
  const here = place();
  const service = await start(here);
  await send(service, admission('V1', hoursAgo(50)), need('V1', hoursAgo(49)));
  expect(await service.end('SIGTERM')).toBe(0);
  const { code, text } = await map(here, apply);
  expect(code).toBe(0);
  expect(text).toContain('translated by this command');
  const { parked, events } = await look(here);
  expect(parked).toBe(0);
  expect(events.map(({ type }) => type)).not.toContain('notice.issued');
  expect(audited(here).map(({ reason }) => reason)).toContain('class list 3');
  await start(here);
  await until(async () => (await look(here)).events.some(({ type }) => type === 'notice.issued'));
});

describe('what is typed', () => {
  test('a target that the table cannot mean is refused with those it can', async () => {
    const here = place();
    await emptyJournal(here);
    const wrong = await map(here, { target: 'patient.admited' });
    expect(wrong.code).toBe(2);
    expect(wrong.text).toMatch(/choose one of patient.admitted, null, /);
    expect((await map(here, { table: '0004-admision' })).text).toContain("mean '0004-admission'?");
    expect((await map(here, { code: 'E' })).text).toContain('has code E already, as null');
    expect((await map(here, { reference: 'two\nlines' })).text).toContain('--reference: one line');
    expect((await map(here, { apply: true })).text).toContain('say --yes');
    expect((await map(here, { overlay: '/elsewhere' })).text).toContain(here.overlay);
    expect(readdirSync(here.overlay)).toEqual([]);
  });

  test('without a folder of his own the operator is told how to have one', async () => {
    const here = place();
    writeFileSync(here.config, `data: ${here.data}\n`);
    await emptyJournal(here);
    const { code, text } = await map(here);
    expect(code).toBe(2);
    expect(text).toContain('next: write mappings: [my-mappings] in hemgang.yaml');
  });

  test('a table takes what all its readers take', () => {
    const mappings = loadMappings();
    expect(possibleTargets(mappings, '0136-yes-no').targets).toEqual([true, false]);
    expect(possibleTargets(mappings, '0112-discharge-disposition').targets).toContain('expired');
    expect(possibleTargets(mappings, 'municipality-codes')).toMatchObject({ isMunicipality: true });
    const events = possibleTargets(mappings, 'ekliden-readiness').targets;
    expect(events).toContain('patient.discharge-ready');
    // It needs to say which services, and the entry does not.
    expect(events).not.toContain('need.assessed');
    expect(possibleTargets(mappings, 'protection').targets).toContain('skyddadFolkbokforing');
  });

  test('a file that is there keeps its order and its comments', () => {
    const { overlay } = place();
    const name = 'hl7v2/tables/0112-discharge-disposition.yaml';
    mkdirSync(join(overlay, 'hl7v2/tables'), { recursive: true });
    const text = '# ours\nentries:\n  # of 2024\n  "31": home # a hotel\n  "30": expired\n';
    writeFileSync(join(overlay, name), text);
    const entry = { table: '0112-discharge-disposition', code: '32', target: 'home' } as const;
    const pending = withEntry(overlay, { ...entry, file: name, reference: 'list 3' });
    expect(pending.text).toBe(`${text}  "32": home # list 3\n`);
    const mappings = loadMappings({ overlays: [overlay], pending });
    expect(mappings.tables.get(entry.table)?.entries).toMatchObject({ '31': 'home', '32': 'home' });
    expect(() => withEntry(overlay, { ...entry, file: name, code: '31', reference: 'r' })).toThrow(
      'entries.31: stands there already',
    );
  });
});

describe('a reload', () => {
  async function testGateway() {
    const here = place();
    return { ...(await gatewayWith(here)), overlay: here.overlay };
  }

  /** Admissions under a class that no table has, on a few connections. */
  async function sendAll(to: { host: string; port: number }, count: number): Promise<void> {
    const connections = 6;
    const sendFrom = async (first: number): Promise<void> => {
      const link = await HospitalLink.connect(to);
      for (let visit = first; visit < count; visit += connections) {
        expect(answerCodeOf(await link.send(admission(`V${visit}`, at)))).toBe('AA');
      }
      await link.close();
    };
    await Promise.all(Array.from({ length: connections }, (_, first) => sendFrom(first)));
  }

  function enter(overlay: string, text: string): void {
    mkdirSync(join(overlay, 'hl7v2/tables'), { recursive: true });
    writeFileSync(join(overlay, 'hl7v2/tables/0004-admission.yaml'), text);
  }

  const at = hoursAgo(3);

  test('with an overlay that cannot be used leaves the old mappings in force, and says where', async () => {
    const { gateway, send: sendOne, overlay, logged } = await testGateway();
    expect(await sendOne(admission('V1', at))).toBe('AA');
    enter(overlay, 'entries:\n  V: patient.admitted\n  W: patient.admited\n');
    expect(await gateway.reload()).toBeUndefined();
    const line = logged.find((one) => one.includes('the old ones are in force'));
    expect(line).toContain('hl7v2/tables/0004-admission.yaml: entries.W');
    expect(line).toContain('patient.admited');
    expect(await sendOne(admission('V2', at))).toBe('AA');
    expect((await gateway.status()).messages.parked).toBe(2);
    enter(overlay, 'entries:\n  V: patient.admitted\n');
    expect(await gateway.reload()).toBe(2);
    expect((await gateway.status()).messages.parked).toBe(0);
  });

  test('a message that is in hand meanwhile waits for nobody', async () => {
    const { gateway, overlay, rest } = await testGateway();
    const sending = sendAll(gateway.mllp, 120);
    while ((await gateway.status()).messages.parked < 20) await sleep(1);
    enter(overlay, 'entries:\n  V: patient.admitted\n');
    await gateway.reload();
    await sending;
    await rest();
    const status = await gateway.status();
    expect(status.messages).toMatchObject({ parked: 0, accepted: 120 });
    const stored = await gateway.journal.eventsAfter(0, 1000);
    expect(stored.filter(({ event }) => event.type === 'patient.admitted').length).toBe(120);
  });

  test('takes everything that waits, however much, case by case in the order of arrival', async () => {
    const { gateway, overlay } = await testGateway();
    const count = 1100;
    await sendAll(gateway.mllp, count);
    const arrived: string[] = [];
    const waiting = await gateway.journal.parkedCases();
    const numbers = waiting.flatMap(({ sequences }) => sequences);
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    for (const one of waiting) {
      for (const { messageId } of await gateway.journal.parkedOf(one)) arrived.push(messageId);
    }
    enter(overlay, 'entries:\n  V: patient.admitted\n');
    expect(await gateway.reload()).toBe(count);
    const stored = await gateway.journal.eventsAfter(0, 2 * count);
    const admitted = stored.filter(({ event }) => event.type === 'patient.admitted');
    expect(new Set(admitted.map(({ event }) => event.stayId)).size).toBe(count);
    expect(admitted.map(({ event }) => event.source.messageId)).toEqual(arrived);
  });

  test('an admission and its cancelling that waited together tell nobody', async () => {
    const { gateway, send: sendOne, overlay, receiver, rest } = await testGateway();
    await sendOne(admission('V1', at));
    await sendOne(need('V1', at));
    await sendOne(message({ trigger: 'A11', at, visit: 'V1', controlId: 'V1-9' }));
    enter(overlay, 'entries:\n  V: patient.admitted\n');
    expect(await gateway.reload()).toBe(1);
    await rest();
    expect(receiver.received).toEqual([]);
  });
});
