/** `hemgang simulate`: the outside world, for a trial run. */
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { channels, type Channel } from '../../adapters/simulated/municipality/behaviour.ts';
import { packageRoot } from '../data-files.ts';
import type { MunicipalityOptions } from './simulate-municipality.ts';
import { simulateHelp } from './simulate-help.ts';
import { duration } from './wire-target.ts';

export function addSimulate(program: Command, setExit: (code: number) => void): void {
  const simulate = program.command('simulate').description('the outside world, for a trial run');
  simulate
    .command('hospital')
    .description('send the stays of journey files to a gateway, again and again')
    .option('--to <host:port>', 'MLLP address of the gateway', '127.0.0.1:2575')
    .option(
      '--journeys <folder>',
      'folder with journey files',
      join(packageRoot(), 'test', 'journeys'),
    )
    .option('--rounds <n>', 'how often to play them', wholeNumber, 1)
    .action(async (options: { to: string; journeys: string; rounds: number }) => {
      const { simulateHospital } = await import('./simulate-hospital.ts');
      setExit(await simulateHospital(options));
    });
  simulate
    .command('municipality')
    .description('receive notices and billing by every channel, answer them, or misbehave as told')
    .addOption(
      new Option('--channels <list>', `some of ${channels.join(',')}`)
        .argParser(channelList)
        .default(channels, 'all'),
    )
    .option('--host <host>', 'listen on this address', '127.0.0.1')
    .option('--port <port>', 'of webhook; 0 for any free one, as for every port', port, 8090)
    .option('--fhir-port <port>', 'of fhir', port, 8091)
    .option('--sdk-port <port>', 'of sdk: the access point', port, 8092)
    .option('--billing-port <port>', 'of billing: the finance system', port, 8093)
    .option('--sftp-port <port>', 'of sftp', port, 2222)
    .option('--mllp-port <port>', 'of mllp', port, 2580)
    .option('--look-port <port>', 'of what it received, on this machine alone', port, 8099)
    .option(
      '--folder <folder>',
      'where its secrets, certificates and folders are kept',
      join('data', 'simulated-municipality'),
    )
    .option('--gateway <url>', 'HTTP address of the gateway', 'http://127.0.0.1:8080')
    .addOption(
      new Option('--answer <word>', 'what it answers to every notice by itself')
        .choices(['acknowledge', 'not-ours', 'none'])
        .default('acknowledge'),
    )
    .addOption(
      new Option('--acknowledge-after <time>', 'how long after a notice came it is answered')
        .argParser(time)
        .default(1000, '1s'),
    )
    .option('--dispute', 'it disputes every invoice', false)
    .option(
      '--behave <channel=word...>',
      'what a channel does until it is told otherwise',
      behave,
      [],
    )
    .option('--tls', 'certificates on webhook, mllp and fhir; openssl makes them', false)
    .option('--json', 'print JSON, one object a line', false)
    .addHelpText('after', simulateHelp)
    .action(async (options: MunicipalityOptions) => {
      const stop = new AbortController();
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
      const { simulateMunicipality } = await import('./simulate-municipality.ts');
      const print = (line: string): void => void process.stdout.write(`${line}\n`);
      setExit(
        await simulateMunicipality(options, { print, input: process.stdin, stop: stop.signal }),
      );
    });
}

function channelList(text: string): readonly Channel[] {
  const asked = text === 'all' ? channels : text.split(',');
  const known = channels.filter((channel) => asked.includes(channel));
  const stranger = asked.find((name) => !channels.some((channel) => channel === name));
  if (stranger === undefined) return known;
  throw new InvalidArgumentError(`there is no ${stranger}: ${channels.join(', ')}, or all`);
}

function behave(text: string, before: readonly (readonly [string, string])[]) {
  const [, channel, word] = /^([a-z]+)=(\S+)$/.exec(text) ?? [];
  if (channel === undefined || word === undefined) {
    throw new InvalidArgumentError('write it as sftp=full');
  }
  return [...before, [channel, word] as const];
}

/** `0s` too: at once. */
const time = (text: string): number => (/^0(ms|s|m)?$/.test(text) ? 0 : duration(text));

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('a port from 0 to 65535');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number');
  return value;
}
