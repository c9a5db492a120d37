import { subscriptionReports } from '../../adapters/inbound/fhir/subscriptions/report.ts';
import { publicationLag, type PublicationLag } from '../runtime/bus/events/publication.ts';
import { loadConfig, type Config } from '../runtime/config.ts';
import { openJournalReader } from '../runtime/journal/open.ts';
import type { JournalReader } from '../runtime/journal/reader.ts';
import type { DeliveryRow, JournalStatus, Pause } from '../runtime/journal/journal.ts';
import { countMissed } from '../questions/late-notices.ts';
import { isoOf } from '../rules/legal-days.ts';
import { systemClock } from '../runtime/clock.ts';
import { localText, plural } from './question.ts';
import { filesSay, inForceAt, inForceLines, type InForceNow } from './status-in-force.ts';
import {
  listedSubscriptions,
  subscriptionLines,
  subscriptionNeedsPerson,
  type ListedSubscription,
} from './status-subscriptions.ts';
import {
  differenceLines,
  differencesOf,
  instanceLines,
  listedInstances,
  type Difference,
  type ListedInstance,
} from './status-instances.ts';
import { uncheckedLines, uncheckedStructures, type Unchecked } from './status-structures.ts';
import { pollLines, pollNeedsPerson, polledSources, type PolledSource } from './status-polls.ts';

export interface StatusOptions {
  readonly config?: string | undefined;
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
}

/** How many rows of each tray are listed. */
const listed = 20;

/** States of deliveries that somebody has to look at, or wants to see. */
const trays = [
  'unroutable',
  'held',
  'unresolved',
  'refused',
  'shadow',
  'awaited',
  'pending',
] as const;

/**
 * What the journal of a data folder holds; the gateway may be running or not.
 * @returns the exit code: 0 when nothing needs a person, 1 otherwise
 */
export async function status(options: StatusOptions): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const journal = await openJournalReader(config);
  try {
    const state = await journal.status();
    const dead = await journal.outbox.deadLetters(listed);
    const found = await journal.latestFindings(listed);
    const polls = await polledSources(config, journal);
    const subscriptions = listedSubscriptions(config, await subscriptionReports(journal.cursors));
    const unchecked = await uncheckedStructures(journal);
    const instances = await listedInstances(journal);
    const pauses = await journal.pauses.all();
    const running = await inForceAt(options, config);
    const isAnyAlive = instances.some(({ isAlive }) => isAlive);
    const files = running === null && isAnyAlive ? filesSay(config) : undefined;
    const different = differencesOf(instances, files);
    const missed = await countMissed(journal, dayAgo(), mostMissed);
    const publication = isPublished(config) ? await publicationLag(journal) : undefined;
    const byTray = new Map<string, readonly DeliveryRow[]>();
    for (const tray of trays) byTray.set(tray, await journal.deliveries.byState(tray, listed));
    const deliveries = Object.fromEntries(
      [...byTray].map(([tray, rows]) => [tray, rows.map(withoutContent)]),
    );
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ...state, deadLetters: dead, latestFindings: found, polls, subscriptions, unchecked, instances, different, publication, pauses, running, missed, trays: deliveries }, null, 2)}\n`
        : `${lines({ state, dead, byTray, notices: await noticesOf(journal, byTray), polls, subscriptions, unchecked, instances, different, publication, pauses, running, missed }).join('\n')}\n`,
    );
    const needs =
      needsPerson(state) || pollNeedsPerson(polls) || subscriptionNeedsPerson(subscriptions);
    return needs ? 1 : 0;
  } finally {
    await journal.close();
  }
}

function needsPerson(state: JournalStatus): boolean {
  const { deliveries, outbox, messages } = state;
  const waiting = (['unroutable', 'held', 'unresolved', 'refused'] as const).some(
    (tray) => (deliveries[tray] ?? 0) > 0,
  );
  return waiting || messages.parked > 0 || outbox.advance.dead + outbox.dispatch.dead > 0;
}

interface Shown {
  readonly state: JournalStatus;
  readonly dead: readonly { queue: string; position: number; type: string; error: string }[];
  readonly byTray: ReadonlyMap<string, readonly DeliveryRow[]>;
  readonly notices: ReadonlyMap<string, string>;
  readonly polls: readonly PolledSource[];
  readonly subscriptions: readonly ListedSubscription[];
  readonly unchecked: Unchecked;
  readonly instances: readonly ListedInstance[];
  readonly different: readonly Difference[];
  readonly publication: PublicationLag | undefined;
  readonly pauses: readonly Pause[];
  readonly running: InForceNow | null;
  /** Clocks of notices that were missed in a day. */
  readonly missed: number;
}

function lines(shown: Shown): string[] {
  const {
    state,
    dead,
    byTray,
    notices,
    polls,
    subscriptions,
    unchecked,
    instances,
    different,
    publication,
    pauses,
    running,
    missed,
  } = shown;
  const { messages, outbox, deliveries, deadlines } = state;
  const text = [
    ...instanceLines(instances),
    ...differenceLines(different),
    `messages    ${messages.accepted} accepted, ${messages.parked} parked, ${messages.rejected} rejected, ${messages.quarantined} quarantined`,
    ...state.senders.map(
      ({ sender, accepted, lastAt }) =>
        `  ${sender}: ${accepted} accepted, last ${localText(lastAt)}`,
    ),
    ...pollLines(polls),
    ...subscriptionLines(subscriptions),
    ...uncheckedLines(unchecked),
    `events      ${state.events} of ${plural(state.processes, 'case')}`,
    `waiting     advance ${outbox.advance.waiting}, dispatch ${outbox.dispatch.waiting}`,
    ...publicationLines(publication),
    ...inForceLines(running),
    ...pauses.map(
      ({ queue, reason, by, at }) =>
        `PAUSED      ${queue} since ${localText(at)} by ${by}: ${reason}`,
    ),
    `deadlines   ${deadlines.open} open${deadlines.next === undefined ? '' : `, next ${localText(deadlines.next)}`}`,
    `deliveries  ${
      Object.entries(deliveries)
        .map(([tray, count]) => `${count} ${tray}`)
        .join(', ') || 'none'
    }`,
  ];
  for (const { deadline, dueAt, processId } of deadlines.near.slice(0, listed)) {
    text.push(`NEAR        ${deadline} of case ${processId}, due ${localText(dueAt)}`);
  }
  if (deadlines.near.length > listed) {
    text.push(`            and ${deadlines.near.length - listed} more deadlines are near`);
  }
  text.push(...missedLines(missed));
  for (const { sender, table, code, count, oldest } of state.unmapped) {
    text.push(
      `PARKED      ${count} × ${sender}: code ${code} is not in table ${table} (oldest ${localText(oldest)})`,
      `            next: hemgang codes list tells what it may mean and how urgent it is`,
    );
  }
  for (const { sender, messages: found, most } of state.findings) {
    text.push(
      `FINDINGS    ${plural(found, 'message')} of ${sender} ${found === 1 ? 'does' : 'do'} not meet our profiles; ${most.messages} × ${most.finding}`,
      `            next: tell the sender; --json lists the newest with all that was found`,
    );
  }
  for (const { queue, position, type, error } of dead) {
    text.push(`DEAD LETTER ${queue} ${position} ${type}: ${error}`);
  }
  for (const [tray, rows] of byTray) {
    for (const row of rows) text.push(trayLine(tray, row, notices.get(row.eventId)));
    const next = nextOf.get(tray);
    if (rows.length > 0 && next !== undefined) text.push(`            next: ${next}`);
  }
  return text;
}

const dayMs = 24 * 3_600_000;
const dayAgo = (): string => isoOf(systemClock.nowMs() - dayMs);
const mostMissed = 1000;

function missedLines(missed: number): string[] {
  if (missed === 0) return [];
  const many =
    missed >= mostMissed
      ? `${missed} clocks or more were`
      : missed === 1
        ? '1 clock was'
        : `${missed} clocks were`;
  return [
    `LATE        ${many} missed in 24 hours by notices that went late, or have not gone`,
    `            next: hemgang late list tells which, and why`,
  ];
}

/** The tray's own verb, where it has one. */
const nextOf: ReadonlyMap<string, string> = new Map([
  ['unroutable', 'hemgang unroutable list'],
  ['held', 'hemgang held list'],
  ['unresolved', 'hemgang unknown list'],
]);

/** Whether events go out to subscribers by this configuration. */
function isPublished({ bus }: Config): boolean {
  return bus.form === 'rabbitmq' && bus.events.enabled;
}

function publicationLines(lag: PublicationLag | undefined): string[] {
  if (lag === undefined) return [];
  const { events, countedTo, oldest } = lag;
  if (oldest === undefined) return ['published   all events, for subscribers'];
  const many = events === countedTo ? `${countedTo} events or more` : plural(events, 'event');
  return [`published   ${many} behind, for subscribers; the oldest of ${localText(oldest)}`];
}

/** What the listed deliveries carry, by event id: `admission-notice`. */
async function noticesOf(
  journal: Pick<JournalReader, 'loadStream'>,
  byTray: ReadonlyMap<string, readonly DeliveryRow[]>,
): Promise<ReadonlyMap<string, string>> {
  const notices = new Map<string, string>();
  for (const streamId of new Set([...byTray.values()].flat().map((row) => row.streamId))) {
    for (const { event } of (await journal.loadStream(streamId)).events) {
      if ('obligation' in event.data && event.data.obligation !== undefined) {
        notices.set(event.id, event.data.obligation);
      }
    }
  }
  return notices;
}

function trayLine(tray: string, row: DeliveryRow, notice?: string): string {
  const receiver = row.receiver ?? 'no receiver';
  const when = row.nextAt === undefined ? '' : `, next attempt ${localText(row.nextAt)}`;
  const why = row.detail === undefined ? '' : `: ${row.detail}`;
  const what = notice === undefined ? '' : `, ${notice}`;
  return `${tray.toUpperCase().padEnd(11)} ${row.lane} → ${receiver}${what}, ${plural(row.attempts, 'attempt')}${when}${why}`;
}

/** The rendered notice is the receiver's alone. */
function withoutContent(row: DeliveryRow): Omit<DeliveryRow, 'rendered'> {
  const { rendered: _rendered, ...rest } = row;
  return rest;
}
