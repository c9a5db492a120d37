/** The alert rules and the dashboard speak of figures that there are. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { busFigures, diskFigures } from '../gateway/observing/instance-figures.ts';
import { noCounts } from '../gateway/runtime/bus/figures.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const room = resolve(import.meta.dirname, '../gateway/observing');
const alertsText = readFileSync(join(room, 'alerts.yml'), 'utf8');
const dashboardText = readFileSync(join(room, 'grafana/dashboards/hemgang.json'), 'utf8');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly meaning: string;
    readonly next: string;
  };
}
const { groups }: { groups: { rules: Alert[] }[] } = parse(alertsText);
const alerts = groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard: { schemaVersion: number; uid: string; panels: Panel[] } =
  JSON.parse(dashboardText);

/** Names of metrics in PromQL. */
function namesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:hemgang|nodejs|process)_[a-z0-9_]+/g))];
}

let world: TestGateway;
let known: ReadonlySet<string>;

beforeAll(async () => {
  world = await startTestGateway({ start: '2022-03-03T08:00:00.000Z' });
  await world.gateway.journal.cursors.set('publication', '0');
  const response = await fetch(`${world.gateway.http.url}/metrics`);
  const page = await response.text();
  // What only a broker and a watermark have.
  const connection = { connected: true, sinceMs: 0, blocked: undefined, made: 1 };
  const connections = { publish: connection, consume: connection };
  const figures = () => ({ ...noCounts(), connections, full: [], consumers: 0 });
  const others = [
    ...busFigures({ ...world.gateway.bus, figures }),
    ...(await diskFigures(world.folder, 1)),
  ].map(({ name }) => `hemgang_${name}`);
  const typed = [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  known = new Set([...typed, ...others, 'nodejs_gc_duration_seconds_sum']);
});
afterAll(() => world.close());

describe('alert rules', () => {
  test('there are some, each once', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(alerts.map((one) => [one.alert, one] as const))('%s', (_, { expr, ...alert }) => {
    expect(namesIn(expr).filter((name) => !known.has(name))).toEqual([]);
    const { summary, meaning, next } = alert.annotations;
    for (const text of [summary, meaning, next]) expect(text.length).toBeGreaterThan(10);
    expect(['page', 'warn']).toContain(alert.labels.severity);
  });
});

describe('the dashboard', () => {
  test('speaks of figures that there are', () => {
    const names = dashboard.panels.flatMap(({ targets }) =>
      (targets ?? []).flatMap(({ expr }) => namesIn(expr)),
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('has each panel once, and none over another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  test('leaves the data source to whoever imports it', () => {
    const fixed = [...dashboardText.matchAll(/"uid": "([^"]+)"/g)].map(([, uid]) => uid);
    expect(new Set(fixed)).toEqual(new Set(['${datasource}', dashboard.uid]));
  });
});
