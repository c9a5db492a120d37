import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, Server } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import * as fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { Reply } from '../adapters/adapter.ts';
import { createHl7v2Server, hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import type { Hl7v2Server, Hl7v2ServerOptions } from '../adapters/inbound/hl7v2/index.ts';
import { HospitalLink, answerCodeOf, buildMessage } from '../adapters/simulated/hospital.ts';
import { frame, Unframer } from '../adapters/wire/mllp.ts';
import { GatewayError, asGatewayError, assert } from '../gateway/errors.ts';
import { loadMappings } from '../mappings/index.ts';

const mappings = loadMappings();
const inbound = hl7v2Inbound(mappings);
const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T12:00:00.000Z',
};

/** Reads, translates and answers, as the gateway does without its journal. */
function replyTo(raw: Uint8Array): Reply {
  try {
    inbound.translate(inbound.read(raw));
    const verdict = { accepted: true, warnings: [] } as const;
    return {
      outcome: 'accepted',
      answers: inbound.acknowledge(undefined, raw, verdict, context),
    };
  } catch (thrown) {
    const verdict = { accepted: false, error: asGatewayError(thrown) } as const;
    return { outcome: 'refused', answers: inbound.acknowledge(undefined, raw, verdict, context) };
  }
}

function message(controlId: string, given = 'Åsa'): Uint8Array {
  return buildMessage('ekliden', {
    trigger: 'A01',
    at: '2022-03-07T11:30:00',
    visit: 'V1001',
    personnummer: '195009072553',
    family: 'Påhittad',
    given,
    municipality: '1480',
    unit: 'MED1',
    controlId,
  });
}

const nothing: Reply = { outcome: 'accepted', answers: [] };

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

interface Running {
  readonly server: Hl7v2Server;
  readonly port: number;
  readonly events: string[];
}

async function start(options: Partial<Hl7v2ServerOptions> = {}): Promise<Running> {
  const events: string[] = [];
  const server = createHl7v2Server({
    receive: async (raw) => replyTo(raw),
    host: '127.0.0.1',
    port: 0,
    onEvent: (name) => events.push(name),
    ...options,
  });
  const { port } = await server.listen();
  cleanups.push(() => server.close());
  return { server, port, events };
}

/** A bare socket whose answers and end can be waited for. */
class Client {
  readonly socket: Socket;
  readonly #unframer = new Unframer(100_000);
  readonly #answers: string[] = [];
  readonly #waiting: (() => void)[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#unframer.push(chunk);
      for (let next = this.#unframer.next(); next !== undefined; next = this.#unframer.next()) {
        this.#answers.push(next.toString('latin1'));
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    cleanups.push(() => {
      socket.destroy();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The control ids and codes answered so far, once there are so many or the connection has closed. */
  async answers(count: number): Promise<string[]> {
    while (this.#answers.length < count && !this.closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#answers.map((answer) => {
      const [, code = '', id = ''] = /MSA\|(A[AER])\|([^|\r]*)/.exec(answer) ?? [];
      return `${code} ${id}`;
    });
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

async function open(port: number): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.setNoDelay(true);
  return new Client(socket);
}

function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/** Something that waits until the test lets it go on. */
class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('the unframer', () => {
  const content = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => bytes.filter((byte) => byte !== 0x1c && byte !== 0x0b));

  test('gives the same bytes back however they are cut into packets', () => {
    const frames = fc.array(content, { maxLength: 6 });
    const cuts = fc.array(fc.nat(2000), { maxLength: 30 });
    fc.assert(
      fc.property(frames, cuts, fc.boolean(), (messages, places, bare) => {
        const stream = Buffer.concat(
          messages.map((one) => {
            const framed = frame(one);
            return bare ? framed.subarray(0, -1) : framed;
          }),
        );
        const unframer = new Unframer(1000);
        const found: Uint8Array[] = [];
        let from = 0;
        for (const to of [
          ...places.filter((at) => at < stream.length).sort((a, b) => a - b),
          stream.length,
        ]) {
          unframer.push(stream.subarray(from, to));
          for (let one = unframer.next(); one !== undefined; one = unframer.next()) {
            found.push(Uint8Array.from(one));
          }
          from = to;
        }
        expect(found).toEqual(messages.map((one) => Uint8Array.from(one)));
        expect(unframer.junkBytes).toBe(0);
        expect(unframer.partial).toBe(false);
      }),
    );
  });

  test('skips and counts junk, but not the line ends between frames', () => {
    const unframer = new Unframer(100);
    unframer.push(Buffer.from('junk\r\n\x0ba\x1c\r\nmore\x0bb\x1c'));
    expect(unframer.next()?.toString()).toBe('a');
    expect(unframer.next()?.toString()).toBe('b');
    expect(unframer.junkBytes).toBe(8);
  });

  test('a message that begins inside a cut off frame is the message', () => {
    const unframer = new Unframer(100);
    unframer.push(Buffer.from('\x0bMSH|^~\\&|cut o\x0bMSH|^~\\&|whole\x1c\r'));
    expect(unframer.next()?.toString()).toBe('MSH|^~\\&|whole');
    expect(unframer.cutOffFrames).toBe(1);
  });

  test('a vertical tab within text stays', () => {
    const unframer = new Unframer(100);
    unframer.push(Buffer.from('\x0bMSH|a\x0bb\x1c\r'));
    expect(unframer.next()?.toString()).toBe('MSH|a\x0bb');
  });

  test('a frame of the largest size passes, and one byte more does not', () => {
    for (const packet of [1, 7, 1000]) {
      const fits = new Unframer(50);
      const tooLarge = new Unframer(50);
      const push = (unframer: Unframer, bytes: Buffer): Buffer | undefined => {
        let found: Buffer | undefined;
        for (let at = 0; at < bytes.length; at += packet) {
          unframer.push(bytes.subarray(at, at + packet));
          found ??= unframer.next();
        }
        return found;
      };
      expect(push(fits, frame(Buffer.alloc(50, 'a')))?.length).toBe(50);
      expect(() => push(tooLarge, frame(Buffer.alloc(51, 'a')))).toThrow(GatewayError);
      expect(() => tooLarge.next()).toThrow(GatewayError);
      expect(tooLarge.head().length).toBe(50);
    }
  });

  test('a large frame that comes byte by byte is gathered without copying it over and over', () => {
    const size = 400_000;
    const unframer = new Unframer(size);
    const bytes = frame(Buffer.alloc(size, 'x'));
    let found: Buffer | undefined;
    for (let at = 0; at < bytes.length; at += 1) {
      unframer.push(bytes.subarray(at, at + 1));
      found ??= unframer.next();
    }
    expect(found?.length).toBe(size);
  });
});

describe('the server on a real socket', () => {
  test('answers a message that comes a byte at a time', async () => {
    const { port } = await start();
    const client = await open(port);
    for (const byte of frame(message('ONE'))) await written(client.socket, Uint8Array.of(byte));
    expect(await client.answers(1)).toEqual(['AA ONE']);
  });

  test('answers two messages in one packet, in order', async () => {
    const { port } = await start();
    const client = await open(port);
    client.socket.write(Buffer.concat([frame(message('ONE')), frame(message('TWO'))]));
    expect(await client.answers(2)).toEqual(['AA ONE', 'AA TWO']);
  });

  test('takes one message of a connection at a time, and answers pipelined ones in order', async () => {
    let together = 0;
    let most = 0;
    const { port } = await start({
      receive: async (raw) => {
        together += 1;
        most = Math.max(most, together);
        await nextTurn();
        together -= 1;
        return replyTo(raw);
      },
    });
    const client = await open(port);
    const ids = Array.from({ length: 200 }, (_, index) => `M${index}`);
    for (const id of ids) client.socket.write(frame(message(id)));
    expect(await client.answers(200)).toEqual(ids.map((id) => `AA ${id}`));
    expect(most).toBe(1);
  });

  test('skips junk between frames and says so', async () => {
    const { port, events } = await start();
    const client = await open(port);
    client.socket.write(
      Buffer.concat([Buffer.from('\r\nGET /'), frame(message('ONE')), Buffer.from('\0\0')]),
    );
    client.socket.write(frame(message('TWO')));
    expect(await client.answers(2)).toEqual(['AA ONE', 'AA TWO']);
    expect(events).toContain('junk-skipped');
  });

  test('closes after a frame that is not HL7, because nobody can be answered', async () => {
    const { port, events } = await start();
    const client = await open(port);
    client.socket.write(frame(Buffer.from('this is not HL7')));
    await client.end();
    expect(await client.answers(1)).toEqual([]);
    expect(events).toContain('frame-unanswered');
  });

  test('answers a broken message with an error and goes on', async () => {
    const { port } = await start();
    const client = await open(port);
    const broken = Buffer.from(message('BAD')).subarray(0, 120);
    client.socket.write(Buffer.concat([frame(broken), frame(message('GOOD'))]));
    expect(await client.answers(2)).toEqual(['AE BAD', 'AA GOOD']);
  });

  test('answers an oversize frame from its beginning: too long, which sending again cannot help, and closes', async () => {
    let answer = '';
    const { port, events } = await start({
      maxFrameBytes: 1000,
      refuseOversize: (head, error) => {
        const answers = inbound.acknowledge(undefined, head, { accepted: false, error }, context);
        answer = Buffer.from(answers?.[0] ?? []).toString();
        return answers;
      },
    });
    const client = await open(port);
    client.socket.write(frame(message('BIG', 'x'.repeat(5000))));
    expect(await client.answers(1)).toEqual(['AE BIG']);
    await client.end();
    expect(events).toContain('frame-oversize');
    expect(answer).toContain(
      '\rERR|||104^Value too long^HL70357|E|||frame larger than 1000 bytes\r',
    );
  });

  test('a connection that cannot be taken is reported, and the others are served', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const { port, events } = await start();
    const listening = listen.mock.contexts[0];
    listen.mockRestore();
    const client = await open(port);
    assert(listening instanceof Server, 'it listens');
    listening.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }));
    expect(events).toContain('server-failed');
    client.socket.write(frame(message('ONE')));
    expect(await client.answers(1)).toEqual(['AA ONE']);
  });

  test('a frame cut off by the end of the connection is not a message', async () => {
    let received = 0;
    const { port, events } = await start({
      receive: async () => {
        received += 1;
        return nothing;
      },
    });
    const client = await open(port);
    client.socket.end(frame(message('CUT')).subarray(0, -2));
    await client.end();
    expect(received).toBe(0);
    expect(events).toContain('frame-cut-off');
  });

  test('a sender that ends its side still gets its answers', async () => {
    const { port } = await start({
      receive: async (raw) => {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn(); // its end is seen first
        return replyTo(raw);
      },
    });
    const client = await open(port);
    client.socket.end(Buffer.concat([frame(message('ONE')), frame(message('TWO'))]));
    expect(await client.answers(2)).toEqual(['AA ONE', 'AA TWO']);
    await client.end();
  });

  test('closes without an answer when nothing was taken', async () => {
    for (const receive of [
      async (): Promise<Reply> => ({ outcome: 'refused', answers: undefined }),
      async (): Promise<never> => {
        throw new Error('the journal is away');
      },
      (): never => {
        throw new Error('our own bug');
      },
    ]) {
      const { port } = await start({ receive });
      const client = await open(port);
      client.socket.write(frame(message('ONE')));
      await client.end();
      expect(await client.answers(1)).toEqual([]);
    }
  });

  test('closes an idle connection, and one that keeps a frame half open byte by byte', async () => {
    const { port, events } = await start({ idleMs: 60 });
    const idle = await open(port);
    const slow = await open(port);
    slow.socket.write('\x0bMSH');
    const drip = setInterval(() => slow.socket.write('x'), 5);
    cleanups.push(() => clearInterval(drip));
    await Promise.all([idle.end(), slow.end()]);
    expect(events.filter((name) => name === 'idle-closed').length).toBe(2);
  });

  test('does not call a connection idle while its message is in hand', async () => {
    const gate = new Gate();
    const { port, server } = await start({
      idleMs: 20,
      receive: async (raw) => {
        await gate.opened;
        return replyTo(raw);
      },
    });
    const client = await open(port);
    const other = await open(port);
    client.socket.write(frame(message('ONE')));
    await other.end(); // idle: closed, so the time has passed for both
    expect(server.inHand()).toBe(1);
    gate.open();
    expect(await client.answers(1)).toEqual(['AA ONE']);
  });

  test('refuses connections beyond its bound and serves the others', async () => {
    const { port, events } = await start({ maxConnections: 1 });
    const first = await open(port);
    first.socket.write(frame(message('ONE')));
    await first.answers(1);
    const second = connect({ host: '127.0.0.1', port });
    const refused = new Client(second);
    await refused.end();
    expect(events).toContain('connection-refused');
    first.socket.write(frame(message('TWO')));
    expect(await first.answers(2)).toEqual(['AA ONE', 'AA TWO']);
  });

  test('on close it answers what is in hand, takes nothing new, and ends', async () => {
    const gate = new Gate();
    const taken: string[] = [];
    const { port, server } = await start({
      receive: async (raw) => {
        taken.push(inbound.read(raw).head.controlId);
        await gate.opened;
        return replyTo(raw);
      },
    });
    const client = await open(port);
    const quiet = await open(port);
    client.socket.write(Buffer.concat([frame(message('ONE')), frame(message('TWO'))]));
    await until(() => server.inHand() === 1);
    const closing = server.close();
    await quiet.end();
    gate.open();
    await closing;
    await client.end();
    expect(await client.answers(1)).toEqual(['AA ONE']);
    expect(taken).toEqual(['ONE']);
    await expect(open(port)).rejects.toThrow();
  });

  test('on close it waits for the peer only so long', async () => {
    const { port, server } = await start({
      drainMs: 30,
      receive: () => new Promise(() => {}),
    });
    const client = await open(port);
    client.socket.write(frame(message('ONE')));
    await until(() => server.inHand() === 1);
    await server.close();
    await client.end();
  });
});

describe('the simulated hospital', () => {
  test('sends and hears the answer to its own message', async () => {
    const { port } = await start();
    const link = await HospitalLink.connect({ host: '127.0.0.1', port });
    cleanups.push(() => link.close());
    expect(answerCodeOf(await link.send(message('ONE')))).toBe('AA');
    expect(answerCodeOf(await link.send(message('TWO')))).toBe('AA');
  });

  test('passes over an answer to another message', async () => {
    const { port } = await start({
      receive: async (raw) => {
        const right = Buffer.from(replyTo(raw).answers?.[0] ?? []);
        const wrong = Buffer.from(
          right.toString('latin1').replace('MSA|AA|ONE', 'MSA|AR|OLD'),
          'latin1',
        );
        return { outcome: 'accepted', answers: [wrong, right] };
      },
    });
    const link = await HospitalLink.connect({ host: '127.0.0.1', port });
    cleanups.push(() => link.close());
    expect(answerCodeOf(await link.send(message('ONE')))).toBe('AA');
  });

  test('calls a missing answer unknown, and no connection failed', async () => {
    const { port, server } = await start({ receive: () => new Promise(() => {}), drainMs: 10 });
    const link = await HospitalLink.connect({ host: '127.0.0.1', port, timeoutMs: 30 });
    await expect(link.send(message('ONE'))).rejects.toMatchObject({ code: 'delivery-unknown' });
    await server.close();
    await expect(HospitalLink.connect({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'delivery-failed',
    });
  });
});

// ---------------------------------------------------------------- TLS

const folder = mkdtempSync(join(tmpdir(), 'hemgang-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
}

/** A certificate authority, a server and a client under it, and a stranger; made by openssl. */
function makeCertificates(): boolean {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    run(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Test CA',
      '-days',
      '2',
    );
    run(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'stranger.key',
      '-out',
      'stranger.pem',
      '-subj',
      '/CN=stranger',
      '-days',
      '2',
    );
    for (const name of ['server', 'client']) {
      run(
        'req',
        ...key,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name === 'server' ? 'localhost' : 'ekliden'}`,
      );
      run(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '2',
      );
    }
    return true;
  } catch {
    return false;
  }
}

function pem(name: string): Buffer {
  return readFileSync(join(folder, name));
}

const hasCertificates = makeCertificates();
if (!hasCertificates) console.warn('SKIPPED: the TLS tests, because openssl is missing');

function startTls(): Promise<Running> {
  return start({
    tls: {
      key: pem('server.key'),
      cert: pem('server.pem'),
      ca: pem('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
  });
}

describe.skipIf(!hasCertificates)('over TLS', () => {
  test('a client with a certificate of the authority is served', async () => {
    const { port } = await startTls();
    const link = await HospitalLink.connect({
      host: '127.0.0.1',
      port,
      tls: {
        ca: pem('ca.pem'),
        key: pem('client.key'),
        cert: pem('client.pem'),
        servername: 'localhost',
      },
    });
    cleanups.push(() => link.close());
    for (const id of ['ONE', 'TWO']) expect(answerCodeOf(await link.send(message(id)))).toBe('AA');
  });

  test('a client without a certificate, or with a stranger’s, is not', async () => {
    const { port, events } = await startTls();
    for (const identity of [{}, { key: pem('stranger.key'), cert: pem('stranger.pem') }]) {
      const socket = connectTls({
        host: '127.0.0.1',
        port,
        ca: pem('ca.pem'),
        servername: 'localhost',
        ...identity,
      });
      const client = new Client(socket);
      socket.write(frame(message('ONE')));
      await client.end();
      expect(await client.answers(1)).toEqual([]);
    }
    expect(events).toContain('connection-failed');
    expect(events).not.toContain('frame-unanswered');
  });

  test('a client that speaks plain text is dropped', async () => {
    const { port } = await startTls();
    const client = await open(port);
    client.socket.write(frame(message('ONE')));
    await client.end();
    expect(await client.answers(1)).toEqual([]);
  });
});

test('client certificates are asked for with their authority, or not at all', () => {
  const tls = { requestCert: true, rejectUnauthorized: true };
  const options = { receive: async () => nothing, host: '127.0.0.1', port: 0, tls };
  expect(() => createHl7v2Server(options)).toThrow(
    expect.objectContaining({
      code: 'configuration-invalid',
      message: expect.stringMatching(/requestClientCertificate: needs mllp\.tls\.ca/),
    }),
  );
});
