/** Settings of what operators and their systems see: metrics, health, and how a stop is announced. */
import { z } from 'zod';
import { duration, port } from './config-values.ts';

export const metricsSettings = z.strictObject({
  /** `/metrics`; the health paths are served in any case. */
  serve: z.boolean().default(true),
  /** Of the listener of its own, where `port` is given. */
  host: z.string().default('127.0.0.1'),
  /**
   * Serves metrics and health on an address of their own. Without it they are on the HTTP listener, metrics for this
   * machine alone: partners come in there, and how a region keeps the law is not theirs to read.
   */
  port: port.optional(),
});

export const stopSettings = z.strictObject({
  /** How long `/health/ready` says that the gateway is going, before it closes its listeners. */
  notice: duration.pipe(z.int().min(0).max(300_000)).prefault('0s'),
});
