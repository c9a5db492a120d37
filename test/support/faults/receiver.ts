/** A receiver that keeps every call: of which notice, of which case, with which content. */
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { caseKeyIn } from './workload.ts';

export interface TakenNotice {
  readonly webhookId: string;
  readonly caseKey: string;
  readonly body: { readonly type: string; readonly data: { readonly caseReference: string } };
}

export interface FaultReceiver {
  readonly url: string;
  /** Each notice once, in the order in which they first came. */
  readonly taken: readonly TakenNotice[];
  /** Calls that repeated a notice that had been taken. */
  repeats(): number;
  /** Repeats whose content was another: none is right. */
  changedRepeats(): number;
  /** The case that a case reference of ours stands for, once a notice named it. */
  caseOf(reference: string): string | undefined;
  /** Nobody listens. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  /** Takes the next calls and breaks the connection before it answers. */
  vanishAfter(calls: number): void;
  /** Forgets what was taken: the next round begins. */
  clear(): void;
  close(): Promise<void>;
}

export async function startFaultReceiver(): Promise<FaultReceiver> {
  const taken: TakenNotice[] = [];
  const digests = new Map<string, string>();
  const keys = new Map<string, string>();
  let repeats = 0;
  let changed = 0;
  let vanishing = 0;
  let server: Server | undefined;
  let port = 0;

  function take(webhookId: string, raw: string, response: ServerResponse): void {
    const digest = createHash('sha256').update(raw).digest('base64');
    const known = digests.get(webhookId);
    if (known === undefined) {
      digests.set(webhookId, digest);
      const body: TakenNotice['body'] = JSON.parse(raw);
      const caseKey = named(body.data.caseReference, raw);
      taken.push({ webhookId, caseKey, body });
    } else {
      repeats += 1;
      if (known !== digest) changed += 1;
    }
    if (vanishing > 0) {
      vanishing -= 1;
      response.destroy();
      return;
    }
    response.writeHead(202).end();
  }

  /** A withdrawal names no patient; the notice that it takes back did. */
  function named(reference: string, raw: string): string {
    const key = keys.get(reference) ?? caseKeyIn(raw);
    keys.set(reference, key);
    return key;
  }

  async function comeUp(): Promise<void> {
    if (server) return;
    const started = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        take(String(request.headers['webhook-id']), Buffer.concat(chunks).toString(), response),
      );
    });
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject);
      started.listen(port, '127.0.0.1', resolve);
    });
    const address = started.address();
    port = typeof address === 'object' && address ? address.port : 0;
    server = started;
  }

  async function goDown(): Promise<void> {
    const going = server;
    server = undefined;
    if (!going) return;
    const closed = new Promise((resolve) => going.close(resolve));
    going.closeAllConnections();
    await closed;
  }

  await comeUp();
  return {
    url: `http://127.0.0.1:${port}/notices`,
    taken,
    repeats: () => repeats,
    changedRepeats: () => changed,
    caseOf: (reference) => keys.get(reference),
    goDown,
    comeUp,
    vanishAfter(calls) {
      vanishing = calls;
    },
    clear() {
      taken.length = 0;
      repeats = 0;
      changed = 0;
    },
    close: goDown,
  };
}
