/** Figures of this instance alone: over instances they are summed. */
import { statfs } from 'node:fs/promises';
import type { Bus } from '../runtime/bus/bus.ts';
import type { BusFigures } from '../runtime/bus/figures.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import { alone, gauge, total } from './figures.ts';
import type { Readiness } from './health.ts';
import type { Figure } from './metrics.ts';

/** Digests of what is in force: instances that share a journal should have the same. */
export interface InForceDigests {
  readonly configuration: string;
  readonly mappings: string;
  readonly profiles: string;
}

export function buildFigures(
  version: string,
  { configuration, mappings, profiles }: InForceDigests,
): readonly Figure[] {
  const labels = { version, config: configuration, mappings, profiles, node: process.version };
  return [gauge('build_info', 'What runs', [{ labels, value: 1 }])];
}

export function readinessFigures({ ready, reasons }: Readiness): readonly Figure[] {
  return [
    gauge('ready', 'Whether messages are taken', alone(ready ? 1 : 0)),
    gauge(
      'unready_reasons',
      'What /health/ready names, warnings too',
      reasons.map(({ code, severity }) => ({ labels: { code, severity }, value: 1 })),
    ),
  ];
}

export function intakeFigures(journal: Journal): readonly Figure[] {
  return [
    gauge('intake_pending', 'Messages handed in and not yet committed', alone(journal.pending())),
    gauge(
      'intake_load',
      'Share of the time in which messages waited for their commit',
      alone(journal.intakeLoad()),
    ),
  ];
}

export function busFigures(bus: Bus & { figures?: () => BusFigures }): readonly Figure[] {
  const inHand = gauge('bus_in_hand', 'Events taken and not yet handled', alone(bus.inHand()));
  const told = bus.figures?.();
  if (told === undefined) return [inHand];
  const connections = Object.entries(told.connections);
  return [
    inHand,
    gauge(
      'bus_connected',
      'Whether a connection to the broker stands',
      connections.map(([connection, { connected }]) => ({
        labels: { connection },
        value: connected ? 1 : 0,
      })),
    ),
    gauge(
      'bus_blocked',
      'Whether the broker takes nothing: it is short of memory or disk',
      connections.map(([connection, { blocked }]) => ({
        labels: { connection },
        value: blocked === undefined ? 0 : 1,
      })),
    ),
    total(
      'bus_connections_total',
      'Connections made',
      connections.map(([connection, { made }]) => ({ labels: { connection }, value: made })),
    ),
    gauge('bus_outstanding', 'Published and not yet confirmed', alone(told.outstanding)),
    total('bus_confirmed_total', 'Confirmed by the broker', alone(told.confirmed)),
    total(
      'bus_unpublished_total',
      'Not taken by the broker, by why',
      (['returned', 'refused', 'unconfirmed'] as const).map((why) => ({
        labels: { why },
        value: told[why],
      })),
    ),
    total('bus_taken_total', 'Messages taken from the broker', alone(told.taken)),
    total('bus_redelivered_total', 'Of these, given out before', alone(told.redelivered)),
    total('bus_strange_total', 'Messages on our queues that are none of ours', alone(told.strange)),
    gauge('bus_consumers', 'Consumers: one a queue and partition held', alone(told.consumers)),
  ];
}

/** @param watermarkBytes with less than that free nothing is accepted; undefined where there is none */
export async function diskFigures(
  folder: string,
  watermarkBytes: number | undefined,
): Promise<readonly Figure[]> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return [
    gauge('disk_free_bytes', 'Free on the disk of the data folder', alone(bavail * bsize)),
    gauge('disk_size_bytes', 'Size of that disk', alone(blocks * bsize)),
    ...(watermarkBytes === undefined
      ? []
      : [
          gauge(
            'disk_watermark_bytes',
            'With less free nothing is accepted',
            alone(watermarkBytes),
          ),
        ]),
  ];
}

/** @param doing names of the leases held */
export function leaseFigures(
  doing: readonly string[],
  partitions: { readonly count: number; readonly held: number },
): readonly Figure[] {
  return [
    gauge(
      'lease_held',
      'What this instance does of what one does at a time',
      doing.map((name) => ({ labels: { name }, value: 1 })),
    ),
    gauge('partitions', 'Parts that the cases are divided into', alone(partitions.count)),
    gauge('partitions_held', 'Of these, those of this instance', alone(partitions.held)),
  ];
}
