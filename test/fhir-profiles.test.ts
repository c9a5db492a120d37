/** Our FHIR profiles and the checks made of them. */
import type { Encounter } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { fhirChecks } from '../adapters/inbound/fhir/checks/checks.ts';
import { profileChecks } from '../adapters/inbound/fhir/checks/profile-checks.ts';
import { startWorker } from '../gateway/runtime/worker.ts';

const checks = profileChecks();

function stay(change: Record<string, unknown> = {}): Encounter {
  const encounter = {
    resourceType: 'Encounter',
    id: 'e1',
    identifier: [{ system: 'http://hemgang.se/fhir/sid/visit', value: 'V1' }],
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: 'Patient/1' },
    period: { start: '2026-03-02T14:05:00+01:00' },
    serviceProvider: { identifier: { system: 'urn:oid:1.2.752.29.4.19', value: 'SE1-1' } },
    ...change,
  };
  return JSON.parse(JSON.stringify(encounter)) as Encounter;
}

function told(resource: Encounter, level: 'refuse' | 'warn' | 'accept' = 'refuse'): string[] {
  return checks.all(resource, level).map((one) => `${one.severity} ${one.code} ${one.expression}`);
}

describe('what FHIR itself requires', () => {
  test('a good stay has no findings', () => {
    expect(told(stay())).toEqual([]);
  });

  test('is refused at every level', () => {
    const broken = stay({ class: undefined, status: 'completed' });
    for (const level of ['refuse', 'warn', 'accept'] as const) {
      expect(told(broken, level)).toEqual([
        'error code-invalid Encounter.status',
        'error required Encounter.class',
      ]);
    }
  });
});

describe('what our profiles require', () => {
  test('is an error at refuse, a warning at warn, and not looked for at accept', () => {
    const nameless = stay({ identifier: undefined });
    expect(told(nameless, 'refuse')).toEqual(['error required Encounter.identifier']);
    expect(told(nameless, 'warn')).toEqual(['warning required Encounter.identifier']);
    expect(told(nameless, 'accept')).toEqual([]);
  });
});

describe('the other thread', () => {
  test('holds a resource against its StructureDefinition, before the answer at refuse', async () => {
    const kept: [number, readonly string[]][] = [];
    const skipped: number[] = [];
    const both = fhirChecks({
      start: startWorker,
      keep: async (place, findings) => void kept.push([place, findings]),
      onSkipped: (place) => skipped.push(place),
    });
    const odd = stay({ text: { status: 'generated' } });
    expect(checks.all(stay(), 'refuse')).toEqual([]);
    expect(await both.before(stay(), 'refuse')).toEqual([]);
    expect((await both.before(odd, 'refuse')).map(({ expression }) => expression)).toEqual([
      'Encounter.text.div',
    ]);
    await both.close();
    expect({ kept, skipped }).toEqual({ kept: [], skipped: [] });
  });
});
