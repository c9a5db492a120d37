/** Control ids that are used for more than one content: a running gateway takes the first and refuses the others. */
import type { Mappings } from '../../mappings/index.ts';
import { fhirRelease } from './fhir-told.ts';
import type { TakenMessage } from './taken.ts';

/**
 * @param messages that belong together: a message that something is expected of is a case by itself
 * @returns a function that gives the warnings of one message
 */
export function reuseWarnings(
  messages: readonly TakenMessage[],
  mappings: Mappings,
): (message: TakenMessage) => readonly string[] {
  const digests = new Map<string, Set<string>>();
  for (const message of messages) {
    const key = keyOf(message);
    if (key === undefined) continue;
    const known = digests.get(key) ?? new Set<string>();
    digests.set(key, known.add(message.digest));
  }
  const allows = new Set(
    mappings.senders
      .filter(({ controlIdReuse }) => controlIdReuse === 'allowed')
      .map(({ id }) => id),
  );
  return (message) => {
    const key = keyOf(message);
    if (key === undefined || allows.has(message.judged.told.sender ?? '')) return [];
    return (digests.get(key)?.size ?? 0) > 1
      ? [message.judged.told.version === fhirRelease ? reusedVersion : reused]
      : [];
  };
}

export const reused =
  'MSH-10: control id is used for other content too; a running gateway takes the first and answers AR (205) to the others';
export const reusedVersion =
  'meta.versionId: the version is used for other content too; a running gateway takes the first and answers 409 to the others';

/** Only what is accepted binds its control id. */
function keyOf({ judged: { told }, story }: TakenMessage): string | undefined {
  if (told.outcome === 'refused' || told.controlId === undefined) return undefined;
  return JSON.stringify([story, told.sender, told.controlId]);
}
