/** The FHIR side: who comes in, and what is done with what they tell. */
import express, { type Router } from 'express';
import { guard } from '../../adapters/inbound/fhir/security/guard.ts';
import { identifyBy } from '../../adapters/inbound/fhir/security/identify.ts';
import type { ReceiveParts } from '../receive.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { FhirSenders } from './fhir-senders.ts';
import type { Intake } from './intake.ts';

export interface FhirIn {
  /** For `/fhir`. */
  readonly router: Router;
  /** Requests that have no whole answer yet. */
  inHand(): number;
}

/** What strangers may read: it says what we are, and nothing of anybody. */
const open = ['/metadata'];

export function openFhir(
  config: Config,
  senders: FhirSenders,
  _intake: Intake,
  { log }: ReceiveParts,
): FhirIn {
  const { requestsPerMinute } = config.fhir;
  const door = guard({
    identify: identifyBy(senders.list, () => systemClock.nowMs()),
    requestsPerMinute,
    open,
    onRefused: (sender, status) => log.warn({ sender, status }, 'FHIR request not let in'),
  });
  const router = express.Router();
  router.use(door.router);
  return { router, inHand: () => door.inHand() };
}
