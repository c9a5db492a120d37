/**
 * A receiver of webhooks as a process of its own, for measuring: it answers each call after a while, and says over the IPC
 * channel how many came, when, and what they cost it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it saw since it was last asked to count anew. */
export interface Heard {
  readonly calls: number;
  /** When the first and the last of them came, in milliseconds since it began. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly cpuMs: number;
}

const delayMs = Number(process.argv[2] ?? '0');
let calls = 0;
let firstMs = 0;
let lastMs = 0;

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    lastMs = performance.now();
    if (calls === 0) firstMs = lastMs;
    calls += 1;
    setTimeout(() => response.writeHead(204).end(), delayMs);
  });
});

process.on('message', (question: string) => {
  const { user, system } = process.cpuUsage();
  process.send?.({ calls, firstMs, lastMs, cpuMs: (user + system) / 1000 } satisfies Heard);
  if (question === 'anew') calls = 0;
});
// Whoever measures is gone: so is what was measured with.
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.(`http://127.0.0.1:${port}/notices`);
});
