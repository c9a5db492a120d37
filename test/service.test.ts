/** The service as a process: killed under load, told to stop, told nonsense. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage, HospitalLink, answerCodeOf } from '../adapters/simulated/hospital.ts';
import { simulatedMunicipality } from '../adapters/simulated/municipality/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { secret } from './support/gateway.ts';
import { runToEnd, startService, type Service } from './support/service.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const at = '2022-03-07T09:00:00Z';
const person = {
  personnummer: '195009072553',
  family: 'Testsson',
  given: 'Åsa',
  municipality: '1480',
};
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

/** Admission and need of one stay. */
function stayMessages(visit: string): { controlId: string; raw: Uint8Array }[] {
  const step = { ...person, at, visit };
  return [
    {
      controlId: `${visit}-1`,
      raw: buildMessage('ekliden', { ...step, trigger: 'A01', controlId: `${visit}-1` }),
    },
    {
      controlId: `${visit}-2`,
      raw: buildMessage('ekliden', { ...step, trigger: 'A08', needs, controlId: `${visit}-2` }),
    },
  ];
}

function folderWithConfig(receiverUrl: string): { folder: string; config: string } {
  const folder = temporaryFolder('service');
  closing.push(folder.remove);
  const config = join(folder.path, 'hemgang.yaml');
  writeFileSync(
    config,
    [
      `data: ${join(folder.path, 'data')}`,
      'receivers:',
      '  - id: receiver',
      '    channel: webhook',
      `    url: ${receiverUrl}`,
      '    secretEnv: [RECEIVER_SECRET]',
      '    ownNetwork: true',
      'dispatch:',
      '  retries: [100ms, 200ms, 500ms, 1s, 1s, 1s]',
    ].join('\n'),
  );
  return { folder: folder.path, config };
}

/** Sends stays on one connection until the service is gone. */
async function sendUntilGone(
  service: Service,
  prefix: string,
  accepted: Set<string>,
): Promise<void> {
  const link = await HospitalLink.connect({ host: '127.0.0.1', port: service.mllpPort });
  try {
    for (let stay = 0; stay < 5000; stay++) {
      for (const { controlId, raw } of stayMessages(`${prefix}${stay}`)) {
        if (answerCodeOf(await link.send(raw)) === 'AA') accepted.add(controlId);
      }
    }
  } catch {
    // the connection went with the process
  } finally {
    await link.close();
  }
}

describe('kill -9 under load', () => {
  test('every message that got AA is there exactly once, and its notices go out once', async () => {
    const receiver = await simulatedMunicipality({ secrets: [secret] });
    closing.push(() => receiver.close());
    const { folder, config } = folderWithConfig(receiver.url);
    const accepted = new Set<string>();
    const start = (): Promise<Service> =>
      startService(['--config', config], { RECEIVER_SECRET: secret });
    for (let round = 0; round < 3; round++) {
      const service = await start();
      const senders = Array.from({ length: 8 }, (_, line) =>
        sendUntilGone(service, `R${round}L${line}S`, accepted),
      );
      while (accepted.size < (round + 1) * 40) await sleep(5);
      await sleep(round * 17);
      await service.end('SIGKILL');
      await Promise.all(senders);
    }
    const service = await start();
    await drained(service);
    expect(await service.end('SIGTERM')).toBe(0);

    const database = new DatabaseSync(join(folder, 'data', 'hemgang.sqlite'), { readOnly: true });
    const stored = database
      .prepare(
        "SELECT control_id AS id, count(*) AS n FROM messages WHERE state = 'accepted' GROUP BY control_id",
      )
      .all() as { id: string; n: number }[];
    const issued = database
      .prepare("SELECT count(*) AS n FROM events WHERE type = 'notice.issued'")
      .get();
    const delivered = database
      .prepare("SELECT count(*) AS n FROM events WHERE type = 'notice.delivered'")
      .get();
    database.close();
    const counts = new Map(stored.map(({ id, n }) => [id, n]));
    expect(accepted.size).toBeGreaterThanOrEqual(120);
    expect([...accepted].filter((id) => counts.get(id) !== 1)).toEqual([]);
    expect(stored.filter(({ n }) => n !== 1)).toEqual([]);
    expect(delivered).toEqual(issued);
    const distinct = new Set(receiver.received.map(({ deliveryId }) => deliveryId));
    expect(distinct.size).toBe(Number(issued?.['n']));
  });
});

async function drained(service: Service): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(`http://127.0.0.1:${service.httpPort}/health`);
    const { waiting } = (await response.json()) as { waiting: Record<string, number> };
    if (Object.values(waiting).every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the backlog does not drain');
}

describe('SIGTERM', () => {
  test('answers everything it has taken, then ends with exit code 0', async () => {
    const folder = temporaryFolder('sigterm');
    closing.push(folder.remove);
    const service = await startService(['--data', folder.path]);
    const accepted = new Set<string>();
    const senders = Array.from({ length: 4 }, (_, line) =>
      sendUntilGone(service, `T${line}S`, accepted),
    );
    while (accepted.size < 20) await sleep(5);
    expect(await service.end('SIGTERM')).toBe(0);
    await Promise.all(senders);
    const database = new DatabaseSync(join(folder.path, 'hemgang.sqlite'), { readOnly: true });
    const stored = database.prepare('SELECT control_id AS id FROM messages').all() as {
      id: string;
    }[];
    database.close();
    expect(stored.map(({ id }) => id).toSorted()).toEqual([...accepted].toSorted());
  });
});

describe('the command line', () => {
  test('a wrong configuration stops the start with file, line and the next step', async () => {
    const folder = temporaryFolder('config');
    closing.push(folder.remove);
    const file = join(folder.path, 'wrong.yaml');
    writeFileSync(file, 'data: ./x\nmllp:\n  port: 99999\n');
    const { code, stderr } = await runToEnd(['start', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}:3: mllp.port`);
    expect(stderr).toContain('next:');
  });

  test('a misspelt setting is named with its line', async () => {
    const folder = temporaryFolder('config');
    closing.push(folder.remove);
    const file = join(folder.path, 'wrong.yaml');
    writeFileSync(file, 'http:\n  prot: 8080\n');
    const { code, stderr } = await runToEnd(['start', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong\.yaml:[12]: http.*prot/);
  });

  test('a port that is taken ends the start with the next step, and nothing stays behind', async () => {
    const taken = await simulatedMunicipality({ secrets: [secret] });
    closing.push(() => taken.close());
    const folder = temporaryFolder('taken');
    closing.push(folder.remove);
    const port = new URL(taken.url).port;
    const ports = ['--mllp-port', '0', '--http-port', port];
    const { code, stderr } = await runToEnd(['start', '--data', folder.path, ...ports]);
    expect(code).toBe(2);
    expect(stderr).toContain(`http: cannot listen on 127.0.0.1:${port}`);
    expect(stderr).toContain('--http-port');
  });

  test('a sender without an overlay is named with those there are', async () => {
    const folder = temporaryFolder('config');
    closing.push(folder.remove);
    const file = join(folder.path, 'wrong.yaml');
    writeFileSync(file, `data: ${folder.path}/data\nsenders:\n  - id: nowhere\n`);
    const { code, stderr } = await runToEnd(['start', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}:3: senders.0.id: nowhere has no overlay`);
    expect(stderr).toContain('ekliden');
  });

  test('a webhook in plain http is named with its line and the setting that allows it', async () => {
    const { config } = folderWithConfig('http://127.0.0.1:9/notices');
    writeFileSync(config, readFileSync(config, 'utf8').replace('    ownNetwork: true\n', ''));
    const { code, stderr } = await runToEnd(['start', '--config', config], {
      RECEIVER_SECRET: secret,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(`${config}:3: receivers.0`);
    expect(stderr).toContain('ownNetwork: true');
  });

  test('a second gateway on the same folder is refused', async () => {
    const folder = temporaryFolder('twice');
    closing.push(folder.remove);
    const service = await startService(['--data', folder.path]);
    const { code, stderr } = await runToEnd([
      'start',
      '--data',
      folder.path,
      '--mllp-port',
      '0',
      '--http-port',
      '0',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('hemgang:');
    expect(await service.end('SIGTERM')).toBe(0);
  });

  test('explain shows what a message becomes, for people and as JSON', async () => {
    const folder = temporaryFolder('explain');
    closing.push(folder.remove);
    const file = join(folder.path, 'message.hl7');
    const [admission] = stayMessages('X1');
    writeFileSync(file, admission?.raw ?? '');
    const text = await runToEnd(['explain', file]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('patient.admitted');
    const json = await runToEnd(['explain', file, '--json']);
    expect(JSON.stringify(JSON.parse(json.stdout))).toContain('patient.admitted');
  });

  test('explain ends with 1 for what would be parked, and with 2 for a sender or file there is not', async () => {
    const folder = temporaryFolder('explain');
    closing.push(folder.remove);
    const file = join(folder.path, 'message.hl7');
    const [admission] = stayMessages('X1');
    const text = Buffer.from(admission?.raw ?? []).toString('latin1');
    writeFileSync(file, text.replace('PV1|1|I|', 'PV1|1|Z|'), 'latin1');
    expect(await runToEnd(['explain', file])).toMatchObject({ code: 1 });
    const wrong = [
      [file, '--sender', 'nobody'],
      [folder.path],
      [join(folder.path, 'nothing.hl7')],
    ] as const;
    const told = await Promise.all(wrong.map((args) => runToEnd(['explain', ...args])));
    expect(told.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(told.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('there are ekliden, norrtuna'),
      expect.stringContaining('is a folder'),
      expect.stringContaining('cannot be read'),
    ]);
  });

  test('status of a data folder is told while the gateway runs', async () => {
    const folder = temporaryFolder('status');
    closing.push(folder.remove);
    const service = await startService(['--data', folder.path]);
    const link = await HospitalLink.connect({ host: '127.0.0.1', port: service.mllpPort });
    for (const { raw } of stayMessages('U1')) await link.send(raw);
    await link.close();
    await drained(service);
    const { stdout, code } = await runToEnd(['status', '--data', folder.path, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      messages: { accepted: 2 },
      deliveries: { delivered: 1 },
    });
    expect(await service.end('SIGTERM')).toBe(0);
  });
});
