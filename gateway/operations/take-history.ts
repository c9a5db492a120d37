/** Messages of the past are taken as any others, and what lies before an instant leads to nothing outside. */
import { z } from 'zod';
import {
  isUnread,
  looksLikeFhir,
  readFhirFile,
  takeFromFile,
} from '../../adapters/inbound/fhir/from-files.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import { historyAgeMs, historyCursor } from '../history.ts';
import { paceOf } from '../plans/pace.ts';
import { createReceive, type ReceiveParts } from '../receive.ts';
import type { IncomingMessage, RecordOutcome } from '../runtime/journal/journal.ts';
import { newId } from '../runtime/ids.ts';
import { operation, type OperationParts } from './operation.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const piece = z.strictObject({
  /** Where it stands, as it is told: `2021/march.hl7, message 3`. */
  name: z.string().min(1).max(1000),
  /** One message of HL7 v2, or a whole file of FHIR; base64. */
  bytes: z.string(),
});
const input = z.strictObject({
  /** What lies before it leads to nothing outside. */
  liveFrom: instant,
  /** Whose they are, whatever the messages say; needed for FHIR. */
  sender: z.string().min(1).max(100).optional(),
  pieces: z.array(piece).max(10_000),
  /** Messages a second; 0: as fast as it goes. */
  rate: z.number().min(0).max(100_000),
});

export type TakenAs = 'accepted' | 'parked' | 'ignored' | 'known' | 'refused';

export interface TakenHistory {
  readonly counts: Readonly<{ [O in TakenAs]: number }>;
  /** Codes that no table has, and how many messages wait for each. */
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly messages: number;
  }[];
  readonly refused: readonly { readonly name: string; readonly why: string }[];
  /** Pieces that were passed, in their order: where it was stopped, the next time begins after them. */
  readonly passed: number;
}

export const takeHistory = operation(
  input,
  async (parts, { liveFrom, sender, pieces, rate }): Promise<TakenHistory> => {
    const { clock, tell, signal, running, audit } = parts;
    const begun = new Set<string>();
    const tally = new Tally();
    const pace = paceOf(rate, () => clock.elapsedMs());
    await audit(
      `take ${pieces.length} messages as history before ${liveFrom}`,
      sender ?? 'senders by their messages',
    );
    if (sender !== undefined) await begin(parts, sender, liveFrom, begun);
    let passed = 0;
    for (const { name, bytes } of pieces) {
      if (signal.aborted) break;
      const raw = Buffer.from(bytes, 'base64');
      const taking = { parts, liveFrom, sender, begun, tally, name };
      if (looksLikeFhir(name, raw)) await takeFhir(taking, raw, (count) => pace.take(count));
      else {
        await pace.take(1);
        await takeHl7v2(taking, raw);
      }
      tell((passed += 1), pieces.length);
    }
    running?.wake();
    return { ...tally.told(), passed };
  },
);

interface Taking {
  readonly parts: OperationParts;
  readonly liveFrom: string;
  readonly sender: string | undefined;
  readonly begun: Set<string>;
  readonly tally: Tally;
  readonly name: string;
}

async function takeHl7v2(
  { parts, liveFrom, sender, begun, tally, name }: Taking,
  raw: Uint8Array,
): Promise<void> {
  const adapter = parts.intake().hl7v2Of(sender);
  try {
    const message = adapter.read(raw);
    await begin(parts, adapter.head(message).sender, liveFrom, begun);
  } catch (thrown) {
    // What cannot be read, and whose it is nobody knows, is refused as it always is, and kept.
    const { code } = asGatewayError(thrown);
    if (code === 'configuration-invalid' || code === 'assertion-failed') throw thrown;
  }
  const reply = await createReceive(adapter, receiving(parts, tally))(raw);
  if (reply.outcome === 'untaken')
    throw reply.error ?? new GatewayError('journal-unavailable', 'not taken');
  if (reply.outcome === 'refused') tally.refuse(name, reply.error?.message ?? 'refused');
}

async function takeFhir(
  { parts, sender, tally, name }: Taking,
  raw: Uint8Array,
  pace: (count: number) => Promise<void>,
): Promise<void> {
  if (sender === undefined) {
    throw new GatewayError(
      'configuration-invalid',
      `${name}: nothing in FHIR names its sender\n  next: say --sender ID`,
    );
  }
  const { entries } = readFhirFile(raw);
  const resources = entries.flatMap((entry) => (isUnread(entry) ? [] : [entry]));
  const receive = createReceive(parts.intake().fhirInbound(sender), receiving(parts, tally));
  const taking = { sender, kind: 'hospital' as const, receive, otherwise: parts.clock.now() };
  for (const entry of entries) {
    if (isUnread(entry)) {
      tally.refuse(`${name} ${entry.place}`, entry.error.message);
      continue;
    }
    await pace(1);
    try {
      if (!(await takeFromFile(entry, taking, parts.journal.resources, resources)))
        tally.count('known');
    } catch (thrown) {
      const error = asGatewayError(thrown);
      if (error.fate === 'transient' && error.code !== 'stale-version') throw error;
      tally.refuse(`${name} ${entry.place}`, error.message);
    }
  }
}

/**
 * From here on what lies before the instant is history, on every instance.
 * @throws GatewayError configuration-invalid where the sender's history ends at another instant, or would silence what is live
 */
async function begin(
  { journal, clock, config, audit }: OperationParts,
  sender: string,
  liveFrom: string,
  begun: Set<string>,
): Promise<void> {
  if (begun.has(sender)) return;
  const known = await journal.cursors.get(historyCursor(sender));
  if (known !== undefined && known !== liveFrom) {
    throw wrong(`the history of ${sender} ends at ${known}`, `say --live-from ${known}`);
  }
  const now = clock.now();
  const isLive = config.senders.some(
    ({ id, mode, liveFrom: from = '' }) => id === sender && mode === 'live' && from <= now,
  );
  if (isLive && liveFrom > now) {
    throw wrong(
      `${sender} is live, and its notices would not leave until ${liveFrom}`,
      'say when it went live with --live-from, or set its liveFrom in the configuration first',
    );
  }
  if (known === undefined) {
    await audit(`history of ${sender} ends at ${liveFrom}`, sender);
    await journal.cursors.set(historyCursor(sender), liveFrom);
    await sleep(2 * historyAgeMs);
  }
  begun.add(sender);
}

const wrong = (what: string, next: string): GatewayError =>
  new GatewayError('configuration-invalid', `${what}\n  next: ${next}`);

/** As every message is received; what became of each is counted. */
function receiving({ journal, clock, log }: OperationParts, tally: Tally): ReceiveParts {
  return {
    clock,
    log,
    newId,
    journal: {
      ...journal,
      async record(message) {
        const outcome = await journal.record(message);
        tally.record(message, outcome);
        return outcome;
      },
    },
  };
}

/** So many refused ones are told one by one. */
const listed = 1000;

class Tally {
  readonly #counts: { [O in TakenAs]: number } = {
    accepted: 0,
    parked: 0,
    ignored: 0,
    known: 0,
    refused: 0,
  };
  readonly #codes = new Map<string, TakenHistory['unmapped'][number]>();
  readonly #refused: TakenHistory['refused'][number][] = [];

  count(as: TakenAs): void {
    this.#counts[as] += 1;
  }

  record({ unmapped, events }: IncomingMessage, { outcome }: RecordOutcome): void {
    if (outcome === 'duplicate') return this.count('known');
    if (outcome !== 'recorded') return;
    this.count(unmapped.length > 0 ? 'parked' : events.length > 0 ? 'accepted' : 'ignored');
    for (const { table, code } of unmapped) {
      const key = `${table}|${code}`;
      const messages = (this.#codes.get(key)?.messages ?? 0) + 1;
      this.#codes.set(key, { table, code, messages });
    }
  }

  refuse(name: string, why: string): void {
    this.count('refused');
    if (this.#refused.length < listed) this.#refused.push({ name, why });
  }

  told(): Omit<TakenHistory, 'passed'> {
    return { counts: this.#counts, unmapped: [...this.#codes.values()], refused: this.#refused };
  }
}
