/** The manifest of an export: what the files beside it are. README.md of the journal describes the format. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../../errors.ts';

export const manifestFile = 'manifest.json';
/** Of the format. A reader refuses one it does not know. */
export const formatVersion = 1;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const manifest = z.strictObject({
  format: z.literal('hemgang-journal'),
  version: z.literal(formatVersion),
  /** For whoever finds it. */
  content: z.string(),
  madeAt: z.iso.datetime(),
  source: z.strictObject({ form: z.enum(['embedded', 'postgres']), schema: z.int() }),
  tables: z.array(
    z.strictObject({
      table: z.string().regex(/^[a-z_]+$/),
      columns: z.array(
        z.strictObject({ name: z.string(), kind: z.enum(['text', 'integer', 'bytes']) }),
      ),
      rows: z.int(),
      /** The SHA-256 of every row's line, added up modulo 2^256. */
      digest,
      file: z.string().regex(/^[a-z_]+\.ndjson\.gz$/),
      bytes: z.int(),
      sha256: digest,
    }),
  ),
});
export type Manifest = z.output<typeof manifest>;

/** @throws GatewayError `configuration-invalid` when there is none, `export-damaged` when it is none */
export function readManifest(folder: string): Manifest {
  let text: string;
  try {
    text = readFileSync(join(folder, manifestFile), 'utf8');
  } catch (cause) {
    throw new GatewayError(
      'configuration-invalid',
      `no export in ${folder}: it has no ${manifestFile}\n  next: give the folder that journal export --out named`,
      { cause },
    );
  }
  const result = manifest.safeParse(parsed(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new GatewayError(
    'export-damaged',
    `${join(folder, manifestFile)}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}: it is damaged, or another version wrote it`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
