/** What happened, as a person reads it: message → event → paragraph → notice → receipt → liability → billing record. */
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { wallOf } from '../play/journey.ts';
import { addDays } from '../rules/legal-days.ts';
import type { JourneyResult, SettlementResult } from '../play/outcome.ts';
import type { Moment } from '../play/world.ts';

export interface Ink {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly law: (text: string) => string;
}

/** Colour on a terminal, plain text everywhere else. */
export function inkFor(colour: boolean): Ink {
  const paint = (code: number) => (text: string) =>
    colour ? `\u001B[${code}m${text}\u001B[0m` : text;
  return { dim: paint(2), bold: paint(1), good: paint(32), bad: paint(31), law: paint(36) };
}

/** The lines of one moment of legal time. */
export function momentLines(moment: Moment, ink: Ink): string[] {
  const lines: string[] = [];
  const groups = new Map<string, StoredEvent[]>();
  if (moment.journey) groups.set(moment.journey.name, []);
  for (const stored of moment.events) {
    const name = moment.journeyOf(stored.event.stayId)?.name ?? stored.event.stayId;
    groups.set(name, [...(groups.get(name) ?? []), stored]);
  }
  for (const [name, events] of groups) {
    lines.push(`${ink.bold(wallOf(moment.at))}  ${name.replace('settlement:', 'settlement ')}`);
    if (moment.input && name === moment.journey?.name) {
      const { from, what, answer } = moment.input;
      lines.push(`    ${from} → ${what}  ${ink.good(answer)}`);
    }
    for (const stored of events) {
      lines.push(`      ${eventLine(stored, ink)}`);
      const why = moment.why.get(stored.event.id);
      if (why !== undefined) lines.push(`        ${ink.dim(`because: ${why}`)}`);
    }
  }
  return lines;
}

/** Every paragraph of a timeline is of this act; the head of the demo says so. */
const act = ' lag (2017:612)';

/** One event in a line, with its paragraph. */
export function eventLine({ event }: Pick<StoredEvent, 'event'>, ink: Ink): string {
  const reference = 'reference' in event.data ? event.data.reference : undefined;
  const isLaw = reference?.endsWith(act) ?? false;
  const paragraph = isLaw ? `${ink.law(reference?.slice(0, -act.length) ?? '')}  ` : '';
  switch (event.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn': {
      const { obligation, role, municipality, county } = event.data;
      const to = `${role} ${municipality ?? county ?? ''}`.trim();
      return `${paragraph}${event.type}: ${obligation} → ${to}`;
    }
    case 'notice.delivered': {
      const { receiver, obligation, detail } = event.data;
      return ink.good(`✓ ${obligation} delivered to ${receiver} (${detail ?? ''})`);
    }
    case 'notice.refused':
    case 'notice.unresolved':
      return ink.bad(
        `✗ ${event.type}: ${event.data.obligation} to ${event.data.receiver}: ${event.data.detail ?? ''}`,
      );
    case 'notice.acknowledged':
      return ink.dim(`${event.source.sender} has read it (kvittens)`);
    case 'deadline.set':
      return `${paragraph}${ink.dim(`${event.data.deadline} due ${wallOf(event.data.dueAt)}`)}`;
    case 'deadline.met':
      return `${paragraph}${ink.good(`${event.data.deadline} met`)}`;
    case 'deadline.missed':
      return `${paragraph}${ink.bad(`${event.data.deadline} missed`)}`;
    case 'deadline.reached':
    case 'deadline.cancelled':
      return ink.dim(`${event.data.deadline} ${event.type.slice('deadline.'.length)}`);
    case 'liability.started':
    case 'liability.revised':
    case 'liability.revoked':
    case 'liability.ended': {
      const { municipality, from, until } = event.data;
      const last = until === undefined ? undefined : addDays(until, -1);
      const end = last === undefined ? '' : ` to ${last}`;
      const days = last !== undefined && last < from ? 'no day' : `from ${from}${end}`;
      return `${paragraph}${ink.bold(`${event.type}: municipality ${municipality} pays ${days}`)}`;
    }
    case 'liability.withheld':
      return `${paragraph}${ink.bold(`liability.withheld: no charge, ${event.data.reason}`)}`;
    case 'care-days.counted': {
      const { dates, municipality, reason, eligible, readyOn, month } = event.data;
      const days = readyOn === undefined ? dates.join(', ') : `from ${readyOn}, month ${month}`;
      const why = (eligible ? days : reason) || reason;
      return `${paragraph}care-days.counted: ${dates.length} for ${municipality} (${why})`;
    }
    case 'billing.recorded':
    case 'billing.adjusted': {
      const { municipality, month, totalOre, lines, formula } = event.data;
      const head = ink.bold(`${event.type}: ${municipality} for ${month}:`);
      if (formula !== undefined)
        return [head, ...formula.map((step) => `  ${step}`)].join('\n        ');
      const days = lines.reduce((total, line) => total + (line.days ?? 0), 0);
      const rates = [...new Set(lines.map((line) => `${kronor(line.rateOre)} kr`))].join(', ');
      const sum = days === 0 ? '0 kr' : `${days} × ${rates} = ${kronor(totalOre)} kr`;
      return `${head} ${ink.bold(sum)}`;
    }
    case 'billing.withheld':
      return ink.bad(
        `billing.withheld: ${event.data.missing} is missing on ${event.data.missingOn} (${event.data.reference})`,
      );
    case 'billing.approved': {
      const { by, municipality, month, revision, totalOre } = event.data;
      return `${event.type}: ${municipality} for ${month}, revision ${revision} of ${kronor(totalOre)} kr, by ${by}`;
    }
    case 'billing.approval-withdrawn': {
      const { by, municipality, month, revision } = event.data;
      return ink.bad(`${event.type}: ${municipality} for ${month}, revision ${revision}, by ${by}`);
    }
    case 'billing.issued': {
      const { kind, number, totalOre, issueDate } = event.data;
      return ink.bold(`${event.type}: ${kind} ${number}, ${kronor(totalOre)} kr, ${issueDate}`);
    }
    case 'billing.disputed':
    case 'billing.dispute-escalated':
    case 'billing.upheld':
    case 'billing.credited':
      return ink.bad(`${event.type}: invoice ${event.data.number}, by ${event.data.by}`);
    case 'joint-analysis.due':
      return ink.bad(`${event.type}: ${event.data.municipality}, mean of ${event.data.month}`);
    case 'action-plan.suggested':
      return ink.bad(`${event.type}: ${event.data.municipality}, recurring ${event.data.cause}`);
    case 'deadline.nearing':
      return ink.bad(`${event.data.deadline} is near, due ${wallOf(event.data.dueAt)}`);
    default:
      return event.type;
  }
}

/** The table at the end: a row per municipality and month. */
export function settlementTable(
  settlements: readonly SettlementResult[],
  names: ReadonlyMap<string, string>,
  ink: Ink,
): string[] {
  const rows = settlements.map((settlement) => [
    `${settlement.municipality} ${names.get(settlement.municipality) ?? ''}`.trimEnd(),
    settlement.month,
    settlement.missing === undefined ? String(settlement.days) : '–',
    settlement.missing === undefined ? kronor(settlement.amountOre) : 'withheld',
    noteOn(settlement),
  ]);
  return table(['municipality', 'month', 'days', 'kr', ''], rows, [2, 3], ink);
}

function noteOn({ missing, agreement, excluded }: SettlementResult): string {
  if (missing !== undefined) return `${missing} is missing`;
  const reasons = excluded.map(({ reason }) => reason).join(', ');
  const by = agreement === undefined ? '' : 'by the mean of the month';
  return [by, reasons && `not charged: ${reasons}`].filter(Boolean).join('; ');
}

/** Each journey, and whether it ended as its file says. */
export function journeyTable(results: readonly JourneyResult[], ink: Ink): string[] {
  const rows = results.map((result) => [
    result.differences.length === 0 ? '✓' : '✗',
    result.journey.name,
    result.liabilityFrom ?? '–',
    String(result.careDays),
    kronor(result.amountOre),
    result.amountOre > 0 ? '' : (result.reason ?? ''),
  ]);
  const lines = table(
    ['', 'journey', 'liability from', 'care days', 'kr', 'reason'],
    rows,
    [3, 4],
    ink,
  );
  for (const { journey, differences } of results) {
    for (const difference of differences) lines.push(ink.bad(`  ${journey.file}: ${difference}`));
  }
  return lines;
}

/** A table whose columns are as wide as their widest cell. @param numeric columns set to the right */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[],
  ink: Ink,
): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numeric.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    ink.bold(line(head)),
    ink.dim(widths.map((width) => '─'.repeat(width)).join('──')),
    ...rows.map(line),
  ];
}

/** Öre as kronor in Swedish writing: 930000 → `9 300`, 2625250 → `26 252,50`. */
export function kronor(ore: number): string {
  const sign = ore < 0 ? '−' : '';
  const whole = Math.floor(Math.abs(ore) / 100);
  const rest = Math.abs(ore) % 100;
  const grouped = String(whole).replace(/\B(?=(\d{3})+$)/g, ' ');
  return `${sign}${grouped}${rest === 0 ? '' : `,${String(rest).padStart(2, '0')}`}`;
}
