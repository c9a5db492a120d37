/** One operation by its name: its input checked, its order written down where it says so. */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { isOperationName, operations } from './index.ts';
import type { OperationParts, Order } from './operation.ts';

/** What is there for every operation. */
export type Workplace = Omit<OperationParts, 'order' | 'audit' | 'signal' | 'tell'>;

const text = z.string().min(1).max(1000);
export const operationRequest = z.strictObject({
  order: z.strictObject({ who: text, reason: text }),
  input: z.unknown(),
});

/**
 * @returns what it came to: plain data
 * @throws GatewayError `configuration-invalid` for an operation or input there is not, and what the operation throws
 */
export async function runOperation(
  name: string,
  { order, input }: { readonly order: Order; readonly input?: unknown },
  workplace: Workplace,
  listener: Pick<OperationParts, 'signal' | 'tell'>,
): Promise<unknown> {
  if (!isOperationName(name)) {
    throw new GatewayError('configuration-invalid', `no operation is called ${name}`);
  }
  const { journal, clock } = workplace;
  const audit: OperationParts['audit'] = (what, about) =>
    journal.audit({ at: clock.now(), who: order.who, what, about, reason: order.reason });
  return await operations[name].take({ ...workplace, ...listener, order, audit }, input);
}
