/**
 * A plan of translating again is carried out: from the raw messages, in order within a case, a case a write. Before the
 * first write everything is held against the plan; what is done already stays done, so an interrupted plan is applied again.
 */
import { GatewayError } from '../errors.ts';
import { planAgain, type AdapterOf, type RetranslationPlan } from '../retranslate.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Journal, ToldMessage } from '../runtime/journal/journal.ts';
import type { Pace } from './pace.ts';
import { positionOf, type RetranslationOrder } from './retranslation.ts';

export interface ApplyParts {
  readonly journal: Pick<Journal, 'told' | 'load' | 'retranslate'>;
  readonly clock: Clock;
  readonly mappings: { readonly revision: string; readonly adapterOf: AdapterOf };
  readonly pace: Pace;
  /** Aborted: the case in hand is finished, the rest is left for the next time. */
  readonly signal: AbortSignal;
  readonly tell: (done: number, of: number) => void;
  /** Called before each case is written. */
  readonly audit: (what: string, about: string) => Promise<void>;
}

export interface AppliedRetranslation {
  /** Messages translated now, and by an earlier go. */
  readonly translated: number;
  readonly before: number;
  /** Cases that went on while this ran: they are as they were. */
  readonly left: readonly string[];
  /** It was stopped: apply the same plan again. */
  readonly isInterrupted: boolean;
}

type PlannedCase = RetranslationOrder['cases'][number];
type Found =
  | { readonly state: 'done' }
  | { readonly state: 'moved' }
  | { readonly state: 'ready'; readonly plans: readonly RetranslationPlan<ToldMessage>[] };

/**
 * @throws GatewayError stale-version, with nothing written, where the mappings are others or a case has gone on since the
 * plan was made
 */
export async function applyRetranslation(
  parts: ApplyParts,
  plan: RetranslationOrder & { readonly digest: string },
): Promise<AppliedRetranslation> {
  const { mappings, journal, pace, signal, tell, audit } = parts;
  if (plan.mappings !== mappings.revision) {
    throw moved(`the mappings in force are ${mappings.revision}, and not ${plan.mappings}`);
  }
  await refuseMoved(parts, plan.cases);
  const left: string[] = [];
  let [translated, before, passed] = [0, 0, 0];
  for (const one of plan.cases) {
    if (signal.aborted) break;
    const { messages } = one;
    await pace.take(messages.length);
    const found = await compare(parts, one);
    if (found.state === 'done') before += messages.length;
    else if (found.state === 'moved') left.push(one.case);
    else {
      const about = `translate ${messages.length} messages again by mappings ${mappings.revision}`;
      await audit(`${about} (plan ${plan.digest})`, one.case);
      const outcome = await journal.retranslate(found.plans.map(({ change }) => change));
      if (outcome === 'stale') left.push(one.case);
      else translated += messages.length;
    }
    tell((passed += 1), plan.cases.length);
  }
  return { translated, before, left, isInterrupted: passed < plan.cases.length };
}

async function refuseMoved(parts: ApplyParts, cases: readonly PlannedCase[]): Promise<void> {
  const changed: string[] = [];
  for (const one of cases) {
    if ((await compare(parts, one)).state === 'moved') changed.push(one.case);
  }
  if (changed.length === 0) return;
  const some = changed.slice(0, shown).join(', ');
  const more = changed.length > shown ? ` and ${changed.length - shown} more` : '';
  throw moved(`${changed.length} cases have gone on: ${some}${more}`);
}

const shown = 5;

/** How a case stands against the plan. */
async function compare(
  { journal, mappings, clock }: ApplyParts,
  { case: caseId, position, messages }: PlannedCase,
): Promise<Found> {
  const told = await journal.told.at(messages.map(({ place }) => place));
  if (told.length !== messages.length) return { state: 'moved' };
  const isDone = told.every(
    (one, index) =>
      one.mappingRevision === mappings.revision && sameIds(one.recorded, messages[index]?.comes),
  );
  if (isDone) return { state: 'done' };
  if ((await positionOf(journal, caseId)) !== position) return { state: 'moved' };
  const plans: RetranslationPlan<ToldMessage>[] = [];
  for (const [index, one] of told.entries()) {
    const planned = messages[index];
    const plan = planAgain(mappings.adapterOf(one.sender, one.kind), one, clock.now());
    const isAsPlanned =
      plan !== undefined &&
      one.messageId === planned?.message &&
      sameIds(plan.facts, planned.comes) &&
      sameIds(plan.superseded, planned.superseded);
    if (!isAsPlanned) return { state: 'moved' };
    plans.push(plan);
  }
  return { state: 'ready', plans };
}

interface Named {
  readonly id: string;
}
const sameIds = (left: readonly Named[], right: readonly Named[] = []): boolean =>
  left.length === right.length && left.every(({ id }, index) => id === right[index]?.id);

const moved = (what: string): GatewayError =>
  new GatewayError(
    'stale-version',
    `the plan is out of date: ${what}; nothing was written\n` +
      '  next: make it anew with hemgang retranslate --dry-run, and look at it again',
  );
