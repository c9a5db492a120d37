/** Certificates that the configuration names: how long they last, whose they are, whether their chain holds together. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../runtime/config.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';

const dayMs = 86_400_000;
const warnDays = 30;

export function certificateChecks(config: Config, nowMs: number): readonly Check[] {
  return [...filesOf(config)].flatMap(({ setting, file, hosts }) => {
    const name = `certificate ${setting}`;
    try {
      return certificateCheck(name, file, hosts, nowMs);
    } catch (thrown) {
      const next = `let ${setting} name a file with certificates in PEM that this user may read`;
      return [failed(name, `${file} holds no certificate (${codeOf(thrown)})`, next)];
    }
  });
}

interface Named {
  readonly setting: string;
  readonly file: string;
  /** Names by which we are called with it. */
  readonly hosts: readonly string[];
}

function* filesOf({
  mllp,
  http,
  fhir,
  bus,
  journal,
  senders,
  receivers,
}: Config): Generator<Named> {
  const base = fhir.baseUrl === undefined ? [] : [new URL(fhir.baseUrl).hostname];
  const told = senders.flatMap((sender) =>
    (sender.fhir?.subscriptions?.list ?? []).map(({ endpoint }) => new URL(endpoint).hostname),
  );
  if (mllp.tls) yield { setting: 'mllp.tls.cert', file: mllp.tls.cert, hosts: [] };
  if (mllp.tls?.ca !== undefined) yield named('mllp.tls.ca', mllp.tls.ca);
  // Behind a proxy it is the proxy that is called.
  const hosts = http.behindProxy.length > 0 ? [] : [...new Set([...base, ...told])];
  if (http.tls) yield { setting: 'http.tls.cert', file: http.tls.cert, hosts };
  if (http.tls?.ca !== undefined) yield named('http.tls.ca', http.tls.ca);
  if (bus.form === 'rabbitmq') {
    if (bus.tls?.ca !== undefined) yield named('bus.tls.ca', bus.tls.ca);
    if (bus.tls?.cert !== undefined) yield named('bus.tls.cert', bus.tls.cert);
  }
  if (journal.form === 'postgres' && journal.tls) yield named('journal.tls.ca', journal.tls.ca);
  for (const [index, { fhir: of }] of senders.entries()) {
    for (const kind of ['poll', 'subscriptions'] as const) {
      const at = `senders.${index}.fhir.${kind}.tls`;
      const { ca, cert } = of?.[kind]?.tls ?? {};
      if (ca !== undefined) yield named(`${at}.ca`, ca);
      if (cert !== undefined) yield named(`${at}.cert`, cert);
    }
  }
  for (const [index, receiver] of receivers.entries()) {
    const { ca, cert } = (receiver.channel === 'fhir' ? receiver.tls : undefined) ?? {};
    if (ca !== undefined) yield named(`receivers.${index}.tls.ca`, ca);
    if (cert !== undefined) yield named(`receivers.${index}.tls.cert`, cert);
  }
}

const named = (setting: string, file: string): Named => ({ setting, file, hosts: [] });

function certificateCheck(
  name: string,
  file: string,
  hosts: readonly string[],
  nowMs: number,
): Check[] {
  const chain = (
    readFileSync(file, 'utf8').match(
      /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g,
    ) ?? []
  ).map((pem) => new X509Certificate(pem));
  const [leaf] = chain;
  if (leaf === undefined) throw new RangeError(file);
  const daysLeft = Math.floor(
    (Math.min(...chain.map(({ validTo }) => Date.parse(validTo))) - nowMs) / dayMs,
  );
  const next = 'have it renewed, put the new one in its place, and start the gateway again';
  const checks: Check[] = [];
  if (Date.parse(leaf.validFrom) > nowMs) {
    checks.push(failed(name, `${file} is not valid before ${leaf.validFrom}`, next));
  }
  if (daysLeft < 0) checks.push(failed(name, `${file} ended ${-daysLeft} days ago`, next));
  else if (daysLeft < warnDays) checks.push(warn(name, `${file} ends in ${daysLeft} days`, next));
  const stranger = hosts.find((host) => leaf.checkHost(host) === undefined);
  if (stranger !== undefined) {
    const names = leaf.subjectAltName ?? leaf.subject;
    const what = `${file} is not for ${stranger}, as senders call us, but for ${names}`;
    checks.push(failed(name, what, 'have it issued for that name, or correct the address'));
  }
  const isOwnChain = name.endsWith('.cert');
  const broken = isOwnChain
    ? chain.findIndex((one, at) => {
        const above = chain[at + 1];
        return above !== undefined && !one.checkIssued(above);
      })
    : -1;
  if (broken >= 0) {
    const what = `${file}: certificate ${broken + 1} is not issued by the one after it`;
    checks.push(failed(name, what, 'put the own certificate first, then each by its issuer'));
  }
  if (isOwnChain && leaf.checkIssued(leaf)) {
    const what = `${file} is signed by itself: nobody trusts it who was not given it`;
    checks.push(warn(name, what, 'well for a trial; have one issued for production'));
  }
  return checks.length > 0 ? checks : [ok(name, `${file}, ${daysLeft} days left`)];
}
