/** What became of a recorded month: approved, issued, disputed, credited. Read of its stream; nothing of it is rewritten. */
import type { Approval, BillingData, EventData, IssuedInvoice } from '../../process/events.ts';
import type { StoredLike } from '../../process/state.ts';

export interface Told<T> {
  readonly data: T;
  readonly eventId: string;
  /** When it was recorded. */
  readonly at: string;
}

export type Dispute = EventData<'billing.disputed'>;

/** An invoice or credit note, and what was said of it since. */
export interface StandingInvoice extends Told<IssuedInvoice> {
  readonly position: number;
  /** Of the dispute that is open: how far it has come. */
  readonly dispute?: Told<Dispute>;
  /** How its last dispute ended. */
  readonly ended?: Told<EventData<'billing.upheld'>>;
  /** Its lines, by their places from 1, that were credited by a person's word. */
  readonly credited: readonly number[];
  /** Numbers of the credit notes and further invoices that name it. */
  readonly correctedBy: readonly string[];
  /** What it asks for, less what the credit notes that name it have taken back; 0 of a credit note. */
  readonly leftOre: number;
}

export interface Invoicing {
  /** The record that stands, or its last adjustment. */
  readonly billed?: Told<BillingData>;
  /** The last word of an approver that was not taken back. */
  readonly approval?: Told<Approval>;
  /** That approval, where its day has not come and nothing is issued of it. */
  readonly waiting?: Told<Approval>;
  /** In order of issue. */
  readonly invoices: readonly StandingInvoice[];
}

/** @param stream of one settlement, with the invoices that name it */
export function foldInvoicing(stream: readonly StoredLike[]): Invoicing {
  const invoices: StandingInvoice[] = [];
  const at = (number: string): number => invoices.findIndex(({ data }) => data.number === number);
  const change = (number: string, to: (one: StandingInvoice) => StandingInvoice): void => {
    const index = at(number);
    const one = invoices[index];
    if (one !== undefined) invoices[index] = to(one);
  };
  let billed: Told<BillingData> | undefined;
  let approvals: readonly Told<Approval>[] = [];
  for (const { event, position } of stream.toSorted((a, b) => a.position - b.position)) {
    const told = { eventId: event.id, at: event.recordedAt };
    switch (event.type) {
      case 'billing.recorded':
      case 'billing.adjusted':
        billed = { ...told, data: event.data };
        break;
      case 'billing.approved':
        approvals = [...approvals, { ...told, data: event.data }];
        break;
      case 'billing.approval-withdrawn': {
        const { approval } = event.data;
        approvals = approvals.filter(({ eventId }) => eventId !== approval);
        break;
      }
      case 'billing.issued': {
        const { data } = event;
        const { kind, totalOre, corrects } = data;
        const leftOre = kind === 'invoice' ? totalOre : 0;
        invoices.push({ ...told, data, position, credited: [], correctedBy: [], leftOre });
        if (corrects === undefined) break;
        const nameIt = (one: StandingInvoice): StandingInvoice => ({
          ...one,
          correctedBy: [...one.correctedBy, data.number],
        });
        change(corrects.number, nameIt);
        if (kind === 'credit-note') takeBack(invoices, corrects.number, totalOre);
        break;
      }
      case 'billing.disputed':
      case 'billing.dispute-escalated': {
        const { data } = event;
        change(data.number, (one) => ({ ...one, dispute: { ...told, data } }));
        break;
      }
      case 'billing.upheld':
      case 'billing.credited': {
        const { data } = event;
        const lines = 'lines' in data ? data.lines : [];
        change(data.number, ({ dispute: _dispute, ...one }) => ({
          ...one,
          ended: { ...told, data },
          credited: [...one.credited, ...lines],
        }));
        break;
      }
      default:
    }
  }
  const approval = approvals.at(-1);
  const isIssued = invoices.some(({ data }) => data.decision === approval?.eventId);
  const waiting = approval?.data.draft !== undefined && !isIssued ? approval : undefined;
  return {
    invoices,
    ...(billed && { billed }),
    ...(approval && { approval }),
    ...(waiting && { waiting }),
  };
}

/** From the invoice that a credit note names; what that has not left is taken from the others, the newest first. */
function takeBack(invoices: StandingInvoice[], named: string, totalOre: number): void {
  let rest = totalOre;
  const order = invoices.map((_, index) => index).toReversed();
  const first = invoices.findIndex(({ data }) => data.number === named);
  for (const index of [first, ...order.filter((other) => other !== first)]) {
    const one = invoices[index];
    if (one === undefined) continue;
    const taken = Math.min(rest, one.leftOre);
    invoices[index] = { ...one, leftOre: one.leftOre - taken };
    rest -= taken;
  }
}

/** How far a month has come on its way to the one who pays. */
export type InvoicingState =
  | 'recorded'
  | 'approved'
  | 'issued'
  | 'disputed'
  | 'credited'
  /** Approved, and nobody owes anything. */
  | 'nothing-due'
  /** The record was adjusted after its last approval. */
  | 'to-approve-again';

/** @returns undefined where nothing is recorded */
export function invoicingState(invoicing: Invoicing): InvoicingState | undefined {
  const { billed, approval, waiting, invoices } = invoicing;
  if (billed === undefined) return undefined;
  if (invoices.some(({ dispute }) => dispute !== undefined)) return 'disputed';
  if (approval === undefined) return 'recorded';
  if (waiting !== undefined) return 'approved';
  if (approval.data.revision !== billed.data.revision) return 'to-approve-again';
  if (invoices.length === 0) return 'nothing-due';
  const leftOre = invoices.reduce((sum, one) => sum + one.leftOre, 0);
  return leftOre === 0 ? 'credited' : 'issued';
}
