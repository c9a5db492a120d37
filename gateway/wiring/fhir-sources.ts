/** FHIR servers of senders, which we ask for what is new. */
import { startPoll, type Poll, type PollEvent } from '../../adapters/inbound/fhir/poll.ts';
import type { Taking } from '../../adapters/inbound/fhir/take.ts';
import type { ReceiveParts } from '../receive.ts';
import type { Config } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import { connectFhirServer } from './fhir-server.ts';
import type { Intake } from './intake.ts';

export interface FhirSources {
  /** Sources being asked, or due to be. */
  inHand(): number;
  /** Legal time was set by hand: asks at once. */
  wake(): void;
}

/**
 * Asks every configured source: one instance at a time does.
 * @throws GatewayError configuration-invalid naming the setting
 */
export async function openFhirSources(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  keeper: Keeper,
): Promise<FhirSources> {
  const { clock, log } = parts;
  const polls = new Set<Poll>();
  for (const [index, sender] of config.senders.entries()) {
    const { poll: settings } = sender.fhir ?? {};
    if (settings === undefined) continue;
    const setting = `senders.${index}.fhir.poll`;
    const connect = (signal: AbortSignal) => connectFhirServer(settings, setting, env, signal);
    // What is wrong with it is told at the start, whoever asks it then.
    await connect(AbortSignal.abort()).close();
    const name = `poll:${sender.id}`;
    keeper.undertake(name, async () => {
      const stopping = new AbortController();
      const client = connect(stopping.signal);
      const { types, every, overlap, since, count } = settings;
      const poll = startPoll({
        types,
        everyMs: every,
        overlapMs: overlap,
        since,
        count,
        client,
        taking: takingOf(sender, intake, parts),
        cursors: keeper.under(name).cursors,
        nowMs: () => clock.nowMs(),
        stopping,
        onEvent: (event, detail) => {
          log[levels[event]]({ ...detail, sender: sender.id }, `FHIR ${event}`);
        },
      });
      polls.add(poll);
      return {
        async close() {
          await poll.close();
          await client.close();
          polls.delete(poll);
        },
      };
    });
  }
  return {
    inHand: () => [...polls].reduce((sum, poll) => sum + poll.inHand(), 0),
    wake() {
      for (const poll of polls) poll.wake();
    },
  };
}

const levels: Readonly<Record<PollEvent, 'info' | 'warn' | 'error'>> = {
  polled: 'info',
  'poll-failed': 'warn',
  'type-failed': 'warn',
  'poll-recovered': 'info',
  'resource-failed': 'error',
  'reference-not-read': 'warn',
  'entries-passed-over': 'warn',
  'source-clock-set-back': 'warn',
};

/** How resources of a sender that we ask, or that notifies us, are taken. */
export function takingOf(
  { id, fhir }: Config['senders'][number],
  intake: Intake,
  { journal, clock, newId }: ReceiveParts,
): Taking {
  return {
    sender: id,
    ...(fhir?.kind !== undefined && { kind: fhir.kind }),
    ...(fhir?.municipality !== undefined && { municipality: fhir.municipality }),
    ...(fhir?.receivers && { receivers: fhir.receivers }),
    store: journal.resources,
    receive: intake.fhirOf(id).receiveUnchecked,
    now: () => clock.now(),
    newId,
  };
}
