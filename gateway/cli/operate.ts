/** Has an operation done: by the gateway that runs on the data folder, and where none does here. */
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { z } from 'zod';
import { loadProfiles } from '../../profiles/index.ts';
import { asGatewayError, errorCodes, GatewayError } from '../errors.ts';
import type { InputOf, OperationName, ResultOf } from '../operations/index.ts';
import type { Order } from '../operations/operation.ts';
import { runOperation } from '../operations/run.ts';
import { systemClock } from '../runtime/clock.ts';
import { dataFolder, loadConfig, type Config } from '../runtime/config.ts';
import { newId } from '../runtime/ids.ts';
import { openJournal } from '../runtime/journal/open.ts';
import { createLog } from '../runtime/log.ts';
import { mappingsOf, openIntake, type Intake } from '../wiring/intake.ts';
import { socketOf } from '../wiring/operate.ts';
import { tokenThatWouldBe } from '../wiring/tokens.ts';
import { usersOf } from '../wiring/users.ts';
import type { QuestionOptions } from './question.ts';

export interface OperateOptions extends QuestionOptions {
  readonly reason: string;
  readonly who?: string | undefined;
}

export interface Operated<R> {
  readonly by: 'the running gateway' | 'this command';
  readonly result: R;
}

/** Told while it is under way. */
type Tell = (done: number, of: number) => void;

/**
 * @param tell hears how far it has come
 * @throws GatewayError what the operation throws, wherever it runs
 */
export async function operate<N extends OperationName>(
  options: OperateOptions,
  name: N,
  input: InputOf<N>,
  tell: Tell = () => undefined,
): Promise<Operated<ResultOf<N>>> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const order = { who: options.who ?? userInfo().username, reason: options.reason };
  const asked = await askRunning(dataFolder(config), name, { order, input }, tell);
  const [by, came] =
    asked === 'nobody there'
      ? (['this command', await operateHere(config, name, { order, input }, tell)] as const)
      : (['the running gateway', asked.result] as const);
  // What an operation comes to is what it was typed to come to, also as JSON.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { by, result: came as ResultOf<N> };
}

/** As the operation that only a gateway that runs can do. @throws GatewayError where none runs */
export function nobodyThere(folder: string): GatewayError {
  return new GatewayError(
    'configuration-invalid',
    `no gateway runs on the data folder ${folder}\n  next: name its folder with --data or its file with --config; a gateway that starts reads everything anew`,
  );
}

interface Asked {
  readonly order: Order;
  readonly input: unknown;
}

const line = z.union([
  z.strictObject({ progress: z.strictObject({ done: z.number(), of: z.number() }) }),
  z.strictObject({ result: z.unknown() }),
  z.strictObject({ error: z.strictObject({ code: z.enum(errorCodes), message: z.string() }) }),
]);

async function askRunning(
  folder: string,
  name: string,
  asked: Asked,
  tell: Tell,
): Promise<{ readonly result: unknown } | 'nobody there'> {
  const socketPath = socketOf(folder);
  if (socketPath === undefined || !existsSync(socketPath)) return 'nobody there';
  const response = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
    const sent = request({ socketPath, method: 'POST', path: `/${name}` }, resolve);
    // Left behind by one that was killed.
    sent.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    );
    sent.end(JSON.stringify(asked));
  }).catch((thrown: unknown) => {
    throw notReached(socketPath, thrown);
  });
  if (response === undefined) return 'nobody there';
  try {
    for await (const text of createInterface({ input: response })) {
      const read = line.parse(JSON.parse(text));
      if ('progress' in read) tell(read.progress.done, read.progress.of);
      else if ('error' in read) throw new GatewayError(read.error.code, read.error.message);
      else return { result: read.result };
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
  }
  throw new GatewayError(
    'delivery-unknown',
    'the gateway ended before it had answered\n  next: look with hemgang status at what was done, then do it again',
  );
}

function notReached(socketPath: string, thrown: unknown): GatewayError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
  return new GatewayError(
    'configuration-invalid',
    `the gateway cannot be reached at ${socketPath} (${code})\n  next: run this as the gateway's own user`,
    { cause: thrown },
  );
}

async function operateHere(
  config: Config,
  name: string,
  asked: Asked,
  tell: Tell,
): Promise<unknown> {
  const journal = await openJournal(config);
  const log = createLog({ level: 'warn' });
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  let intake: Intake | undefined;
  const parts = { journal, clock: systemClock, log, newId };
  const workplace = {
    ...parts,
    config,
    running: undefined,
    current: () => ({
      config,
      profiles: loadProfiles({ overlays: config.profiles }),
      users: usersOf(config, process.env, tokenThatWouldBe),
    }),
    intake: () => (intake ??= openIntake(mappingsOf(config), config, parts)),
  };
  try {
    return await runOperation(name, asked, workplace, { signal: stopping.signal, tell });
  } catch (thrown) {
    throw asGatewayError(thrown);
  } finally {
    process.removeListener('SIGINT', stop);
    await intake?.close();
    await journal.close();
  }
}
