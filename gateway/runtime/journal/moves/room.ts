/** Whether a journal can take what is to be moved into it. */
import { GatewayError } from '../../../errors.ts';
import type { Shape } from './rows.ts';

/** @throws GatewayError `configuration-invalid` when tables or columns are not the same: another version made one */
export function checkShapes(given: readonly Shape[], there: readonly Shape[], place: string): void {
  const names = (shapes: readonly Shape[]): Map<string, string> =>
    new Map(
      shapes.map(({ table, columns }) => [
        table,
        columns.map(({ name, kind }) => `${name} ${kind}`).join(', '),
      ]),
    );
  const [ours, theirs] = [names(there), names(given)];
  for (const table of new Set([...ours.keys(), ...theirs.keys()])) {
    if (ours.get(table) === theirs.get(table)) continue;
    throw new GatewayError(
      'configuration-invalid',
      `${place} has another form of the table ${table}: another version of the program wrote what is to be moved\n` +
        '  next: import it with the version its manifest names, and start the newer one there once',
    );
  }
}

/** `configuration-invalid`: the journal holds something already. */
export class NotEmpty extends GatewayError {
  constructor(place: string, table: string, next: string) {
    super(
      'configuration-invalid',
      `${place} is not empty: there is something in ${table}\n  next: ${next}`,
    );
  }
}
