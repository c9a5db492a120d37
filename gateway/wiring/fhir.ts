/** The FHIR side: who comes in, what they are let do, and where it goes. */
import { hash } from 'node:crypto';
import express, { type Router } from 'express';
import { processMessage } from '../../adapters/inbound/fhir/operations/process-message.ts';
import { validate } from '../../adapters/inbound/fhir/operations/validate.ts';
import { guard } from '../../adapters/inbound/fhir/security/guard.ts';
import { identifyBy } from '../../adapters/inbound/fhir/security/identify.ts';
import type { FhirSender } from '../../adapters/inbound/fhir/security/identity.ts';
import type { TakingTogether } from '../../adapters/inbound/fhir/server/request.ts';
import { served } from '../../adapters/inbound/fhir/server/served.ts';
import { fhirRouter, type Answered } from '../../adapters/inbound/fhir/server/router.ts';
import { fhirDefinitions } from '../../profiles/index.ts';
import type { GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { traceparentIn } from '../runtime/trace.ts';
import type { FhirSenders } from './fhir-senders.ts';
import type { Intake } from './intake.ts';

export interface FhirIn {
  /** What a sender tells goes there, however it comes: sent, asked for or subscribed to. */
  takingOf(sender: Omit<FhirSender, 'may'>, traceparent?: string): TakingTogether;
  /** For `/fhir`. @param url where it is served, without a slash at its end */
  routerAt(url: string): Router;
  /** Requests that have no whole answer yet. */
  inHand(): number;
}

/** What strangers may read: it says what we are, and nothing of anybody. */
const open = ['/metadata'];

export function openFhir(
  config: Config,
  senders: FhirSenders,
  intake: Intake,
  parts: ReceiveParts,
): FhirIn {
  const { log, journal, clock, newId } = parts;
  const { requestsPerMinute, maxBodyBytes, maxEntries, baseUrl } = config.fhir;
  const door = guard({
    identify: identifyBy(senders.list, () => systemClock.nowMs()),
    requestsPerMinute,
    open,
    onRefused: (sender, status) => log.warn({ sender, status }, 'FHIR request not let in'),
  });
  const definitions = fhirDefinitions();
  const now = (): string => clock.now();
  const takingOf: FhirIn['takingOf'] = ({ id, kind, municipality, receivers }, header) => ({
    sender: id,
    kind,
    ...(municipality !== undefined && { municipality }),
    ...(receivers !== undefined && { receivers }),
    store: journal.resources,
    receive: (raw, message) => intake.fhirOf(id).receive(raw, message, traceparentIn(header)),
    receiveTogether: (messages) =>
      intake.fhirOf(id).receiveTogether(messages, traceparentIn(header)),
    mappingRevision: intake.mappingRevision,
    now,
    newId,
  });
  const checkOf = ({ id }: FhirSender) => intake.fhirOf(id).findingsOf;
  const keep = (sender: FhirSender, raw: Uint8Array, error: GatewayError): void =>
    keepRefused(parts, sender, raw, error);
  return {
    takingOf,
    routerAt(url) {
      const router = express.Router();
      const endpoint = baseUrl?.replace(/\/+$/, '') ?? url;
      const server = fhirRouter({
        identify: door.identify,
        takingOf,
        checkOf,
        operations: {
          '$process-message': processMessage({ checkOf, keepRefused: keep, endpoint }),
          $validate: validate({
            validate: ({ id }, resource) => intake.fhirOf(id).validate(resource),
            profileOf: (type) => definitions.profileFor(type)?.url,
            types: [...served.keys(), 'Bundle'],
          }),
        },
        maxBodyBytes,
        maxEntries,
        baseUrl: endpoint,
        keepRefused: keep,
        onAnswered(answered) {
          tell(log, answered);
          parts.observed?.answers.of('fhir', String(answered.status)).add();
        },
        now,
        newId,
      });
      return router.use(door.router, server);
    },
    inHand: () => door.inHand(),
  };
}

/** For the operator: what was not taken and came to no message. */
function keepRefused(
  { journal, clock, newId, log }: ReceiveParts,
  { id: sender }: FhirSender,
  raw: Uint8Array,
  { code: errorCode, message: error }: GatewayError,
): void {
  const messageId = newId();
  const digest = hash('sha256', raw, 'buffer');
  journal
    .reject({ messageId, sender, digest, raw, receivedAt: clock.now(), errorCode, error })
    .catch((thrown: unknown) => log.error({ messageId, err: thrown }, 'refusal not kept'));
}

function tell(log: Log, { error, ...answered }: Answered): void {
  const level = answered.status < 400 ? 'debug' : answered.status < 500 ? 'warn' : 'error';
  log[level]({ ...answered, ...(error && { err: error }) }, 'FHIR request answered');
}
