/** Everything that only the configuration decides, before anything runs. */
import type { TlsOptions } from 'node:tls';
import type { Mappings } from '../../mappings/index.ts';
import { loadProfiles, type Profiles } from '../../profiles/index.ts';
import type { Routes } from '../delivery.ts';
import type { Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { fhirSendersOf, type FhirSenders } from './fhir-senders.ts';
import { mappingsOf } from './intake.ts';
import { partnersOf, type Partners } from './partners.ts';
import {
  billingReceiver,
  checkBilled,
  documentReceivers,
  receiverOf,
  routesOf,
  type DocumentReceiver,
  type OpenReceiver,
} from './receivers.ts';
import { mllpTls } from './tls.ts';
import { fileToken, tokenThatWouldBe } from './tokens.ts';
import { wordsOf } from './words.ts';
import { usersOf, type Users } from './users.ts';

export interface Prepared {
  readonly mappings: Mappings;
  readonly profiles: Profiles;
  readonly tls: TlsOptions | undefined;
  readonly receivers: readonly OpenReceiver[];
  readonly routes: Routes;
  readonly partners: Partners;
  readonly fhirSenders: FhirSenders;
  /** Receivers of documents of billing. */
  readonly documents: readonly DocumentReceiver[];
  readonly users: Users;
}

/** @throws GatewayError configuration-invalid naming the setting */
export function prepare(config: Config, env: NodeJS.ProcessEnv, log: Log): Prepared {
  const mappings = mappingsOf(config);
  const tls = mllpTls(config);
  const profiles = loadProfiles({ overlays: config.profiles });
  checkBilled(config, profiles);
  const words = wordsOf(config.mappings, profiles);
  const receivers = config.receivers.map((receiver, index) =>
    receiverOf(receiver, config, words, env, index),
  );
  const documents = documentReceivers(config, profiles, env);
  // Nobody comes to one that does not receive: it needs no tokens, and makes none.
  const tokenOf = config.instance.roles.includes('receive') ? fileToken : tokenThatWouldBe;
  return {
    mappings,
    profiles,
    tls,
    receivers,
    routes: routesOf(config, receivers, billingReceiver(config, profiles), documents),
    documents,
    users: usersOf(config, env, tokenOf),
    partners: partnersOf(config, env, tokenOf),
    fhirSenders: fhirSendersOf(config, mappings, env, log, tokenOf),
  };
}
