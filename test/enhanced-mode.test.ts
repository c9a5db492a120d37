/** Answers over real sockets from the real journal: what was said is stored, and a repeat hears it again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { answerCodeOf, buildMessage } from '../adapters/simulated/hospital.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { GatewayError } from '../gateway/errors.ts';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';
import { BareConnection } from './support/bare-connection.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function folder(): string {
  const made = temporaryFolder('answers');
  cleanups.push(() => made.remove());
  return made.path;
}

async function start(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ start: '2022-03-07T12:00:00.000Z', ...settings });
  cleanups.push(() => gateway.close());
  return gateway;
}

async function open({ gateway }: TestGateway): Promise<BareConnection> {
  const client = await BareConnection.open(gateway.mllp.port);
  cleanups.push(() => client.close());
  return client;
}

interface Asked {
  readonly accept?: string;
  readonly application?: string;
  readonly sequence?: string;
  readonly visit?: string;
}

/** An A01 of ekliden with MSH-13, MSH-15 and MSH-16. */
function message(controlId: string, asked: Asked = {}): Buffer {
  const { accept = '', application = '', sequence = '', visit = `V${controlId}` } = asked;
  const bytes = buildMessage('ekliden', {
    trigger: 'A01',
    at: '2022-03-07T11:30:00',
    visit,
    personnummer: '195009072553',
    family: 'Påhittad',
    given: 'Åsa',
    municipality: '1480',
    unit: 'MED1',
    controlId,
  });
  const text = Buffer.from(bytes).toString('latin1');
  const header = `|P|2.5|${sequence}||${accept}|${application}||8859/1`;
  return Buffer.from(text.replace('|P|2.5||||||8859/1', header), 'latin1');
}

function said(frames: readonly string[]): string[] {
  return frames.map((text) => /MSA\|([^\r]*)/.exec(text)?.[1] ?? text);
}

async function accepted(gateway: TestGateway): Promise<number> {
  return (await gateway.gateway.status()).messages.accepted;
}

describe('enhanced mode', () => {
  test('a commit accept implies a commit: another process finds the message', async () => {
    const gateway = await start();
    const [answer] = await gateway.hospital.exchange(
      message('ONE', { accept: 'AL', application: 'NE' }),
    );
    const reader = await openJournalReader({ folder: gateway.folder });
    expect((await reader.status()).messages.accepted).toBe(1);
    await reader.close();
    expect(answerCodeOf(answer ?? new Uint8Array())).toBe('CA');
  });

  test('both asked: the accept answer, then the application answer; a repeat gets the same bytes in the same order', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const raw = message('BOTH', { accept: 'AL', application: 'AL' });
    client.send(raw);
    const first = await client.frames(2);
    expect(said(first)).toEqual(['CA|BOTH', 'AA|BOTH']);
    gateway.clock.advanceTo('2022-03-07T12:05:00.000Z');
    client.send(raw);
    expect(await client.frames(2)).toEqual(first);
    expect(await accepted(gateway)).toBe(1);
  });

  test('none asked: no answer, the first time and the second, and the connection serves the next', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const silent = message('SILENT', { accept: 'NE', application: 'NE' });
    client.send(silent, silent, message('NEXT'));
    expect(said(await client.frames(1))).toEqual(['AA|NEXT']);
    expect(await accepted(gateway)).toBe(2);
    expect(await gateway.hospital.exchange(silent)).toEqual([]);
  });

  test('only failures asked: silence for what is accepted, a word for what is not', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const asked = { accept: 'ER', application: 'NE' };
    client.send(message('GOOD', asked), message('BAD', { ...asked, visit: '' }));
    expect(said(await client.frames(1))).toEqual(['CE|BAD']);
  });

  test('a refused message releases its id: corrected under the same id it is accepted', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const asked = { accept: 'AL', application: 'AL' };
    client.send(message('AGAIN', { ...asked, visit: '' }), message('AGAIN', asked));
    expect(said(await client.frames(3))).toEqual(['CE|AGAIN', 'CA|AGAIN', 'AA|AGAIN']);
  });

  test('what cannot be stored is CR, and AR in original mode; sent again it is accepted', async () => {
    for (const [asked, refusal, acceptance] of [
      [{ accept: 'AL', application: 'AL' }, 'CR|ONE', 'CA|ONE'],
      [{}, 'AR|ONE', 'AA|ONE'],
    ] as const) {
      const gateway = await start({ options: { openJournal: firstRecordFails() } });
      const client = await open(gateway);
      client.send(message('ONE', asked));
      const refused = await client.frames(1);
      expect(said(refused)).toEqual([refusal]);
      expect(refused[0]).toContain('|207^Application error^HL70357|');
      client.send(message('ONE', asked));
      expect(said(await client.frames(1))[0]).toBe(acceptance);
    }
  });
});

/** Opens a journal whose first `record` does not come about. */
function firstRecordFails(): (path: string) => Promise<Journal> {
  let hasFailed = false;
  return async (path) => {
    const journal = await openEmbeddedJournal({ folder: path });
    return {
      ...journal,
      record(incoming) {
        if (hasFailed) return journal.record(incoming);
        hasFailed = true;
        return Promise.reject(new GatewayError('journal-unavailable', 'not now'));
      },
    };
  };
}

describe('MLLP release 2', () => {
  const release2 = (config: Config): Config => ({
    ...config,
    mllp: { ...config.mllp, release: 2 },
  });
  const [stored, notStored] = ['\x06', '\x15'];

  test('each frame is acknowledged by the transport once it is stored, before its answers', async () => {
    const gateway = await start({ change: release2 });
    const client = await open(gateway);
    client.send(message('ONE'), message('NONE', { accept: 'NE', application: 'NE' }));
    expect(said(await client.frames(3))).toEqual([stored, 'AA|ONE', stored]);
    expect(await accepted(gateway)).toBe(2);
  });

  test('what is refused is stored too; what is not stored has the negative one alone', async () => {
    const gateway = await start({ change: release2, options: { openJournal: firstRecordFails() } });
    const client = await open(gateway);
    client.send(message('ONE'), message('ONE'), message('BAD', { visit: '' }));
    expect(said(await client.frames(5))).toEqual([notStored, stored, 'AA|ONE', stored, 'AE|BAD']);
  });

  test('the sender may acknowledge our answers, which is no message and is not answered', async () => {
    const gateway = await start({ change: release2 });
    const client = await open(gateway);
    client.send(...Array.from({ length: 20_000 }, () => stored), notStored, message('ONE'));
    expect(said(await client.frames(2))).toEqual([stored, 'AA|ONE']);
    expect(gateway.logged.join('')).toContain('mllp answer-not-committed');
  });

  test('a frame that is too large is not acknowledged, hears why, and the connection closes', async () => {
    const change = (config: Config): Config => {
      const { mllp } = release2(config);
      return { ...config, mllp: { ...mllp, maxFrameBytes: 1024 } };
    };
    const client = await open(await start({ change }));
    client.send(message('BIG'.padEnd(2000, 'G')));
    expect((await client.frames(3))[0]).toBe(notStored);
    await client.closed();
  });

  test('what nobody can be answered for is not acknowledged either, and the connection closes', async () => {
    const gateway = await start({ change: release2 });
    const client = await open(gateway);
    client.send('this is not HL7');
    expect(await client.frames(2)).toEqual([notStored]);
    await client.closed();
  });
});

describe('the sequence number protocol', () => {
  /** ekliden numbers its messages, by an overlay over the shipped one. */
  function numbered(): (config: Config) => Config {
    const overlay = folder();
    mkdirSync(join(overlay, 'senders'));
    writeFileSync(join(overlay, 'senders', 'ekliden.yaml'), 'sequenceNumbers: true\n');
    return (config) => ({ ...config, mappings: [overlay] });
  }
  const link = (controlId: string, sequence: string): string =>
    `MSH|^~\\&|EKLIDEN-PAS|EKLIDEN|HEMGANG|GATEWAY|20220307120000||ADT|${controlId}|P|2.5|${sequence}\r`;

  test('takes the next number alone, tells the expected one, and remembers it across a restart', async () => {
    const settings = { change: numbered(), folder: folder() };
    const gateway = await startTestGateway({ start: '2022-03-07T12:00:00.000Z', ...settings });
    const client = await open(gateway);
    client.send(link('START', '0'), message('FIVE', { sequence: '5' }));
    expect(said(await client.frames(2))).toEqual(['AA|START||-1', 'AA|FIVE||5']);
    client.send(message('SEVEN', { sequence: '7' }), message('SIX', { sequence: '6' }));
    expect(said(await client.frames(2))).toEqual(['AR|SEVEN||6', 'AA|SIX||6']);
    await gateway.close();

    const again = await start(settings);
    const other = await open(again);
    other.send(
      link('RESTART', '0'),
      message('SIX', { sequence: '6' }),
      message('SEVEN', { sequence: '7' }),
    );
    expect(said(await other.frames(3))).toEqual(['AA|RESTART||7', 'AA|SIX||6', 'AA|SEVEN||7']);
    expect(await accepted(again)).toBe(3);
  });

  test('-1 resynchronises: whatever number comes next is the first', async () => {
    const gateway = await start({ change: numbered() });
    const client = await open(gateway);
    client.send(
      message('A', { sequence: '10' }),
      link('SYNC', '-1'),
      message('B', { sequence: '3' }),
    );
    expect(said(await client.frames(3))).toEqual(['AA|A||10', 'AA|SYNC||-1', 'AA|B||3']);
    client.send(message('C', { sequence: '4' }));
    expect(said(await client.frames(1))).toEqual(['AA|C||4']);
  });

  test('a refused message does not use up its number', async () => {
    const gateway = await start({ change: numbered() });
    const client = await open(gateway);
    client.send(message('A', { sequence: '1' }), message('B', { sequence: '2', visit: '' }));
    client.send(message('B', { sequence: '2' }));
    expect(said(await client.frames(3))).toEqual(['AA|A||1', 'AE|B', 'AA|B||2']);
  });

  test('what is out of order is kept for the operator and told in the log, without a word of its content', async () => {
    const gateway = await start({ change: numbered() });
    const client = await open(gateway);
    client.send(message('A', { sequence: '1' }), message('C', { sequence: '3' }));
    await client.frames(2);
    expect((await gateway.gateway.status()).messages.rejected).toBe(1);
    expect(gateway.logged.join('')).toContain('out-of-sequence');
    expect(gateway.logged.join('')).not.toContain('195009072553');
  });
});

describe('a batch over a connection', () => {
  const header = 'BHS|^~\\&|EKLIDEN-PAS|EKLIDEN|HEMGANG|GATEWAY|20220307120000||DAY||B1\r';
  const batch = (count: number, ...messages: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from(header), ...messages, Buffer.from(`BTS|${count}\r`)]);

  test('every message is taken for itself, in order, and answered in one batch', async () => {
    const gateway = await start();
    const client = await open(gateway);
    client.send(
      batch(3, message('ONE'), message('BAD', { visit: '' }), message('TWO')),
      message('NEXT'),
    );
    const [answer = '', next = ''] = await client.frames(2);
    const lines = answer.split('\r');
    expect(lines[0]).toMatch(
      /^BHS\|\^~\\&\|HEMGANG\|GATEWAY\|EKLIDEN-PAS\|EKLIDEN\|\d{14}\+0000\|\|DAY\|\|[0-9a-f]{20}\|B1$/,
    );
    expect(lines.filter((line) => /^(?:MSA|BTS)/.test(line))).toEqual([
      'MSA|AA|ONE',
      'MSA|AE|BAD',
      'MSA|AA|TWO',
      'BTS|3',
    ]);
    expect(said([next])).toEqual(['AA|NEXT']);
    expect(await accepted(gateway)).toBe(3);
  });

  test('is silent where every message asks for silence, and says that nothing is wrong where only failures are told', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const silent = { accept: 'NE', application: 'NE' };
    const failures = { accept: 'NE', application: 'ER' };
    client.send(
      batch(1, message('S', silent)),
      batch(2, message('E', failures), message('F', failures)),
    );
    const [answer = ''] = await client.frames(1);
    expect(answer.split('\r').map((line) => line.slice(0, 5))).toEqual(['BHS|^', 'BTS|0', '']);
    expect(await accepted(gateway)).toBe(3);
  });

  test('whose count is wrong is answered with a word of it in BTS-2', async () => {
    const gateway = await start();
    const client = await open(gateway);
    client.send(batch(5, message('ONE')));
    const [answer = ''] = await client.frames(1);
    expect(answer).toContain('\rBTS|1|BTS-1 says 5 messages, there are 1\r');
    expect(gateway.logged.join('')).toContain('a batch does not add up');
  });

  test('sent again adds nothing', async () => {
    const gateway = await start();
    const client = await open(gateway);
    const whole = Buffer.concat([
      Buffer.from('FHS|^~\\&|A\r'),
      batch(1, message('ONE')),
      Buffer.from('FTS|1\r'),
    ]);
    client.send(whole, whole);
    const answers = await client.frames(2);
    for (const answer of answers) {
      expect(answer).toContain('\rMSA|AA|ONE\r');
      expect(answer).toMatch(/^FHS\|[^\r]*\rBHS\|[^\r]*\rMSH[^]*\rBTS\|1\rFTS\|1\r$/);
    }
    expect(await accepted(gateway)).toBe(1);
  });
});
