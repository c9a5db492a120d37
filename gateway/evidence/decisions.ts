/** What was known when a notice or liability was decided, and what is known now. */
import type { Parameters } from '../../profiles/index.ts';
import type { DischargeEvent, NoticedObligation } from '../process/events.ts';
import { fold } from '../process/state.ts';
import { explainFindings, type ExplainedFinding } from '../questions/case-findings.ts';
import { mentions } from '../questions/case-timeline.ts';
import { differencesBetween, type FindingDifference } from '../questions/differences.ts';
import { assess } from '../rules/index.ts';
import type { Finding } from '../rules/rule.ts';
import type { LoadedProcess, StoredEvent } from '../runtime/journal/journal.ts';

export interface DecisionBasis {
  readonly eventId: string;
  readonly type: DischargeEvent['type'];
  readonly decidedAt: string;
  /** The last event that was known to it, and how many. */
  readonly knownUpTo: number;
  readonly known: number;
  /** What the law says of what was known then, with the figures of the parameters as they are now. */
  readonly found: readonly ExplainedFinding[];
  /** What is found otherwise now, of all sections. */
  readonly since: readonly Omit<FindingDifference, 'causes'>[];
}

export interface Decisions {
  readonly list: readonly DecisionBasis[];
  /** Of so many more the basis is not told: liability and the latest notices go first. */
  readonly leftOut: number;
}

/** Each is a whole assessment. */
const mostDecisions = 200;

export function decisionsOf(
  { processId, events }: LoadedProcess,
  parametersOf: (events: readonly StoredEvent[]) => Parameters,
  nowMs: number,
): Decisions {
  const all = events.filter(({ event }) => ruleOf(event) !== undefined);
  const byWeight = all.toSorted(
    (left, right) => weight(right) - weight(left) || right.position - left.position,
  );
  const chosen = byWeight.slice(0, mostDecisions).toSorted((a, b) => a.position - b.position);
  const now = assess(fold(events, processId), parametersOf(events), nowMs);
  const mention = mentions(events);
  const list = chosen.map(({ position, event }): DecisionBasis => {
    const known = events.filter((one) => one.position < position);
    const process = fold(known, processId);
    const parameters = parametersOf(known);
    const then = assess(process, parameters, Date.parse(event.recordedAt));
    const about = then.filter((one) => one.rule === ruleOf(event) && isAbout(event, one));
    return {
      eventId: event.id,
      type: event.type,
      decidedAt: event.recordedAt,
      knownUpTo: known.at(-1)?.position ?? 0,
      known: known.length,
      found: explainFindings(about, process, parameters, known),
      since: differencesBetween(then, now, mention),
    };
  });
  return { list, leftOut: all.length - chosen.length };
}

const weight = ({ event }: StoredEvent): number => (event.type.startsWith('liability.') ? 1 : 0);

/** The rule of each notice that is not one by itself. */
const ruleOfNotice: Partial<Record<NoticedObligation, string>> = {
  'compulsory-care-notice': 'discharge-ready-notice',
  'discharge-estimate': 'admission-notice',
};

function ruleOf(event: DischargeEvent): string | undefined {
  switch (event.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn':
      return ruleOfNotice[event.data.obligation] ?? event.data.obligation;
    case 'liability.started':
    case 'liability.withheld':
    case 'liability.ended':
    case 'liability.revised':
    case 'liability.revoked':
      return 'payment-liability';
    default:
      return undefined;
  }
}

function isAbout(
  { data }: DischargeEvent,
  found: Pick<Finding, 'occasion' | 'role' | 'reference'>,
): boolean {
  // Whether a change was told is found by its own section, for all units together.
  if ('obligation' in data && data.obligation === 'discharge-estimate' && 'reference' in data) {
    return found.reference === data.reference;
  }
  const isSame =
    !('occasion' in data) || found.occasion === undefined || found.occasion === data.occasion;
  return isSame && (!('role' in data) || found.role === undefined || found.role === data.role);
}
