import { asGatewayError, type GatewayError } from '../errors.ts';
import { startGateway, type Gateway } from '../main.ts';
import { loadConfig, placed, type Config } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import type { FileToken } from '../wiring/tokens.ts';

export interface StartOptions {
  readonly config?: string | undefined;
  /** Flag values by dotted path of the setting. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** How long a drain may take before the process ends all the same; what is not done then is done at the next start. */
const drainLimitMs = 30_000;

/** Runs the gateway until SIGTERM or SIGINT. @returns the exit code */
export async function start(options: StartOptions): Promise<number> {
  process.umask(0o077); // the data folder holds names and numbers
  const sources = { file: options.config, flags: options.flags };
  const { config, file, fail } = loadConfig(sources);
  const log = createLog({
    level: config.log.level,
    ...(config.log.json !== undefined && { json: config.log.json }),
  });
  const hangUp = hangUpSignal();
  const gateway = await startGateway({
    config,
    log,
    reread: () => loadConfig(sources).config,
  }).catch((thrown: unknown) => {
    throw placed(asGatewayError(thrown), config, fail);
  });
  process.stdout.write(`${introduction(gateway, config, file).join('\n')}\n`);
  log.info({ mllp: gateway.mllp, http: gateway.http }, 'started');
  hangUp.call(() => {
    gateway.reload().catch((thrown: unknown) => log.error({ err: thrown }, 'reload failed'));
  });
  const ending = await Promise.race([stopSignal(), journalFailure(gateway)]);
  if (typeof ending !== 'string') {
    log.fatal({ err: ending }, 'the journal cannot be written; start again when its cause is gone');
    process.exit(1); // nothing is lost: what was not committed was not acknowledged
  }
  log.info({ signal: ending }, 'draining');
  const hurry = setTimeout(() => {
    log.error('drain took too long; what is left is done at the next start');
    process.exit(1);
  }, config.stop.notice + drainLimitMs);
  await gateway.stop();
  clearTimeout(hurry);
  log.info('stopped');
  return 0;
}

/** Where it listens, as whom, and how durable it is. */
function introduction(gateway: Gateway, config: Config, file: string | undefined): string[] {
  const { mllp, http, fhir, journal, bus, instance, tokenFiles, freed, metrics } = gateway;
  const { userTokenFiles } = gateway;
  const modes = config.senders.map(({ id, mode, liveFrom }) =>
    mode === 'live' && liveFrom !== undefined ? `${id} (live from ${liveFrom})` : `${id} (${mode})`,
  );
  const { roles } = config.instance;
  const receives = roles.includes('receive');
  const seen = metrics === undefined && config.metrics.serve ? '/health, /metrics' : '/health';
  const ways = [
    `hemgang ${config.mllp.tls ? 'MLLP over TLS' : 'MLLP'}  ${mllp.host}:${mllp.port}  for ${modes.join(', ')}`,
    ...config.folders.map(
      ({ path, sender }) => `        files ${path}${sender === undefined ? '' : `  for ${sender}`}`,
    ),
    `        HTTP  ${http.url}  ${seen}, /receipts, /fhir`,
    ...askedLines(config),
  ];
  const lines = [
    ...(receives ? ways : [`hemgang HTTP  ${http.url}  ${seen}`]),
    ...(metrics ? [`        seen  http://${metrics.host}:${metrics.port}  /health, /metrics`] : []),
    ...(journal.leases.isShared ? [`        as    ${instance.id}: ${roles.join(', ')}`] : []),
    `        data  ${config.data}  ${journal.durability}`,
    `        bus   ${bus.form}`,
    `        out   ${config.receivers.map(({ id, channel, mode }) => `${id} (${channel}, ${mode})`).join(', ')}`,
    `        file  ${file ?? 'defaults (no hemgang.yaml)'}`,
  ];
  if (receives) {
    for (const [partner, path] of tokenFiles)
      lines.push(`        token of partner ${partner}: ${path}`);
    for (const [user, path] of userTokenFiles) lines.push(`        token of user ${user}: ${path}`);
    for (const [sender, token] of fhir.tokens) lines.push(...tokenLines(sender, token, fhir.url));
  }
  if (freed > 0) lines.push(`        ${freed} parked messages could be translated now`);
  return lines;
}

/** FHIR servers that are asked, and those that tell us. */
function askedLines({ senders }: Config): string[] {
  return senders.flatMap(({ id, fhir: { poll, subscriptions } = {} }) => [
    ...(poll === undefined
      ? []
      : [`        poll  ${poll.base}  of ${id}: ${poll.types.join(', ')}`]),
    ...(subscriptions?.list ?? []).map(
      ({ name, endpoint }) =>
        `        told  ${endpoint}  by ${subscriptions?.base} of ${id}: subscription ${name}`,
    ),
  ]);
}

/** At its first start a token is shown with what to do with it; later only where it lies. */
function tokenLines(sender: string, { file, token, isNew }: FileToken, url: string): string[] {
  const where = `        FHIR token of ${sender}: ${file}`;
  if (!isNew) return [where];
  return [
    `${where}\n          ${token}  (shown this once)`,
    `          curl -H 'Authorization: Bearer '"$(cat '${file}')" ${url}/Encounter`,
  ];
}

/** Resolves when nothing can be stored any more: nothing could be acknowledged either. */
async function journalFailure({ journal }: Gateway): Promise<GatewayError> {
  return await new Promise((resolve) => journal.onFailure(resolve));
}

/** Heard from the beginning, or it would end the process; one that comes before there is somebody to call is kept. */
function hangUpSignal(): { call(listener: () => void): void } {
  let isWaiting = false;
  let heard = (): void => {
    isWaiting = true;
  };
  process.on('SIGHUP', () => heard());
  return {
    call(listener) {
      heard = listener;
      if (isWaiting) listener();
    },
  };
}

async function stopSignal(): Promise<string> {
  return await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => resolve(signal));
  });
}
