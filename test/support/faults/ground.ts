/** What a fault strikes: a house on servers of its own, reached by lines that can be disturbed. */
import { ownBroker, type OwnBroker } from '../own-broker.ts';
import { ownPostgres, type OwnPostgres } from '../own-postgres.ts';
import { startProxy, type Proxy } from '../proxy.ts';
import { makeHouse, type House } from './house.ts';

export interface Ground {
  readonly house: House;
  readonly postgres: OwnPostgres;
  readonly broker: OwnBroker;
  readonly postgresLine: Proxy;
  readonly brokerLine: Proxy;
  /** Milliseconds since the queues were declared. */
  queueAgeMs(): number;
  close(): Promise<void>;
}

export async function makeGround(): Promise<Ground> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).toReversed()) await one();
  };
  try {
    const [postgres, broker] = await Promise.all([
      // Few connections, so that they can be used up.
      ownPostgres({ settings: { max_connections: '60' } }).then((server) => {
        closing.push(() => server.close());
        return server;
      }),
      ownBroker().then((server) => {
        closing.push(() => server.close());
        return server;
      }),
    ]);
    const postgresLine = await startProxy({ port: postgres.port });
    closing.push(() => postgresLine.close());
    const brokerLine = await startProxy({ port: broker.port });
    closing.push(() => brokerLine.close());
    const house = await makeHouse({
      postgresUrl: postgresLine.url(postgres.url),
      directUrl: postgres.url,
      schema: 'faults',
      brokerUrl: brokerLine.url(broker.url),
      prefix: 'faults',
    });
    closing.push(() => house.close());
    await Promise.all(house.instances.map((instance) => instance.start()));
    const startedAt = performance.now();
    const queueAgeMs = (): number => performance.now() - startedAt;
    return { house, postgres, broker, postgresLine, brokerLine, queueAgeMs, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
