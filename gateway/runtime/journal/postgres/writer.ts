/**
 * The writer on PostgreSQL. A group of commands is one transaction, and one transaction at a time writes, of all
 * instances: they take turns by a lock that ends with the commit. So positions rise in commit order, nothing conflicts,
 * and nothing can wait for each other in a circle, as in the embedded form.
 *
 * Commands of a group that touch nothing in common run beside each other, so that a group waits for the server about as
 * often as one command does. A connection that is lost is no answer: where the commit was under way the server is asked
 * what became of it, and what did not happen is done again.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryResult } from 'pg';
import { assert, GatewayError } from '../../../errors.ts';
import type { Fence } from '../contract/leases.ts';
import type { Step } from '../sql.ts';
import { refuse, serve, type BatchResult, type Command, type Failure } from '../writer-port.ts';
import { prepareWrites, type Writer } from '../writes.ts';
import type { RefusedLimits } from '../writes/refused-bodies.ts';
import { outboxChannel, writeTurn } from './channel.ts';
import { connect, type ConnectionSettings } from './connection.ts';
import { isLost, postgresError } from './failure.ts';
import { migrate } from './migrations.ts';
import { allEnded, drive, Entangled, postgresSql } from './sql.ts';
import { wavesOf } from './waves.ts';

export interface PostgresWriterStart {
  readonly connection: ConnectionSettings;
  readonly refused: RefusedLimits;
  /** Who this process is among the instances: its own notifications are no news to it. */
  readonly instance: string;
  /** For measuring: what each commit waits beside its own sync, as on a slower disk. */
  readonly syncDelayMs: number;
}

const retryPauseMs = 100;

class GroupCommit {
  readonly #start: PostgresWriterStart;
  #session: Session | undefined;
  /** Since when the database cannot be reached. */
  #awayMs: number | undefined;

  constructor(given: PostgresWriterStart) {
    this.#start = given;
  }

  /** Opens the database and brings its tables up to date. @returns the server's version */
  async open(): Promise<string> {
    const session = await this.#firstSession();
    await migrate(session.client, this.#start.connection.schema);
    const { rows } = await session.client.query(`SHOW server_version`);
    const version: unknown = rows[0]?.server_version;
    return String(version);
  }

  async run(commands: readonly Command[]): Promise<BatchResult> {
    try {
      const { results, addedOutbox } = await this.#committed(commands);
      return { results, failures: [], commits: 1, addedOutbox };
    } catch (error) {
      return commands.length === 1 || isAway(error)
        ? failed(commands, error)
        : await this.#oneByOne(commands);
    }
  }

  async close(): Promise<void> {
    await this.#session?.client.end().catch(() => undefined);
  }

  /** A command that cannot be done costs nobody else. */
  async #oneByOne(commands: readonly Command[]): Promise<BatchResult> {
    const results: unknown[] = [];
    const failures: [number, Failure][] = [];
    let commits = 0;
    let addedOutbox = false;
    for (const [index, command] of commands.entries()) {
      const one = await this.run([command]);
      results.push(one.results[0]);
      commits += one.commits;
      addedOutbox ||= one.addedOutbox;
      for (const [, failure] of one.failures) failures.push([index, failure]);
    }
    return { results, failures, commits, addedOutbox };
  }

  /** Goes on trying while the database is away, until it has been for too long. */
  async #committed(commands: readonly Command[]): Promise<Outcome> {
    let isInSequence = false;
    while (true) {
      let attempt: Attempt | undefined;
      try {
        const session = await this.#connected();
        attempt = session.begin();
        const outcome = await attempt.run(commands, isInSequence, this.#start);
        this.#awayMs = undefined;
        return outcome;
      } catch (error) {
        if (error instanceof Entangled) {
          isInSequence = true;
          continue;
        }
        if (!isLost(error)) {
          this.#awayMs = undefined; // it answered
          throw error;
        }
        this.#forgetSession();
        this.#awayMs ??= performance.now();
        const settled = attempt && (await this.#whatBecameOf(attempt));
        if (settled) return settled;
        if (performance.now() - this.#awayMs >= this.#start.connection.patienceMs)
          throw away(error);
        await sleep(retryPauseMs);
      }
    }
  }

  /**
   * What an attempt came to whose commit was asked for and not answered.
   * @returns undefined where it did not happen
   * @throws GatewayError when that cannot be learnt in time
   */
  async #whatBecameOf(attempt: Attempt): Promise<Outcome | undefined> {
    const { outcome, transaction } = attempt;
    if (outcome === undefined || transaction === undefined) return undefined;
    while (true) {
      try {
        const { client } = await this.#connected();
        const { rows } = await client.query('SELECT pg_xact_status($1::xid8) AS status', [
          transaction,
        ]);
        const status: unknown = rows[0]?.status;
        if (status === 'committed') return outcome;
        if (status === 'aborted') return undefined;
      } catch (error) {
        if (!isLost(error)) throw error;
        this.#forgetSession();
        const sinceMs = performance.now() - (this.#awayMs ?? 0);
        if (sinceMs >= this.#start.connection.patienceMs) throw away(error);
      }
      await sleep(retryPauseMs);
    }
  }

  /** The database may be starting at the same time as we. */
  async #firstSession(): Promise<Session> {
    const untilMs = performance.now() + this.#start.connection.patienceMs;
    while (true) {
      try {
        return await this.#connected();
      } catch (error) {
        if (!isLost(error) || performance.now() >= untilMs) throw error;
        await sleep(retryPauseMs);
      }
    }
  }

  async #connected(): Promise<Session> {
    this.#session ??= new Session(
      await connect(this.#start.connection, 'writer'),
      this.#start.refused,
    );
    return this.#session;
  }

  #forgetSession(): void {
    this.#session?.client.end().catch(() => undefined);
    this.#session = undefined;
  }
}

/** A connection with what was prepared on it. */
class Session {
  readonly client: Client;
  readonly writer: Writer;
  /** Names that commands at work beside each other have to themselves; undefined while one is at work alone. */
  names: Set<string> | undefined;

  constructor(client: Client, refused: RefusedLimits) {
    this.client = client;
    const alone = (name: string): void => {
      if (this.names === undefined) return;
      if (this.names.has(name)) throw new Entangled(name);
      this.names.add(name);
    };
    this.writer = prepareWrites(postgresSql(client, { alone }), refused);
  }

  begin(): Attempt {
    return new Attempt(this);
  }
}

interface Outcome {
  readonly results: readonly unknown[];
  readonly addedOutbox: boolean;
}

/** One transaction. */
class Attempt {
  readonly #session: Session;
  /** Its number at the server, as soon as that is known. */
  transaction: string | undefined;
  /** What it comes to, once its commit has been asked for. */
  outcome: Outcome | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async run(
    commands: readonly Command[],
    isInSequence: boolean,
    { connection, instance, syncDelayMs }: PostgresWriterStart,
  ): Promise<Outcome> {
    const { client, writer } = this.#session;
    // Other instances have written since: what was summed up from the tables holds no longer.
    writer.forget();
    const begun = this.#begin(client, connection.schema);
    begun.catch(() => undefined); // heard below, also where the commands fail before it
    try {
      const results = await this.#runAll(commands, isInSequence);
      await begun;
      await drive(writer.finish());
      const addedOutbox = writer.takeAddedOutbox();
      if (addedOutbox) await client.query(notify(connection.schema, instance));
      if (syncDelayMs > 0) await sleep(syncDelayMs);
      this.outcome = { results, addedOutbox };
      await client.query('COMMIT');
      return this.outcome;
    } catch (error) {
      writer.forget();
      const first = await begun.then(
        () => error,
        (reason: unknown) => reason,
      );
      // Where even that fails the connection is no good, and the next attempt hears so.
      if (!isLost(first)) await client.query('ROLLBACK').catch(() => client.end());
      throw first;
    }
  }

  /** Goes out with the first statements and is not waited for: the server takes them one after the other. */
  async #begin(client: Client, schema: string): Promise<void> {
    const [, locked] = await allEnded<QueryResult>([
      client.query('BEGIN'),
      client.query({ ...turn, values: [schema] }),
    ]);
    const id: unknown = locked?.rows[0]?.id;
    this.transaction = String(id);
  }

  /** Whoever takes a lease waits for its turn among the writers, so what stands now stands until the commit. */
  async #stands({ name, epoch }: Fence): Promise<boolean> {
    const { rows } = await this.#session.client.query({ ...epochOf, values: [name] });
    const row: { epoch: number } | undefined = rows[0];
    return row?.epoch === epoch;
  }

  async #runAll(commands: readonly Command[], isInSequence: boolean): Promise<unknown[]> {
    const results: unknown[] = Array.from({ length: commands.length });
    for (const wave of isInSequence ? commands.map((_, index) => [index]) : wavesOf(commands)) {
      this.#session.names = wave.length > 1 ? new Set() : undefined;
      const done = await allEnded(wave.map((index) => this.#runOne(commands[index])));
      for (const [place, index] of wave.entries()) results[index] = done[place];
    }
    return results;
  }

  async #runOne(command: Command | undefined): Promise<unknown> {
    assert(command, 'a wave holds places of commands');
    const { name, input, fence } = command;
    if (fence !== undefined && !(await this.#stands(fence))) {
      throw new GatewayError('lease-lost', `${fence.name} is held by another instance`);
    }
    // The queue typed name and input together; a message port cannot carry that.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const write = this.#session.writer.writes[name] as (given: unknown) => Step<unknown>;
    return await drive(write(input));
  }
}

const epochOf = { name: 'epoch', text: 'SELECT epoch FROM leases WHERE name = $1' };
const turn = {
  name: 'turn',
  text: `SELECT ${writeTurn}, pg_current_xact_id()::text AS id`,
};

const notify = (schema: string, instance: string) => ({
  name: 'notify',
  text: 'SELECT pg_notify($1, $2)',
  values: [outboxChannel(schema), instance],
});

function failed(commands: readonly Command[], error: unknown): BatchResult {
  const { code, message } = postgresError(error);
  return {
    results: commands.map(() => undefined),
    failures: commands.map((_, index) => [index, { code, message }]),
    commits: 0,
    addedOutbox: false,
  };
}

/** The database was away for too long: one by one it would be no better. */
class Away extends GatewayError {}
const away = (cause: unknown): Away => {
  const { code, message } = postgresError(cause);
  return new Away(code, message, { cause });
};
const isAway = (error: unknown): boolean => error instanceof Away;

// ---------------------------------------------------------------- the worker

async function serveCommands(): Promise<void> {
  const port = parentPort;
  assert(port, 'the writer runs as a worker');
  const given: PostgresWriterStart = workerData;
  const group = new GroupCommit(given);
  try {
    const version = await group.open();
    serve(port, version, group);
  } catch (error) {
    await group.close();
    refuse(port, postgresError(error));
  }
}

void serveCommands();
