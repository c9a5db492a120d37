/**
 * One case explained: its facts, clocks and findings, and what they led to. Asked about an earlier time it answers with
 * what was known then, and beside it with what is known today; what was decided stands as it was decided.
 */
import { placeOf } from '../advance.ts';
import { GatewayError } from '../errors.ts';
import type { DischargeEvent } from '../process/events.ts';
import { fold } from '../process/state.ts';
import type { DischargeProcess } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import { isoOf } from '../rules/legal-days.ts';
import { partiesOf } from '../rules/notices/parties.ts';
import type { LoadedProcess, StoredEvent } from '../runtime/journal/journal.ts';
import type { Asked } from './asked.ts';
import { countsOf } from './case-counts.ts';
import type { ExplainedCount } from './case-counts.ts';
import { explainFindings } from './case-findings.ts';
import type { ExplainedFinding } from './case-findings.ts';
import { clocksOf, decisionsOf, factsOf } from './case-timeline.ts';
import type { Clock, ExplainedFact } from './case-timeline.ts';
import { differencesOf } from './differences.ts';
import type { FindingDifference } from './differences.ts';

export interface CaseExplanation {
  readonly caseReference: string;
  readonly stays: readonly { readonly stayId: string; readonly sender: string }[];
  /** The time it answers for. */
  readonly at: string;
  /** Treating region. */
  readonly county?: string;
  readonly countyName?: string;
  /** Municipality that would pay. */
  readonly municipality?: string;
  readonly municipalityName?: string;
  /** Codes of facts that cannot both be true. */
  readonly contradictions: readonly string[];
  readonly facts: readonly ExplainedFact[];
  readonly decisions: readonly DischargeEvent[];
  readonly clocks: readonly Clock[];
  readonly findings: readonly ExplainedFinding[];
  readonly counts: readonly ExplainedCount[];
  /** Only where an earlier time was asked about: what came after it. */
  readonly since?: {
    readonly facts: readonly ExplainedFact[];
    readonly decisions: readonly DischargeEvent[];
    readonly differences: readonly FindingDifference[];
  };
}

/**
 * @param id case reference (the process) or stay id
 * @param atMs the time to answer for; now where it is left out
 * @throws GatewayError unknown-case
 */
export async function explainCase(
  asked: Asked,
  id: string,
  atMs?: number,
): Promise<CaseExplanation> {
  const loaded = await asked.journal.load(id);
  if (loaded === undefined) throw unknownCase(id);
  const { processId, events } = loaded;
  const known = atMs === undefined ? events : knownBy(loaded, isoOf(atMs));
  const answer = await answerFor(asked, loaded, known, atMs ?? asked.nowMs);
  if (atMs === undefined) return answer;
  const isEarlier = new Set(known);
  const later = events.filter((stored) => !isEarlier.has(stored));
  const { profiles, nowMs } = asked;
  const parametersOf = (of: Events) => profiles.parametersOf(placeOf(fold(of, processId)));
  return {
    ...answer,
    since: {
      facts: factsOf(later),
      decisions: decisionsOf(later),
      differences: differencesOf(processId, parametersOf, known, later, atMs, nowMs),
    },
  };
}

type Events = LoadedProcess['events'];

async function answerFor(
  asked: Asked,
  { processId, stays }: LoadedProcess,
  events: Events,
  atMs: number,
): Promise<CaseExplanation> {
  const { profiles } = asked;
  const process = fold(events, processId);
  const parameters = profiles.parametersOf(placeOf(process));
  const findings = assess(process, parameters, atMs);
  const at = isoOf(atMs);
  const isKnown = ({ event }: StoredEvent): boolean => event.recordedAt <= at;
  return {
    caseReference: processId,
    stays: stays.map(({ stayId, sender }) => ({ stayId, sender })),
    at,
    ...placesOf(asked, process),
    contradictions: process.contradictions,
    facts: factsOf(events),
    decisions: decisionsOf(events),
    clocks: clocksOf(process, findings, events),
    findings: explainFindings(findings, process, parameters, events),
    counts: await countsOf(asked, process, isKnown),
  };
}

function placesOf(
  { profiles: { nation } }: Asked,
  process: DischargeProcess,
): Pick<CaseExplanation, 'county' | 'countyName' | 'municipality' | 'municipalityName'> {
  const { county } = process;
  const { payer } = partiesOf(process);
  const countyName = county === undefined ? undefined : nation.regionName(county);
  const municipalityName = payer === undefined ? undefined : nation.municipalityName(payer);
  return {
    ...(county !== undefined && { county }),
    ...(countyName !== undefined && { countyName }),
    ...(payer !== undefined && { municipality: payer }),
    ...(municipalityName !== undefined && { municipalityName }),
  };
}

/** What was recorded up to the last event by then; of stays that were linked only later nothing was known of this case. */
function knownBy({ events }: LoadedProcess, at: string): Events {
  const count = events.findLastIndex(({ event }) => event.recordedAt <= at) + 1;
  const linkedLater = new Set(
    events
      .slice(count)
      .flatMap(({ event }) => (event.type === 'stay.linked' ? [event.data.linkedStayId] : [])),
  );
  return events.slice(0, count).filter(({ event }) => !linkedLater.has(event.stayId));
}

function unknownCase(id: string): GatewayError {
  return new GatewayError(
    'unknown-case',
    `no case or stay is called ${id}\n  next: take the case reference from a notice, or from hemgang billing preview --month YYYY-MM`,
  );
}
