/** Settings of the bus: the journal's own rows, or a broker. */
import { z } from 'zod';
import { duration, secretName, type Report } from './config-values.ts';

export const busSettings = z.discriminatedUnion('form', [
  z.strictObject({ form: z.literal('embedded') }),
  z.strictObject({
    form: z.literal('rabbitmq'),
    /** `amqp://user@host:5672/vhost`, or `amqps`; a password in it wins over passwordEnv. */
    url: z.url({ protocol: /^amqps?$/ }).default('amqp://127.0.0.1:5672'),
    passwordEnv: secretName.optional(),
    /** PEM files: the authority of the broker's certificate, and a certificate of our own where the broker asks for one. */
    tls: z
      .strictObject({
        ca: z.string().min(1).optional(),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
      })
      .optional(),
    /** First part of every exchange's and queue's name. */
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .default('hemgang'),
    /** Queues of each kind: the most instances that can share the work. */
    partitions: z.int().min(1).max(64).default(8),
    /** Messages of one partition with an instance and not yet acknowledged. */
    prefetch: z.int().min(1).max(10_000).default(64),
    /** Messages published and not yet confirmed. */
    confirmWindow: z.int().min(1).max(10_000).default(500),
    /** Longest wait for the confirms of a window; then they are published anew. */
    confirmTimeout: duration.pipe(z.int().min(100).max(600_000)).prefault('10s'),
    /** The exchange for subscribers outside the gateway. */
    events: z
      .strictObject({
        enabled: z.boolean().default(true),
        /** Where the first start begins; later ones go on where they were. */
        from: z.enum(['now', 'beginning']).default('now'),
      })
      .prefault({}),
  }),
]);

export type BusSettings = z.output<typeof busSettings>;
export type RabbitMqSettings = Extract<BusSettings, { form: 'rabbitmq' }>;

/** What single values cannot show. */
export function checkBusTogether(bus: BusSettings, fail: Report): void {
  if (bus.form !== 'rabbitmq') return;
  const { protocol, username } = new URL(bus.url);
  if (bus.tls !== undefined && protocol !== 'amqps:') {
    fail('bus.tls', 'needs an amqps url, or nothing is encrypted');
  }
  if ((bus.tls?.cert === undefined) !== (bus.tls?.key === undefined)) {
    fail('bus.tls', 'cert and key stand together or not at all');
  }
  if (bus.passwordEnv !== undefined && username === '') {
    fail('bus.passwordEnv', 'needs the name of the user in bus.url: amqps://user@host');
  }
}
