import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { encode, reencode, withHeaderField } from '../adapters/inbound/hl7v2/message/reencode.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { startReceiver, type ReceiverAnswer } from '../adapters/simulated/receiver.ts';
import { answerCodeOf, headerField, readAnswer } from '../adapters/wire/mllp-answer.ts';
import { MllpClient } from '../adapters/wire/mllp-client.ts';
import { frame } from '../adapters/wire/mllp.ts';
import { answerOf, listen, type ListenOptions } from '../gateway/cli/listen.ts';
import { sendFiles, type SendOptions } from '../gateway/cli/send.ts';
import { duration, targetOf } from '../gateway/cli/wire-target.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { runCli, runToEnd } from './support/service.ts';

const folder = temporaryFolder('live-tools');
const certificates = makeCertificates(folder.path);
afterAll(() => folder.remove());

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const family = 'Påhittadsson';

function message(controlId: string): Uint8Array {
  return buildMessage('ekliden', {
    trigger: 'A01',
    at: '2022-03-07T11:30:00',
    visit: 'V1001',
    personnummer: '195009072553',
    family,
    given: 'Åsa',
    controlId,
  });
}

let files = 0;
function fileOf(...parts: Uint8Array[]): string {
  files += 1;
  const file = join(folder.path, `${files}.hl7`);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

interface Heard {
  readonly port: number;
  readonly messages: Buffer[];
}

async function receiver(answer: string | ReceiverAnswer): Promise<Heard> {
  const messages: Buffer[] = [];
  const running = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    answer: typeof answer === 'string' ? answerOf(answer) : answer,
    onMessage: (raw) => messages.push(Buffer.from(raw)),
  });
  cleanups.push(() => running.close());
  return { port: running.port, messages };
}

async function send(
  paths: string[],
  port: number,
  options: Partial<SendOptions> = {},
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const given = {
    to: `mllp://127.0.0.1:${port}`,
    tls: false,
    pipeline: 1,
    duplicate: false,
    timeout: 5000,
    json: false,
    ...options,
  };
  const code = await sendFiles(paths, given, (line) => lines.push(line));
  return { code, lines };
}

describe('the MLLP client', () => {
  async function client(
    port: number,
    options: Partial<Parameters<typeof MllpClient.connect>[0]> = {},
  ): Promise<MllpClient> {
    const link = await MllpClient.connect({ host: '127.0.0.1', port, ...options });
    cleanups.push(() => link.close());
    return link;
  }

  test('gives each of several messages in flight the answer that names it', async () => {
    const { port, messages } = await receiver('AA');
    const link = await client(port, { maxInFlight: 3 });
    const answers = await Promise.all(['A', 'B', 'C'].map((id) => link.send(message(id))));
    expect(answers.map((answer) => readAnswer(answer).controlId)).toEqual(['A', 'B', 'C']);
    expect(messages).toHaveLength(3);
  });

  test('takes no more in flight than agreed', async () => {
    const { port } = await receiver('none');
    const link = await client(port, { timeoutMs: 50 });
    const first = link.send(message('A'));
    await expect(link.send(message('B'))).rejects.toMatchObject({ code: 'assertion-failed' });
    await expect(first).rejects.toMatchObject({ code: 'delivery-unknown' });
  });

  test('tells a late answer from one to a stranger, and keeps the connection where told', async () => {
    const late = await receiver({ kind: 'late', ms: 60 });
    const told: string[] = [];
    let heard = (): void => {};
    const one = new Promise<void>((resolve) => (heard = resolve));
    const link = await client(late.port, {
      timeoutMs: 20,
      keepAfterTimeout: true,
      onUnawaited: (answer, reason) => {
        told.push(`${reason} ${readAnswer(answer).controlId}`);
        heard();
      },
    });
    await expect(link.send(message('A'))).rejects.toMatchObject({ code: 'delivery-unknown' });
    expect(link.closed).toBe(false);
    await one;
    const strange = await receiver('wrong-id');
    const other = await client(strange.port, {
      timeoutMs: 50,
      onUnawaited: (answer, reason) => told.push(`${reason} ${readAnswer(answer).controlId}`),
    });
    await expect(other.send(message('B'))).rejects.toThrow('no answer in time');
    expect(told).toEqual(['late A', 'unknown ANOTHER-ID']);
  });

  test('a connection closed before the answer leaves the outcome unknown', async () => {
    const { port } = await receiver('close');
    const link = await client(port);
    await expect(link.send(message('A'))).rejects.toThrow('connection closed before the answer');
    await expect(link.send(message('B'))).rejects.toMatchObject({ code: 'delivery-failed' });
  });

  test('frames sent in pieces do not mix', async () => {
    const { port, messages } = await receiver('AA');
    const link = await client(port, { maxInFlight: 2, packetBytes: 3 });
    const both = [message('A'), message('B')];
    await Promise.all(both.map((one) => link.send(one)));
    expect(messages.map((one) => Uint8Array.from(one))).toEqual(
      both.map((one) => Uint8Array.from(one)),
    );
  });
});

describe('an answer', () => {
  test('is read by its own separators, with the errors of either form', () => {
    const newer = 'MSH#*~\\&#A\rMSA#AE#ID-1\rERR##PV1*1*19#101*Required field missing*HL70357#E\r';
    expect(readAnswer(Buffer.from(newer))).toEqual({
      code: 'AE',
      controlId: 'ID-1',
      errors: [{ code: '101', location: 'PV1*1*19' }],
    });
    const older = 'MSH|^~\\&|A\rMSA|AR|ID-2\rERR|PID^1^3^204&Unknown key identifier&HL70357\r';
    expect(readAnswer(Buffer.from(older)).errors).toEqual([{ code: '204', location: 'PID^1^3' }]);
    expect(readAnswer(Buffer.from('no answer'))).toEqual({ code: '', controlId: '', errors: [] });
  });
});

describe('a message in another character set', () => {
  const latin1 = message('A');

  test('says so in MSH-18, and keeps every letter', () => {
    const utf8 = Buffer.from(reencode(latin1, 'UNICODE UTF-8'));
    expect(headerField(utf8, 18)).toBe('UNICODE UTF-8');
    expect(utf8.toString('utf8')).toContain(`${family}^Åsa`);
    expect(Buffer.from(reencode(utf8, '8859/1'))).toEqual(Buffer.from(latin1));
  });

  test('a header that is short grows', () => {
    expect(withHeaderField('MSH|^~\\&|A\rPID|1\r', 6, 'X')).toBe('MSH|^~\\&|A|||X\rPID|1\r');
  });

  test('a letter the set does not have is told by its segment alone', () => {
    const text = `MSH|^~\\&|A\rPID|1||||Łukasz\r`;
    expect(() => encode(text, '8859/1')).toThrow(
      '8859/1 does not have every character of segment PID',
    );
  });
});

describe('send', () => {
  test('sends every message of every file, and prints answers without a person', async () => {
    const { port, messages } = await receiver('AA');
    const framed = fileOf(frame(message('A')), frame(message('B')));
    const { code, lines } = await send([framed, fileOf(message('C'))], port);
    expect(messages.map((raw) => headerField(raw, 10))).toEqual(['A', 'B', 'C']);
    expect(lines.slice(0, 3).map((line) => line.slice(0, 5))).toEqual(['AA  A', 'AA  B', 'AA  C']);
    expect(lines.at(-1)).toMatch(/^3 sent in .* s, 3 AA, median/);
    expect(lines.join('\n')).not.toContain(family);
    expect(code).toBe(0);
  });

  test.each(['AE', 'AR', 'CE'])(
    'ends with 1 when one is answered %s, with its ERR',
    async (told) => {
      const { port } = await receiver(told);
      const { code, lines } = await send([fileOf(message('A'))], port);
      expect(lines[0]).toMatch(new RegExp(`^${told}  A .*ERR ${told === 'AR' ? '207' : '100'}`));
      expect(code).toBe(1);
    },
  );

  test('tells of two answers to one message the first first, and counts the second', async () => {
    const server = createServer((socket) => {
      const answer = (code: string): Uint8Array =>
        frame(Buffer.from(`MSH|^~\\&|X\rMSA|${code}|A\r`));
      socket.once('data', () => socket.write(Buffer.concat([answer('CA'), answer('AA')])));
      socket.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => new Promise((closed) => server.close(() => closed())));
    const { port } = server.address() as AddressInfo;
    const { code, lines } = await send([fileOf(message('A'))], port);
    expect(lines.map((line) => line.replace(/  +/g, ' '))).toEqual([
      expect.stringMatching(/^CA A [\d.]+ ms$/),
      'AA A a second answer',
      expect.stringMatching(/^1 sent in .* s, 1 CA, 1 answered twice, median/),
    ]);
    expect(code).toBe(0);
  });

  test('ends with 1 when an answer is late, missing, to another id, or the connection closes', async () => {
    for (const [told, said] of [
      ['none', 'no answer in time'],
      ['late:2s', 'no answer in time'],
      ['wrong-id', 'to a control id that was not sent'],
      ['close', 'connection closed before the answer'],
    ] as const) {
      const { port } = await receiver(told);
      const { code, lines } = await send([fileOf(message('A'))], port, { timeout: 60 });
      expect(lines.join('\n')).toContain(said);
      expect(lines.at(-1)).toContain('1 without an answer');
      expect(code).toBe(1);
    }
  });

  test('goes on over a new connection where the receiver closes after each', async () => {
    const { port, messages } = await receiver('close');
    const { lines } = await send([fileOf(message('A'), message('B'))], port);
    expect(messages).toHaveLength(2);
    expect(lines.at(-1)).toContain('2 without an answer');
  });

  test('waits for no answer where the message asks for none', async () => {
    const { port, messages } = await receiver('none');
    const quiet = Buffer.from(message('A')).toString('latin1');
    const raw = Buffer.from(withHeaderField(withHeaderField(quiet, 15, 'NE'), 16, 'NE'), 'latin1');
    const { code, lines } = await send([fileOf(raw)], port);
    expect(lines[0]).toContain('no answer asked for');
    expect(messages).toHaveLength(1);
    expect(code).toBe(0);
  });

  test('sends twice the same bytes, in another set, in pieces, several in flight', async () => {
    const { port, messages } = await receiver('AA');
    const { code, lines } = await send([fileOf(message('A'), message('B'))], port, {
      duplicate: true,
      split: 5,
      pipeline: 4,
      charset: 'UNICODE UTF-8',
      rate: 500,
    });
    expect(messages.map((raw) => headerField(raw, 10))).toEqual(['A', 'A', 'B', 'B']);
    expect(messages[0]).toEqual(messages[1]);
    expect(messages[0]?.toString('utf8')).toContain(family);
    expect(lines.filter((line) => line.endsWith('(again)'))).toHaveLength(2);
    expect(code).toBe(0);
  });

  test('with --json each line is an object, the sum last', async () => {
    const { port } = await receiver('AR');
    const { lines } = await send([fileOf(message('A'))], port, { json: true });
    const [first, last] = lines.map((line): unknown => JSON.parse(line));
    expect(first).toMatchObject({ code: 'AR', controlId: 'A', errors: [{ code: '207' }] });
    expect(last).toMatchObject({ sum: { sent: 1, accepted: 0, codes: { AR: 1 }, unanswered: 0 } });
  });

  test('wrong use is told before anything is sent', async () => {
    const { port, messages } = await receiver('AA');
    const nothing = fileOf(Buffer.from('not a message'));
    await expect(send([fileOf(message('A')), nothing], port)).rejects.toMatchObject({
      code: 'configuration-invalid',
    });
    await expect(send(['/no/such/file'], port)).rejects.toThrow('cannot be read');
    await expect(send([import.meta.dirname], port)).rejects.toThrow('is a folder: name its files');
    await expect(send([], port, { to: 'http://x' })).rejects.toThrow(
      'write it as mllp://host:port',
    );
    await expect(send([], port, { ca: 'x.pem' })).rejects.toThrow('--ca is for TLS');
    expect(messages).toEqual([]);
  });
});

describe('where to connect and how long to wait', () => {
  test('is read as people write it', () => {
    const plain = { tls: false };
    expect(targetOf({ ...plain, to: 'gateway:2575' })).toEqual({ host: 'gateway', port: 2575 });
    expect(targetOf({ ...plain, to: 'mllp://[::1]:1' })).toEqual({ host: '::1', port: 1 });
    expect(targetOf({ ...plain, to: 'mllps://a:1' }).tls).toBeDefined();
    for (const to of ['a', 'a:0', 'a:99999', 'mllp://:1']) {
      expect(() => targetOf({ ...plain, to })).toThrow('write it as');
    }
    expect(['500ms', '5s', '2m', '3'].map(duration)).toEqual([500, 5000, 120_000, 3000]);
    expect(() => duration('soon')).toThrow('a time like');
  });
});

describe('listen', () => {
  /** Runs it until `count` messages have come. */
  function listening(options: Partial<ListenOptions>): {
    port: Promise<number>;
    lines: string[];
    ended: Promise<number>;
  } {
    const lines: string[] = [];
    const stop = new AbortController();
    cleanups.push(() => stop.abort());
    let heard: (port: number) => void = () => {};
    const port = new Promise<number>((resolve) => (heard = resolve));
    const given = {
      host: '127.0.0.1',
      port: 0,
      answer: answerOf('AA'),
      tls: false,
      json: false,
      ...options,
    };
    const ended = listen(
      given,
      (line) => {
        lines.push(line);
        const bound = /listening on mllps?:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (bound !== undefined) heard(Number(bound));
      },
      stop.signal,
    );
    return { port, lines, ended };
  }

  test('prints a line a message, keeps the bytes for nobody else, and ends at the count', async () => {
    const out = join(folder.path, 'kept');
    const running = listening({ count: 3, out });
    const utf8 = Buffer.from(message('B')).toString('latin1');
    const { code } = await send(
      [fileOf(message('A'), Buffer.from(utf8, 'utf8'), message('../C'))],
      await running.port,
    );
    expect(code).toBe(0);
    expect(await running.ended).toBe(0);
    expect(running.lines[1]).toMatch(/Z {2}ADT\^A01\^ADT_A01 {2}A +\d+ bytes {2}8859\/1$/);
    expect(running.lines[2]).toContain('8859/1 (the bytes are UTF-8)');
    expect(running.lines.at(-1)).toBe('3 received');
    expect(running.lines.join('\n')).not.toContain(family);
    const kept = readdirSync(out).toSorted();
    expect(kept).toEqual(['000001-A.hl7', '000002-B.hl7', '000003-___C.hl7']);
    expect(readFileSync(join(out, kept[0] ?? ''))).toEqual(Buffer.from(message('A')));
    expect(statSync(join(out, kept[0] ?? '')).mode & 0o077).toBe(0);
  });

  test.skipIf(!certificates.made)(
    'over TLS it wants a client of its authority, and send is one',
    async () => {
      const path = certificates.path;
      const running = listening({
        tls: true,
        cert: path('server.pem'),
        key: path('server.key'),
        ca: path('ca.pem'),
        count: 1,
      });
      const port = await running.port;
      const to = `mllps://127.0.0.1:${port}`;
      const ours = { to, ca: path('ca.pem'), servername: 'localhost' };
      const without = await send([fileOf(message('A'))], port, ours).catch(() => ({ code: 1 }));
      expect(without.code).toBe(1);
      await expect(send([fileOf(message('A'))], port, { to })).rejects.toMatchObject({
        code: 'delivery-failed',
      });
      const identity = { cert: path('client.pem'), key: path('client.key') };
      expect((await send([fileOf(message('A'))], port, { ...ours, ...identity })).code).toBe(0);
      expect(await running.ended).toBe(0);
    },
  );

  test('a port that is taken, or TLS without a certificate, is wrong use', async () => {
    const { port } = await receiver('AA');
    await expect(listening({ port }).ended).rejects.toThrow('cannot listen');
    await expect(listening({ tls: true }).ended).rejects.toThrow('--tls needs --cert and --key');
    expect(() => answerOf('perhaps')).toThrow('one of AA');
  });
});

describe('the command line', () => {
  test('listen runs until SIGINT, and send reports to it by exit code', async () => {
    const child = runCli(['listen', '--port', '0', '--answer', 'AE']);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let output = '';
    const port = await new Promise<string>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const bound = /:(\d+)\n/.exec(output)?.[1];
        if (bound !== undefined) resolve(bound);
      });
    });
    const sent = await runToEnd(['send', fileOf(message('A')), '--to', `mllp://127.0.0.1:${port}`]);
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(sent.code).toBe(1);
    expect(sent.stdout).toMatch(/^AE  A/);
    expect(output).toContain('1 received');
    const wrongUse = await runToEnd([
      'send',
      'x.hl7',
      '--to',
      'mllp://127.0.0.1:1',
      '--charset',
      'x',
    ]);
    expect(wrongUse.code).toBe(2);
  }, 30_000);
});

test('the code of an answer is MSA-1', () => {
  expect(answerCodeOf(Buffer.from('MSH|^~\\&|\rMSA|AR|1\r'))).toBe('AR');
});
