/** A code enters a table, and what waited for it is translated: written down, entered, put in force, in this order. */
import { z } from 'zod';
import { withEntry, writePending } from '../../mappings/overlay.ts';
import { operation } from './operation.ts';

const text = z.string().min(1);
const input = z.strictObject({
  table: text,
  code: text,
  target: z.union([text, z.boolean(), z.null()]),
  /** Where the entry goes; absent where it stands already and what waits is translated all the same. */
  overlay: z
    .strictObject({
      folder: text,
      /** Where the table lies below it: `hl7v2/tables/0004-admission.yaml`. */
      file: text,
    })
    .optional(),
});

export interface EnteredCode {
  /** Why the gateway goes on by what it had; the entry stands all the same, and its next start takes it. */
  readonly refused?: string;
}

/** The reason of the order is the reference: it stands in the audit and beside the entry. */
export const enterCode = operation(
  input,
  async (
    { journal, running, intake, order, audit, tell },
    { table, code, target, overlay },
  ): Promise<EnteredCode> => {
    // An instance that does not receive says so before anything is written.
    if (running) intake();
    const pending =
      overlay &&
      withEntry(overlay.folder, { file: overlay.file, code, target, reference: order.reason });
    const where = pending ? `${pending.folder}/${pending.name}` : 'the tables as they are';
    await audit(`code ${code} of table ${table} means ${String(target)}, in ${where}`, table);
    if (pending) writePending(pending);
    if (running === undefined) {
      const of = (await journal.parkedCases()).length;
      await intake().retranslate((done) => tell(done, of));
      return {};
    }
    const reloaded = await running.reload();
    return reloaded.outcome === 'refused' ? { refused: reloaded.why } : {};
  },
);
