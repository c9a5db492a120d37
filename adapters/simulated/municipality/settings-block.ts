/** What to put into `hemgang.yaml`, and into the shell of the gateway, so that it reaches the simulated municipality. */
import { municipalitiesOfPeople } from '../people.ts';
import type { OpenChannel } from './open-channel.ts';
import type { Channel } from './behaviour.ts';
import { partnerTokenName, secretNames, type SecretName, type Secrets } from './secrets.ts';

export interface BlockSettings {
  readonly open: readonly OpenChannel[];
  readonly secrets: Secrets;
  readonly folder: string;
}

/** Whose finance system it is. */
const payer = '1380';

/** The id that a receiver has in the block. */
export const receiverId = (channel: Channel): string => `simulated-${channel}`;

/** Pure. */
export function settingsBlock(settings: BlockSettings): SettingsBlock {
  return { environment: environmentOf(settings), yaml: yamlOf(settings) };
}

export interface SettingsBlock {
  /** Lines for a shell: `export NAME='value'`. */
  readonly environment: string;
  /** For `hemgang.yaml`: whole as it is. */
  readonly yaml: string;
}

function yamlOf(settings: BlockSettings): string {
  const { open } = settings;
  const notices = open.filter(({ channel }) => channel !== 'billing');
  const ids = notices.map(({ channel }) => receiverId(channel));
  const has = (channel: Channel): boolean => open.some((one) => one.channel === channel);
  const receivers = [
    'receivers: # mode: shadow decides and renders everything, and nothing leaves',
    ...notices.flatMap(receiverLines),
  ];
  const partners = [
    'partners: # it may answer for these receivers',
    '  - id: simulated-municipality',
    '    kind: municipality',
    `    tokenEnv: ${partnerTokenName}`,
    // A partner answers for somebody; without a configuration there is this one.
    `    receivers: [${ids.join(', ') || 'file-drop'}]`,
    ...(has('billing')
      ? [`    municipality: '${payer}' # it disputes invoices to this one alone`]
      : []),
  ];
  return [
    ...(notices.length === 0 ? [] : receivers),
    ...(has('sdk') ? sdkLines(settings) : []),
    ...(has('billing') ? billingLines(open) : []),
    ...partners,
  ].join('\n');
}

function environmentOf({ open, secrets }: BlockSettings): string {
  const ofChannels = open.flatMap(({ channel }): readonly SecretName[] => secretNames[channel]);
  const names: readonly SecretName[] = [...ofChannels, partnerTokenName];
  return names
    .map((name) =>
      secrets.made.some((one) => one === name)
        ? `export ${name}='${secrets.of(name)}'`
        : `# ${name} as in the shell of the simulated municipality`,
    )
    .join('\n');
}

/** With several channels each gets some of the places that generated people live in, and the last all others. */
function receiverLines(
  { channel, receiver }: OpenChannel,
  index: number,
  all: readonly OpenChannel[],
): string[] {
  const codes = [...new Set(municipalitiesOfPeople)].filter((_, at) => at % all.length === index);
  const place =
    index === all.length - 1
      ? []
      : [`municipalities: [${codes.map((code) => `'${code}'`).join(', ')}]`];
  const lines = [`channel: ${channel}`, 'mode: live', ...place, ...receiver];
  return [`  - id: ${receiverId(channel)}`, ...lines.map((line) => `    ${line}`)];
}

function sdkLines({ open, folder }: BlockSettings): string[] {
  const { url = '' } = open.find(({ channel }) => channel === 'sdk') ?? {};
  return [
    'sdk:',
    '  from: { organisation: 0203:region.example.se, functionAddress: sdk.utskrivning.0203:region.example.se }',
    `  accessPoint: { url: ${url}, tokenEnv: ACCESS_POINT_TOKEN, ownNetwork: true }`,
    '  receipts: { tokenEnv: SDK_RECEIPTS_TOKEN }',
    '  # or by folders, in place of these two lines:',
    `  # accessPoint: { folder: ${folder}/sdk/out }`,
    `  # receipts: { folder: { path: ${folder}/sdk/receipts } }`,
  ];
}

function billingLines(open: readonly OpenChannel[]): string[] {
  const { url = '' } = open.find(({ channel }) => channel === 'billing') ?? {};
  const common = `channel: http, tokenEnv: BILLING_TOKEN, ownNetwork: true`;
  return [
    'billing:',
    '  receivers: # sellers and buyers are for you to enter: hemgang.example.yaml shows them',
    `    - { id: simulated-invoices, takes: invoice, ${common}, url: ${url}/invoices }`,
    `    - { id: simulated-specifications, takes: specification, ${common}, url: ${url}/specifications }`,
    '    # billing records go to the platform of one municipality: its code stands in the path',
    `    - { id: simulated-records, takes: record, ${common}, url: ${url}, municipality: '${payer}', category: PAYMENT_LIABILITY, customerId: '16' }`,
  ];
}
