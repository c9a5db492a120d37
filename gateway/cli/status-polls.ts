/** What `status` shows of the FHIR servers that are polled: how far each has come, and what hinders it. */
import {
  pollCursor,
  readPollState,
  type PollState,
  type Trouble,
} from '../../adapters/inbound/fhir/polling/state.ts';
import type { Config } from '../runtime/config.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import { localText, plural } from './question.ts';

export interface PolledSource {
  readonly sender: string;
  /** Types as configured. */
  readonly types: readonly string[];
  readonly state: PollState;
}

export async function polledSources(
  config: Config,
  { cursors }: Pick<JournalReader, 'cursors'>,
): Promise<readonly PolledSource[]> {
  const sources: PolledSource[] = [];
  for (const { id: sender, fhir } of config.senders) {
    if (fhir?.poll === undefined) continue;
    const state = readPollState(await cursors.get(pollCursor(sender)));
    sources.push({ sender, types: fhir.poll.types, state });
  }
  return sources;
}

/** So many failures in a row are not over by themselves. */
const lasting = 3;

/** Whether somebody has to look at it. */
export function pollNeedsPerson(sources: readonly PolledSource[]): boolean {
  return sources.some((source) =>
    troublesOf(source).some(({ trouble }) => trouble.failures >= lasting),
  );
}

export function pollLines(sources: readonly PolledSource[]): string[] {
  return sources.flatMap((source) => {
    const { sender, types, state } = source;
    const come = types.map((type) => {
      const until = state.types[type]?.until;
      return `${type} up to ${until === undefined ? 'nothing yet' : localText(until)}`;
    });
    const polled = state.polledAt === undefined ? 'never' : localText(state.polledAt);
    return [
      `polled      ${sender}: last ${polled}; ${come.join(', ')}`,
      ...troublesOf(source).flatMap(({ what, trouble }) => [
        `POLL        ${what}: ${trouble.error} (${plural(trouble.failures, 'failure')} in a row, next attempt ${localText(trouble.nextAt)})`,
      ]),
    ];
  });
}

function troublesOf({ sender, types, state }: PolledSource): { what: string; trouble: Trouble }[] {
  const ofTypes = types.flatMap((type) => {
    const trouble = state.types[type]?.trouble;
    return trouble === undefined ? [] : [{ what: `${sender} ${type}`, trouble }];
  });
  return [...(state.trouble ? [{ what: sender, trouble: state.trouble }] : []), ...ofTypes];
}
