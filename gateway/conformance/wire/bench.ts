/** What a case works with: the receiver's address, messages of this run, and connections that are closed after it. */
import type { WireTarget } from '../../../adapters/wire/connect.ts';
import type { Answer } from '../../../adapters/wire/mllp-answer.ts';
import { WireConnection } from './connection.ts';
import type { MessageChanges, MessageMaker, TestMessage } from './test-message.ts';

export interface BenchOptions {
  readonly target: WireTarget;
  /** How long connecting and an answer may take, each. */
  readonly timeoutMs: number;
  /** How long to wait where nothing is expected to come. */
  readonly quietMs: number;
  /** How long the case `idle` says nothing. */
  readonly idleMs: number;
}

export class Bench {
  readonly target: WireTarget;
  readonly timeoutMs: number;
  readonly quietMs: number;
  readonly idleMs: number;
  readonly messages: MessageMaker;
  readonly #open = new Set<WireConnection>();

  constructor(options: BenchOptions, messages: MessageMaker) {
    this.target = options.target;
    this.timeoutMs = options.timeoutMs;
    this.quietMs = options.quietMs;
    this.idleMs = options.idleMs;
    this.messages = messages;
  }

  /** @throws GatewayError delivery-failed where no connection came about */
  async connect(target: WireTarget = this.target): Promise<WireConnection> {
    const connection = await WireConnection.open(target, this.timeoutMs);
    this.#open.add(connection);
    return connection;
  }

  message(changes?: MessageChanges): TestMessage {
    return this.messages.make(changes);
  }

  /** Sends one message, over a connection of its own where none is given. @returns its first answer */
  async exchange(message: TestMessage, over?: WireConnection): Promise<Answer | undefined> {
    const connection = over ?? (await this.connect());
    const before = (await connection.answers(0, 0)).length;
    await connection.write(message.framed);
    const answer = (await connection.answers(before + 1, this.timeoutMs))[before];
    if (over === undefined) connection.close();
    return answer;
  }

  /**
   * Whether a plain message over a new connection is answered under its own id. What is open is closed before:
   * a receiver may serve one connection alone.
   */
  async isAlive(): Promise<boolean> {
    this.clear();
    const message = this.message();
    const answer = await this.exchange(message).catch(() => undefined);
    return answer?.controlId === message.controlId;
  }

  /** Closes every connection of the case. */
  clear(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }
}
