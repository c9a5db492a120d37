/** Load generator for HTTP: closed loop, one request in flight per kept connection, with as little client as there can be. */
import { connect } from 'node:net';

export interface HttpLoad {
  readonly port: number;
  readonly connections: number;
  /** Stop after so many requests … */
  readonly requests: number;
  /** … or after so long. */
  readonly limitMs: number;
  /** The nth request, whole. */
  readonly request: (index: number) => Buffer;
}

export interface HttpLoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Sends until the count or the time is reached; every latency is kept. */
export async function runHttpLoad(load: HttpLoad): Promise<HttpLoadResult> {
  const latencies = new Float64Array(load.requests);
  const statuses = new Map<number, number>();
  const end = performance.now() + load.limitMs;
  let next = 0;
  let answered = 0;

  const drive = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
      let sentAt = 0;
      let got: Buffer = Buffer.alloc(0);
      const send = (): void => {
        if (next >= load.requests || performance.now() > end) {
          socket.destroy();
          resolve();
          return;
        }
        const request = load.request(next++);
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the server closed the connection')));
      socket.on('data', (chunk: Buffer) => {
        got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
        const status = wholeAnswer(got);
        if (status === undefined) return;
        got = Buffer.alloc(0);
        latencies[answered++] = performance.now() - sentAt;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        send();
      });
    });

  const start = performance.now();
  await Promise.all(Array.from({ length: load.connections }, drive));
  const seconds = (performance.now() - start) / 1000;
  const sorted = latencies.subarray(0, answered).toSorted();
  const at = (share: number): number =>
    sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
  return {
    requests: answered,
    perSecond: answered / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
    statuses,
  };
}

/** The status of an answer that has come whole; every answer has a Content-Length here, or no body. */
function wholeAnswer(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < end + 4 + length) return undefined;
  return Number(head.slice(9, 12));
}

/** A request with a JSON body. */
export function jsonRequest(method: string, path: string, token: string, body: Buffer): Buffer {
  const head =
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Type: application/fhir+json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
