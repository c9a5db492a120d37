/**
 * npm run bench -- forms: the embedded form beside the full one (PostgreSQL and RabbitMQ), in one run and in turns, and
 * two instances beside one. The servers that run are used, in a schema and under a prefix of their own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { simulatedMunicipality } from '../../adapters/simulated/municipality/index.ts';
import { ownPrefix, ownSchema, postgresUrl, brokerUrl } from '../support/servers.ts';
import { adtFrames, runLoad, type LoadResult } from './load.ts';
import { secret, startTarget, type Target } from './targets.ts';

export interface FormsOptions {
  readonly runs: number;
  readonly secondsPerRun: number;
  /** Messages of the backlog that is drained. */
  readonly backlog: number;
  /** Of intake, path, drain, publish, instances, idle; all where none is named. */
  readonly parts: readonly string[];
}

type Say = (line: string) => void;
type Form = 'embedded' | 'full';
const forms: readonly Form[] = ['embedded', 'full'];

/** Where the full form keeps what it has, removed afterwards. */
interface Place {
  readonly settings: Readonly<Record<string, string>>;
  readonly schema: string;
  remove(): Promise<void>;
}

function fullPlace(): Place {
  const schema = ownSchema();
  const prefix = ownPrefix();
  return {
    schema: schema.schema,
    settings: {
      'journal.form': 'postgres',
      'journal.url': postgresUrl,
      'journal.schema': schema.schema,
      'bus.form': 'rabbitmq',
      'bus.url': brokerUrl,
      'bus.prefix': prefix.prefix,
    },
    async remove() {
      await prefix.drop();
      await schema.drop();
    },
  };
}

/** Runs something on a new gateway of a form, and takes everything away after it. */
async function on<T>(
  form: Form,
  receiver: string,
  work: (target: Target, place: Place | undefined) => Promise<T>,
): Promise<T> {
  const place = form === 'full' ? fullPlace() : undefined;
  const target = await startTarget('gateway', 0, receiver, undefined, place?.settings);
  try {
    return await work(target, place);
  } finally {
    await target.stop();
    await place?.remove();
  }
}

/** Prints as it goes. */
export async function benchForms(say: Say, options: FormsOptions): Promise<void> {
  const receiver = await simulatedMunicipality({ secrets: [secret] });
  say('embedded: SQLite WAL, synchronous=FULL, rows as the bus');
  say(
    'full: PostgreSQL synchronous_commit=on, fsync as the server has it; RabbitMQ quorum queues, confirms',
  );
  say(
    'servers, gateways and load generator on the same cores; all roles run while messages come in\n',
  );
  const parts = {
    intake: () => intake(say, receiver.url, options),
    path: () => wholePath(say, receiver, options),
    drain: () => drain(say, receiver.url, options),
    publish: () => publishing(say, receiver.url, options),
    instances: () => twoInstances(say, receiver.url),
    idle: () => idle(say, receiver.url),
  };
  const asked = Object.entries(parts).filter(([name]) => options.parts.includes(name));
  for (const [, part] of asked.length > 0 ? asked : Object.entries(parts)) await part();
  await receiver.close();
}

// ---------------------------------------------------------------- messages in

async function intake(say: Say, receiver: string, options: FormsOptions): Promise<void> {
  say('acknowledged messages a second, 1 kB ADT, one in flight per connection');
  for (const connections of [1, 8, 32]) {
    const measured = new Map<Form, LoadResult[]>(forms.map((form) => [form, []]));
    for (let run = 0; run < options.runs; run++) {
      for (const form of forms) {
        const result = await on(form, receiver, (target) =>
          load(target.port, connections, options),
        );
        measured.get(form)?.push(result);
      }
    }
    const texts = [...measured].map(([form, results]) => {
      const [rate, p99] = [
        median(results.map(({ perSecond }) => perSecond)),
        median(results.map(({ p99Ms }) => p99Ms)),
      ];
      const refused = results.reduce((sum, one) => sum + one.refused, 0);
      return `${form} ${Math.round(rate)}/s, p99 ${p99.toFixed(1)} ms${refused > 0 ? `, ${refused} REFUSED` : ''}`;
    });
    say(`  ${String(connections).padStart(2)} connections: ${texts.join('; ')}`);
  }
}

async function load(
  port: number,
  connections: number,
  { secondsPerRun }: FormsOptions,
): Promise<LoadResult> {
  const frame = adtFrames(runName());
  await runLoad({ port, connections, messages: 1000, limitMs: 1000, frame });
  return await runLoad({
    port,
    connections,
    messages: 400_000,
    limitMs: secondsPerRun * 1000,
    frame: (index) => frame(index + 3000),
  });
}

// ---------------------------------------------------------------- to the notice

/** From the first message to the last notice: every stay has two notices of its need and more later. */
async function wholePath(
  say: Say,
  receiver: Awaited<ReturnType<typeof simulatedMunicipality>>,
  { runs }: FormsOptions,
): Promise<void> {
  const messages = 3000;
  for (const form of forms) {
    const rates: number[] = [];
    const costs: number[] = [];
    for (let run = 0; run < runs; run++) {
      rates.push(
        await on(form, receiver.url, async ({ port, stats }) => {
          const start = performance.now();
          const before = await stats();
          await runLoad({
            port,
            connections: 32,
            messages,
            limitMs: 120_000,
            frame: adtFrames(runName()),
          });
          await emptied(stats);
          costs.push(((await stats()).cpuMs - before.cpuMs) / messages);
          return messages / ((performance.now() - start) / 1000);
        }),
      );
    }
    say(
      `whole path, ${form}: ${Math.round(median(rates))} messages/s from MLLP to delivered notices (${messages} messages, 32 connections; ` +
        `${median(costs).toFixed(2)} ms of processor a message in the gateway)`,
    );
  }
}

// ---------------------------------------------------------------- a backlog

async function drain(say: Say, receiver: string, { backlog }: FormsOptions): Promise<void> {
  const place = fullPlace();
  try {
    const filling = await startTarget('gateway', 0, receiver, undefined, {
      ...place.settings,
      'instance.roles': 'receive',
    });
    const filled = await runLoad({
      port: filling.port,
      connections: 32,
      messages: backlog,
      limitMs: 600_000,
      frame: adtFrames(runName()),
    });
    await filling.stop();
    say(
      `backlog, full: ${filled.messages} messages stored at ${Math.round(filled.perSecond)}/s by role receive alone`,
    );
    const start = performance.now();
    const draining = await startTarget('gateway', 0, receiver, undefined, place.settings);
    await emptied(() => draining.stats());
    const seconds = (performance.now() - start) / 1000;
    const { events, residentMb } = await draining.stats();
    await draining.stop();
    say(
      `  drained in case order in ${seconds.toFixed(0)} s: ${Math.round(filled.messages / seconds)} messages/s; ` +
        `${events} events, resident ${Math.round(residentMb)} MB`,
    );
  } finally {
    await place.remove();
  }
}

/** The relay alone: what waits is published with confirm, nobody consumes. */
async function publishing(say: Say, receiver: string, { runs }: FormsOptions): Promise<void> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const place = fullPlace();
    try {
      const settings = (roles: string) => ({ ...place.settings, 'instance.roles': roles });
      const filling = await startTarget('gateway', 0, receiver, undefined, settings('receive'));
      const frame = adtFrames(runName());
      await runLoad({
        port: filling.port,
        connections: 32,
        messages: 9000,
        limitMs: 120_000,
        frame,
      });
      await filling.stop();
      const before = await unpublished(place.schema);
      const start = performance.now();
      const relay = await startTarget('gateway', 0, receiver, undefined, settings('relay'));
      let first: number | undefined;
      while ((await unpublished(place.schema)) > 0) {
        if (first === undefined && (await unpublished(place.schema)) < before)
          first = performance.now();
        await sleep(20);
      }
      rates.push(before / ((performance.now() - (first ?? start)) / 1000));
      await relay.stop();
    } finally {
      await place.remove();
    }
  }
  say(
    `publish with confirm: ${Math.round(median(rates))} events/s (window and confirm, marked in the journal)`,
  );
}

async function unpublished(schema: string): Promise<number> {
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM ${schema}.outbox WHERE stage = 0`,
  );
  await client.end();
  const [row]: { count: number }[] = rows;
  return row?.count ?? 0;
}

// ---------------------------------------------------------------- instances

async function twoInstances(say: Say, receiver: string): Promise<void> {
  for (const count of [1, 2]) {
    const place = fullPlace();
    const targets: Target[] = [];
    try {
      for (let one = 0; one < count; one++) {
        targets.push(await startTarget('gateway', 0, receiver, undefined, place.settings));
      }
      const start = performance.now();
      const results = await Promise.all(
        targets.map(({ port }) =>
          runLoad({
            port,
            connections: 32 / count,
            messages: 6000 / count,
            limitMs: 120_000,
            frame: adtFrames(runName()),
          }),
        ),
      );
      const taken = (performance.now() - start) / 1000;
      const [first] = targets;
      if (first) await emptied(() => first.stats());
      const whole = (performance.now() - start) / 1000;
      const messages = results.reduce((sum, result) => sum + result.messages, 0);
      say(
        `${count} instance${count > 1 ? 's' : ''}: ${Math.round(messages / taken)} acknowledged/s, ` +
          `${Math.round(messages / whole)} messages/s to the last notice`,
      );
    } finally {
      for (const target of targets) await target.stop();
      await place.remove();
    }
  }
}

async function idle(say: Say, receiver: string): Promise<void> {
  for (const form of forms) {
    const residentMb = await on(form, receiver, async (target) => {
      await sleep(3000);
      return (await target.stats()).residentMb;
    });
    say(`idle, ${form}: ${Math.round(residentMb)} MB resident`);
  }
}

// ---------------------------------------------------------------- small parts

async function emptied(stats: Target['stats']): Promise<void> {
  const end = performance.now() + 900_000;
  while ((await stats()).waiting > 0) {
    if (performance.now() > end) throw new Error('the backlog was not drained in time');
    // Counting what waits costs the database something, too.
    await sleep(250);
  }
}

let named = 0;
/** No two loads have stays or control ids in common. */
function runName(): string {
  named += 1;
  return `F${named}${Date.now().toString(36).toUpperCase()}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
