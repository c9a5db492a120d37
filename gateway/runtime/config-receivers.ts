/** Receivers of notices: one schema a channel. What all have in common is who it is for, and when it is live. */
import { z } from 'zod';
import {
  countyCode,
  date,
  hsaId,
  instant,
  municipalityCode,
  needKinds,
  recipientRoles,
} from '../process/events.ts';
import { fhirServerShape } from './config-fhir-server.ts';
import { hasOneProof, line, oneProof, partsOf, sftpServer } from './config-line.ts';
import { sdkReceiverFields } from './config-sdk.ts';
import { clientTls, duration, idText, port, secretName } from './config-values.ts';

const mode = z.enum(['live', 'shadow']);

/** Whether and from when something leaves. */
export const when = {
  /** `shadow`: everything is folded and assessed, nothing leaves. */
  mode: mode.default('live'),
  /** Before this instant the same as shadow. */
  liveFrom: instant.optional(),
};

/** Whose notices it gets. What is left out is not asked about. */
const place = {
  roles: z.array(z.enum(recipientRoles)).min(1).optional(),
  /** SCB codes; absent means every municipality. */
  municipalities: z.array(municipalityCode).min(1).optional(),
  counties: z.array(countyCode).min(1).optional(),
  /** HSA-ids of units of the region's outpatient care: only notices for one of them. */
  outpatientUnits: z.array(hsaId).min(1).optional(),
  /** Only notices about a need of one of these kinds: where a municipality has several receivers for one role. */
  needs: z.array(z.enum(needKinds)).min(1).optional(),
  /** First and last day on which notices are routed to it, local dates. */
  validFrom: date.optional(),
  validTo: date.optional(),
  /** The channel is fit for persons with protected identity: a named user may release their notices to it. */
  protectedIdentity: z.boolean().optional(),
  /**
   * The legal basis on which a released notice has the address that the hospital sent: whether it is that of the register
   * (Skatteverket's) nobody here can tell. Without it such a notice has none.
   */
  protectedAddress: z.string().min(10).max(300).optional(),
};

/** What is agreed about reading what was delivered, and whom to call. */
const followUp = {
  /** A person shall have acknowledged a notice within so long; without it nobody waits for that. */
  acknowledge: z
    .strictObject({
      within: duration,
      /** When somebody calls, and when it is an incident: both from the hand-over. */
      call: duration,
      incident: duration,
    })
    .refine(({ within, call, incident }) => within <= call && call <= incident, {
      message: 'within, call and incident follow each other in time',
    })
    .optional(),
  /** Of a function, never of a person. */
  contact: z
    .strictObject({ name: z.string().min(1).max(100), phone: z.string().min(3).max(40) })
    .optional(),
};

const webhookReceiver = z.strictObject({
  id: idText,
  channel: z.literal('webhook'),
  ...place,
  ...when,
  ...followUp,
  url: z.url({ protocol: /^https?$/ }),
  /** One, or two while a secret is being exchanged. */
  secretEnv: z.array(secretName).min(1).max(2),
  timeout: duration.pipe(z.int().min(1).max(120_000)).prefault('20s'),
  /** The receiver stands in our own network: private addresses, and plain http there. */
  ownNetwork: z.boolean().default(false),
  tls: clientTls.optional(),
  /** At the same time: as many notices of different cases are on their way to it at most. */
  connections: z.int().min(1).max(64).optional(),
  /** The receiver recognises webhook-id, so what may have arrived may be sent again. */
  recognisesRepeats: z.boolean().default(true),
});
const fileReceiver = z.strictObject({
  id: idText,
  channel: z.literal('file'),
  ...place,
  ...when,
  ...followUp,
  folder: z.string().optional(),
  /** A local file proves no hand-over (design: when is a notice "sent") unless a routine says so: cite it. */
  proofReference: z.string().min(1).optional(),
});

const sdkReceiver = z.strictObject({ ...sdkReceiverFields, ...place, ...when, ...followUp });

const fhirReceiver = z
  .strictObject({
    id: idText,
    channel: z.literal('fhir'),
    ...place,
    ...when,
    ...followUp,
    ...fhirServerShape,
    /** To `[base]/$process-message`, or created as a Bundle with If-None-Exist. */
    operation: z.enum(['process-message', 'create']).default('process-message'),
    /** MessageHeader.source.endpoint: who we are to them; fhir.baseUrl where left out. */
    source: z.url({ protocol: /^https?$/ }).optional(),
    /** The receiver recognises a message by its id, so what may have arrived may be sent again. */
    recognisesRepeats: z.boolean().default(true),
  })
  .refine(
    ({ tokenEnv, smart }) => tokenEnv === undefined || smart === undefined,
    'tokenEnv or smart, not both',
  );
export type FhirReceiverConfig = z.output<typeof fhirReceiver>;

const sftpReceiver = z
  .strictObject({
    id: idText,
    channel: z.literal('sftp'),
    ...place,
    ...when,
    ...followUp,
    ...sftpServer,
    /** Which files a notice is; who sees the last of pdf, text, json that it takes has all of them. */
    parts: partsOf(['pdf', 'text', 'json']).prefault(['json']),
  })
  .refine(hasOneProof, oneProof);

/** A name in the head of a message (HD), as agreed with the receiver. */
const headName = z
  .string()
  .max(180)
  .regex(/^[A-Za-z0-9 ._-]*$/, 'letters, digits, space, point, underscore and hyphen');

const mllpReceiver = z
  .strictObject({
    id: idText,
    channel: z.literal('mllp'),
    ...place,
    ...when,
    ...followUp,
    ...line,
    port: port.min(1).default(2575),
    /** Over TLS: who signs their certificate, our own where they ask for one, the name in theirs. */
    tls: z
      .strictObject({
        ca: z.string().optional(),
        cert: z.string().optional(),
        key: z.string().optional(),
        servername: z.string().optional(),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
        message: 'cert and key go together',
      })
      .optional(),
    /** MSH-3 and MSH-4. */
    sendingApplication: headName.default('HEMGANG'),
    sendingFacility: headName.default(''),
    /** MSH-5 and MSH-6. */
    receivingApplication: headName.default(''),
    receivingFacility: headName.default(''),
    processingId: z.enum(['P', 'T', 'D']).default('P'),
    /** `enhanced`: a commit (CA) and then an application acknowledgement (AA); `original`: one answer. */
    acknowledgement: z.enum(['original', 'enhanced']).default('original'),
    /** Whose the visit number is (PV1-19.4): it is our case reference. */
    assigningAuthority: headName.min(1).default('HEMGANG'),
    /** The receiver recognises MSH-10, so what may have arrived may be sent again. */
    recognisesRepeats: z.boolean().default(true),
  })
  .refine(({ tls, ownNetwork }) => tls !== undefined || ownNetwork, {
    message: 'messages would go in plain text: set tls, or ownNetwork: true inside our own network',
    path: ['tls'],
  });

/** Who gets notices: the first whose roles, municipalities and counties fit. */
export const receiverSettings = z
  .array(
    z.discriminatedUnion('channel', [
      webhookReceiver,
      fileReceiver,
      sdkReceiver,
      fhirReceiver,
      sftpReceiver,
      mllpReceiver,
    ]),
  )
  .default([{ id: 'file-drop', channel: 'file', mode: 'live' }]);
