/** docker-compose.yml as it is run without containers: names of services become addresses of this machine. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** What of a service matters here; the rest is for the container engine. */
const service = z.object({
  command: z.array(z.string()).default(['start']),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  restart: z.string().optional(),
  image: z.string(),
});
const compose = z.object({
  services: z.record(z.string(), service),
  configs: z.object({ gateway: z.object({ content: z.string() }) }),
});
export type Compose = z.output<typeof compose>;

export function readCompose(file: string): Compose {
  return compose.parse(parse(readFileSync(file, 'utf8'), { merge: true }));
}

/** Ports inside the containers, by service; the gateways' are those of MLLP, HTTP and their figures. */
export const innerPorts = {
  postgres: [5432],
  rabbitmq: [5672],
  municipality: [8090],
  'gateway-a': [2575, 8080, 9464],
  'gateway-b': [2575, 8080, 9464],
  prometheus: [9090],
} as const;
export type Place = keyof typeof innerPorts;

/** The port on this machine, by `service:port inside`: `gateway-b:8080` → 8081. */
export type Addresses = ReadonlyMap<string, number>;

/** The port that a service publishes for one inside, where it publishes it. */
export function publishedPort(
  { services }: Compose,
  place: Place,
  inner: number,
): number | undefined {
  const line = services[place]?.ports.find((text) => text.endsWith(`:${inner}`));
  return line === undefined ? undefined : Number(line.split(':').at(-2));
}

/** Text of the compose file, or of a file it mounts, with addresses and folders of this machine. */
export function localised(text: string, addresses: Addresses, secretsFolder: string): string {
  let local = text.replaceAll('/run/secrets/', `${secretsFolder}/`);
  for (const [place, port] of addresses) {
    // Not the end of a longer name.
    local = local.replaceAll(
      new RegExp(String.raw`(?<![\w.-])${place}(?!\d)`, 'g'),
      `127.0.0.1:${port}`,
    );
  }
  return local;
}
