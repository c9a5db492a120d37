/** What was observed, as Prometheus reads it. The one place that knows prom-client. */
import { collectDefaultMetrics, Registry, type Metric } from 'prom-client';
import { Count, Timing, type Family, type Observed } from '../runtime/observed.ts';

/** A figure that is read when somebody asks: a gauge, or a total that is counted elsewhere. */
export interface Figure {
  /** Without prefix, with its unit: `journal_queue_oldest_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly values: readonly FigureValue[];
}
export interface FigureValue {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  readonly contentType: string;
  /** The whole page. */
  text(): Promise<string>;
}

const prefix = 'hemgang_';

/**
 * @param figures asked for at each reading; it must bound its own time
 */
export function metricsOf(observed: Observed, figures: () => Promise<readonly Figure[]>): Metrics {
  const registry = new Registry();
  for (const family of Object.values(observed)) {
    if (isFamily(family)) registry.registerMetric(asMetric(family));
  }
  return {
    contentType: registry.contentType,
    async text() {
      const read = new Registry();
      for (const figure of await figures()) read.registerMetric(figureAsMetric(figure));
      return await Registry.merge([registry, read, ofProcess()]).metrics();
    },
  };
}

let processRegistry: Registry | undefined;

/** Memory, garbage collection, event loop: of the process, however many gateways run in it. */
function ofProcess(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

function isFamily(member: unknown): member is Family<Count> | Family<Timing> {
  return typeof member === 'object' && member !== null && 'definition' in member;
}

interface Line {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** prom-client asks a metric for no more than this; its own counters would hash their labels at every call. */
function metric(name: string, help: string, type: string, lines: () => readonly Line[]): Metric {
  const asked = { name, help, type, aggregator: 'sum' };
  const made = { ...asked, get: () => Promise.resolve({ ...asked, values: lines() }) };
  // Its types know its own classes alone.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return made as unknown as Metric;
}

function asMetric(family: Family<Count> | Family<Timing>): Metric {
  const { name, help, labels, kind } = family.definition;
  const named = (values: readonly string[]): Record<string, string> =>
    Object.fromEntries(labels.map((label, at) => [label, values[at] ?? '']));
  if (kind === 'count') {
    return metric(`${prefix}${name}_total`, help, 'counter', () =>
      [...family.all()].map(({ values, cell }) => ({
        labels: named(values),
        value: cell instanceof Count ? cell.value : 0,
      })),
    );
  }
  const full = `${prefix}${name}_seconds`;
  return metric(full, help, 'histogram', () =>
    [...family.all()].flatMap(({ values, cell }) =>
      cell instanceof Timing ? histogram(full, named(values), cell) : [],
    ),
  );
}

function histogram(name: string, labels: Record<string, string>, timing: Timing): Line[] {
  let upTo = 0;
  const buckets = timing.buckets.map((count, at): Line => {
    upTo += count;
    const le = timing.bounds[at] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: timing.sumSeconds },
    { metricName: `${name}_count`, labels, value: timing.count },
  ];
}

function figureAsMetric({ name, help, type, values }: Figure): Metric {
  return metric(`${prefix}${name}`, help, type, () =>
    values.map(({ labels = {}, value }) => ({ labels, value })),
  );
}
