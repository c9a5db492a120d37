/**
 * Who changed a mapping, and why: left in the data folder by the command that changed it, and audited by whoever has the
 * journal when the change comes into force. So it is told also when the process ends in between.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const text = z.string().min(1).max(1000);
const request = z.strictObject({ at: text, who: text, what: text, reason: text });
export type ReloadRequest = z.infer<typeof request>;

/** One JSON object a line. */
const fileName = 'hemgang.requests';
const takenName = 'hemgang.requests.taken';

export function leaveRequest(folder: string, left: ReloadRequest): void {
  appendFileSync(join(folder, fileName), `${JSON.stringify(left)}\n`, { mode: 0o600 });
}

/** Whether something was left that is not done with. */
export function hasRequests(folder: string): boolean {
  return [fileName, takenName].some((name) => existsSync(join(folder, name)));
}

/** Gives what was left, each once it is done with the one before; a line that is not one of ours is passed over. */
export function* takeRequests(folder: string): Generator<ReloadRequest> {
  const [file, taken] = [join(folder, fileName), join(folder, takenName)];
  for (const again of [true, false]) {
    // What a process that ended had taken comes first.
    if (!existsSync(taken) && existsSync(file)) renameSync(file, taken);
    if (!existsSync(taken)) return;
    for (const line of readFileSync(taken, 'utf8').split('\n')) {
      const read = request.safeParse(parsed(line));
      if (read.success) yield read.data;
    }
    rmSync(taken);
    if (!again) return;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
