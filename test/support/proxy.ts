/** A line between us and a server that a test cuts, delays, freezes and half-closes. */
import { createConnection, createServer, type Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';

export interface Proxy {
  readonly port: number;
  /** The server's URL by way of the proxy. */
  url(original: string): string;
  /** Connections that are open now. */
  connections(): number;
  /** Breaks every connection at once (RST); new ones are taken. */
  cut(): void;
  /** Breaks every connection and refuses new ones, until `mend`. */
  cutOff(): void;
  /** Passes on in this direction at most so many bytes more, over all connections, then cuts. */
  cutAfter(bytes: number, direction: Direction): void;
  /** Ends one direction of every connection in order (FIN); the other goes on. */
  halfClose(direction: Direction): void;
  /** Takes what comes and passes nothing on; connections stay open and silent. Both directions without one. */
  freeze(direction?: Direction): void;
  /** Every chunk waits so long, in order; 0 ends it. */
  delay(ms: number): void;
  /** Passes on again, also what was held while frozen; takes connections again. */
  mend(): void;
  /** Bytes that were passed on so far. */
  passed(direction: Direction): number;
  close(): Promise<void>;
}

/** One way of one connection. */
interface Way {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  /** What came and is not passed on yet; undefined is the end. */
  readonly held: { readonly chunk: Uint8Array | undefined; readonly dueAt: number }[];
  timer?: NodeJS.Timeout | undefined;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startProxy(target: { host?: string; port: number }): Promise<Proxy> {
  const { host = '127.0.0.1' } = target;
  const ways = new Set<Way>();
  const frozen = new Set<Direction>();
  const passed: Record<Direction, number> = { 'to-server': 0, 'to-client': 0 };
  const allowed: Record<Direction, number> = { 'to-server': Infinity, 'to-client': Infinity };
  let delayMs = 0;
  let isOff = false;

  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (isOff) {
      near.resetAndDestroy();
      return;
    }
    const far = createConnection({ host, port: target.port, allowHalfOpen: true });
    for (const socket of [near, far]) socket.setNoDelay(true);
    open('to-server', near, far);
    open('to-client', far, near);
  });

  function open(direction: Direction, from: Socket, to: Socket): void {
    const way: Way = { direction, from, to, held: [] };
    ways.add(way);
    const take = (chunk: Uint8Array | undefined): void => {
      way.held.push({ chunk, dueAt: performance.now() + delayMs });
      passOn(way);
    };
    from.on('data', take);
    from.on('end', () => take(undefined));
    // Told by 'close'; whoever listens at the other end sees it as what it is.
    from.on('error', () => to.resetAndDestroy());
    from.on('close', () => {
      clearTimeout(way.timer);
      ways.delete(way);
    });
  }

  function passOn(way: Way): void {
    const { direction, to, held } = way;
    while (held[0] && !frozen.has(direction)) {
      const waitMs = held[0].dueAt - performance.now();
      if (waitMs > 0) {
        way.timer ??= setTimeout(() => {
          way.timer = undefined;
          passOn(way);
        }, waitMs);
        return;
      }
      const { chunk } = held[0];
      held.shift();
      if (to.destroyed) continue;
      if (chunk === undefined) {
        to.end();
        continue;
      }
      const part = chunk.subarray(0, allowed[direction]);
      passed[direction] += part.length;
      allowed[direction] -= part.length;
      to.write(part);
      if (allowed[direction] === 0) {
        allowed[direction] = Infinity;
        // What was allowed arrives, and then nothing more.
        to.destroySoon();
        cutAllBut(to);
        return;
      }
    }
  }

  function cutAllBut(spared?: Socket): void {
    for (const { from } of ways) if (from !== spared) from.resetAndDestroy();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;

  return {
    port,
    url(original) {
      const url = new URL(original);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    connections: () => [...ways].filter(({ direction }) => direction === 'to-server').length,
    cut: () => cutAllBut(),
    cutOff() {
      isOff = true;
      cutAllBut();
    },
    cutAfter(bytes, direction) {
      allowed[direction] = bytes;
    },
    halfClose(direction) {
      for (const way of ways) if (way.direction === direction) way.to.end();
    },
    freeze(direction) {
      for (const one of direction ? [direction] : (['to-server', 'to-client'] as const)) {
        frozen.add(one);
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    mend() {
      frozen.clear();
      isOff = false;
      for (const direction of ['to-server', 'to-client'] as const) allowed[direction] = Infinity;
      for (const way of ways) passOn(way);
    },
    passed: (direction) => passed[direction],
    async close() {
      cutAllBut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
