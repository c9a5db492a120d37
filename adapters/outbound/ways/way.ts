/**
 * What hands a rendered message over to one receiver, and knows nothing of what it says. Notices and documents of billing
 * go by the same ways.
 */
import type { Outbound } from '../../adapter.ts';

export type Way = Pick<Outbound, 'idempotent' | 'deliver'> & { close(): Promise<void> };
