/** Watched folders, from the configuration. */
import { join, resolve } from 'node:path';
import { watchFolder, type WatchedFolder } from '../../adapters/inbound/hl7v2/folder.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import type { FolderConfig } from '../runtime/config.ts';
import type { Intake } from './intake.ts';

/**
 * Begins to watch one folder.
 * @param index its place among the folders
 * @throws GatewayError configuration-invalid where it cannot be used, naming the setting
 */
export async function watchConfigured(
  folder: FolderConfig,
  index: number,
  maxMessageBytes: number,
  intake: Intake,
  parts: ReceiveParts,
): Promise<WatchedFolder> {
  const { clock, log, newId } = parts;
  const path = resolve(folder.path);
  try {
    return await watchFolder({
      path,
      done: resolve(folder.done ?? join(path, 'done')),
      failed: resolve(folder.failed ?? join(path, 'failed')),
      everyMs: folder.every,
      maxFileBytes: folder.maxFileBytes,
      maxMessageBytes,
      receive: folder.sender === undefined ? intake.receive : intake.receiveAs(folder.sender),
      newId,
      now: () => clock.now(),
      onEvent: (name, detail) => {
        const level = name === 'file-taken' ? 'info' : 'warn';
        log[level]({ ...detail, folder: path }, `folder ${name}`);
      },
    });
  } catch (thrown) {
    const { message, location } = asGatewayError(thrown);
    const where = `folders.${index}.${location ?? 'path'}`;
    throw new GatewayError('configuration-invalid', message, { location: where, cause: thrown });
  }
}
