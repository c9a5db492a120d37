/** Certificates that the configuration names: how long they last, whose they are, whether key and chain fit. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../runtime/config.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';

const dayMs = 86_400_000;
const warnDays = 30;

/** Of the extended uses of a key (RFC 5280, 4.2.1.12): proving oneself as the client. */
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

export function certificateChecks(config: Config, nowMs: number): readonly Check[] {
  return [...filesOf(config)].flatMap((named) => {
    const { setting, file } = named;
    const name = `certificate ${setting}`;
    try {
      return certificateCheck(name, named, nowMs);
    } catch (thrown) {
      const next = `let ${setting} name a file with certificates in PEM that this user may read`;
      return [failed(name, `${file} holds no certificate (${codeOf(thrown)})`, next)];
    }
  });
}

interface Named {
  readonly setting: string;
  readonly file: string;
  /** `ca`: whom we trust. The others are our own, with their key: shown to those who call us, or whom we call. */
  readonly use: 'ca' | 'server' | 'client';
  readonly key?: string;
  /** Names by which we are called with it. */
  readonly hosts?: readonly string[];
}

function* filesOf({
  mllp,
  http,
  fhir,
  bus,
  journal,
  senders,
  receivers,
  billing,
  sdk,
}: Config): Generator<Named> {
  const base = fhir.baseUrl === undefined ? [] : [new URL(fhir.baseUrl).hostname];
  const told = senders.flatMap((sender) =>
    (sender.fhir?.subscriptions?.list ?? []).map(({ endpoint }) => new URL(endpoint).hostname),
  );
  // Behind a proxy it is the proxy that is called.
  const hosts = http.behindProxy.length > 0 ? [] : [...new Set([...base, ...told])];
  if (mllp.tls) yield* ofTls('mllp.tls', mllp.tls, 'server');
  if (http.tls) yield* ofTls('http.tls', http.tls, 'server', hosts);
  if (bus.form === 'rabbitmq' && bus.tls) yield* ofTls('bus.tls', bus.tls, 'client');
  if (journal.form === 'postgres' && journal.tls)
    yield* ofTls('journal.tls', journal.tls, 'client');
  for (const [index, { fhir: of }] of senders.entries()) {
    for (const kind of ['poll', 'subscriptions'] as const) {
      const tls = of?.[kind]?.tls;
      if (tls) yield* ofTls(`senders.${index}.fhir.${kind}.tls`, tls, 'client');
    }
  }
  for (const [index, receiver] of receivers.entries()) {
    if ('tls' in receiver && receiver.tls) {
      yield* ofTls(`receivers.${index}.tls`, receiver.tls, 'client');
    }
  }
  for (const [index, receiver] of billing.receivers.entries()) {
    if (receiver.channel === 'http' && receiver.tls) {
      yield* ofTls(`billing.receivers.${index}.tls`, receiver.tls, 'client');
    }
  }
  if (sdk && 'url' in sdk.accessPoint && sdk.accessPoint.tls) {
    yield* ofTls('sdk.accessPoint.tls', sdk.accessPoint.tls, 'client');
  }
}

function* ofTls(
  setting: string,
  {
    ca,
    cert,
    key,
  }: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  },
  use: 'server' | 'client',
  hosts?: readonly string[],
): Generator<Named> {
  if (cert !== undefined) {
    const more = { ...(key !== undefined && { key }), ...(hosts && { hosts }) };
    yield { setting: `${setting}.cert`, file: cert, use, ...more };
  }
  if (ca !== undefined) yield { setting: `${setting}.ca`, file: ca, use: 'ca' };
}

function certificateCheck(name: string, named: Named, nowMs: number): readonly Check[] {
  const { file, use } = named;
  const chain = (
    readFileSync(file, 'utf8').match(
      /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g,
    ) ?? []
  ).map((pem) => new X509Certificate(pem));
  const [leaf] = chain;
  if (leaf === undefined) throw new RangeError(file);
  const days = chain.map(({ validTo }) => Math.floor((Date.parse(validTo) - nowMs) / dayMs));
  // A chain lasts as long as each of its parts; of those we trust one may end while the next is there already.
  const daysLeft = use === 'ca' ? Math.max(...days) : Math.min(...days);
  const checks = [
    ...timeChecks(name, named, leaf, daysLeft, nowMs),
    ...(use === 'ca' ? [] : ownChecks(name, named, chain, leaf)),
  ];
  const ended = use === 'ca' && daysLeft >= 0 ? days.filter((one) => one < 0).length : 0;
  if (ended > 0) {
    const what = `${file}: ${ended} of ${chain.length} certificates have ended`;
    checks.push(warn(name, what, 'leave them out: nobody is trusted by them'));
  }
  return checks.length > 0 ? checks : [ok(name, `${file}, ${daysLeft} days left`)];
}

function timeChecks(
  name: string,
  { file, use }: Named,
  leaf: X509Certificate,
  daysLeft: number,
  nowMs: number,
): Check[] {
  const next =
    use === 'ca'
      ? 'get the certificate of who signs theirs now, put it in this file, and start the gateway again'
      : 'have it renewed, put the new one in its place, and start the gateway again';
  const checks: Check[] = [];
  if (Date.parse(leaf.validFrom) > nowMs) {
    checks.push(failed(name, `${file} is not valid before ${leaf.validFrom}`, next));
  }
  if (daysLeft < 0) checks.push(failed(name, `${file} ended ${-daysLeft} days ago`, next));
  else if (daysLeft < warnDays) checks.push(warn(name, `${file} ends in ${daysLeft} days`, next));
  return checks;
}

/** Of what is shown for ourselves: its key, its names, its use, its chain. */
function ownChecks(
  name: string,
  { file, use, key, hosts = [] }: Named,
  chain: readonly X509Certificate[],
  leaf: X509Certificate,
): Check[] {
  const checks: Check[] = [];
  if (key !== undefined) checks.push(...keyChecks(name, file, key, leaf));
  const stranger = hosts.find((host) => leaf.checkHost(host) === undefined);
  if (stranger !== undefined) {
    const names = leaf.subjectAltName ?? leaf.subject;
    const what = `${file} is not for ${stranger}, as senders call us, but for ${names}`;
    checks.push(failed(name, what, 'have it issued for that name, or correct the address'));
  }
  // Without a list of uses it is good for all of them. The types say there is always a list.
  const uses: readonly string[] = leaf.keyUsage ?? [];
  if (use === 'client' && uses.length > 0 && !uses.includes(clientAuthentication)) {
    const what = `${file} is not issued for proving oneself as a client (clientAuth)`;
    checks.push(failed(name, what, 'have one issued for that: theirs will not take this one'));
  }
  const broken = chain.findIndex((one, at) => {
    const above = chain[at + 1];
    return above !== undefined && !one.checkIssued(above);
  });
  if (broken >= 0) {
    const what = `${file}: certificate ${broken + 1} is not issued by the one after it`;
    checks.push(failed(name, what, 'put the own certificate first, then each by its issuer'));
  }
  if (leaf.checkIssued(leaf)) {
    const what = `${file} is signed by itself: nobody trusts it who was not given it`;
    checks.push(warn(name, what, 'well for a trial; have one issued for production'));
  }
  return checks;
}

function keyChecks(name: string, file: string, key: string, leaf: X509Certificate): Check[] {
  const next = 'let cert and key name the two that were made together';
  try {
    if (leaf.checkPrivateKey(createPrivateKey(readFileSync(key)))) return [];
    return [failed(name, `${file} is not the certificate of the key in ${key}`, next)];
  } catch (thrown) {
    return [failed(name, `${key} holds no private key that can be read (${codeOf(thrown)})`, next)];
  }
}
