/**
 * The FHIR server over real HTTP and a real journal. Only who is known and what a resource means are stand-ins: two
 * tokens for two senders, and a meaning that can be told to wait for a code, to warn or to refuse.
 */
import { createServer, type Server } from 'node:http';
import express from 'express';
import { Client } from 'fhir-kit-client';
import type { FhirResource } from 'fhir/r4.js';
import { v7 } from 'uuid';
import type { Inbound, Translation } from '../../adapters/adapter.ts';
import type { Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import { writesOf } from '../../adapters/inbound/fhir/meaning/translate.ts';
import { guard } from '../../adapters/inbound/fhir/security/guard.ts';
import type { FhirSender } from '../../adapters/inbound/fhir/security/identity.ts';
import {
  fhirRouter,
  type Answered,
  type FhirSettings,
} from '../../adapters/inbound/fhir/server/router.ts';
import type { TakingTogether } from '../../adapters/inbound/fhir/server/request.ts';
import { GatewayError } from '../../gateway/errors.ts';
import { createReceive, createReceiveTogether } from '../../gateway/receive.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import {
  openEmbeddedJournal,
  type CountedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import { createLog } from '../../gateway/runtime/log.ts';
import { loadMappings } from '../../mappings/index.ts';
import { temporaryFolder } from './folder.ts';

export interface FhirTestServer {
  readonly url: string;
  readonly journal: CountedJournal;
  readonly clock: HandSetClock;
  /** Exchanges that were translated, in order: what the meaning of a resource was made from. */
  readonly exchanges: Exchange[];
  /** The bytes of what was received, as text. */
  readonly received: string[];
  readonly answered: Answered[];
  readonly kept: GatewayError[];
  /** A client as vendors use it, known as this sender (`ekliden` or `norrtuna`). */
  client(sender?: string): Client;
  /** A request as it is, known as ekliden unless its headers say otherwise. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

const tokenOf = (sender: string): string => `token-of-${sender}`;

/** @param change what the test needs of the settings */
export async function startFhirServer(
  change: Partial<FhirSettings> = {},
  may: FhirSender['may'] = () => true,
): Promise<FhirTestServer> {
  const { path: folder, remove } = temporaryFolder('fhir');
  const journal = await openEmbeddedJournal({ folder });
  const clock = new HandSetClock('2022-03-07T08:00:00.000Z');
  const [exchanges, answered, kept]: [Exchange[], Answered[], GatewayError[]] = [[], [], []];
  const parts = { journal, clock, log: createLog({ level: 'silent' }), newId: () => v7() };
  const received: string[] = [];
  const mappings = loadMappings();
  const takings = new Map(
    ['ekliden', 'norrtuna'].map((sender): [string, TakingTogether] => {
      const inbound: Inbound<Exchange> = {
        ...fhirInbound(mappings, sender),
        translate(exchange) {
          exchanges.push(exchange);
          return {
            facts: [],
            unmapped: [],
            warnings: [],
            resources: writesOf(exchange),
            ...meaningOf(exchange),
          };
        },
      };
      const receive = createReceive(inbound, parts);
      const receiveTogether = createReceiveTogether(inbound, parts);
      const taking: TakingTogether = {
        sender,
        store: journal.resources,
        receive: (raw, message) => {
          received.push(Buffer.from(raw).toString());
          return receive(raw, message);
        },
        receiveTogether: (messages) => {
          received.push(...messages.map(({ raw }) => Buffer.from(raw).toString()));
          return receiveTogether(messages);
        },
        now: () => clock.now(),
        newId: parts.newId,
      };
      return [sender, taking];
    }),
  );
  const app = express();
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}/fhir`;
  const door = guard({
    identify: (request) => {
      const { authorization } = request.headers;
      const sender = [...takings.keys()].find((id) => authorization === `Bearer ${tokenOf(id)}`);
      return Promise.resolve(
        sender === undefined ? undefined : { id: sender, kind: 'hospital', may },
      );
    },
    requestsPerMinute: 100_000,
    open: ['/metadata'],
  });
  app.use(
    '/fhir',
    door.router,
    fhirRouter({
      identify: door.identify,
      takingOf: ({ id }) => {
        const taking = takings.get(id);
        if (taking === undefined) throw new Error('no such sender');
        return taking;
      },
      checkOf: () => () => [],
      operations: {},
      maxBodyBytes: 12 * 1024 * 1024,
      baseUrl: url,
      onAnswered: (one) => void answered.push(one),
      keepRefused: (_sender, _raw, error) => void kept.push(error),
      now: () => clock.now(),
      newId: parts.newId,
      ...change,
    }),
  );
  return {
    url,
    journal,
    clock,
    exchanges,
    received,
    answered,
    kept,
    client(sender = 'ekliden') {
      const client = new Client({ baseUrl: url });
      client.bearerToken = tokenOf(sender);
      return client;
    },
    fetch: (path, init = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${tokenOf('ekliden')}`,
          'content-type': 'application/fhir+json',
          ...(init.headers as Record<string, string>),
        },
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await journal.close();
      remove();
    },
  };
}

/** What the stand-in makes of a resource, by the words in its language. */
function meaningOf({ resource }: Exchange): Partial<Translation> {
  switch (languageOf(resource)) {
    case 'x-unmapped':
      return { unmapped: [{ table: 'encounter-class', code: 'XYZ', path: 'Encounter.class' }] };
    case 'x-warning':
      return { warnings: ['Encounter.period: no zone'] };
    case 'x-refused':
      throw new GatewayError('malformed-message', 'not a status that we know', {
        location: `${resource.resourceType}.status`,
        standardCode: 'code-invalid',
      });
    default:
      return {};
  }
}

const languageOf = (resource: FhirResource): string | undefined =>
  'language' in resource ? resource.language : undefined;
