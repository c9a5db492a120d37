/** The reading side of the embedded journal: this thread's own connection, or that of another process. */
import { existsSync } from 'node:fs';
import { GatewayError } from '../../errors.ts';
import { databaseFile, openForReading } from './embedded/connection.ts';
import { storeError } from './embedded/failure.ts';
import type {
  Cursors,
  Deliveries,
  Journal,
  Outbox,
  Pauses,
  Resources,
  ToldMessages,
} from './journal.ts';
import { checkSchema, schemaVersion } from './embedded/migrations.ts';
import { prepareDeliveryReads } from './reads/deliveries.ts';
import { prepareFindingReads } from './reads/findings.ts';
import { prepareDueReads, prepareOutboxReads } from './reads/outbox.ts';
import { prepareParkedReads } from './reads/parked.ts';
import {
  prepareCursorReads,
  prepareResourceMessageReads,
  prepareResourceReads,
} from './reads/resources.ts';
import { preparePauseReads } from './reads/pauses.ts';
import { prepareReads } from './reads/streams.ts';
import { prepareStatus } from './reads/status.ts';
import { prepareToldReads } from './reads/told.ts';
import { runNow, sqliteSql } from './embedded/sql.ts';

export interface Reading {
  readonly reads: Pick<
    Journal,
    | 'load'
    | 'loadStream'
    | 'relatedStays'
    | 'loadSettlement'
    | 'eventsAfter'
    | 'isAhead'
    | 'openReadyProcessIds'
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
  >;
  readonly outbox: Pick<
    Outbox,
    'ready' | 'postponedLanes' | 'ofLanes' | 'unpublished' | 'deadLetters' | 'backlog' | 'hasWork'
  >;
  readonly deliveries: Pick<Deliveries, 'ofLane' | 'byState' | 'hasBeenSent'>;
  readonly resources: Resources;
  readonly cursors: Pick<Cursors, 'get'>;
  readonly told: ToldMessages;
  readonly pauses: Pick<Pauses, 'all'>;
  anyDue(now: string, deadlines: boolean): Promise<boolean>;
  close(): void;
}

/** What another process may see of a journal: `status` and its kin, while the gateway runs or not. */
export type JournalReader = Reading['reads'] & {
  readonly outbox: Reading['outbox'];
  readonly deliveries: Reading['deliveries'];
  readonly cursors: Reading['cursors'];
  readonly told: Reading['told'];
  readonly pauses: Reading['pauses'];
  close(): Promise<void>;
};

/**
 * Opens a journal for reading; it changes nothing and needs no lock.
 * @throws GatewayError `configuration-invalid` when there is none in the folder, or a newer program made it
 */
export async function openJournalReader({
  folder,
}: {
  readonly folder: string;
}): Promise<JournalReader> {
  if (!existsSync(databaseFile(folder))) {
    throw new GatewayError(
      'configuration-invalid',
      `no journal in ${folder}: start the gateway there first, or name its folder with --data`,
    );
  }
  const reading = openReading(folder);
  return {
    ...reading.reads,
    outbox: reading.outbox,
    deliveries: reading.deliveries,
    cursors: reading.cursors,
    told: reading.told,
    pauses: reading.pauses,
    close() {
      reading.close();
      return Promise.resolve();
    },
  };
}

/** Opens a reading connection and prepares every statement. */
export function openReading(folder: string): Reading {
  const db = openForReading(folder);
  try {
    const version = checkSchema(db);
    if (version !== schemaVersion) {
      throw new GatewayError(
        'configuration-invalid',
        `the journal in ${folder} has schema ${version} and this program needs ${schemaVersion}: ` +
          'start the gateway there once to bring it up to date',
      );
    }
    const told = prepareToldReads(sqliteSql(db));
    const pauses = preparePauseReads(sqliteSql(db));
    const { anyDue, nextDue } = promised(prepareDueReads(db));
    return {
      reads: {
        ...promised({
          ...prepareReads(db),
          ...prepareParkedReads(db),
          ...prepareFindingReads(db),
          ...prepareResourceMessageReads(db),
          status: prepareStatus(db),
        }),
        nextDue,
      },
      outbox: promised(prepareOutboxReads(db)),
      deliveries: promised(prepareDeliveryReads(db)),
      resources: promised(prepareResourceReads(db)),
      cursors: promised(prepareCursorReads(db)),
      told: promised({
        after: (place: number, limit: number) => runNow(told.after(place, limit)),
        at: (places: readonly number[]) => runNow(told.at(places)),
        visitsOf: (processId: string) => runNow(told.visitsOf(processId)),
        before: (instant: string) => runNow(told.before(instant)),
      }),
      pauses: promised({ all: () => runNow(pauses.all()) }),
      anyDue,
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw storeError(error);
  }
}

type Promised<T> = {
  [K in keyof T]: T[K] extends (...input: infer I) => infer O ? (...input: I) => Promise<O> : never;
};

/** The reads as the contract wants them: promises, and errors of ours. */
function promised<T extends Record<string, (...input: never[]) => unknown>>(reads: T): Promised<T> {
  const wrapped = Object.entries(reads).map(([name, read]) => [
    name,
    async (...input: never[]): Promise<unknown> => {
      try {
        return read(...input);
      } catch (error) {
        throw storeError(error);
      }
    },
  ]);
  const result: Promised<T> = Object.fromEntries(wrapped);
  return result;
}
