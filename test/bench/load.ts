/** Load generator: closed loop, one message in flight per connection, as a hospital's engine sends. */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Stop after so many messages … */
  readonly messages: number;
  /** … or after so long. */
  readonly limitMs: number;
  /** Wait after each answer; none where left out. */
  readonly pauseMs?: number;
  /** The nth message, framed. */
  readonly frame: (index: number) => Buffer;
}

export interface LoadResult {
  readonly messages: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** Answers that were not AA. */
  readonly refused: number;
}

/** Sends until the count or the time is reached; every latency is kept. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies = new Float64Array(load.messages);
  const end = performance.now() + load.limitMs;
  let next = 0;
  let answered = 0;
  let refused = 0;

  async function drive(): Promise<void> {
    const socket = await open(load.port);
    await new Promise<void>((resolve, reject) => {
      let sentAt = 0;
      const send = (): void => {
        if (next >= load.messages || performance.now() > end) {
          socket.destroy();
          resolve();
          return;
        }
        const frame = load.frame(next++);
        sentAt = performance.now();
        socket.write(frame);
      };
      socket.on('data', (chunk: Buffer) => {
        if (chunk[chunk.length - 1] !== 0x0d || chunk[chunk.length - 2] !== 0x1c) return;
        latencies[answered++] = performance.now() - sentAt;
        if (!chunk.includes('MSA|AA')) refused += 1;
        if (load.pauseMs === undefined) send();
        else setTimeout(send, load.pauseMs);
      });
      socket.on('error', reject);
      send();
    });
  }

  const start = performance.now();
  await Promise.all(Array.from({ length: load.connections }, drive));
  const seconds = (performance.now() - start) / 1000;
  const sorted = latencies.subarray(0, answered).toSorted();
  const at = (share: number): number =>
    sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? 0;
  return {
    messages: answered,
    perSecond: answered / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    longestMs: at(1),
    refused,
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** ZUT of ekliden: need stated; then discharge-ready. */
const readiness = [
  'ZUT|N||J|N|J|20220303160500|1480',
  'ZUT|K|20220307100000|J|N|J|20220303160500|1480',
];

/**
 * About 1 kB of ADT in the dialect of ekliden, framed. Three messages a stay: admission, an update that states the
 * need, discharge-ready; every stay is another patient, known by a local number.
 */
export function adtFrames(run: string): (index: number) => Buffer {
  const note = 'x'.repeat(420);
  const templates = [0, 1, 2].map((phase) => {
    const trigger = phase === 0 ? 'A01' : 'A08';
    const segments = [
      `MSH|^~\\&|EKLIDEN-PAS|EKLIDEN|HEMGANG|HEMGANG|20220303142000||ADT^${trigger}^ADT_A01|${run}-########|P|2.5|||||SWE|8859/1`,
      `EVN|${trigger}|20220303142000||||20220303142000`,
      `PID|1||${run}########^^^EKLIDEN^MR||Provsson^Prov||19500907|F|||Provgatan 1^^G\u00F6teborg^^41101^SWE^H^^1480`,
      `NTE|1||${note}`,
      `PV1|1|I|MED1^12^1^EKLIDEN||||||||||||||||V${run}########^^^EKLIDEN|||||||||||||||||||||||||20220303142000`,
      'PV2||||||||20220309',
      ...(phase === 0 ? [] : [readiness[phase - 1] ?? '']),
    ];
    const frame = Buffer.from(`\u000B${segments.join('\r')}\r\u001C\r`, 'latin1');
    const first = frame.indexOf('########');
    const second = frame.indexOf('########', first + 8);
    return { frame, places: [first, second, frame.indexOf('########', second + 8)] };
  });
  return (index) => {
    const template = templates[index % 3];
    if (!template) throw new Error('three phases');
    const frame = Buffer.from(template.frame);
    const stay = String(Math.floor(index / 3)).padStart(8, '0');
    const [control = 0, ...stays] = template.places;
    frame.write(String(index).padStart(8, '0'), control, 'latin1');
    for (const place of stays) frame.write(stay, place, 'latin1');
    return frame;
  };
}
