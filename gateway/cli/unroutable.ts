/** `hemgang unroutable`: what waits for a receiver, by its cause, and resolved once for all that wait. */
import { misdirected } from '../questions/misdirected.ts';
import { waitingIn, type WaitingDelivery } from '../questions/waiting-deliveries.ts';
import { systemClock } from '../runtime/clock.ts';
import { takes } from '../wiring/routing.ts';
import { operate, type OperateOptions } from './operate.ts';
import {
  answer,
  ask,
  localText,
  plural,
  wrong,
  type OpenQuestion,
  type QuestionOptions,
} from './question.ts';
import { clockText, noticeText } from './tray-text.ts';
import type { Ink } from './timeline.ts';

type Cause = 'no-receiver' | 'misdirected';
type Waiting = WaitingDelivery & { readonly cause: Cause; readonly group: string };

interface Group {
  readonly group: string;
  readonly cause: Cause;
  readonly count: number;
  /** Of the one that has waited longest. */
  readonly since: string;
  readonly municipalityName?: string;
  /** The clock that is at risk next, or missed most. */
  readonly clock?: WaitingDelivery['clock'];
}

/** @returns the exit code: 1 where something waits */
export async function unroutableList(options: QuestionOptions): Promise<number> {
  return await ask(options, async (asked) => {
    const waiting = await waitingOf(asked);
    const groups = groupsOf(waiting, asked);
    answer(options.json, { groups, deliveries: waiting }, (ink) =>
      groups.length === 0
        ? ['everything has a receiver']
        : [
            ink.bold(`${plural(waiting.length, 'hand-over')} in ${plural(groups.length, 'group')}`),
            ...groups.flatMap((one) => groupLines(one)),
            `${ink.dim('next:')} extend receivers: in the configuration and hemgang reload: what has a receiver then goes by itself;`,
            '      or hemgang unroutable resolve GROUP --to RECEIVER --reason TEXT --dry-run',
          ],
    );
    return groups.length === 0 ? 0 : 1;
  });
}

async function waitingOf({ journal, nowMs }: OpenQuestion): Promise<readonly Waiting[]> {
  const without = await waitingIn(journal, 'unroutable', nowMs);
  const wrongly = await misdirected(journal, nowMs);
  return [
    ...without.filter(({ isReplaced }) => !isReplaced).map((one) => inGroup(one, 'no-receiver')),
    ...wrongly.map((one) => inGroup(one, 'misdirected')),
  ];
}

function inGroup(one: WaitingDelivery, cause: Cause): Waiting {
  const { kind, role, municipality, outpatientUnit, county = 'unknown' } = one;
  const place = municipality ?? outpatientUnit ?? county;
  const name = `${role ?? kind}/${place}`;
  return { ...one, cause, group: cause === 'misdirected' ? `misdirected/${name}` : name };
}

function groupsOf(waiting: readonly Waiting[], { profiles }: OpenQuestion): readonly Group[] {
  const names = [...new Set(waiting.map(({ group }) => group))];
  return names
    .map((group): Group => {
      const members = waiting.filter((one) => one.group === group);
      const clock = members
        .flatMap((one) => (one.clock ? [one.clock] : []))
        .sort((left, right) => left.dueAt.localeCompare(right.dueAt))[0];
      const since = members.map((one) => one.since).sort()[0] ?? '';
      const municipality = members[0]?.municipality;
      const name = municipality && profiles.nation.municipalityName(municipality);
      return {
        group,
        cause: members[0]?.cause ?? 'no-receiver',
        count: members.length,
        since,
        ...(name !== undefined && { municipalityName: name }),
        ...(clock && { clock }),
      };
    })
    .sort((left, right) => left.since.localeCompare(right.since));
}

function groupLines({ group, cause, count, since, municipalityName, clock }: Group): string[] {
  const name = municipalityName === undefined ? '' : ` (${municipalityName})`;
  const why = cause === 'misdirected' ? 'answered: not our resident' : 'no receiver';
  return [
    `${group}${name}: ${count} waiting since ${localText(since)}, ${why}`,
    ...clockText(clock).map((line) => `  ${line}`),
  ];
}

export interface ResolveOptions extends OperateOptions {
  readonly group?: string | undefined;
  readonly to?: string | undefined;
  readonly apply: boolean;
  readonly dryRun: boolean;
}

type Way = Waiting & { readonly to: string | undefined };

/** @returns the exit code: 1 where something has no receiver still, or was left */
export async function unroutableResolve(options: ResolveOptions): Promise<number> {
  const { group, to, apply, dryRun, json } = options;
  if (apply && dryRun) throw wrong('--dry-run and --apply: choose one');
  if (to !== undefined && group === undefined) {
    throw wrong('--to RECEIVER goes with one group: hemgang unroutable list names them');
  }
  const ways = await waysOf(options);
  const going = ways.filter((one) => one.to !== undefined);
  const staying = ways.length - going.length;
  if (!apply || going.length === 0) {
    answer(json, { ways, applied: false }, (ink) => [
      ...wayLines(ways, ink),
      'nothing was sent',
      ...(going.length > 0 ? [`${ink.dim('next:')} the same with --apply`] : [noWay]),
    ]);
    return staying > 0 ? 1 : 0;
  }
  const { by, result } = await operate(options, 'route-anew', {
    deliveries: going.map(({ delivery, cause, attempts }) => ({ delivery, cause, attempts })),
    ...(to !== undefined && { to }),
  });
  answer(json, { ways, applied: true, by, ...result }, (ink) => [
    ...wayLines(ways, ink),
    ink.bold(`${plural(result.routed, 'hand-over')} on the way, by ${by}`),
    ...result.left.map((one) => ink.bad(`  ${one} is not as it was seen any more, and was left`)),
  ]);
  return staying + result.left.length > 0 ? 1 : 0;
}

const noWay =
  'next: extend receivers: in the configuration and hemgang reload, or name a receiver with --to';

/** What would go where; the answer of a question that prints nothing itself. */
async function waysOf(options: ResolveOptions): Promise<readonly Way[]> {
  const { group, to } = options;
  let ways: readonly Way[] = [];
  await ask(options, async (asked) => {
    const waiting = await waitingOf(asked);
    const meant = group === undefined ? waiting : waiting.filter((one) => one.group === group);
    if (group !== undefined && meant.length === 0) {
      const known = [...new Set(waiting.map((one) => one.group))].join(', ') || 'none';
      throw wrong(`${group}: no such group; there are ${known}`);
    }
    ways = meant.map((one) => ({ ...one, to: to ?? namedFor(one, asked) }));
    return 0;
  });
  return ways;
}

/** Whom the configuration names now; of what went to the wrong one only a person says who is right. */
function namedFor(one: Waiting, { config }: OpenQuestion): string | undefined {
  const { role, cause } = one;
  if (role === undefined || cause === 'misdirected') return undefined;
  const now = systemClock.now();
  return config.receivers.find((receiver) => takes(receiver, { ...one, role }, now))?.id;
}

function wayLines(ways: readonly Way[], ink: Ink): string[] {
  return ways.flatMap((one) => [
    `${noticeText(one)} → ${one.to ?? ink.bad('no receiver')}`,
    ...clockText(one.clock).map((line) => `  ${line}`),
    ...(one.kind === 'discharge-ready-notice' && one.to !== undefined
      ? ['  payment liability counts from when it arrives there (5 kap. 4 §)']
      : []),
  ]);
}
