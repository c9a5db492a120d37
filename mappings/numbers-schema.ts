/** Who gives numbers to persons, and of what kind they are: one list for every standard. */
import { z } from 'zod';

export const numberKind = z.enum([
  'personnummer',
  'samordningsnummer',
  'reservnummer',
  'LMA-nummer',
  'local',
]);
/** Who gave a number (an OID, a URI or a local name; `unnamed` for none) → kind of number. */
export const numberAuthorities = z.record(z.string(), numberKind);
