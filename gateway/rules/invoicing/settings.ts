/** What an invoice needs beside the record, and what of it has not been entered: then nothing is issued. */
import type { Parameters } from '../../../profiles/index.ts';
import type { InvoiceDraft, InvoiceParty } from '../../process/events.ts';
import { firstDayOf } from '../settling/settlement-month.ts';
import type { SettlementPeriod } from '../settling/basis.ts';
import type { MissingFigure } from '../settling/settlement-basis.ts';

interface PartySettings {
  readonly name?: string | undefined;
  readonly organisationNumber?: string | undefined;
  /** `0007:` and an organisation number, or `0088:` and a GLN. */
  readonly endpoint?: string | undefined;
  readonly address?:
    | {
        readonly street?: string | undefined;
        readonly postalCode: string;
        readonly city: string;
      }
    | undefined;
  readonly vatId?: string | undefined;
}
export interface SellerSettings extends PartySettings {
  readonly county: string;
  readonly fSkatt?: boolean | undefined;
  readonly vat?:
    | {
        readonly category: 'E' | 'O';
        readonly reasonCode: string;
        readonly reason?: string | undefined;
      }
    | undefined;
  readonly bankgiro?: string | undefined;
  readonly plusgiro?: string | undefined;
  readonly numberPrefix?: string | undefined;
}
export interface BuyerSettings extends PartySettings {
  readonly municipality: string;
  readonly buyerReference?: string | undefined;
  readonly orderReference?: string | undefined;
}
export interface InvoiceSettings {
  readonly sellers: readonly SellerSettings[];
  readonly buyers: readonly BuyerSettings[];
  readonly invoiceDay?: 'approval' | number | undefined;
  /** Who gets documents: which of them are finance platforms that take records. */
  readonly receivers?: readonly { readonly id: string; readonly takes: string }[];
}

/** Something to enter before anything is issued. */
export type MissingSetting =
  /** A figure of the agreement or the law, with its date. */
  | { readonly figure: MissingFigure }
  | {
      /** Where it stands: the list, and whose entry. */
      readonly list: 'sellers' | 'buyers';
      readonly of: string;
      readonly key: string;
      /** The line as it is written, with `…` for what only its owner knows. */
      readonly example: string;
    }
  | { readonly list: 'billing'; readonly key: 'invoiceDay'; readonly example: string };

/** A draft's parts that come from settings; the lines and what they come to are the record's. */
export type DraftParties = Omit<
  InvoiceDraft,
  'kind' | 'specificationNumber' | 'lines' | 'totalOre' | 'corrects' | 'note'
>;

/** @param invoiceOn as the agreement says */
export function partiesFor(
  settings: InvoiceSettings,
  parameters: Parameters,
  period: SettlementPeriod,
  invoiceOn: string | undefined,
): DraftParties | { readonly missing: readonly MissingSetting[] } {
  const { county, municipality, month } = period;
  const seller = settings.sellers.find((one) => one.county === county) ?? { county };
  const buyer = settings.buyers.find((one) => one.municipality === municipality) ?? {
    municipality,
  };
  const dueDays = parameters.valueOn('settlement.dueDays', firstDayOf(month));
  const missing: MissingSetting[] = [];
  const sold = party('sellers', county, seller, missing);
  const { vat, bankgiro, plusgiro, vatId } = seller;
  if (vat === undefined) missing.push(lack('sellers', county, 'vat', vatExample));
  if (vat?.category === 'E' && vatId === undefined) {
    missing.push(lack('sellers', county, 'vatId', "vatId: 'SE…01' # BR-E-02: category E names it"));
  }
  const payment = paymentOf(bankgiro, plusgiro);
  if (payment === undefined) {
    missing.push(lack('sellers', county, 'bankgiro', "bankgiro: '…' # or plusgiro"));
  }
  const bought = party('buyers', municipality, buyer, missing);
  const { buyerReference, orderReference } = buyer;
  if (buyerReference === undefined) {
    const example = "buyerReference: '…' # BT-10, as the municipality's finance system has it";
    missing.push(lack('buyers', municipality, 'buyerReference', example));
  }
  if (!dueDays.known) missing.push({ figure: dueDays });
  if (invoiceOn === undefined && settings.invoiceDay === undefined) {
    const example = 'invoiceDay: approval # or the day of the following month, 1 to 28';
    missing.push({ list: 'billing', key: 'invoiceDay', example });
  }
  if (!sold || !bought || !vat || !payment || buyerReference === undefined || !dueDays.known) {
    return { missing };
  }
  if (missing.length > 0) return { missing };
  const { reason, ...treatment } = vat;
  return {
    series: county,
    numberPrefix: seller.numberPrefix ?? county,
    seller: { ...sold, ...(seller.fSkatt !== undefined && { fSkatt: seller.fSkatt }) },
    buyer: bought,
    buyerReference,
    ...(orderReference !== undefined && { orderReference }),
    vat: { ...treatment, ...(reason !== undefined && { reason }) },
    payment,
    dueDays: Number(dueDays.value),
  };
}

const vatExample =
  'vat: { category: …, reasonCode: … } # E, VATEX-EU-132-1B: exempt care; O, VATEX-EU-O: outside the scope of VAT';

const lack = (
  list: 'sellers' | 'buyers',
  of: string,
  key: string,
  example: string,
): MissingSetting => ({ list, of, key, example });

function paymentOf(
  bankgiro: string | undefined,
  plusgiro: string | undefined,
): InvoiceDraft['payment'] | undefined {
  if (bankgiro !== undefined) return { means: 'bankgiro', account: bankgiro };
  return plusgiro === undefined ? undefined : { means: 'plusgiro', account: plusgiro };
}

/** @param missing is told of what it lacks */
function party(
  list: 'sellers' | 'buyers',
  of: string,
  { name, organisationNumber, endpoint, address, vatId }: PartySettings,
  missing: MissingSetting[],
): InvoiceParty | undefined {
  const examples = {
    name: 'name: …',
    organisationNumber: "organisationNumber: '…' # ten digits",
    endpoint: "endpoint: '0007:…' # its address in the Peppol network, or '0088:' and a GLN",
    address: "address: { postalCode: '…', city: … }",
  };
  const given = { name, organisationNumber, endpoint, address };
  for (const key of ['name', 'organisationNumber', 'endpoint', 'address'] as const) {
    if (given[key] === undefined) missing.push(lack(list, of, key, examples[key]));
  }
  const [scheme, id] = endpoint?.split(':') ?? [];
  if (name === undefined || organisationNumber === undefined || address === undefined) {
    return undefined;
  }
  if (id === undefined || (scheme !== '0007' && scheme !== '0088')) return undefined;
  const { street, postalCode, city } = address;
  return {
    name,
    organisationNumber,
    endpoint: { scheme, id },
    address: { ...(street !== undefined && { street }), postalCode, city, country: 'SE' },
    ...(vatId !== undefined && { vatId }),
  };
}
