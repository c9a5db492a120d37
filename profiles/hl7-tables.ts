/** The tables that HL7 itself defines (`profiles/hl7v2/tables/hl7.yaml`): the codes of all versions together. */
import { join } from 'node:path';
import { z } from 'zod';
import { check, read, shippedFolder } from './files.ts';

const file = z.strictObject({
  description: z.string(),
  reference: z.string(),
  tables: z.record(
    z.string().regex(/^\d{4}$/, 'a table is four digits in quotes'),
    z.strictObject({ title: z.string(), codes: z.array(z.string().min(1)).min(1) }),
  ),
});

let loaded: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/**
 * @returns codes by the number of the table, `0136`
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadHl7Tables(): ReadonlyMap<string, ReadonlySet<string>> {
  if (loaded === undefined) {
    const path = join(shippedFolder(), 'hl7v2/tables/hl7.yaml');
    const { tables } = check('profiles/hl7v2/tables/hl7.yaml', file, read(path));
    loaded = new Map(Object.entries(tables).map(([number, { codes }]) => [number, new Set(codes)]));
  }
  return loaded;
}
