/**
 * What is in force of what may change while the gateway runs, and the one place where it is replaced: whole, or not at
 * all. Whoever asks here asks at each event, so from one event to the next all of it is new.
 */
import { isDeepStrictEqual } from 'node:util';
import { asGatewayError, GatewayError } from '../errors.ts';
import type { Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { digestsOf, type Digests } from './digests.ts';
import type { Intake } from './intake.ts';
import { prepare, type Prepared } from './prepared.ts';

export interface InForce {
  readonly config: Config;
  readonly prepared: Prepared;
  readonly digests: Digests;
}

export type Reloaded =
  | {
      readonly outcome: 'reloaded';
      /** Parked messages that wait no longer. */
      readonly freed: number;
      readonly before: Digests;
      readonly digests: Digests;
    }
  /** Everything is as it was. */
  | { readonly outcome: 'refused'; readonly why: string };

export interface Reloading {
  readonly current: () => InForce;
  /** One at a time. It never throws: what is wrong is logged and told, and changes nothing. */
  reload(): Promise<Reloaded>;
  /** What is in force, and what a reload or start would bring. */
  compare(): { readonly inForce: Digests; readonly files: Digests | { readonly wrong: string } };
}

export interface ReloadParts {
  readonly config: Config;
  readonly prepared: Prepared;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** The configuration as its file, the environment and the flags say now. */
  readonly reread: () => Config;
  /** Absent where this instance does not receive. */
  readonly intake: () => Intake | undefined;
  /** Called when the new has just come into force. */
  readonly onReplaced: (before: InForce) => void | Promise<void>;
}

/** Deliveries in hand may still go by a receiver that is in force no longer. */
const receiverGraceMs = 30_000;

export function openInForce(parts: ReloadParts): Reloading {
  const { env, log } = parts;
  const of = (config: Config, prepared: Prepared): InForce => ({
    config,
    prepared,
    digests: digestsOf(config, prepared.mappings),
  });
  let current = of(parts.config, parts.prepared);
  let last: Promise<unknown> = Promise.resolve();

  /** @throws GatewayError configuration-invalid; nothing has changed then */
  function read(): InForce {
    const config = parts.reread();
    const fixed = fixedChanges(current.config, config);
    if (fixed.length > 0) throw needsRestart(fixed);
    const prepared = prepare(config, env, log);
    const speakers = (one: Prepared): string => one.fhirSenders.list.map(({ id }) => id).join();
    if (speakers(prepared) !== speakers(current.prepared)) {
      closeReceivers(prepared);
      throw needsRestart(['senders (who speaks FHIR)']);
    }
    return of(config, prepared);
  }

  async function reload(): Promise<Reloaded> {
    const before = current;
    let freed = 0;
    try {
      const next = read();
      const intake = parts.intake();
      const replace = (): void => void (current = next);
      if (intake) freed = await intake.reload(next.prepared.mappings, replace);
      else replace();
    } catch (thrown) {
      const error = asGatewayError(thrown);
      if (current === before) {
        log.error({ err: error }, 'not reloaded: the old ones are in force, all of them');
        return { outcome: 'refused', why: error.message };
      }
      // It is in force; what waited for a code is translated at the next reload or start.
      log.error({ err: error }, 'what waited could not be translated');
    }
    const next = current;
    log.level = next.config.log.level;
    setTimeout(() => closeReceivers(before.prepared), receiverGraceMs).unref();
    await parts.onReplaced(before);
    log.info({ before: before.digests, digests: next.digests, freed }, 'reloaded');
    const { digests } = next;
    return { outcome: 'reloaded', freed, before: before.digests, digests };
  }

  return {
    current: () => current,
    reload() {
      const next = last.then(reload);
      last = next.catch(() => undefined);
      return next;
    },
    compare() {
      const { digests: inForce } = current;
      try {
        const config = parts.reread();
        const prepared = prepare(config, env, log);
        closeReceivers(prepared);
        return { inForce, files: digestsOf(config, prepared.mappings) };
      } catch (thrown) {
        return { inForce, files: { wrong: asGatewayError(thrown).message } };
      }
    },
  };
}

function closeReceivers({ receivers, documents }: Prepared): void {
  for (const receiver of [...receivers, ...documents]) receiver.close?.().catch(() => undefined);
}

/** Sections that are read at the start alone. */
const fixedSections = [
  'data',
  'journal',
  'bus',
  'instance',
  'mllp',
  'http',
  'metrics',
  'stop',
  'fhir',
  'folders',
  'storage',
  'retention',
] as const satisfies readonly (keyof Config)[];

/** @returns what differs of what cannot change while the gateway runs */
export function fixedChanges(before: Config, after: Config): readonly string[] {
  const isOther = (one: unknown, other: unknown): boolean => !isDeepStrictEqual(one, other);
  const fhirOf = ({ senders }: Config) => senders.map(({ id, fhir }) => fhir && { id, fhir });
  return [
    ...fixedSections.filter((section) => isOther(before[section], after[section])),
    ...(before.log.json === after.log.json ? [] : ['log.json']),
    ...(before.dispatch.lanes === after.dispatch.lanes ? [] : ['dispatch.lanes']),
    ...(before.deadlines.grace === after.deadlines.grace ? [] : ['deadlines.grace']),
    ...(isOther(fhirOf(before).filter(Boolean), fhirOf(after).filter(Boolean))
      ? ['senders[].fhir']
      : []),
  ];
}

const refused = (what: string): GatewayError => new GatewayError('configuration-invalid', what);

const needsRestart = (what: readonly string[]): GatewayError =>
  refused(
    `${what.join(', ')}: cannot change while the gateway runs, so nothing has changed\n  next: start the gateway anew, or take that change back and reload`,
  );
