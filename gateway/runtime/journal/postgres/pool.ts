/**
 * Connections for reading. Statements share them without waiting for each other; a new one is opened where all are
 * busy, up to a bound. A read on a connection that was lost is asked again on another: reading changes nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryConfig, QueryResult } from 'pg';
import { GatewayError } from '../../../errors.ts';
import { connect, type ConnectionSettings } from './connection.ts';
import { isLost, postgresError } from './failure.ts';
import type { Queryable } from './sql.ts';

export interface Pool extends Queryable {
  close(): Promise<void>;
}

interface Slot {
  readonly opened: Promise<Client>;
  busy: number;
}

const longest = 4;
/** A connection with more statements under way than this is given a companion. */
const crowded = 2;
const pauseMs = 100;

export function openPool(settings: ConnectionSettings, name: string): Pool {
  const slots = new Set<Slot>();
  let closed = false;

  function slotFor(): Slot {
    const quietest = [...slots].toSorted((a, b) => a.busy - b.busy)[0];
    if (quietest && (quietest.busy < crowded || slots.size >= longest)) return quietest;
    const slot: Slot = { opened: connect(settings, name), busy: 0 };
    slots.add(slot);
    const drop = (): void => void slots.delete(slot);
    slot.opened.then((client) => client.once('end', drop), drop);
    return slot;
  }

  async function once(statement: QueryConfig): Promise<QueryResult> {
    const slot = slotFor();
    slot.busy += 1;
    try {
      return await (await slot.opened).query(statement);
    } catch (error) {
      // Whatever is wrong with the connection, nobody else shall be given it.
      if (isLost(error) && slots.delete(slot))
        slot.opened.then((client) => client.end()).catch(ignored);
      throw error;
    } finally {
      slot.busy -= 1;
    }
  }

  return {
    async query(statement) {
      const untilMs = performance.now() + settings.patienceMs;
      while (true) {
        if (closed) throw new GatewayError('journal-unavailable', 'the journal is closed');
        try {
          return await once(statement);
        } catch (error) {
          if (!isLost(error) || performance.now() >= untilMs) throw postgresError(error);
          await sleep(pauseMs);
        }
      }
    },
    async close() {
      closed = true;
      const opened = await Promise.allSettled([...slots].map((slot) => slot.opened));
      const clients = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      await Promise.allSettled(clients.map((client) => client.end()));
    },
  };
}

function ignored(): void {}
