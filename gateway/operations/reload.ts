/** Configuration, mappings and profiles are read anew: whole, or not at all. */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { operation, type OperationParts, type RunningGateway } from './operation.ts';

const input = z.strictObject({});

export const reload = operation(input, async ({ running, audit }: OperationParts) => {
  const gateway = needed(running);
  await audit('reload configuration, mappings and profiles', 'configuration');
  return await gateway.reload();
});

/** What is in force, and what the files say now. */
export const inForce = operation(input, ({ running }: OperationParts) =>
  Promise.resolve(needed(running).compare()),
);

function needed(running: RunningGateway | undefined): RunningGateway {
  if (running) return running;
  throw new GatewayError(
    'configuration-invalid',
    'no gateway runs on this data folder\n  next: name its folder with --data or its file with --config; a gateway that starts reads everything anew',
  );
}
