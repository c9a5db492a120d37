/**
 * npm run bench -- fhir: what a durable answer to an Encounter costs over HTTP at 1, 8 and 32 connections, beside a bare
 * HTTP server that parses, journals in groups and answers, in the same run (SQLite WAL, synchronous=FULL, answer after
 * the commit); a transaction of 500 entries; a cold start to the first answer; what checks cost by profile, and an answer at
 * level `refuse`, which waits for the StructureDefinition.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FhirResource } from 'fhir/r4.js';
import { profileChecks } from '../../adapters/inbound/fhir/checks/profile-checks.ts';
import { structureCheck } from '../../adapters/inbound/fhir/checks/structure.ts';
import { packageRoot } from '../../gateway/data-files.ts';
import { fhirDefinitions } from '../../profiles/index.ts';
import { jsonRequest, runHttpLoad, type HttpLoadResult } from './http-load.ts';
import { startTarget, type Target } from './targets.ts';

export interface Rounds {
  readonly runs: number;
  readonly secondsPerRun: number;
}

/** @param say takes a line */
export async function benchFhir(say: (line: string) => void, rounds: Rounds): Promise<void> {
  say(
    'FHIR over HTTP, SQLite WAL, synchronous=FULL, group commit; the answer leaves after the commit',
  );
  say('Encounter of 1.6 kB, one in flight per connection; relay, advance and dispatch running\n');
  say(`cold start to the first answer: ${Math.round(await coldStart(rounds))} ms`);
  say(
    '\nconns    sync  gateway/s   p50 ms  p99 ms    longest  syncs/msg   floor/s   p99 ms  share',
  );
  for (const connections of [1, 8, 32]) await compare(say, rounds, connections, 0);
  await compare(say, rounds, 32, 2);
  await transaction(say, rounds);
  await atRefuse(say, rounds);
  checkCosts(say);
}

// ---------------------------------------------------------------- one Encounter a request

async function compare(
  say: (line: string) => void,
  { runs, secondsPerRun }: Rounds,
  connections: number,
  syncDelayMs: number,
): Promise<void> {
  const gateway: (HttpLoadResult & { readonly syncs: number })[] = [];
  const floor: HttpLoadResult[] = [];
  for (let run = 0; run < runs; run += 1) {
    gateway.push(await measure('gateway', connections, syncDelayMs, secondsPerRun));
    floor.push(await measure('http-floor', connections, syncDelayMs, secondsPerRun));
  }
  const of = <T>(results: readonly T[], pick: (result: T) => number): number =>
    median(results.map(pick));
  const perSecond = of(gateway, (one) => one.perSecond);
  const floorPerSecond = of(floor, (one) => one.perSecond);
  say(
    [
      String(connections).padStart(5),
      `${syncDelayMs} ms`.padStart(6),
      perSecond.toFixed(0).padStart(9),
      of(gateway, (one) => one.p50Ms)
        .toFixed(2)
        .padStart(7),
      of(gateway, (one) => one.p99Ms)
        .toFixed(2)
        .padStart(6),
      of(gateway, (one) => one.longestMs)
        .toFixed(1)
        .padStart(9),
      of(gateway, (one) => one.syncs)
        .toFixed(3)
        .padStart(9),
      floorPerSecond.toFixed(0).padStart(8),
      of(floor, (one) => one.p99Ms)
        .toFixed(2)
        .padStart(7),
      `${Math.round((perSecond / floorPerSecond) * 100)} %`.padStart(5),
      othersThan(201, gateway),
    ].join('  '),
  );
}

async function measure(
  what: 'gateway' | 'http-floor',
  connections: number,
  syncDelayMs: number,
  seconds: number,
  mappings?: string,
): Promise<HttpLoadResult & { readonly syncs: number }> {
  const target = await startTarget(what, syncDelayMs, undefined, mappings);
  try {
    const { httpPort: port } = target;
    const request = encounters(what === 'gateway' ? tokenOf(target) : 'floor');
    await runHttpLoad({ port, connections, requests: 2000, limitMs: 1000, request });
    const before = what === 'gateway' ? (await target.stats()).commits : 0;
    const result = await runHttpLoad({
      port,
      connections,
      requests: 400_000,
      limitMs: seconds * 1000,
      request: (index) => request(index + 3000),
    });
    const after = what === 'gateway' ? (await target.stats()).commits : 0;
    return { ...result, syncs: (after - before) / result.requests };
  } finally {
    await target.stop();
  }
}

// ---------------------------------------------------------------- a transaction

async function transaction(say: (line: string) => void, { runs }: Rounds): Promise<void> {
  const results: HttpLoadResult[] = [];
  for (let run = 0; run < runs; run += 1) {
    const target = await startTarget('gateway', 0);
    try {
      const token = tokenOf(target);
      const request = (index: number): Buffer =>
        jsonRequest('POST', '/fhir', token, Buffer.from(JSON.stringify(bundleOf(index, 500))));
      const { httpPort: port } = target;
      await runHttpLoad({ port, connections: 1, requests: 2, limitMs: 20_000, request });
      results.push(
        await runHttpLoad({
          port,
          connections: 1,
          requests: 20,
          limitMs: 60_000,
          request: (index) => request(index + 10),
        }),
      );
    } finally {
      await target.stop();
    }
  }
  const p50 = median(results.map(({ p50Ms }) => p50Ms));
  const longest = median(results.map(({ longestMs }) => longestMs));
  say(
    `\ntransaction of 500 Encounters (${Math.round(JSON.stringify(bundleOf(0, 500)).length / 1024)} kB): ` +
      `median ${p50.toFixed(0)} ms, longest ${longest.toFixed(0)} ms, ` +
      `${Math.round(500_000 / p50)} Encounters a second${othersThan(200, results)}`,
  );
}

function bundleOf(index: number, entries: number): object {
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: Array.from({ length: entries }, (_, entry) => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(entry).padStart(12, '0')}`,
      resource: encounterOf(`T${index}-${entry}`),
      request: { method: 'POST', url: 'Encounter' },
    })),
  };
}

// ---------------------------------------------------------------- checks

/** At this level an answer waits for the other thread, which holds one resource after the other against R4. */
async function atRefuse(say: (line: string) => void, rounds: Rounds): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-bench-'));
  mkdirSync(join(folder, 'senders'));
  writeFileSync(join(folder, 'senders/ekliden.yaml'), 'id: ekliden\nfhir: { level: refuse }\n');
  const results: HttpLoadResult[] = [];
  for (let run = 0; run < rounds.runs; run += 1) {
    results.push(await measure('gateway', 8, 0, rounds.secondsPerRun, folder));
  }
  rmSync(folder, { recursive: true });
  const middle = (pick: (one: HttpLoadResult) => number): string =>
    median(results.map(pick)).toFixed(0);
  say(
    `level refuse, 8 connections: ${middle((one) => one.perSecond)} Encounters a second, ` +
      `p50 ${middle((one) => one.p50Ms)} ms, p99 ${middle((one) => one.p99Ms)} ms${othersThan(201, results)}`,
  );
}

/** Our examples by type: one thread, the median of 5 rounds. */
function checkCosts(say: (line: string) => void): void {
  const folder = join(packageRoot(), 'profiles/fhir/examples');
  const byType = new Map<string, FhirResource[]>();
  for (const name of readdirSync(folder)) {
    const resource: FhirResource = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const { resourceType: type } = resource;
    byType.set(type, [...(byType.get(type) ?? []), resource]);
  }
  const checks = profileChecks();
  const structures = structureCheck(fhirDefinitions());
  say('\nchecks by profile             on the answer path, µs   by StructureDefinition, a second');
  for (const [type, resources] of byType) {
    const answerMs = costOf(resources, 200, (one) => checks.all(one, 'warn'));
    const structureMs = costOf(resources, 5, structures);
    say(
      `  ${`${type} (${resources.length})`.padEnd(24)}${(answerMs * 1000).toFixed(0).padStart(24)}` +
        (1000 / structureMs).toFixed(0).padStart(32),
    );
  }
}

/** Milliseconds a resource. */
function costOf(
  resources: readonly FhirResource[],
  times: number,
  check: (resource: FhirResource) => unknown,
): number {
  const round = (): number => {
    const start = performance.now();
    for (let time = 0; time < times; time += 1) for (const one of resources) check(one);
    return (performance.now() - start) / (times * resources.length);
  };
  round();
  return median(Array.from({ length: 5 }, round));
}

// ---------------------------------------------------------------- a cold start

async function coldStart({ runs }: Rounds): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    const target = await startTarget('gateway', 0);
    try {
      const request = encounters(tokenOf(target));
      const { httpPort: port } = target;
      const { statuses } = await runHttpLoad({
        port,
        connections: 1,
        requests: 1,
        limitMs: 5000,
        request,
      });
      if (statuses.get(201) !== 1) {
        throw new Error(`the first Encounter was not taken: ${[...statuses.keys()].join(', ')}`);
      }
      times.push(performance.now() - start);
    } finally {
      await target.stop();
    }
  }
  return median(times);
}

// ---------------------------------------------------------------- what is sent

/** Creates, each of a stay and a patient of its own, in the ways of ekliden. */
function encounters(token: string): (index: number) => Buffer {
  const run = Math.floor(performance.now() * 1000).toString(36);
  return (index) => {
    const body = Buffer.from(JSON.stringify(encounterOf(`${run}-${index}`)));
    return jsonRequest('POST', '/fhir/Encounter', token, body);
  };
}

function encounterOf(stay: string): object {
  return {
    resourceType: 'Encounter',
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${note}</div>` },
    identifier: [{ system: 'https://ekliden.example/vardkontakt', value: `V${stay}` }],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    contained: [
      {
        resourceType: 'Patient',
        id: 'p',
        identifier: [{ system: 'https://ekliden.example/reservnummer', value: stay }],
        name: [{ use: 'official', family: 'Provsson', given: ['Prov'] }],
        address: [{ use: 'home', line: ['Provgatan 1'], postalCode: '41101', city: 'Göteborg' }],
        extension: [
          {
            url: 'http://hemgang.se/fhir/StructureDefinition/municipality',
            valueCoding: { system: 'urn:oid:1.2.752.129.2.2.1.17', code: '1480' },
          },
        ],
      },
    ],
    subject: { reference: '#p' },
    period: { start: '2022-03-03T14:20:00+01:00' },
    serviceProvider: {
      identifier: { system: 'urn:oid:1.2.752.29.4.19', value: 'SE2321000131-E000000000001' },
    },
    extension: [
      {
        url: 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate',
        valueDateTime: '2022-03-09',
      },
    ],
  };
}
const note = 'x'.repeat(300);

/** The token that a first start makes. */
function tokenOf({ folder }: Target): string {
  return readFileSync(join(folder, 'tokens', 'fhir-ekliden'), 'utf8').trim();
}

function othersThan(expected: number, results: readonly HttpLoadResult[]): string {
  const others = results.flatMap(({ statuses }) =>
    [...statuses].filter(([status]) => status !== expected),
  );
  return others.length === 0
    ? ''
    : `  NOT ${expected}: ${others.map(([status, count]) => `${count} × ${status}`).join(', ')}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
