/** Waiting codes, and what an entry would lead to, as lines for people. */
import type { ForetoldCase, ForetoldMonth, ForetoldNotice } from '../questions/foretell.ts';
import type { Standing } from '../questions/standing.ts';
import type { Applied } from './codes-apply.ts';
import { lateNotices } from './codes-preview.ts';
import type { FreedMessage, Preview } from './codes-preview.ts';
import { localText, plural } from './question.ts';
import { eventLine, kronor, type Ink } from './timeline.ts';

const hourMs = 3_600_000;

/** `26 h late`, `40 min late`, `5 days late`; what is to come: `in 3 h`. */
export function lateText(lateMs: number): string {
  const text = spanText(Math.abs(lateMs));
  return lateMs > 0 ? `${text} late` : `in ${text}`;
}

function spanText(ms: number): string {
  if (ms < hourMs) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 72 * hourMs) return `${Math.floor(ms / hourMs)} h`;
  return `${Math.floor(ms / (24 * hourMs))} days`;
}

/** As a shell takes it for one word. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9._/:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What came of it, as the journal has it. */
export function appliedLines(applied: Applied, ink: Ink): string[] {
  const { file, by, isDone, events, why, next } = applied;
  const lines = events.slice(0, eventsListed).map((event) => `  ${eventLine({ event }, ink)}`);
  const more = events.length - lines.length;
  return [
    file === undefined ? 'the entry stood in the tables already' : `entered in ${file}`,
    isDone
      ? ink.bold(`translated by ${by}; since then in the journal:`)
      : ink.bad('what waits is not translated yet'),
    ...(why === undefined ? [] : [`  ${why}`]),
    ...(isDone && events.length === 0 ? ['  nothing'] : lines),
    ...(more > 0 ? [`  and ${plural(more, 'more event')}`] : []),
    ...(next === undefined ? [] : [`${ink.dim('next:')} ${next}`]),
  ];
}

const eventsListed = 100;

/** How many messages and cases are told one by one; the rest is counted. */
const listed = 20;

export function previewLines(preview: Preview, ink: Ink): string[] {
  const { messages, troubles, cases, months } = preview;
  const free = messages.filter(({ waitsFor }) => waitsFor.length === 0).length;
  const kept = messages.length - free;
  return [
    ink.bold(
      `${plural(free, 'message')} would be set free` +
        (kept === 0 ? '' : `, ${kept} more would be translated in part and wait for another code`),
    ),
    ...shown(messages, messageLines, 'message'),
    ...troubles
      .slice(0, listed)
      .map(({ messageId, error }) => ink.bad(`  ${messageId} cannot be translated: ${error}`)),
    '',
    ink.bold(`Decided anew in ${plural(cases.length, 'case')}`),
    ...shown(cases, (one) => caseLines(one, ink), 'case'),
    ...(months.length === 0
      ? []
      : ['', ink.bold('Billing'), ...months.flatMap((month) => monthLines(month, ink))]),
    '',
    summary(cases, months, ink),
  ];
}

function shown<T>(
  all: readonly T[],
  linesOf: (one: T) => readonly string[],
  what: string,
): string[] {
  const lines = all.slice(0, listed).flatMap(linesOf);
  const more = all.length - listed;
  return more > 0
    ? [...lines, `  and ${plural(more, `more ${what}`)}; --json tells them all`]
    : lines;
}

function messageLines(message: FreedMessage): string[] {
  const { sender, kind, controlId, receivedAt, facts, superseded, waitsFor } = message;
  const becomes = facts.map(({ type, occurredAt }) => `${type} ${localText(occurredAt)}`);
  return [
    `  ${sender} ${kind} ${controlId}, received ${localText(receivedAt)}`,
    `    becomes ${becomes.join(', ') || 'no fact'}`,
    ...(superseded.length === 0
      ? []
      : [`    in the place of ${superseded.map(({ type }) => type).join(', ')}, recorded before`]),
    ...waitsFor.map(({ table, code }) => `    still waits for code ${code} of table ${table}`),
  ];
}

function caseLines(
  { caseReference, inShadow, notices, decisions }: ForetoldCase,
  ink: Ink,
): string[] {
  const lines = [
    ...notices.map((notice) => `    ${noticeLine(notice, inShadow, ink)}`),
    ...decisions.map((event) => `    ${eventLine({ event }, ink)}`),
  ];
  return [
    `  case ${caseReference}${inShadow ? ' (in shadow: nothing leaves, nothing is billed)' : ''}`,
    ...(lines.length === 0 ? ['    nothing'] : lines),
  ];
}

/** `admission-notice to social-services of 1480 Göteborg: was due 2022-03-09 10.00 (T1), would be sent now: 26 h late` */
export function noticeLine(notice: ForetoldNotice, inShadow: boolean, ink: Ink): string {
  const { action, obligation, role, municipality, municipalityName, held, clock } = notice;
  const to =
    municipality === undefined
      ? role
      : `${role} of ${municipality} ${municipalityName ?? ''}`.trimEnd();
  const what = action === 'issued' ? obligation : `${obligation}, ${action},`;
  const goes = held
    ? 'would be held for a person'
    : inShadow
      ? 'would not leave'
      : 'would be sent now';
  if (clock === undefined) return `${what} to ${to}: ${goes}`;
  const { deadline, dueAt, lateMs } = clock;
  const due = `${lateMs > 0 ? 'was' : 'is'} due ${localText(dueAt)} (${deadline})`;
  const late = lateMs > 0 ? ink.bad(lateText(lateMs)) : ink.good('in time');
  return `${what} to ${to}: ${due}, ${goes}: ${late}`;
}

function monthLines(month: ForetoldMonth, ink: Ink): string[] {
  const { municipality, municipalityName, month: name, countyName, standing, billing } = month;
  return [
    `  ${municipality} ${municipalityName}, ${countyName}, ${name}: ${standingText(standing)}`,
    ...billing.map((event) => {
      if (event.type !== 'billing.adjusted') return `    ${eventLine({ event }, ink)}`;
      const { differenceOre } = event.data;
      const sign = differenceOre > 0 ? '+' : '';
      return `    ${eventLine({ event }, ink)} (${sign}${kronor(differenceOre)} kr)`;
    }),
  ];
}

export function standingText(standing: Standing): string {
  switch (standing.state) {
    case 'recorded':
      return `recorded with ${kronor(standing.totalOre)} kr, and now`;
    case 'open':
      return `open until ${localText(standing.until)}; the count is read then`;
    case 'withheld':
      return `withheld, ${standing.missing} is missing`;
    case 'due':
      return 'past its cut-off';
    case 'unopened':
      return 'would be opened';
  }
}

function summary(
  cases: readonly ForetoldCase[],
  months: readonly ForetoldMonth[],
  ink: Ink,
): string {
  const live = cases.filter(({ inShadow }) => !inShadow);
  const notices = live.flatMap((one) => one.notices).filter(({ held }) => !held);
  const late = lateNotices(cases);
  const text = `${plural(notices.length, 'notice')} would go out, ${late} of them late; ${plural(months.length, 'month')} of billing concerned`;
  return late > 0 ? ink.bad(text) : ink.bold(text);
}
