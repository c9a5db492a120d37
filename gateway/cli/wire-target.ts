/** `--to mllp://host:port` and the TLS options, as every verb that connects by MLLP takes them. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { InvalidArgumentError, type Command } from 'commander';
import type { WireTarget } from '../../adapters/wire/connect.ts';
import { GatewayError } from '../errors.ts';

export interface TargetOptions {
  readonly to?: string;
  readonly tls: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** @param where what `--to` may be */
export function withTarget(
  command: Command,
  where = 'mllp://host:port, or mllps://host:port for TLS',
): Command {
  return command
    .option('--to <url>', where)
    .option('--tls', 'connect over TLS; mllps:// means the same', false)
    .option('--ca <file>', 'PEM: who signed the certificate of the other side')
    .option('--cert <file>', 'PEM: our own certificate, where the other side asks for one')
    .option('--key <file>', 'PEM: its key')
    .option('--servername <name>', 'the name in their certificate, where it is not the host');
}

/**
 * Where to connect.
 * @throws GatewayError configuration-invalid naming the option that is wrong
 */
export function targetOf(options: TargetOptions): WireTarget {
  if (options.to === undefined) throw wrong('--to is missing: where to, as mllp://host:port');
  const match = /^(?:(mllps?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})\/?$/.exec(
    options.to,
  );
  const [, scheme, host = '', port] = match ?? [];
  if (match === null || Number(port) < 1 || Number(port) > 65_535) {
    throw wrong(`--to ${options.to}: write it as mllp://host:port or mllps://host:port`);
  }
  const target = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  if (scheme !== 'mllps' && !options.tls) {
    const unused = (['ca', 'cert', 'key', 'servername'] as const).find((name) => options[name]);
    if (unused !== undefined) throw wrong(`--${unused} is for TLS: add --tls or write mllps://`);
    return target;
  }
  return { ...target, tls: tlsOf(options) };
}

function tlsOf(options: TargetOptions): ConnectionOptions {
  const { ca, cert, key, servername } = options;
  if ((cert === undefined) !== (key === undefined)) throw wrong('--cert and --key go together');
  return {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: pem('--ca', ca) }),
    ...(cert !== undefined && { cert: pem('--cert', cert) }),
    ...(key !== undefined && { key: pem('--key', key) }),
    ...(servername !== undefined && { servername }),
  };
}

/** @throws GatewayError configuration-invalid where the file cannot be read */
export function pem(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw wrong(`${option} ${file}: cannot be read; give the path of a PEM file`);
  }
}

export function wrong(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}

/** `500ms`, `5s`, `2m`, or seconds without a unit → milliseconds, at most an hour. */
export function duration(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const value = Number(amount) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? Number.NaN);
  if (value >= 1 && value <= 3_600_000) return value;
  throw new InvalidArgumentError('a time like 500ms, 5s or 2m, at most 60m');
}

/** A whole number from 1 to `most`. */
export function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from 1 to ${most}`);
  };
}
