/**
 * What would be decided if facts were recorded that are not: which notices would go out and how late, what would come of
 * liability, care days and months. By the functions that decide in earnest; nothing is written.
 */
import { judge, linksOf, periodOf } from '../advance.ts';
import type { AdvanceParts, Judgement } from '../advance.ts';
import type {
  DeadlineData,
  DischargeEvent,
  NoticeData,
  NoticedObligation,
} from '../process/events.ts';
import { isoOf } from '../rules/legal-days.ts';
import { cutOffKeyOf, settle } from '../rules/settlement.ts';
import type { LoadedProcess, NewEvent, StoredEvent } from '../runtime/journal/journal.ts';
import { namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { standingOf } from './standing.ts';
import type { Standing } from './standing.ts';
import { linked, supposing, toEvent } from './supposed.ts';
import type { SupposedFacts } from './supposed.ts';

export interface Clock {
  readonly deadline: DeadlineData['deadline'];
  readonly dueAt: string;
  /** How long ago it was due, in milliseconds; negative while it is to come. */
  readonly lateMs: number;
}

export interface ForetoldNotice {
  readonly action: 'issued' | 'corrected' | 'withdrawn';
  readonly obligation: NoticedObligation;
  readonly role: NoticeData['role'];
  readonly municipality?: string;
  readonly municipalityName?: string;
  /** Held for a person, never routed automatically. */
  readonly held: boolean;
  /** The deadline it would be sent under; absent where the law sets none, and for what is withdrawn. */
  readonly clock?: Clock;
  readonly reference: string;
}

export interface ForetoldCase {
  readonly caseReference: string;
  /** Its sender is in shadow: nothing of this would leave, and nothing is billed. */
  readonly inShadow: boolean;
  readonly notices: readonly ForetoldNotice[];
  /** Everything else that would be decided: links to other stays, deadlines, liability, care days. */
  readonly decisions: readonly DischargeEvent[];
  /** Deadlines that are not met then, the most urgent first. */
  readonly clocks: readonly Clock[];
}

/** A month that would be told of another count. */
export interface ForetoldMonth extends Period, PlaceNames {
  /** As it stands now. */
  readonly standing: Standing;
  /** Billing that would be recorded or adjusted at once; none while the month is open. */
  readonly billing: readonly DischargeEvent[];
}

export type Parts = Pick<AdvanceParts, 'isSenderLive' | 'warnMs' | 'agreedMs'>;

export interface Foretold {
  readonly case: ForetoldCase;
  /** Counts that settlements would read, by their stream. */
  readonly counts: ReadonlyMap<string, readonly DischargeEvent[]>;
}

/**
 * @param facts of every case: stays of one patient may be joined by them
 * @returns undefined for a case that is not in the journal
 */
export async function foretellCase(
  asked: Asked,
  parts: Parts,
  caseReference: string,
  facts: SupposedFacts,
): Promise<Foretold | undefined> {
  const supposed = await judgeSupposed(asked, parts, caseReference, facts);
  if (supposed === undefined) return undefined;
  const { judged, links, inShadow } = supposed;
  const { nowMs } = asked;
  const events = judged.change.events.map(toEvent);
  return {
    case: {
      caseReference: supposed.process.processId,
      inShadow,
      notices: events.flatMap((event) => noticeOf(asked, judged, event)),
      decisions: [
        ...links.map(toEvent),
        ...events.filter(({ type }) => !type.startsWith('notice.')),
      ],
      clocks: clocksOf(judged, nowMs),
    },
    counts: countsOf(judged.change.events),
  };
}

/** A case with facts that are not recorded, as it would be judged. */
export interface SupposedCase {
  readonly process: LoadedProcess;
  readonly judged: Judgement;
  /** Changes of links that come before it is judged. */
  readonly links: readonly NewEvent[];
  readonly inShadow: boolean;
}

/** @returns undefined for a case that is not in the journal */
export async function judgeSupposed(
  { journal, profiles, nowMs }: Asked,
  parts: Parts,
  caseReference: string,
  facts: SupposedFacts,
): Promise<SupposedCase | undefined> {
  const reads = supposing(journal, facts);
  const loaded = await reads.load(caseReference);
  if (loaded === undefined) return undefined;
  const links = (await linksOf(reads, loaded, profiles, nowMs))?.events ?? [];
  const process = await linked(reads, loaded, links);
  const now = isoOf(nowMs);
  return {
    process,
    judged: judge(process, { ...parts, profiles }, nowMs),
    links,
    inShadow: !process.stays.every(({ sender }) => parts.isSenderLive(sender, now)),
  };
}

export function countsOf(events: readonly NewEvent[]): Map<string, DischargeEvent[]> {
  const counts = new Map<string, DischargeEvent[]>();
  for (const event of events) {
    const stream = event.alsoStream;
    if (stream === undefined) continue;
    counts.set(stream, [...(counts.get(stream) ?? []), toEvent(event)]);
  }
  return counts;
}

// ---------------------------------------------------------------- notices and their clocks

export function noticeOf(
  { profiles, nowMs }: Asked,
  judged: Judgement,
  event: DischargeEvent,
): ForetoldNotice[] {
  if (
    event.type !== 'notice.issued' &&
    event.type !== 'notice.corrected' &&
    event.type !== 'notice.withdrawn'
  ) {
    return [];
  }
  const { obligation, role, municipality, held = false, reference } = event.data;
  const action = event.type === 'notice.issued' ? 'issued' : actionOf(event.type);
  const name =
    municipality === undefined ? undefined : profiles.nation.municipalityName(municipality);
  const clock = action === 'withdrawn' ? undefined : clockOf(judged, event.data, nowMs);
  return [
    {
      action,
      obligation,
      role,
      ...(municipality !== undefined && { municipality }),
      ...(name !== undefined && { municipalityName: name }),
      held,
      ...(clock && { clock }),
      reference,
    },
  ];
}

const actionOf = (type: 'notice.corrected' | 'notice.withdrawn'): 'corrected' | 'withdrawn' =>
  type === 'notice.corrected' ? 'corrected' : 'withdrawn';

/** Which deadlines the sending of a notice keeps. */
export const deadlinesOf: Readonly<Record<NoticedObligation, readonly DeadlineData['deadline'][]>> =
  {
    'admission-notice': ['T1', 'T2'],
    'discharge-estimate': ['T3'],
    'discharge-ready-notice': ['T5'],
    'planning-call': ['T6'],
    'compulsory-care-notice': [],
    'discharge-notice': [],
    'death-notice': [],
  };

function clockOf(
  { findings }: Judgement,
  { obligation, role, municipality, occasion }: NoticeData,
  nowMs: number,
): Clock | undefined {
  const wanted = findings
    .flatMap(({ wants }) => wants.filter((want) => want.want === 'deadline'))
    .filter(({ deadline }) => deadlinesOf[obligation].includes(deadline));
  // The finding about this very recipient knows; else the deadline about the same occasion.
  const own = findings.find(
    (found) =>
      found.rule === obligation &&
      found.role === role &&
      found.municipality === municipality &&
      found.dueAtMs !== undefined,
  )?.dueAtMs;
  const want =
    wanted.find(({ dueAtMs }) => dueAtMs === own) ??
    wanted.find(({ about }) => about.aliases.has(occasion)) ??
    wanted.at(-1);
  return want && clockAt(want.deadline, own ?? want.dueAtMs, nowMs);
}

function clocksOf({ findings }: Judgement, nowMs: number): readonly Clock[] {
  return findings
    .flatMap(({ wants }) => wants.filter((want) => want.want === 'deadline'))
    .filter(({ metAtMs }) => metAtMs === undefined)
    .map(({ deadline, dueAtMs }) => clockAt(deadline, dueAtMs, nowMs))
    .sort((left, right) => left.dueAt.localeCompare(right.dueAt));
}

const clockAt = (deadline: Clock['deadline'], dueAtMs: number, nowMs: number): Clock => ({
  deadline,
  dueAt: isoOf(dueAtMs),
  lateMs: nowMs - dueAtMs,
});

// ---------------------------------------------------------------- months

/** What months would make of new counts; what a month hands to the next is not followed further. */
export async function foretellMonths(
  asked: Asked,
  counts: ReadonlyMap<string, readonly DischargeEvent[]>,
): Promise<readonly ForetoldMonth[]> {
  const { journal, profiles, nowMs } = asked;
  const months: ForetoldMonth[] = [];
  for (const [streamId, added] of [...counts].sort(([left], [right]) =>
    left.localeCompare(right),
  )) {
    const period = periodOf(streamId);
    const { events } = await journal.loadSettlement(streamId);
    const last = events.at(-1)?.position ?? 0;
    const supposed = added.map((event, index): StoredEvent => ({
      position: last + 1 + index,
      event,
    }));
    const isOpen = await journal.isAhead(cutOffKeyOf(streamId));
    const decided = isOpen
      ? []
      : settle([...events, ...supposed], profiles.parametersOf(period), period, nowMs).events;
    months.push({
      ...period,
      ...namesOf(profiles, period),
      standing: standingOf(events, period.month),
      billing: decided
        .filter(({ type }) => type.startsWith('billing.'))
        .map((event) => ({
          ...event,
          stayId: streamId,
          recordedAt: isoOf(nowMs),
          source: { sender: 'hemgang', messageId: event.id },
          correlationId: streamId,
        })),
    });
  }
  return months;
}
