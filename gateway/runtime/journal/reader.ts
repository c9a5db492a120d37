/** The reading side of the journal, the same for every form. */
import type {
  Cursors,
  Deliveries,
  Journal,
  Leases,
  Outbox,
  Paths,
  Incidents,
  Pauses,
  Records,
  Resources,
  Retention,
  ToldMessages,
} from './journal.ts';
import { prepareDeliveryReads } from './reads/deliveries.ts';
import { prepareFindingReads } from './reads/findings.ts';
import { prepareObservation } from './reads/observation.ts';
import { prepareDueReads, prepareOutboxReads } from './reads/outbox.ts';
import { prepareParkedReads } from './reads/parked.ts';
import { preparePathReads } from './reads/paths.ts';
import { prepareIncidentReads } from './reads/incidents.ts';
import { preparePauseReads } from './reads/pauses.ts';
import { prepareRecordReads } from './reads/records.ts';
import {
  prepareCursorReads,
  prepareResourceMessageReads,
  prepareResourceReads,
} from './reads/resources.ts';
import { prepareRetentionReads } from './reads/retention.ts';
import { prepareStatus } from './reads/status.ts';
import { prepareStreamReads } from './reads/streams.ts';
import { prepareToldReads } from './reads/told.ts';
import type { Sql, Step } from './sql.ts';

export interface Reading {
  readonly reads: Pick<
    Journal,
    | 'load'
    | 'loadStream'
    | 'relatedStays'
    | 'loadSettlement'
    | 'lastEvent'
    | 'eventsAfter'
    | 'isAhead'
    | 'openReadyProcessIds'
    | 'misdirectedProcessIds'
    | 'missedDeadlines'
    | 'processIds'
    | 'identity'
    | 'withheldSettlements'
    | 'openSettlements'
    | 'unjudgedCases'
    | 'lastSequence'
    | 'parkedCases'
    | 'parkedOf'
    | 'waitingCodes'
    | 'latestFindings'
    | 'resourceMessages'
    | 'countResourceMessages'
    | 'nextDue'
    | 'status'
    | 'observe'
    | 'arrivals'
  >;
  readonly outbox: Pick<
    Outbox,
    | 'ready'
    | 'postponedLanes'
    | 'ofLanes'
    | 'unpublished'
    | 'withBroker'
    | 'deadLetters'
    | 'backlog'
    | 'hasWork'
  >;
  readonly deliveries: Pick<
    Deliveries,
    'ofLane' | 'named' | 'byState' | 'inState' | 'after' | 'hasBeenSent'
  >;
  readonly resources: Resources;
  readonly cursors: Pick<Cursors, 'get'>;
  readonly told: ToldMessages;
  readonly pauses: Pick<Pauses, 'all'>;
  readonly incidents: Pick<Incidents, 'since' | 'wrong' | 'unacknowledged' | 'unanswered'>;
  readonly paths: Paths;
  readonly records: Records;
  readonly retention: Pick<Retention, 'size' | 'look'>;
  anyDue(now: string, deadlines: boolean): Promise<boolean>;
}

/** What another process may see of a journal: `status` and its kin, while the gateway runs or not. */
export type JournalReader = Reading['reads'] & {
  readonly outbox: Reading['outbox'];
  readonly deliveries: Reading['deliveries'];
  readonly cursors: Reading['cursors'];
  readonly told: Reading['told'];
  readonly pauses: Reading['pauses'];
  readonly incidents: Reading['incidents'];
  readonly paths: Reading['paths'];
  readonly records: Reading['records'];
  /** Who has which lease; undefined where the journal belongs to one process. */
  readonly leases?: Pick<Leases, 'all' | 'instances'>;
  readonly retention: Reading['retention'];
  close(): Promise<void>;
};

export function readerOf(reading: Reading, close: () => Promise<void>): JournalReader {
  const { reads, outbox, deliveries, cursors, told, pauses, incidents, paths, records, retention } =
    reading;
  return {
    ...reads,
    outbox,
    deliveries,
    cursors,
    told,
    pauses,
    incidents,
    paths,
    records,
    retention,
    close,
  };
}

/**
 * Prepares every statement.
 * @param run carries a step out, and makes what the store throws an error of ours
 */
export function readingOf(sql: Sql, run: <R>(step: Step<R>) => Promise<R>): Reading {
  /** The reads as the contract wants them: promises. */
  function promised<T extends Record<string, (...input: never[]) => Step<unknown>>>(
    reads: T,
  ): Promised<T> {
    const wrapped = Object.entries(reads).map(([name, read]) => [
      name,
      (...input: never[]): Promise<unknown> => run(read(...input)),
    ]);
    const result: Promised<T> = Object.fromEntries(wrapped);
    return result;
  }

  const { anyDue, ...due } = promised(prepareDueReads(sql));
  return {
    reads: {
      ...promised({
        ...prepareStreamReads(sql),
        ...prepareParkedReads(sql),
        ...prepareFindingReads(sql),
        ...prepareResourceMessageReads(sql),
        status: prepareStatus(sql),
        ...prepareObservation(sql),
      }),
      ...due,
    },
    outbox: promised(prepareOutboxReads(sql)),
    deliveries: promised(prepareDeliveryReads(sql)),
    resources: promised(prepareResourceReads(sql)),
    cursors: promised(prepareCursorReads(sql)),
    told: promised(prepareToldReads(sql)),
    pauses: promised(preparePauseReads(sql)),
    incidents: promised(prepareIncidentReads(sql)),
    paths: promised(preparePathReads(sql)),
    records: promised(prepareRecordReads(sql)),
    retention: promised(prepareRetentionReads(sql)),
    anyDue,
  };
}

type Promised<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => Generator<Promise<unknown>, infer O, unknown>
    ? (...input: I) => Promise<O>
    : never;
};
