/**
 * Where an operator's commands reach the gateway that runs: a socket in its data folder, which only its own user can
 * open. Nothing of it is on the network, so it needs no token; whoever may read the journal may operate it.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { asGatewayError, GatewayError } from '../errors.ts';
import { operationRequest, runOperation, type Workplace } from '../operations/run.ts';

export interface OperateServer {
  /** Ends what is under way, then closes. */
  close(): Promise<void>;
}

const socketName = 'hemgang.socket';
/** Of the operating system: longer paths of sockets are cut off. */
const longestPath = 103;
const maxBodyBytes = 64 * 1024 * 1024;

/**
 * The socket of a data folder; the shorter of its two names.
 * @returns undefined where both are too long for a socket
 */
export function socketOf(folder: string): string | undefined {
  const whole = join(folder, socketName);
  const short = `./${relative(process.cwd(), whole)}`;
  const path = short.length < whole.length ? short : whole;
  return Buffer.byteLength(path) <= longestPath ? path : undefined;
}

/**
 * Listens for commands. Without a socket the gateway runs all the same, and says why in its log.
 * @param folder the data folder
 * @throws GatewayError configuration-invalid where another gateway listens there
 */
export async function listenForOperators(
  folder: string,
  workplace: Workplace,
): Promise<OperateServer> {
  const { log } = workplace;
  const path = socketOf(folder);
  if (path === undefined) {
    log.warn({ folder }, 'the path of the data folder is too long: commands cannot reach this one');
    return { close: () => Promise.resolve() };
  }
  if (await isAnswered(path)) {
    throw new GatewayError(
      'configuration-invalid',
      `the data folder ${folder} is in use by another gateway\n  next: stop it, or start this one with another --data folder`,
    );
  }
  rmSync(path, { force: true });
  const stopping = new AbortController();
  const inHand = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const answered = answer(request, response, workplace, stopping.signal);
    inHand.add(answered);
    void answered.finally(() => inHand.delete(answered));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } catch (thrown) {
    server.close();
    log.warn({ err: asGatewayError(thrown), folder }, 'no socket: commands cannot reach this one');
    return { close: () => Promise.resolve() };
  }
  return {
    async close() {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all(inHand);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether a gateway runs on a data folder. */
export async function isGatewayAt(folder: string): Promise<boolean> {
  const path = socketOf(folder);
  return path !== undefined && (await isAnswered(path));
}

/** Somebody who is there answers; a socket that was left behind by a process that was killed does not. */
async function isAnswered(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** `POST /<operation>`; the answer is lines of JSON: progress, then the result or what was wrong. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  workplace: Workplace,
  stopping: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const say = (line: unknown): void => void response.write(`${JSON.stringify(line)}\n`);
  response.setHeader('Content-Type', 'application/x-ndjson');
  try {
    const read = operationRequest.parse(JSON.parse(await bodyOf(request)));
    const result = await runOperation((request.url ?? '/').slice(1), read, workplace, {
      signal: AbortSignal.any([left.signal, stopping]),
      tell: (done, of) => say({ progress: { done, of } }),
    });
    say({ result: result ?? null });
  } catch (thrown) {
    const error = asGatewayError(thrown);
    workplace.log.warn({ err: error }, 'an operator was refused');
    say({ error: { code: error.code, message: error.message } });
  }
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk: Buffer = part;
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new GatewayError('configuration-invalid', 'too much at once');
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}
