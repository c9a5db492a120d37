/** FHIR servers of senders, which we ask for what is new. */
import { startPoll, type Poll, type PollEvent } from '../../adapters/inbound/fhir/poll.ts';
import type { Taking } from '../../adapters/inbound/fhir/take.ts';
import type { ReceiveParts } from '../receive.ts';
import type { Config } from '../runtime/config.ts';
import { connectFhirServer } from './fhir-server.ts';
import type { Intake } from './intake.ts';

export interface FhirSources {
  /** Sources being asked, or due to be. */
  inHand(): number;
  /** Legal time was set by hand: asks at once. */
  wake(): void;
  /** Stores what is in hand, asks for nothing more. */
  close(): Promise<void>;
}

/**
 * Begins to ask every configured source.
 * @throws GatewayError configuration-invalid naming the setting
 */
export async function openFhirSources(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
): Promise<FhirSources> {
  const { journal, clock, log } = parts;
  const polls: Poll[] = [];
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(polls.map((poll) => poll.close()));
    for (const closeOne of closers.splice(0)) await closeOne();
  };
  try {
    for (const [index, sender] of config.senders.entries()) {
      const { poll } = sender.fhir ?? {};
      if (poll === undefined) continue;
      const stopping = new AbortController();
      const setting = `senders.${index}.fhir.poll`;
      const client = await connectFhirServer(poll, setting, env, stopping.signal);
      closers.push(() => client.close());
      const { types, every, overlap, since, count } = poll;
      polls.push(
        startPoll({
          types,
          everyMs: every,
          overlapMs: overlap,
          since,
          count,
          client,
          taking: takingOf(sender, intake, parts),
          cursors: journal.cursors,
          nowMs: () => clock.nowMs(),
          stopping,
          onEvent: (name, detail) => {
            log[levels[name]]({ ...detail, sender: sender.id }, `FHIR ${name}`);
          },
        }),
      );
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    inHand: () => polls.reduce((sum, poll) => sum + poll.inHand(), 0),
    wake() {
      for (const poll of polls) poll.wake();
    },
    close,
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
