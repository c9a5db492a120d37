/**
 * What is asked of a municipality for one month, and what takes it back: the content of an invoice or a credit note, in
 * the business terms (BT) and groups (BG) of EN 16931. It names cases by their pseudonymous reference and never a person.
 */
import type { Fraction } from './quantity.ts';

/** A demand that is to be paid, or a credit note for one that was sent: a sent one is never edited. */
export type Invoice = Demand | CreditNote;

/** BT-3 380. */
export interface Demand extends Content {
  readonly kind: 'invoice';
  /** BT-9. */
  readonly dueDate: string;
  /** BG-16. */
  readonly payment: Payment;
  /** BG-3, where it asks for more than an earlier one did. */
  readonly corrects?: Correction;
}

/** BT-3 381. Its amounts are positive; it has no date and no account to pay to, for the buyer pays nothing. */
export interface CreditNote extends Content {
  readonly kind: 'credit-note';
  /** BG-3. */
  readonly corrects: Correction;
}

/** Dates are ISO 8601 (`2027-03-20`), money is a whole number of öre in SEK. */
interface Content {
  /** BT-1; unique in the seller's series. */
  readonly number: string;
  /** BT-2. */
  readonly issueDate: string;
  /** BG-4. */
  readonly seller: Party;
  /** BG-7. */
  readonly buyer: Party;
  /** BT-10: what the buyer's finance system finds the receiver by. */
  readonly buyerReference: string;
  /** BT-13. */
  readonly orderReference?: string;
  /** BG-14. */
  readonly period: Period;
  /** BT-122: the specification that goes by the care channel. */
  readonly specificationNumber: string;
  /** BG-25, at least one. */
  readonly lines: readonly InvoiceLine[];
  /** BT-106, 109, 112 and 115: the sum of the lines, above zero. */
  readonly totalOre: number;
  readonly vat: Vat;
  /** BT-22; a Peppol invoice has one at most. */
  readonly note?: string;
}

export interface Party {
  /** BT-27 or BT-44. */
  readonly name: string;
  /** BT-30 or BT-47: ten digits, without a hyphen. */
  readonly organisationNumber: string;
  /** BT-34 or BT-49: the address in the Peppol network, by organisation number (0007) or GLN (0088). */
  readonly endpoint: { readonly scheme: '0007' | '0088'; readonly id: string };
  /** BG-5 or BG-8. */
  readonly address: {
    readonly street?: string;
    readonly postalCode: string;
    readonly city: string;
    readonly country: 'SE';
  };
  /** BT-31 or BT-48: `SE` and twelve digits. Left out of what is sent where the claim is outside the scope of VAT (BR-O-02). */
  readonly vatId?: string;
  /** BT-32: the seller is approved for F-tax. */
  readonly fSkatt?: boolean;
}

/** First and last day, both included. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** The document that is corrected: its BT-1 and BT-2. */
export interface Correction {
  readonly number: string;
  readonly issueDate: string;
}

export interface InvoiceLine {
  /** BT-126. */
  readonly id: string;
  /** BT-153. */
  readonly name: string;
  /** BT-154. */
  readonly description?: string;
  /** BT-128. */
  readonly caseReference?: string;
  /** BT-129: days, exact. Below zero where an invoice takes back some days and asks for others. */
  readonly quantity: Fraction;
  /** BT-146: for one day; never below zero. */
  readonly priceOre: number;
  /** BT-131: quantity × price, exactly. */
  readonly amountOre: number;
  /** BG-26; within the invoice's. */
  readonly period?: Period;
}

/** How the claim is treated, for the whole invoice: exempt (E) or outside the scope of VAT (O). */
export interface Vat {
  /** BT-118 and BT-151. */
  readonly category: 'E' | 'O';
  /** BT-121, a code of the VATEX list: `VATEX-EU-132-1B`, `VATEX-EU-O`. */
  readonly reasonCode: string;
  /** BT-120. */
  readonly reason?: string;
}

export interface Payment {
  readonly means: 'bankgiro' | 'plusgiro';
  /** BT-84: digits alone. */
  readonly account: string;
  /** BT-83: see `ocrOf`. */
  readonly ocr: string;
}
