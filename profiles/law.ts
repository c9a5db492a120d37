/** National law: `profiles/law/*.yaml`, and the values of users' own files over them. */
import { join } from 'node:path';
import { invalid, read, yamlFiles } from './files.ts';
import { checkOverlay, checkProfile } from './schema.ts';
import type { Parameter, ParameterFile } from './schema.ts';

/**
 * @param shipped folder of the shipped profiles
 * @param overlays folders with `law/<stem>.yaml`; a later one lies over an earlier one
 * @returns by `<stem>.<name>`
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadLaw(
  shipped: string,
  overlays: readonly string[],
): ReadonlyMap<string, Parameter> {
  const files = new Map<string, ParameterFile>();
  for (const name of yamlFiles(join(shipped, 'law'))) {
    files.set(stemOf(name), checkProfile(`law/${name}`, read(join(shipped, 'law', name))));
  }
  for (const overlay of overlays) {
    for (const name of yamlFiles(join(overlay, 'law'))) {
      const path = join(overlay, 'law', name);
      const under = files.get(stemOf(name));
      if (under === undefined) {
        throw invalid(path, '(the file)', `no profile is called ${stemOf(name)}`);
      }
      files.set(stemOf(name), checkOverlay(path, read(path), under));
    }
  }
  return new Map(
    [...files].flatMap(([stem, { parameters }]) =>
      Object.entries(parameters).map(([name, stated]) => [`${stem}.${name}`, stated] as const),
    ),
  );
}

const stemOf = (file: string): string => file.replace(/\.yaml$/, '');
