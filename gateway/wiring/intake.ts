/**
 * HL7 v2 intake over the mappings in force, and the one place where these are replaced: whole, or not at all. A message is
 * translated by one revision from its first byte to its answer.
 */
import { hash } from 'node:crypto';
import type {
  Answers,
  Inbound,
  Receive,
  ReceiveRead,
  ReceiveTogether,
} from '../../adapters/adapter.ts';
import type { FhirResource } from 'fhir/r4.js';
import { fhirChecks } from '../../adapters/inbound/fhir/checks/checks.ts';
import type { Finding } from '../../adapters/inbound/fhir/checks/finding.ts';
import type { Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import { levelOf } from '../../adapters/inbound/fhir/index.ts';
import { checked } from '../../adapters/inbound/fhir/server/write.ts';
import { hl7v2Inbound, type KnownMessage } from '../../adapters/inbound/hl7v2/index.ts';
import { loadMappings, type Mappings } from '../../mappings/index.ts';
import type { PendingFile } from '../../mappings/overlay.ts';
import type { GatewayError } from '../errors.ts';
import { createReceive, createReceiveTogether, type ReceiveParts } from '../receive.ts';
import { retranslateParked, type AdapterOf } from '../retranslate.ts';
import { dataFolder, type Config } from '../runtime/config.ts';
import type { ResourceWalk } from '../runtime/resource-walk.ts';
import { startWorker } from '../runtime/worker.ts';
import { walkStructures } from './fhir-structures.ts';
import { inboundsOf, type Inbounds } from './inbounds.ts';
import { sendersOf } from './senders.ts';

export interface Intake {
  readonly receive: Receive;
  /** Takes every message as that sender's, whatever MSH-3 says: what lies in a folder of theirs. */
  readonly receiveAs: (senderId: string) => Receive;
  /** Of the mappings in force. */
  readonly mappingRevision: () => string;
  /** For a stored message: as it is translated by the mappings in force. */
  readonly adapterOf: AdapterOf;
  /** By the mappings in force; without a sender by what the message says. */
  readonly hl7v2Of: (senderId: string | undefined) => Inbound<KnownMessage>;
  readonly fhirInbound: (senderId: string) => Inbound<Exchange>;
  /** Takes what a sender tells in FHIR. */
  readonly fhirOf: (senderId: string) => FhirReceive;
  /** Answers the head of a frame that is too large to be read, and keeps it for the operator. */
  readonly refuseOversize: (head: Uint8Array, error: GatewayError) => Answers | undefined;
  /** Translates what waits by the mappings in force. @returns how many messages wait no longer */
  readonly retranslate: (onProgress?: (done: number) => void) => Promise<number>;
  /**
   * Takes other mappings and translates what waits by them. One at a time.
   * @param replace called when they come into force, in the same turn
   * @returns how many messages wait no longer
   */
  readonly reload: (next: Mappings, replace: () => void) => Promise<number>;
  /** Begins to look, behind the answers, at what is told in FHIR from now on and what was not yet looked at. */
  readonly begin: () => Promise<void>;
  /** Resolves when what is stored by now has been looked at behind the answers. For tests. */
  readonly caughtUp: () => Promise<void>;
  /** Waits for a reload that is under way. */
  readonly close: () => Promise<void>;
}

export interface FhirReceive {
  readonly receive: ReceiveRead<Exchange>;
  /** As `receive`, for what nobody has held against the profiles yet: by the sender's level what does not meet them is refused. */
  readonly receiveUnchecked: ReceiveRead<Exchange>;
  readonly receiveTogether: ReceiveTogether<Exchange>;
  /** What is wrong with a resource, before it is received: an error refuses it. By the sender's level, so it may take a while. */
  readonly findingsOf: (resource: FhirResource) => readonly Finding[] | Promise<readonly Finding[]>;
  /** Everything that could be said of a resource, whatever the sender's level is. */
  readonly validate: (resource: FhirResource) => Promise<readonly Finding[]>;
}

/**
 * The mappings of the configured senders.
 * @param pending a file of an overlay as it would be: what would come of it
 * @throws GatewayError configuration-invalid naming file and key
 */
export function mappingsOf(config: Config, pending?: PendingFile): Mappings {
  return sendersOf(config, loadMappings({ overlays: config.mappings, pending }));
}

/** What belongs to one revision of the mappings. */
interface Revision {
  readonly mappings: Mappings;
  readonly adapter: Inbound<KnownMessage>;
  readonly inbounds: Inbounds;
  readonly receive: Receive;
  readonly inHand: Set<Promise<unknown>>;
}

/** @param mappings those in force at first */
export function openIntake(mappings: Mappings, config: Config, parts: ReceiveParts): Intake {
  const { journal, clock, log } = parts;
  const checks = fhirChecks(startWorker);
  let structures: ResourceWalk | undefined;
  let current = revisionOf(mappings);
  let reloading: Promise<unknown> = Promise.resolve();

  function revisionOf(of: Mappings): Revision {
    const adapter = hl7v2Inbound(of);
    const receive = createReceive(adapter, parts);
    const inbounds = inboundsOf(of);
    if (of.senders.some(({ id }) => levelOf(of, id) === 'refuse')) checks.warm();
    return { mappings: of, adapter, inbounds, receive, inHand: new Set() };
  }

  /** Each message by the mappings in force when it comes. */
  async function byRevision<T>(take: (revision: Revision) => Promise<T>): Promise<T> {
    const revision = current;
    const reply = take(revision);
    revision.inHand.add(reply);
    try {
      return await reply;
    } finally {
      revision.inHand.delete(reply);
    }
  }

  /** As `byRevision`; what it has stored may have to be looked at. */
  async function told<T>(take: (revision: Revision) => Promise<T>): Promise<T> {
    const reply = await byRevision(take);
    structures?.wake();
    return reply;
  }

  async function retranslate(onProgress?: (done: number) => void): Promise<number> {
    const { adapter, inbounds } = current;
    const freed = await retranslateParked(inbounds.ofKind, parts, (done, of) => {
      onProgress?.(done);
      if (done % casesPerLine === 0) log.info({ done, of }, 'cases translated again');
    });
    if (freed > 0) {
      const what = `translated ${freed} parked messages by mappings ${adapter.mappingRevision}`;
      await journal.audit({ at: clock.now(), who: 'hemgang', what, about: dataFolder(config) });
    }
    return freed;
  }

  async function reload(next: Mappings, replace: () => void): Promise<number> {
    const before = current;
    current = revisionOf(next);
    // With all else that is new: nothing runs in between.
    replace();
    structures?.wake();
    // What the old mappings have in hand may park yet.
    await Promise.allSettled(before.inHand);
    const freed = await retranslate();
    return freed;
  }

  return {
    receive: answering(parts, (raw) => byRevision((revision) => revision.receive(raw))),
    receiveAs: (senderId) =>
      answering(parts, (raw) =>
        byRevision(({ inbounds }) => createReceive(inbounds.hl7v2Of(senderId), parts)(raw)),
      ),
    mappingRevision: () => current.adapter.mappingRevision,
    adapterOf: (senderId, kind) => current.inbounds.ofKind(senderId, kind),
    hl7v2Of: (senderId) =>
      senderId === undefined ? current.adapter : current.inbounds.hl7v2Of(senderId),
    fhirInbound: (senderId) => current.inbounds.fhirOf(senderId),
    fhirOf: (senderId) => ({
      receive: (raw, message, traceparent) =>
        told(({ inbounds }) =>
          createReceive(inbounds.fhirOf(senderId), parts)(raw, message, traceparent),
        ),
      receiveUnchecked: (raw, message) =>
        told(({ inbounds, mappings: inForce }) => {
          const findingsOf = (resource: FhirResource) =>
            checks.before(resource, levelOf(inForce, senderId));
          const check = async ({ resource }: Exchange): Promise<void> => {
            await checked({ findingsOf }, resource);
          };
          return createReceive(inbounds.fhirOf(senderId), parts, check)(raw, message);
        }),
      receiveTogether: (messages, traceparent) =>
        told(({ inbounds }) =>
          createReceiveTogether(inbounds.fhirOf(senderId), parts)(messages, traceparent),
        ),
      findingsOf: (resource) => checks.before(resource, levelOf(current.mappings, senderId)),
      validate: (resource) => checks.validate(resource),
    }),
    refuseOversize: (head, error) => refuseOversize(current.adapter, parts, head, error),
    retranslate,
    reload(next, replace) {
      const done = reloading.then(() => reload(next, replace));
      reloading = done.catch(() => undefined);
      return done;
    },
    async begin() {
      const speakFhir = fhirSpeakers(config, mappings);
      if (speakFhir.length === 0) return;
      structures ??= await walkStructures(parts, checks, () =>
        speakFhir.filter((id) => levelOf(current.mappings, id) === 'warn'),
      );
    },
    caughtUp: async () => structures?.caughtUp(),
    async close() {
      await reloading;
      const ended = structures?.close();
      await checks.close();
      await ended;
    },
  };
}

/** Counts what HL7 v2 is answered, by MSA-1. */
function answering({ observed }: ReceiveParts, receive: Receive): Receive {
  if (observed === undefined) return receive;
  return async (raw) => {
    const reply = await receive(raw);
    for (const answer of reply.answers ?? []) observed.answers.of('hl7v2', codeIn(answer)).add();
    return reply;
  };
}

const answerSegment = Buffer.from('\rMSA');

function codeIn(answer: Uint8Array): string {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.length);
  const at = bytes.indexOf(answerSegment) + answerSegment.length + 1;
  const code = bytes.toString('latin1', at, at + 2);
  return /^[AC][AER]$/.test(code) ? code : 'none';
}

const casesPerLine = 1000;

/** Senders with FHIR in their configuration or their overlay. */
function fhirSpeakers({ senders }: Config, mappings: Mappings): readonly string[] {
  const overlays = new Map(mappings.senders.map((sender) => [sender.id, sender]));
  return senders
    .filter(({ id, fhir }) => fhir !== undefined || overlays.get(id)?.fhir !== undefined)
    .map(({ id }) => id);
}

/** A frame beyond the limit is not read to its end: its head is answered and kept for the operator. */
function refuseOversize<M>(
  adapter: Inbound<M>,
  { journal, clock, log, newId }: ReceiveParts,
  head: Uint8Array,
  error: GatewayError,
): Answers | undefined {
  const messageId = newId();
  const now = clock.now();
  const answers = adapter.acknowledge(
    undefined,
    head,
    { accepted: false, error },
    { answerId: messageId, now },
  );
  log.warn({ messageId, err: error }, 'message refused');
  const digest = hash('sha256', head, 'buffer');
  const { code: errorCode, message } = error;
  journal
    .reject({ messageId, digest, raw: head, receivedAt: now, errorCode, error: message })
    .catch((thrown: unknown) => log.error({ messageId, err: thrown }, 'refusal not kept'));
  return answers;
}
