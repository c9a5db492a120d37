/** What came of a play, held against what its files expect. */
import { join } from 'node:path';
import { placeOf, settlementStreamOf } from '../advance.ts';
import { assert } from '../errors.ts';
import type { BillingData, BillingLine, CareDaysData } from '../process/events.ts';
import { fold } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import type { Finding } from '../rules/rule.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import type { Journey } from './journey.ts';
import type { World } from './world.ts';

export interface JourneyResult {
  readonly journey: Journey;
  readonly careDays: number;
  readonly amountOre: number;
  readonly liabilityFrom: string | undefined;
  readonly reason: string | undefined;
  readonly findings: readonly string[];
  readonly notices: readonly string[];
  /** What differs from what the file expects; empty when it ended as it says. */
  readonly differences: readonly string[];
}

export interface SettlementResult {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
  readonly days: number;
  readonly amountOre: number;
  readonly excluded: readonly { readonly caseReference: string; readonly reason: string }[];
  /** By which agreement; absent under the statute. */
  readonly agreement?: string | undefined;
  /** The figure for whose want nothing is billed yet. */
  readonly missing?: string;
}

export interface PlayResult {
  readonly journeys: readonly JourneyResult[];
  readonly settlements: readonly SettlementResult[];
  readonly messages: number;
  readonly events: number;
  readonly billingFolder: string;
  /** Notices that receivers took, each counted once. */
  readonly noticesTaken: number;
}

/** The case as the law sees it now. */
export async function assessCase(world: World, id: string): Promise<readonly Finding[]> {
  const loaded = await world.gateway.journal.load(id);
  if (!loaded) return [];
  const process = fold(loaded.events, loaded.processId);
  const parameters = world.profiles.parametersOf(placeOf(process));
  return assess(process, parameters, world.clock.nowMs());
}

/** Reads it off the journal. */
export async function evaluate(world: World): Promise<PlayResult> {
  const { journal } = world.gateway;
  const events = await journal.eventsAfter(0, 100_000);
  const settlements = settlementsOf(events);
  const journeys: JourneyResult[] = [];
  for (const journey of world.options.journeys) {
    journeys.push(await evaluateJourney(world, journey, events));
  }
  const status = await journal.status();
  return {
    journeys,
    settlements,
    messages: status.messages.accepted,
    events: status.events,
    noticesTaken: new Set(
      [...world.receivers.values()].flatMap(({ received }) =>
        received.map(({ deliveryId }) => deliveryId),
      ),
    ).size,
    billingFolder: join(world.options.folder, 'billing'),
  };
}

async function evaluateJourney(
  world: World,
  journey: Journey,
  events: readonly StoredEvent[],
): Promise<JourneyResult> {
  const processId = world.processOf.get(journey);
  const loaded = processId === undefined ? undefined : await world.gateway.journal.load(processId);
  assert(processId !== undefined && loaded, `${journey.file}: no process came of it`);
  const findings = await assessCase(world, processId);
  const own = loaded.events.map(({ event }) => event);
  const notices = own.flatMap((event) =>
    event.type === 'notice.issued' ||
    event.type === 'notice.corrected' ||
    event.type === 'notice.withdrawn'
      ? [`${event.type.slice('notice.'.length)} ${event.data.obligation} ${event.data.role}`]
      : [],
  );
  const liability = own.findLast((event) => event.type === 'liability.started');
  const counted = own.findLast((event) => event.type === 'care-days.counted');
  const withheld = own.findLast((event) => event.type === 'liability.withheld');
  const amountOre = sum(
    billedLines(events)
      .filter((line) => line.caseReference === processId)
      .map((line) => line.amountOre),
  );
  const found: Omit<JourneyResult, 'differences'> = {
    journey,
    careDays:
      counted?.type === 'care-days.counted' && counted.data.eligible
        ? counted.data.dates.length
        : 0,
    amountOre,
    liabilityFrom: liability?.type === 'liability.started' ? liability.data.from : undefined,
    reason:
      (withheld?.type === 'liability.withheld' ? withheld.data.reason : undefined) ??
      (counted?.type === 'care-days.counted' ? counted.data.reason : undefined),
    findings: findings.map((finding) => finding.reason),
    notices,
  };
  const month = counted?.type === 'care-days.counted' ? counted.data : undefined;
  return { ...found, differences: differencesFrom(journey, found, monthOf(month, events)) };
}

/** What became of the month that settles a journey. */
interface Month {
  readonly amountOre?: number | undefined;
  /** The figure that is missing, where it is withheld. */
  readonly missing?: string | undefined;
}

function monthOf(counted: CareDaysData | undefined, events: readonly StoredEvent[]): Month {
  if (counted === undefined) return {};
  const stream = settlementStreamOf(counted);
  const withheld = events.findLast(
    ({ event }) => event.stayId === stream && event.type === 'billing.withheld',
  )?.event;
  return {
    amountOre: lastBilling(events).get(stream)?.totalOre,
    missing: withheld?.type === 'billing.withheld' ? withheld.data.missing : undefined,
  };
}

function differencesFrom(
  journey: Journey,
  found: Omit<JourneyResult, 'differences'>,
  month: Month,
): string[] {
  const { expect } = journey;
  const differences: string[] = [];
  const compare = (what: string, expected: unknown, actual: unknown): void => {
    const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)];
    if (left !== right) differences.push(`${what}: expected ${left}, found ${right ?? 'nothing'}`);
  };
  compare('care days', expect.careDays, found.careDays);
  compare('amount in kr', expect.amountKr, found.amountOre / 100);
  compare('notices', expect.notices.toSorted(), found.notices.toSorted());
  if (expect.monthKr !== undefined) {
    const { amountOre } = month;
    compare(
      'the month in kr',
      expect.monthKr,
      amountOre === undefined ? amountOre : amountOre / 100,
    );
  }
  if (expect.withheld !== undefined) compare('withheld', expect.withheld, month.missing);
  if (expect.liabilityFrom !== undefined) {
    compare('liability from', expect.liabilityFrom, found.liabilityFrom);
  }
  if (expect.reason !== undefined) compare('reason', expect.reason, found.reason);
  if (expect.finding !== undefined && !found.findings.includes(expect.finding)) {
    differences.push(`finding ${expect.finding} is not told`);
  }
  return differences;
}

/** The lines in force: the last billing event of each settlement holds all of them. */
function billedLines(events: readonly StoredEvent[]): readonly BillingLine[] {
  return [...lastBilling(events).values()].flatMap((billing) => billing.lines);
}

function settlementsOf(events: readonly StoredEvent[]): SettlementResult[] {
  const billed = lastBilling(events);
  const results = [...billed.values()].map(
    ({ county, municipality, month, lines, totalOre, excluded, agreement }): SettlementResult => ({
      county,
      municipality,
      month,
      days: sum(lines.map(daysOfLine)),
      amountOre: totalOre,
      excluded,
      agreement,
    }),
  );
  for (const { event } of events) {
    if (event.type !== 'billing.withheld' || billed.has(event.stayId)) continue;
    const { county, municipality, month, missing } = event.data;
    results.push({ county, municipality, month, days: 0, amountOre: 0, excluded: [], missing });
  }
  return results.toSorted((a, b) =>
    `${a.county}${a.municipality}`.localeCompare(`${b.county}${b.municipality}`),
  );
}

/** Days of a line; those above a mean may be halves. */
const daysOfLine = ({ days, quantity }: BillingLine): number =>
  days ?? (quantity === undefined ? 0 : quantity.numerator / quantity.denominator);

function lastBilling(events: readonly StoredEvent[]): Map<string, BillingData> {
  const last = new Map<string, BillingData>();
  for (const { event } of events) {
    if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') {
      last.set(event.stayId, event.data);
    }
  }
  return last;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
