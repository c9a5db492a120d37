import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startReceiver } from '../adapters/simulated/receiver.ts';
import { headerField } from '../adapters/wire/mllp-answer.ts';
import { frame, Unframer } from '../adapters/wire/mllp.ts';
import { conformanceWire, type ConformanceWireOptions } from '../gateway/cli/conformance-wire.ts';
import { answerOf } from '../gateway/cli/listen.ts';
import type { WireReport } from '../gateway/conformance/wire/report.ts';
import { wireCases } from '../gateway/conformance/wire/index.ts';
import { MessageMaker } from '../gateway/conformance/wire/test-message.ts';
import { startGateway } from '../gateway/main.ts';
import { loadConfig } from '../gateway/runtime/config.ts';
import { createLog } from '../gateway/runtime/log.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { runToEnd } from './support/service.ts';

const folder = temporaryFolder('wire-suite');
const certificates = makeCertificates(folder.path);
afterAll(() => folder.remove());

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function suite(
  port: number,
  options: Partial<ConformanceWireOptions> = {},
): Promise<{ code: number; report: WireReport; failed: string[] }> {
  let text = '';
  const given = {
    to: `mllp://127.0.0.1:${port}`,
    tls: false,
    processingId: 'T',
    timeout: 5000,
    idle: 50,
    list: false,
    out: join(folder.path, 'reports'),
    json: true,
    ...options,
  };
  const code = await conformanceWire(given, (line) => {
    text += line;
  });
  const report: WireReport = JSON.parse(text);
  const failed = report.cases
    .filter(({ verdict }) => verdict === 'failed')
    .map(({ name, seen }) => `${name}: ${seen}`);
  return { code, report, failed };
}

function seenBy(report: WireReport, name: string): string {
  const found = report.cases.find((one) => one.name === name);
  return `${found?.verdict}: ${found?.seen}`;
}

describe('our own gateway', () => {
  /** The whole gateway, with a sender that may send test messages. */
  async function gateway(tls?: object): Promise<number> {
    const mappings = join(folder.path, 'mappings');
    mkdirSync(join(mappings, 'senders'), { recursive: true });
    writeFileSync(
      join(mappings, 'senders', 'wire.yaml'),
      `id: wire
name: Wire suite
description: the suite's own sender
match: { MSH-3: HEMGANG-WIRE, MSH-4: TEST }
county: '14'
hospital: Test
charset: 8859/1
zone: Europe/Stockholm
visitAuthority: https://wire.example/visit
acceptedProcessingIds: [T]
`,
    );
    const data = temporaryFolder('wire-data');
    cleanups.push(() => data.remove());
    const { config } = loadConfig({ env: {}, file: null });
    const running = await startGateway({
      config: {
        ...config,
        data: data.path,
        mllp: { ...config.mllp, port: 0, ...tls },
        http: { ...config.http, port: 0 },
        mappings: [mappings],
        senders: [{ id: 'wire', mode: 'shadow' }],
      },
      log: createLog({ level: 'silent' }),
      env: {},
    });
    cleanups.push(() => running.stop());
    return running.mllp.port;
  }

  test('fails no case', async () => {
    const { code, report, failed } = await suite(await gateway());
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    expect(report.counts.passed).toBeGreaterThanOrEqual(44);
    expect(seenBy(report, 'tls-version')).toBe('skipped: not over TLS');
  }, 60_000);

  test.skipIf(!certificates.made)(
    'passes the cases of TLS over TLS',
    async () => {
      const { path } = certificates;
      const port = await gateway({
        tls: {
          cert: path('server.pem'),
          key: path('server.key'),
          ca: path('ca.pem'),
          requestClientCertificate: true,
        },
      });
      const { code, report } = await suite(port, {
        to: `mllps://127.0.0.1:${port}`,
        ca: path('ca.pem'),
        cert: path('client.pem'),
        key: path('client.key'),
        servername: 'localhost',
        only: wireCases.map(({ name }) => name).filter((name) => name.startsWith('tls-')),
      });
      expect(report.cases.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
        'plain passed',
        'tls-version passed',
        'tls-old-version passed',
        'tls-plain-text passed',
        'tls-no-client-certificate passed',
      ]);
      expect(seenBy(report, 'tls-version')).toMatch(/TLSv1\.[23], AA/);
      expect(code).toBe(0);
    },
    30_000,
  );
});

describe('a receiver that', () => {
  async function receiver(answer: string): Promise<number> {
    const running = await startReceiver({ host: '127.0.0.1', port: 0, answer: answerOf(answer) });
    cleanups.push(() => running.close());
    return running.port;
  }

  /** A receiver made wrong on purpose. */
  async function broken(serve: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  function accepted(raw: Uint8Array, controlId = headerField(raw, 10)): Buffer {
    return frame(Buffer.from(`MSH|^~\\&|R\rMSA|AA|${controlId}\r`, 'latin1'));
  }

  /** Calls back with every whole frame. */
  function frames(socket: Socket, take: (raw: Buffer) => void): void {
    const unframer = new Unframer(64_000_000);
    socket.on('data', (chunk: Buffer) => {
      unframer.push(chunk);
      for (let raw = unframer.next(); raw !== undefined; raw = unframer.next()) take(raw);
    });
  }

  test.each([
    ['none', 'no answer'],
    ['late:2s', 'no answer'],
    ['close', 'no answer'],
    ['wrong-id', 'MSA-2 is not the control id that was sent'],
    ['AR', 'AR, ERR 207; give a message it accepts by --message or --sender'],
  ])('answers %s fails the plain message, and nothing else is tried', async (answer, seen) => {
    const { code, report } = await suite(await receiver(answer), { timeout: 300 });
    expect(seenBy(report, 'plain')).toContain(`failed: ${seen}`);
    expect(report.counts).toMatchObject({ failed: 1, skipped: wireCases.length - 1 });
    expect(code).toBe(1);
  });

  test('accepts everything is told what it should have refused', async () => {
    const { failed } = await suite(await receiver('AA'), {
      only: ['unknown-type', 'unknown-version', 'charset-not-utf-8', 'control-id-missing'],
      timeout: 300,
    });
    expect(failed).toEqual([
      expect.stringContaining('control-id-missing: AA: nothing can be matched'),
      expect.stringContaining('charset-not-utf-8: AA: accepted as if it were sound'),
      expect.stringContaining('unknown-type: AA: accepted'),
      expect.stringContaining('unknown-version: AA: accepted'),
    ]);
  });

  test('takes each packet for a message fails the cases of framing', async () => {
    const port = await broken((socket) => {
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('MSH')) socket.write(accepted(chunk.subarray(chunk.indexOf('MSH'))));
      });
    });
    const only = [
      'split-frame',
      'joined-frames',
      'no-end-block',
      'end-mid-frame',
      'abort-mid-frame',
    ];
    const { code, failed } = await suite(port, { only, timeout: 300 });
    expect(failed).toEqual([
      'joined-frames: 1 of 3 messages were answered',
      'no-end-block: a frame that has not ended was answered',
      'end-mid-frame: the half message was accepted',
    ]);
    expect(code).toBe(1);
  });

  test('mixes up the order, or answers the first message only, fails pipelining', async () => {
    const backwards = await broken((socket) => {
      const waiting: Buffer[] = [];
      frames(socket, (raw) => {
        waiting.unshift(accepted(raw));
        setTimeout(() => {
          for (const answer of waiting.splice(0)) socket.write(answer);
        }, 20);
      });
    });
    const mixed = await suite(backwards, { only: ['pipelining'], timeout: 300 });
    expect(mixed.failed).toEqual(['pipelining: answers in another order']);
    const once = await broken((socket) => {
      let first = true;
      frames(socket, (raw) => {
        if (first) socket.write(accepted(raw));
        first = false;
      });
    });
    const { failed } = await suite(once, { only: ['pipelining', 'joined-frames'], timeout: 300 });
    expect(failed).toEqual([
      'joined-frames: 1 of 3 messages were answered',
      'pipelining: 1 of 20 messages were answered',
    ]);
  });

  test('serves one connection at a time fails the cases of others', async () => {
    let busy: Socket | undefined;
    const queue: Socket[] = [];
    const next = (socket: Socket | undefined): void => {
      busy = socket;
      if (socket === undefined) return;
      socket.once('close', () => next(queue.shift()));
      frames(socket, (raw) => socket.write(accepted(raw)));
    };
    const port = await broken((socket) => {
      if (busy === undefined) next(socket);
      else queue.push(socket);
    });
    const { code, failed } = await suite(port, {
      only: ['slow-reader', 'silent-peers', 'duplicate-anew', 'oversize'],
      timeout: 300,
    });
    expect(failed).toEqual([
      'slow-reader: the other connection: no answer',
      'silent-peers: no answer',
    ]);
    expect(code).toBe(1);
  });

  test('answers a repeat by an error, or another code, fails the duplicate', async () => {
    const known = new Set<string>();
    const port = await broken((socket) =>
      frames(socket, (raw) => {
        const id = headerField(raw, 10);
        const code = known.has(id) ? 'AR' : 'AA';
        known.add(id);
        socket.write(frame(Buffer.from(`MSH|^~\\&|R\rMSA|${code}|${id}\r`)));
      }),
    );
    const only = ['duplicate', 'duplicate-anew', 'control-id-reused'];
    const { code, report, failed } = await suite(port, { only });
    expect(failed).toEqual([
      'duplicate: AA, then AR: a resend looks like an error',
      'duplicate-anew: AA, then AR: a resend looks like an error',
    ]);
    expect(seenBy(report, 'control-id-reused')).toBe('differs-allowed: AR, not by 205');
    expect(code, 'a should alone does not fail the run').toBe(0);
  });

  test('knows original mode alone differs, and says so', async () => {
    const only = wireCases.map(({ name }) => name).filter((name) => name.startsWith('enhanced-'));
    const { code, report } = await suite(await receiver('AA'), { only, timeout: 300 });
    expect(seenBy(report, 'enhanced-accept')).toContain('differs-allowed: AA');
    expect(seenBy(report, 'enhanced-never')).toContain('differs-allowed: AA');
    expect(seenBy(report, 'enhanced-application')).toBe('passed: AA');
    expect(code).toBe(0);
  });

  test('goes down at a large message is found out', async () => {
    let down = false;
    const port = await broken((socket) => {
      if (down) socket.destroy();
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < 1_000_000) return;
        down = true;
        socket.destroy();
      });
      frames(socket, (raw) => socket.write(accepted(raw)));
    });
    const { code, failed } = await suite(port, { only: ['oversize'], timeout: 300 });
    expect(failed).toEqual(['oversize: no plain message is answered after it']);
    expect(code).toBe(1);
  });
});

describe('the suite', () => {
  async function heard(
    options: Partial<ConformanceWireOptions>,
  ): Promise<{ messages: Buffer[]; report: WireReport }> {
    const messages: Buffer[] = [];
    const running = await startReceiver({
      host: '127.0.0.1',
      port: 0,
      answer: answerOf('AA'),
      onMessage: (raw) => messages.push(Buffer.from(raw)),
    });
    cleanups.push(() => running.close());
    const { report } = await suite(running.port, { only: ['joined-frames'], ...options });
    return { messages, report };
  }

  test('sends test messages under ids no run has used', async () => {
    const [one, other] = [await heard({}), await heard({ processingId: 'P' })];
    const ids = [...one.messages, ...other.messages].map((raw) => headerField(raw, 10));
    expect(new Set(ids).size).toBe(8);
    expect(one.messages.map((raw) => headerField(raw, 11))).toEqual(['T', 'T', 'T', 'T']);
    expect(headerField(other.messages[0] ?? Buffer.alloc(0), 11)).toBe('P');
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(20);
  });

  test('sends a message that is given, as a sender that is given', async () => {
    const file = join(folder.path, 'given.hl7');
    writeFileSync(file, 'MSH|^~\\&|A|B|||||ADT^A08|OLD|P|2.3\nPID|1||X||Ö\n', 'utf8');
    const sender = { application: 'EKLIDEN-PAS', facility: 'EKLIDEN' };
    const { messages } = await heard({ message: file, sender });
    const [first = Buffer.alloc(0)] = messages;
    expect([3, 4, 9, 11, 12].map((field) => headerField(first, field))).toEqual([
      'EKLIDEN-PAS',
      'EKLIDEN',
      'ADT^A08',
      'T',
      '2.3',
    ]);
    expect(headerField(first, 10)).not.toBe('OLD');
    expect(first.toString('utf8')).toContain('\rPID|1||X||Ö\r');
  });

  test('its own message has fields where the standard has them', () => {
    const maker = new MessageMaker({
      charset: '8859/1',
      processingId: 'T',
      now: '2026-01-02T03:04:05.678Z',
    });
    const { raw } = maker.make();
    const visit =
      Buffer.from(raw).toString('latin1').split('\rPV1|')[1]?.trimEnd().split('|') ?? [];
    expect([visit[1], visit[18], visit[43]]).toEqual([
      'I',
      expect.stringMatching(/^V[0-9A-F]{10}$/),
      '20260102030405+0000',
    ]);
  });

  test('reports as JSON and JUnit, without a person', async () => {
    const out = join(folder.path, 'out');
    await heard({ only: ['unknown-type', 'msh-unreadable'], report: ['json', 'junit'], out });
    const junit = readFileSync(join(out, 'wire.junit.xml'), 'utf8');
    expect(junit).toContain('tests="3" failures="0" errors="0" skipped="0"');
    expect(junit).toContain('<system-out>failed: AA: accepted as if it were sound</system-out>');
    const json = readFileSync(join(out, 'wire.json'), 'utf8');
    expect(JSON.parse(json)).toMatchObject({ processingId: 'T', mustFailed: false });
    for (const text of [junit, json]) expect(text).not.toMatch(/Provsson|189002029800/);
  });

  test('every case has a name of its own, and says what, why and by which reference', () => {
    expect(new Set(wireCases.map(({ name }) => name)).size).toBe(wireCases.length);
    for (const { name, does, expects, reference } of wireCases) {
      expect(name).toMatch(/^[a-z0-9-]{2,26}$/);
      expect(Math.min(does.length, expects.length, reference.length)).toBeGreaterThan(1);
    }
    expect(wireCases[0]?.name).toBe('plain');
  });

  test('no connection, an unknown case or an unreadable message is told', async () => {
    await expect(suite(1, { timeout: 300 })).rejects.toMatchObject({ code: 'delivery-failed' });
    await expect(suite(1, { only: ['perhaps'] })).rejects.toThrow('there is no such case');
    await expect(suite(1, { message: '/no/such' })).rejects.toThrow('cannot be read');
    const odd = join(folder.path, 'odd.hl7');
    writeFileSync(odd, 'MSH#*!\\$#A\rPID#1\r');
    await expect(suite(1, { message: odd })).rejects.toThrow('the usual separators');
  });

  test('from the command line it lists its cases, and ends with 2 for wrong use', async () => {
    const listed = await runToEnd(['conformance', 'wire', '--list']);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toContain('pipelining (should)');
    const nowhere = await runToEnd(['conformance', 'wire']);
    expect(nowhere.stderr).toContain('--to is missing');
    expect(nowhere.code).toBe(2);
  }, 30_000);
});
