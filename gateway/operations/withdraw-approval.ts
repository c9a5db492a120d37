/**
 * A named person takes back an approval that waits for its day: nothing is issued of it, and the record is to be approved
 * again. Once the invoice has its number it stands, and only a credit note takes it back.
 */
import { z } from 'zod';
import { settlementStreamOf } from '../advance.ts';
import { readSeries, seriesExpected } from '../issue.ts';
import { countyCode, month, municipalityCode } from '../process/events.ts';
import type { Approval, EventBody } from '../process/events.ts';
import { decisionId } from '../process/ids.ts';
import { foldInvoicing, type Invoicing, type Told } from '../rules/invoicing/invoices.ts';
import { isoOf } from '../rules/legal-days.ts';
import { answering, refused, untilWritten } from './answering.ts';
import { invoiceDayKeyOf } from './approve-billing.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  token: z.string().min(1).max(1000),
  county: countyCode,
  municipality: municipalityCode,
  month,
  /** That was approved, as preview shows it: where another approval waits, nothing is taken back. */
  revision: z.int().min(1),
});

export interface Withdrawn {
  readonly revision: number;
  readonly by: string;
  /** Who had approved it. */
  readonly approvedBy: string;
  readonly documentOre: number;
  /** The day on which it would have been issued. */
  readonly issueOn: string;
}

export const withdrawApproval = operation(input, async (parts, asked): Promise<Withdrawn> => {
  const streamId = settlementStreamOf(asked);
  const { user, audit } = await answering(parts, asked.token, 'approve-billing', streamId);
  let isAudited = false;
  return await untilWritten(parts, async () => {
    const { county, municipality, month: of, revision } = asked;
    const series = await readSeries(parts.journal, county);
    const { events, version } = await parts.journal.loadSettlement(streamId);
    const { data, eventId } = waitingOf(foldInvoicing(events), of, revision);
    if (!isAudited) {
      const what = `withdraw approval of ${municipality} by ${county}, ${of}, r${revision}`;
      await audit(what, streamId);
      isAudited = true;
    }
    const nowMs = parts.clock.nowMs();
    const id = decisionId(`${streamId}|approval-withdrawn|${eventId}`, version);
    const body: EventBody = {
      id,
      type: 'billing.approval-withdrawn',
      occurredAt: isoOf(nowMs),
      recordedAt: isoOf(nowMs),
      source: { sender: 'hemgang', messageId: id },
      causationId: eventId,
      correlationId: streamId,
      data: {
        county,
        municipality,
        month: of,
        key: data.key,
        revision,
        approval: eventId,
        by: user.name,
        reason: parts.order.reason.slice(0, 300),
      },
    };
    return {
      result: {
        revision,
        by: user.name,
        approvedBy: data.by,
        documentOre: data.draft?.totalOre ?? 0,
        issueOn: data.issueOn ?? '',
      },
      append: {
        expected: [{ streamId, version }, seriesExpected(series)],
        events: [{ streamId, lane: streamId, body }],
        setDeadlines: [],
        closeDeadlines: [invoiceDayKeyOf(streamId)],
      },
    };
  });
});

/** @throws GatewayError configuration-invalid where it does not wait, with what to do instead */
function waitingOf(
  { waiting, approval, invoices }: Invoicing,
  of: string,
  revision: number,
): Told<Approval> {
  const look = `hemgang billing preview --month ${of} shows what there is`;
  const issued = invoices.find(({ data }) => data.revision === revision)?.data;
  if (issued !== undefined) {
    throw refused(
      `revision ${revision} was issued as ${issued.number} on ${issued.issueDate}, and a number that was given stands`,
      issued.kind === 'credit-note'
        ? `a later adjustment of the month asks for what ${issued.number} took back`
        : `hemgang billing credit --number ${issued.number} takes it back by a credit note`,
    );
  }
  if (waiting === undefined) {
    const what =
      approval?.data.revision === revision
        ? `revision ${revision} was approved with nothing due: nothing waits to be issued`
        : `no approval of revision ${revision} waits for its day`;
    throw refused(what, look);
  }
  if (waiting.data.revision === revision) return waiting;
  throw refused(
    `the approval that waits is of revision ${waiting.data.revision}, not ${revision}`,
    look,
  );
}
