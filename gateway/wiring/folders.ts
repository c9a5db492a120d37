/** Watched folders, from the configuration. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { watchMessages } from '../../adapters/inbound/hl7v2/folder.ts';
import type { WatchedFolder } from '../../adapters/wire/watched-folder.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import type { ReceiveParts } from '../receive.ts';
import type { Config, FolderConfig } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import type { Intake } from './intake.ts';

export interface WatchedFolders {
  /** Files being taken. */
  inHand(): number;
}

/** Watches every configured folder: one instance at a time does, of those that see the same folder. */
export function watchFolders(
  config: Config,
  intake: Intake,
  parts: ReceiveParts,
  keeper: Keeper,
): WatchedFolders {
  const watched = new Set<WatchedFolder>();
  for (const [index, folder] of config.folders.entries()) {
    const path = resolve(folder.path);
    keeper.undertake(
      `folder:${folder.shared === true ? path : `${hostname()}:${path}`}`,
      async () => {
        const { maxFrameBytes } = config.mllp;
        const one = await watchConfigured(folder, index, maxFrameBytes, intake, parts);
        watched.add(one);
        return {
          async close() {
            await one.close();
            watched.delete(one);
          },
        };
      },
    );
  }
  return { inHand: () => [...watched].reduce((sum, one) => sum + one.inHand(), 0) };
}

/**
 * Begins to watch one folder.
 * @param index its place among the folders
 * @throws GatewayError configuration-invalid where it cannot be used, naming the setting
 */
async function watchConfigured(
  folder: FolderConfig,
  index: number,
  maxMessageBytes: number,
  intake: Intake,
  parts: ReceiveParts,
): Promise<WatchedFolder> {
  const { clock, log, newId } = parts;
  const path = resolve(folder.path);
  try {
    return await watchMessages({
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
