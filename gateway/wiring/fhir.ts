/** The FHIR side: who comes in, what they are let do, and where it goes. */
import { hash } from 'node:crypto';
import express, { type Router } from 'express';
import { profileChecks } from '../../adapters/inbound/fhir/checks/profile-checks.ts';
import { guard } from '../../adapters/inbound/fhir/security/guard.ts';
import { identifyBy } from '../../adapters/inbound/fhir/security/identify.ts';
import type { FhirSender } from '../../adapters/inbound/fhir/security/identity.ts';
import type { TakingTogether } from '../../adapters/inbound/fhir/server/request.ts';
import { fhirRouter, type Answered } from '../../adapters/inbound/fhir/server/router.ts';
import type { GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import type { FhirSenders } from './fhir-senders.ts';
import type { Intake } from './intake.ts';

export interface FhirIn {
  /** What a sender tells goes there, however it comes: sent, asked for or subscribed to. */
  takingOf(sender: Omit<FhirSender, 'may'>): TakingTogether;
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
  const checks = profileChecks();
  const now = (): string => clock.now();
  const takingOf: FhirIn['takingOf'] = ({ id, kind, municipality }) => ({
    sender: id,
    kind,
    ...(municipality !== undefined && { municipality }),
    store: journal.resources,
    ...intake.fhirOf(id),
    now,
    newId,
  });
  return {
    takingOf,
    routerAt(url) {
      const router = express.Router();
      const served = fhirRouter({
        identify: door.identify,
        takingOf,
        checkOf: () => (resource) => checks.all(resource, 'warn'),
        operations: {},
        maxBodyBytes,
        maxEntries,
        baseUrl: baseUrl?.replace(/\/+$/, '') ?? url,
        keepRefused: (sender, raw, error) => keepRefused(parts, sender, raw, error),
        onAnswered: (answered) => tell(log, answered),
        now,
        newId,
      });
      return router.use(door.router, served);
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
