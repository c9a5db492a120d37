/** The machine: program, limits, clock, zone data, disk, data folder. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { systemClock } from '../../runtime/clock.ts';
import { dataFolder, type Config } from '../../runtime/config.ts';
import { socketOf } from '../operate.ts';
import { failed, ok, warn, type Check } from './check.ts';

const gibibyte = 1024 ** 3;

export async function machineChecks(config: Config): Promise<readonly Check[]> {
  return [
    nodeVersion(process.versions.node),
    openFiles(config, limitsText()),
    zoneData(new Date(systemClock.nowMs()).getUTCFullYear()),
    ...(await networkTime()),
    ...dataFolderChecks(config),
    disk(config),
  ];
}

/** @param version of Node: `20.19.4` */
export function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok('node', `Node ${version}`);
  return failed('node', `Node ${version} is too old`, 'install Node 20.19 or later');
}

function limitsText(): string {
  return existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
}

/** Beside connections: the journal, the broker, receivers, files of the program. */
const ownFiles = 512;

/** @param limits as /proc/self/limits has them */
export function openFiles({ mllp }: Pick<Config, 'mllp'>, limits: string): Check {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  const needed = mllp.maxConnections + ownFiles;
  if (soft === undefined) return ok('open files', 'this system does not tell the limit');
  if (soft === 'unlimited' || Number(soft) >= needed) {
    return ok('open files', `limit ${soft}, ${needed} needed`);
  }
  const next = `raise the limit of this user (LimitNOFILE= of the unit, ulimit -n ${needed}), or lower mllp.maxConnections`;
  return failed(
    'open files',
    `limit ${soft}; ${mllp.maxConnections} connections need ${needed}`,
    next,
  );
}

/** Legal times are local: an hour that is wrong is a clock of the law that is wrong. */
export function zoneData(year: number): Check {
  const wrong = [year, year + 1].flatMap((of) =>
    [
      { atMs: lastSundayAt1(of, 2), before: 60, after: 120 },
      { atMs: lastSundayAt1(of, 9), before: 120, after: 60 },
    ].filter(
      ({ atMs, before, after }) =>
        offsetMinutes(atMs - 1) !== before || offsetMinutes(atMs) !== after,
    ),
  );
  if (wrong.length === 0) {
    return ok(
      'zone data',
      `Europe/Stockholm changes as it is known to in ${year} and ${year + 1} (tz ${process.versions['tz'] ?? 'of the system'})`,
    );
  }
  const days = wrong.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10)).join(', ');
  return failed(
    'zone data',
    `Europe/Stockholm does not change as it is known to: ${days}`,
    'use a Node with full ICU and current zone data; where the law on summer time has changed, use a release of hemgang that knows it',
  );
}

/** The change is at 01:00 UTC of the last Sunday (2000/84/EG; SFS 2001:127). @param month 0 for January */
function lastSundayAt1(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0, 1));
  return last.getTime() - last.getUTCDay() * 86_400_000;
}

function offsetMinutes(epochMs: number): number {
  const { offsetNanoseconds } =
    Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO('Europe/Stockholm');
  return offsetNanoseconds / 60e9;
}

/** Only where the system tells: in a container it is the host's. */
async function networkTime(): Promise<readonly Check[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: 3000 },
    );
    if (stdout.trim() === 'yes') return [ok('clock', 'set by network time')];
    const next = 'start chrony or systemd-timesyncd: legal times are counted by this clock';
    return [warn('clock', 'not set by network time', next)];
  } catch {
    return [];
  }
}

function dataFolderChecks(config: Config): readonly Check[] {
  const folder = dataFolder(config);
  if (!existsSync(folder)) return [ok('data folder', `${folder} is made at the first start`)];
  const { mode, uid } = statSync(folder);
  const checks: Check[] = [];
  if ((mode & 0o077) !== 0) {
    const next = `chmod 700 ${folder}: it holds names and numbers`;
    checks.push(failed('data folder', `${folder} is open to other users`, next));
  }
  const me = process.getuid?.();
  if (me !== undefined && me !== 0 && uid !== me) {
    const next = 'run this, and the gateway, as the user that owns it';
    checks.push(failed('data folder', `${folder} belongs to another user`, next));
  }
  if (socketOf(folder) === undefined) {
    const next = 'choose a shorter data:, or run the commands that change something from there';
    checks.push(warn('data folder', `the path of ${folder} is too long for a socket`, next));
  }
  return checks.length > 0 ? checks : [ok('data folder', folder)];
}

const leastFree = { failBytes: gibibyte, warnBytes: 5 * gibibyte } as const;

function disk(config: Config): Check {
  const folder = dataFolder(config);
  let place = folder;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize, blocks } = statfsSync(place);
  const free = bavail * bsize;
  const text = `${gibibytes(free)} free of ${gibibytes(blocks * bsize)} at ${place}`;
  const next = 'make room, or move the data folder to a larger disk';
  if (free < leastFree.failBytes) return failed('disk', text, next);
  return free < leastFree.warnBytes ? warn('disk', text, next) : ok('disk', text);
}

export const gibibytes = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;
