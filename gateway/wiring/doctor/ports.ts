/** Ports: free, or ours. */
import { connect, createServer } from 'node:net';
import type { Config } from '../../runtime/config.ts';
import { codeOf, failed, ok, type Check } from './check.ts';

/** @param isRunning whether a gateway runs on the data folder */
export async function portChecks(config: Config, isRunning: boolean): Promise<readonly Check[]> {
  const { mllp, http, metrics, instance } = config;
  const ports = [
    ...(instance.roles.includes('receive')
      ? [{ name: 'mllp', host: mllp.host, port: mllp.port }]
      : []),
    { name: 'http', host: http.host, port: http.port },
    ...(metrics.port === undefined
      ? []
      : [{ name: 'metrics', host: metrics.host, port: metrics.port }]),
  ];
  return await Promise.all(ports.map((one) => portCheck(one, isRunning)));
}

async function portCheck(
  { name, host, port }: { readonly name: string; readonly host: string; readonly port: number },
  isRunning: boolean,
): Promise<Check> {
  const title = `port ${name}`;
  if (port === 0) return ok(title, 'any free one');
  const where = `${host}:${port}`;
  const why = await whyNotFree(host, port);
  if (why === undefined) {
    if (!isRunning) return ok(title, `${where} is free`);
    const next = 'see in its log where it listens: it was started with other settings';
    return failed(title, `a gateway runs on the data folder, and not on ${where}`, next);
  }
  if (isRunning && (await isAnswered(host, port))) return ok(title, `${where}: the gateway`);
  const next = `end what listens there, or choose another port with --${name}-port`;
  return failed(title, `cannot listen on ${where} (${why})`, next);
}

async function whyNotFree(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (thrown) => resolve(codeOf(thrown)));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function isAnswered(host: string, port: number): Promise<boolean> {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return await new Promise((resolve) => {
    const socket = connect({ host: name, port, timeout: 2000 });
    const end = (answered: boolean) => () => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
