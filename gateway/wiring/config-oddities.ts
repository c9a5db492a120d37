/** What a start takes and what is odd all the same: mostly a slip, or something an operator should have decided. */
import { statSync } from 'node:fs';
import { rulesOf } from '../retention.ts';
import { localDateOf } from '../rules/legal-days.ts';
import { systemClock } from '../runtime/clock.ts';
import { scalarSettings, type Config } from '../runtime/config.ts';
import type { ConfigSource } from '../runtime/config-source.ts';
import type { ConfigRemark } from './config-faults.ts';
import { isLoopback } from './loopback.ts';
import { covers, overlap } from './routing.ts';

type Oddity = Omit<ConfigRemark, 'severity' | 'where'> & { readonly path: string };

/** @returns warnings; the configuration is one that a start takes */
export function oddities(
  config: Config,
  source: ConfigSource,
  env: NodeJS.ProcessEnv,
): readonly ConfigRemark[] {
  const placedOnes = [
    ...lines(config),
    ...receiversNeverReached(config),
    ...receiversThatOverlap(config),
    ...datesOfReceivers(config),
    ...promisesOfReceivers(config),
    ...passwordsWritten(config, source),
    ...modes(config),
    ...unprovedDocuments(config),
    ...waits(config),
    ...keptTooShort(config),
  ].map(({ path, what, next }) => ({
    severity: 'warning' as const,
    where: source.placeOf(path.split('.')),
    what: `${path}: ${what}`,
    next,
  }));
  return [...placedOnes, ...unknownVariables(env), ...readByOthers(source)];
}

function* lines({ mllp, http }: Config): Generator<Oddity> {
  if (!isLoopback(mllp.host) && mllp.tls === undefined) {
    yield {
      path: 'mllp.host',
      what: `messages with persons come in plain text on ${mllp.host}`,
      next: 'set mllp.tls, or see that the network in between is protected in another way',
    };
  }
  if (!isLoopback(http.host) && http.tls === undefined && http.behindProxy.length === 0) {
    yield {
      path: 'http.host',
      what: `tokens come in plain text on ${http.host}`,
      next: 'set http.tls, or name the proxy that ends TLS in http.behindProxy',
    };
  }
}

/** The first that fits gets a notice: one behind a receiver for all of its notices gets none. */
function* receiversNeverReached({ receivers }: Config): Generator<Oddity> {
  for (const [index, receiver] of receivers.entries()) {
    const wider = receivers.slice(0, index).find((before) => covers(before, receiver));
    if (wider === undefined) continue;
    yield {
      path: `receivers.${index}`,
      what: `${receiver.id} gets nothing: ${wider.id} before it takes every notice of its`,
      next: `put it before, or give ${wider.id} its roles, municipalities, counties or dates`,
    };
  }
}

/**
 * Two that both fit a notice: the order of the file decides. What is narrower in every respect and stands before is meant:
 * one for the rest after those for some.
 */
function* receiversThatOverlap({ receivers }: Config): Generator<Oddity> {
  for (const [index, receiver] of receivers.entries()) {
    const before = receivers.slice(0, index);
    if (before.some((one) => covers(one, receiver))) continue;
    const other = before.find((one) => overlap(one, receiver) && !covers(receiver, one));
    if (other === undefined) continue;
    yield {
      path: `receivers.${index}`,
      what: `${receiver.id} and ${other.id} both fit some notices, and the order of the file decides: ${other.id} gets them`,
      next: `let their roles, municipalities, counties, outpatientUnits, needs or dates keep them apart; hemgang routes who CASE shows whose a notice is`,
    };
  }
}

function* datesOfReceivers({ receivers }: Config): Generator<Oddity> {
  const today = localDateOf(systemClock.nowMs());
  for (const [index, { id, validFrom, validTo }] of receivers.entries()) {
    if (validTo === undefined) continue;
    const isTurned = validFrom !== undefined && validFrom > validTo;
    if (!isTurned && validTo >= today) continue;
    yield {
      path: `receivers.${index}.validTo`,
      what: isTurned ? `${id} ends before it begins` : `${id} has got nothing since ${validTo}`,
      next: isTurned ? 'correct its dates' : 'take it away when nothing waits for it any more',
    };
  }
}

function* passwordsWritten({ journal, bus }: Config, source: ConfigSource): Generator<Oddity> {
  const urls = [
    ['journal.url', journal.form === 'postgres' ? journal.url : undefined],
    ['bus.url', bus.form === 'rabbitmq' ? bus.url : undefined],
  ] as const;
  for (const [path, url] of urls) {
    const isInFile = source.originOf(path.split('.'))?.startsWith(`${source.file}:`) === true;
    if (url === undefined || new URL(url).password === '' || !isInFile) continue;
    yield {
      path,
      what: 'a password stands in the file',
      next: `set ${path.replace('url', 'passwordEnv')} to the name of a variable that holds it`,
    };
  }
}

/** What a receiver is agreed to get, and never does. */
function* promisesOfReceivers({ receivers }: Config): Generator<Oddity> {
  for (const [index, receiver] of receivers.entries()) {
    const { channel, acknowledge, contact, protectedIdentity, protectedAddress } = receiver;
    if (channel === 'mllp' && acknowledge !== undefined) {
      const who =
        contact === undefined ? 'add contact: for whom to call' : `${contact.name} is called`;
      yield {
        path: `receivers.${index}.acknowledge`,
        what: 'ADT has no message that reminds: who has not acknowledged is called, and not reminded',
        next: `${who}; or agree on another channel`,
      };
    }
    if (protectedAddress !== undefined && protectedIdentity !== true) {
      yield {
        path: `receivers.${index}.protectedAddress`,
        what: 'no notice of a protected person goes there, with an address or without',
        next: 'set protectedIdentity: true where the channel is fit for it, or leave protectedAddress out',
      };
    }
  }
}

/** Whoever knows the address could bring a document, too. */
function* unprovedDocuments({ billing }: Config): Generator<Oddity> {
  for (const [index, receiver] of billing.receivers.entries()) {
    if (receiver.channel !== 'http') continue;
    const { tokenEnv, secretEnv, tls } = receiver;
    if ((tokenEnv ?? secretEnv ?? tls?.cert) !== undefined) continue;
    yield {
      path: `billing.receivers.${index}`,
      what: `nothing proves to ${receiver.id} that a document is ours`,
      next: 'agree on a secret and set secretEnv (signed as a webhook), or on a token and set tokenEnv',
    };
  }
}

function* modes({ senders, receivers }: Config): Generator<Oddity> {
  for (const [kind, list] of [
    ['senders', senders],
    ['receivers', receivers],
  ] as const) {
    for (const [index, { id, mode, liveFrom }] of list.entries()) {
      if (mode !== 'shadow' || liveFrom === undefined) continue;
      yield {
        path: `${kind}.${index}.liveFrom`,
        what: `means nothing while ${id} is in shadow`,
        next: 'set mode: live; before liveFrom it is as shadow',
      };
    }
  }
  if (senders.length > 0 && senders.every(({ mode }) => mode === 'shadow')) {
    yield {
      path: 'senders',
      what: 'every sender is in shadow: nothing leaves',
      next: 'well for a trial; set mode: live where notices shall go out',
    };
  }
}

function* waits({ dispatch }: Config): Generator<Oddity> {
  const { retries } = dispatch;
  const shorter = retries.findIndex((wait, index) => wait < (retries[index - 1] ?? 0));
  if (shorter < 0) return;
  yield {
    path: `dispatch.retries.${shorter}`,
    what: 'is shorter than the wait before it',
    next: 'let the waits grow: a receiver that is down is not helped by more calls',
  };
}

function* keptTooShort({ retention }: Config): Generator<Oddity> {
  for (const { name, source, isBelowMinimum } of rulesOf(retention, systemClock.now())) {
    if (!isBelowMinimum || retention[name] === undefined) continue;
    yield {
      path: `retention.${name}`,
      what: `is shorter than the law is known to ask: ${source}`,
      next: 'keep it longer, or see that your authority has decided so; hemgang retention show tells what would go',
    };
  }
}

/** A name that is nearly one of ours sets nothing. */
function unknownVariables(env: NodeJS.ProcessEnv): readonly ConfigRemark[] {
  const known = new Set<string>([
    ...scalarSettings.map((setting) => setting.env),
    'HEMGANG_CONFIG',
    // Of who answers for what is done by name.
    'HEMGANG_USER_TOKEN',
  ]);
  return Object.keys(env)
    .filter((name) => name.startsWith('HEMGANG_') && !known.has(name.replace(/_FILE$/, '')))
    .filter((name) => !ownVariables.test(name))
    .map((name) => ({
      severity: 'warning',
      where: name,
      what: 'no setting has this variable: it sets nothing',
      next: `hemgang start --help lists them; where it is the name of a secret of yours, choose one without HEMGANG_`,
    }));
}

/** Of the tests and benchmarks. */
const ownVariables = /^HEMGANG_(LONG|TEST|BENCH|SKIPPED)/;

function readByOthers({ file }: ConfigSource): readonly ConfigRemark[] {
  if (file === undefined || (statSync(file).mode & 0o002) === 0) return [];
  return [
    {
      severity: 'warning',
      where: file,
      what: 'every user of this machine may write it',
      next: `chmod 640 ${file}`,
    },
  ];
}
