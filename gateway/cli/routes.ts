/** `hemgang routes`: who would get a notice, and whether everybody who may have to get one can be reached. */
import { existsSync } from 'node:fs';
import { loadProfiles } from '../../profiles/index.ts';
import { casesOf } from '../conformance/linking.ts';
import { inOrder, saidAt, staysOf } from '../conformance/cases.ts';
import { findFiles } from '../conformance/files.ts';
import { loadKit } from '../conformance/kit.ts';
import { noticesOf } from '../conformance/story.ts';
import { takeMessages } from '../conformance/taken.ts';
import { noticeIn } from '../questions/waiting-deliveries.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfig, type Config } from '../runtime/config.ts';
import { certificateChecks } from '../wiring/doctor/certificates.ts';
import type { Check } from '../wiring/doctor/check.ts';
import { folderChecks } from '../wiring/doctor/folders.ts';
import { receiverChecks } from '../wiring/doctor/reach.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { checkRoutes, type MunicipalityRoutes, type RouteCheck } from '../wiring/routes-check.ts';
import { whoGets, type RoutedNotice, type Who } from '../wiring/routes-who.ts';
import { linesOfChecks } from './checks-text.ts';
import { answer, ask, checkPlace, plural, wrong, type QuestionOptions } from './question.ts';
import type { Ink } from './timeline.ts';

export interface WhoOptions extends QuestionOptions {
  /** A file of messages, or a case reference. */
  readonly of: string;
  readonly sender?: string | undefined;
}

/** @returns the exit code: 1 where a notice has no receiver, or there is none to send */
export async function routesWho(options: WhoOptions): Promise<number> {
  const { of, json } = options;
  const sources = { file: options.config, flags: options.flags };
  const { config } = loadConfig(sources);
  const notices = existsSync(of) ? await inFile(options, config) : await ofCase(options);
  const found = whoGets(notices, config, sources, systemClock.now());
  answer(json, { of, notices: found }, (ink) =>
    found.length === 0
      ? ['no notice follows from it: rules explain CASE, or explain FILE, tells why']
      : found.flatMap((one) => whoLines(one, ink)),
  );
  return found.length > 0 && found.every(({ state }) => state !== 'unroutable') ? 0 : 1;
}

/** The file played as a story without a gateway; of each notice the revision that stands. */
async function inFile({ of, sender }: WhoOptions, config: Config): Promise<RoutedNotice[]> {
  const kit = loadKit({ sender, mappings: config.mappings, profiles: config.profiles });
  const options = { sender, mappings: config.mappings, profiles: config.profiles };
  const { taken } = await takeMessages(options, kit, findFiles([of]), new Map());
  const { profiles, mappings } = kit;
  const ordered = inOrder(taken);
  const at = ordered.map(saidAt).sort().at(-1) ?? '';
  return casesOf(staysOf(ordered), profiles, mappings.revision).flatMap((one) =>
    standing(noticesOf(one, at, profiles, mappings.revision).map(noticeIn)),
  );
}

async function ofCase(options: WhoOptions): Promise<RoutedNotice[]> {
  if (/[./\\]/.test(options.of)) throw wrong(`${options.of}: no such file`);
  let notices: RoutedNotice[] = [];
  await ask(options, async ({ journal }) => {
    const loaded = await journal.load(options.of);
    if (loaded === undefined) {
      throw wrong(
        `${options.of}: no file and no case goes by it\n  next: give the path of a message, or the case reference of a notice`,
      );
    }
    notices = standing(loaded.events.map(({ event }) => noticeIn(event)));
    return 0;
  });
  return notices;
}

/** The last revision of each. */
function standing(notices: readonly ReturnType<typeof noticeIn>[]): RoutedNotice[] {
  const last = new Map<string, RoutedNotice>();
  for (const notice of notices) if (notice !== undefined) last.set(notice.key, notice);
  return [...last.values()];
}

function whoLines(one: Who, ink: Ink): string[] {
  const { obligation, revision, role, state, receiver, passedOver } = one;
  const place = one.municipality ?? one.outpatientUnit ?? `county ${one.county ?? 'unknown'}`;
  const head = `${obligation} (revision ${revision}), ${role} of ${place}`;
  const to = {
    routed: `→ ${receiver?.id ?? ''} (${receiver?.channel ?? ''}, ${receiver?.line ?? ''})${receiver?.isLive === false ? ', in shadow: nothing leaves' : ''}`,
    unroutable: ink.bad('has no receiver: it would wait, see hemgang unroutable list'),
    held: 'is held: protected identity, see hemgang held list',
  }[state];
  return [
    ink.bold(head),
    `  ${to}`,
    ...passedOver.map(({ id, line, why }) => `  ${ink.dim('not')} ${id} (${line}): ${why}`),
  ];
}

// ---------------------------------------------------------------- check

export interface CheckOptions extends QuestionOptions {
  readonly municipality?: string | undefined;
  readonly reach: boolean;
}

/** @returns the exit code: 1 where somebody has no receiver, or a certificate or address fails */
export async function routesCheck(options: CheckOptions): Promise<number> {
  const { json, municipality, reach } = options;
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const profiles = loadProfiles({ overlays: config.profiles });
  checkPlace(profiles, { municipality });
  const nowMs = systemClock.nowMs();
  const counties = countiesOf(config);
  const found = checkRoutes(config, profiles, counties, nowMs, municipality);
  const checks = [
    ...certificateChecks(config, nowMs),
    ...folderChecks(config),
    ...(reach ? await receiverChecks(config, process.env) : []),
  ];
  answer(json, { ...found, checks }, (ink) => checkLines(found, checks, ink));
  const isReached = checks.every(({ state }) => state !== 'fail');
  const isRouted = found.summary.routed === found.summary.municipalities;
  return isRouted && isReached && found.treating.every(({ outpatient }) => outpatient) ? 0 : 1;
}

/** Treating regions of the senders. */
function countiesOf(config: Config): readonly string[] {
  const { senders } = mappingsOf(config);
  const ours = new Set(config.senders.map(({ id }) => id));
  return [...new Set(senders.filter(({ id }) => ours.has(id)).map(({ county }) => county))].sort();
}

function checkLines(
  { regions, treating, validity, summary }: RouteCheck,
  checks: readonly Check[],
  ink: Ink,
): string[] {
  return [
    ...regions.flatMap(({ county, name, municipalities }) => [
      ink.bold(`${county} ${name}: ${stateText(municipalities)}`),
      ...municipalities.map((one) => `  ${municipalityLine(one, ink)}`),
    ]),
    ...treating.map(({ county, name, outpatient, units }) => {
      const own = units.length === 0 ? '' : `; ${plural(units.length, 'unit')} with a receiver`;
      return `outpatient care of ${county} ${name}: ${outpatient === null ? ink.bad('NO RECEIVER for what names no unit') : outpatient}${own}`;
    }),
    ...validity.map(
      ({ receiver, state, on }) =>
        `receiver ${receiver}: ${{ 'not-yet': `gets nothing before ${on}`, 'ends-soon': `gets nothing after ${on}`, ended: `has got nothing since ${on}` }[state]}`,
    ),
    ...linesOfChecks(checks, ink),
    `${summary.municipalities} ${summary.municipalities === 1 ? 'municipality' : 'municipalities'}: ${summary.routed} routed, ${summary.partly} in part, ${summary.none} not`,
    ...(summary.routed === summary.municipalities
      ? []
      : [
          `${ink.dim('next:')} add receivers: in the configuration, then hemgang config check and hemgang reload`,
        ]),
  ];
}

function stateText(all: readonly MunicipalityRoutes[]): string {
  const routed = all.filter(({ state }) => state === 'routed').length;
  return `${routed} of ${all.length} routed`;
}

/** One receiver for every role is told once. */
function municipalityLine(
  { municipality, name, roles, state, endsSoon }: MunicipalityRoutes,
  ink: Ink,
): string {
  const head = `${municipality} ${name}`.padEnd(24);
  const soon = endsSoon.length === 0 ? '' : `; in thirty days nobody for ${endsSoon.join(', ')}`;
  if (state === 'none') return `${head} ${ink.bad('not routed')}`;
  const ids = new Set(Object.values(roles));
  if (ids.size === 1) return `${head} ${[...ids].join('')}${soon}`;
  const each = Object.entries(roles).map(
    ([role, id]) => `${role} ${id === null ? ink.bad('not routed') : id}`,
  );
  return `${head} ${each.join(', ')}${soon}`;
}
