/** The thread of validation.ts: it loads the dictionary once and holds message after message against it. */
import { parentPort, workerData } from 'node:worker_threads';
import { readHeader } from '../../adapters/inbound/hl7v2/answers/acknowledge.ts';
import { loadDictionary } from '../../adapters/inbound/hl7v2/checks/dictionary.ts';
import { readAnyway } from '../../adapters/inbound/hl7v2/explain.ts';
import { senderFinder } from '../../adapters/inbound/hl7v2/index.ts';
import type { Remark } from '../../adapters/inbound/hl7v2/checks/remark.ts';
import { profileCheck } from '../../adapters/inbound/hl7v2/checks/validate.ts';
import { loadMappings, pathOf } from '../../mappings/index.ts';
import { loadMessageProfiles } from '../../profiles/index.ts';
import { mappingsFor } from './kit.ts';
import type { Answered, Asked, ValidationStart } from './validation.ts';

// It is what Validation starts it with.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { sender: asked, mappings: overlays, profiles: laid } = workerData as ValidationStart;

const mappings = mappingsFor(overlays, asked);
// Profiles of other senders lie there too, whoever all messages are read as.
const { senders } = loadMappings({ overlays });
const profiles = loadMessageProfiles({
  overlays: laid,
  known: { tables: mappings.tables.keys(), senders: senders.map(({ id }) => id) },
});
const byProfile = profileCheck(profiles, mappings);
const findSender = senderFinder(mappings);
const byDictionary = await loadDictionary();

const triggerEvent = pathOf('MSH-9.2');
const eventTypeCode = pathOf('EVN-1');

function validate(raw: Uint8Array): readonly Remark[] {
  const header = readHeader(raw);
  const message = readAnyway(raw, header);
  if (header === undefined || message === undefined) return []; // that is said by what it is refused by
  const trigger = message.valueOf(triggerEvent) ?? message.valueOf(eventTypeCode) ?? '';
  const sender = findSender(header)?.mapping.id;
  return [...byProfile(message, trigger, sender), ...byDictionary(message)];
}

parentPort?.on('message', ({ id, messages }: Asked) => {
  parentPort?.postMessage({ id, remarks: messages.map(validate) } satisfies Answered, []);
});
