/**
 * The faults, as data: what strikes, what a user sees of it, what is guaranteed. Each strikes while messages come in, and
 * takes itself away again; the result must equal the undisturbed one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Ground } from './ground.ts';
import type { House } from './house.ts';
import { casesOf, tell, type Case } from './workload.ts';

export interface Fault {
  readonly name: string;
  readonly sees: string;
  readonly guaranteed: string;
  /** Part of the sample that `npm test` takes. */
  readonly sampled?: true;
  /** Why it cannot be tried on this ground now. */
  readonly prevented?: (ground: Ground) => string | undefined;
  /** Strikes, and takes itself away. */
  readonly strike: (ground: Ground) => Promise<void>;
  /** It strikes from the first message on, not when a third has been told. */
  readonly fromTheFirst?: true;
  /** Strikes once more when everything was told and has come to rest. */
  readonly afterwards?: (ground: Ground, cases: readonly Case[]) => Promise<void>;
}

const once = 'nothing lost, each message and each notice once, order per case';
const later = 'answers wait or are AR 207 until it is back; the hospital sends again';
const hourMs = 3_600_000;

export const faults: readonly Fault[] = [
  {
    name: 'kill -9 of one instance under load',
    sees: 'connections to it break; the hospital sends again, to the other',
    guaranteed: once,
    sampled: true,
    strike: async ({ house: { instances } }) => instances[0].signal('SIGKILL'),
  },
  {
    name: 'kill -9 of both instances in turn, four times',
    sees: 'as with one; notices come later by the lease time at most',
    guaranteed: once,
    async strike({ house: { instances } }) {
      for (const instance of [...instances, ...instances]) {
        const before = instance.restarts();
        instance.signal('SIGKILL');
        while (instance.restarts() === before) await sleep(20);
        await sleep(1_000);
      }
    },
  },
  {
    name: 'kill -9 of both instances at once',
    sees: 'nobody answers until one is back',
    guaranteed: once,
    async strike({ house: { instances } }) {
      for (const instance of instances) instance.signal('SIGKILL');
    },
  },
  {
    name: 'a lease stolen from a paused process (SIGSTOP, longer than the lease time)',
    sees: 'its connections are silent; the other instance takes over its partitions',
    guaranteed: `${once}: what the paused one wakes up with is refused (lease-lost)`,
    sampled: true,
    async strike({ house: { instances } }) {
      instances[0].signal('SIGSTOP');
      await sleep(5_000);
      instances[0].signal('SIGCONT');
    },
  },
  {
    name: 'the clock of one instance steps two hours forward, of the other one hour back',
    sees: 'nothing; times in the journal are off as the clocks were',
    guaranteed: `${once}: leases go by the database's clock`,
    async strike({ house: { instances } }) {
      instances[0].stepClock(2 * hourMs);
      instances[1].stepClock(-hourMs);
      await sleep(2_000);
      instances[0].stepClock(-2 * hourMs);
      instances[1].stepClock(hourMs);
    },
  },
  {
    name: 'the line to the broker is cut in the middle of confirms, five times',
    sees: 'nothing; notices come some moments later',
    guaranteed: once,
    sampled: true,
    async strike({ brokerLine }) {
      for (const bytes of [1, 7, 100, 400, 1_500]) {
        brokerLine.cutAfter(bytes, 'to-client');
        await sleep(400);
      }
      brokerLine.mend();
    },
  },
  {
    name: 'the line to the broker is frozen, longer than confirms are waited for',
    sees: 'answers as ever; notices wait',
    guaranteed: once,
    async strike({ brokerLine }) {
      brokerLine.freeze();
      await sleep(4_000);
      brokerLine.mend();
    },
  },
  {
    name: 'the broker closes every connection',
    sees: 'nothing',
    guaranteed: once,
    strike: ({ broker }) => broker.closeConnections(),
  },
  {
    name: 'the broker is stopped and started (stop_app, start_app)',
    sees: 'answers as ever; notices wait; /health/ready says bus',
    guaranteed: once,
    async strike({ broker }) {
      await broker.stopApp();
      await broker.startApp();
    },
  },
  {
    name: 'the broker is restarted',
    sees: 'answers as ever; notices wait; /health/ready says bus',
    guaranteed: once,
    async strike({ broker }) {
      await broker.stop();
      await broker.start();
    },
  },
  {
    name: "the broker's memory alarm",
    sees: 'answers as ever; notices wait until the alarm is lifted',
    guaranteed: once,
    async strike({ broker }) {
      await broker.raiseAlarm();
      await sleep(1_000);
      await broker.liftAlarm();
    },
  },
  {
    name: 'PostgreSQL is restarted',
    sees: later,
    guaranteed: once,
    sampled: true,
    async strike({ postgres }) {
      await postgres.stop();
      await postgres.start();
    },
  },
  {
    name: 'PostgreSQL is killed (kill -9) and recovers',
    sees: later,
    guaranteed: once,
    async strike({ postgres }) {
      await postgres.kill();
      await postgres.start();
    },
  },
  {
    name: 'PostgreSQL is frozen',
    sees: later,
    guaranteed: once,
    async strike({ postgres }) {
      postgres.freeze();
      await sleep(3_000);
      postgres.thaw();
    },
  },
  {
    name: 'the line to PostgreSQL is cut in the middle of answers, five times',
    sees: later,
    guaranteed: `${once}: a commit whose answer was lost is found when it is sent again`,
    async strike({ postgresLine }) {
      for (const bytes of [1, 9, 60, 300, 2_000]) {
        postgresLine.cutAfter(bytes, 'to-client');
        await sleep(400);
      }
      postgresLine.mend();
    },
  },
  {
    name: 'every connection of PostgreSQL is taken by others, and ours are ended',
    sees: later,
    guaranteed: once,
    strike: ({ postgres }) => exhaustConnections(postgres.url),
  },
  {
    name: 'every fifth append conflicts (SQLSTATE 40001)',
    sees: 'nothing',
    guaranteed: once,
    strike: ({ postgres }) => refuseInserts(postgres.url, 'outbox', '40001', 5, 4_000),
  },
  {
    name: 'the disk of PostgreSQL is full (SQLSTATE 53100 from the journal’s tables)',
    sees: 'AR 207 (HTTP 503) until there is room; the hospital sends again',
    guaranteed: `${once}: what was acknowledged before is there`,
    strike: ({ postgres }) => refuseInserts(postgres.url, 'messages', '53100', 1, 3_000),
  },
  {
    name: 'the receiver takes notices and breaks the connection before it answers',
    sees: 'the receiver gets the same notice again, with the same webhook-id',
    guaranteed: once,
    strike: async ({ house: { receiver } }) => receiver.vanishAfter(10),
  },
  {
    name: 'the receiver is down for hours, by the clock',
    sees: 'notices of its cases wait, and come in order when it is back',
    guaranteed: once,
    async strike({ house }) {
      const { receiver, instances } = house;
      await receiver.goDown();
      for (let half = 0; half < 8; half += 1) {
        for (const instance of instances) instance.stepClock(hourMs / 2);
        await sleep(300);
      }
      await receiver.comeUp();
      // What waits tries again as its times come. The clocks stay there: what was to be tried again would wait for them.
      for (let rounds = 0; rounds < 3 || (await waitsForRetry(house)); rounds += 1) {
        for (const instance of instances) instance.stepClock(4 * hourMs);
        await sleep(500);
      }
    },
  },
  {
    name: 'everything in the broker is thrown away (queues deleted)',
    sees: 'nothing: the journal publishes it again',
    guaranteed: once,
    async strike({ broker }) {
      const queues = (await broker.control('list_queues', 'name', '--no-table-headers'))
        .split('\n')
        .filter((name) => name.startsWith('faults.'));
      for (const queue of queues) await broker.control('delete_queue', queue);
    },
  },
  {
    name: 'a poison event: one whose case cannot be folded',
    sees: 'its case stops, and is a dead letter after six attempts; others go on',
    guaranteed: `${once}, for all other cases; the dead letter keeps its cause and can be redriven`,
    strike: poisonOneCase,
  },
  {
    name: 'everything is delivered once more: all messages of the hospitals, all rows of the outbox',
    sees: 'each message has its answer again; the receiver hears nothing',
    guaranteed: once,
    fromTheFirst: true,
    strike: ({ house }) =>
      house
        .query(
          `
        CREATE TABLE kept_outbox AS SELECT * FROM outbox WHERE false;
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO faults.kept_outbox SELECT NEW.*;
          RETURN NEW;
        END $$;
        CREATE TRIGGER keep BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION keep()`,
        )
        .then(() => undefined),
    async afterwards({ house }, cases) {
      await house.query(`
        DROP TRIGGER keep ON outbox;
        DROP FUNCTION keep();
        INSERT INTO outbox SELECT DISTINCT ON (queue, position) * FROM kept_outbox
          ON CONFLICT DO NOTHING;
        DROP TABLE kept_outbox`);
      await tell(cases, {
        ports: house.instances.map(({ mllpPort }) => mllpPort),
        noticesOf: house.deliveredOf,
        together: 8,
        patienceMs: 60_000,
      });
    },
  },
  // Last: its queues must be old enough.
  {
    name: 'the broker is killed (kill -9)',
    sees: 'as when it is restarted',
    guaranteed: once,
    prevented: ({ queueAgeMs }) =>
      queueAgeMs() > 200_000
        ? undefined
        : 'RabbitMQ 3.10 loses the leader of a queue younger than three minutes',
    async strike({ broker }) {
      await broker.kill();
      await broker.start();
    },
  },
];

/** Whether a delivery waits for a time to be tried again. */
async function waitsForRetry({ query }: House): Promise<boolean> {
  const waiting = `SELECT 1 FROM deliveries WHERE state = 'pending' AND next_at IS NOT NULL`;
  return (await query(waiting)).length > 0;
}

/** Tells the beginning of one more case, spoils what is stored of it, and tells on. */
async function poisonOneCase({ house }: Ground): Promise<void> {
  const [poisoned] = casesOf(1);
  if (!poisoned) throw new Error('one case');
  const ports = house.instances.map(({ mllpPort }) => mllpPort);
  const hospitals = { ports, noticesOf: () => Infinity, together: 1, patienceMs: 60_000 };
  await tell([poisoned], hospitals, 1);
  const [spoiled] = await house.query<{ stream: string }>(
    `UPDATE events SET body = CAST(jsonb_set(CAST(body AS jsonb), '{data}', 'null') AS json)
     WHERE type = 'patient.admitted' AND body -> 'source' ->> 'messageId' IN
       (SELECT message_id FROM messages WHERE control_id LIKE $1) RETURNING stream`,
    [`${poisoned.key}%`],
  );
  await tell([poisoned], hospitals);
  let dead = 0;
  for (const giveUpAt = performance.now() + 60_000; ;) {
    const buried = 'DELETE FROM outbox WHERE stage = 2 AND stream = $1 RETURNING position';
    dead += (await house.query(buried, [spoiled?.stream])).length;
    const waiting = 'SELECT position FROM outbox WHERE stage < 2 AND stream = $1';
    if (dead > 0 && (await house.query(waiting, [spoiled?.stream])).length === 0) break;
    if (performance.now() > giveUpAt) throw new Error(`${dead} dead letters, and others wait`);
    // The pauses between attempts pass by the clock.
    for (const instance of house.instances) instance.stepClock(30_000);
    await sleep(300);
  }
}

/** Ends all connections and takes what is free, for a while. */
async function exhaustConnections(url: string): Promise<void> {
  const taken: Client[] = [];
  const take = async (): Promise<boolean> => {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
      return true;
    } catch {
      return false;
    }
  };
  await take();
  await taken[0]?.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  );
  for (const until = performance.now() + 3_000; performance.now() < until;) {
    if (!(await take())) await sleep(20);
  }
  await Promise.all(taken.map((client) => client.end()));
}

/** Every nth insert into a table fails with this SQLSTATE, for a while, as the database itself would say it. */
async function refuseInserts(
  url: string,
  table: string,
  state: string,
  every: number,
  forMs: number,
): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`
      SET search_path TO faults;
      CREATE SEQUENCE refusals;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('faults.refusals') % ${every} = 0 THEN
          RAISE EXCEPTION 'disturbed' USING ERRCODE = '${state}';
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await sleep(forMs);
    await client.query(
      `DROP TRIGGER refuse ON ${table}; DROP FUNCTION refuse(); DROP SEQUENCE refusals`,
    );
  } finally {
    await client.end();
  }
}
