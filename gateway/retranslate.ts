/**
 * Messages that waited for a code are translated again under grown tables. What comes of a message is planned (pure) and
 * then appended, so a plan that is only shown says what the appending does. Facts a message gave before are superseded,
 * never edited.
 */
import { hash } from 'node:crypto';
import type { Inbound, Translation } from '../adapters/adapter.ts';
import { asGatewayError } from './errors.ts';
import type { EventBody, EventType } from './process/events.ts';
import { supersession, superseding } from './process/supersession.ts';
import { bodiesOf } from './receive.ts';
import type { ReceiveParts } from './receive.ts';
import type {
  Journal,
  ParkedCase,
  ParkedMessage,
  Retranslation,
} from './runtime/journal/journal.ts';

/** What one waiting message becomes. */
export interface RetranslationPlan {
  readonly message: Omit<ParkedMessage, 'raw'>;
  /** As the journal is told; facts that come out as they were among them. */
  readonly change: Retranslation;
  /** The facts that are added, as they will stand in the journal. */
  readonly facts: readonly EventBody[];
  /** Facts that nothing says any longer: the first of `facts` names them. */
  readonly superseded: readonly { readonly id: string; readonly type: EventType }[];
}

/**
 * A message is translated again as the sender it was taken for (what lay in a sender's folder is theirs, whatever it says),
 * and by the standard its kind belongs to.
 */
export type AdapterOf = (senderId: string, kind: string) => Inbound<unknown>;

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
  const { raw, ...message } = parked;
  const { messageId, recorded } = message;
  const read = adapter.read(raw);
  const head = adapter.head(read);
  const translation = adapter.translate(read);
  const { unmapped } = translation;
  if (sameCodes(unmapped, parked.unmapped)) return undefined;
  const { mappingRevision } = adapter;
  const digest = hash('sha256', head.content ?? raw, 'buffer');
  const { events } = bodiesOf(translation, head, digest, messageId, now, mappingRevision);
  const { fresh, replaced } = supersession(
    recorded.map(({ id }) => id),
    events,
  );
  const [first, ...rest] = fresh;
  return {
    message,
    change: { messageId, mappingRevision, events, unmapped },
    facts: first === undefined ? [] : [superseding(first, replaced), ...rest],
    superseded: first === undefined ? [] : recorded.filter(({ id }) => replaced.includes(id)),
  };
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

function sameCodes(now: Translation['unmapped'], before: Translation['unmapped']): boolean {
  const text = (codes: Translation['unmapped']): string =>
    codes.map((code) => `${code.table}|${code.code}|${code.path}`).join('\n');
  return text(now) === text(before);
}
