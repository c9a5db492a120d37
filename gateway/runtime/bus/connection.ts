/**
 * A connection to the broker that is made again whenever it is lost. amqplib waits in between; what stands on a
 * connection (channels, consumers) is made anew each time, in one way, by `setup`.
 */
import { connect, type ChannelModel, type SocketOptions } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import { asBusError } from './broker-error.ts';

export interface BrokerAddress {
  /** `amqp://user:password@host:port/vhost`, or `amqps`: never logged. */
  readonly url: string;
  /** PEM texts. */
  readonly tls?: Pick<SocketOptions, 'ca' | 'cert' | 'key'>;
}

export interface ConnectionState {
  readonly connected: boolean;
  /** When it became so, in epoch milliseconds. */
  readonly sinceMs: number;
  /** The broker is short of memory or disk and reads nothing that is published. */
  readonly blocked: { readonly reason: string; readonly sinceMs: number } | undefined;
  /** Connections made so far. */
  readonly made: number;
}

export interface Connection {
  state(): ConnectionState;
  /** Resolves when the first attempt has ended, well or not. */
  readonly tried: Promise<void>;
  /** What stands on it is of no more use: it is closed and made anew with everything on it. */
  renew(model: ChannelModel): void;
  close(): Promise<void>;
}

export interface ConnectionParts {
  readonly address: BrokerAddress;
  /** What the broker's own tools show it as. */
  readonly name: string;
  readonly nowMs: () => number;
  /** Makes what stands on a connection; a rejection counts as a connection that failed. */
  readonly setup: (model: ChannelModel) => Promise<void>;
  /** Called when it can be used: it was made, or the broker takes again what it blocked. */
  readonly onUsable?: () => void;
  /** Told of every failure, and when the broker blocks. */
  readonly onTrouble: (error: GatewayError) => void;
}

const reconnect = { initialDelay: 100, maxDelay: 5_000, jitter: 0.2 } as const;
const connectTimeoutMs = 10_000;
/** A connection that is frozen, not cut, is noticed after two of them. */
const heartbeatSeconds = 10;

/** Connects now, and after every loss. It never throws. */
export function keepConnected(parts: ConnectionParts): Connection {
  const { address, nowMs } = parts;
  let state: ConnectionState = { connected: false, sinceMs: nowMs(), blocked: undefined, made: 0 };
  let closed = false;
  const tried = signal();

  const report = (thrown: unknown): void => {
    if (!closed) parts.onTrouble(asBusError(thrown));
  };
  const lost = (): void => {
    if (state.connected)
      state = { ...state, connected: false, sinceMs: nowMs(), blocked: undefined };
  };

  async function setup(model: ChannelModel): Promise<void> {
    // First of all: an error on the connection that nobody listens to ends the process.
    model.on('error', report);
    model.on('close', lost);
    model.on('blocked', (reason) => {
      state = { ...state, blocked: { reason, sinceMs: nowMs() } };
      report(new GatewayError('bus-unavailable', `the broker takes nothing: ${reason}`));
    });
    model.on('unblocked', () => {
      state = { ...state, blocked: undefined };
      parts.onUsable?.();
    });
    await parts.setup(model);
    state = { connected: true, sinceMs: nowMs(), blocked: undefined, made: state.made + 1 };
    parts.onUsable?.();
  }

  const connection = connect(withHeartbeat(address.url), {
    ...address.tls,
    timeout: connectTimeoutMs,
    noDelay: true,
    clientProperties: { connection_name: parts.name },
    recovery: { ...reconnect, setup, waitForConnect: false },
  }).then((made) => {
    made.on('error', () => undefined); // reported where the connection itself says it
    made.on('connect-failed', report);
    made.on('disconnect', report);
    made.on('connect', tried.give);
    made.on('connect-failed', tried.give);
    return made;
  });

  return {
    state: () => state,
    tried: tried.given,
    renew(model) {
      if (closed) return;
      // Already closing or closed is as good.
      void Promise.resolve()
        .then(() => model.close())
        .catch(() => undefined);
    },
    async close() {
      closed = true;
      tried.give();
      await (await connection).close();
    },
  };
}

function withHeartbeat(url: string): string {
  const full = new URL(url);
  if (!full.searchParams.has('heartbeat'))
    full.searchParams.set('heartbeat', String(heartbeatSeconds));
  return full.href;
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give!: () => void;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
