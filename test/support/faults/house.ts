/** A whole gateway in its production form, of processes that may be killed: instances, their servers, a receiver. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { builtFile } from '../built-program.ts';
import { temporaryFolder } from '../folder.ts';
import { freePorts, keepWithUs, letGo, sendSignal, untilGone } from '../processes.ts';
import { startFaultReceiver, type FaultReceiver } from './receiver.ts';

/** How often an instance is started again when it ends by itself. */
const restartPauseMs = 100;
const leaseTime = '3s';

export interface Instance {
  readonly name: string;
  readonly mllpPort: number;
  readonly pid: number;
  /** How often it ended by itself or was killed, and was started again. */
  restarts(): number;
  /** Starts it, with what disturbs it from within; resolves when it is ready, or has ended. */
  start(disturbance?: NodeJS.ProcessEnv): Promise<void>;
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGTERM, and waits for the end; it is not started again. */
  stop(): Promise<void>;
  /** Its clock steps by so many milliseconds, once more each time. */
  stepClock(byMs: number): void;
  /** Whether the process ended that was started last. */
  hasEnded(): boolean;
  log(): string;
}

export interface House {
  readonly instances: readonly [Instance, Instance];
  readonly receiver: FaultReceiver;
  /** Notices of a case whose delivery is recorded and thought through: none while anything of the case waits. */
  deliveredOf(caseKey: string): number;
  /** Until nothing waits to be handled; what a dead letter is does not. @throws Error after two minutes */
  comeToRest(): Promise<void>;
  /** Asks the journal's database, past everything that is disturbed. */
  query<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export interface HousePlaces {
  /** As the gateways reach it: perhaps by way of a proxy. */
  readonly postgresUrl: string;
  readonly schema: string;
  /** As the test reaches it. */
  readonly directUrl: string;
  readonly brokerUrl: string;
  readonly prefix: string;
}

/** Makes one with two instances; none is started yet. */
export async function makeHouse(places: HousePlaces): Promise<House> {
  const folder = temporaryFolder('house');
  const receiver = await startFaultReceiver();
  const ports = await freePorts(4);
  const instances = ['a', 'b'].map((name, index) =>
    makeInstance(
      `instance-${name}`,
      join(folder.path, name),
      { mllp: ports[index * 2] ?? 0, http: ports[index * 2 + 1] ?? 0 },
      configText(places, receiver.url),
    ),
  );
  const [first, second] = instances;
  if (!first || !second) throw new Error('two instances');

  async function query<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new Client({ connectionString: places.directUrl });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(`SET search_path TO ${places.schema}`);
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  let delivered: ReadonlyMap<string, number> = new Map();
  let busy: ReadonlySet<string> = new Set();
  let position = 0;
  const closed = new AbortController();
  /** Looks what was delivered since; a database that is away is asked again. */
  async function look(): Promise<void> {
    const rows = await query<{ position: string; reference: string }>(
      `SELECT position, body ->> 'correlationId' AS reference FROM events
       WHERE position > $1 AND type = 'notice.delivered' ORDER BY position`,
      [position],
    );
    const counts = new Map(delivered);
    for (const row of rows) {
      const key = receiver.caseOf(row.reference) ?? '';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // After the deliveries: what follows of one is there from the same commit on.
    const waiting = await query<{ reference: string }>(
      `SELECT DISTINCT split_part(lane, '/', 1) AS reference FROM outbox WHERE stage < 2`,
    );
    // Both at once: a new count beside what waited before would send the next step on its way too early.
    busy = new Set(waiting.map(({ reference }) => receiver.caseOf(reference) ?? ''));
    delivered = counts;
    position = Number(rows.at(-1)?.position ?? position);
  }
  const looking = (async () => {
    while (!closed.signal.aborted) {
      await look().catch(() => undefined);
      await sleep(50);
    }
  })();

  return {
    instances: [first, second],
    receiver,
    query,
    deliveredOf: (caseKey) => (busy.has(caseKey) ? 0 : (delivered.get(caseKey) ?? 0)),
    async comeToRest() {
      const waiting = `SELECT CAST(count(*) AS INTEGER) AS count FROM outbox WHERE stage < 2`;
      let count = -1;
      for (const giveUpAt = performance.now() + 120_000; count !== 0;) {
        count = (await query<{ count: number }>(waiting))[0]?.count ?? 0;
        if (performance.now() > giveUpAt) {
          throw new Error(`${count} rows wait\n${first.log()}\n${second.log()}`);
        }
        await sleep(50);
      }
    },
    async close() {
      closed.abort();
      await looking;
      await Promise.all(instances.map((instance) => instance.stop()));
      await receiver.close();
      folder.remove();
    },
  };
}

function makeInstance(
  name: string,
  home: string,
  ports: { readonly mllp: number; readonly http: number },
  config: string,
): Instance {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'hemgang.yaml'), config);
  const clockFile = join(home, 'clock');
  writeFileSync(clockFile, '0');
  const logFile = join(home, 'log');
  let child: ChildProcess | undefined;
  let isWanted = false;
  let restart: NodeJS.Timeout | undefined;
  let restarts = 0;
  let offsetMs = 0;

  async function start(disturbance: NodeJS.ProcessEnv = {}): Promise<void> {
    isWanted = true;
    // Who starts it by hand does not wait for its own restart, and two of them would not let each other be.
    clearTimeout(restart);
    const preload = builtFile('test/support/faults/disturbed-process.ts');
    const output = openSync(logFile, 'a');
    const started = spawn(
      process.execPath,
      ['--import', pathToFileURL(preload).href, builtFile('gateway/cli.ts'), 'start'],
      {
        cwd: home,
        stdio: ['ignore', output, output],
        env: {
          PATH: process.env['PATH'],
          TZ: 'UTC',
          HEMGANG_DATA: join(home, 'data'),
          HEMGANG_MLLP_PORT: String(ports.mllp),
          HEMGANG_HTTP_PORT: String(ports.http),
          HEMGANG_INSTANCE_ID: name,
          HEMGANG_FAULT_CLOCK: clockFile,
          RECEIVER_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
          EKLIDEN_FHIR_TOKEN: 'e'.repeat(40),
          NORRTUNA_FHIR_TOKEN: 'n'.repeat(40),
          ...disturbance,
        },
      },
    );
    child = started;
    const { pid } = started;
    if (pid !== undefined) keepWithUs(pid);
    started.once('exit', () => {
      if (pid !== undefined) letGo(pid);
      // Of one that was stopped it may be heard when the next has been started.
      if (!isWanted || started !== child) return;
      restarts += 1;
      // What disturbed it from within strikes once.
      restart = setTimeout(() => void start(), restartPauseMs);
    });
    await untilReady(started);
  }

  /** @throws Error with the end of its log where it is not ready within a minute */
  async function untilReady(started: ChildProcess): Promise<void> {
    const url = `http://127.0.0.1:${ports.http}/health/ready`;
    for (const giveUpAt = performance.now() + 60_000; ;) {
      if (started.exitCode !== null || started.signalCode !== null || started !== child) return;
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      if (answer?.ok) return;
      if (performance.now() > giveUpAt) throw new Error(`${name} is not ready\n${tail()}`);
      await sleep(25);
    }
  }

  function tail(): string {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  }

  return {
    name,
    mllpPort: ports.mllp,
    get pid() {
      return child?.pid ?? 0;
    },
    restarts: () => restarts,
    start,
    signal(signal) {
      if (child?.pid !== undefined) sendSignal(child.pid, signal);
    },
    async stop() {
      isWanted = false;
      clearTimeout(restart);
      const pid = child?.pid;
      if (pid === undefined || child?.exitCode !== null || child.signalCode !== null) return;
      sendSignal(pid, 'SIGCONT');
      sendSignal(pid, 'SIGTERM');
      await untilGone(pid, 40_000);
    },
    stepClock(byMs) {
      offsetMs += byMs;
      writeFileSync(clockFile, String(offsetMs));
    },
    hasEnded: () => child?.exitCode !== null || child.signalCode !== null,
    log: tail,
  };
}

function configText(places: HousePlaces, receiverUrl: string): string {
  const { postgresUrl, schema, brokerUrl, prefix } = places;
  return `
log: { level: info, json: true }
instance: { leaseTime: ${leaseTime} }
journal: { form: postgres, url: '${postgresUrl}', schema: ${schema} }
bus: { form: rabbitmq, url: '${brokerUrl}', prefix: ${prefix}, confirmTimeout: 2s }
# No legal clock falls due in a run: what happens is what is told.
deadlines: { grace: 1000h }
billing: { municipalities: [] }
senders:
  - { id: ekliden, fhir: { tokenEnv: EKLIDEN_FHIR_TOKEN } }
  - { id: norrtuna, fhir: { tokenEnv: NORRTUNA_FHIR_TOKEN } }
receivers:
  - { id: receiver, channel: webhook, url: '${receiverUrl}', secretEnv: [RECEIVER_SECRET], ownNetwork: true, timeout: 2s }
dispatch: { retries: [1s, 1s, 1s, 2s, 2s, 5s, 5s, 10s, 30s, 2m, 10m, 30m, 1h, 2h, 4h, 8h] }
`;
}
