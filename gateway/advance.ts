/**
 * 2: an event happened. Fold the history, assess the law, decide, store.
 *
 * An event on the bus is a nudge; the journal is the truth. Several nudges for one case are one pass.
 */
import type { Profiles } from '../profiles/index.ts';
import { GatewayError, assert } from './errors.ts';
import { issuing, readSeries } from './issue.ts';
import { keptOf, type Kept } from './kept.ts';
import type { EventBody, EventType } from './process/events.ts';
import { fold, type DischargeProcess } from './process/state.ts';
import { decide, type AgreedMs, type Decision, type WarnMs } from './rules/decide.ts';
import { assess } from './rules/index.ts';
import { foldInvoicing } from './rules/invoicing/invoices.ts';
import { decideLinks } from './rules/deciding/decide-links.ts';
import { isoOf, localDateOf } from './rules/legal-days.ts';
import type { Finding } from './rules/rule.ts';
import { cutOffKeyOf, foldSettlement, settle } from './rules/settlement.ts';
import { monthBefore, monthOf } from './rules/settling/settlement-month.ts';
import type { Handle } from './runtime/bus/bus.ts';
import type { Clock } from './runtime/clock.ts';
import type {
  Append,
  Journal,
  LoadedProcess,
  NewEvent,
  StoredEvent,
} from './runtime/journal/journal.ts';
import type { Observed } from './runtime/observed.ts';

export interface AdvanceParts {
  readonly journal: Journal;
  readonly profiles: Profiles;
  readonly clock: Clock;
  /** How long before a deadline a warning is given; without it no deadline warns. */
  readonly warnMs?: WarnMs;
  /** In what time a receiver has agreed to acknowledge; without it nobody waits for that. */
  readonly agreedMs?: AgreedMs | undefined;
  /** Cases of a sender in shadow are assessed and never billed. */
  readonly isSenderLive: (sender: string, now: string) => boolean;
  /** Told what is done; nobody is where it is left out. */
  readonly observed?: Observed;
}

/** Another writer was faster this many times in a row: give the event back to the bus. */
const staleLimit = 5;
/** The invoices of a day take the numbers of one series: each time one was slower another had its number. */
const issueLimit = 300;

/** Events that another stream than their own reads: the lane names it. */
const readElsewhere = new Set<EventType>(['care-days.counted', 'settlement.closed']);

/** What the bus calls for the queue `advance`. It resolves when everything that follows is committed. */
export function createAdvance(
  parts: AdvanceParts,
  kept = keptOf(parts.journal, parts.clock),
): Handle {
  return async function advance(_lane, deliveries) {
    const streams = new Map<string, number>();
    for (const { type, lane, streamId, position } of deliveries) {
      streams.set(readElsewhere.has(type) ? lane : streamId, position);
    }
    for (const [streamId, position] of streams) {
      const because = { position };
      if (streamId.startsWith(settlementPrefix)) {
        await advanceSettlement(parts, streamId, because);
      } else await advanceProcess(parts, kept, streamId, because);
    }
  };
}

/** What made us look: the last event of the stream that was on the bus. */
interface Because {
  readonly position: number;
}

async function advanceProcess(
  parts: AdvanceParts,
  { cases, historyEnd }: Kept,
  stayId: string,
  because: Because,
): Promise<void> {
  const { journal, clock, profiles } = parts;
  // First what the case is, then what the law says of it: a change of links advances every case that it is told to.
  for (;;) {
    const { isTold } = await untilAppended(parts, because, async (tries) => {
      // What another writer changed is read anew, all of it.
      if (tries > 0) cases.forget(stayId);
      const loaded = await cases.load(stayId);
      assert(loaded, 'an event names a stay the journal does not have');
      const nowMs = clock.nowMs();
      const links = await linksOf(journal, loaded, profiles, nowMs);
      const quietBefore = await historyEnd(loaded.stays.map(({ sender }) => sender));
      const change = links ?? judge(loaded, { ...parts, quietBefore }, nowMs).change;
      const { events } = loaded;
      return { events, change, isTold: links === undefined || isToldTo(loaded, links) };
    });
    if (isTold) return;
  }
}

/** What only others are told of advances them alone: this case is still to be judged. */
function isToldTo({ stays }: LoadedProcess, { events }: Append): boolean {
  return events.some(({ streamId }) => stays.some(({ stayId }) => stayId === streamId));
}

/** What a case is, what the law says of it, and what is written down of that. */
export interface Judgement {
  readonly process: DischargeProcess;
  readonly findings: readonly Finding[];
  readonly change: Append;
}

/**
 * The pure middle of `advance`: also asked what would be decided, of facts that nobody has recorded yet.
 * @param nowMs legal time, in epoch milliseconds
 */
export function judge(
  { events, processId, stays }: LoadedProcess,
  {
    profiles,
    isSenderLive,
    warnMs = {},
    agreedMs,
    quietBefore,
  }: Pick<AdvanceParts, 'profiles' | 'isSenderLive' | 'warnMs' | 'agreedMs'> & {
    /** The end of the imported history of its senders, ISO 8601. */
    readonly quietBefore?: string | undefined;
  },
  nowMs: number,
): Judgement {
  const process = fold(events, processId);
  const findings = assess(process, profiles.parametersOf(placeOf(process)), nowMs);
  const quietBeforeMs = quietBefore === undefined ? -Infinity : Date.parse(quietBefore);
  const decision = decide(process, findings, nowMs, { warnMs, quietBeforeMs, agreedMs });
  const now = isoOf(nowMs);
  // A readiness of the history is billed by whoever was in use then.
  const isBilled =
    stays.every(({ sender }) => isSenderLive(sender, now)) &&
    process.readiness.every(({ atMs }) => atMs >= quietBeforeMs);
  const first = stays[0];
  assert(first, 'a process has at least one stay');
  const change = {
    expected: stays.map(({ stayId: streamId, version }) => ({ streamId, version })),
    ...written(decision, first.stayId, processId, now, isBilled),
  };
  return { process, findings, change };
}

/** What is to change between the stays of the patient; undefined where nothing is. */
export async function linksOf(
  journal: Pick<Journal, 'relatedStays'>,
  { processId, stays, events }: LoadedProcess,
  profiles: Profiles,
  nowMs: number,
): Promise<Append | undefined> {
  const others = await journal.relatedStays(processId);
  if (others.length === 0 && stays.length === 1) return undefined;
  const parameters = profiles.parametersOf(placeOf(fold(events, processId)));
  const own = stays.map(({ stayId, patientKey, version }) => ({
    stayId,
    patientKey,
    processId,
    version,
    events: events.filter(({ event }) => event.stayId === stayId),
  }));
  const changes = decideLinks({ processId, stays: own }, others, parameters, nowMs);
  if (changes.length === 0) return undefined;
  // Another stay that changes meanwhile is advanced itself: what counts is what is written to.
  const changed = new Set(changes.map(({ stayId }) => stayId));
  const touched = [...own, ...others.filter(({ stayId }) => changed.has(stayId))];
  return {
    expected: touched.map(({ stayId, version }) => ({ streamId: stayId, version })),
    events: changes.map(({ stayId, ...event }) => ({
      streamId: stayId,
      body: {
        ...event,
        recordedAt: isoOf(nowMs),
        source: { sender: 'hemgang', messageId: event.id },
        correlationId: processId,
      },
      lane: processId,
    })),
    setDeadlines: [],
    closeDeadlines: [],
  };
}

async function advanceSettlement(
  parts: AdvanceParts,
  streamId: string,
  because?: Because,
  asked?: { readonly open: boolean },
): Promise<void> {
  const { journal, profiles, clock } = parts;
  const period = periodOf(streamId);
  // Until its cut-off an opened month only collects: what came is read once, then.
  if (await journal.isAhead(cutOffKeyOf(streamId))) return;
  await untilAppended(parts, because, async () => {
    const stream = await journal.loadSettlement(streamId);
    const parameters = profiles.parametersOf(period);
    const decision = settle(stream.events, parameters, period, clock.nowMs(), asked);
    const change = {
      expected: [{ streamId, version: stream.version }],
      ...written(decision, streamId, streamId, clock.now()),
    };
    return { events: stream.events, change };
  });
  await issueWaiting(parts, streamId, because);
}

/** The invoice that was approved for a day is issued when it has come; as it was approved, whatever came to be known since. */
async function issueWaiting(
  parts: AdvanceParts,
  streamId: string,
  because: Because | undefined,
): Promise<void> {
  const { journal, clock } = parts;
  const period = periodOf(streamId);
  const attempt = async (): Promise<Attempt> => {
    const series = await readSeries(journal, period.county);
    const { events, version } = await journal.loadSettlement(streamId);
    const { waiting } = foldInvoicing(events);
    const nowMs = clock.nowMs();
    const change: Append = { expected: [], events: [], setDeadlines: [], closeDeadlines: [] };
    const { draft, issueOn, revision, by } = waiting?.data ?? {};
    if (!waiting || !draft || !by || revision === undefined) return { events, change };
    if (issueOn !== undefined && issueOn > localDateOf(nowMs)) return { events, change };
    const decision = waiting.eventId;
    const toIssue = { streamId, period, draft, revision, by, decision };
    const issued = issuing(series, toIssue, nowMs);
    const expected = [{ streamId, version }, ...issued.expected];
    return { events, change: { ...change, expected, events: issued.events } };
  };
  await untilAppended(parts, because, attempt, issueLimit);
}

/**
 * Begins the calendar of settlements where an agreement is in force, or will be: every municipality's month is settled,
 * empty ones too, and each month begins the next. Months that have begun are left as they are; a calendar that stopped
 * because its agreement had ended goes on where it stopped, once the agreement is prolonged.
 * @param counties of the hospitals that this gateway serves
 * @param only these municipalities, where not all of them are settled here
 */
export async function openMonths(
  parts: AdvanceParts,
  counties: ReadonlySet<string>,
  only?: readonly string[],
): Promise<void> {
  const { profiles, clock } = parts;
  const today = localDateOf(clock.nowMs());
  const month = monthOf(today);
  for (const county of counties) {
    for (const municipality of profiles.nation.municipalitiesOf(county)) {
      if (only?.includes(municipality) === false) continue;
      const place = { county, municipality };
      const agreement = profiles.parametersOf(place).agreementOn(today);
      const isInForce = agreement !== undefined && agreement.status !== 'unseen';
      const first = isInForce ? month : monthToCome(profiles, place, month);
      if (first === undefined) continue;
      if (isInForce) await resumeCalendar(parts, { ...place, month }, agreement.firstMonth);
      const stream = settlementStreamOf({ ...place, month: first });
      await advanceSettlement(parts, stream, undefined, { open: true });
    }
  }
}

/** The first month of an agreement that is still to begin: nobody may start the gateway anew when it does. */
function monthToCome(
  { agreements }: Profiles,
  { county, municipality }: Omit<Period, 'month'>,
  month: string,
): string | undefined {
  const agreement = agreements.find((one) => one.county === county);
  if (agreement === undefined || !agreement.municipalities.includes(municipality)) return undefined;
  return agreement.firstMonth > month ? agreement.firstMonth : undefined;
}

/** How far back a calendar that stopped is looked for. */
const resumeMonths = 24;

/** The last month that handed something on, where it named no month to read it: it is closed anew, and names one. */
async function resumeCalendar(
  parts: AdvanceParts,
  { month, ...place }: Period,
  firstMonth: string,
): Promise<void> {
  let earlier = monthBefore(month);
  for (let back = 0; back < resumeMonths && earlier >= firstMonth; back++) {
    const streamId = settlementStreamOf({ ...place, month: earlier });
    const { events } = await parts.journal.loadSettlement(streamId);
    const { closed } = foldSettlement(events, { month: earlier });
    if (closed?.carry !== undefined) {
      if (closed.next === undefined) await advanceSettlement(parts, streamId);
      return;
    }
    earlier = monthBefore(earlier);
  }
}

/** Whose law and agreement hold for a case: the treating region's. */
export function placeOf(process: DischargeProcess): { county?: string } {
  return process.county === undefined ? {} : { county: process.county };
}

/** What was read of the journal, and what is to follow from it. */
interface Attempt {
  readonly events: readonly StoredEvent[];
  readonly change: Append;
}

/** @returns the attempt that was written, or that had nothing to write */
async function untilAppended<A extends Attempt>(
  parts: AdvanceParts,
  because: Because | undefined,
  attempt: (tries: number) => Promise<A>,
  limit = staleLimit,
): Promise<A> {
  for (let tries = 0; tries < limit; tries++) {
    const made = await attempt(tries);
    const { events, change } = made;
    const nothing =
      change.events.length + change.setDeadlines.length + change.closeDeadlines.length === 0;
    if (nothing || (await appended(parts, because, events, change)) === 'appended') return made;
  }
  throw new GatewayError('stale-version', `another writer was faster ${limit} times`);
}

/** Writes down what follows, as a step of the trace that made us look. */
async function appended(
  { journal, observed }: AdvanceParts,
  because: Because | undefined,
  events: readonly StoredEvent[],
  change: Append,
): Promise<'appended' | 'stale'> {
  if (observed === undefined) return await journal.append(change);
  const cause = events.findLast(({ position }) => position === because?.position)?.event;
  const step = observed.begin('advance', cause?.traceparent, cause && { type: cause.type });
  const { traceparent } = step;
  const traced = change.events.map((event): NewEvent => ({
    ...event,
    body: { ...event.body, traceparent },
  }));
  return await step.of(() => journal.append({ ...change, events: traced }));
}

/** A decision as rows: events with their stream and lane, deadlines with what they become when they fall due. */
function written(
  decision: Decision,
  streamId: string,
  processId: string,
  now: string,
  isBilled = true,
): Pick<Append, 'events' | 'setDeadlines' | 'closeDeadlines'> {
  const events = decision.events.map((event): NewEvent => {
    const body: EventBody = {
      ...event,
      recordedAt: now,
      source: { sender: 'hemgang', messageId: event.id },
      correlationId: processId,
    };
    const settlement = isBilled ? readerOf(body) : undefined;
    return {
      streamId,
      body,
      lane: settlement ?? laneOf(body, processId),
      ...(settlement !== undefined && { alsoStream: settlement }),
    };
  });
  const setDeadlines = decision.setDeadlines.map(({ key, dueAt, data, event }) => ({
    key,
    streamId,
    lane: processId,
    dueAt,
    data: JSON.stringify(data),
    ...(event !== undefined && { event }),
  }));
  return { events, setDeadlines, closeDeadlines: decision.closeDeadlines };
}

/** The settlement that reads an event of another stream. */
function readerOf(body: EventBody): string | undefined {
  if (body.type === 'care-days.counted') return settlementStreamOf(body.data);
  if (body.type !== 'settlement.closed' || body.data.next === undefined) return undefined;
  return settlementStreamOf({ ...body.data, month: body.data.next });
}

/** One lane per case and recipient for notices, one per case for everything else. */
const caseOf = (key: string): string => key.split('|', 1)[0] ?? key;

function laneOf(body: EventBody, processId: string): string {
  switch (body.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn':
    case 'notice.reminded':
      // The case it went out by first, so that a correction follows what it corrects.
      return `${caseOf(body.data.key)}/${body.data.role}`;
    default:
      return processId;
  }
}

const settlementPrefix = 'settlement:';

interface Period {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
}

/** The stream of one settlement. */
export function settlementStreamOf({ county, municipality, month }: Period): string {
  return `${settlementPrefix}${county}:${municipality}:${month}`;
}

/** What the stream of a settlement is about. */
export function periodOf(streamId: string): Period {
  const [, county, municipality, month] = streamId.split(':');
  assert(
    county && municipality && month,
    'a settlement stream names county, municipality and month',
  );
  return { county, municipality, month };
}
