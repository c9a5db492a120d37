/**
 * Settings of billing: where specifications go, who demands and who pays, and who gets invoices.
 *
 * What an invoice needs may be left out here: then none is issued, and `billing preview` says what is to be entered.
 */
import { z } from 'zod';
import { countyCode, municipalityCode } from '../process/events.ts';
import { hasOneProof, oneProof, partsOf, sftpServer } from './config-line.ts';
import { when } from './config-receivers.ts';
import { sdkReceiverFields } from './config-sdk.ts';
import { clientTls, duration, idText, secretName, type Report } from './config-values.ts';

const name = z.string().min(1).max(200);
const party = {
  name: name.optional(),
  organisationNumber: z
    .string()
    .regex(/^\d{10}$/, 'ten digits, without a hyphen')
    .optional(),
  /** Its address in the Peppol network. */
  endpoint: z
    .string()
    .regex(
      /^(0007:\d{10}|0088:\d{13})$/,
      "'0007:' and an organisation number, or '0088:' and a GLN",
    )
    .optional(),
  address: z.strictObject({ street: name.optional(), postalCode: name, city: name }).optional(),
  vatId: z
    .string()
    .regex(/^SE\d{12}$/, 'SE and twelve digits')
    .optional(),
};

const seller = z
  .strictObject({
    /** The region, by its SCB county code; also the name of its series of numbers. */
    county: countyCode,
    ...party,
    /** The seller is approved for F-tax. */
    fSkatt: z.boolean().optional(),
    /** How the claim is treated: exempt (E) or outside the scope of VAT (O), with a code of the VATEX list. */
    vat: z
      .strictObject({
        category: z.enum(['E', 'O']),
        reasonCode: z.string().regex(/^VATEX-[A-Z0-9-]+$/, 'a code of the VATEX list'),
        reason: z.string().min(1).max(300).optional(),
      })
      .optional(),
    bankgiro: z
      .string()
      .regex(/^\d{7,8}$/, 'seven or eight digits')
      .optional(),
    plusgiro: z
      .string()
      .regex(/^\d{2,8}$/, 'two to eight digits')
      .optional(),
    /** What every number of the series begins with; the county code where it is left out. */
    numberPrefix: z
      .string()
      .regex(/^\d(-?\d){0,9}-?$/, 'digits, with hyphens between them')
      .optional(),
  })
  .refine(({ bankgiro, plusgiro }) => bankgiro === undefined || plusgiro === undefined, {
    message: 'bankgiro and plusgiro: an invoice has one of them',
  });

const buyer = z.strictObject({
  municipality: municipalityCode,
  ...party,
  /** What its finance system finds the receiver by (BT-10). */
  buyerReference: name.optional(),
  orderReference: name.optional(),
});

const receiver = {
  id: idText,
  /** Treating regions; absent means every one. */
  counties: z.array(countyCode).min(1).optional(),
  ...when,
};
/** SCB codes; absent means every municipality. */
const municipalities = z.array(municipalityCode).min(1).optional();
const document = z.enum(['invoice', 'specification']);
const specificationParts = partsOf(['pdf', 'csv', 'json']).prefault(['pdf', 'csv', 'json']);
const sftp = z
  .strictObject({
    ...receiver,
    municipalities,
    takes: document,
    channel: z.literal('sftp'),
    ...sftpServer,
    /** Which files a specification is; who sees the last of pdf, csv, json that it takes has all of them. */
    parts: specificationParts,
  })
  .refine(hasOneProof, oneProof);
const sdk = z.strictObject({
  ...receiver,
  ...sdkReceiverFields,
  municipalities,
  /** An invoice goes by the Peppol network. */
  takes: z.literal('specification'),
  /** Every system of the federation takes PDF. */
  parts: specificationParts,
});
const http = {
  channel: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  /** Variable with the bearer token. */
  tokenEnv: secretName.optional(),
  /** Signed as a webhook (Standard Webhooks); two while a secret is being exchanged. */
  secretEnv: z.array(secretName).min(1).max(2).optional(),
  timeout: duration.pipe(z.int().min(1).max(120_000)).prefault('20s'),
  tls: clientTls.optional(),
  /** It stands in our own network: private addresses, and plain http there. */
  ownNetwork: z.boolean().default(false),
  /** It knows Idempotency-Key, so what may have arrived may be sent again. */
  recognisesRepeats: z.boolean().default(true),
};
export const recordStatuses = ['NEW', 'APPROVED', 'INVOICED', 'REJECTED'] as const;
const billingReceiver = z.discriminatedUnion('channel', [
  z.strictObject({
    ...receiver,
    municipalities,
    takes: document,
    channel: z.literal('file'),
    folder: z.string().min(1),
  }),
  sftp,
  sdk,
  z.discriminatedUnion('takes', [
    z.strictObject({ ...receiver, municipalities, takes: document, ...http }),
    z.strictObject({
      ...receiver,
      /** Billing records of a municipal finance platform. */
      takes: z.literal('record'),
      /** Whose platform it is: its code stands in the path. */
      municipality: municipalityCode,
      ...http,
      /** What they call this kind of claim. */
      category: z.string().regex(/^[A-Z][A-Z0-9_]{0,49}$/, 'capital letters, digits and _'),
      /** Our number among their customers. */
      customerId: name,
      /** Of which states they are told. */
      statuses: z.array(z.enum(recordStatuses)).min(1).default(['APPROVED']),
    }),
  ]),
]);

export const billingSettings = z.strictObject({
  folder: z.string().optional(),
  /**
   * Whose months are settled from the calendar, empty ones too, where an agreement is in force; absent means every
   * municipality of the senders' regions.
   */
  municipalities: z.array(municipalityCode).optional(),
  ...when,
  /** When an invoice is dated where no agreement says it: when it is approved, or a day of the month that follows. */
  invoiceDay: z.union([z.literal('approval'), z.int().min(1).max(28)]).optional(),
  sellers: z.array(seller).default([]),
  buyers: z.array(buyer).default([]),
  receivers: z.array(billingReceiver).default([]),
});

export type BillingSettings = z.output<typeof billingSettings>;
export type BillingReceiverConfig = BillingSettings['receivers'][number];

/** What single values cannot show. @param others ids of the receivers of notices */
export function checkBillingTogether(
  { sellers, buyers, receivers }: BillingSettings,
  others: readonly string[],
  fail: Report,
): void {
  const names: readonly (readonly [string, readonly string[]])[] = [
    ['sellers', sellers.map(({ county }) => county)],
    ['buyers', buyers.map(({ municipality }) => municipality)],
    ['receivers', receivers.map(({ id }) => id)],
  ];
  for (const [list, keys] of names) {
    const twice = keys.findIndex((key, index) => keys.indexOf(key) !== index);
    if (twice >= 0) fail(`billing.${list}.${twice}`, `${keys[twice]} stands twice`);
  }
  const taken = receivers.findIndex(({ id }) => id === 'billing' || others.includes(id));
  if (taken >= 0) {
    const id = receivers[taken]?.id ?? '';
    fail(`billing.receivers.${taken}.id`, `${id} is the id of another receiver`);
  }
}
