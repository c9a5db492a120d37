/**
 * What a message means: what the Encounter in it says as a snapshot, and what its activity says beside that. Resources in
 * its focus say what they say by themselves.
 */
import type { Encounter, FhirResource, Provenance } from 'fhir/r4.js';
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import { checkData, isEventType } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import { fhirPathOf } from '../../../../mappings/index.ts';
import type { Happening, MessageMapping } from '../../../../mappings/index.ts';
import type { Fact, ResourceWrite, StayReference, Translation } from '../../../adapter.ts';
import type { Exchange, Part } from '../exchange.ts';
import { earlierReference, partsOf, told } from '../message.ts';
import type { MessageBundle, MessageParts } from '../message.ts';
import { objectAt, valueAt } from './path.ts';
import { parseFhirTime } from './time.ts';
import type { FhirTime } from './time.ts';
import { elementOf, invalidValue, malformed, required, requiredAt } from './work.ts';

/** What a resource of a message says by itself. */
type Alone = (exchange: Exchange) => Translation;

/** What is needed of the sender's mappings. */
interface MessageSetting {
  readonly mapping: MessageMapping;
  readonly zone: string;
}

interface Told {
  readonly parts: MessageParts;
  readonly happening: Happening;
  readonly code: string;
  readonly time: FhirTime;
  readonly part: Part;
  /** What the message that this one corrects or removes told, where it is known. */
  readonly earlier?: { readonly code: string | undefined; readonly time: FhirTime };
}

/**
 * @throws GatewayError malformed-message, unsupported-message with the FHIRPath in `location`
 */
export function translateMessage(
  exchange: Exchange,
  bundle: MessageBundle,
  { mapping, zone }: MessageSetting,
  alone: Alone,
): Translation {
  const message = readMessage(exchange, bundle, mapping, zone);
  const { parts, time } = message;
  const encounter = alone(partExchange(exchange, parts.encounterUrl, time));
  const { stay } = encounter;
  // Of what is no inpatient stay nothing happened that is of use here.
  const facts = stay === undefined ? [] : [...merged(encounter.facts, message, { mapping, zone })];
  const translations = [encounter];
  for (const url of Object.keys(exchange.parts ?? {})) {
    if (url === parts.encounterUrl) continue;
    const one = alone(partExchange(exchange, url, time));
    checkSameStay(one.stay, stay, exchange.related[url]);
    if (stay !== undefined) facts.push(...one.facts);
    translations.push(one);
  }
  const patientUrl = Object.keys(exchange.parts ?? {}).find(
    (url) => exchange.related[url]?.resourceType === 'Patient',
  );
  const isKnown = patientUrl !== undefined && exchange.parts?.[patientUrl]?.previous !== undefined;
  // A person who was not known is told by the admission.
  const persons = isKnown ? translations.flatMap((one) => one.persons ?? []) : [];
  const unmapped = translations.flatMap((one) => one.unmapped);
  const silent = facts.length === 0 && persons.length === 0 && unmapped.length === 0;
  return {
    ...(stay && { stay }),
    ...(encounter.patient && { patient: encounter.patient }),
    facts,
    ...(persons.length > 0 && { persons }),
    unmapped,
    warnings: [...new Set([...translations.flatMap((one) => one.warnings), ...doubtsOf(message)])],
    resources: [
      ...(exchange.request.isOlder === true
        ? []
        : translations.flatMap((one) => one.resources ?? []).map((one) => dated(one, exchange))),
      provenanceWrite(parts),
    ],
    ...(silent && {
      ignored: encounter.ignored ?? `activity ${message.code}: nothing that was not told before`,
    }),
  };
}

// ---------------------------------------------------------------- what happened

function readMessage(
  exchange: Exchange,
  bundle: MessageBundle,
  mapping: MessageMapping,
  zone: string,
): Told {
  const parts = partsOf(bundle);
  const { header, provenance, encounter, encounterUrl, earlier } = parts;
  const { system = '', code: event = '' } = header.eventCoding ?? {};
  if (`${system}|${event}` !== mapping.event) {
    throw unsupported(`the event is not ${mapping.event}`, 'MessageHeader.eventCoding');
  }
  const code = activityOf(provenance, mapping);
  const activity = code === undefined ? undefined : lookUp(mapping.activities, code);
  if (code === undefined || activity === undefined) {
    const codes = Object.keys(mapping.activities).join(', ');
    throw malformed('code-invalid', `give one of ${codes}`, 'Provenance.activity');
  }
  const isRemoval = earlier?.role === 'removal';
  // A code that cancels says the same as the removal of what it cancels.
  const cancels = code.startsWith('cancel-');
  const happening = isRemoval && !cancels ? activity.removed : activity;
  if (happening === undefined) {
    const text = `a message of activity ${code} is not removed: send what holds now`;
    throw unsupported(text, 'Provenance.entity.role');
  }
  const time = timeOf(provenance, zone);
  const before = earlier && exchange.related[earlierReference(earlier.id)];
  checkStatus(encounter, code, happening, isRemoval);
  return {
    parts,
    happening,
    code,
    time,
    part: exchange.parts?.[encounterUrl] ?? { id: exchange.request.id, base: 0 },
    ...(before?.resourceType === 'Provenance' && {
      earlier: { code: activityOf(before, mapping), time: timeOf(before, zone) },
    }),
  };
}

function activityOf({ activity }: Provenance, mapping: MessageMapping): string | undefined {
  return activity?.coding?.find(({ system }) => system === mapping.activitySystem)?.code;
}

function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function timeOf({ occurredDateTime }: Provenance, zone: string): FhirTime {
  const expression = 'Provenance.occurredDateTime';
  if (occurredDateTime === undefined) throw required(expression, 'when it happened is missing');
  return parseFhirTime(occurredDateTime, zone, expression);
}

/** The activity must not say otherwise than the Encounter does. */
function checkStatus(
  encounter: Encounter,
  code: string,
  { status, said, needs }: Happening,
  isRemoval: boolean,
): void {
  const roots = { Encounter: encounter };
  const what = isRemoval ? `the removal of ${code}` : code;
  if (!status.some((one) => one === encounter.status)) {
    throw contradiction(
      `Provenance.activity is ${what}, which goes with ${status.join(' or ')}, and Encounter.status is ${statusShown(encounter)}: mend the one that is wrong`,
      'Encounter.status',
    );
  }
  const own = said && valueAt(roots, fhirPathOf(said.path));
  if (said !== undefined && own !== undefined && own !== said.code) {
    throw contradiction(
      `Provenance.activity is ${what}, and this is another: let both say the same`,
      elementOf(said.path),
    );
  }
  if (needs === undefined) return;
  const path = fhirPathOf(needs);
  if (valueAt(roots, path) === undefined && objectAt(roots, path) === undefined) {
    throw requiredAt(needs, `Provenance.activity is ${what}, which this tells, and it is missing`);
  }
}

const statusShown = ({ status }: Encounter): string =>
  /^[a-z-]{1,20}$/.test(status) ? status : 'no status of FHIR';

/** The facts of the Encounter, with those of the activity in the place of what it knows better. */
function merged(facts: readonly Fact[], message: Told, setting: MessageSetting): readonly Fact[] {
  const { happening, time, earlier, parts, part } = message;
  const { event, insteadOf = [], repeats, atEarlier } = happening;
  const kept = facts.filter(({ type }) => !insteadOf.includes(type));
  if (event === undefined) return kept;
  const isRevision = parts.earlier?.role === 'revision';
  const isTold = kept.some(({ type }) => type === event);
  if (repeats === true && isRevision) {
    const { removed } = lookUp(setting.mapping.activities, message.code) ?? {};
    const isSame = earlier?.time.instant === time.instant;
    if (earlier !== undefined && isSame) return kept;
    const undone =
      earlier === undefined || removed?.event === undefined
        ? []
        : [activityFact(removed.event, earlier.time)];
    return [...kept.filter(({ type }) => type !== event), ...undone, activityFact(event, time)];
  }
  if (isTold || isToldByEncounter(message)) return kept;
  if (repeats === true && wasAlready(part, happening)) return kept;
  const at = atEarlier === true ? (earlierTime(message, setting) ?? time) : time;
  return [...kept, activityFact(event, at)];
}

/** Whether the Encounter itself says it where it may, or is the one that can. */
function isToldByEncounter({ happening: { said, needs }, parts }: Told): boolean {
  if (needs !== undefined) return true;
  return (
    said !== undefined &&
    valueAt({ Encounter: parts.encounter }, fhirPathOf(said.path)) !== undefined
  );
}

/** The stay stood in that status before, so what led there was told. */
function wasAlready({ previous }: Part, { status }: Happening): boolean {
  return previous?.resourceType === 'Encounter' && status.some((one) => one === previous.status);
}

/** When that was which is taken back: as the Encounter had it, else as its message said. */
function earlierTime(
  { code, part, earlier }: Told,
  { mapping, zone }: MessageSetting,
): FhirTime | undefined {
  const at = lookUp(mapping.activities, code)?.said?.at;
  const { previous } = part;
  const text =
    at === undefined || previous === undefined
      ? undefined
      : valueAt({ Encounter: previous }, fhirPathOf(at));
  return text === undefined ? earlier?.time : parseFhirTime(String(text), zone, at ?? '');
}

function activityFact(event: string, { instant, precision }: FhirTime): Fact {
  assert(isEventType(event), `event ${event} was not checked`);
  const type: EventType = event;
  // One type and its own checked data: TypeScript does not follow a union through a generic call.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return {
    type,
    occurredAt: instant,
    ...(precision !== undefined && { precision }),
    data: checkData(type, {}),
  } as Fact;
}

function doubtsOf({ parts, earlier }: Told): readonly string[] {
  if (parts.earlier === undefined || earlier !== undefined) return [];
  return ['the message that this one corrects or removes is not known here'];
}

// ---------------------------------------------------------------- its resources

/** One resource of the message as an exchange of its own. An older message says what happened, over nothing. */
function partExchange(
  { request, related, parts }: Exchange,
  url: string,
  time: FhirTime,
): Exchange {
  const part = parts?.[url];
  const resource = related[url];
  assert(part !== undefined && resource !== undefined, 'each part of a message is in it');
  const { isOlder, ...rest } = request;
  const { previous, isReadAnew } = part;
  return {
    request: {
      ...rest,
      id: part.id,
      base: part.base,
      ...(isReadAnew && { isReadAnew }),
      occurredAt: time.date ?? time.instant,
    },
    resource,
    related,
    ...(previous !== undefined && isOlder !== true && { previous }),
  };
}

/** The message's time stands with what is kept: an older one that comes later is known by it. */
function dated(write: ResourceWrite, { request }: Exchange): ResourceWrite {
  const body: { meta?: object } = JSON.parse(write.body);
  const meta = { ...body.meta, lastUpdated: request.sentAt };
  return { ...write, body: JSON.stringify({ ...body, meta }) };
}

function provenanceWrite({ header, provenance }: MessageParts): ResourceWrite {
  return {
    type: told,
    id: header.id ?? '',
    expected: 0,
    identifiers: [],
    body: JSON.stringify(provenance),
  };
}

function checkSameStay(
  stay: StayReference | undefined,
  of: StayReference | undefined,
  resource: FhirResource | undefined,
): void {
  if (stay === undefined || of === undefined) return;
  if (stay.by !== of.by || JSON.stringify(stay) === JSON.stringify(of)) return;
  const type = resource?.resourceType ?? 'Bundle.entry';
  throw invalidValue(`${type}.encounter`, 'another stay than that of the message');
}

function contradiction(text: string, location: string): GatewayError {
  return malformed('invariant', text, location);
}

function unsupported(text: string, location: string): GatewayError {
  return new GatewayError('unsupported-message', `${location}: ${text}`, {
    standardCode: 'not-supported',
    location,
  });
}
