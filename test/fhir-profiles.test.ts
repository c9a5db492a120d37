/**
 * Our FHIR profiles: the examples meet them, each counter-example breaks one thing, and both layers of checks say so; what
 * is committed is what the FSH says.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { Encounter, FhirResource } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { fhirChecks } from '../adapters/inbound/fhir/checks/checks.ts';
import { compiledRules } from '../adapters/inbound/fhir/checks/invariants.ts';
import { profileChecks } from '../adapters/inbound/fhir/checks/profile-checks.ts';
import { structureCheck } from '../adapters/inbound/fhir/checks/structure.ts';
import { structureQueue } from '../adapters/inbound/fhir/checks/structure-queue.ts';
import type { Finding, Level } from '../adapters/inbound/fhir/checks/finding.ts';
import { writeExchange, type Exchange } from '../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../adapters/inbound/fhir/index.ts';
import { isMessage, messageExchange } from '../adapters/inbound/fhir/message.ts';
import type { Taking } from '../adapters/inbound/fhir/take.ts';
import { startWorker } from '../gateway/runtime/worker.ts';
import { loadMappings } from '../mappings/index.ts';
import { fhirDefinitions } from '../profiles/index.ts';
import { startTestGateway } from './support/gateway.ts';

const folder = join(import.meta.dirname, '../profiles/fhir');
const definitions = fhirDefinitions();
const checks = profileChecks(definitions);
const byStructure = structureCheck(definitions);

function read(name: string): FhirResource {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FhirResource;
}

function namesIn(name: string): string[] {
  return readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.json') && file !== 'index.json')
    .map((file) => file.slice(0, -'.json'.length));
}

const examples = namesIn('examples');

interface CounterExample {
  readonly breaks: string;
  readonly of: string;
  /** `fhir`: refused whatever the level is; `profile`: by level; `structure`: by StructureDefinition alone. */
  readonly layer: 'fhir' | 'profile' | 'structure';
  readonly code: string;
  readonly expression: string;
  /** How @medplum/core tells it otherwise: at another element, or not at all, and why. */
  readonly structure?: { readonly expression: string } | { readonly silent: string };
}

const index = JSON.parse(
  readFileSync(join(folder, 'counter-examples/index.json'), 'utf8'),
) as Record<string, CounterExample>;
const broken = Object.entries(index);

function stay(change: Record<string, unknown> = {}): Encounter {
  return JSON.parse(JSON.stringify({ ...read('examples/stay-admitted'), ...change })) as Encounter;
}

function told(resource: FhirResource, level: Level = 'refuse'): string[] {
  return checks.all(resource, level).map((one) => `${one.severity} ${one.code} ${one.expression}`);
}

function errors(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

describe('examples', () => {
  test.each(examples)('%s meets our profiles, by both layers', (name) => {
    const resource = read(`examples/${name}`);
    expect(checks.all(resource, 'refuse')).toEqual([]);
    expect(byStructure(resource)).toEqual([]);
  });

  test('each profile has one', () => {
    const types = new Set(
      examples.flatMap((name) => {
        const resource = read(`examples/${name}`);
        const inner = resource.resourceType === 'Bundle' ? (resource.entry ?? []) : [];
        return [resource, ...inner.map((entry) => entry.resource)].map((one) => one?.resourceType);
      }),
    );
    const held = definitions.all().filter(({ derivation, kind }) => {
      return derivation === 'constraint' && kind === 'resource';
    });
    expect(held.length).toBe(14);
    expect(held.filter(({ type }) => !types.has(type as never))).toEqual([]);
  });
});

describe('what the examples mean', () => {
  const meanings: Readonly<Record<string, readonly string[]>> = {
    'message-admit': ['patient.admitted'],
    'message-correct': ['patient.admitted'],
    'message-cancel': ['admission.cancelled'],
    consent: ['consent.recorded'],
    'compulsory-care': ['compulsory-care.decided'],
    'court-decision': ['court-decision.recorded'],
    'notice-observed': ['notice.observed', 'notice.observed'],
    'notice-received': ['notice.received'],
    'outpatient-availability': ['outpatient-care.availability-set'],
    'outpatient-plan': ['outpatient-care.plan-set'],
    placement: ['placement.decided'],
    'treatment-plan': ['treatment-plan.available'],
    patient: ['patient.identity-changed'],
    'patient-by-coordination-number': ['patient.identity-changed'],
    'patient-by-reserve-number': ['patient.identity-changed'],
    'patient-deceased': ['patient.identity-changed'],
    'patient-protected': ['patient.identity-changed'],
    'plan-after-compulsory-care': ['plan.established'],
    'plan-at-discharge': [],
    'plan-called': ['planning.called'],
    'plan-declined': ['planning.declined'],
    'plan-established': ['plan.established'],
    'stay-admitted': ['patient.admitted'],
    'stay-cancelled': ['admission.cancelled'],
    'stay-discharged': ['patient.admitted', 'patient.discharged'],
    'stay-ended-by-death': ['patient.admitted', 'patient.deceased'],
    'stay-not-ready-any-more': ['patient.admitted', 'discharge-readiness.withdrawn'],
    'stay-of-a-protected-person': ['patient.admitted'],
    'stay-on-leave': ['patient.admitted', 'patient.on-leave'],
    'stay-ready': ['patient.admitted', 'patient.discharge-ready'],
    'stay-returned': ['patient.admitted', 'patient.on-leave', 'patient.returned'],
    'stay-transferred': ['patient.admitted', 'patient.transferred'],
    'stay-with-contained-patient': ['patient.admitted'],
    'stay-with-estimate': ['patient.admitted', 'discharge-estimate.set'],
    'stay-with-need': ['patient.admitted', 'need.assessed'],
    'task-discharge-ready': ['patient.discharge-ready'],
    'task-fixed-care-contact': ['care-contact.appointed'],
    'task-need-assessment': ['need.assessed'],
    'task-planning-call': ['planning.called'],
    'task-planning-call-declined': [
      'planning.called',
      'planning.call-withdrawn',
      'planning.declined',
    ],
  };
  const sender = 'norrtuna';
  const inbound = fhirInbound(loadMappings(), sender);
  const now = '2026-03-10T10:00:00.000Z';
  const related = {
    'Patient/patient': read('examples/patient'),
    'Encounter/stay-admitted': read('examples/stay-admitted'),
  };

  async function exchangeOf(resource: FhirResource): Promise<Exchange> {
    if (isMessage(resource)) {
      const nothing = async (): Promise<never[]> => [];
      const store = { read: async () => undefined, byIdentifier: nothing, page: nothing };
      const taking = { sender, store, now: () => now, newId: () => 'new' } as unknown as Taking;
      return (await messageExchange(resource, JSON.stringify(resource), taking)).exchange;
    }
    const id = resource.id ?? '';
    return { request: { sender, id, base: 0, controlId: id, sentAt: now }, resource, related };
  }

  test.each(examples)('%s', async (name) => {
    const { facts, persons, unmapped } = inbound.translate(
      await exchangeOf(read(`examples/${name}`)),
    );
    const all = [...facts, ...(persons ?? []).flatMap((person) => person.facts)];
    expect(all.map(({ type }) => type)).toEqual(meanings[name]);
    expect(unmapped).toEqual([]);
  });
});

describe('counter-examples', () => {
  test('are those of the index', () => {
    expect(namesIn('counter-examples').toSorted()).toEqual(Object.keys(index).toSorted());
  });

  test.each(broken)('%s is refused at its element', (name, { layer, code, expression }) => {
    const resource = read(`counter-examples/${name}`);
    const layers = {
      fhir: () => errors(checks.all(resource, 'accept')),
      profile: () => errors(checks.all(resource, 'refuse')),
      structure: () => errors(byStructure(resource)),
    };
    expect(layers[layer]()).toContainEqual(expect.objectContaining({ code, expression }));
    // Nothing earlier refuses it.
    if (layer !== 'fhir') expect(layers.fhir()).toEqual([]);
    if (layer === 'structure') expect(layers.profile()).toEqual([]);
  });

  test.each(broken)('%s: the StructureDefinition says the same', (name, one) => {
    const expressions = errors(byStructure(read(`counter-examples/${name}`))).map(
      ({ expression }) => expression,
    );
    const { structure, expression } = one;
    if (structure !== undefined && 'silent' in structure) expect(expressions).toEqual([]);
    else expect(expressions).toContain(structure?.expression ?? expression);
  });

  test.each(broken)('%s says what to do, and nothing of a person', (name) => {
    const resource = read(`counter-examples/${name}`);
    for (const { text } of [...checks.all(resource, 'refuse'), ...byStructure(resource)]) {
      expect(text).toMatch(/^[A-Z][A-Za-z]+[. ]/);
      expect(text).not.toMatch(/\d{8}|Testsson|Tuva|Provgatan/);
    }
  });
});

describe('levels', () => {
  test('what FHIR itself requires is refused at every one', () => {
    const faulty = stay({ class: undefined, status: 'completed' });
    for (const level of ['refuse', 'warn', 'accept'] as const) {
      expect(told(faulty, level)).toEqual([
        'error code-invalid Encounter.status',
        'error required Encounter.class',
      ]);
    }
  });

  test('what our profiles require is an error at refuse, a warning at warn, and not looked for at accept', () => {
    const nameless = stay({ identifier: undefined });
    expect(told(nameless, 'refuse')).toEqual(['error required Encounter.identifier']);
    expect(told(nameless, 'warn')).toEqual(['warning required Encounter.identifier']);
    expect(told(nameless, 'accept')).toEqual([]);
  });

  test('what is wrong where nothing is read is a warning: it hinders nobody', () => {
    expect(told(stay({ length: 'three days', plannedEndDate: '2026-03-09' }), 'accept')).toEqual([
      'warning structure Encounter.length',
      'warning structure Encounter.plannedEndDate',
    ]);
  });

  test('the profile says which one it is; FHIR itself has none', () => {
    const [one] = checks.profile(stay({ identifier: undefined }), 'refuse');
    expect(one?.profile).toBe('http://hemgang.se/fhir/StructureDefinition/discharge-encounter');
    expect(checks.basic(stay({ class: undefined }))[0]?.profile).toBeUndefined();
  });

  test('in a Bundle a finding is told by its entry', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { request: { method: 'POST', url: 'Encounter' }, resource: stay() },
        { request: { method: 'POST', url: 'Encounter' }, resource: stay({ class: undefined }) },
      ],
    } as FhirResource;
    expect(told(bundle)).toEqual(['error required Bundle.entry[1].resource.class']);
  });

  test('a message may bring what is not read; a transaction asks for all to be taken', () => {
    const message = read('examples/message-admit') as unknown as { type: string; entry: object[] };
    const resource = { resourceType: 'Medication', id: 'm' };
    message.entry.push({ fullUrl: 'urn:uuid:m', resource });
    const bundle = message as unknown as FhirResource;
    expect(told(bundle)).toEqual(['warning not-supported Bundle.entry[5].resource']);
    message.type = 'transaction';
    expect(told(bundle, 'accept')).toEqual(['error not-supported Bundle.entry[5].resource']);
  });

  test('a resource of another type is told to be none that is taken', () => {
    const bill = { resourceType: 'Invoice', status: 'issued' } as FhirResource;
    expect(told(bill, 'accept')).toEqual(['error not-supported Invoice']);
  });
});

describe('times, ids and codes', () => {
  const start = (text: unknown): string[] => told(stay({ period: { start: text } }), 'accept');

  test.each(['2026', '2026-03', '2026-03-02', '2024-02-29', '2026-03-02T14:05:00Z'])(
    '%s is a dateTime',
    (text) => expect(start(text)).toEqual([]),
  );
  test.each([
    '2026-13-01',
    '2026-02-29',
    '2026-04-31T10:00:00Z',
    '2026-03-02T14:05',
    '2026-03-02T14:05:00',
    '2026-03-02T24:00:00Z',
    '2026-03-02T14:05:00+15:00',
    '2026-03-02 14:05:00Z',
    '20260302',
    '',
  ])('%j is none', (text) => expect(start(text)).toEqual(['error value Encounter.period.start']));
  test('a time without zone is told by its name', () => {
    const [one] = checks.basic(stay({ period: { start: '2026-03-02T14:05:00' } }));
    expect(one?.text).toBe(
      'Encounter.period.start has a time without zone: write seconds and zone, as 2026-03-02T14:05:00+01:00',
    );
  });

  test.each(['', 'a b', 'x'.repeat(65), 'å', '../x'])('%j is no id', (id) => {
    expect(told(stay({ id }), 'accept')).toEqual(['error value Encounter.id']);
  });
  test('64 letters, digits, hyphens and dots are one', () => {
    expect(told(stay({ id: `${'a'.repeat(61)}-.9` }), 'accept')).toEqual([]);
  });

  test('every code of a required binding is taken, and no other', () => {
    const codes = [...(definitions.codesOf('http://hl7.org/fhir/ValueSet/encounter-status') ?? [])];
    const known = codes.flatMap(([, some]) => [...some]);
    expect(known.length).toBe(9);
    for (const status of known) expect(told(stay({ status }), 'accept')).toEqual([]);
    for (const status of ['discharged', 'completed', 'IN-PROGRESS']) {
      expect(told(stay({ status }), 'accept')).toHaveLength(1);
    }
  });

  test('a code that could be something else of a person is not shown', () => {
    const [one] = checks.basic(stay({ status: '195009072553' }));
    expect(one?.text).not.toContain('1950');
  });

  test('of a plan with several categories one of ours is enough', () => {
    const plan = read('examples/plan-established') as unknown as { category: object[] };
    plan.category.unshift({ coding: [{ system: 'http://snomed.info/sct', code: '736353004' }] });
    expect(told(plan as unknown as FhirResource)).toEqual([]);
  });
});

describe('our invariants', () => {
  test('each one of the profiles has its function', () => {
    const keys = definitions
      .all()
      .flatMap(({ snapshot }) => snapshot.element)
      .flatMap(({ constraint }) => (constraint ?? []).map(({ key }) => key))
      .filter((key) => key.startsWith('hg-'));
    expect([...new Set(keys)].filter((key) => !compiledRules.has(key))).toEqual([]);
    expect(new Set(keys).size).toBeGreaterThan(10);
  });
});

describe('whatever comes', () => {
  /** A place in an example, and what stands there instead. */
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(null, '', [], {}, [null], [[]], 0, -1, 1e300, true, 'x'.repeat(70_000)),
  );

  function mutated(resource: unknown, steps: readonly number[], value: unknown): unknown {
    if (typeof resource !== 'object' || resource === null || steps.length === 0) return value;
    const keys = Object.keys(resource);
    const [step = 0, ...rest] = steps;
    const key = keys[step % Math.max(1, keys.length)];
    if (key === undefined) return value;
    const copy = Array.isArray(resource) ? [...(resource as unknown[])] : { ...resource };
    const inner = (resource as Record<string, unknown>)[key];
    (copy as Record<string, unknown>)[key] = mutated(inner, rest, value);
    return copy;
  }

  test('neither layer throws, and what passes FHIR is a resource with what R4 requires', () => {
    const changes = fc.tuple(
      fc.constantFrom(...examples),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
      odd,
    );
    fc.assert(
      fc.property(changes, ([name, steps, value]) => {
        const resource = mutated(read(`examples/${name}`), steps, value);
        if (typeof resource !== 'object' || resource === null) return;
        if (typeof (resource as { resourceType?: unknown }).resourceType !== 'string') return;
        const findings = checks.all(resource as FhirResource, 'refuse');
        expect(findings.length).toBeLessThanOrEqual(2000);
        for (const { expression, text } of findings) {
          expect(expression).toMatch(/^[A-Z]\w*(?:\.\w+|\[\d+\])*$/);
          expect(text.length).toBeLessThan(600);
        }
        byStructure(resource as FhirResource);
      }),
      { numRuns: process.env['HEMGANG_LONG'] === undefined ? 100 : 20_000 },
    );
  });

  test('what nests without end is told to, and stops nobody', () => {
    let extension: Record<string, unknown> = { url: 'http://x', valueString: 'x' };
    for (let depth = 0; depth < 20_000; depth += 1)
      extension = { url: 'http://x', extension: [extension] };
    const deep = { ...stay(), extension: [extension] } as unknown as FhirResource;
    expect(told(deep, 'accept')).toEqual(['error structure Encounter']);
  });

  test('a key of the language itself is an unknown element', () => {
    const hostile = JSON.parse(
      JSON.stringify(stay()).replace('{', '{"__proto__":{"class":1},"constructor":1,'),
    ) as FhirResource;
    expect(told(hostile, 'accept')).toEqual([
      'warning structure Encounter',
      'warning structure Encounter.constructor',
    ]);
  });
});

describe('the other thread', () => {
  const odd = read('counter-examples/patient-contact-without-anything');

  const stored = (resource: FhirResource): Uint8Array => {
    const request = { sender: 'ekliden', id: '1', base: 0, controlId: 'c', sentAt: 's' };
    return writeExchange({ request, related: {} }, JSON.stringify(resource));
  };

  test('holds a resource against its StructureDefinition: before the answer at refuse', async () => {
    const both = fhirChecks(startWorker);
    expect(await both.before(stay(), 'refuse')).toEqual([]);
    const found = await both.before(odd, 'refuse');
    expect(found.map(({ expression }) => expression)).toEqual(['Patient.contact[0]']);
    await both.close();
  });

  test('after the answer at warn, by the bytes of the message: what the answer had not said', async () => {
    const both = fhirChecks(startWorker);
    expect(both.before(odd, 'warn')).toEqual([]);
    const found = await Promise.all([
      both.after(stored(odd)),
      both.after(stored(stay())),
      // What the answer had said already is not told again.
      both.after(stored(stay({ identifier: undefined }))),
    ]);
    const contact = expect.stringMatching(/^error Patient.contact does not hold pat-1: /) as string;
    expect(found).toEqual([[contact], [], []]);
    await both.close();
    await expect(both.after(stored(odd))).rejects.toMatchObject({ fate: 'transient' });
  });

  test.each(['MSH|no exchange', '{}', '{"resource":null}', '{"resource":7}'])(
    'bytes that hold no resource are told apart, and the next are looked at: %s',
    async (bytes) => {
      const both = fhirChecks(startWorker);
      await expect(both.after(Buffer.from(bytes))).rejects.toMatchObject({
        code: 'malformed-message',
      });
      expect(await both.after(stored(odd))).toHaveLength(1);
      await both.close();
    },
  );

  test('keeps what it finds with the message, while the gateway has answered long ago', async () => {
    const world = await startTestGateway({ start: '2026-03-10T10:00:00.000Z' });
    try {
      const response = await fetch(`${world.gateway.fhir.url}/Patient`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${'e'.repeat(40)}`,
          'content-type': 'application/fhir+json',
        },
        body: JSON.stringify({ ...odd, id: undefined }),
      });
      expect(response.status).toBe(201);
      const { journal, fhir } = world.gateway;
      await fhir.caughtUp();
      const found = await journal.latestFindings(10);
      expect(found).toMatchObject([{ sender: 'ekliden', kind: 'Patient' }]);
      expect(found[0]?.findings).toEqual([expect.stringContaining('does not hold pat-1')]);
    } finally {
      await world.close();
    }
  });

  test('a thread that ends is replaced, and who waited is told to come again', async () => {
    const workers: ReturnType<typeof startWorker>[] = [];
    const queue = structureQueue((...start) => {
      const worker = startWorker(...start);
      workers.push(worker);
      return worker;
    });
    expect(await queue.now(stay())).toEqual([]);
    const asked = queue.now(stay());
    await workers[0]?.terminate();
    await expect(asked).rejects.toMatchObject({ code: 'journal-unavailable' });
    expect(await queue.now(odd)).toHaveLength(1);
    expect(workers).toHaveLength(2);
    await queue.close();
    await expect(queue.now(stay())).rejects.toMatchObject({ fate: 'transient' });
  });

  test('a message that ends the thread is told apart from a thread that does not start', async () => {
    const workers: ReturnType<typeof startWorker>[] = [];
    const queue = structureQueue((stem, ...start) => {
      const worker = startWorker(workers.length === 0 ? 'no-such-worker' : stem, ...start);
      workers.push(worker);
      return worker;
    });
    await expect(queue.later(stored(odd))).rejects.toMatchObject({ fate: 'transient' });
    expect(await queue.later(stored(odd))).toHaveLength(1);
    const asked = queue.later(stored(odd));
    await workers[1]?.terminate();
    await expect(asked).rejects.toMatchObject({ code: 'assertion-failed' });
    expect(await queue.later(stored(odd))).toHaveLength(1);
    await queue.close();
  });
});

describe('what is committed', () => {
  interface Digests {
    readonly from: Record<string, string>;
    readonly built: Record<string, string>;
  }
  const digests = JSON.parse(readFileSync(join(folder, 'built-from.json'), 'utf8')) as Digests;
  const digest = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');

  test('was built from these sources, and not edited since (npm run profiles)', () => {
    const stale = Object.entries({ ...digests.from, ...digests.built }).filter(
      ([file, known]) => digest(file) !== known,
    );
    expect(stale.map(([file]) => file)).toEqual([]);
    const sources = readdirSync(join(folder, 'fsh')).map((file) => `fsh/${file}`);
    expect(sources.filter((file) => !(file in digests.from))).toEqual([]);
  });

  test('R4 itself takes less than a megabyte', () => {
    expect(readFileSync(join(folder, 'r4-core.json')).length).toBeLessThan(1_000_000);
  });

  const isInstalled = existsSync(join(folder, 'authoring/node_modules/fsh-sushi'));
  test.skipIf(!isInstalled)(
    'is what the FSH says, built anew',
    () => {
      const target = mkdtempSync(join(tmpdir(), 'hemgang-profiles-'));
      try {
        execFileSync(process.execPath, [join(folder, 'authoring/build.mjs'), target], {
          stdio: 'pipe',
        });
        const built = JSON.parse(readFileSync(join(target, 'built-from.json'), 'utf8')) as Digests;
        expect(built).toEqual(digests);
      } finally {
        rmSync(target, { recursive: true, force: true });
      }
    },
    180_000,
  );
});
