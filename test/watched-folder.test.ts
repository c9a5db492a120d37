/** Files as messages: taken whole and in order, moved after the commit, and never twice. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { frame } from '../adapters/wire/mllp.ts';
import type { FolderConfig } from '../gateway/runtime/config.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { GatewayError } from '../gateway/errors.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { faultAt } from './support/faulty-journal.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { startService } from './support/service.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function temporary(): string {
  const made = temporaryFolder('files');
  cleanups.push(() => made.remove());
  return made.path;
}

interface Watched {
  readonly gateway: TestGateway;
  readonly path: string;
}

async function watching(
  change: Partial<FolderConfig> = {},
  settings: Partial<TestSettings> = {},
): Promise<Watched> {
  const path = change.path ?? join(temporary(), 'in');
  const folder: FolderConfig = { every: 15, maxFileBytes: 1_000_000, ...change, path };
  const gateway = await startTestGateway({
    start: '2022-03-07T12:00:00.000Z',
    change: (config) => ({ ...config, folders: [folder] }),
    ...settings,
  });
  cleanups.push(() => gateway.close());
  return { gateway, path };
}

function message(controlId: string, change: { visit?: string; family?: string } = {}): Buffer {
  const bytes = buildMessage('ekliden', {
    trigger: 'A01',
    at: '2022-03-07T11:30:00',
    visit: `V${controlId}`,
    personnummer: '195009072553',
    family: 'Påhittad',
    given: 'Åsa',
    municipality: '1480',
    unit: 'MED1',
    controlId,
    ...change,
  });
  return Buffer.from(bytes);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}

/** Puts a file in place in one step, and waits until it has moved. @returns where it went */
async function put(path: string, name: string, content: Uint8Array): Promise<'done' | 'failed'> {
  writeFileSync(join(path, `.${name}`), content);
  renameSync(join(path, `.${name}`), join(path, name));
  await until(() => !existsSync(join(path, name)));
  return existsSync(join(path, 'done', name)) ? 'done' : 'failed';
}

function codesIn(path: string): string[] {
  const text = readFileSync(path, 'latin1');
  return [...text.matchAll(/MSA\|(\w\w\|[^|\r]*)/g)].map((match) => match[1] ?? '');
}

async function accepted({ gateway }: Watched): Promise<number> {
  return (await gateway.gateway.status()).messages.accepted;
}

describe('a watched folder', () => {
  test('takes every message of a file in order, whatever frames or ends them', async () => {
    const watched = await watching();
    const { path } = watched;
    const lines = (end: string, ...ids: string[]): Buffer =>
      Buffer.from(
        ids.map((id) => message(id).toString('latin1').replaceAll('\r', end)).join(''),
        'latin1',
      );
    expect(await put(path, 'cr.hl7', lines('\r', 'A1', 'A2'))).toBe('done');
    expect(await put(path, 'lf.hl7', lines('\n', 'B1', 'B2'))).toBe('done');
    expect(await put(path, 'crlf.hl7', lines('\r\n', 'C1', 'C2'))).toBe('done');
    const framed = Buffer.concat([frame(message('D1')), frame(message('D2'))]);
    expect(await put(path, 'mllp.hl7', framed)).toBe('done');
    for (const [name, first, second] of [
      ['cr', 'AA|A1', 'AA|A2'],
      ['lf', 'AA|B1', 'AA|B2'],
      ['crlf', 'AA|C1', 'AA|C2'],
      ['mllp', 'AA|D1', 'AA|D2'],
    ]) {
      expect(codesIn(join(path, 'done', `${name}.hl7.ack`))).toEqual([first, second]);
    }
    expect(await accepted(watched)).toBe(8);
  });

  test('a message is the same by file and by connection: it is known again', async () => {
    const watched = await watching();
    expect(await watched.gateway.send(message('SAME'))).toBe('AA');
    expect(await put(watched.path, 'again.hl7', message('SAME'))).toBe('done');
    expect(await put(watched.path, 'framed.hl7', frame(message('SAME')))).toBe('done');
    expect(await accepted(watched)).toBe(1);
  });

  test('what is refused sends its file to failed, with the answers and the reasons beside it; the rest is taken', async () => {
    const watched = await watching();
    const { path, gateway } = watched;
    const content = Buffer.concat([message('ONE'), message('BAD', { visit: '' }), message('TWO')]);
    expect(await put(path, 'some.hl7', content)).toBe('failed');
    expect(codesIn(join(path, 'failed', 'some.hl7.ack'))).toEqual(['AA|ONE', 'AE|BAD', 'AA|TWO']);
    expect(readFileSync(join(path, 'failed', 'some.hl7.problems'), 'utf8')).toBe(
      'message 2 refused: malformed-message, PV1-19: required field missing\n',
    );
    expect(await accepted(watched)).toBe(2);
    expect(gateway.logged.join('')).not.toContain('some.hl7');
  });

  test('a batch is answered by a batch, and a wrong count is told though every message is taken', async () => {
    const watched = await watching();
    const { path } = watched;
    const batch = (count: number, ...messages: Buffer[]): Buffer =>
      Buffer.concat([
        Buffer.from('FHS|^~\\&|A\rBHS|^~\\&|A|B|||||||B7\r'),
        ...messages,
        Buffer.from(`BTS|${count}\rFTS|1\r`),
      ]);
    expect(await put(path, 'right.hl7', batch(2, message('ONE'), message('TWO')))).toBe('done');
    const answer = readFileSync(join(path, 'done', 'right.hl7.ack'), 'latin1');
    expect(answer).toMatch(/^FHS\|[^\r]*\rBHS\|[^\r]*\|B7\rMSH[^]*\rBTS\|2\rFTS\|1\r$/);
    expect(await put(path, 'wrong.hl7', batch(3, message('THREE')))).toBe('failed');
    expect(readFileSync(join(path, 'failed', 'wrong.hl7.problems'), 'utf8')).toBe(
      'BTS-1 says 3 messages, there are 1\n',
    );
    expect(await accepted(watched)).toBe(3);
  });

  test('messages that ask for no answer leave none beside them', async () => {
    const { path } = await watching();
    const silent = message('S').toString('latin1').replace('|2.5||||||', '|2.5|||NE|NE||');
    expect(await put(path, 'silent.hl7', Buffer.from(silent, 'latin1'))).toBe('done');
    expect(readdirSync(join(path, 'done'))).toEqual(['silent.hl7']);
  });

  test('a file that still grows is left until it is whole; unfinished names are never taken', async () => {
    const watched = await watching({ every: 300 });
    const { path } = watched;
    const content = Buffer.concat([message('ONE'), message('TWO')]);
    for (const name of ['.hidden', 'x.part', 'y.tmp', 'z.ack']) {
      writeFileSync(join(path, name), message('NEVER'));
    }
    for (let size = 1; size < content.length; size += 60) {
      writeFileSync(join(path, 'slow.hl7'), content.subarray(0, size));
      await sleep(60);
    }
    writeFileSync(join(path, 'slow.hl7'), content);
    await until(() => existsSync(join(path, 'done', 'slow.hl7')));
    expect(readdirSync(join(path, 'failed'))).toEqual([]);
    expect(await accepted(watched)).toBe(2);
    expect(readdirSync(path).toSorted()).toEqual(
      ['.hidden', 'done', 'failed', 'x.part', 'y.tmp', 'z.ack'].toSorted(),
    );
  });

  test('a name that comes again does not write over what lies there', async () => {
    const { path } = await watching();
    await put(path, 'day.hl7', message('ONE'));
    await put(path, 'day.hl7', message('TWO'));
    expect(readdirSync(join(path, 'done')).toSorted()).toEqual(
      ['day.hl7', 'day.hl7.2', 'day.hl7.2.ack', 'day.hl7.ack'].toSorted(),
    );
    expect(codesIn(join(path, 'done', 'day.hl7.2.ack'))).toEqual(['AA|TWO']);
  });

  test('what is too large, holds no message or is cut off goes to failed and says why', async () => {
    const watched = await watching({ maxFileBytes: 5000 }, {});
    const { path } = watched;
    const why = (name: string): string =>
      readFileSync(join(path, 'failed', `${name}.problems`), 'utf8');
    expect(await put(path, 'large', Buffer.alloc(5001, 'x'))).toBe('failed');
    expect(why('large')).toBe('larger than 5000 bytes (maxFileBytes of the folder): not taken\n');
    expect(await put(path, 'empty', Buffer.alloc(0))).toBe('failed');
    expect(why('empty')).toMatch(/^no message/);
    expect(await put(path, 'cut', frame(message('CUT')).subarray(0, -2))).toBe('failed');
    expect(why('cut')).toMatch(/cut off, not taken/);
    expect(await accepted(watched)).toBe(0);
  });

  test('a message may be as large as one that comes by connection, and no larger', async () => {
    const path = join(temporary(), 'in');
    const watched = await watching(
      { path },
      {
        change: (config) => ({
          ...config,
          mllp: { ...config.mllp, maxFrameBytes: 2000 },
          folders: [{ path, every: 15, maxFileBytes: 100_000 }],
        }),
      },
    );
    const content = Buffer.concat([message('BIG', { family: 'x'.repeat(3000) }), message('ONE')]);
    expect(await put(path, 'big.hl7', content)).toBe('failed');
    expect(codesIn(join(path, 'failed', 'big.hl7.ack'))).toEqual(['AA|ONE']);
    expect(await accepted(watched)).toBe(1);
  });

  test('a folder of one sender reads what says nothing of its sender', async () => {
    const { path } = await watching({ sender: 'ekliden' });
    const text = message('ONE').toString('latin1').replace('EKLIDEN-PAS|EKLIDEN', '|');
    expect(await put(path, 'a.hl7', Buffer.from(text, 'latin1'))).toBe('done');
    const other = await watching();
    expect(await put(other.path, 'a.hl7', Buffer.from(text, 'latin1'))).toBe('failed');
  });

  test('while nothing can be stored the file waits, and is taken when it can', async () => {
    const { openJournal } = faultAt(2, 'fails');
    const watched = await watching({}, { options: { openJournal: (path) => openJournal(path) } });
    const content = Buffer.concat([message('ONE'), message('TWO'), message('THREE')]);
    expect(await put(watched.path, 'a.hl7', content)).toBe('done');
    expect(watched.gateway.logged.join('')).toContain('folder file-waits');
    expect(codesIn(join(watched.path, 'done', 'a.hl7.ack'))).toEqual([
      'AA|ONE',
      'AA|TWO',
      'AA|THREE',
    ]);
    expect(await accepted(watched)).toBe(3);
  });

  test('what cannot be stored for long is told once, and later files wait behind it', async () => {
    // A full disk would do, and is not tried again for half a minute: that is shown in storage.test.ts.
    const shut = { now: true };
    const openJournal = async (path: string): Promise<Journal> => {
      const journal = await openEmbeddedJournal({ folder: path });
      const { record } = journal;
      return {
        ...journal,
        record: (one) =>
          shut.now ? Promise.reject(new GatewayError('journal-unavailable', 'shut')) : record(one),
      };
    };
    const watched = await watching({}, { options: { openJournal } });
    const { path, gateway } = watched;
    writeFileSync(join(path, 'first.hl7'), message('ONE'));
    await until(() => gateway.logged.join('').includes('folder file-waits'));
    writeFileSync(join(path, 'second.hl7'), message('TWO'));
    await sleep(100);
    expect(gateway.logged.filter((line) => line.includes('folder file-waits'))).toHaveLength(1);
    shut.now = false;
    await until(() => existsSync(join(path, 'done', 'second.hl7')));
    expect(existsSync(join(path, 'done', 'first.hl7'))).toBe(true);
    expect(await accepted(watched)).toBe(2);
  });

  test('a stop in the middle of a file leaves it there, and the next start adds what is missing', async () => {
    const path = join(temporary(), 'in');
    const folder = temporary();
    const ids = Array.from({ length: 60 }, (_, index) => `M${index}`);
    // Told to stop while the twentieth is being stored, and slow from then on: the file is not done when the stop comes to it,
    // however fast or busy the machine is.
    let stored = 0;
    let stopping: Promise<void> | undefined;
    const openJournal = async (at: string): Promise<Journal> => {
      const journal = await openEmbeddedJournal({ folder: at });
      const { record } = journal;
      return {
        ...journal,
        async record(one) {
          if ((stored += 1) === 20) stopping = first.gateway.close();
          if (stored >= 20) await sleep(100);
          return await record(one);
        },
      };
    };
    const first = await watching({ path }, { folder, options: { openJournal } });
    writeFileSync(join(path, '.a'), Buffer.concat(ids.map((id) => message(id))));
    renameSync(join(path, '.a'), join(path, 'a.hl7'));
    await until(() => stopping !== undefined);
    await stopping;
    cleanups.pop(); // it is closed
    expect(stored).toBeLessThan(60);
    expect(existsSync(join(path, 'a.hl7'))).toBe(true);
    const second = await watching({ path }, { folder });
    await until(() => existsSync(join(path, 'done', 'a.hl7')));
    expect(await accepted(second)).toBe(60);
    expect(codesIn(join(path, 'done', 'a.hl7.ack'))).toEqual(ids.map((id) => `AA|${id}`));
  });
});

/** Node's own option: kills the process as it hands its nth piece of work to the journal's thread. */
const killedAt = (nth: number): NodeJS.ProcessEnv => {
  const code = `
    import { Worker } from 'node:worker_threads';
    const { postMessage } = Worker.prototype;
    let count = 0;
    Worker.prototype.postMessage = function (...args) {
      if ((count += 1) === ${nth}) process.kill(process.pid, 'SIGKILL');
      return postMessage.apply(this, args);
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
};

test('killed in the middle of a file, the service takes the rest at its next start, and nothing twice', async () => {
  const folder = temporary();
  const path = join(folder, 'in');
  const config = join(folder, 'hemgang.yaml');
  writeFileSync(
    config,
    `data: ${join(folder, 'data')}\nfolders:\n  - path: ${path}\n    every: 20ms\n`,
  );
  const ids = Array.from({ length: 300 }, (_, index) => `M${index}`);
  const killed = await startService(['--config', config], killedAt(150));
  writeFileSync(join(path, '.a'), Buffer.concat(ids.map((id) => message(id))));
  renameSync(join(path, '.a'), join(path, 'a.hl7'));
  expect(await killed.ended).toBe(null);
  const reader = await openJournalReader({ folder: join(folder, 'data') });
  const before = (await reader.status()).messages.accepted;
  await reader.close();
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(300);
  expect(existsSync(join(path, 'a.hl7'))).toBe(true);

  const again = await startService(['--config', config]);
  cleanups.push(() => again.end('SIGKILL'));
  await until(() => existsSync(join(path, 'done', 'a.hl7')));
  await again.end('SIGTERM');
  const after = await openJournalReader({ folder: join(folder, 'data') });
  expect((await after.status()).messages).toMatchObject({ accepted: 300, rejected: 0 });
  await after.close();
  expect(codesIn(join(path, 'done', 'a.hl7.ack'))).toEqual(ids.map((id) => `AA|${id}`));
}, 180_000);

test('what waits for a code is translated again as the sender whose folder it lay in', async () => {
  const data = temporary();
  const { gateway, path } = await watching({ sender: 'ekliden' }, { folder: data });
  const text = message('C1').toString('latin1');
  const raw = text.replace('EKLIDEN-PAS', 'OTHER').replace('|EKLIDEN|', '|OTHER|');
  const unknownClass = Buffer.from(raw.replace('PV1|1|I|', 'PV1|1|Q|'), 'latin1');
  expect(await put(path, 'one.hl7', unknownClass)).toBe('done');
  expect((await gateway.gateway.status()).messages.parked).toBe(1);
  await gateway.close();
  const overlay = temporary();
  mkdirSync(join(overlay, 'hl7v2/tables'), { recursive: true });
  const table = join(overlay, 'hl7v2/tables/0004-admission.yaml');
  writeFileSync(table, 'entries: { Q: patient.admitted }');
  const again = await startTestGateway({
    start: '2022-03-07T13:00:00.000Z',
    folder: data,
    change: (config) => ({ ...config, mappings: [overlay] }),
  });
  cleanups.push(() => again.close());
  expect(again.gateway.freed).toBe(1);
  expect((await again.gateway.status()).messages.parked).toBe(0);
});

describe('the configuration of folders', () => {
  function configError(text: string): string {
    const file = join(temporary(), 'hemgang.yaml');
    writeFileSync(file, text);
    try {
      loadConfig({ file, env: {} });
      return '';
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : '';
    }
  }

  test('names a sender that is not configured, and a folder that stands twice', () => {
    expect(configError('folders: [{ path: ./in, sender: nobody }]')).toMatch(
      /hemgang\.yaml:1: folders\.0\.sender: nobody, which is not among the senders/,
    );
    expect(configError('folders:\n  - path: ./in\n  - path: ./in/\n')).toMatch(
      /hemgang\.yaml:3: folders\.1\.path: this folder is watched already/,
    );
  });

  test('a folder that cannot be used stops the start and is named', async () => {
    const file = join(temporary(), 'a-file');
    writeFileSync(file, '');
    await expect(watching({ path: file })).rejects.toMatchObject({
      code: 'configuration-invalid',
      location: 'folders.0.path',
    });
    const path = join(temporary(), 'in');
    await expect(watching({ path, done: path })).rejects.toMatchObject({
      location: 'folders.0.path',
      message: expect.stringContaining('the same folder as done or failed'),
    });
  });
});
