/** Which stays are one case, as advance finds when it joins what belongs together. */
import { z } from 'zod';
import { text } from './codes.ts';

export const stayEvents = {
  /** The linked stay continues the case; `cause` is `TRANSFER` or `CONTIGUOUS`. */
  'stay.linked': z.strictObject({ linkedStayId: text, cause: text }),
  /** It stands in the case it leaves and in the stay that leaves. */
  'stay.unlinked': z.strictObject({ linkedStayId: text, cause: text }),
  /** Another stay of the patient overlaps this one and does not continue it. */
  'stay.overlapped': z.strictObject({ otherStayId: text }),
  'stay.overlap-cleared': z.strictObject({ otherStayId: text }),
} as const;
