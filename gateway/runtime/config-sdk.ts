/** SDK (Säker digital kommunikation): who we are in the federation, and the access point that carries our messages. */
import { z } from 'zod';
import { clientTls, duration, idText, secretName, type Report } from './config-values.ts';

/** An organisation and a function of it, as the federation's address book has them. */
export const sdkParty = z.strictObject({
  organisation: z
    .string()
    .max(200)
    .regex(/^0203:[^\s\p{Cc}]+$/u, '0203: and the domain of the organisation'),
  /** Of a function, never a person. */
  functionAddress: z
    .string()
    .max(200)
    .regex(/^[^\s\p{Cc}]+$/u, 'the address of a function, without spaces'),
});

const accessPoint = z.union([
  z.strictObject({ folder: z.string().min(1) }),
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    /** What we prove ourselves with: a bearer token. */
    tokenEnv: secretName.optional(),
    timeout: duration.pipe(z.int().min(1).max(120_000)).prefault('30s'),
    tls: clientTls.optional(),
    /** It stands in our own network: private addresses, and plain http there. */
    ownNetwork: z.boolean().default(false),
    /** It recognises a message id, so what may have arrived may be sent again. */
    recognisesRepeats: z.boolean().default(true),
  }),
]);

const receipts = z
  .strictObject({
    /** Where the access point leaves them. */
    folder: z
      .strictObject({
        path: z.string().min(1),
        /** Several hosts see this very folder: one instance of all takes its files. */
        shared: z.boolean().optional(),
        done: z.string().min(1).optional(),
        failed: z.string().min(1).optional(),
        every: duration.pipe(z.int().min(10).max(3_600_000)).prefault('2s'),
      })
      .optional(),
    /** It may bring them to /sdk-receipts with this bearer token. */
    tokenEnv: secretName.optional(),
  })
  .refine(({ folder, tokenEnv }) => folder !== undefined || tokenEnv !== undefined, {
    message: 'folder or tokenEnv: without a receipt nothing is ever delivered',
  });

export const sdkSettings = z.strictObject({
  from: sdkParty,
  accessPoint,
  receipts,
  /** How long to wait for the receiver's receipt; then a person finds out. */
  receiptWithin: duration.prefault('24h'),
});
export type SdkConfig = z.output<typeof sdkSettings>;

/** A receiver by SDK; what all have in common stands beside it. */
export const sdkReceiverFields = {
  id: idText,
  channel: z.literal('sdk'),
  to: sdkParty,
  /** The reader's system keeps it from others than those whom it is for: it speaks of a patient. */
  confidential: z.boolean().default(true),
};

/** What a single setting cannot show. @param lists receivers by where they stand: `billing.receivers` */
export function checkSdkTogether(
  sdk: SdkConfig | undefined,
  lists: Readonly<Record<string, readonly { readonly channel: string }[]>>,
  fail: Report,
): void {
  if (sdk !== undefined) return;
  for (const [list, receivers] of Object.entries(lists)) {
    const index = receivers.findIndex(({ channel }) => channel === 'sdk');
    if (index < 0) continue;
    const what = 'sdk needs the setting sdk: who we are, and the access point';
    fail(`${list}.${index}.channel`, what);
  }
}
