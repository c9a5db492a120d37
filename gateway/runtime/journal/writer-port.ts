/** What goes between the threads: commands to the writer, their results back. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { ErrorCode, GatewayError } from '../../errors.ts';
import type { Fence } from './contract/leases.ts';
import type { Writes } from './writes.ts';

export interface Command {
  readonly name: keyof Writes;
  readonly input: unknown;
  /** The lease it is made under. The embedded journal has one process, so its writer need not look. */
  readonly fence?: Fence;
}
export type ToWriter = { readonly commands: readonly Command[]; readonly bytes: number } | 'close';

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}
export interface BatchResult {
  readonly results: readonly unknown[];
  /** Which commands failed, by their place in the batch. */
  readonly failures: readonly (readonly [index: number, failure: Failure])[];
  readonly commits: number;
  readonly addedOutbox: boolean;
}
export type FromWriter =
  /** The version of the database. */
  { readonly ready: { readonly version: string } } | { readonly refused: Failure } | BatchResult;

/** What commits groups of commands. */
export interface Committer {
  /** One transaction where all goes well. Never throws. */
  run(commands: readonly Command[]): BatchResult | Promise<BatchResult>;
  close(): void | Promise<void>;
}

/** Bounds of one transaction: more waits for the next. */
const groupSize = 256;
const groupBytes = 8 * 1024 * 1024;

/** Answers what comes on the port, group after group, until it is told to close. */
export function serve(port: MessagePort, version: string, committer: Committer): void {
  const waiting: ToWriter[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (waiting.length > 0) {
      const { commands, isClosing } = takeGroup();
      if (commands.length > 0) port.postMessage(await committer.run(commands));
      if (isClosing) {
        await committer.close();
        port.close();
        return;
      }
    }
    isBusy = false;
  }

  /** Everything that has come by now, within bounds: a group forms when the writer is free, not before. */
  function takeGroup(): { readonly commands: readonly Command[]; readonly isClosing: boolean } {
    const commands: Command[] = [];
    let bytes = 0;
    while (commands.length < groupSize && bytes < groupBytes) {
      const next = waiting.shift() ?? receive();
      if (next === undefined) break;
      if (next === 'close') return { commands, isClosing: true };
      commands.push(...next.commands);
      bytes += next.bytes;
    }
    return { commands, isClosing: false };
  }

  function receive(): ToWriter | undefined {
    const received: { message: ToWriter } | undefined = receiveMessageOnPort(port);
    return received?.message;
  }

  port.on('message', (message: ToWriter) => {
    waiting.push(message);
    if (!isBusy) void work();
  });
  port.postMessage({ ready: { version } } satisfies FromWriter);
}

/** Says why there will be no writer. */
export function refuse(port: MessagePort, { code, message }: GatewayError): void {
  port.postMessage({ refused: { code, message } } satisfies FromWriter);
  port.close();
}
