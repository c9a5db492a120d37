/** The words of the notices, held to what law and guidelines let each notice carry. */
import { loadMunicipalWords, type MunicipalWords } from '../../mappings/municipal.ts';
import type { Profiles } from '../../profiles/index.ts';
import { fieldParameters, listed } from '../rules/notices/notice-fields.ts';

/**
 * @param overlays mapping folders of the user
 * @throws GatewayError configuration-invalid naming file and key: words for a field that no profile lets a notice carry,
 *   or none for one that the law asks for
 */
export function wordsOf(overlays: readonly string[], profiles: Profiles): MunicipalWords {
  const fieldsOf = (name: string): ReadonlySet<ReturnType<typeof listed>[number]> =>
    new Set(profiles.valuesOf(name).flatMap((value) => listed(String(value))));
  return loadMunicipalWords(overlays, (obligation) => {
    const { asked, added } = fieldParameters[obligation];
    return { mandatory: fieldsOf(asked), optional: fieldsOf(added) };
  });
}
