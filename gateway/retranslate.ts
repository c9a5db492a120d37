/**
 * Messages are translated again: those that waited for a code under grown tables, and accepted ones under another overlay.
 * What comes of a message is planned (pure) and then appended, so a plan that is only shown says what the appending does.
 * Facts a message gave before are superseded, never edited.
 */
import { hash } from 'node:crypto';
import type { Inbound, Translation } from '../adapters/adapter.ts';
import { asGatewayError, GatewayError } from './errors.ts';
import type { EventBody, EventType } from './process/events.ts';
import { factId } from './process/ids.ts';
import { supersession, superseding } from './process/supersession.ts';
import { bodiesOf } from './receive.ts';
import type { ReceiveParts } from './receive.ts';
import type {
  Journal,
  ParkedCase,
  ParkedMessage,
  Retranslation,
  ToldMessage,
} from './runtime/journal/journal.ts';

/** What one message becomes. */
export interface RetranslationPlan<M = Omit<ParkedMessage, 'raw'>> {
  readonly message: M;
  /** As the journal is told; facts that come out as they were among them. */
  readonly change: Retranslation;
  /** The facts that are added, as they will stand in the journal. */
  readonly facts: readonly EventBody[];
  /** Facts that nothing says any longer: those in `facts` name them. */
  readonly superseded: readonly { readonly id: string; readonly type: EventType }[];
}

/**
 * A message is translated again as the sender it was taken for (what lay in a sender's folder is theirs, whatever it says),
 * and by the standard its kind belongs to.
 */
export type AdapterOf = (senderId: string, kind: string) => Inbound<unknown>;

// ---------------------------------------------------------------- what waits for a code

/**
 * What a waiting message becomes under the adapter's tables. Pure.
 * @param now when it would be recorded, ISO 8601
 * @returns undefined where it waits on for the same codes
 * @throws GatewayError where the message cannot be translated
 */
function planRetranslation<M>(
  adapter: Inbound<M>,
  parked: ParkedMessage,
  now: string,
): RetranslationPlan | undefined {
  const { raw: _raw, ...message } = parked;
  const { translation, events } = translated(adapter, parked, now);
  return sameCodes(translation.unmapped, parked.unmapped)
    ? undefined
    : planOf(adapter, message, translation, events);
}

/** What the waiting messages of one case become; one that cannot be translated waits on, and `onTrouble` hears of it. */
export async function planCase(
  adapterOf: AdapterOf,
  journal: Pick<Journal, 'parkedOf'>,
  parkedCase: ParkedCase,
  now: string,
  onTrouble: (messageId: string, error: unknown) => void,
): Promise<readonly RetranslationPlan[]> {
  const plans: RetranslationPlan[] = [];
  for (const parked of await journal.parkedOf(parkedCase)) {
    try {
      const plan = planRetranslation(adapterOf(parked.sender, parked.kind), parked, now);
      if (plan !== undefined) plans.push(plan);
    } catch (thrown) {
      onTrouble(parked.messageId, thrown);
    }
  }
  return plans;
}

/** Cases on their way to the journal at the same time: it commits in groups, and in the order it was given. */
const casesAtOnce = 50;

/**
 * Translates everything that waits again, case by case in the order of arrival. The messages of one case are one write:
 * an admission and its cancelling that waited together are judged together.
 * @param onProgress called now and then with how many cases are done
 * @returns how many messages are parked no longer
 */
export async function retranslateParked(
  adapterOf: AdapterOf,
  parts: Pick<ReceiveParts, 'journal' | 'clock' | 'log'>,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<number> {
  const cases = await parts.journal.parkedCases();
  let freed = 0;
  for (let first = 0; first < cases.length; first += casesAtOnce) {
    const some = cases.slice(first, first + casesAtOnce);
    const counts = await Promise.all(some.map((one) => retranslateCase(adapterOf, parts, one)));
    freed += counts.reduce((sum, count) => sum + count, 0);
    onProgress(first + some.length, cases.length);
  }
  return freed;
}

async function retranslateCase(
  adapterOf: AdapterOf,
  { journal, clock, log }: Pick<ReceiveParts, 'journal' | 'clock' | 'log'>,
  one: ParkedCase,
): Promise<number> {
  const stillParked = (messageId: string, thrown: unknown): void => {
    log.warn({ messageId, err: asGatewayError(thrown) }, 'still parked');
  };
  const plans = await planCase(adapterOf, journal, one, clock.now(), stillParked);
  if (plans.length === 0) return 0;
  try {
    await journal.retranslate(plans.map(({ change }) => change));
    return plans.filter(({ change }) => change.unmapped.length === 0).length;
  } catch (thrown) {
    for (const { message } of plans) stillParked(message.messageId, thrown);
    return 0;
  }
}

// ---------------------------------------------------------------- what was accepted

/**
 * What an accepted or a waiting message becomes under other mappings. Pure. What it says of persons (name, numbers, a
 * merge) is no fact of its stay and stands as it was recorded.
 * @param now when it would be recorded, ISO 8601
 * @returns undefined where it says what it said
 * @throws GatewayError where the message cannot be translated, or would belong to another stay
 */
export function planAgain<M>(
  adapter: Inbound<M>,
  told: ToldMessage,
  now: string,
): RetranslationPlan<ToldMessage> | undefined {
  const { translation, head, digest, events } = translated(adapter, told, now);
  const saysTheSame = JSON.stringify(told.recorded.map(said)) === JSON.stringify(events.map(said));
  if (saysTheSame && sameCodes(translation.unmapped, told.unmapped)) return undefined;
  refuseOtherStay(translation, told);
  // What says nothing any longer takes its facts back in a fact of its own: only a fact can replace one.
  const [taken] = told.recorded;
  const all =
    events.length > 0 || taken === undefined
      ? events
      : [
          {
            id: idOfSilence(head, digest, adapter.mappingRevision),
            type: 'statement.withdrawn' as const,
            occurredAt: taken.occurredAt,
            ...(head.sentAt !== undefined && { sentAt: head.sentAt }),
            recordedAt: now,
            source: { sender: told.sender, messageId: told.messageId },
            causationId: told.messageId,
            correlationId: told.messageId,
            data: { statement: taken.type, at: taken.occurredAt },
          },
        ];
  const plan = planOf(adapter, told, translation, all);
  const planned = { place: told.place, facts: told.recorded.map(({ id }) => id) };
  return { ...plan, change: { ...plan.change, planned } };
}

const idOfSilence = (
  { sender, controlId }: { readonly sender: string; readonly controlId: string },
  digest: Buffer,
  revision: string,
): string => factId(sender, controlId, digest.toString('hex'), 'statement.withdrawn', 0, revision);

/** What a fact says, whatever its id is and whenever it was learned. */
const said = ({ type, occurredAt, precision, warnings, data }: EventBody): unknown => [
  type,
  occurredAt,
  precision ?? null,
  warnings ?? null,
  inOrder(data),
];

/** An object by its keys in order: the journal may keep them as they came. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, one]) => [key, inOrder(one)]);
}

function refuseOtherStay({ stay }: Translation, { visit, stayId }: ToldMessage): void {
  const isSame =
    stay === undefined ||
    stay.by === 'case' ||
    (visit?.authority === stay.authority && visit.number === stay.number);
  if (isSame && (stay === undefined || stayId !== undefined)) return;
  const what =
    stayId === undefined
      ? 'it named no stay when it came: send it again, or import it'
      : 'it would belong to another stay: cancel it there, and send it again';
  throw new GatewayError('unsupported-message', what);
}

// ---------------------------------------------------------------- what both have in common

function translated<M>(
  adapter: Inbound<M>,
  { raw, messageId }: Pick<ParkedMessage, 'raw' | 'messageId'>,
  now: string,
) {
  const read = adapter.read(raw);
  const head = adapter.head(read);
  const translation = adapter.translate(read);
  const digest = hash('sha256', head.content ?? raw, 'buffer');
  const { events } = bodiesOf(translation, head, digest, messageId, now, adapter.mappingRevision);
  return { translation, head, digest, events };
}

function planOf<M extends Pick<ParkedMessage, 'messageId' | 'recorded'>>(
  { mappingRevision }: Pick<Inbound<unknown>, 'mappingRevision'>,
  message: M,
  { unmapped }: Translation,
  events: readonly EventBody[],
): RetranslationPlan<M> {
  const { messageId, recorded } = message;
  const { fresh, replaced } = supersession(recorded, events);
  return {
    message,
    change: { messageId, mappingRevision, events, unmapped },
    facts: fresh.map(({ fact, replaces }) => superseding(fact, replaces)),
    superseded: fresh.length === 0 ? [] : replaced.map(({ id, type }) => ({ id, type })),
  };
}

function sameCodes(now: Translation['unmapped'], before: Translation['unmapped']): boolean {
  const text = (codes: Translation['unmapped']): string =>
    codes.map((code) => `${code.table}|${code.code}|${code.path}`).join('\n');
  return text(now) === text(before);
}
