/** Folders that notices, documents and receipts go through: whether this user may use them. Nothing is written. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { dataFolder, type Config } from '../../runtime/config.ts';
import { codeOf, failed, ok, type Check } from './check.ts';

export function folderChecks(config: Config): readonly Check[] {
  const { receivers, billing, sdk } = config;
  const notices = receivers.flatMap((one) =>
    one.channel === 'file'
      ? [
          folderCheck(
            `folder of receiver ${one.id}`,
            one.folder ?? join(dataFolder(config), 'notices', one.id),
          ),
        ]
      : [],
  );
  const documents = billing.receivers.flatMap((one) =>
    one.channel === 'file' ? [folderCheck(`folder of receiver ${one.id}`, one.folder)] : [],
  );
  const carried =
    sdk !== undefined && 'folder' in sdk.accessPoint
      ? [folderCheck('folder of the sdk access point', sdk.accessPoint.folder)]
      : [];
  const receipts = sdk?.receipts.folder
    ? [folderCheck('folder of sdk receipts', sdk.receipts.folder.path)]
    : [];
  return [...notices, ...documents, ...carried, ...receipts];
}

/** One that is missing is made at the first file, where the folder above it lets us. */
function folderCheck(name: string, path: string): Check {
  const folder = resolve(path);
  const there = nearest(folder);
  const next = `see that the path is right and mounted, and that this user may read and write in it`;
  try {
    if (!statSync(there).isDirectory()) return failed(name, `${there} is no folder`, next);
    accessSync(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (thrown) {
    return failed(name, `${there} cannot be read and written (${codeOf(thrown)})`, next);
  }
  const what =
    there === folder ? `${folder} can be written` : `${folder} is made at the first file`;
  return ok(name, what);
}

/** The folder itself or, of those above it, the first that is there. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
